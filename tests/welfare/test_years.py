"""What changed between the base years: rules against hand and published numbers, parts that add up, a true page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cge._paths import shipped
from cge.cli import main
from cge.report.years import customs_ratio, facts
from cge.report.years_figure import write_years_figure
from cge.scenario import read_scenarios
from cge.welfare.years import (
    LABOUR_FACTORS,
    TRADE_FACTORS,
    mean_tariffs,
    rates,
    rule_of_m,
    rule_of_t,
    shapley,
    trade_factors,
    two_years,
    workers_and_pay,
)
from cge.welfare.years_solved import other_homes, with_other_tariffs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "comparison_1997_2014.md"


@pytest.fixture(scope="module")
def years():
    return two_years()


def test_parts_of_a_product_by_hand():
    """a b from 1 x 1 to 2 x 3: a adds 1 first and 3 last, b adds 2 first and 4 last."""
    parts = shapley(lambda f: f["a"] * f["b"], {"a": 1, "b": 1}, {"a": 2, "b": 3}, ["a", "b"])
    assert parts == {"a": pytest.approx(2.0), "b": pytest.approx(3.0)}


def test_a_factor_that_stands_has_no_part(years):
    old, new = years.labour["1997 narrow"].factors, years.labour["2014"].factors
    parts = shapley(rule_of_m, old, {**new, "skills": old["skills"]}, list(LABOUR_FACTORS.values()))
    assert parts["skills"] == 0.0 and parts["pay"] < 0


def test_parts_add_up_to_what_changed(years):
    for steps in (years.migration, years.trade):
        money, share = (sum(part[k] for part in steps.parts.values()) for k in (0, 1))
        assert money == pytest.approx(steps.second - steps.first, rel=1e-12)
        assert share == pytest.approx(steps.share[1] - steps.share[0], rel=1e-9)


@pytest.mark.parametrize(("year", "percent"), [(0, 0.64), (1, 0.44)])
def test_rule_of_m_is_that_of_published_accounts(years, year, percent):
    """On Penn World Table facts alone a pool gives 0.64% of world GDP in 1997 and 0.44% in 2014."""
    assert years.migration.share[year] == pytest.approx(percent, abs=0.015)


def test_rule_of_m_pair_by_pair(years):
    """The same sum over every home and host, movers pro rata to the homes' workers."""
    bench = years.bench[2014]
    force, wage = workers_and_pay(bench)
    hosts, homes = (bench.meta["groups"][g] for g in ("importers", "exporters"))
    total = 0.0
    for skill in bench.labels("skill"):
        pool = float(force.sel(skill=skill, reg=homes).sum())
        for h in hosts:
            for c in homes:
                movers = 0.03 * float(force.sel(skill=skill, reg=h)) * float(force.sel(skill=skill, reg=c)) / pool
                total += 0.5 * movers * float(wage.sel(skill=skill, reg=h) - wage.sel(skill=skill, reg=c))
    assert rule_of_m(years.labour["2014"].factors) == pytest.approx(total, rel=1e-12)


def _one_good(rate, answer=2.0, source=5.0):
    """Two sellers of one good to one buyer, cif 60 and 40 of a world of 1000, elasticities of the two nests."""
    dims = {"comm": ["c"], "src": ["a", "b"], "dst": ["r"]}
    array = xr.DataArray(np.array(rate, float).reshape(1, 2, 1), coords=dims, dims=tuple(dims))
    by = {"coords": {"comm": ["c"], "dst": ["r"]}, "dims": ("comm", "dst")}
    pattern = {"shares": xr.DataArray([[[0.6], [0.4]]], coords=dims, dims=tuple(dims)),
               "answer": xr.DataArray([[answer]], **by), "source": xr.DataArray([[source]], **by)}
    return {"gdp": 1000.0, "openness": 0.1, "applied": array, "farm": 0.0 * array, "pattern": pattern}


def test_triangle_of_an_even_tariff_by_hand():
    """The sellers' shares do not move: half of 10% of 100, times 2 log 1.1; their elasticity does not count."""
    assert rule_of_t(_one_good([0.1, 0.1])) == pytest.approx(0.5 * 10 * 2 * np.log(1.1), rel=1e-12)
    assert rule_of_t(_one_good([0.1, 0.1], source=50)) == pytest.approx(rule_of_t(_one_good([0.1, 0.1])), rel=1e-12)


def test_triangle_of_a_preference_by_hand():
    """A tariff on the second seller only, imports as a whole fixed: its sales grow by 5 (1 - share) log 1.2."""
    share = 0.4 * 1.2 / (0.6 + 0.4 * 1.2)
    assert rule_of_t(_one_good([0.0, 0.2], answer=0.0)) == pytest.approx(
        0.5 * 40 * 0.2 * 5 * (1 - share) * np.log(1.2), rel=1e-12)


def test_rule_of_t_grows_with_the_square_of_small_tariffs(years):
    f = trade_factors(years.bench[1997])
    low, high = (rule_of_t({**f, "applied": k * f["applied"], "farm": k * f["farm"]}) for k in (0.01, 0.02))
    assert high / low == pytest.approx(4.0, rel=0.01)
    assert set(TRADE_FACTORS.values()) == set(f)


def test_tariffs_average_to_the_revenue_of_the_accounts(years):
    for bench in years.bench.values():
        applied, farm, _ = mean_tariffs(bench)["world", "all"]
        goods = list(bench.labels("comm")[:9])
        assert (goods[0], goods[-1]) == ("Agr", "Veh")
        revenue = float((bench["VMSB"] - bench["VCIF"]).sel(comm=goods).sum())
        assert applied + farm == pytest.approx(100 * revenue / float(bench["VCIF"].sel(comm=goods).sum()), rel=1e-9)


def test_tariffs_of_the_same_year_are_its_own(years):
    bench = years.bench[2014]
    applied, farm = rates(bench)
    xr.testing.assert_allclose(with_other_tariffs(bench, bench)["TMS1993"], applied, atol=1e-12)
    put = with_other_tariffs(bench, years.bench[1997])["TMS1993"] + farm
    old = sum(rates(years.bench[1997]))
    assert float(put.sel(comm="Veh", src="RUS", dst="POL")) == pytest.approx(
        float(old.sel(comm="Veh", src="FSU", dst="EEU")), abs=1e-12)


def test_exporters_of_the_other_year(years):
    assert not {"EEU", "XEA"} & set(other_homes(years.bench[1997], 1997))
    assert {"POL", "EEU", "XEA"} <= set(other_homes(years.bench[2014], 2014))
    assert "GCC" not in other_homes(years.bench[2014], 2014)


def test_page_says_what_the_benchmarks_say(years):
    """Every line of the page that needs no solve: a benchmark that changes makes it stale, and this fails."""
    assert "\n".join(facts(years)) in PAGE.read_text(encoding="utf-8")
    assert customs_ratio("ww1997") > 1.0


def test_page_is_consistent_with_itself():
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (T|M), [^|]*\| ([\d.]+ \| [\d.]+ \| [\d.]+ \| [\d.]+) \|$", text, flags=re.MULTILINE))
    m, t = ([float(x) for x in rows[k].split(" | ")] for k in ("M", "T"))
    said = [float(x) for x in re.search(r"^\| M over T \| ([\d.]+) \| \| ([\d.]+)", text, flags=re.MULTILINE).groups()]
    assert said == [pytest.approx(m[k] / t[k], abs=0.06) for k in (0, 2)]
    assert f"]({PAGE.stem}.svg)" in text and PAGE.with_suffix(".svg").is_file()


def test_figure_is_that_of_the_page(years, tmp_path):
    """Where each bar, label and tick stands, to a fiftieth of a point."""
    def places(path):
        found = re.findall(r"translate\(([-\d.]+) ([-\d.]+)\)", path.read_text(encoding="utf-8"))
        return np.array(found, dtype=float)

    made, kept = places(write_years_figure(years, tmp_path / "f.svg")), places(PAGE.with_suffix(".svg"))
    assert made.shape == kept.shape and len(made) > 20
    np.testing.assert_allclose(made, kept, atol=0.02)


def test_both_files_hold_the_same_scenarios():
    """What is laid side by side is the same experiment; only what the year cannot have differs."""
    old, new = (read_scenarios(shipped("runs", f"walmsley_winters{y}.toml")) for y in ("", "_2014"))
    assert set(old.scenarios) - set(new.scenarios) == {"P93", "T93", "M93"}
    assert set(new.scenarios) - set(old.scenarios) == {"MN"}
    for name in set(old.scenarios) & set(new.scenarios) - {"MS India"}:
        assert replace(old.scenarios[name], title="") == replace(new.scenarios[name], title="")
    assert (old.labour, old.closure) == (new.labour, new.closure) and new.benchmark == "world2014"


@pytest.mark.parametrize("year", [1997, 2014])
def test_india_sends_as_many_skilled_workers_as_under_the_pool(years, year):
    bench = years.bench[year]
    force = workers_and_pay(bench)[0].sel(skill="SkLab", reg=bench.meta["groups"]["exporters"])
    file = read_scenarios(shipped("runs", "walmsley_winters.toml" if year == 1997 else "walmsley_winters_2014.toml"))
    rate = file.scenarios["MS India"].quota[0]["rate"]
    assert rate == pytest.approx(0.03 * float(force.sel(reg="IND") / force.sum()), abs=5e-5)


@pytest.mark.long
def test_page_is_what_the_command_writes(tmp_path):
    """Both models again: every number of the page."""
    assert main(["reproduce", "years", "--docs", str(tmp_path / PAGE.name)]) == 0
    assert (tmp_path / PAGE.name).read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
