"""Export taxes: textile quotas as export taxes that their exporters keep, and ordinary export taxes.

The importers of the multi-fibre quotas let exporters hand out the licences, so that the scarcity rent stayed with
the exporter: exactly what an export tax does. Ordinary export taxes have published revenue by country.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.blocs import read_groups
from calibration.protection.tables import FactsError, gdp_weights, of_year, read_facts

FACTS = Path(__file__).resolve().parent / "facts"
TEXTILES = "Tex"
TRADE = ("trade_textiles", "trade_clothing", "trade_leather")


def export_tax_layers(config, raw: str | Path, trade: xr.DataArray) -> dict:
    """Ad valorem export taxes in two layers.

    Parameters
    ----------
    config : calibration.config.Config
    raw : str or Path
        Folder of raw data; ``macro/gdp.csv`` turns shares of GDP into revenue.
    trade : DataArray (comm, src, dst)
        Exports at fob prices (export tax included), million US$.

    Returns
    -------
    dict
        ``quota`` (comm, src, dst): fraction of the basic price; ``ordinary``: fraction of the value with the
        licence; ``rate``: both, (1 + quota)(1 + ordinary) - 1 = VFOB/VXSB - 1.
        ``report``: ``quota`` (exporter, importer, rate, share of the trade weights whose rates are recalled),
        ``ordinary`` (exporter, commodity, revenue in million US$, part verified, rate).

    Raises
    ------
    FactsError
        If a fact names an unknown country, importer or commodity, a rate is negative, or a revenue exceeds
        the exports that pay it.
    """
    quota, quotas = textile_quotas(config, trade)
    ordinary, taxes = ordinary_taxes(config, raw, trade)
    return {
        "quota": quota,
        "ordinary": ordinary,
        "rate": quota + ordinary + quota * ordinary,
        "report": {"quota": quotas, "ordinary": taxes},
    }


def textile_quotas(config, trade: xr.DataArray) -> tuple[xr.DataArray, pd.DataFrame]:
    """Export-tax equivalents of the textile quotas (comm, src, dst), fractions of the basic price.

    The rate of a region is that of its whole sector: exports at fob over exports at basic prices, less one, with
    leather and footwear and countries without quotas among the exports.
    """
    if TEXTILES not in config.goods:
        raise FactsError(f"textile_quotas.csv: {config.name} has no sector {TEXTILES}; name it so, or drop the layer")
    rates = ("textiles", "clothing")
    path = of_year(FACTS, "textile_quotas.csv", config.year)
    facts = read_facts(path, ("exporter", "importer", *rates, *TRADE), ("exporter", "importer"))
    if (facts[[*rates, *TRADE]] < 0).any(axis=None):
        row = facts[(facts[[*rates, *TRADE]] < 0).any(axis=1)].iloc[0]
        raise FactsError(f"textile_quotas.csv: {row.exporter} to {row.importer} has a negative number")
    facts = facts.assign(src=[_region(config, c, "textile_quotas.csv") for c in facts.exporter])
    facts["fob"] = facts[list(TRADE)].sum(axis=1)
    facts["basic"] = (
        facts.trade_textiles / (1 + facts.textiles / 100)
        + facts.trade_clothing / (1 + facts.clothing / 100)
        + facts.trade_leather
    )
    facts["recalled"] = facts.fob.where(facts.status != "assumption", 0.0)
    sums = facts.groupby(["src", "importer"], sort=False)[["fob", "basic", "recalled"]].sum()
    out = _zeros(trade)
    rows = []
    for (src, importer), s in sums.iterrows():
        rate = s.fob / s.basic - 1
        for dst in _importers(config, importer):
            out.loc[TEXTILES, src, dst] = rate
        rows.append((src, importer, rate, s.recalled / s.fob))
    return out, pd.DataFrame(rows, columns=["reg", "importer", "rate", "recalled"])


def ordinary_taxes(config, raw: str | Path, trade: xr.DataArray) -> tuple[xr.DataArray, pd.DataFrame]:
    """Ordinary export taxes (comm, src, dst), one rate per commodity and exporter, from published revenue."""
    facts = read_facts(
        of_year(FACTS, "export_taxes.csv", config.year),
        ("iso3", "year", "share_of_tax", "tax_of_gdp", "gdp_factor", "comm"),
        ("iso3", "comm"),
    )
    odd = sorted(set(facts.comm) - set(config.goods))
    if odd:
        raise FactsError(f"export_taxes.csv: {', '.join(odd)} is no good of {config.name}; name one of its goods")
    gdp = gdp_weights(raw, config.year)
    unknown = [c for c in facts.iso3 if c not in gdp.index]
    if unknown:
        raise FactsError(f"macro/gdp.csv has no GDP of {config.year} for {', '.join(unknown)}; export taxes need it")
    facts = facts.assign(reg=[_region(config, c, "export_taxes.csv") for c in facts.iso3])
    facts["revenue"] = (
        facts.share_of_tax / 100 * facts.tax_of_gdp / 100 * facts.gdp_factor * gdp[facts.iso3].to_numpy()
    )
    facts["verified"] = facts.revenue.where(facts.status == "verified", 0.0)
    sums = facts.groupby(["reg", "comm"], sort=False)[["revenue", "verified"]].sum()
    sums = sums[sums.revenue > 0]
    out = _zeros(trade)
    rows = []
    for (src, comm), s in sums.iterrows():
        exports = float(trade.sel(comm=comm, src=src).sum())
        if not s.revenue < exports:
            raise FactsError(
                f"export_taxes.csv: {s.revenue:.0f} million of tax on {comm} from {src}, which exports only "
                f"{exports:.0f} million; check the revenue or name another commodity"
            )
        out.loc[comm, src, :] = s.revenue / (exports - s.revenue)
        rows.append((src, comm, s.revenue, s.verified / s.revenue, s.revenue / (exports - s.revenue)))
    return out, pd.DataFrame(rows, columns=["reg", "comm", "revenue", "verified", "rate"])


def _importers(config, importer: str) -> list[str]:
    """Regions that a row's importer stands for: a country's region, or every region of a group."""
    groups = read_groups(of_year(FACTS, "groups.toml", config.year))
    members = set(groups[importer]["members"]) if importer in groups else {importer}
    found = [r for r in config.reg if set(config.regions[r]) & members]
    mixed = [r for r in found if not set(config.regions[r]) <= members]
    if not found or mixed:
        where = f"region {mixed[0]} mixes it with others" if mixed else "no region has it"
        raise FactsError(f"textile_quotas.csv: importer {importer}: {where}; give rates for whole regions")
    return found


def _region(config, country: str, name: str) -> str:
    for region, countries in config.regions.items():
        if country in countries:
            return region
    raise FactsError(f"{name}: {country} is in no region of {config.name}; use its ISO3 code, or drop the row")


def _zeros(trade: xr.DataArray) -> xr.DataArray:
    like = trade.transpose("comm", "src", "dst").astype(float)
    return like.copy(data=np.zeros(like.shape))
