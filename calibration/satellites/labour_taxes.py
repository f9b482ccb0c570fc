"""Average effective tax on labour: published ratios, or published revenue over the wage bill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config
from calibration.satellites.macro import country_table
from calibration.satellites.sources import facts
from cge.errors import BenchmarkError


def region_rates(config: Config, raw: Path) -> pd.DataFrame:
    """Tax on labour by region, wage-bill-weighted mean of countries.

    A country takes its own row of facts/labour_taxes.csv, else its region's. A published ratio (revenue from
    wages over labour cost, the method of Mendoza, Razin and Tesar 1994) is used as it is; where only revenue
    in per cent of GDP is known, the wage part of income tax plus social contributions is divided by the
    region's wage bill over GDP.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataFrame
        Index reg; columns rate (fraction of labour cost), revenue (million US$), revenue_gdp (share of GDP),
        verified, recalled, assumption (shares of the wage bill behind the rate).
    """
    table, _ = country_table(config, raw)
    rows = facts("labour_taxes", config.year)
    own = rows[rows.kind == "country"].set_index("key")
    default = rows[rows.kind == "region"].set_index("key")
    pit_share = facts("labour_parameters").set_index("name").value.astype(float)["pit_share_of_wages"]
    out = []
    for iso, country in table.iterrows():
        source = own if iso in own.index else default
        key = iso if iso in own.index else country.region
        if key not in source.index:
            raise BenchmarkError(f"facts/labour_taxes.csv has no row for {iso} or its region {key}; add one")
        row = source.loc[key]
        rate = float(row.rate) if row.rate != "" else np.nan
        if np.isnan(rate):
            rate = (pit_share * float(row.pit_gdp) + float(row.ssc_gdp)) / 100 / country.labour_share
        out.append((country.region, country.wages, rate * country.wages, row.status))
    frame = pd.DataFrame(out, columns=["region", "wages", "revenue", "status"])
    sums = frame.groupby("region")[["wages", "revenue"]].sum().reindex(config.reg)
    by_status = frame.pivot_table(index="region", columns="status", values="wages", aggfunc="sum").fillna(0.0)
    by_status = (
        by_status.reindex(config.reg).reindex(columns=["verified", "recalled", "assumption"]).fillna(0.0)
    )
    gdp = table.gdp.groupby(table.region).sum().reindex(config.reg)
    result = pd.DataFrame(
        {"rate": sums.revenue / sums.wages, "revenue": sums.revenue, "revenue_gdp": sums.revenue / gdp}
    ).join(by_status.div(sums.wages, axis=0))
    return result.rename_axis("reg")
