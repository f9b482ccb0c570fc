"""Gains by group, region and concept: what they are counted from, whom they are divided by, how they are labelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cge.results import open_results, to_dataset, write_netcdf
from cge.scenario import Scenario, ScenarioFile
from cge.welfare import add_gains, people_table, region_table
from tests.cases import model, no_tariffs, quota


@pytest.fixture(scope="module")
def solved():
    """One world, four scenarios: half of tariffs gone, all gone (from the benchmark and from the half), a quota."""
    m = model(seed=1)
    shocks, coefficients = quota(m)
    moved = {"MSHR": coefficients["MSHR"], "RHON": 0.2}
    solutions = {"half": m.solve(no_tariffs(m, 0.5)), "free": m.solve(no_tariffs(m)), "M": m.solve(shocks, moved)}
    solutions["free from half"] = solutions["free"]
    scenarios = {n: Scenario(n) for n in solutions}
    scenarios["free from half"] = Scenario("free from half", reference="half")
    file = ScenarioFile(Path("t.toml"), "", "test", "b", "t.nc", {}, {}, scenarios, {}, ())
    return m, file, solutions


@pytest.fixture(scope="module")
def ds(solved):
    m, file, solutions = solved
    return add_gains(to_dataset(file, m, solutions))


def test_every_column_of_the_region_table_is_counted_from_the_reference(ds, solved):
    """Levels of the solutions themselves: ratios of indices, differences of flows."""
    _, _, solutions = solved
    free, half = solutions["free"], solutions["half"]
    table = region_table(ds, "free from half").drop("world")
    np.testing.assert_allclose(table["residents"], (free["EV"] - half["EV"]) / 1e3)
    for s in ds["skill"].values:
        ratio = free["realwage"].sel(skill=s) / half["realwage"].sel(skill=s)
        np.testing.assert_allclose(table[f"w {s[:4]} %"], 100 * (ratio - 1))
    real = [x["rental"] / x["ppriv"] for x in (free, half)]
    np.testing.assert_allclose(table["rK %"], 100 * (real[0] / real[1] - 1))
    np.testing.assert_allclose(table["d remit"], (free["remin"] - half["remin"]) / 1e3, atol=1e-12)
    from_benchmark = region_table(ds, "free").drop("world")
    assert abs(from_benchmark["rK %"] - table["rK %"]).max() > 1e-3


def test_region_table_is_the_benchmark_where_nothing_is_left_to_count(solved):
    """A scenario counted from one of the same content changes nothing in any column."""
    m, file, solutions = solved
    again = {"half": solutions["half"], "same": solutions["half"]}
    scenarios = {"half": Scenario("half"), "same": Scenario("same", reference="half")}
    found = add_gains(to_dataset(replace(file, scenarios=scenarios), m, again))
    assert np.nanmax(abs(region_table(found, "same"))) == 0.0
    assert np.nanmax(abs(region_table(found, "half"))) > 0.0


def test_each_changed_variable_says_what_it_is_counted_from(ds):
    for name in ("gain_by_host", "gain_by_home", "gain_world", "gain_independent", "gain_percent", "gain_per_head"):
        assert ds[name].attrs["counted_from"] == "reference", name
    for name in ("EV", "EVearl", "EVnew", "WEV", "absorb", "realwage", "remin", "mov", "movers", "gain_per_mover"):
        assert ds[name].attrs["counted_from"] == "benchmark", name


LONG_NAMES = {
    "reg": "region", "home": "region the migrant comes from", "host": "region the migrant lives in",
    "src": "exporting region", "dst": "importing region", "comm": "commodity", "acts": "activity",
    "endw": "endowment", "skill": "labour by skill", "scenario": "scenario", "group": "group of people",
    "reference": "scenario against which gains are counted", "scenario_title": "what the scenario is",
    "marg": "margin commodity", "elasticity": "elasticity that scenarios may scale", "dir": "origin of goods",
    "ctax": "kind of tax", "techtype": "kind of technical change",
    "concept": "whose gain: residents who stay, earlier migrants, people of the region (home), people in it (host)",
}


def test_coordinates_are_labelled_for_what_they_are(ds, tmp_path):
    back = open_results(write_netcdf(ds, tmp_path / "r.nc"))
    for found in (ds, back):
        assert {str(n): c.attrs for n, c in found.coords.items()} == {
            str(n): {"long_name": LONG_NAMES[str(n)], "units": "label"} for n in found.coords}


def test_gain_per_head_is_of_those_who_stay(ds, solved):
    """US$ of the benchmark per person: million US$ over millions who stay; income less what leavers earned."""
    m, _, _ = solved
    n = {k: v for k, (_, v) in m.cal.data.items()}
    left = ds["mov"].sel(scenario="M").sum("host")  # skill, home; thousand workers
    stay = n["POPRES"] - left.sum("skill").values / 1e3
    gain = ds["EV"].sel(scenario="M").values
    np.testing.assert_allclose(ds["gain_per_head"].sel(scenario="M", concept="residents"), gain / stay, rtol=1e-12)
    income = n["INCOME"] - (left.values * n["WNET0"]).sum(0)
    np.testing.assert_allclose(ds["gain_percent"].sel(scenario="M", concept="residents"), 100 * gain / income,
                               rtol=1e-12)
    assert (left.sum("skill").values > 0).sum() == 2  # of three regions, two send


def test_base_income_and_heads_of_both_concepts_are_the_same_people(ds):
    """Whoever is counted at home is counted in a host: totals agree, and nobody is lost by moving."""
    for name in ("base_income", "heads"):
        total = ds[name].sum("reg")
        np.testing.assert_allclose(total.sel(concept="home"), total.sel(concept="host"), rtol=1e-12)
        np.testing.assert_allclose(total.sel(scenario="M"), total.sel(scenario="free")
                                   .where(total["concept"] != "residents", total.sel(scenario="M")), rtol=1e-12)
    np.testing.assert_allclose(ds["heads"].sel(concept="host", scenario="free"), ds["POP"], rtol=1e-12)


def test_memo_adds_what_movers_send(ds, solved):
    """With nothing sent the memo is the gain; with a fifth sent it exceeds it by a quarter of what is spent."""
    _, _, solutions = solved
    spent = solutions["M"]["spendnew"] / solutions["M"]["ppriv"].rename(reg="host")
    more = 1e3 * (0.25 * spent).sum("host") / solutions["M"]["mov"].sum("host").where(lambda x: x > 0)
    gap = (ds["memo_per_mover"] - ds["gain_per_mover"]).sel(scenario="M").transpose("skill", "reg")
    np.testing.assert_allclose(gap, more.transpose("skill", "home"), rtol=1e-9)


def test_people_table_is_counted_from_the_reference(ds, solved):
    """Volumes as ratios, tariff revenue as a difference; the world's gain per head is one, at home and in hosts."""
    m, _, solutions = solved
    free, half = solutions["free"], solutions["half"]
    table = people_table(ds, "free from half")
    np.testing.assert_allclose(table["exports %"].iloc[:-1], 100 * (free["qxwreg"] / half["qxwreg"] - 1))
    np.testing.assert_allclose(table["imports %"].iloc[:-1], 100 * (free["qmwreg"] / half["qmwreg"] - 1))
    np.testing.assert_allclose(table["d tariffs"].iloc[:-1], (free["taxrimp"] - half["taxrimp"]) / 1e3)
    paid = (m.bench["VMSB"] - m.bench["VCIF"]).sum(("comm", "src"))
    np.testing.assert_allclose(people_table(ds, "free")["d tariffs"].iloc[:-1], -paid / 1e3, atol=1e-8)
    world = people_table(ds, "M").loc["world"]
    gain = float(ds["gain_world"].sel(scenario="M")) / float(ds["POP"].sum())
    assert world["home $/head"] == pytest.approx(gain) == world["host $/head"]
    assert world["home %"] == pytest.approx(world["host %"])
