"""Verdicts of a reproduction on constructed data, its files, its page and its command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cge._paths import shipped
from cge.cli import main
from cge.errors import CGEError, ScenarioError
from cge.scenario import read_scenarios
from cge.welfare import GROUPS, reproduction
from cge.welfare.reproduction import SWEEPS, comparison_file, judged
from cge.welfare.target_reader import asked_of
from cge.welfare.targets_more import ALL_TARGETS, GATES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"walmsley-winters": DOCS / "reproduction.md", "walmsley-winters-2014": DOCS / "reproduction_2014.md"}
WORLD = {"T": 60e3, "T-": 50e3, "T93": 90e3, "M": 150e3, "MU": 90e3, "MS": 60e3, "M beta=0": 1e3, "M beta=1": 300e3,
         "R part": -50e3, "R": -150e3}


def dataset(**world):
    """Two hosts, one home; gains that meet gates 1, 3, 4, 5, 6, 10, 11, 14, 16, 18 unless a world gain is replaced."""
    gain = {**WORLD, **world}
    names, regs = list(gain), ["A", "B", "C"]
    by = np.zeros((len(names), 3, 3))
    by[:, 0, :2] = np.array(list(gain.values()))[:, None] * 0.2  # residents of hosts
    by[:, 1, 0] = -0.01 * np.array(list(gain.values()))  # earlier migrants
    mov = np.zeros((len(names), 1, 3, 3))
    for name, number in (("M", 3.0), ("R part", 2.0)):
        mov[names.index(name), 0, 2, 0] = number
    new = 5.0 * mov
    new[names.index("R part")] *= 1.1  # those who remain gain a tenth more
    ds = xr.Dataset(
        {"gain_world": ("scenario", list(gain.values())), "gain_by_host": (("scenario", "group", "reg"), by),
         "mov": (("scenario", "skill", "home", "host"), mov), "EVnew": (("scenario", "skill", "home", "host"), new),
         "movers": (("scenario", "skill", "reg"), mov.sum(2)), "reference": ("scenario", ["benchmark"] * len(names)),
         **{n: ("reg", [10e6, 10e6, 1e6]) for n in ("YPALL", "YG0", "REGINV", "TBAL0")},
         "returns_rate": 0.01, "returns_gone": 4000.0, "returns_residents": ("reg", [-3.0, -2.0, 1.0]),
         "returns_remaining": ("reg", [1.0, 1.0, 0.0]), "free_stay": 0.05,
         **{f"free_{n}": ("sigma", [90.0, 120.0]) for n in ("percent", "independent_percent", "closed_percent", "moved",
                                                            "wage", "apart")},
         **{f"free_{n}": (("sigma", "reg"), np.ones((2, 3))) for n in ("bound", "workers", "pay")}},
        coords={"scenario": names, "group": list(GROUPS), "reg": regs, "skill": ["L"], "home": regs, "host": regs,
                "sigma": [0.8, 1.26]})
    ds.attrs = {"headline": json.dumps({"trade": "T", "trade_applied": "T-", "trade_1993": "T93", "migration": "M",
                                        "unskilled": "MU", "skilled": "MS"}),
                "groups": json.dumps({"importers": ["A", "B"], "exporters": ["C"]}),
                "labour_options": json.dumps({"beta": 0.5}),
                "attempts": json.dumps({"M trade el. x0.5": {"note": "no equilibrium found: somewhere"}})}
    for name in [*ds.data_vars, *ds.coords]:
        ds[name].attrs = {"long_name": str(name), "units": "1"}
    return ds


def verdicts(ds):
    return judged("walmsley-winters", "ww1997", ds, {"world2014": "not shipped"}).table.set_index("no")["met"]


def test_gates_are_numbered_from_one_to_eighteen_once():
    numbers = [t.number for t in ALL_TARGETS]
    assert numbers == sorted(set(numbers)) and set(range(1, GATES + 1)) <= set(numbers)


def test_what_is_as_published_meets_its_gate():
    met = verdicts(dataset())
    assert set(met.index[met == "yes"]) == {1, 3, 4, 5, 6, 10, 11, 14, 16, 18}
    assert set(met[met.index > GATES]) == {"report"}


def test_a_gate_that_cannot_be_computed_is_not_met():
    rep = judged("walmsley-winters", "ww1997", dataset(), {})
    assert rep.table.set_index("no").loc[17, "met"] == "NO" and "MS India" in rep.table.set_index("no").loc[17, "why"]
    assert rep.verdict == "10 of 18 gates met"
    bare = dataset().drop_vars(["free_percent", "returns_residents"])
    assert judged("walmsley-winters", "ww1997", bare, {}).verdict == "8 of 18 gates met"


@pytest.mark.parametrize(("number", "change"), [
    (1, {"M": 230e3}), (3, {"MU": 20e3}), (4, {"MU": 40e3}), (5, {"MU": 99e3}), (6, {"M": -1e3}), (10, {"T93": 151e3}),
    (11, {"T": 29e3}), (14, {"M beta=1": 240e3}), (16, {"R": 1e3})])
def test_a_gate_that_must_fail_fails(number, change):
    assert verdicts(dataset())[number] == "yes"
    assert verdicts(dataset(**change))[number] == "NO"


@pytest.mark.parametrize(("number", "name", "value"), [
    (16, "returns_residents", [-3.0, 0.1, 1.0]), (16, "returns_remaining", [1.0, -0.1, 0.0]),
    (18, "free_percent", [39.0, 120.0]), (18, "free_percent", [90.0, 201.0])])
def test_reversal_and_free_movement_must_hold_everywhere(number, name, value):
    ds = dataset()
    ds[name] = (ds[name].dims, value)
    assert verdicts(ds)[number] == "NO"


def test_a_further_benchmark_must_meet_gate_two_as_well():
    ds = dataset()
    ds.attrs["further"] = json.dumps({"world2014": {"M": 1.3}})
    row = judged("walmsley-winters", "ww1997", ds, {}).table.set_index("no").loc[2]
    assert row["met"] == "NO" and "world2014 M: 1.30" in row["obtained"]


@pytest.mark.parametrize(("name", "shipped_file", "lacks"), [
    ("walmsley-winters", "walmsley_winters.toml", set()),
    ("walmsley-winters-2014", "walmsley_winters_2014.toml", {"T93"})])
def test_scenarios_of_both_files_are_solved_together(name, shipped_file, lacks):
    file = comparison_file(name)
    swept = {s for entries in SWEEPS.values() for _, s in entries}
    outside = {"M trade el. x0.5", "T trade el. x0.5", "M secondary", "M occupation"}
    assert swept - set(file.scenarios) == lacks | outside
    assert set(read_scenarios(shipped("runs", shipped_file)).scenarios) <= set(file.scenarios)


def test_files_that_contradict_each_other_are_refused(monkeypatch, tmp_path):
    text = shipped("runs/reproduce", "walmsley_winters.toml").read_text(encoding="utf-8")
    (tmp_path / "other.toml").write_text(text.replace("rate = 0.03", "rate = 0.04"), encoding="utf-8")
    real = reproduction.shipped
    monkeypatch.setattr(reproduction, "shipped",
                        lambda kind, name: tmp_path / "other.toml" if "reproduce" in kind else real(kind, name))
    with pytest.raises(ScenarioError, match="scenario 'M[US]?' is not what .* says; write the same"):
        comparison_file("walmsley-winters")


@pytest.mark.parametrize("columns", [80, 120])
def test_command_prints_writes_and_ends_with_the_count(columns, monkeypatch, tmp_path, capsys):
    rep = judged("walmsley-winters", "ww1997", dataset(), {"world2014": "not shipped"})
    monkeypatch.setattr(reproduction, "reproduce", lambda name, progress: rep)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "walmsley-winters", "--out", "o", "--docs", "d/page.md"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "10 of 18 gates met"
    assert max(map(len, lines)) < columns and any("no equilibrium found: somewhere" in x for x in lines)
    with xr.open_dataset(tmp_path / "o" / "reproduce_walmsley_winters.nc") as found:
        back = found.load()
    assert list(back["target_met"].values) == list(rep.table["met"]) and back["sweep_world"].dims == ("sweep",)
    page = (tmp_path / "d" / "page.md").read_text(encoding="utf-8")
    assert page.startswith("# 10 of 18 gates met") and "](page.svg)" in page
    assert {p.name for p in (tmp_path / "d").iterdir()} == {"page.md", "page.svg"}


def test_unknown_comparison_is_refused_with_what_exists(capsys, tmp_path):
    assert main(["reproduce", "foo", "--out", str(tmp_path / "o")]) == 1
    assert capsys.readouterr().err == ("cge: there is no comparison 'foo' to reproduce; there is "
                                       "walmsley-winters, walmsley-winters-2014, years\n")
    assert not list(tmp_path.iterdir())
    with pytest.raises(CGEError, match="walmsley-winters"):
        comparison_file("bar")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_page_has_the_targets_and_sweeps_of_the_code(page):
    year = 2014 if page.stem.endswith("2014") else 1997
    text = page.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| .* \| (yes|NO|report) \|$", text, flags=re.MULTILINE)
    assert [r[:4] for r in rows] == [(str(t.number), t.what, t.published, t.gate) for t in ALL_TARGETS]
    met = sum(int(r[0]) <= GATES and r[4] == "yes" for r in rows)
    asked = [t.number for t in ALL_TARGETS if t.number <= GATES and asked_of(t, year)]
    assert {int(r[0]) for r in rows if int(r[0]) <= GATES and r[4] != "report"} == set(asked)
    assert text.startswith(f"# {met} of {len(asked)} gates met")
    there = [(k, v) for k, entries in SWEEPS.items() for v, s in entries if year == 1997 or s != "T93"]
    assert all(f"| {sweep} | {value} |" in text for sweep, value in there)


def test_levels_of_1997_are_not_asked_of_another_year():
    """Gate 1 is in dollars of 1997; all others stand, gate 10 without the tariffs of 1993."""
    def of_2014(**world):
        ds = dataset(**world)
        ds.attrs["benchmark_year"] = 2014
        ds.attrs["headline"] = json.dumps({k: v for k, v in json.loads(ds.attrs["headline"]).items()
                                           if k != "trade_1993"})
        return judged("walmsley-winters-2014", "world2014", ds, {})

    rep = of_2014(M=500e3, MU=300e3, MS=200e3)
    met = rep.table.set_index("no")["met"]
    assert (met[1], met[11], met[10]) == ("report", "yes", "yes")
    assert "a level of 1997" in rep.table.set_index("no").loc[1, "why"]
    assert rep.gates == GATES - 1 and rep.verdict.endswith(f"of {GATES - 1} gates met")
    assert "1993" not in set(rep.sweeps.loc[rep.sweeps["sweep"] == "protection", "value"])
    assert of_2014(T=151e3).table.set_index("no").loc[10, "met"] == "NO"


def test_a_year_without_its_own_layer_is_no_excuse_in_1997():
    """The published year must have all layers: a missing one is a gate not met."""
    ds = dataset()
    ds.attrs["headline"] = json.dumps({"trade": "T", "trade_applied": "T-", "migration": "M"})
    table = judged("walmsley-winters", "ww1997", ds, {}).table.set_index("no")
    assert table.loc[10, "met"] == table.loc[11, "met"] == "NO"


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_command_writes(name, tmp_path):
    """The full run: every number of the page again."""
    page = PAGES[name]
    assert main(["reproduce", name, "--out", str(tmp_path), "--docs", str(tmp_path / page.name)]) == 0
    assert (tmp_path / page.name).read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
