"""Macro totals of regions and of the parts of the rest of the world, in current US dollars.

Concept: nominal GDP at market prices in national currency over the exchange rate, from the Penn World
Table 10.01 (Feenstra, Inklaar, Timmer 2015, American Economic Review 105(10)), where it is the product
``cgdpo * pl_gdpo``; the World Development Indicators fill the countries that the table lacks. The
expenditure shares of the table are volumes at purchasing-power parity; each is multiplied by its own
price level (``pl_c``, ``pl_g``, ``pl_i``, ``pl_x``, ``pl_m``) to get the nominal flow. The capital stock is
``cn * pl_n``, the stock at current replacement cost in US dollars, and depreciation ``delta`` times it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config, ConfigError
from calibration.satellites.sources import facts, penn_world_table, world_bank

FLOWS = ("gdp", "pop", "emp", "wages", "dep", "vkb", "cons", "gov", "inv", "exports", "imports")
USUAL_DEPRECIATION = (0.08, 0.15)  # share of GDP; outside it a region is flagged, not changed
# Published facts that the tables must reproduce (Penn World Table 1997; million US$, thousand workers).
KNOWN_1997 = {
    "world GDP, bn US$": 31_500.0,
    "importers' wage bill, bn US$": 14_200.0,
    "importers' employment, million": 390.0,
    "importers' labour income per worker, US$": 36_300.0,
    "exporters' labour income per worker, US$": 1_950.0,
}


@dataclass(frozen=True)
class MacroTargets:
    """Macro totals.

    Attributes
    ----------
    regions, parts : DataFrame
        Index: region, or part of the rest of the world. Columns: gdp (million US$, market prices), pop
        (million), emp (thousand), labour_share (of GDP), labour_share_imputed (share of workers), dep, vkb
        (million US$), cons_share, gov_share, inv_share (of GDP), exports, imports (million US$, goods only,
        gross of trade inside the aggregate), balance (million US$, net exports of goods and services).
    countries : DataFrame
        The same by country, before aggregation, with the column ``source``.
    """

    regions: pd.DataFrame
    parts: pd.DataFrame
    countries: pd.DataFrame


def macro_targets(config: Config, raw: Path) -> tuple[MacroTargets, dict]:
    """Macro totals by region and by part of the rest of the world.

    Parameters
    ----------
    config : Config
    raw : Path
        Folder of raw data.

    Returns
    -------
    MacroTargets
    dict
        ``imputed`` (DataFrame: country, variable, how), ``checks`` (DataFrame: published against computed)
        and ``plausibility`` (DataFrame by region: capital-output ratio, depreciation over GDP, PWT over WDI).
    """
    table, imputed = country_table(config, raw)
    regions = aggregate(table, config.country_region(), config.reg, "reg")
    parts = aggregate(table, config.country_part(), list(config.row_parts), "part")
    report = {
        "imputed": imputed,
        "checks": _checks(config, regions),
        "plausibility": pd.DataFrame(
            {
                "capital_output": regions.vkb / regions.gdp,
                "depreciation_share": regions.dep / regions.gdp,
                "depreciation_usual": (regions.dep / regions.gdp).between(*USUAL_DEPRECIATION),
                "gdp_pwt_over_wdi": _pwt_over_wdi(table, config),
                "labour_share": regions.labour_share,
                "labour_share_imputed": regions.labour_share_imputed,
            }
        ),
    }
    return MacroTargets(regions, parts, table), report


def country_table(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flows by country, gaps filled, and the list of what was filled and how.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataFrame
        Index ISO3; columns of `FLOWS` (million US$; pop million; emp thousand), ``labour_share``,
        ``imputed_share`` (bool), ``gdp_wdi``, ``region`` and ``source``.
    DataFrame
        Columns country, region, variable, how.
    """
    pwt = penn_world_table(raw, config.year)
    gdp_wdi = world_bank(raw, "gdp", config.year) / 1e6
    pop_wdi = world_bank(raw, "population", config.year) / 1e6
    index = pd.Index(list(config.country_region()), name="iso")
    p = pwt.reindex(index)
    nominal = p["cgdpo"]
    out = pd.DataFrame(
        {
            "region": pd.Series(config.country_region()),
            "gdp": nominal * p["pl_gdpo"],
            "pop": p["pop"],
            "emp": p["emp"] * 1e3,
            "labour_share": p["labsh"],
            "vkb": p["cn"] * p["pl_n"],
            "dep": p["delta"] * p["cn"] * p["pl_n"],
            "cons": p["csh_c"] * nominal * p["pl_c"],
            "gov": p["csh_g"] * nominal * p["pl_g"],
            "inv": p["csh_i"] * nominal * p["pl_i"],
            "exports": p["csh_x"] * nominal * p["pl_x"],
            "imports": -p["csh_m"] * nominal * p["pl_m"],
            "gdp_wdi": gdp_wdi.reindex(index),
        },
        index=index,
    )
    out["source"] = np.where(out.gdp.notna(), "PWT", "")
    log: list[tuple[str, str, str]] = []
    # Kosovo is inside Serbia in the Penn World Table; a second count from the World Bank would double it.
    inside = {"XKX"} if "SRB" in out.index and out.gdp.get("SRB", np.nan) > 0 else set()
    _fill(out, "gdp", gdp_wdi, "WDI", log, inside)
    _fill(out, "pop", pop_wdi, "WDI", log, inside)
    for row in facts("macro_gaps", config.year).itertuples():
        if row.iso in out.index and np.isnan(out.at[row.iso, row.variable]):
            out.at[row.iso, row.variable] = float(row.value)
            out.at[row.iso, "source"] = row.status
            log.append((row.iso, row.variable, f"{row.status}: {row.source}"))
    for iso in inside & set(out.index):
        log.append((iso, "all", "counted in SRB"))
    empty = out.gdp.isna() & out["pop"].isna() & ~out.index.isin(list(inside))
    left_out = "no published total: left out (territory, often counted in its mother country)"
    log += [(iso, "all", left_out) for iso in out.index[empty]]
    out = out[~(out.gdp.isna() & out["pop"].isna())].copy()
    _fill_ratios(out, log)
    _replace_capital(out, log, config.year)
    _fill_labour_share(out, log)
    out["wages"] = out.gdp * out.labour_share
    imputed = pd.DataFrame(log, columns=["country", "variable", "how"])
    imputed = imputed.groupby(["country", "how"], sort=False)["variable"].agg(" ".join).reset_index()
    imputed = imputed[["country", "variable", "how"]]
    imputed.insert(1, "region", imputed.country.map(config.country_region()))
    return out, imputed


def price_levels(config: Config, raw: Path) -> tuple[pd.Series, pd.DataFrame]:
    """Price level of household consumption by region, of the base year.

    ``pl_c`` of the Penn World Table: nominal consumption in US dollars at the market exchange rate over its volume
    at purchasing-power parity. A region's is the total of the one over the total of the other, as the table makes a
    country's. Countries that the table lacks are in neither total: they have the level of their region.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    Series
        Index: region. United States = 1 (the table's own unit is the price level of 2017).
    DataFrame
        Countries without a price level and consumption above zero: country, region, share (of the region's
        consumption).

    Raises
    ------
    ConfigError
        A region none of whose countries has a price level.
    """
    pwt = penn_world_table(raw, config.year)
    region = pd.Series(config.country_region())
    p = pwt.reindex(region.index)
    volume = (p["csh_c"] * p["cgdpo"]).where(p["pl_c"] > 0)
    sums = pd.DataFrame({"nominal": volume * p["pl_c"], "volume": volume}).groupby(region).sum().reindex(config.reg)
    if none := [r for r in config.reg if not sums.volume[r] > 0]:
        raise ConfigError(f"no country of {', '.join(none)} has a price level (pl_c) in the Penn World Table of "
                          f"{config.year}; put the region together with another")
    table, _ = country_table(config, raw)
    lacking = table[volume.reindex(table.index).isna() & (table.cons > 0)]
    share = lacking.cons / lacking.region.map(table.groupby("region").cons.sum())
    report = pd.DataFrame({"country": lacking.index, "region": lacking.region.values, "share": share.values})
    return (sums.nominal / sums.volume / pwt["pl_c"]["USA"]).rename_axis("reg"), report


def _fill(out: pd.DataFrame, column: str, values: pd.Series, name: str, log: list, skip: set[str]) -> None:
    for iso in out.index[out[column].isna()]:
        if iso in values.index and np.isfinite(values[iso]) and iso not in skip:
            out.at[iso, column] = values[iso]
            log.append((iso, column, f"{name} (not in the Penn World Table)"))
            if column == "gdp":
                out.at[iso, "source"] = name


def _fill_ratios(out: pd.DataFrame, log: list) -> None:
    """Missing flows from the region's own mean ratio to population (GDP, employment) or to GDP (the rest)."""
    spending = ("vkb", "dep", "cons", "gov", "inv", "exports", "imports")
    for column, base in (("gdp", "pop"), ("emp", "pop"), *((c, "gdp") for c in spending)):
        known = out[column].notna() & out[base].notna()
        sums = out[known].groupby("region")[[column, base]].sum()
        ratio = sums[column] / sums[base]
        for iso in out.index[out[column].isna() & out[base].notna()]:
            out.at[iso, column] = out.at[iso, base] * ratio[out.at[iso, "region"]]
            log.append((iso, column, f"assumption: the region's mean ratio to {base}"))


def _replace_capital(out: pd.DataFrame, log: list, year: int) -> None:
    """Give regions in facts/capital_rules.csv another region's capital-output ratio."""
    for rule in facts("capital_rules", year).itertuples():
        like, here = out[out.region == rule.like], out.region == rule.region
        ratio = like.vkb.sum() / like.gdp.sum()
        new = out.gdp[here] * ratio
        out.loc[here, "dep"] = out.dep[here] / out.vkb[here] * new
        out.loc[here, "vkb"] = new
        log += [
            (iso, "vkb dep", f"assumption: capital-output ratio {ratio:.2f} of {rule.like}")
            for iso in out.index[here]
        ]


def _fill_labour_share(out: pd.DataFrame, log: list) -> None:
    """Missing labour shares: GDP-weighted mean of the region's known ones, or of a named pool."""
    pools = facts("labour_share_pools").set_index("region")["pool"].str.split()
    known = out.labour_share.notna()
    out["imputed_share"] = ~known
    for region, group in out.groupby("region"):
        pool = [c for c in pools.get(region, list(group.index)) if c in out.index and known[c]]
        if not known.loc[group.index].all():
            share = np.average(out.loc[pool, "labour_share"], weights=out.loc[pool, "gdp"])
            for iso in group.index[~known.loc[group.index]]:
                out.at[iso, "labour_share"] = share
                log.append(
                    (iso, "labour_share", f"assumption: {share:.3f}, GDP-weighted mean of {' '.join(pool)}")
                )


def aggregate(table: pd.DataFrame, groups: dict[str, str], order: list[str], name: str) -> pd.DataFrame:
    """Sum countries to groups and form the shares.

    Parameters
    ----------
    table : DataFrame
        As `country_table` returns it.
    groups : dict of str to str
        ISO3 -> group; other countries are left out.
    order : list of str
    name : str
        Name of the index.

    Returns
    -------
    DataFrame
        Columns as in `MacroTargets`.
    """
    member = table.index.map(groups)
    sums = table.groupby(member)[list(FLOWS)].sum().reindex(order)
    imputed = (table.emp * table.imputed_share).groupby(member).sum().reindex(order)
    out = pd.DataFrame(
        {
            "gdp": sums.gdp,
            "pop": sums["pop"],
            "emp": sums.emp,
            "labour_share": sums.wages / sums.gdp,
            "labour_share_imputed": imputed / sums.emp,
            "dep": sums.dep,
            "vkb": sums.vkb,
            "cons_share": sums.cons / sums.gdp,
            "gov_share": sums.gov / sums.gdp,
            "inv_share": sums.inv / sums.gdp,
            "exports": sums.exports,
            "imports": sums.imports,
            "balance": sums.gdp - sums.cons - sums.gov - sums.inv,
        }
    )
    out.index.name = name
    return out


def _pwt_over_wdi(table: pd.DataFrame, config: Config) -> pd.Series:
    both = table[(table.source == "PWT") & table.gdp_wdi.notna()]
    sums = both.groupby("region")[["gdp", "gdp_wdi"]].sum().reindex(config.reg)
    return sums.gdp / sums.gdp_wdi


def _checks(config: Config, regions: pd.DataFrame) -> pd.DataFrame:
    wages = regions.gdp * regions.labour_share
    m, x = list(config.importers), list(config.exporters)
    computed = {
        "world GDP, bn US$": regions.gdp.sum() / 1e3,
        "importers' wage bill, bn US$": wages[m].sum() / 1e3,
        "importers' employment, million": regions.emp[m].sum() / 1e3,
        "importers' labour income per worker, US$": wages[m].sum() / regions.emp[m].sum() * 1e3,
        "exporters' labour income per worker, US$": wages[x].sum() / regions.emp[x].sum() * 1e3,
    }
    known = KNOWN_1997 if config.year == 1997 else {}
    rows = [(k, known.get(k, np.nan), v, v / known[k] if k in known else np.nan) for k, v in computed.items()]
    return pd.DataFrame(rows, columns=["check", "published", "computed", "ratio"]).set_index("check")
