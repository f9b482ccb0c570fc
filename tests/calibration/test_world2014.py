"""What is particular to 2014: partners of intermediates, matrices of two years, tariffs, taxes of the table."""

from __future__ import annotations

import dataclasses
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.config import ConfigError, load_config
from calibration.corridors import counted
from calibration.mrio.clean import fold_final_use
from calibration.mrio.table import Mrio
from calibration.mrio.wiod2016 import partners, read
from calibration.protection import exports, farm, tariff_weights, tariffs, taxes
from calibration.protection.blocs import read_groups
from calibration.protection.tables import FactsError, gdp_weights, of_year
from calibration.satellites.matrices import between, interpolated_stock, mix, read_matrix
from calibration.satellites.remittances import interpolated_matrix
from cge.benchmark import open_benchmark
from cge.benchmark.wages import base_wages
from cge.errors import BenchmarkError

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_raw = pytest.mark.skipif(not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository")
FACTS = Path(taxes.__file__).parent / "facts"
EU = ["GBR", "DEU", "XEU", "POL", "EEU"]


@pytest.fixture(scope="module")
def config():
    return load_config("world2014")


def test_regions_and_sectors(config):
    countries = [c for cs in config.regions.values() for c in cs]
    assert len(countries) == len(set(countries))
    assert 22 <= len(config.reg) <= 26 and 14 <= len(config.comm) <= 18 and len(config.services) >= 4
    assert config.reg == [*config.importers, *config.exporters, *config.neutral]
    assert {"POL", "EEU", "XEA", "GCC"} == set(config.neutral)
    for alone in ("CHN", "IND", "MEX", "TUR", "POL", "RUS", "BRA"):
        assert config.regions[alone] == (alone,)
    assert config.region_of("SAU") == "GCC" and config.region_of("EGY") == "MNA" and config.region_of("HRV") == "EEU"


def test_partners_find_the_truth_when_the_first_guess_is_right():
    """Trade made by hand; the guess is off by a factor per exporter and per importer, which RAS must find."""
    rng = np.random.default_rng(5)
    n, products = 4, 3
    true = rng.lognormal(2, 1, (n + 1, products, n + 1)) * (1 - np.eye(n + 1))[:, None, :]
    final = np.zeros((n + 1, products, n + 1, 5))
    final[..., 0] = rng.lognormal(1, 1, (n + 1, products, n + 1)) * (1 - np.eye(n + 1))[:, None, :]
    imports = true[:, :, :n].sum(0).T  # importer, product
    all_exports = true[:n].sum(2) + final[:n].sum((2, 3))
    skew = np.append(rng.uniform(0.5, 2, n), 1.0), np.append(rng.uniform(0.5, 2, n), 1.0)
    flows = true.transpose(0, 2, 1) * skew[0][:, None, None] * skew[1][None, :, None]
    flows = flows + final.sum(3).transpose(0, 2, 1)
    found = partners(final, imports, all_exports, flows, np.eye(products))
    np.testing.assert_allclose(found[:n].sum(2), true[:n].sum(2), rtol=1e-6)
    np.testing.assert_allclose(found[:, :, :n].sum(0), true[:, :, :n].sum(0), rtol=1e-6)
    np.testing.assert_allclose(found, true, rtol=1e-4, atol=1e-4)


def test_negative_fixed_investment_is_spread():
    places, comm, uses = (
        ["USA", "RoW"],
        ["Util", "Mach"],
        ["household", "npish", "government", "investment", "inventories"],
    )
    rng = np.random.default_rng(1)
    final = rng.lognormal(2, 0.5, (2, 2, 2, 5))
    final[..., 4] = 0.0
    final[0, 0, 0, 3] = -1.5
    coords = {"src": places, "comm": comm, "dst": places}
    inter = xr.DataArray(
        rng.lognormal(1, 1, (2, 2, 2, 2)), dims=("src", "comm", "dst", "acts"), coords={**coords, "acts": comm}
    )
    table = Mrio(inter, xr.DataArray(final, dims=("src", "comm", "dst", "use"), coords={**coords, "use": uses}), "RoW")
    folded, report = fold_final_use(table)
    assert float(folded.final.min()) >= 0
    np.testing.assert_allclose(folded.output(), table.output(), rtol=1e-12)
    assert report["negative_investment"] == {"USA": pytest.approx(-1.5)}


def _sheet(path: Path, names: list[str], cells: np.ndarray, other: list[float]) -> None:
    rows = [["Bilateral", *[None] * (len(names) + 1)], ["from / to", *names, "World"]]
    rows += [[n, *row, sum(row)] for n, row in zip(names, cells.tolist(), strict=True)]
    rows.append(["Other South", *other, sum(other)])
    rows.append(["World", *(cells.sum(0) + other).tolist(), float(cells.sum() + sum(other))])
    pd.DataFrame(rows).to_excel(path, header=False, index=False)


def test_unnamed_origins_follow_the_named_ones_of_their_host(tmp_path):
    folder = tmp_path / "migrants_remittances"
    folder.mkdir()
    (folder / "country_map_worldbank_to_wiod.csv").write_text(
        "worldbank_name,iso3\nMexico,MEX\nUnited States,USA\nIndia,IND\n"
    )
    cells = np.array([[0.0, 90.0, 0.0], [4.0, 0.0, 0.0], [6.0, 10.0, 0.0]])
    _sheet(folder / "m.xlsx", ["Mexico", "United States", "India"], cells, [5.0, 20.0, 3.0])
    matrix, report = read_matrix(tmp_path, "migrants_remittances/m.xlsx")
    assert matrix.at["MEX", "USA"] == pytest.approx(90 * 1.2) and matrix.at["IND", "MEX"] == pytest.approx(6 * 1.5)
    assert report.to_dict() == {"named": 110.0, "unnamed": 25.0, "lost": 3.0, "world": 138.0}
    assert matrix.to_numpy().sum() + report.lost == pytest.approx(report.world)
    cells[0, 1] = 1.0
    rows = pd.read_excel(folder / "m.xlsx", header=None)
    rows.iat[2, 2] = 1.0
    rows.to_excel(folder / "bad.xlsx", header=False, index=False)
    with pytest.raises(BenchmarkError, match="the file's own total is 138"):
        read_matrix(tmp_path, "migrants_remittances/bad.xlsx")


def test_interpolation_between_two_years():
    assert between(2014, 2013, 2017) == 0.25
    with pytest.raises(BenchmarkError, match="2018 is not between 2013 and 2017"):
        between(2018, 2013, 2017)
    a = pd.DataFrame([[4.0]], ["MEX"], ["USA"])
    b = pd.DataFrame([[8.0, 4.0]], ["MEX"], ["USA", "CAN"])
    assert mix(a, b, 0.25).to_dict() == {"USA": {"MEX": 5.0}, "CAN": {"MEX": 1.0}}


def test_a_year_never_takes_the_facts_of_another(tmp_path):
    (tmp_path / "common.csv").write_text("a\n")
    (tmp_path / "1997").mkdir()
    (tmp_path / "1997" / "own.csv").write_text("a\n")
    assert of_year(tmp_path, "own.csv", 1997) == tmp_path / "1997" / "own.csv"
    assert of_year(tmp_path, "own.csv", 2014) == tmp_path / "2014" / "own.csv"  # absent: reading it is refused
    assert of_year(tmp_path, "common.csv", 2014) == tmp_path / "common.csv"


def test_no_textile_quota_and_full_farm_facts(config):
    shape = (len(config.comm), len(config.reg), len(config.reg))
    coords = {"comm": config.comm, "src": config.reg, "dst": config.reg}
    trade = xr.DataArray(np.ones(shape), coords=coords, dims=("comm", "src", "dst"))
    quota, table = exports.textile_quotas(config, trade)
    assert not quota.any() and table.empty
    npc = farm.protection_coefficients(read_groups(FACTS / "2014" / "groups.toml"), 2014)
    assert npc["HRV"] == npc["DEU"] and 1 < npc["USA"] < npc["JPN"]


@pytest.fixture(scope="module")
def taxed(config):
    """Rates with a split between firms and final use in one region, none in the others."""
    reg = list(config.reg)
    ones = xr.DataArray(np.ones(len(reg)), coords={"reg": reg}, dims="reg")
    c = xr.DataArray(np.arange(1.0, 17.0) / 100, coords={"comm": config.comm}, dims="comm")
    acts = xr.DataArray(np.ones(16), coords={"acts": config.comm}, dims="acts")
    share = ones * np.nan
    share.loc["MEX"], share.loc["GBR"] = -0.3, 0.4
    rates = {u: (c * ones).transpose("comm", "reg") for u in ("priv", "gov", "inv")}
    rates |= {"firms": (c * acts * ones).transpose("comm", "acts", "reg"), "report": {}}
    return rates | {"target_revenue_share": 0.1 * ones, "firms_share": share}


def test_taxes_on_inputs_have_the_share_of_the_table(config, taxed):
    bases = {u: xr.full_like(taxed[u], 100.0) for u in taxes.USES}
    gdp = bases["priv"].sum("comm") * 3
    scaled = taxes.scale_to_revenue(taxed, bases, gdp)
    revenue = {u: (scaled[u] * bases[u]).sum([d for d in bases[u].dims if d != "reg"]) for u in taxes.USES}
    total = sum(revenue.values())
    np.testing.assert_allclose(total / gdp, 0.1)
    assert float(revenue["firms"].sel(reg="MEX") / total.sel(reg="MEX")) == pytest.approx(-0.3)
    assert float(revenue["firms"].sel(reg="GBR") / total.sel(reg="GBR")) == pytest.approx(0.4)
    factor = scaled["firms"].sel(reg="USA") / taxed["firms"].sel(reg="USA")
    np.testing.assert_allclose(
        factor, float(scaled["priv"].sel(reg="USA", comm="Agr") / taxed["priv"].sel(reg="USA", comm="Agr"))
    )


def test_a_taxed_country_of_the_table_needs_a_row(config):
    table = pd.DataFrame({"firms": [5.0], "household": [5.0], "gdp": [100.0]}, index=["ATL"])
    with pytest.raises(FactsError, match="needs a row for ATL"):
        taxes._country_taxes(config, table)
    table.index = ["USA"]  # has a fact already: two numbers for one country
    with pytest.raises(FactsError, match="must not have USA"):
        taxes._country_taxes(config, table)


@pytest.mark.raw
@needs_raw
def test_reader_keeps_the_published_totals(config):
    table = read(config, RAW)
    added = table.value_added()
    # Value added at basic prices of the source notes plus taxes and margins on inputs; million US$.
    assert float(added.sel(src="USA").sum()) == pytest.approx(17_348_070, rel=0.01)
    assert float(added.sel(src="DEU").sum()) == pytest.approx(3_484_775 * 1.04, rel=0.02)
    flows = table.flows().sum("comm").to_pandas().to_numpy().copy()
    np.fill_diagonal(flows, 0.0)
    # The gap of the rest of the world that the source has: 1,266 billion.
    assert flows[:, -1].sum() - flows[-1].sum() == pytest.approx(1_266_000, rel=0.005)
    assert float(added.sel(src="MEX", comm="Dwe")) > 0.08 * float(added.sel(src="MEX").sum())
    tax = table.product_tax
    untaxed = tax.loc[["USA", "CHN", "JPN", "IDN"]]  # the source has -39 million for the United States
    assert (untaxed[["firms", "household"]].abs().max(axis=1) < 1e-5 * untaxed.gdp).all()
    assert float(tax.loc["DEU", ["firms", "household", "government", "investment"]].sum()) == pytest.approx(
        388_500, rel=0.01
    )
    with pytest.raises(ConfigError, match="has no D_2013"):
        read(dataclasses.replace(config, year=2013), RAW)
    sectors = {**config.sectors, "Agr": ("A01", "B")}
    with pytest.raises(ConfigError, match="industries"):
        read(dataclasses.replace(config, sectors=sectors), RAW)
    with pytest.raises(ConfigError, match="is not in"):
        read(config, RAW / "nowhere")


@pytest.mark.raw
@needs_raw
def test_tariffs_of_the_year(config):
    shape = (len(config.comm), len(config.reg), len(config.reg))
    coords = {"comm": config.comm, "src": config.reg, "dst": config.reg}
    layers = tariffs.tariff_layers(
        config, RAW, xr.DataArray(np.ones(shape), coords=coords, dims=("comm", "src", "dst"))
    )
    assert layers["report"]["own_check"].world_mean_percent[0] == pytest.approx(3.1, abs=0.05)  # the source notes
    applied, farm_layer = layers["applied"], layers["farm"]
    assert set(layers) == {"applied", "farm", "report"}
    industrial = [c for c in config.goods if c not in ("Agr", "Food")]
    assert not applied.sel(src=EU, dst=EU).any() and not farm_layer.sel(src=EU, dst=EU).any()  # Croatia too
    assert float(applied.sel(src=["CAN", "MEX"], dst="USA", comm=industrial).max()) < 0.005
    assert not applied.sel(comm=industrial, src=EU, dst="XER").any()
    # Switzerland's zero of the file is gone: who has no agreement pays.
    assert float(applied.sel(comm="Tex", src="BRA", dst="XER")) > 0.005
    assert float(applied.sel(comm="Veh", src="USA", dst="CHN")) > 0.08
    assert float(farm_layer.sel(comm="Food", src="USA", dst="XER")) > 0.1
    assert not farm_layer.drop_sel(comm=["Agr", "Food"]).any()
    with pytest.raises(FactsError, match="tariffs_2014_tidy_fixed.csv"):
        tariffs.tariff_layers(
            config, RAW / "nowhere", xr.DataArray(np.ones(shape), coords=coords, dims=("comm", "src", "dst"))
        )


def _two_importers(tmp_path, monkeypatch, rows):
    """Tariffs of two importers, trade, and a source that has the second; the facts are ``rows``."""
    (tmp_path / "2014").mkdir()
    (tmp_path / "2014" / "weighted_tariffs.csv").write_text(f"iso3,weighted2014,year,source,status\n{rows}")
    monkeypatch.setattr(tariff_weights, "FACTS", tmp_path)
    coords = {"comm": ["Food", "Tex"], "src": ["AAA", "BBB"], "dst": ["AAA", "BBB"]}
    rate = xr.DataArray([[[0, 0.2], [0.3, 0]], [[0, 0.1], [0.1, 0]]], coords=coords, dims=("comm", "src", "dst"))
    flow = xr.DataArray([[[0, 5.0], [1.0, 0]], [[0, 5.0], [9.0, 0]]], coords=coords, dims=("comm", "src", "dst"))
    return rate, flow, types.SimpleNamespace(importers=["BBB"])


def test_importers_outside_the_files_meet_their_trade_weighted_mean(tmp_path, monkeypatch):
    """By hand: 0.3 on 1 and 0.1 on 9 is 12% of 10; halved it is the published 6%."""
    rate, flow, source = _two_importers(tmp_path, monkeypatch, "AAA,6,2014,x,verified\n")
    out, table = tariff_weights.weighted_means(rate, flow, source, 2014, {})
    np.testing.assert_allclose(out.sel(dst="AAA", src="BBB"), [0.15, 0.05])
    np.testing.assert_array_equal(out.sel(dst="BBB"), rate.sel(dst="BBB"))
    np.testing.assert_allclose(table.loc["AAA", ["published", "before", "after"]].astype(float), [0.06, 0.12, 0.06])
    assert tariff_weights.weighted_means(rate, flow, source, 1997, {})[0] is rate  # a year without such facts


def test_importers_of_the_file_are_only_scaled_down(tmp_path, monkeypatch):
    """By hand: BBB levies 0.2 on 5 and 0.1 on 5, 15%. A published 20% holds farm duties that the farm layer has."""
    for published, want in ((6, [0.08, 0.04]), (20, [0.2, 0.1])):
        folder = tmp_path / str(published)
        folder.mkdir()
        rate, flow, source = _two_importers(folder, monkeypatch, f"BBB,{published},2014,x,verified\n")
        out, _ = tariff_weights.weighted_means(rate, flow, source, 2014, {})
        np.testing.assert_allclose(out.sel(dst="BBB", src="AAA"), want)
        np.testing.assert_array_equal(out.sel(dst="AAA"), rate.sel(dst="AAA"))


def test_a_customs_union_has_one_mean_on_what_comes_from_outside(tmp_path, monkeypatch):
    """BBB and CCC are a union: 0.2 on 6 and 0.1 on 2 from outside is 17.5%; what they trade with each other is free."""
    _two_importers(tmp_path, monkeypatch, "BBB,7,2014,x,verified\n")
    places = ["AAA", "BBB", "CCC"]
    coords = {"comm": ["Food"], "src": places, "dst": places}
    rate = xr.DataArray([[[0, 0.2, 0.1], [0.3, 0, 0], [0.3, 0, 0]]], coords=coords, dims=("comm", "src", "dst"))
    flow = xr.DataArray([[[0, 6.0, 2.0], [1.0, 0, 50.0], [1.0, 90.0, 0]]], coords=coords, dims=("comm", "src", "dst"))
    union = {"U": {"members": ["BBB", "CCC"], "reference": "BBB"}}
    source = types.SimpleNamespace(importers=["BBB", "CCC"])
    out, _ = tariff_weights.weighted_means(rate, flow, source, 2014, union)
    np.testing.assert_allclose(out.sel(comm="Food", src="AAA"), [0, 0.08, 0.04])
    np.testing.assert_array_equal(out.sel(dst="AAA"), rate.sel(dst="AAA"))
    (tmp_path / "2014" / "weighted_tariffs.csv").write_text(
        "iso3,weighted2014,year,source,status\nCCC,7,2014,x,verified\n"
    )
    with pytest.raises(FactsError, match="CCC: has the tariff of BBB; give that country the row"):
        tariff_weights.weighted_means(rate, flow, source, 2014, union)


def test_a_weighted_mean_of_another_country_is_refused(tmp_path, monkeypatch):
    rate, flow, source = _two_importers(tmp_path, monkeypatch, "ZZZ,6,2014,x,verified\n")
    with pytest.raises(FactsError, match="no importer of the benchmark; remove the row"):
        tariff_weights.weighted_means(rate, flow, source, 2014, {})


@pytest.mark.raw
@needs_raw
def test_the_rest_of_the_world_is_split_by_trade(config):
    """Nigeria buys 0.09 of its GDP and Kenya 0.29; Hong Kong's re-exports are no imports of its own."""
    places = list(config.country_region())
    gdp = gdp_weights(RAW, 2014).reindex(places).fillna(0.0)
    sizes = tariff_weights.trade_sizes(config, RAW, places, gdp)
    assert sizes.imports["NGA"] / sizes.imports["KEN"] < 0.35 * gdp["NGA"] / gdp["KEN"]
    assert sizes.imports["HKG"] < 0.5 * gdp["HKG"]
    assert (sizes >= 0).all(axis=None) and sizes.index.tolist() == places
    plain = dataclasses.replace(config, tariffs={**config.tariffs, "weights": "gdp"})
    assert tariff_weights.trade_sizes(plain, RAW, places, gdp).imports.equals(gdp)
    # A row of the file is shared out, not made: sums over the rest are the file's.
    rest = [c for c in places if c not in ("USA", "CHN")]
    trade = xr.DataArray(
        np.array([[[0, 4.0, 6.0], [8.0, 0, 2.0], [3.0, 5.0, 0]]]),
        coords={"comm": ["Food"], "src": ["USA", "CHN", "ROW"], "dst": ["USA", "CHN", "ROW"]},
        dims=("comm", "src", "dst"),
    )
    source = types.SimpleNamespace(trade=trade, exporters=["USA", "CHN", "ROW"], rest="ROW")
    flow = tariff_weights.trade_weights(source, places, gdp, sizes)
    assert float(flow.sel(src="USA", dst=rest).sum()) == pytest.approx(6.0)
    assert float(flow.sel(src=rest, dst="CHN").sum()) == pytest.approx(5.0)
    share = flow.sel(comm="Food", src="USA", dst=["NGA", "KEN"]).values
    assert share[0] / share[1] == pytest.approx(sizes.imports["NGA"] / sizes.imports["KEN"])


@pytest.mark.raw
@needs_raw
def test_world_totals_of_the_matrices(config):
    stock, cells = interpolated_stock(config, RAW)
    # 2013: 247.2 million, 2017: 266.1 million (source notes).
    assert cells.world == pytest.approx(0.75 * 247.2e6 + 0.25 * 266.1e6, rel=1e-3)
    assert stock.to_numpy().sum() == pytest.approx(cells.world - cells.lost)
    assert cells.lost < 0.003 * cells.world
    flows, fate = interpolated_matrix(config, RAW)
    assert fate.world == pytest.approx(463.6e3 + 4 / 7 * (613.466e3 - 463.6e3), rel=1e-3)  # about 549 billion
    assert fate.lost < 0.02 * fate.world
    own, total, _ = counted(config, RAW, "remittances")
    # The cells of 2017 sum to 613,464, the file's own total is 613,466.
    assert total == pytest.approx(fate.world, rel=1e-5)
    assert own.loc["IND", "GCC"] == pytest.approx(
        flows.loc[["ARE", "BHR", "KWT", "OMN", "QAT", "SAU"], "IND"].sum(), rel=1e-6
    )


def test_the_world_of_2014_is_assigned_and_its_corridors_named():
    found = pd.read_csv(Path(open_folder()) / "checks.csv")
    share = found[found.check.str.contains("given to a pair")].set_index("check").benchmark
    assert len(share) == 2 and (share >= 0.98).all()
    for kind in ("migrants", "remittances"):
        rows = found[found.check.str.match(f"{kind} of ...")]
        assert len(rows) == 10
        first = rows.iloc[0]
        assert first.check.startswith(
            {"migrants": "migrants of MEX in USA", "remittances": "remittances of IND in GCC"}[kind]
        )
    bench = open_benchmark("world2014")
    eye = np.eye(25)
    sent = bench["REMIT"].sum("skill")
    assert float((sent * eye).sum()) == 0
    # Migrants are most of the Gulf's workers and below 95% of either skill.
    gulf = bench["LAB"].sel(host="GCC")
    away = 1 - gulf.sel(home="GCC") / gulf.sum("home")
    assert ((away > 0.8) & (away < 0.95)).all()
    assert "TMS1993" not in bench


def test_totals_that_are_not_alike_are_no_checks(config):
    """Labour taxes of the revenue statistics hold those on corporations: shown, without a verdict."""
    found = pd.read_csv(Path(open_folder()) / "checks.csv")
    rows = found[found.check == "labour taxes over GDP"]
    assert len(rows) == len(config.reg) and (rows.kind == "report").all() and rows.published.notna().sum() == 14
    # What the cap takes off senders is in the open: the six that lose most.
    sent = found[found.check.str.startswith("remittances sent")].set_index("region")
    assert len(sent) == len(config.reg)
    least = sent.ratio.nsmallest(6)
    assert set(least.index) == {"XSA", "SSA", "IND", "SEA", "XLM", "POL"} and least.max() < 0.7
    assert sent.benchmark.sum() == pytest.approx(sent.published.sum(), rel=1e-5)


def test_a_verified_number_stands_for_the_pay_of_graduates():
    """Brazil: earnings of graduates 256 over those of others, 100 and 53 weighted, of the OECD."""
    found = pd.read_csv(Path(open_folder()) / "checks.csv")
    pay = found[(found.check == "wage of skilled over unskilled workers")]
    brazil, usa = (pay[pay.region == r].set_index("kind") for r in ("BRA", "USA"))
    assert list(brazil.index) == ["imposed"] and brazil.benchmark["imposed"] == pytest.approx(3.716, rel=0.001)
    assert 256 / 100 < brazil.benchmark["imposed"] < 256 / 53
    assert set(usa.index) == {"identity", "independent"}
    # So a graduate of Brazil is paid less than one of Japan.
    bench = open_benchmark("world2014")
    wages, _ = base_wages(
        bench["LAB"], bench["EVFB"].sel(endw=list(bench.sets["skill"])).sum("acts").rename(endw="skill"), 0.5
    )
    skilled = wages.sel(skill="SkLab").to_series()
    assert skilled["BRA"] < 0.9 * skilled["JPN"]


def open_folder() -> Path:
    from cge._paths import shipped

    return shipped("sam_data", "world2014")
