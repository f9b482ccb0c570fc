"""Remittances of earlier migrants: published receipts spread over corridors, capped by migrants' income."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import Config
from calibration.satellites.matrices import between, mix, read_matrix
from calibration.satellites.names import plain, to_iso
from calibration.satellites.sources import facts, raw_file
from cge.benchmark.wages import base_wages
from cge.bring.corridors import cap_and_move
from cge.errors import BenchmarkError

TOTALS = {"total", "world", "totalremittances"}


@lru_cache(maxsize=2)
def matrix_2010(raw: Path) -> pd.DataFrame:
    """World Bank bilateral remittance matrix 2010: million US$, sender in rows, receiver in columns, ISO3.

    The file is latin-1 (its name says mac-roman) with decimal commas; a blank means no estimate.
    Its total row and column and its "other" and "unidentified" ones are dropped (see `lost_2010`).
    """
    return _matrix(raw)[0]


@lru_cache(maxsize=2)
def lost_2010(raw: Path) -> pd.Series:
    """Million US$ of the 2010 file: cells, cells with both ends a country, and the rest."""
    return _matrix(raw)[1]


@lru_cache(maxsize=2)
def _matrix(raw: Path) -> tuple[pd.DataFrame, pd.Series]:
    name = "bilateral_remittances_2010_semicolon_macroman.csv"
    table = pd.read_csv(
        raw_file(raw, f"migrants_remittances/{name}"), sep=";", decimal=",", encoding="latin-1", index_col=0
    )
    table = table.apply(pd.to_numeric, errors="coerce").fillna(0.0)
    is_total = [plain(n) in TOTALS for n in table.index]
    is_total_column = [plain(n) in TOTALS or plain(n).startswith("unnamed") for n in table.columns]
    cells = table.loc[~np.array(is_total), ~np.array(is_total_column)]
    senders, lost = to_iso(list(cells.index), raw)
    receivers, lost_columns = to_iso(list(cells.columns), raw)
    if lost or lost_columns:
        names = ", ".join(sorted({*lost, *lost_columns}))
        raise BenchmarkError(f"{name}: unknown country names: {names}; add them to facts/country_names.csv")
    rows, columns = (np.array([c is not None for c in codes]) for codes in (senders, receivers))
    kept = cells.loc[rows, columns].copy()
    kept.index = [c for c in senders if c]
    kept.columns = [c for c in receivers if c]
    kept = kept.groupby(level=0).sum().T.groupby(level=0).sum().T
    total, inside = cells.to_numpy().sum(), kept.to_numpy().sum()
    return kept, pd.Series({"all cells": total, "both ends a country": inside, "lost": total - inside})


def receipts(config: Config, raw: Path) -> tuple[pd.Series, pd.Series]:
    """Receipts by country in the base year, and how each was found.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    Series
        ISO3; million US$.
    Series
        ISO3; ``verified``, ``recalled``, ``assumption`` or ``scaled``.
    """
    known = facts("remittances_received", config.year)
    known = known[known.year.astype(int) == config.year].set_index("iso")
    if known.empty:
        raise BenchmarkError(
            f"facts/remittances_received.csv has no receipts of {config.year}; add them with sources"
        )
    value, status = known.value.astype(float), known.status.copy()
    region = config.country_region()
    later = matrix_2010(raw).sum()
    later = later[[c for c in later.index if c in region]]
    both = [c for c in later.index if c in value.index]
    ratio = value[both].groupby(region).sum() / later[both].groupby(region).sum()
    for iso in later.index.difference(value.index):
        if later[iso] > 0:
            value[iso] = later[iso] * float(ratio.get(region[iso], value[both].sum() / later[both].sum()))
            status[iso] = "scaled"
    return value, status


def corridors(config: Config, raw: Path) -> tuple[xr.DataArray, dict]:
    """Remittances of the base year by pair, as the configuration's ``migrants.remittances`` says.

    ``receipts``: published receipts spread over senders by the corridor pattern of 2010. ``interpolate``: the
    World Bank's matrices of two years around the base year, interpolated pair by pair.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataArray
        Dimensions home (receiver), host (sender); million US$; diagonal 0.
    dict
        ``remittances_total`` (Series, million US$) and ``remittances_status`` (Series: receipts by status).
    """
    if config.migrants["remittances"] == "interpolate":
        return _interpolated(config, raw)
    value, status = receipts(config, raw)
    pattern = matrix_2010(raw)
    region = config.country_region()
    pattern = pattern.loc[[s for s in pattern.index if s in region]]
    columns = pattern.reindex(columns=value.index).fillna(0.0)
    sums = columns.sum()
    without = value.index[(sums <= 0) & (value > 0)]
    spread = columns / sums.where(sums > 0, 1.0) * value
    # A receiver that the file lacks takes the pattern of its region's other receivers.
    for iso in without:
        same = [c for c in value.index if region.get(c) == region[iso] and sums[c] > 0]
        spread[iso] = columns[same].sum(axis=1) / sums[same].sum() * value[iso]
    flows = _to_regions(config, spread)
    own = float(np.trace(flows.values))
    report = {
        "remittances_total": pd.Series(
            {
                "published receipts": value.sum(),
                "receivers in no region": value[[c for c in value.index if c not in region]].sum(),
                "inside a region (dropped)": own,
                "between regions": float(flows.sum()) - own,
                **{f"matrix 2010, {k}": v for k, v in lost_2010(raw).items()},
                "receivers with the pattern of their region": value[without].sum(),
            },
            name="million US$",
        ),
        "remittances_status": value.groupby(status).sum().rename("million US$"),
        "remittances_checks": _published(config, value),
    }
    np.fill_diagonal(flows.values, 0.0)
    return flows, report


def _to_regions(config: Config, spread: pd.DataFrame) -> xr.DataArray:
    """Sum a matrix of countries (sender in rows, receiver in columns) to regions (home, host)."""
    region = config.country_region()
    frame = spread.T.groupby(region).sum().T.groupby(region).sum()
    frame = frame.reindex(index=config.reg, columns=config.reg).fillna(0.0)
    return xr.DataArray(frame.to_numpy().T.copy(), {"home": config.reg, "host": config.reg}, ("home", "host"))


def interpolated_matrix(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Remittances of the base year (million US$, sender in rows, receiver in columns, ISO3), and the cells' fate."""
    low, (high, name) = 2010, next((int(y), f) for y, f in config.migrants["remittance_files"].items())
    weight = between(config.year, low, high)
    later, report = read_matrix(raw, name)
    lost = lost_2010(raw)
    early = pd.Series({"named": lost["both ends a country"], "unnamed": 0.0, "lost": lost["lost"]})
    early["world"] = lost["all cells"]
    return mix(matrix_2010(raw), later, weight), (1 - weight) * early + weight * report


def _interpolated(config: Config, raw: Path) -> tuple[xr.DataArray, dict]:
    matrix, cells = interpolated_matrix(config, raw)
    region = config.country_region()
    known = matrix.loc[[c for c in matrix.index if c in region], [c for c in matrix.columns if c in region]]
    flows = _to_regions(config, known)
    own = float(np.trace(flows.values))
    report = {
        "remittances_total": pd.Series(
            {
                "published receipts": cells["world"],
                "sender or receiver not a country": cells["lost"],
                "sender or receiver in no region": matrix.to_numpy().sum() - known.to_numpy().sum(),
                "inside a region (dropped)": own,
                "between regions": float(flows.sum()) - own,
            },
            name="million US$",
        ),
        "remittances_cells": cells,
    }
    np.fill_diagonal(flows.values, 0.0)
    return flows, report


def _published(config: Config, value: pd.Series) -> pd.DataFrame:
    """Sums of receipts beside the published orders of magnitude (million US$)."""
    region = config.country_region()
    sender_side = value[[c for c in value.index if region.get(c) in config.importers]].sum()
    table = facts("remittances_world", config.year).set_index("group")[["value", "status"]]
    table.columns = ["published", "status"]
    table["here"] = pd.Series(
        {"all receivers": value.sum(), "developing receivers": value.sum() - sender_side}
    )
    return table.astype({"published": float})


def migrant_income(LAB: xr.DataArray, EVFB: xr.DataArray, EVOS: xr.DataArray, beta: float) -> xr.DataArray:
    """After-tax labour income of earlier migrants.

    Parameters
    ----------
    LAB : DataArray
        Dimensions skill, home, host; thousand workers.
    EVFB, EVOS : DataArray
        Dimensions endw, acts, reg; million US$.
    beta : float
        Share of the pay gap that earlier migrants have closed.

    Returns
    -------
    DataArray
        Dimensions skill, home, host; million US$; diagonal 0.
    """
    skills = LAB.coords["skill"].values
    gross = EVFB.sel(endw=skills).sum("acts").rename(endw="skill")
    net = EVOS.sel(endw=skills).sum("acts").rename(endw="skill")
    wages, efficiency = base_wages(LAB, gross, beta)
    keep = (net / gross).rename(reg="host")
    income = (LAB * efficiency * wages.rename(reg="host") * keep).transpose("skill", "home", "host").copy()
    for k in range(len(skills)):
        np.fill_diagonal(income.values[k], 0.0)
    return income


def remittances(
    config: Config,
    raw: Path,
    LAB: xr.DataArray,
    EVFB: xr.DataArray,
    EVOS: xr.DataArray,
    beta: float,
    cap: float,
) -> tuple[xr.DataArray, dict]:
    """Remittances by skill, home (receiver) and host (sender), at most ``cap`` of after-tax income.

    Within a corridor the skills send in proportion to their after-tax income (assumption).

    Parameters
    ----------
    config : Config
    raw : Path
    LAB, EVFB, EVOS, beta
        As in `migrant_income`.
    cap : float

    Returns
    -------
    DataArray
        Dimensions skill, home, host; million US$; diagonal 0.
    dict
        The report of `corridors` and ``remittances_by_receiver`` (DataFrame: receipts wanted, excess moved,
        unplaced, placed, share of after-tax income; million US$), ``remittances_capped`` (DataFrame of
        corridors), ``migrant_income`` (Series by host, million US$).
    """
    wanted, report = corridors(config, raw)
    income = migrant_income(LAB, EVFB, EVOS, beta)
    pair = income.sum("skill")
    placed, moved, unplaced = cap_and_move(wanted, cap * pair)
    rate = (placed / pair.where(pair > 0)).fillna(0.0)
    receiver = pd.DataFrame(
        {
            "wanted": wanted.sum("host").to_pandas(),
            "moved": moved.to_pandas(),
            "unplaced": unplaced.to_pandas(),
            "placed": placed.sum("host").to_pandas(),
            "share of after-tax income": (placed.sum("host") / pair.sum("host")).to_pandas(),
        }
    )
    before = (wanted / pair.where(pair > 0)).fillna(np.inf).where(wanted > 0, 0.0)
    capped = [
        (
            str(h),
            str(r),
            float(wanted.sel(home=h, host=r)),
            float(placed.sel(home=h, host=r)),
            float(before.sel(home=h, host=r)),
        )
        for h in config.reg
        for r in config.reg
        if float(before.sel(home=h, host=r)) > cap
    ]
    report |= {
        "remittances_by_receiver": receiver,
        "remittances_capped": pd.DataFrame(
            capped, columns=["home", "host", "wanted", "placed", "ratio before"]
        ),
        "migrant_income": pair.sum("home").to_pandas().rename("million US$"),
    }
    return (income * rate).transpose("skill", "home", "host"), report
