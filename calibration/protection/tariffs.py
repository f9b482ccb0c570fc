"""Tariff layers of a benchmark: applied, of an earlier year if there is one, and the farm layer, by pair of regions.

Everything is done by pair of countries first (bilateral files where they have both, the files' rest
of the world for other exporters, published mean tariffs for other importers), then blocs are
repaired, then pairs are averaged to regions with trade weights.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection import tariff_report
from calibration.protection.blocs import pair_rule, read_groups, union_reference
from calibration.protection.farm import farm_layer
from calibration.protection.tables import FactsError, gdp_weights, of_year, read_facts
from calibration.protection.tariff_source import TariffSource
from calibration.protection.tariff_weights import trade_sizes, trade_weights, weighted_means

FACTS = Path(__file__).resolve().parent / "facts"


def tariff_layers(config, raw: str | Path, weights: xr.DataArray) -> dict:
    """Tariffs by commodity and pair of regions.

    Parameters
    ----------
    config : calibration.config.Config
    raw : str or Path
        Folder that holds the tariff files of the configuration and ``macro/gdp.csv``.
    weights : DataArray (comm, src, dst)
        Trade of the benchmark, million US$, used in the report only: inside regions the files' own trade
        weighs countries.

    Returns
    -------
    dict
        ``applied`` (base year), ``farm`` (on top of applied), ``tms<year>`` (an earlier year, if the source has
        one, without farm layer): DataArray (comm, src, dst), ad valorem fractions, zero for services and inside
        single-country regions; ``report``: dict of tables (averages, coverage, imputed, farm, own_check, notes).

    Raises
    ------
    FactsError
        If a file or fact is missing, or `weights` lacks a region.
    """
    reg = list(config.reg)
    absent = [r for r in reg if r not in weights.src.values or r not in weights.dst.values]
    if absent:
        raise FactsError(f"tariff_layers: weights lack {', '.join(absent)}; give trade between all regions")
    groups = read_groups(of_year(FACTS, "groups.toml", config.year))
    reader = importlib.import_module(f"calibration.protection.{config.tariffs['reader']}")
    source: TariffSource = reader.source(config, raw, groups)

    countries, home = _countries(config)
    extra = read_facts(of_year(FACTS, "gdp_extra.csv", config.year), ("iso3", "gdp_million"), ("iso3",))
    size = gdp_weights(raw, config.year, extra).reindex(countries).fillna(0.0)
    years = source.years
    means, ratio = _mean_tariffs(config, size, source)
    rates = {
        year: _by_country(source, rate, countries, groups, means[f"mean{year}"], means["pattern"])
        for year, rate in source.rates.items()
    }
    columns = (*(f"m{year}" for year in years), "mfarm")
    preferences = read_facts(
        of_year(FACTS, "preferences.csv", config.year), ("importer", "exporter", "goods", *columns)
    )
    spread = {
        column: pair_rule(preferences, column, groups, source.kinds, countries, 1.0, True, "comm")
        for column in columns
    }
    flow = trade_weights(source, countries, size, trade_sizes(config, raw, countries, size))
    applied = rates[config.year] * spread[f"m{config.year}"]
    applied, weighted = weighted_means(applied, flow, source, config.year, groups)
    layer, farm_table = farm_layer(applied, flow, groups, spread["mfarm"], config.year)
    layers = {
        "applied": _to_regions(applied, flow, home, config),
        "farm": _to_regions(layer, flow, home, config),
    }
    for year in years[1:]:
        layers[f"tms{year}"] = _to_regions(rates[year] * spread[f"m{year}"], flow, home, config)
    layers["report"] = tariff_report.report(config, layers, weights, source, means, size, ratio, farm_table, groups)
    layers["report"]["weighted"] = weighted
    return layers


def _countries(config) -> tuple[list[str], pd.Series]:
    home = pd.Series(config.country_region())
    return list(home.index), home


def _mean_tariffs(config, size: pd.Series, source: TariffSource) -> tuple[pd.DataFrame, dict[int, float]]:
    """Mean tariff of importers outside the files: own fact, or GDP-weighted mean of the region's facts."""
    now, name = f"mean{config.year}", of_year(FACTS, "mean_tariffs.csv", config.year)
    facts = read_facts(name, ("iso3", now, f"year{config.year}", "pattern"), ("iso3",)).set_index("iso3")
    ratio, known_means = {}, [f"mean{year}" for year in sorted(source.years)]
    for year in source.years[1:]:
        both = facts[facts[f"mean{year}"].notna() & (facts[now] > 1)]
        ratio[year] = float((both[f"mean{year}"] / both[now]).median())
        facts[f"mean{year}"] = facts[f"mean{year}"].fillna(facts[now] * ratio[year])
    rows = []
    for region in config.reg:
        members = [c for c in config.regions[region] if c not in source.importers]
        known = [c for c in members if c in facts.index]
        weight = size[known]
        for country in members:
            if country in known:
                fact = facts.loc[country]
                rows.append((country, region, *fact[known_means], fact["pattern"], fact["status"]))
            elif known and weight.sum() > 0:
                mean = [float((facts.loc[known, c] * weight).sum() / weight.sum()) for c in known_means]
                rows.append((country, region, *mean, facts.loc[known[0], "pattern"], "assumption"))
            else:
                # only members of a customs union that the files cover (Belgium) and specks of land come here
                rows.append((country, region, *[np.nan] * len(known_means), "developing", "assumption"))
    columns = ["iso3", "region", *known_means, "pattern", "status"]
    return pd.DataFrame(rows, columns=columns).set_index("iso3"), ratio


def _patterns(source: TariffSource, rate: xr.DataArray) -> dict[str, pd.Series]:
    """Tariff by commodity relative to the simple mean over tariff lines, for two kinds of importers."""
    lines = read_facts(FACTS / "line_shares.csv", ("comm", "share"), ("comm",)).set_index("comm")["share"]
    lines = lines.reindex(list(rate.comm.values)) / lines.sum()
    out = {}
    for name, importers in source.patterns.items():
        level = rate.sel(dst=importers, src=[source.rest, "USA", "JPN", "DEU"]).mean("src").to_pandas()
        relative = level / (level.mul(lines, axis=0)).sum()
        mean = relative.mean(axis=1)
        out[name] = mean / (mean * lines).sum()
    return out


def _by_country(
    source: TariffSource, rate: xr.DataArray, countries: list[str], groups: dict, mean: pd.Series, kind: pd.Series
):
    """Spread tariffs of the files (comm, src, dst) over all countries of the benchmark."""
    patterns = _patterns(source, rate)
    sellers = [c if c in source.exporters else source.rest for c in countries]
    reference = union_reference(groups)
    out = np.zeros((rate.sizes["comm"], len(countries), len(countries)))
    for j, country in enumerate(countries):
        stand_in = country if country in source.importers else reference.get(country)
        if stand_in in source.importers:
            out[:, :, j] = rate.sel(dst=stand_in).sel(src=sellers).values
        else:
            own = mean.get(stand_in if stand_in is not None else country, np.nan)
            own = 0.0 if np.isnan(own) else own / 100
            out[:, :, j] = (patterns[kind.get(country, "developing")].to_numpy() * own)[:, None]
    coords = {"comm": rate.comm.values, "src": countries, "dst": countries}
    return xr.DataArray(out, coords=coords, dims=("comm", "src", "dst"))


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
