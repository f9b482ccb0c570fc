"""The scenario library: every file says what it is for and what theory expects, and is found by its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cge._paths import shipped_names
from cge.benchmark import open_benchmark
from cge.cli import main
from cge.cli.library import scenario_path
from cge.errors import ScenarioError
from cge.scenario import layout_of, read_scenarios, ties_of
from cge.scenario.expect import MEASURES, check_labels
from cge.scenario.library import FOLDER, entry, head_of, is_number, library
from cge.scenario.scaled import scaled
from cge.scenario.spec import Scenario

ENTRIES = {e.id: e for e in library()}


@pytest.fixture(scope="module")
def bench():
    return open_benchmark("ww1997")


def test_every_shipped_file_is_a_scenario_of_the_library():
    assert len(ENTRIES) == len(shipped_names(FOLDER))
    assert list(ENTRIES) == [f"S{n}" for n in range(1, 36)]


@pytest.mark.parametrize("number", ENTRIES)
def test_a_scenario_says_what_it_is_for(number, bench):
    one = ENTRIES[number]
    assert one.head["question"].endswith("?")
    assert len(one.head["mechanism"]) > 100
    assert len(one.line) <= 79, "one line of a terminal of 80 columns"
    file = read_scenarios(one.path)
    assert file.benchmark == "ww1997"
    assert file.output == one.path.with_suffix(".nc").name
    assert len(file.expect) >= 5
    assert all(e.why for e in file.expect)
    check_labels(file.expect, bench, number)
    layout_of(file.scenarios.values(), bench)
    ties_of(file.scenarios.values(), bench)


def test_a_scenario_is_found_by_its_number():
    assert entry("S9") == entry("s09") == entry("S09")
    assert is_number("s9") and not is_number("walmsley_winters")
    assert scenario_path("s9") == entry("S9").path == scenario_path("S09.toml")
    with pytest.raises(ScenarioError, match=r"no scenario S99 \(it has S1, S2, .*cge scenarios"):
        entry("S99")


def test_a_file_of_ones_own_goes_before_the_library(tmp_path, monkeypatch):
    (tmp_path / "S9.toml").write_text("title = 1\n")
    monkeypatch.chdir(tmp_path)
    assert scenario_path("S9.toml").resolve() == tmp_path / "S9.toml"
    assert scenario_path("S9") == entry("S9").path


def test_head_of_a_file():
    head = head_of("# Question: why?\n# Mechanism: one\n#   and two.\n#\n# Source: a book\ntitle = 3\n# Finding: no\n")
    assert head == {"question": "why?", "mechanism": "one and two.", "source": "a book"}
    assert head_of("title = 1\n") == {}


def test_the_list_and_one_explained(capsys):
    assert main(["scenarios"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if re.match(r"S\d+ ", line)] == [e.line for e in ENTRIES.values()]
    assert main(["scenarios", "s9"]) == 0
    out = capsys.readouterr().out
    assert "S9: Guest workers" in out and "Mechanism: " in out and "wage (UnskLab, USA) < 0" in out
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert main(["run", "S99"]) == 1
    err = capsys.readouterr().err
    assert "no scenario S99" in err and err.count("\n") == 1


HEAD = 'benchmark="b"\n[scenario.X]\ntariffs=[{remove="all"}]\n[scenario.Y]\nquota=[{rate=0.1}]\n'
ONE = '[[expect]]\nscenario="X"\nof="wage"\nsign="+"\nwhy="so"\n'
BROKEN = {
    "no reason": (ONE.replace('why="so"', ""), "'why' is missing"),
    "no scenario": (ONE.replace('scenario="X"', ""), "'scenario' is missing"),
    "unknown scenario": (ONE.replace('"X"', '"Z"'), "'Z' is not a scenario"),
    "unknown measure": (ONE.replace('"wage"', '"wages"'), "did you mean 'wage'"),
    "unknown sign": (ONE.replace('"+"', '"up"'), 'sign = "up"'),
    "unknown key": (ONE + 'region="USA"\n', "key 'region' is not known"),
    "no such dimension": (ONE + 'comm="Agr"\n', "has no dimension comm"),
    "than without sign": (ONE + 'than="Y"\n', "need `than`"),
    "sign without than": (ONE.replace('"+"', '">"'), "need `than`"),
    "another unit": (ONE.replace('"+"', '">"') + 'than={ of="residents" }\n', "one unit"),
    "than of nobody": (ONE.replace('"+"', '">"') + 'than="Z"\n', "'Z' is not a scenario"),
    "sum of percent": (ONE + 'cells="sum"\n', "has no sum"),
    "half a cell": (ONE + "at_least=1.5\n", "number of cells"),
    "expect as table": ('[expect]\nof="wage"\n', "expect is a list"),
    "one player": ("[payoffs.players.A]\nregions=['USA']\nkeep={}\nmove={}\n", "two players"),
    "one strategy": ("[payoffs.players.A]\nregions=['USA']\nkeep={}\n[payoffs.players.B]\nregions=['CAN']\nkeep={}\n",
                     "two strategies"),
    "player of nowhere": ("[payoffs.players.A]\nkeep={}\nmove={}\n[payoffs.players.B]\nkeep={}\nmove={}\n",
                          "'regions' is missing"),
    "unknown gain": ('[payoffs]\ngain="votes"\n', "gain = 'votes'"),
    "phases of nothing": ('[phases]\nscenario="Z"\n', "'Z' is not a scenario"),
    "phases uneven": ('[phases]\nscenario="Y"\nyears=[1,2]\nshare=[1.0]\n', "two lists of one length"),
    "phases of zero": ('[phases]\nscenario="Y"\nyears=[1]\nshare=[0.0]\n', "no part of the policy"),
    "equal backwards": ('[[equal]]\nscenario="X"\nto="Y"\n', "must come before"),
    "equal of votes": ('[[equal]]\nscenario="Y"\nto="X"\nof="votes"\n', "of = 'votes'"),
    "payments of nothing": ('[side_payments]\nscenarios=["Z"]\n', "'Z' is not a scenario"),
    "transfers without payer": ('[scenario.Z]\ntransfers=[{ total=1.0, to="CAN" }]\n', "'from' is missing"),
    "transfer twice": ('[scenario.Z]\ntransfers=[{ total=1.0, from="USA", to="CAN" }]\n'
                       'shock=[{ variable="transfer", value=1.0 }]\n', "leave the shock out"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_sections_are_refused_by_name(tmp_path, case):
    text, says = BROKEN[case]
    path = tmp_path / "s.toml"
    path.write_text(HEAD + text)
    with pytest.raises(ScenarioError) as err:
        read_scenarios(path)
    assert says in str(err.value)


def test_expectations_about_unknown_regions_are_refused(tmp_path, bench):
    path = tmp_path / "s.toml"
    path.write_text(HEAD + ONE + 'reg="UAS"\n')
    with pytest.raises(ScenarioError, match="expect 1: region 'UAS' .* did you mean 'USA'"):
        check_labels(read_scenarios(path).expect, bench, "s.toml")


def test_every_measure_has_words():
    text = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name, m in MEASURES.items():
        assert f"| `{name}` | {m.unit} | {', '.join(m.dims) or 'one number'} | {m.what} |" in text


def test_combinations_of_strategies_are_scenarios(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("""benchmark = "b"
[payoffs.players.A]
regions = ["USA"]
keep = {}
cut = { tariffs = [{ remove = "all", dst = ["USA"] }] }
[payoffs.players.B]
regions = ["CAN"]
keep = {}
cut = { tariffs = [{ scale = 0.5, dst = ["CAN"] }] }
""")
    file = read_scenarios(path)
    assert list(file.scenarios) == ["keep/keep", "keep/cut", "cut/keep", "cut/cut"]
    assert file.scenarios["cut/cut"].tariffs == [{"remove": "all", "dst": ["USA"]}, {"scale": 0.5, "dst": ["CAN"]}]
    assert file.game.profiles["keep", "cut"] == "keep/cut"


def test_a_part_of_a_policy():
    s = Scenario("X", tariffs=[{"remove": "all", "comm": "Agr"}, {"scale": 0.5}], quota=[{"rate": 0.04}],
                 transfers=[{"total": 8.0, "from": "A", "to": "B"}],
                 shock=[{"variable": "tm", "value": 1.2}, {"variable": "taxearl", "value": 0.4}])
    part = scaled(s, 0.25)
    assert part.tariffs == [{"scale": 0.75, "comm": "Agr"}, {"scale": 0.875}]
    assert part.quota == [{"rate": 0.01}]
    assert part.transfers[0]["total"] == 2.0
    assert [e["value"] for e in part.shock] == pytest.approx([1.05, 0.1])
    move = Scenario("M", mobility=[{"cost": 0.81, "homes": "A"}, {"cost": 0.5, "homes": "B"}])
    start = Scenario("R", mobility=[{"cost": 0.5, "homes": "B"}])
    assert [e["cost"] for e in scaled(move, 0.5, start=start).mobility] == pytest.approx([0.9, 0.5])
    with pytest.raises(ScenarioError, match="part of"):
        scaled(Scenario("X", tariffs=[{"remove": "farm"}]), 0.5)
    with pytest.raises(ScenarioError, match="export taxes"):
        scaled(Scenario("X", export_taxes="remove"), 0.5)
