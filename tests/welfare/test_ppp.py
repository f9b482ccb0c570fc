"""Movers at purchasing-power parity: a case by hand, one price level everywhere, references, absence, surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cge.benchmark import check_benchmark, synthetic_benchmark
from cge.benchmark.aggregate import aggregate
from cge.cli import main
from cge.errors import CGEError
from cge.report import print_region_table, print_variations
from cge.results import to_dataset, write_netcdf
from cge.scenario import Scenario, ScenarioFile, shocks_of
from cge.solve.model import Model
from cge.solve.updated import updated
from cge.welfare import add_gains, mover_table, movers_at_ppp, variation_table
from tests import cases
from tests.engine import plain

HEADLINE = {"migration": "M"}
PPP = ("EVnewppp", "EVearlppp", "gain_per_mover_ppp", "memo_per_mover_ppp", "gain_per_mover_ppp_percent",
       "base_per_mover_ppp", "gain_by_home_ppp", "gain_world_ppp")


def with_levels(bench, *levels):
    return bench.replace(PRICELEVEL=bench["POP"].copy(data=list(levels)))


def dataset(m, solutions, **reference):
    scenarios = {n: Scenario(n, reference=reference.get(n)) for n in solutions}
    file = ScenarioFile(Path("t.toml"), "", "t", "b", "t.nc", {}, {}, scenarios, HEADLINE, ())
    return add_gains(to_dataset(file, m, solutions))


@pytest.fixture(scope="module")
def two():
    """Two regions; R1 is the dear one. A transfer takes a tenth of what new movers send."""
    m = plain(Model(with_levels(synthetic_benchmark(2, 3, seed=4), 1.0, 0.25)))
    quota = [{"rate": 0.03, "homes": ["R2"], "hosts": ["R1"]}]
    cost = [{"instrument": "transfer cost", "share": 0.1, "migrants": "new"}]
    return m, {n: m.solve(*shocks_of(Scenario(n, quota=quota, terms=t), m)) for n, t in (("M", []), ("cost", cost))}


def test_two_regions_by_hand(two):
    """Pay, what is sent and prices from the solution, everything else from here."""
    m, solutions = two
    ds = dataset(m, solutions)
    c = {n: a for n, (_, a) in m.cal.data.items()}
    for name, arrives in (("M", 1.0), ("cost", 0.9)):
        s = solutions[name]
        heads = 0.03 * c["LF0"][:, 0]
        pay = s["wnet"].sel(reg="R1").values * c["AN"][:, 1, 0] * heads
        rho = s.data["coef"]["RHON"][:, 1, 0]
        price = s["ppriv"].values
        spent, before = (1.0 - rho) * pay / price[0], heads * c["WNET0"][:, 1]
        here = ds.sel(scenario=name)
        np.testing.assert_allclose(here["EVnewppp"].sel(home="R2", host="R1"), spent * 0.25 - before, rtol=1e-9)
        each = here["gain_per_mover_ppp"].sel(reg="R2")
        np.testing.assert_allclose(each, 1e3 * (0.25 * spent - before) / heads, rtol=1e-9)
        sent = 1e3 * arrives * rho * pay / price[1] / heads
        np.testing.assert_allclose(here["memo_per_mover_ppp"].sel(reg="R2") - each, sent, rtol=1e-9)
        np.testing.assert_allclose(here["gain_per_mover_ppp_percent"].sel(reg="R2"),
                                   100 * (0.25 * spent / before - 1.0), rtol=1e-9)
        np.testing.assert_allclose(here["gain_per_mover_percent"].sel(reg="R2"), 100 * (spent / before - 1.0),
                                   rtol=1e-9)
        assert np.isnan(here["gain_per_mover_ppp"].sel(reg="R1")).all()  # nobody leaves
        # Residents are at home anyway; earlier migrants from R2 in R1 live where a dollar buys a quarter.
        earlier = s["EVearl"].sum("skill")
        by_home = here["gain_by_home_ppp"].sel(reg="R2")
        np.testing.assert_allclose(by_home, [s["EV"].sel(reg="R2"), 0.25 * earlier.sel(home="R2", host="R1"),
                                             (0.25 * spent - before).sum()], rtol=1e-9)
        assert float(here["gain_by_home_ppp"].sel(reg="R1", group="earlier migrants")) == pytest.approx(
            4.0 * float(earlier.sel(home="R1", host="R2")))
    np.testing.assert_allclose(ds["base_per_mover"], 1e3 * c["WNET0"])
    np.testing.assert_allclose(ds["base_per_mover_ppp"].sel(reg="R2"), 4e3 * c["WNET0"][:, 1])


def test_one_price_level_is_market_rates(two):
    m, solutions = two
    ds = dataset(m, {"M": solutions["M"]})
    same = movers_at_ppp(ds, {"R1": 0.7, "R2": 0.7})
    for name, market in (("EVnewppp", "EVnew"), ("EVearlppp", "EVearl"), ("gain_per_mover_ppp", "gain_per_mover"),
                         ("gain_per_mover_ppp_percent", "gain_per_mover_percent"), ("gain_by_home_ppp", "gain_by_home"),
                         ("gain_world_ppp", "gain_world")):
        np.testing.assert_allclose(same[name], ds[market], rtol=1e-9, err_msg=name)
    assert abs(float(ds["gain_world_ppp"][0] / ds["gain_world"][0]) - 1) > 0.1
    double = movers_at_ppp(ds, {"R1": 2.0, "R2": 0.5})  # ratios alone count, but for international dollars
    for name in PPP:
        factor = 0.5 if name == "base_per_mover_ppp" else 1.0
        np.testing.assert_allclose(double[name], factor * ds[name], rtol=1e-12, err_msg=name)


def test_every_variable_says_what_it_is(two):
    m, solutions = two
    ds = dataset(m, solutions)
    for name in (*PPP, "base_per_mover", "gain_per_mover_percent"):
        attributes = ds[name].attrs
        assert attributes["long_name"] and attributes["units"], name
        base = "reference" if name in ("gain_by_home_ppp", "gain_world_ppp") else "benchmark"
        assert attributes["counted_from"] == base, name
    assert ds["PRICELEVEL"].attrs["units"] == "United States = 1"


def test_totals_are_counted_from_the_reference(two):
    m, solutions = two
    ds = dataset(m, {"M": solutions["M"], "more": solutions["cost"]}, more="M")
    alone = dataset(m, {"M": solutions["M"], "more": solutions["cost"]})
    for name in ("gain_world_ppp", "gain_by_home_ppp"):
        change = (alone[name].sel(scenario="more") - alone[name].sel(scenario="M")).values
        np.testing.assert_allclose(ds[name].sel(scenario="more"), change, rtol=1e-12, atol=1e-9)
    for name in ("EVnewppp", "gain_per_mover_ppp"):
        np.testing.assert_array_equal(ds[name], alone[name])
    table = variation_table(ds, "more")
    assert table.loc["all", "EV PPP"] == pytest.approx(float(ds["gain_world_ppp"].sel(scenario="more")))
    assert variation_table(ds, "more", "R2", "home").loc["all", "EV PPP"] == pytest.approx(
        float(ds["gain_by_home_ppp"].sel(scenario="more", reg="R2").sum()))


def test_movers_one_by_one(two):
    """Columns are means over movers: per home those of the Dataset, over all the total over heads."""
    m = plain(Model(with_levels(cases.model(seed=1).bench, 1.0, 0.5, 0.2)))
    ds = dataset(m, {"M": m.solve(*cases.quota(m))})
    here = ds.sel(scenario="M")
    one = mover_table(ds, "M", "R2", "home")
    columns = {"left": "base_per_mover", "gain": "gain_per_mover", "gain %": "gain_per_mover_percent",
               "memo": "memo_per_mover", "gain PPP": "gain_per_mover_ppp", "gain PPP %": "gain_per_mover_ppp_percent",
               "memo PPP": "memo_per_mover_ppp", "left int.": "base_per_mover_ppp"}
    for column, name in columns.items():
        np.testing.assert_allclose(one.loc[list(here["skill"].values), column], here[name].sel(reg="R2"), rtol=1e-9,
                                   err_msg=column)
    world, heads = mover_table(ds, "M").loc["all"], float(here["mov"].sum())
    assert world["movers"] == pytest.approx(heads)
    assert world["gain PPP"] == pytest.approx(1e3 * float(here["EVnewppp"].sum()) / heads)
    by_home = here["EVnewppp"].sum(("skill", "host")).values
    assert world["gain int."] == pytest.approx(1e3 * float((by_home / [1.0, 0.5, 0.2]).sum()) / heads)
    assert mover_table(ds, "M", "R1", "host").loc["all", "gain"] == pytest.approx(world["gain"])
    assert mover_table(ds, "M", "R1", "home").empty


def test_no_equation_reads_the_price_levels(two):
    """The model with them holds the data of the model without, and the same solution to the last bit."""
    m, solutions = two
    without = plain(Model(m.bench.replace(drop=("PRICELEVEL",))))
    assert set(m.cal.data) == set(without.cal.data) and "PRICELEVEL" not in m.cal.data
    quota = [{"rate": 0.03, "homes": ["R2"], "hosts": ["R1"]}]
    again = without.solve(*shocks_of(Scenario("M", quota=quota), without))
    for name in ("EV", "EVnew", "mov", "ppriv", "CV"):
        np.testing.assert_array_equal(solutions["M"][name], again[name])


def test_without_price_levels_there_are_no_columns_and_the_name_is_said(two, tmp_path, capsys):
    m, _ = two
    bare = plain(Model(m.bench.replace(drop=("PRICELEVEL",))))
    solved = bare.solve(*shocks_of(Scenario("M", quota=[{"rate": 0.03, "homes": ["R2"], "hosts": ["R1"]}]), bare))
    ds = dataset(bare, {"M": solved})
    assert not set(PPP) & set(ds.data_vars) and "gain_per_mover_percent" in ds
    assert "EV PPP" not in variation_table(ds, "M") and "gain PPP" not in mover_table(ds, "M")
    with pytest.raises(CGEError, match=f"'{bare.bench.name}' of these results has no array PRICELEVEL.*labour/PRICE"):
        movers_at_ppp(ds)
    with pytest.raises(CGEError, match="no price level of R1; give one above zero"):
        movers_at_ppp(ds, {"R2": 0.3})
    print_region_table(ds, "M")
    assert "parity" not in capsys.readouterr().out
    print_variations(ds, "M")
    assert "has no array PRICELEVEL" in " ".join(capsys.readouterr().out.split())


def test_the_command_prints_groups_variations_and_movers(two, tmp_path, capsys):
    m, solutions = two
    ds = dataset(m, {"M": solutions["M"]})
    ds.attrs["headline"] = "{}"  # this file has none of the published comparison's scenarios
    path = str(write_netcdf(ds, tmp_path / "t.nc"))
    assert main(["report", path, "--scenario", "M", "--welfare", "--region", "R2", "--concept", "home"]) == 0
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 118
    assert "who gains and from what, R2, migrants whence they come" in shown and "new movers from R2" in shown
    assert f"{mover_table(ds, 'M', 'R2', 'home').loc['all', 'gain PPP']:,.0f}" in shown.split("new movers from R2")[1]
    for words, message in ((["--welfare", "--scenario", "M", "--region", "X"], "no region 'X'; they have R1, R2"),
                           (["--scenario", "M", "--region", "R1"], "add --welfare"),
                           (["--scenario", "M", "--welfare", "--concept", "home"], "name one with --region")):
        assert main(["report", path, *words]) == 1
        out = capsys.readouterr()
        assert message in out.err and not out.out


def test_a_price_level_of_nothing_is_refused():
    bench = synthetic_benchmark(2, 3, seed=4)
    with pytest.raises(CGEError, match=r"PRICELEVEL .*R2.* is not positive"):
        check_benchmark(with_levels(bench, 1.0, 0.0))


def test_the_level_of_an_aggregate_is_consumption_over_its_volume():
    bench = with_levels(synthetic_benchmark(3, 3, seed=1), 1.0, 0.5, 0.2)
    spent = (bench["VDPP"] + bench["VMPP"]).sum("comm").values
    got = aggregate(bench, reg={"A": ["R1", "R3"], "B": ["R2"]}).benchmark["PRICELEVEL"]
    volume = spent[0] / 1.0 + spent[2] / 0.2
    np.testing.assert_allclose(got, [(spent[0] + spent[2]) / volume, 0.5], rtol=1e-12)


def test_an_updated_benchmark_has_the_levels_of_the_new_prices(two):
    m, _ = two
    s = m.solve({**cases.no_tariffs(m)})
    np.testing.assert_allclose(updated(s)["PRICELEVEL"], [1.0, 0.25] * s["ppriv"].values, rtol=1e-12)
    assert np.abs(s["ppriv"].values - 1.0).max() > 1e-4


def test_a_wrong_choice_of_movers_is_refused_in_words(two):
    ds = dataset(two[0], two[1])
    with pytest.raises(CGEError, match="no scenario 'X'; they have M"):
        mover_table(ds, "X")
    with pytest.raises(CGEError, match="no region 'R9'"):
        mover_table(ds, "M", "R9")
