"""The farm-protection layer: price support at the border that ordinary tariffs in the files leave out.

Specific duties, variable levies and quotas on farm products are nearly absent from the tariff files.
The layer adds what producer support estimates say: the nominal protection coefficient of an
importer, NPC = (1 - (1 - m) s) / (1 - s) with s producer support over receipts and m the part of it
that works through prices, applies to the part of imports that competes with supported products::

    layer(c, d) = coverage(c) * max(0, NPC(d) - 1 - applied(c, d))

so that layer and ordinary tariff together do not exceed the published price gap.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from calibration.protection.tables import FactsError, of_year, read_facts

FACTS = Path(__file__).resolve().parent / "facts"


def protection_coefficients(groups: dict[str, dict], year: int) -> pd.Series:
    """Nominal protection coefficient by ISO3, from producer support (``facts/<year>/farm_support.csv``).

    Raises
    ------
    FactsError
        If support is not between 0 and 100% of receipts, or a country is listed twice.
    """
    table = read_facts(of_year(FACTS, "farm_support.csv", year), ("importer", "pse", "price_part"), ("importer",))
    rates: dict[str, float] = {}
    for row in table.itertuples():
        if not 0 <= row.pse < 100 or not 0 <= row.price_part <= 1:
            raise FactsError(
                f"farm_support.csv: {row.importer} needs 0 <= pse < 100 and 0 <= price_part <= 1"
            )
        support = row.pse / 100
        for country in groups.get(row.importer, {}).get("members", [row.importer]):
            if country in rates:
                raise FactsError(f"farm_support.csv: {country} is listed twice (also through a group)")
            rates[country] = (1 - (1 - row.price_part) * support) / (1 - support)
    return pd.Series(rates, name="npc")


def farm_layer(
    applied: xr.DataArray, weights: xr.DataArray, groups: dict[str, dict], preference: xr.DataArray, year: int
):
    """Ad valorem equivalents on top of applied tariffs, by pair of countries.

    Parameters
    ----------
    applied : DataArray (comm, src, dst)
        Applied tariffs of the base year, fraction, countries.
    weights : DataArray (comm, src, dst)
        Trade, million US$.
    groups : dict
    preference : DataArray (comm, src, dst)
        Multiplier of the layer (0 inside a customs union).
    year : int
        Year of the facts.

    Returns
    -------
    layer : DataArray (comm, src, dst)
        Fraction.
    table : DataFrame
        Protection coefficient, mean applied tariff and layer by importer and commodity.
    """
    coverage = read_facts(FACTS / "farm_coverage.csv", ("comm", "coverage"), ("comm",)).set_index("comm")[
        "coverage"
    ]
    npc = protection_coefficients(groups, year)
    layer = xr.zeros_like(applied)
    rows = []
    for country in [c for c in npc.index if c in applied.dst.values]:
        for comm in [c for c in coverage.index if c in applied.comm.values]:
            here = {"comm": comm, "dst": country}
            weight = weights.sel(here) * (preference.sel(here) > 0)
            total = float(weight.sum())
            ordinary = float((applied.sel(here) * weight).sum()) / total if total > 0 else 0.0
            rate = float(coverage[comm]) * max(0.0, float(npc[country]) - 1 - ordinary)
            layer.loc[here] = rate * preference.sel(here)
            rows.append((country, comm, float(npc[country]), ordinary, rate))
    return layer, pd.DataFrame(rows, columns=["importer", "comm", "npc", "ordinary_tariff", "layer"])
