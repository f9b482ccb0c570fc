"""Tariff layers of the benchmark: applied 1997, 1993, and the farm layer, by pair of regions.

Everything is done by pair of countries first (bilateral files where they have both, the files' rest
of the world for other exporters, published mean tariffs for other importers), then blocs are
repaired, then pairs are averaged to regions with trade weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection import tariff_report
from calibration.protection.blocs import pair_rule, read_groups, union_reference
from calibration.protection.farm import farm_layer
from calibration.protection.files import COUNTRIES, REST, read_tariff_files
from calibration.protection.tables import FactsError, gdp_weights, read_facts

FACTS = Path(__file__).resolve().parent / "facts"
# 1997 lies a third of the way from 1993 to 2005: weights of trade between the two files.
BETWEEN = (1997 - 1993) / (2005 - 1993)
# Importers of the files whose spread of tariffs stands for importers with a mean only (assumption).
PATTERN_IMPORTERS = {
    "developing": ["CHN", "IND", "IDN", "BRA", "ARG", "KOR", "ZAF"],
    "developed": ["USA", "DEU", "JPN", "CAN"],
}


def tariff_layers(config, raw: str | Path, weights: xr.DataArray) -> dict:
    """Tariffs by commodity and pair of regions.

    Parameters
    ----------
    config : calibration.config.Config
    raw : str or Path
        Folder that holds ``tariffs_1993_2005/`` and ``macro/gdp.csv``.
    weights : DataArray (comm, src, dst)
        Trade of the benchmark, million US$, used in the report only: inside regions the files' own trade
        weighs countries.

    Returns
    -------
    dict
        ``applied`` (1997), ``farm`` (on top of applied), ``tms1993`` (without farm layer): DataArray
        (comm, src, dst), ad valorem fractions, zero for services and inside single-country regions;
        ``report``: dict of tables (averages, coverage, imputed, farm, own_check, notes).

    Raises
    ------
    FactsError
        If a file or fact is missing, or `weights` lacks a region.
    """
    reg = list(config.reg)
    absent = [r for r in reg if r not in weights.src.values or r not in weights.dst.values]
    if absent:
        raise FactsError(f"tariff_layers: weights lack {', '.join(absent)}; give trade between all regions")
    goods = read_facts(FACTS / "goods_map.csv", ("good", "comm", "kind"), ("good",)).set_index("good")
    unknown = sorted(set(goods["comm"]) - set(config.goods))
    if unknown:
        raise FactsError(f"goods_map.csv: {', '.join(unknown)} are not goods of {config.name}; adapt the map")
    groups = read_groups(FACTS / "groups.toml")
    files = read_tariff_files(raw, list(goods.index))

    by_good, tariffication = _phase_in(files, goods, groups)
    trade97 = files["x1993"] + BETWEEN * (files["x2005"] - files["x1993"])
    comm93 = _to_commodities(by_good[1993], files["x1993"], goods["comm"])
    comm97 = _to_commodities(by_good[1997], trade97, goods["comm"])
    trade = trade97.groupby(xr.DataArray(goods["comm"].to_numpy(), dims="good", name="comm")).sum()
    trade = trade.sel(comm=comm97.comm)

    countries, home = _countries(config)
    gdp = gdp_weights(
        raw, config.year, read_facts(FACTS / "gdp_extra.csv", ("iso3", "gdp_million"), ("iso3",))
    )
    size = gdp.reindex(countries).fillna(0.0)
    means, ratio = _mean_tariffs(config, size)
    rates = {
        1993: _by_country(comm93, countries, groups, means["mean1993"], means["pattern"]),
        1997: _by_country(comm97, countries, groups, means["mean1997"], means["pattern"]),
    }
    kinds = (
        goods.drop_duplicates("comm").set_index("comm")["kind"].reindex(list(comm97.comm.values)).to_dict()
    )
    preferences = read_facts(
        FACTS / "preferences.csv", ("importer", "exporter", "goods", "m1993", "m1997", "mfarm")
    )
    spread = {
        column: pair_rule(preferences, column, groups, kinds, countries, 1.0, True, "comm")
        for column in ("m1993", "m1997", "mfarm")
    }
    flow = _trade_weights(trade, countries, size)
    applied = rates[1997] * spread["m1997"]
    layer, farm_table = farm_layer(applied, flow, groups, spread["mfarm"])
    layers = {
        "applied": _to_regions(applied, flow, home, config),
        "farm": _to_regions(layer, flow, home, config),
        "tms1993": _to_regions(rates[1993] * spread["m1993"], flow, home, config),
    }
    layers["report"] = tariff_report.report(
        config, layers, weights, files, goods, means, size, ratio, tariffication, farm_table, groups
    )
    return layers


def _phase_in(files: dict, goods: pd.DataFrame, groups: dict) -> tuple[dict[int, xr.DataArray], pd.DataFrame]:
    """1993 and 1997 tariffs (good, src, dst) of the files, with one external tariff per customs union."""
    ends = {}
    for year in (1993, 2005):
        rate = files[f"t{year}"].copy()
        for country, reference in union_reference(groups).items():
            if country in COUNTRIES and reference in COUNTRIES:
                rate.loc[{"dst": country}] = files[f"t{year}"].sel(dst=reference).values
        ends[year] = rate
    rules = read_facts(FACTS / "phase_in.csv", ("importer", "exporter", "goods", "fraction"))
    done = pair_rule(rules, "fraction", groups, goods["kind"].to_dict(), COUNTRIES, 0.0, False, "good")
    # A farm tariff that rises is a quota turned into a tariff: part of the farm layer.
    farm = xr.DataArray((goods["kind"] == "farm").to_numpy(), coords={"good": goods.index}, dims="good")
    rises = farm & (ends[2005] > ends[1993])
    late = xr.where(rises, ends[1993], ends[2005])
    change = (ends[2005] - ends[1993]).where(rises)
    table = change.mean("src").to_series().dropna().rename("mean_rise").reset_index()
    return {1993: ends[1993], 1997: ends[1993] + done * (late - ends[1993])}, table


def _to_commodities(rate: xr.DataArray, trade: xr.DataArray, comm: pd.Series) -> xr.DataArray:
    """Trade-weighted means over goods of a commodity; importer-wide weights where a pair does not trade."""
    key = xr.DataArray(comm.to_numpy(), dims="good", name="comm")

    def mean(weight: xr.DataArray) -> xr.DataArray:
        total = weight.groupby(key).sum()
        return ((rate * weight).groupby(key).sum() / total.where(total > 0)).transpose("comm", "src", "dst")

    by_importer = trade.sum("src").expand_dims(src=trade.src.values)
    out = mean(trade).fillna(mean(by_importer)).fillna(mean(xr.ones_like(trade)))
    order = list(dict.fromkeys(comm))
    return out.sel(comm=order)


def _countries(config) -> tuple[list[str], pd.Series]:
    home = pd.Series(config.country_region())
    return list(home.index), home


def _mean_tariffs(config, size: pd.Series) -> tuple[pd.DataFrame, float]:
    """Mean tariff of importers outside the files: own fact, or GDP-weighted mean of the region's facts."""
    facts = read_facts(FACTS / "mean_tariffs.csv", ("iso3", "mean1997", "year1997", "pattern"), ("iso3",))
    facts = facts.set_index("iso3")
    both = facts[facts["mean1993"].notna() & (facts["mean1997"] > 1)]
    ratio = float((both["mean1993"] / both["mean1997"]).median())
    facts["mean1993"] = facts["mean1993"].fillna(facts["mean1997"] * ratio)
    rows = []
    for region in config.reg:
        members = [c for c in config.regions[region] if c not in COUNTRIES]
        known = [c for c in members if c in facts.index]
        weight = size[known]
        for country in members:
            if country in known:
                fact = facts.loc[country]
                rows.append(
                    (country, region, fact["mean1993"], fact["mean1997"], fact["pattern"], fact["status"])
                )
            elif known and weight.sum() > 0:
                mean = [
                    float((facts.loc[known, c] * weight).sum() / weight.sum())
                    for c in ("mean1993", "mean1997")
                ]
                rows.append((country, region, *mean, facts.loc[known[0], "pattern"], "assumption"))
            else:
                # only members of a customs union that the files cover (Belgium) and specks of land come here
                rows.append((country, region, np.nan, np.nan, "developing", "assumption"))
    columns = ["iso3", "region", "mean1993", "mean1997", "pattern", "status"]
    return pd.DataFrame(rows, columns=columns).set_index("iso3"), ratio


def _patterns(rate: xr.DataArray) -> dict[str, pd.Series]:
    """Tariff by commodity relative to the simple mean over tariff lines, for two kinds of importers."""
    lines = read_facts(FACTS / "line_shares.csv", ("comm", "share"), ("comm",)).set_index("comm")["share"]
    lines = lines.reindex(list(rate.comm.values)) / lines.sum()
    out = {}
    for name, importers in PATTERN_IMPORTERS.items():
        level = rate.sel(dst=importers, src=[REST, "USA", "JPN", "DEU"]).mean("src").to_pandas()
        relative = level / (level.mul(lines, axis=0)).sum()
        mean = relative.mean(axis=1)
        out[name] = mean / (mean * lines).sum()
    return out


def _by_country(rate: xr.DataArray, countries: list[str], groups: dict, mean: pd.Series, kind: pd.Series):
    """Spread tariffs of the files (comm, src, dst) over all countries of the benchmark."""
    patterns = _patterns(rate)
    source = [c if c in COUNTRIES else REST for c in countries]
    reference = union_reference(groups)
    out = np.zeros((rate.sizes["comm"], len(countries), len(countries)))
    for j, country in enumerate(countries):
        stand_in = country if country in COUNTRIES else reference.get(country)
        if stand_in in COUNTRIES:
            out[:, :, j] = rate.sel(dst=stand_in).sel(src=source).values
        else:
            own = mean.get(stand_in if stand_in is not None else country, np.nan)
            own = 0.0 if np.isnan(own) else own / 100
            out[:, :, j] = (patterns[kind.get(country, "developing")].to_numpy() * own)[:, None]
    coords = {"comm": rate.comm.values, "src": countries, "dst": countries}
    return xr.DataArray(out, coords=coords, dims=("comm", "src", "dst"))


def _trade_weights(trade: xr.DataArray, countries: list[str], size: pd.Series) -> xr.DataArray:
    """Trade by pair of countries: the files', with their rest of the world split by GDP.

    Trade among the rest, which the files lack, gets the intensity of trade (over the product of GDPs)
    that the files show between their countries and the rest.
    """
    rest = [c for c in countries if c not in COUNTRIES]
    share = size[rest] / size[rest].sum()
    listed = [c for c in COUNTRIES if c != REST and c in countries]
    shape = (trade.sizes["comm"], len(countries), len(countries))
    coords = {"comm": trade.comm.values, "src": countries, "dst": countries}
    out = xr.DataArray(np.zeros(shape), coords=coords, dims=("comm", "src", "dst"))
    out.loc[{"src": listed, "dst": listed}] = trade.sel(src=listed, dst=listed).values
    to_rest = xr.DataArray(share.to_numpy(), coords={"dst": rest}, dims="dst")
    from_rest = xr.DataArray(share.to_numpy(), coords={"src": rest}, dims="src")
    exports = trade.sel(src=listed, dst=REST, drop=True)
    imports = trade.sel(src=REST, dst=listed, drop=True)
    out.loc[{"src": listed, "dst": rest}] = (exports * to_rest).transpose("comm", "src", "dst").values
    out.loc[{"src": rest, "dst": listed}] = (imports * from_rest).transpose("comm", "src", "dst").values
    intensity = (exports.sum("src") + imports.sum("dst")) / (2 * size[listed].sum() * size[rest].sum())
    inner = intensity * size[rest].sum() ** 2 * from_rest * to_rest
    out.loc[{"src": rest, "dst": rest}] = inner.transpose("comm", "src", "dst").values
    same = xr.DataArray(
        np.eye(len(countries)), coords={"src": countries, "dst": countries}, dims=("src", "dst")
    )
    return out.where(same == 0, 0.0)


def _to_regions(rate: xr.DataArray, flow: xr.DataArray, home: pd.Series, config) -> xr.DataArray:
    """Trade-weighted mean over pairs of countries; zero for services and where no pair trades."""
    members = np.array([[home[c] == r for r in config.reg] for c in rate.src.values], float)
    top = np.einsum("csd,sr,dt->crt", (rate * flow).values, members, members)
    bottom = np.einsum("csd,sr,dt->crt", flow.values, members, members)
    mean = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    out = xr.DataArray(
        np.zeros((len(config.comm), len(config.reg), len(config.reg))),
        coords={"comm": config.comm, "src": config.reg, "dst": config.reg},
        dims=("comm", "src", "dst"),
    )
    out.loc[{"comm": rate.comm.values}] = mean
    return out
