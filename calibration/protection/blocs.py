"""Groups of countries, and rules (phase-in, preferences) spread over pairs of countries."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.tables import STATUS, FactsError

KINDS = ("industrial", "farm")


def read_groups(path: str | Path) -> dict[str, dict]:
    """Read named groups of countries (``members``, perhaps ``reference``) with source and status.

    ``reference`` is the country whose external tariff stands for every member's.

    Raises
    ------
    FactsError
        If a group has no members, source or known status.
    """
    with Path(path).open("rb") as handle:
        groups = tomllib.load(handle)
    for name, group in groups.items():
        if not group.get("members") or not group.get("source") or group.get("status") not in STATUS:
            raise FactsError(f"groups.toml: {name} needs members, source and a status of {', '.join(STATUS)}")
    return groups


def union_reference(groups: dict[str, dict]) -> dict[str, str]:
    """Country -> the country whose external tariff stands for its customs union (where one is named)."""
    return {m: g["reference"] for g in groups.values() if "reference" in g for m in g["members"]}


def pair_rule(
    rules: pd.DataFrame,
    column: str,
    groups: dict[str, dict],
    kinds: dict[str, str],
    countries: list[str],
    start: float,
    multiply: bool,
    dim: str,
) -> xr.DataArray:
    """Spread rules over pairs of countries.

    Parameters
    ----------
    rules : DataFrame
        Columns ``importer``, ``exporter`` (ISO3, group, ``*``), ``goods`` (industrial, farm, all), `column`.
    column : str
        Column of values.
    groups : dict
        From `read_groups`.
    kinds : dict of str to str
        Label along `dim` -> ``industrial`` or ``farm``.
    countries : list of str
    start : float
        Value before any rule.
    multiply : bool
        Matching rules multiply; otherwise a later rule replaces an earlier one.
    dim : str
        Name of the dimension of goods.

    Returns
    -------
    DataArray (dim, src, dst)

    Raises
    ------
    FactsError
        If a rule names an unknown country or group, or another kind of goods.
    """
    labels = list(kinds)
    values = np.full((len(labels), len(countries), len(countries)), float(start))
    place = {c: i for i, c in enumerate(countries)}
    known = {m for g in groups.values() for m in g["members"]}

    def members(name: str) -> list[int]:
        if name == "*":
            return list(range(len(countries)))
        if name in groups:
            return [place[m] for m in groups[name]["members"] if m in place]
        if name in place:
            return [place[name]]
        if name in known:
            return []
        raise FactsError(f"rule for {name!r}: neither a country of the benchmark nor a group of groups.toml")

    for row in rules.itertuples():
        if row.goods not in (*KINDS, "all"):
            raise FactsError(
                f"rule {row.importer} <- {row.exporter}: goods must be all, {' or '.join(KINDS)}"
            )
        goods = [i for i, label in enumerate(labels) if row.goods in ("all", kinds[label])]
        cells = np.ix_(goods, members(row.exporter), members(row.importer))
        value = getattr(row, column)
        values[cells] = values[cells] * value if multiply else value
    return xr.DataArray(
        values, coords={dim: labels, "src": countries, "dst": countries}, dims=(dim, "src", "dst")
    )
