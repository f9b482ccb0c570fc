"""Consumption taxes: facts have sources, rates reach the published revenue."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.config import load_config
from calibration.protection import taxes
from calibration.protection.tables import FactsError, gdp_weights, read_facts


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, config):
    """A raw folder with made-up GDP, so that the tests need no raw data."""
    path = tmp_path_factory.mktemp("raw") / "macro"
    path.mkdir()
    codes = [c for cs in config.regions.values() for c in cs if c != "TWN"]
    table = pd.DataFrame({"Country Name": codes, "Country Code": codes, "Year": 1997})
    table["Value"] = 1e9 * (1 + np.arange(len(codes)) % 7)
    table.to_csv(path / "gdp.csv", index=False)
    return path.parent


@pytest.fixture(scope="module")
def rates(config, folder):
    return taxes.consumption_taxes(config, folder)


def _bases(config, rates):
    rng = np.random.default_rng(1)
    return {
        use: xr.DataArray(
            rng.uniform(1, 10, rates[use].shape), coords=rates[use].coords, dims=rates[use].dims
        )
        for use in taxes.USES
    }


def test_every_fact_table_has_sources_and_known_status():
    folder = Path(taxes.__file__).parent / "facts"
    for path in folder.glob("*.csv"):
        read_facts(path, ())


def test_dimensions_and_signs(config, rates):
    assert rates["priv"].dims == ("comm", "reg")
    assert rates["firms"].dims == ("comm", "acts", "reg")
    assert list(rates["priv"].reg.values) == config.reg
    for use in taxes.USES:
        assert float(rates[use].min()) >= 0
    assert not rates["export"].any() and not rates["output"].any()


def test_scaling_reaches_the_published_revenue(config, rates):
    bases = _bases(config, rates)
    gdp = bases["priv"].sum("comm") * 1.5
    scaled = taxes.scale_to_revenue(rates, bases, gdp)
    revenue = sum((scaled[u] * bases[u]).sum([d for d in bases[u].dims if d != "reg"]) for u in taxes.USES)
    np.testing.assert_allclose((revenue / gdp).values, rates["target_revenue_share"].values, rtol=1e-12)
    np.testing.assert_allclose(
        scaled["report"]["scaling"]["share_of_gdp"], rates["target_revenue_share"].values, rtol=1e-12
    )
    ratio = scaled["priv"] / rates["priv"]
    assert float((ratio.max("comm") - ratio.min("comm")).max()) < 1e-12


def test_a_region_without_taxed_use_is_named(config, rates):
    bases = _bases(config, rates)
    for use in taxes.USES:
        bases[use].loc[{"reg": "IND"}] = 0.0
    with pytest.raises(FactsError, match="IND"):
        taxes.scale_to_revenue(rates, bases, bases["priv"].sum("comm"))


def test_a_fact_without_source_is_refused(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("iso3,value,source,status\nUSA,1.0,,verified\n")
    with pytest.raises(FactsError, match="source"):
        read_facts(path, ("iso3", "value"))
    path.write_text("iso3,value,source,status\nUSA,1.0,a book,sure\n")
    with pytest.raises(FactsError, match="sure"):
        read_facts(path, ("iso3", "value"))


def test_missing_gdp_file_is_named(tmp_path):
    with pytest.raises(FactsError, match="macro"):
        gdp_weights(tmp_path, 1997)


def test_published_levels_are_in_order(rates):
    """The shares are published numbers; this guards against a typing error in the table."""
    share = rates["target_revenue_share"]
    assert float(share.sel(reg="USA")) == pytest.approx(0.04419, abs=1e-5)
    assert float(share.sel(reg="USA")) < float(share.sel(reg="GBR")) < 0.13
    assert float(share.min()) > 0.01 and float(share.max()) < 0.16
