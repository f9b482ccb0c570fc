"""Who else counts as skilled: shares of Barro and Lee worked by hand, how they count years, published occupations."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration.config import load_config
from calibration.satellites.labour import labour_facts
from calibration.satellites.macro import country_table
from calibration.satellites.skill_definitions import (
    BEGUN,
    COMPLETED,
    DEFINITIONS,
    NO_ROOM,
    attainment,
    definitions_of_skill,
    moved_by_schooling,
    regions_of,
    with_occupation_shares,
)
from calibration.satellites.skills import country_skills
from cge._paths import shipped
from cge.benchmark import open_benchmark, redefine_skill, skill_definitions
from tests.welfare.test_skill_definitions import by_hand

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository"
)


@pytest.fixture(scope="module")
def table():
    return definitions_of_skill(load_config("ww1997"), RAW)[0].set_index(["definition", "reg"])


def people(name):
    """College share of people by country, as the benchmark has it."""
    config = load_config(name)
    return country_skills(config, RAW, country_table(config, RAW)[0])[0].people


@pytest.mark.parametrize("year", [1997, 2014])
def test_levels_of_schooling_are_exclusive_and_years_are_counted_as_stated(year):
    """Highest levels attended add up to everybody; 4 years for a degree, 2 for tertiary education left early."""
    a = attainment(RAW, year)
    assert len(a) == 146
    total = a.none + a.primary + a.secondary + a.tertiary
    np.testing.assert_allclose(total, 1.0, atol=0.004)  # one country of 146 is published 0.3 points off
    np.testing.assert_allclose(a.years_primary + a.years_secondary + a.years_tertiary, a.years, atol=0.002)
    tertiary = COMPLETED * a.tertiary_completed + BEGUN * (a.tertiary - a.tertiary_completed)
    np.testing.assert_allclose(a.years_tertiary, tertiary, atol=0.002)
    for level in ("primary", "secondary", "tertiary"):
        assert (a[f"{level}_completed"] <= a[level] + 1e-9).all()


@pytest.mark.parametrize(("college", "tertiary", "secondary"), [
    (0.16014, (27.48 - 16.014) / 83.986, (55.23 + 27.48 - 16.014) / 83.986),  # Barro and Lee's own graduates
    (0.2, 7.48 / 80, 62.71 / 80),  # more: some of those who left early are among them
    (0.1, 17.48 / 90, 72.71 / 90),  # fewer: some of their graduates move
    (0.3, 0.0, 52.71 / 70),  # no room in tertiary education, part of who finished secondary school is taken too
    (0.85, 0.0, 0.0)])
def test_who_moves_lies_between_the_college_share_and_the_total(college, tertiary, secondary):
    """Australia, 1995 and 2000 of the file at weights 0.6 and 0.4.

    Secondary completed 51.75, 60.45; tertiary 30.2, 23.4; completed 16.87, 14.73: 55.23, 27.48, 16.014 in 1997.
    """
    a = attainment(RAW, 1997)
    assert 100 * a.loc["AUS", "secondary_completed"] == pytest.approx(55.23)
    share = pd.Series({"AUS": college})
    for definition, want in (("tertiary", tertiary), ("secondary", secondary)):
        found = moved_by_schooling(a, definition, share).loc["AUS"]
        assert found.share == pytest.approx(want, rel=1e-9, abs=1e-15)
        assert found.longer > 0 if want else found.longer == 0
    assert moved_by_schooling(a, "tertiary", share).drop("AUS").share.isna().all()


def test_years_of_who_moves_fall_with_the_graduates_taken_from_the_top():
    """Tertiary in Australia: 4 years of it for graduates, 2 for the others, over one length of school."""
    a = attainment(RAW, 1997)

    def longer(college):
        return moved_by_schooling(a, "tertiary", pd.Series({"AUS": college})).longer["AUS"]

    begun, degree = 0.2748 - 0.16014, 0.16014
    assert longer(0.2) == pytest.approx(longer(0.16014), rel=1e-9)
    mean = (BEGUN * begun + COMPLETED * (degree - 0.1)) / (begun + degree - 0.1)
    assert longer(0.1) - longer(0.2) == pytest.approx(mean - BEGUN, rel=1e-9)


def test_years_of_who_stays_follow_from_the_levels_too():
    """The rest's mean by adding up its levels, where the code takes it as what is left of the mean of all."""
    a = attainment(RAW, 1997)
    p = a.loc["MEX"]
    primary = p.years_primary / (p.primary_completed + p.secondary + p.tertiary
                                 + 0.5 * (p.primary - p.primary_completed))
    secondary = p.years_secondary / (p.secondary_completed + p.tertiary + 0.5 * (p.secondary - p.secondary_completed))
    assert primary == pytest.approx(6.0, abs=0.2) and 5.0 < secondary < 7.0  # Mexico: six years of each
    left = p.secondary - p.secondary_completed
    stay = ((p.primary - p.primary_completed) * primary / 2 + p.primary_completed * primary
            + left * (primary + secondary / 2)) / (p.none + p.primary + left)
    begun = p.tertiary - p.tertiary_completed
    moved = primary + secondary + BEGUN * begun / (begun + p.secondary_completed)
    own = moved_by_schooling(a, "secondary", a.tertiary_completed)
    assert own.longer["MEX"] == pytest.approx(moved - stay, abs=0.02)


@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_skilled_workers_of_a_country_are_barro_lees_total_or_the_graduates(name):
    """Nobody twice: the larger of the two shares; participation is even in the facts, so people are workers."""
    config = load_config(name)
    table, notes = definitions_of_skill(config, RAW)
    table, a, college = table.set_index(["definition", "reg"]), attainment(RAW, config.year), people(name)
    binds = set()
    for r in ("USA", "CAN", "GBR", "DEU", "JPN", "MEX", "CHN", "IND", "BRA", "ZAF"):
        c = college[r]
        for definition, total in (("tertiary", a.tertiary[r]), ("secondary", a.tertiary[r] + a.secondary_completed[r])):
            assert c + table.loc[(definition, r), "workers"] * (1 - c) == pytest.approx(max(c, total), rel=1e-6)
            binds |= {(definition, r)} if total <= c else set()
    said = notes[(notes.assumption == f"{NO_ROOM}: 100% of workers")]
    assert binds == set(zip(said.definition, said.region, strict=True)) and binds
    assert {r for d, r in binds} <= set(regions_of(notes, "tertiary", NO_ROOM).split(", "))
    replaced = notes[notes.assumption.str.startswith("Barro-Lee's total, though")]
    assert sorted(zip(replaced.definition, replaced.region, strict=True)) == [
        (d, r) for d in ("secondary", "tertiary") for r in ("CHN", "ZAF")]


def test_pay_of_who_moves_follows_the_return_to_schooling(table):
    found = moved_by_schooling(attainment(RAW, 1997), "secondary", people("ww1997"))
    for iso in ("JPN", "MEX", "USA"):
        more, share = np.exp(0.097 * found.longer[iso]), table.loc[("secondary", iso), "workers"]
        assert share == pytest.approx(found.share[iso], rel=1e-6)
        pay = share * more / (share * more + 1 - share)
        assert table.loc[("secondary", iso), "pay"] == pytest.approx(pay, rel=1e-6)


def test_occupations_give_the_published_share_and_pay_between_the_classes(table):
    college, _ = labour_facts(load_config("ww1997"), RAW)
    for r, share in (("USA", 0.41), ("DEU", 0.38), ("JPN", 0.16), ("CHN", 0.075), ("ZAF", 0.21)):
        t, had = table.loc[("occupation", r)], college.workers[r]
        up = t["from"] == "UnskLab"
        assert (had + t.workers * (1 - had) if up else had * (1 - t.workers)) == pytest.approx(share, rel=1e-6)
        assert (t.pay / t.workers) ** (2 if up else -2) == pytest.approx(college.ratio[r], rel=1e-5)


@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_shipped_tables_are_these(name):
    made, notes = definitions_of_skill(load_config(name), RAW)
    found = skill_definitions(open_benchmark(shipped("sam_data", name), check=False))
    assert made.equals(found) and set(made.definition) == set(DEFINITIONS)
    assert set(notes.region) <= set(load_config(name).reg)


@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_first_order_shares_of_the_readme_are_those_computed_here(name):
    """By another code than the README's; Japan at Germany's share, every importer at 45%."""
    bench = open_benchmark(name, check=False)

    def share(b):
        gain = by_hand(b)
        return f"{gain[0] / gain.sum():.3f}"

    def skilled(b):
        n = b["LAB"].sum("home")
        return (n.sel(skill=b.sets["skill"][1]) / n.sum("skill")).to_series()

    text = " ".join((shipped("sam_data", name) / "README.md").read_text().split())
    plain = redefine_skill(bench, "occupation")
    for definition in DEFINITIONS:
        assert f"{share(redefine_skill(bench, definition))} by `{definition}`" in text
    japan = with_occupation_shares(bench, {"JPN": skilled(plain)["DEU"]})
    assert skilled(japan)["JPN"] == pytest.approx(skilled(plain)["DEU"], rel=1e-9)
    assert skilled(japan).drop("JPN").equals(skilled(plain).drop("JPN"))
    hosts = list(bench.meta["groups"]["importers"])
    every = with_occupation_shares(bench, dict.fromkeys(hosts, 0.45))
    np.testing.assert_allclose(skilled(every)[hosts], 0.45, rtol=1e-9)
    assert f"with Japan at Germany's share {share(japan)}, with every importer at 45% {share(every)}." in text
    falls = [r for r in bench.sets["reg"] if skilled(plain)[r] < skilled(bench)[r]]
    named = text.split("skilled share of workers falls: ")[1].split("). Japan's")[0].split("), ")
    assert [n.split(" (")[0] for n in named] == falls and "JPN" in falls
