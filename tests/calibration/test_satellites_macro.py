"""Macro totals against the published facts of 1997 (oracle: Penn World Table 10.01, WDI)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.config import ConfigError, load_config
from calibration.satellites.macro import aggregate, country_table, macro_targets, price_levels
from calibration.satellites.names import plain, to_iso
from calibration.satellites.sources import STATUSES, facts, penn_world_table, raw_file
from cge.errors import BenchmarkError

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository"
)


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def targets(config):
    return macro_targets(config, RAW)


@needs_raw
def test_reproduces_the_facts_of_1997(targets):
    checks = targets[1]["checks"]
    assert len(checks) == 5
    assert (abs(checks.ratio - 1) < 0.01).all(), checks


@needs_raw
def test_regions_are_complete_and_in_order(config, targets):
    regions, parts = targets[0].regions, targets[0].parts
    assert list(regions.index) == config.reg and regions.index.name == "reg"
    assert list(parts.index) == list(config.row_parts)
    for table in (regions, parts):
        assert np.isfinite(table.to_numpy(float)).all()
        assert (table.drop(columns=["balance", "labour_share_imputed"]) > 0).all().all()
        assert table.labour_share.between(0.3, 0.8).all()
        assert (table.cons_share + table.gov_share + table.inv_share).between(0.9, 1.15).all()


@needs_raw
def test_parts_and_explicit_countries_make_the_region(config, targets):
    t = targets[0]
    for region in config.reg:
        parts = [p.name for p in config.row_parts.values() if p.region == region]
        own = t.countries.gdp.reindex(config.explicit.get(region, ())).sum()
        assert t.parts.gdp.reindex(parts).sum() + own == pytest.approx(t.regions.gdp[region])


@needs_raw
def test_expenditure_in_dollars_matches_the_national_accounts(targets):
    # BEA: US net exports of goods and services 1997 about -102 bn; goods exports 688 bn.
    usa = targets[0].regions.loc["USA"]
    assert usa.balance == pytest.approx(-102e3, rel=0.03)
    assert usa.exports == pytest.approx(688e3, rel=0.01)


@needs_raw
def test_depreciation_is_usual_but_for_flagged_japan(targets):
    plausibility = targets[1]["plausibility"]
    assert list(plausibility.index[~plausibility.depreciation_usual]) == ["JPN"]
    assert plausibility.capital_output.between(1.5, 4.5).all()


@needs_raw
def test_everything_imputed_is_reported(config, targets):
    table, log = country_table(config, RAW)
    assert set(table.index[table.imputed_share]) <= set(
        log[log.variable.str.contains("labour_share")].country
    )
    assert set(table.index[table.source == "WDI"]) <= set(log.country)
    for missing in ("CUB", "LBY", "PRK", "AFG", "SOM"):  # absent from the Penn World Table
        assert missing in table.index and missing in set(log.country)
    assert targets[0].regions.labour_share_imputed["XSA"] > 0.9
    assert "XKX" not in table.index  # counted in Serbia


@needs_raw
def test_aggregate_of_one_group_is_the_sum(config, targets):
    table = targets[0].countries
    world = aggregate(table, dict.fromkeys(table.index, "W"), ["W"], "reg")
    assert world.gdp["W"] == pytest.approx(targets[0].regions.gdp.sum())
    assert world.emp["W"] == pytest.approx(targets[0].regions.emp.sum())


@needs_raw
@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_price_levels_are_those_of_the_table(name):
    """A country alone has its own; a region's is its consumption over the volume, between those of its countries."""
    config = load_config(name)
    level, lacking = price_levels(config, RAW)
    pwt = penn_world_table(RAW, config.year)
    own = pwt["pl_c"] / pwt["pl_c"]["USA"]
    assert list(level.index) == config.reg and level["USA"] == 1.0
    for region, countries in config.regions.items():
        inside = own.reindex(countries).dropna()
        assert inside.min() - 1e-12 <= level[region] <= inside.max() + 1e-12
        if len(countries) == 1:
            assert level[region] == pytest.approx(own[countries[0]])
    known = [c for c in config.regions["SSA"] if c in own.index]
    money = (pwt["csh_c"] * pwt["cgdpo"] * own)[known]
    assert level["SSA"] == pytest.approx(money.sum() / sum(money[c] / own[c] for c in known))
    assert level["JPN"] > level["MEX"] > level["IND"]  # rich places are dear (Balassa, Samuelson 1964)
    assert {"CUB", "PRK", "SOM"} <= set(lacking.country) and not set(lacking.country) & set(own.dropna().index)
    assert lacking.share.min() > 0 and lacking.groupby("region").share.sum().max() < 0.1


@needs_raw
def test_a_region_without_any_price_level_is_refused(config):
    with pytest.raises(ConfigError, match="no country of MEX has a price level"):
        price_levels(replace(config, regions={**config.regions, "MEX": ("CUB",)}), RAW)


COMMON = (
    "labour_share_pools",
    "labour_parameters",
    "skill_intensity",
    "migrant_parameters",
    "statistical_migrants",
    "partition",
    "movers_proxy",
)
OF_A_YEAR = ("macro_gaps", "capital_rules", "labour_taxes", "college_premium", "attainment_replaced", "participation")
TABLES = [(n, None) for n in COMMON] + [(n, y) for y in (1997, 2014) for n in OF_A_YEAR]
TABLES += [("remittances_received", 1997), ("remittances_world", 1997), ("host_skill", 2014)]


@pytest.mark.parametrize(("name", "year"), TABLES)
def test_every_fact_has_a_source(name, year):
    table = facts(name, year)
    assert len(table) and set(table.status) <= set(STATUSES) and table.source.str.len().gt(3).all()


def test_facts_of_a_year_do_not_stand_in_for_another():
    with pytest.raises(BenchmarkError, match="1812/participation.csv"):
        facts("participation", 1812)
    with pytest.raises(BenchmarkError, match="participation.csv"):
        facts("participation")


def test_a_fact_without_a_source_is_refused(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("a,status,source\n1,guess,somewhere\n")
    monkeypatch.setattr("calibration.satellites.sources.FACTS", tmp_path)
    with pytest.raises(BenchmarkError, match="row 2.*guess"):
        facts("x")


def test_a_missing_raw_file_is_named(tmp_path):
    with pytest.raises(BenchmarkError, match="macro/gdp.csv"):
        raw_file(tmp_path, "macro/gdp.csv")


@needs_raw
def test_names_of_every_spelling():
    names = ["Côte d'Ivoire", "Cote.d.Ivoire", "Korea..Dem..Rep.", "Viet Nam", "Total", "Atlantis"]
    codes, lost = to_iso(names, RAW)
    assert codes == ["CIV", "CIV", "PRK", "VNM", None, None] and lost == ["Atlantis"]
    assert plain("St. Lucia") == "stlucia"
