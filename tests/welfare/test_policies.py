"""Expected signs, payoffs, sizes sought and side payments, against numbers taken from solutions by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from cge.benchmark import synthetic_benchmark, write_benchmark
from cge.cli import main
from cge.errors import CGEError, ScenarioError
from cge.scenario import read_scenarios
from cge.scenario.games import Game
from cge.welfare import GROUPS
from cge.welfare.compare import compare
from cge.welfare.expect import judge
from cge.welfare.payoffs import payoffs

FILE = """title = "Policies"
benchmark = "{folder}/tiny"
[scenario.T]
title = "No tariffs"
tariffs = [{{ remove = "all" }}]
[scenario.M]
title = "Quota"
quota = [{{ rate = 0.03 }}]
[scenario.P]
title = "Quota that hosts pay for"
quota = [{{ rate = 0.03 }}]
transfers = [{{ total = 3000.0, from = "R1", to = ["R2", "R3"] }}]
[scenario.A]
title = "Aid as dear"
transfers = [{{ total = 100.0, from = "R1", to = ["R2", "R3"] }}]
[scenario.U]
title = "R1 produces more, R2 less"
shock = [{{ variable = "aoreg", value = 1.02, where = {{ reg = "R1" }} }},
         {{ variable = "aoreg", value = 0.995, where = {{ reg = "R2" }} }}]
[scenario.W]
title = "R1 taxes trade"
shock = [{{ variable = "tms", value = 1.03, where = {{ dst = "R1" }} }}]
[[equal]]
scenario = "A"
to = "P"
reg = "R1"
[side_payments]
scenarios = ["U", "W"]
[phases]
scenario = "M"
years = [1, 2]
share = [0.5, 1.0]
[payoffs.players.A]
regions = "R1"
keep = {{}}
cut = {{ tariffs = [{{ remove = "all", dst = "R1" }}] }}
[payoffs.players.B]
regions = "exporters"
keep = {{}}
cut = {{ tariffs = [{{ remove = "all", dst = "exporters" }}] }}
"""
EXPECT = """
[[expect]]
scenario = "{scenario}"
of = "{of}"
why = "to see"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    bench = synthetic_benchmark(3, 3, seed=1)
    write_benchmark(bench.replace(meta={"groups": {"importers": ["R1"], "exporters": ["R2", "R3"]}}), folder / "tiny")
    (folder / "p.toml").write_text(FILE.format(folder=folder))
    return folder


@pytest.fixture(scope="module")
def solved(folder):
    solutions = {}
    file = read_scenarios(folder / "p.toml")
    ds = compare(file, solved=lambda name, s: solutions.update({name: s}))
    return file, ds, solutions


def toml(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def told(folder, ds, scenario, of, **words):
    """The verdict on one expectation."""
    text = EXPECT.format(scenario=scenario, of=of) + "".join(f"{k} = {toml(v)}\n" for k, v in words.items())
    path = folder / "e.toml"
    path.write_text(FILE.format(folder=folder).replace("[scenario.T]", text + "[scenario.T]", 1))
    (verdict,) = judge(ds, read_scenarios(path).expect)
    return verdict


def test_aid_costs_what_the_programme_costs(solved):
    _, ds, s = solved
    assert float(s["A"]["EV"].sel(reg="R1")) == pytest.approx(float(s["P"]["EV"].sel(reg="R1")), abs=0.02)
    size = json.loads(ds.attrs["sizes"])["A"]
    assert float(s["A"]["transfer"].sel(reg="R1")) == pytest.approx(-100.0 * size)
    assert float(s["A"]["EV"].sel(reg="R1")) < 0


def test_payers_give_by_income_and_receivers_get_by_population(solved):
    _, _, s = solved
    given = s["P"]["transfer"]
    heads = s["P"].model.bench["POP"]
    assert float(given.sum()) == pytest.approx(0.0, abs=1e-9)
    assert float(given.sel(reg="R1")) == -3000.0
    assert float(given.sel(reg="R2") / given.sel(reg="R3")) == pytest.approx(float(heads[1] / heads[2]))


def test_side_payments_leave_nobody_worse_off(solved):
    _, ds, s = solved
    before, after = s["U"]["EV"], s["U paid"]["EV"]
    found = json.loads(ds.attrs["payments"])["U paid"]
    assert found["covered"] and float(before.sel(reg="R2")) < -1.0
    assert float(after.sel(reg="R2")) == pytest.approx(0.0, abs=0.02)
    given = s["U paid"]["transfer"]
    assert float(given.sum()) == pytest.approx(0.0, abs=1e-6)
    assert found["bill"] == pytest.approx(float(given.sel(reg="R2")))
    gainers = before > 0
    share = given.where(gainers, drop=True) / before.where(gainers, drop=True)
    np.testing.assert_allclose(share, share[0])  # in proportion to gains
    assert bool((after.where(gainers, drop=True) > 0).all())


def test_nothing_is_paid_where_gains_do_not_cover_losses(solved):
    _, ds, s = solved
    assert float(s["W"]["EV"].sum()) < 0 < float(s["W"]["EV"].max()), "a tariff helps one and harms the world"
    found = json.loads(ds.attrs["payments"])["W paid"]
    assert not found["covered"] and found["bill"] == 0
    assert float(abs(s["W paid"]["transfer"]).max()) == 0


def test_phases_are_parts_of_the_policy(solved):
    _, ds, s = solved
    np.testing.assert_allclose(ds["movers"].sel(scenario="M 1"), 0.5 * ds["movers"].sel(scenario="M"), rtol=1e-9)
    assert float(s["M 2"]["WEV"]) == pytest.approx(float(s["M"]["WEV"]), rel=1e-9)


def test_payoffs_are_the_gains_of_the_players(solved):
    file, _, s = solved
    ds = solved[1]
    table = payoffs(ds, file.game)
    assert float(s["cut/cut"]["EV"].sel(reg=["R2", "R3"]).sum()) / 1e3 == pytest.approx(
        table.loc[("cut", "cut"), ("B", "residents")])
    home = float(s["cut/keep"]["EVhome"].sel(reg="R1")) / 1e3
    assert home == pytest.approx(table.loc[("cut", "keep"), ("A", "home")])
    assert float(s["cut/keep"]["WEV"]) / 1e3 == pytest.approx(table.loc[("cut", "keep"), ("world", "")])
    nothing = table.loc[("keep", "keep")][[("A", "host"), ("B", "host")]].astype(float)
    np.testing.assert_allclose(nothing, 0.0, atol=1e-6)


def test_best_replies_of_the_prisoners_dilemma():
    """The textbook game: to defect is best whatever the other does, and both would be better off if neither did."""
    game = Game("residents", {"A": ["X"], "B": ["Y"]}, {(a, b): f"{a}/{b}" for a in "cd" for b in "cd"})
    pay = {"c/c": (3, 3), "c/d": (0, 5), "d/c": (5, 0), "d/d": (1, 1)}
    gains = np.zeros((4, 3, 2))
    gains[:, 0] = [pay[n] for n in game.profiles.values()]
    dims = ("scenario", "group", "reg")
    coords = {"scenario": list(game.profiles.values()), "group": list(GROUPS), "reg": ["X", "Y"]}
    ds = xr.Dataset({"gain_by_host": (dims, 1e3 * gains), "gain_by_home": (dims, 1e3 * gains),
                     "gain_world": ("scenario", 1e3 * gains.sum((1, 2)))}, coords, {"groups": "{}"})
    table = payoffs(ds, game)
    assert list(table.index[table[("Nash", "")]]) == [("d", "d")]
    assert list(table[("A", "best")]) == [False, False, True, True]
    assert list(table[("B", "best")]) == [False, True, False, True]
    assert table.loc[("d", "c"), ("world", "")] == 5


def test_measures_are_what_solutions_say(folder, solved):
    _, ds, s = solved
    m = s["M"]
    wage = 100 * (m["realwage"].sel(skill="UnskLab", reg="R1") - 1)
    verdict = told(folder, ds, "M", "wage", skill="UnskLab", reg="R1", sign="-")
    assert verdict.met == bool(wage < 0) and f"{float(wage):+.4g} %" in verdict.obtained
    moved = float(m["mov"].sum())
    assert f"{moved:+.4g}" in told(folder, ds, "M", "movers", sign="+").obtained
    both = told(folder, ds, "M", "residents", reg="exporters", sign="+")
    assert f"{float(m['EV'].sel(reg=['R2', 'R3']).sum()) / 1e3:+.4g} bn" in both.obtained
    bench = m.model.bench
    base = bench["VXSB"].sum("comm").values * (1 - np.eye(3))
    now = (bench["VXSB"].values * s["T"]["qxs"].values).sum(0) * (1 - np.eye(3))
    trade = told(folder, ds, "T", "trade", sign="+")
    assert trade.met and f"{100 * (now.sum() / base.sum() - 1):+.4g} %" in trade.obtained
    up = told(folder, ds, "M", "qfe", endw="UnskLab", acts="Agr", reg="R1", sign="+")
    assert f"{100 * (float(m['qfe'].sel(endw='UnskLab', acts='Agr', reg='R1')) - 1):+.4g}" in up.obtained


def test_signs_are_judged_both_ways(folder, solved):
    ds = solved[1]
    for of, words in (("movers", {}), ("world", {})):
        assert told(folder, ds, "M", of, sign="+", **words).met
        assert not told(folder, ds, "M", of, sign="-", **words).met
        assert not told(folder, ds, "M", of, sign="0", **words).met
    assert told(folder, ds, "T", "movers", sign="0").met
    assert told(folder, ds, "M", "world", sign=">", than="M 1").met
    assert not told(folder, ds, "M", "world", sign="<", than="M 1").met
    assert told(folder, ds, "M", "world", sign=">", than={"scenario": "M 1", "of": "residents", "reg": "R2"}).met
    up = int((ds["EV"].sel(scenario="T") > 0).sum())
    assert told(folder, ds, "T", "residents", sign="+", at_least=up).met
    assert not told(folder, ds, "T", "residents", sign="+", at_least=up + 1).met
    n = ds.sizes["reg"]
    assert told(folder, ds, "T", "residents", sign="+", at_least=(up - 0.5) / n).met
    assert not told(folder, ds, "T", "residents", sign="-", at_least=(n - up + 0.5) / n).met
    assert told(folder, ds, "M", "movers", sign="0", within=1e9).met


def test_what_results_cannot_tell_is_refused(folder, solved):
    with pytest.raises(CGEError, match="benchmark value of wnet"):
        told(folder, solved[1], "M", "wnet", sign="+")


@pytest.mark.parametrize(("of", "says"), [("wnet", "not zero in the benchmark"), ("rents", "nobody does in the file")])
def test_it_is_refused_before_a_solve(folder, solved, of, says):
    path = folder / "e.toml"
    text = EXPECT.format(scenario="M", of=of) + 'sign = "+"\n'
    path.write_text(FILE.format(folder=folder).replace("[scenario.T]", text + "[scenario.T]", 1))
    with pytest.raises(ScenarioError, match=f"expect 1: '{of}' .*{says}"):
        compare(path, model=solved[2]["M"].model)


def test_payers_and_receivers_are_different_regions(folder, solved):
    path = folder / "e.toml"
    path.write_text(FILE.format(folder=folder).replace('from = "R1", to = ["R2", "R3"]', 'from = "R1", to = ["R1"]', 1))
    with pytest.raises(ScenarioError, match="scenario 'P', transfers: R1 both pays and receives"):
        compare(path, model=solved[2]["M"].model)


def test_run_prints_it_all(folder, solved, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cge.welfare.compare.compare", lambda *a, **k: solved[1])
    expect = EXPECT.format(scenario="M", of="world") + 'sign = "-"\n'
    path = folder / "r.toml"
    path.write_text(FILE.format(folder=folder).replace("[scenario.T]", expect + "[scenario.T]", 1))
    assert main(["run", str(path), "--out", str(tmp_path), "--no-figures"]) == 0
    out = capsys.readouterr().out
    for said in ("Payoffs, billion US$", "Nash", "Phases of M", "A does to the gain (residents of R1) what P does at",
                 "U paid: who must pay whom", "NOT  M: world < 0", "0 of 1 expectations met"):
        assert said in out
