"""Who else counts as skilled: shares of Barro and Lee worked by hand, how they count years, published occupations."""

from pathlib import Path

import numpy as np
import pytest

from calibration.config import load_config
from calibration.satellites.labour import labour_facts
from calibration.satellites.skill_definitions import (
    BEGUN,
    COMPLETED,
    DEFINITIONS,
    attainment,
    definitions_of_skill,
    moved_by_schooling,
)
from cge._paths import shipped
from cge.benchmark import open_benchmark, skill_definitions

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository"
)


@pytest.fixture(scope="module")
def table():
    return definitions_of_skill(load_config("ww1997"), RAW)[0].set_index(["definition", "reg"])


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


def test_two_countries_by_hand():
    """Australia, 1995 and 2000 of the file at weights 0.6 and 0.4.

    Secondary completed 51.75, 60.45; tertiary 30.2, 23.4; completed 16.87, 14.73: 55.23, 27.48, 16.014 in 1997. Without
    a degree 83.986; of these tertiary begun 11.466, secondary school 55.23.
    """
    a = attainment(RAW, 1997)
    assert 100 * a.loc["AUS", "secondary_completed"] == pytest.approx(55.23)
    assert moved_by_schooling(a, "secondary").share["AUS"] == pytest.approx((55.23 + 11.466) / 83.986, rel=1e-9)
    assert moved_by_schooling(a, "tertiary").share["AUS"] == pytest.approx(11.466 / 83.986, rel=1e-9)
    usa = a.loc["USA"]
    begun = usa.tertiary - usa.tertiary_completed
    assert moved_by_schooling(a, "secondary").share["USA"] == pytest.approx(
        (usa.secondary_completed + begun) / (1 - usa.tertiary_completed), rel=1e-12)


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
    assert moved_by_schooling(a, "secondary").longer["MEX"] == pytest.approx(moved - stay, abs=0.02)


def test_regions_of_one_country_have_its_shares(table):
    people = attainment(RAW, 1997)
    for definition in ("secondary", "tertiary"):
        share = moved_by_schooling(people, definition).share
        for iso in ("USA", "JPN", "MEX", "IND"):
            assert table.loc[(definition, iso), "workers"] == pytest.approx(share[iso], rel=1e-6)
    more = np.exp(0.097 * moved_by_schooling(people, "secondary").longer["JPN"])
    share = table.loc[("secondary", "JPN"), "workers"]
    assert table.loc[("secondary", "JPN"), "pay"] == pytest.approx(share * more / (share * more + 1 - share), rel=1e-6)


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
