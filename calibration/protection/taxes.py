"""Consumption taxes: rates by use whose revenue matches published revenue statistics.

The revenue of taxes on goods and services (value added, sales and excise taxes, without customs) over GDP is a
published fact by country, or read off the input-output table where that has taxes less subsidies on products (2014,
not 1997). How it spreads over uses is an assumption (``facts/tax_pattern.csv``), but for the part that falls on
intermediate use, which the table gives where it has taxes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.tables import FactsError, gdp_weights, of_year, read_facts

FACTS = Path(__file__).resolve().parent / "facts"
USES = ("priv", "firms", "gov", "inv")
# A first guess of the level (revenue over the pattern's own base); scale_to_revenue replaces it.
FIRST_GUESS_BASE = 0.6


def consumption_taxes(config, raw: str | Path, table: pd.DataFrame | None = None) -> dict:
    """Ad valorem tax rates on products by use, before scaling to the revenue of the benchmark.

    Parameters
    ----------
    config : calibration.config.Config
    raw : str or Path
        Folder of raw data (``macro/gdp.csv`` gives the weights of countries in a region).
    table : DataFrame, optional
        Taxes less subsidies on products of the input-output table (`calibration.mrio.table.Mrio`), customs
        included. A country whose taxes are zero there (United States, China, Japan, Indonesia) has a fact.

    Returns
    -------
    dict
        ``priv`` (comm, reg), ``firms`` (comm, acts, reg), ``gov`` (comm, reg), ``inv`` (comm, reg),
        ``output`` (acts, reg): fractions of the flow at basic prices;
        ``target_revenue_share`` (reg): fraction of GDP at market prices; ``report``: dict of tables.
        Output taxes are zero: no source gives them by sector for all regions, and the make matrix of
        the input-output tables is already at basic prices. Export taxes: `calibration.protection.exports`.

    Raises
    ------
    FactsError
        If a region has no country with a published revenue, or a sector has no pattern.

    Notes
    -----
    The level of the rates is provisional; call `scale_to_revenue` with the flows of the benchmark.
    """
    regions = _regional_targets(config, raw, table)
    pattern = read_facts(
        FACTS / "tax_pattern.csv", ("comm", "priv", "gov", "firms_vat"), ("comm",)
    ).set_index("comm")
    lacking = [c for c in config.comm if c not in pattern.index]
    if lacking:
        raise FactsError(
            f"tax_pattern.csv: no row for {', '.join(lacking)}; add the relative rates of these sectors"
        )
    pattern = pattern.loc[config.comm]
    exempt = read_facts(FACTS / "tax_exempt.csv", ("acts", "exempt"), ("acts",)).set_index("acts")["exempt"]
    exempt = _array(exempt.reindex(config.comm).fillna(0.0), "acts")

    target = _array(regions["target_share"], "reg")
    cascading = _array(regions["cascading"], "reg")
    column = {
        name: _array(pattern[name].astype(float), "comm")
        for name in pattern
        if name not in ("source", "status")
    }

    def mixed(name: str) -> xr.DataArray:
        return (1 - cascading) * column[f"{name}_vat"] + cascading * column[f"{name}_cascading"]

    firms = mixed("firms") + (1 - cascading) * column["standard"] * exempt
    level = target / FIRST_GUESS_BASE
    everywhere = xr.ones_like(target)
    reg = list(config.reg)
    zero_output = xr.DataArray(
        np.zeros((len(config.comm), len(reg))), coords={"acts": config.comm, "reg": reg}, dims=("acts", "reg")
    )
    return {
        "priv": (column["priv"] * level * everywhere).transpose("comm", "reg"),
        "firms": (firms * level).transpose("comm", "acts", "reg"),
        "gov": (column["gov"] * level).transpose("comm", "reg"),
        "inv": (mixed("inv") * level).transpose("comm", "reg"),
        "output": zero_output,
        "target_revenue_share": target,
        "firms_share": _array(regions["firms_share"], "reg"),
        "report": {
            "regions": regions.reset_index(),
            "notes": [
                "split of the tax by use and sector: assumption (facts/tax_pattern.csv, tax_exempt.csv)",
                "output taxes less subsidies: zero (assumption)",
            ],
        },
    }


def scale_to_revenue(rates: dict, bases: dict[str, xr.DataArray], gdp: xr.DataArray) -> dict:
    """Scale the rates of each region by one factor, so that revenue meets the published share of GDP.

    Where ``firms_share`` is known, taxes on intermediate use have a factor of their own, which meets it.

    Parameters
    ----------
    rates : dict
        From `consumption_taxes`.
    bases : dict of DataArray
        ``priv`` (comm, reg), ``firms`` (comm, acts, reg), ``gov`` (comm, reg), ``inv`` (comm, reg): value of
        use at basic prices, domestic and imported together, million US$.
    gdp : DataArray (reg)
        GDP at market prices, million US$.

    Returns
    -------
    dict
        The same keys with scaled rates; ``report["scaling"]`` has factor, revenue by use and share of GDP.

    Raises
    ------
    FactsError
        If a base is missing, or a region's revenue at the unscaled rates is not positive.
    """
    lacking = [u for u in USES if u not in bases]
    if lacking:
        raise FactsError(
            f"scale_to_revenue: no base {', '.join(lacking)}; give flows at basic prices for {USES}"
        )
    revenue = {}
    for use in USES:
        value = rates[use] * bases[use]
        revenue[use] = value.sum([d for d in value.dims if d != "reg"])
    total = sum(revenue.values())
    wanted = rates["target_revenue_share"] * gdp
    for region in wanted.reg.values:
        if not float(total.sel(reg=region)) > 0:
            raise FactsError(f"scale_to_revenue: no taxed use in {region}; check the flows of that region")
    share = rates["firms_share"].sel(reg=wanted.reg)
    known = share.notnull()
    on_firms = xr.where(known, wanted * share / revenue["firms"], wanted / total)
    factor = xr.where(known, wanted * (1 - share) / (total - revenue["firms"]), wanted / total)
    factors = {use: on_firms if use == "firms" else factor for use in USES}
    scaled = dict(rates)
    for use in USES:
        scaled[use] = (rates[use] * factors[use]).transpose(*rates[use].dims)
    order = list(wanted.reg.values)
    table = pd.DataFrame({"factor": factor.sel(reg=order).values}, index=pd.Index(order, name="reg"))
    for use in USES:
        table[f"revenue_{use}"] = (revenue[use] * factors[use]).sel(reg=order).values
    table["gdp"] = gdp.sel(reg=order).values
    table["share_of_gdp"] = table[[f"revenue_{u}" for u in USES]].sum(axis=1) / table["gdp"]
    table["highest_priv_rate"] = scaled["priv"].max("comm").sel(reg=order).values
    scaled["report"] = {**rates["report"], "scaling": table.reset_index()}
    return scaled


def _country_taxes(config, table: pd.DataFrame | None) -> pd.DataFrame:
    """Taxes on products by country: share (% of GDP), cascading, status, firms_share (not a number without a table)."""
    needed = ("iso3", "year", "value", "factor", "customs", "added", "cascading")
    path = of_year(FACTS, "consumption_tax_revenue.csv", config.year)
    facts = read_facts(path, needed, ("iso3",)).set_index("iso3")
    facts["share"] = facts["value"] * facts["factor"] - facts["customs"] + facts["added"]
    facts = facts[["share", "cascading", "status"]].assign(firms_share=np.nan)
    if table is None:
        return facts
    more = read_facts(of_year(FACTS, "table_taxes.csv", config.year), ("iso3", "customs", "cascading"), ("iso3",))
    more = more.set_index("iso3")
    revenue = table.drop(columns="gdp").sum(axis=1)
    taxed = revenue.index[revenue.abs() > 1e-3 * table.gdp]
    lacking, twice = taxed.difference(more.index), taxed.intersection(facts.index)
    if len(lacking) or len(twice):
        raise FactsError(
            f"table_taxes.csv: needs a row for {', '.join(lacking) or '-'}; consumption_tax_revenue.csv must not have "
            f"{', '.join(twice) or '-'}, whose taxes the input-output table gives"
        )
    found = pd.DataFrame(
        {
            "share": 100 * revenue[taxed] / table.gdp[taxed] - more.customs[taxed],
            "cascading": more.cascading[taxed],
            "status": "verified",
            "firms_share": table.firms[taxed] / revenue[taxed],
        }
    )
    return pd.concat([facts, found])


def _regional_targets(config, raw: str | Path, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Revenue over GDP by region: GDP-weighted mean over the countries that have a fact."""
    facts = _country_taxes(config, table)
    gdp = gdp_weights(
        raw, config.year, read_facts(of_year(FACTS, "gdp_extra.csv", config.year), ("iso3", "gdp_million"), ("iso3",))
    )
    rows = []
    for region in config.reg:
        known = [c for c in config.regions[region] if c in gdp.index]
        with_fact = [c for c in known if c in facts.index]
        if not with_fact:
            raise FactsError(
                f"consumption_tax_revenue.csv: no country of {region} is listed; add one of its countries"
            )
        weight = gdp[with_fact]
        verified = [c for c in with_fact if facts.at[c, "status"] == "verified"]
        split = [c for c in with_fact if not np.isnan(facts.at[c, "firms_share"])]
        taxes = (facts.share * gdp.reindex(facts.index))[split]
        # The split of the table holds for a region of which it covers half.
        enough = gdp[split].sum() > 0.5 * gdp[known].sum()
        rows.append(
            {
                "reg": region,
                "target_share": float((facts.loc[with_fact, "share"] * weight).sum() / weight.sum()) / 100,
                "cascading": float((facts.loc[with_fact, "cascading"] * weight).sum() / weight.sum()),
                "firms_share": float((facts.firms_share[split] * taxes).sum() / taxes.sum()) if enough else np.nan,
                "countries_with_fact": len(with_fact),
                "gdp_covered": float(weight.sum() / gdp[known].sum()),
                "gdp_verified": float(gdp[verified].sum() / gdp[known].sum()),
            }
        )
    return pd.DataFrame(rows).set_index("reg")


def _array(series: pd.Series, dim: str) -> xr.DataArray:
    return xr.DataArray(series.to_numpy(float), coords={dim: list(series.index)}, dims=(dim,))
