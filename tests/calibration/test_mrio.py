"""Reading, cleaning and splitting world tables: totals survive, errors name what is wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.config import ConfigError, load_config
from calibration.mrio.clean import export_margins, fold_final_use
from calibration.mrio.geography import distances
from calibration.mrio.parts import part_tables
from calibration.mrio.table import Mrio
from calibration.mrio.trade import split_trade
from calibration.pipeline import part_facts

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_raw = pytest.mark.skipif(not RAW.is_dir(), reason="raw data folder ../shared/data is not there")
GOODS, COMM = ("Food", "Mach"), ["Food", "Mach", "Trade", "Transp"]
USES = ["household", "npish", "government", "investment", "inventories"]


@pytest.fixture
def table() -> Mrio:
    """A small random world table of three countries and a rest, with destocking in some rows."""
    rng = np.random.default_rng(3)
    places = ["USA", "DEU", "IND", "RoW"]
    inter = rng.lognormal(1.0, 1.0, (4, 4, 4, 4))
    final = rng.lognormal(2.0, 1.0, (4, 4, 4, 5))
    final[..., 4] = rng.normal(0.0, 3.0, (4, 4, 4))
    final[0, 0, 0, 4] = -30.0
    coords = {"src": places, "comm": COMM, "dst": places}
    return Mrio(
        xr.DataArray(inter, dims=("src", "comm", "dst", "acts"), coords={**coords, "acts": COMM}),
        xr.DataArray(final, dims=("src", "comm", "dst", "use"), coords={**coords, "use": USES}),
        "RoW",
    )


def test_configuration_lists_every_country_once():
    config = load_config("ww1997")
    countries = [c for cs in config.regions.values() for c in cs]
    assert len(countries) == len(set(countries))
    assert config.reg == list(config.regions)
    assert len(config.reg) == 21 and len(config.comm) == 16 and len(config.row_parts) == 11
    assert config.region_of("PAK") == "XSA"
    assert config.region_of("XYZ") is None


def test_configuration_errors_name_the_country(tmp_path):
    text = (Path(load_config.__globals__["FOLDER"]) / "ww1997.toml").read_text()
    path = tmp_path / "twice.toml"
    path.write_text(text.replace('MEX = ["MEX"]', 'MEX = ["MEX", "USA"]'))
    with pytest.raises(ConfigError, match="USA is in USA and in MEX"):
        load_config(path)
    path.write_text(text.replace('importers = ["USA", ', 'importers = ["UAS", '))
    with pytest.raises(ConfigError, match="UAS, USA"):
        load_config(path)
    with pytest.raises(ConfigError, match="known: world2014, ww1997"):
        load_config("ww1812")


def test_inventories_keep_supply_rows(table):
    folded, report = fold_final_use(table)
    gap = folded.output() - table.output()
    assert float(np.abs(gap).sum()) == pytest.approx(report["dropped"], abs=1e-9)
    assert float(folded.final.min()) >= 0
    assert float(folded.inter.min()) >= 0
    assert folded.final.use.values.tolist() == ["household", "government", "investment"]


def test_small_inventories_become_investment(table):
    stock = xr.where(table.final.use == "inventories", 0.01, table.final).transpose(*table.final.dims)
    folded, report = fold_final_use(Mrio(table.inter, stock, "RoW"))
    assert report["dropped"] == 0
    want = stock.sel(use="investment", drop=True) + 0.01
    xr.testing.assert_allclose(folded.final.sel(use="investment", drop=True), want)


def test_export_margins_keep_accounts(table):
    folded, _ = fold_final_use(table)
    eco, report = export_margins(folded, GOODS, "Trade", "Transp")
    names = folded.countries
    sold = eco.zd.sum("acts") + eco.fd.sum("use") + eco.trade.sel(src=names).sum("dst").rename(src="eco")
    sold = sold + xr.where(sold.comm == "Transp", eco.margin, 0.0)
    before = folded.output().sel(src=names).rename(src="eco")
    # Services are supplied as before; goods sectors sell their margins on.
    for c in ("Trade", "Transp"):
        np.testing.assert_allclose(sold.sel(comm=c), before.sel(comm=c))
    extra = (sold - before).sel(comm=list(GOODS)).sum("comm")
    np.testing.assert_allclose(extra.values, [report["wholesale"][c] for c in names], atol=1e-12)
    # What users import is what sources export, and value added of exporters pays for none of it.
    imports = eco.zm.sum("acts") + eco.fm.sum("use")
    np.testing.assert_allclose(imports, eco.trade.sel(dst=names).sum("src").rename(dst="eco"))
    assert min(report["wholesale"].values()) >= 0 and min(report["transport"].values()) >= 0


def test_distances_are_symmetric_and_known():
    km = distances(["GBR", "FRA", "XSS"])
    np.testing.assert_allclose(km, km.T)
    assert float(km.loc["GBR", "FRA"]) == pytest.approx(344, rel=0.03)  # London to Paris
    assert float(km.loc["XSS", "XSS"]) == 3000
    with pytest.raises(ConfigError, match="no place for ATL"):
        distances(["ATL"])


@pytest.fixture
def split(table):
    """Trade of the rest of the world split over two parts."""
    facts = part_facts(load_config("ww1997"))
    macro = pd.DataFrame(
        {
            "gdp": [400.0, 900.0],
            "exports": [60.0, 90.0],
            "imports": [70.0, 80.0],
            "cons_share": 0.7,
            "gov_share": 0.1,
            "inv_share": 0.2,
        },
        index=pd.Index(["XSA", "ZAF"], name="part"),
    )
    eco, _ = export_margins(fold_final_use(table)[0], GOODS, "Trade", "Transp")
    return eco, macro, facts, split_trade(eco.trade, "RoW", macro, facts, GOODS)


def test_split_keeps_known_margins(split):
    eco, macro, _, result = split
    parts, names = list(macro.index), ["USA", "DEU", "IND"]
    for mine, known in (
        (result.trade.sel(src=names, dst=parts).sum("dst"), eco.trade.sel(src=names, dst="RoW", drop=True)),
        (result.trade.sel(src=parts, dst=names).sum("src"), eco.trade.sel(src="RoW", dst=names, drop=True)),
    ):
        xr.testing.assert_allclose(mine, known.transpose(*mine.dims), rtol=1e-10)
    xr.testing.assert_allclose(result.trade.sel(src=names, dst=names), eco.trade.sel(src=names, dst=names))
    # A part that is one country has no trade with itself.
    assert float(result.trade.sel(comm=list(GOODS), src="ZAF", dst="ZAF").sum()) == 0
    assert result.report["ras_correlation"] > 1 - 1e-9
    assert (result.gaps.ratio > 0).all()


def test_parts_have_balanced_tables(split):
    eco, macro, facts, result = split
    facts["part"] = {p: facts["part"][p] | {"technology": ["USA", "IND"]} for p in macro.index}
    groups = {
        "agriculture": ["Food"],
        "industry": ["Mach"],
        "services": ["Trade", "Transp"],
        "transport": ["Transp"],
    }
    built = part_tables(eco, result.trade, macro, facts, groups, pd.Series({"XSA": 1.0, "ZAF": 2.0}))
    tables = built.tables
    bought = result.trade.sel(dst=list(macro.index)).sum("src").rename(dst="eco")
    imports = tables.zm.sum("acts") + tables.fm.sum("use")
    np.testing.assert_allclose(imports, bought.transpose(*imports.dims), rtol=1e-9)
    for array in (tables.zd, tables.zm, tables.fd, tables.fm):
        assert float(array.min()) >= 0
    share = built.report[["agriculture", "industry", "services"]].sum(axis=1)
    np.testing.assert_allclose(share, 1.0, atol=2e-3)


@pytest.mark.raw
@needs_raw
def test_aggregation_keeps_the_world_total():
    from calibration.mrio.wiod2013 import read

    config = load_config("ww1997")
    table = read(config, RAW)
    # Million US$, from the output column of the file, which differs from its row sums by rounding.
    assert float(table.value_added().sel(src="RoW").sum()) == pytest.approx(3_371_789, rel=1e-3)
    assert float(table.value_added().sel(src="USA").sum()) == pytest.approx(8_373_995, rel=1e-3)
    with pytest.raises(ConfigError, match="is of 1997; the configuration says 1998"):
        read(dataclasses.replace(config, year=1998), RAW)
    sectors = {**config.sectors, "Agr": ("c1", "c2")}
    with pytest.raises(ConfigError, match="industries"):
        read(dataclasses.replace(config, sectors=sectors), RAW)
    with pytest.raises(ConfigError, match="wiot_1997.RData is not in"):
        read(config, RAW / "nowhere")
