"""Taxes on products and exports: facts have sources, rates reach the published revenue."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.config import load_config
from calibration.protection import exports, taxes
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
    assert not rates["output"].any()


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


@pytest.fixture(scope="module")
def trade(config):
    """Exports that are the same everywhere, large enough for every tax."""
    reg = list(config.reg)
    shape = (len(config.comm), len(reg), len(reg))
    coords = {"comm": config.comm, "src": reg, "dst": reg}
    return xr.DataArray(np.full(shape, 1e4), coords=coords, dims=("comm", "src", "dst"))


@pytest.fixture(scope="module")
def layers(config, folder, trade):
    return exports.export_tax_layers(config, folder, trade)


def test_quotas_bind_where_they_are_known_to(layers):
    quota = layers["quota"]
    tex = quota.sel(comm="Tex")
    assert float(quota.min()) >= 0 and float(quota.drop_sel(comm="Tex").max()) == 0
    assert float(tex.sel(src="MEX").max()) == 0, "NAFTA"
    assert float(tex.sel(src="EEU", dst=["GBR", "DEU", "XEU"]).max()) == 0, "Europe Agreements"
    free = [r for r in tex.dst.values if r not in ("USA", "CAN", "GBR", "DEU", "XEU")]
    assert float(tex.sel(dst=free).max()) == 0
    assert (tex.sel(dst="GBR") == tex.sel(dst="XEU")).all() and (tex.sel(dst="DEU") == tex.sel(dst="XEU")).all()
    assert float(tex.max()) == float(tex.sel(src="IND", dst="USA"))
    assert float(tex.sel(src="CHN", dst="USA")) > float(tex.sel(src="CHN", dst="XEU")) > 0


def test_quota_rate_is_that_of_the_whole_sector(config, trade, layers):
    """By hand for a region of one country: clothing and textiles with their licences, leather without."""
    row = pd.read_csv(exports.FACTS / "1997" / "textile_quotas.csv", comment="#").query(
        "exporter == 'CHN' and importer == 'USA'"
    )
    (row,) = row.to_dict("records")
    parts = [(row["trade_textiles"], row["textiles"]), (row["trade_clothing"], row["clothing"])]
    parts.append((row["trade_leather"], 0.0))
    rent = sum(v * r / (100 + r) for v, r in parts)
    by_hand = rent / (sum(v for v, _ in parts) - rent)
    assert float(layers["quota"].sel(comm="Tex", src="CHN", dst="USA")) == pytest.approx(by_hand, rel=1e-12)


def test_ordinary_taxes_raise_the_published_revenue(trade, layers):
    """On the border value, with the quota on top where there is one."""
    report = layers["report"]["ordinary"]
    assert len(report) > 10
    for row in report.itertuples():
        value = trade.sel(comm=row.comm, src=row.reg)
        rate = layers["ordinary"].sel(comm=row.comm, src=row.reg)
        assert float((value * rate / (1 + rate)).sum()) == pytest.approx(row.revenue, rel=1e-12)
    power = (1 + layers["quota"]) * (1 + layers["ordinary"])
    np.testing.assert_allclose(1 + layers["rate"], power, rtol=1e-14)


def test_a_tax_above_the_exports_is_refused(config, folder, trade):
    with pytest.raises(FactsError, match="exports only"):
        exports.ordinary_taxes(config, folder, trade * 1e-6)


def test_a_quota_by_part_of_a_region_is_refused(config):
    with pytest.raises(FactsError, match="XEU"):
        exports._importers(config, "FRA")
    assert exports._importers(config, "EU15") == ["GBR", "DEU", "XEU"]


def test_shipped_rents_leave_the_exporter_and_reach_its_household(config):
    """VFOB - VXSB is out of what the activity receives, in tax revenue, and in GDP at market prices."""
    from calibration.assemble import tax_revenue
    from calibration.checks import gdp_of
    from cge.benchmark import open_benchmark

    a = open_benchmark("ww1997").arrays
    rent = (a["VFOB"] - a["VXSB"]).sum(("comm", "dst")).to_series()
    np.testing.assert_allclose(tax_revenue(a)["export"], rent[tax_revenue(a).index], rtol=1e-9, atol=1e-9)
    assert rent["CHN"] > 1000 and rent["USA"] == 0 and rent["JPN"] == 0
    sold = a["VDFB"].sum("acts") + a["VDPB"] + a["VDGB"] + a["VDIB"]
    sold = sold.sel(comm="Tex") + a["VXSB"].sel(comm="Tex").sum("dst").rename(src="reg")
    made = a["MAKB"].sel(comm="Tex").sum("acts")
    np.testing.assert_allclose(made, sold, rtol=1e-12)
    spent = sum(a[f"V{o}{u}P"].sum("comm") for o in "DM" for u in "PGI").to_series()
    abroad = (a["VFOB"].sum(("comm", "dst")).to_series() + a["VST"].sum("marg").to_series()
              - a["VCIF"].sum(("comm", "src")).to_series())
    gdp = gdp_of(a)
    np.testing.assert_allclose(gdp, (spent + abroad)[gdp.index], rtol=1e-9)
