"""Labour by skill and labour taxes: adding-up, published ratios, patterns."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from calibration.config import load_config
from calibration.satellites.labour import (
    labour_facts,
    labour_tax_rates,
    skill_employment,
    skill_splits,
    with_mean,
)
from calibration.satellites.labour_taxes import region_rates
from calibration.satellites.macro import macro_targets
from calibration.satellites.skills import barro_lee, interpolated

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository"
)


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def wagebill(config):
    rng = np.random.default_rng(5)
    bill = rng.uniform(1, 100, (len(config.comm), len(config.reg)))
    return xr.DataArray(bill, {"acts": config.comm, "reg": config.reg}, ("acts", "reg"))


def test_barro_lee_is_read_whole():
    shares = barro_lee(RAW)
    assert len(shares) == 146 and {"USA", "KOR", "TWN", "HKG"} <= set(shares.index)
    assert shares.loc["USA", 1995] == pytest.approx(0.2305)
    assert interpolated(shares, 1997)["USA"] == pytest.approx(0.2305 + 0.4 * (0.2414 - 0.2305))
    assert interpolated(shares, 2000)["USA"] == pytest.approx(0.2414)


def test_skill_employment_sums_to_employment(config):
    workers = skill_employment(config, RAW)
    targets, _ = macro_targets(config, RAW)
    assert workers.dims == ("skill", "reg") and list(workers.skill.values) == list(config.skills)
    np.testing.assert_allclose(workers.sum("skill"), targets.regions.emp, rtol=1e-12)


def test_skilled_shares_are_sensible(config):
    shares, log = labour_facts(config, RAW)
    assert (shares.wages > shares.workers).all()
    assert shares.workers["USA"] == pytest.approx(0.27, abs=0.01)  # Current Population Survey 1997
    assert shares.workers[["USA", "JPN", "GBR"]].min() > shares.workers[["IND", "CHN", "SSA"]].max()
    assert shares.ratio.between(1.1, 6.5).all()
    assert {"KOR", "TWN", "HKG", "ZAF", "RUS"} <= set(log.country)


def test_splits_add_up_and_reach_the_region_share(config, wagebill):
    splits = skill_splits(config, RAW, wagebill)
    assert splits.dims == ("acts", "skill", "reg")
    np.testing.assert_allclose(splits.sum("skill"), 1.0, rtol=1e-14)
    skilled = (splits.sel(skill="SkLab") * wagebill).sum("acts") / wagebill.sum("acts")
    np.testing.assert_allclose(skilled, labour_facts(config, RAW)[0].wages, rtol=1e-9)


def test_pattern_over_activities_is_the_same_everywhere(config, wagebill):
    high = skill_splits(config, RAW, wagebill).sel(skill="SkLab")
    odds = high / (1 - high)
    relative = odds / odds.sel(acts="Agr")
    np.testing.assert_allclose(
        relative, relative.isel(reg=[0]).values.repeat(len(config.reg), axis=1), rtol=1e-8
    )
    assert (high.sel(acts="Gov") > high.sel(acts="Tex")).all()


def test_without_a_wage_bill_shares_still_add_up(config):
    np.testing.assert_allclose(skill_splits(config, RAW).sum("skill"), 1.0, rtol=1e-14)


def test_shares_with_a_given_mean():
    weight = np.array([0.25, 0.75])
    shares = with_mean(np.array([0.2, 2.0]), weight, 0.4)
    assert weight @ shares == pytest.approx(0.4, abs=1e-12)
    assert shares[1] / (1 - shares[1]) == pytest.approx(10 * shares[0] / (1 - shares[0]))


def test_tax_rates_against_published_ratios(config):
    rates = labour_tax_rates(config, RAW).to_series()
    # Carey and Tchilinguirian (2000), table 3, 1991-97.
    for region, published in {"CAN": 0.287, "GBR": 0.210, "DEU": 0.359, "JPN": 0.240}.items():
        assert rates[region] == pytest.approx(published)
    assert 0.24 < rates["XEU"] < 0.485 and rates["XEU"] > rates["ANZ"]
    assert rates[["IND", "XSA", "CHN", "SEA", "SSA"]].max() < 0.06


def test_tax_revenue_is_reported(config):
    table = region_rates(config, RAW)
    np.testing.assert_allclose(table[["verified", "recalled", "assumption"]].sum(axis=1), 1.0)
    assert table.revenue_gdp.between(0, 0.25).all()
    assert table.verified[["CAN", "GBR", "DEU", "JPN", "XEU"]].min() > 0.99
