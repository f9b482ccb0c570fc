"""Tariff layers: blocs repaired, published averages met, the farm layer kept apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.config import load_config
from calibration.protection import farm, files, tariffs
from calibration.protection.blocs import pair_rule, read_groups
from calibration.protection.tables import FactsError

RAW = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_raw = pytest.mark.skipif(not (RAW / "tariffs_1993_2005").is_dir(), reason=f"raw data not at {RAW}")
EU = ["GBR", "DEU", "XEU"]


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def weights(config):
    shape = (len(config.comm), len(config.reg), len(config.reg))
    coords = {"comm": config.comm, "src": config.reg, "dst": config.reg}
    return xr.DataArray(np.ones(shape), coords=coords, dims=("comm", "src", "dst"))


@pytest.fixture(scope="module")
def layers(config, weights):
    if not (RAW / "tariffs_1993_2005").is_dir():
        pytest.skip(f"raw data not at {RAW}")
    return tariffs.tariff_layers(config, RAW, weights)


def test_shape_and_services(config, layers):
    services = [c for c in config.comm if c not in config.goods]
    for name in ("applied", "farm", "tms1993"):
        assert layers[name].dims == ("comm", "src", "dst")
        assert list(layers[name].dst.values) == config.reg
        assert not layers[name].sel(comm=services).any()
        assert float(layers[name].min()) >= 0 and np.isfinite(layers[name]).all()


def test_own_trade_reproduces_the_published_world_means(layers):
    check = layers["report"]["own_check"].set_index("year")["world_mean_percent"]
    assert check[1993] == pytest.approx(5.98, abs=0.01)
    assert check[2005] == pytest.approx(2.57, abs=0.01)


def test_blocs_are_repaired(config, layers):
    industrial = [c for c in config.goods if c not in ("Agr", "Food")]
    for name in ("applied", "farm", "tms1993"):
        assert not layers[name].sel(src=EU, dst=EU).any()
        assert not layers[name].sel(src="ANZ", dst="ANZ").any()
    for name in ("applied", "tms1993"):
        assert not layers[name].sel(comm=industrial, src=EU, dst="XER").any()
        assert not layers[name].sel(comm=industrial, src="XER", dst=EU).any()
        assert not layers[name].sel(src="FSU", dst="FSU").any()
    assert float(layers["applied"].sel(src="CAN", dst="USA").max()) < 0.01
    assert not layers["applied"].sel(src="IND", dst="IND").any()


def test_europe_agreements_work_on_the_import_side_once():
    """In 1997 Eastern Europe's duties on the EU's industrial goods were in part gone (all by 1999-2002), and Hungary's,
    in the tariff files, are phased only once."""
    facts = Path(tariffs.__file__).parent / "facts" / "1997"
    groups = read_groups(facts / "groups.toml")
    partners = [m for m in groups["CEEC"]["members"] if m != "HUN"]
    kinds = {"Mach": "industrial", "Agr": "farm"}
    rules, phases = (pd.read_csv(facts / f"{n}.csv", comment="#") for n in ("preferences", "phase_in"))
    named = pd.concat([f[c] for f in (rules, phases) for c in ("importer", "exporter")])
    countries = sorted({*groups["CEEC"]["members"], "DEU"} | set(named) - set(groups) - {"*"})

    def left(column: str) -> xr.DataArray:
        return pair_rule(rules, column, groups, kinds, countries, 1.0, True, "comm").sel(src="DEU", comm="Mach")

    assert 0.0 < float(left("m1997").sel(dst=partners).min()) <= float(left("m1997").sel(dst=partners).max()) < 1.0
    assert (left("m1993").sel(dst=partners) == 1.0).all()
    assert float(left("m1997").sel(dst="HUN")) == 1.0
    phased = pair_rule(phases, "fraction", groups, kinds, countries, 0.0, False, "comm")
    assert 0.0 < float(phased.sel(comm="Mach", src="DEU", dst="HUN")) < 1.0


def test_eastern_europe_charges_the_eu_less_than_japan(config, layers):
    industrial = [c for c in config.goods if c not in ("Agr", "Food")]
    rate = layers["applied"].sel(comm=industrial, dst="EEU")
    for eu in EU:
        assert (rate.sel(src=eu) < 0.8 * rate.sel(src="JPN")).all(), eu


def test_common_external_tariff(layers):
    """All EU importers charge outsiders the same on goods that one country of origin sells."""
    rate = layers["applied"].sel(src="JPN", dst=EU)
    same_goods = rate.sel(comm=["Agr", "Ext", "Food", "Tex"])
    assert float((same_goods.max("dst") - same_goods.min("dst")).max()) < 1e-12


def test_liberalisation_between_the_layers(layers):
    table = layers["report"]["averages"].set_index("dst")
    assert table.loc["world", "applied_all"] < table.loc["world", "tms1993_all"]
    for region in ("CHN", "IND", "BRA", "USA", "XEA"):
        assert table.loc[region, "applied_all"] < table.loc[region, "tms1993_all"]


def test_farm_layer_only_on_farm_goods_and_high_where_support_is_high(config, layers):
    other = [c for c in config.comm if c not in ("Agr", "Food")]
    assert not layers["farm"].sel(comm=other).any()
    food = layers["farm"].sel(comm="Food", src="USA")
    assert float(food.sel(dst="ANZ")) < 0.01 < float(food.sel(dst="DEU")) < float(food.sel(dst="JPN"))
    assert not layers["farm"].sel(dst=["BRA", "IND", "SSA"]).any()


def test_farm_layer_never_exceeds_the_published_price_gap(layers):
    table = layers["report"]["farm"]
    assert (
        table["layer"] + table["ordinary_tariff"]
        <= np.maximum(table["npc"] - 1, table["ordinary_tariff"]) + 1e-12
    ).all()


def test_coverage_adds_to_one_and_imputations_are_listed(config, layers):
    coverage = layers["report"]["coverage"].set_index("reg")
    np.testing.assert_allclose(coverage.sum(axis=1), 1.0)
    assert coverage.loc["USA", "bilateral file"] == 1
    assert coverage.loc["XEU", "bilateral file"] == 1
    assert coverage["no tariff"].max() < 0.01
    assert "PAK" in set(layers["report"]["imputed"]["iso3"])


def test_protection_coefficient_formula(tmp_path):
    """All support through prices: receipts = world value / (1 - s), so the coefficient is 1 / (1 - s)."""
    groups = read_groups(Path(tariffs.__file__).parent / "facts" / "1997" / "groups.toml")
    npc = farm.protection_coefficients(groups, 1997)
    assert npc["DEU"] == pytest.approx((1 - 0.4 * 0.42) / (1 - 0.42))
    assert npc["FRA"] == npc["SWE"] == npc["DEU"]
    assert (npc >= 1).all()


def test_pair_rule_overrides_and_multiplies():
    groups = {"AB": {"members": ["A", "B"]}}
    kinds = {"Agr": "farm", "Mach": "industrial"}
    rules = pd.DataFrame(
        [("*", "*", "all", 0.5), ("AB", "C", "industrial", 0.2)],
        columns=["importer", "exporter", "goods", "f"],
    )
    out = pair_rule(rules, "f", groups, kinds, ["A", "B", "C"], 0.0, False, "comm")
    assert float(out.sel(comm="Mach", src="C", dst="A")) == 0.2
    assert float(out.sel(comm="Agr", src="C", dst="A")) == 0.5
    both = pair_rule(rules, "f", groups, kinds, ["A", "B", "C"], 1.0, True, "comm")
    assert float(both.sel(comm="Mach", src="C", dst="B")) == pytest.approx(0.1)
    rules.loc[0, "importer"] = "Atlantis"
    with pytest.raises(FactsError, match="Atlantis"):
        pair_rule(rules, "f", groups, kinds, ["A"], 0.0, False, "comm")


def test_missing_region_in_weights_is_named(config, weights):
    with pytest.raises(FactsError, match="SSA"):
        tariffs.tariff_layers(config, RAW, weights.drop_sel(src="SSA"))


@needs_raw
def test_a_truncated_file_is_refused(tmp_path):
    folder = tmp_path / "tariffs_1993_2005"
    folder.mkdir()
    (folder / "tariffs1993.txt").write_text("1 2 3\n")
    with pytest.raises(FactsError, match="tariffs1993.txt"):
        files.read_tariff_files(tmp_path, ["a", "b"])
