"""World Bank / KNOMAD matrices of two years around the base year, interpolated pair by pair."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config
from calibration.satellites.names import plain, to_iso
from calibration.satellites.sources import raw_file
from cge.errors import BenchmarkError

# Rows of origins without a name; spread over the named origins of the same host in proportion (assumption).
UNNAMED = {"othernorth", "othersouth"}
WORLD = "world"


@lru_cache(maxsize=8)
def read_matrix(raw: Path, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Read a matrix of the World Bank.

    Parameters
    ----------
    raw : Path
        Folder of raw data.
    name : str
        Excel file, relative to it: origins (or senders) in rows, destinations (or receivers) in columns.

    Returns
    -------
    DataFrame
        ISO3 by ISO3, in the file's unit; unnamed origins spread.
    Series
        ``named`` (cells with both ends a country), ``unnamed`` (cells of an unnamed row with a named column), ``lost``
        (what has an unnamed column, or an unnamed row and no named cell to follow), ``world`` (the file's own total).

    Raises
    ------
    BenchmarkError
        If a name belongs to no country, or the cells do not sum to the file's own total.
    """
    table = pd.read_excel(raw_file(raw, name), header=None)
    head = [plain(v) for v in table.iloc[1]]
    last = next(i for i in range(2, len(table)) if plain(table.iat[i, 0]) == WORLD)
    labels = [str(v) for v in table.iloc[2:last, 0]]
    columns = list(range(1, head.index(WORLD)))
    cells = table.iloc[2:last, columns].apply(pd.to_numeric, errors="coerce").fillna(0.0).to_numpy(float)
    total = float(table.iat[last, head.index(WORLD)])
    if abs(cells.sum() / total - 1) > 1e-3:
        raise BenchmarkError(f"{name}: cells sum to {cells.sum():.0f}, the file's own total is {total:.0f}")
    homes, lost = to_iso(labels, raw)
    hosts, lost_hosts = to_iso([str(table.iat[1, j]) for j in columns], raw)
    if lost or lost_hosts:
        names = ", ".join(sorted({*lost, *lost_hosts}))
        raise BenchmarkError(f"{name}: unknown country names: {names}; add them to facts/country_names.csv")
    known = np.array([h is not None for h in hosts])
    named = np.array([h is not None for h in homes])
    unnamed = np.array([plain(v) in UNNAMED for v in labels])
    frame = pd.DataFrame(cells[named][:, known], [h for h in homes if h], [h for h in hosts if h])
    frame = frame.groupby(level=0).sum().T.groupby(level=0).sum().T
    other = pd.Series(cells[unnamed][:, known].sum(0), [h for h in hosts if h]).groupby(level=0).sum()
    sums = frame.sum()
    spread = (other / sums.where(sums > 0)).fillna(0.0)
    report = pd.Series(
        {
            "named": float(frame.to_numpy().sum()),
            "unnamed": float((spread * sums).sum()),
            "lost": float(cells.sum() - frame.to_numpy().sum() - (spread * sums).sum()),
            WORLD: total,
        }
    )
    return frame * (1 + spread), report


def interpolated_stock(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Migrants of the base year (persons, home in rows, host in columns, ISO3) and what became of the files' cells."""
    (low, first), (high, second) = sorted((int(y), f) for y, f in config.migrants["stock_files"].items())
    weight = between(config.year, low, high)
    (a, report_a), (b, report_b) = read_matrix(raw, first), read_matrix(raw, second)
    return mix(a, b, weight), (1 - weight) * report_a + weight * report_b


def between(year: int, low: int, high: int) -> float:
    """Weight of the later of two years.

    Raises
    ------
    BenchmarkError
        If the base year is not between them.
    """
    if not low <= year <= high:
        raise BenchmarkError(f"base year {year} is not between {low} and {high}; give files around it")
    return (year - low) / (high - low)


def mix(a: pd.DataFrame, b: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Weighted mean of two country matrices; a pair that one of them lacks is nil there."""
    rows, columns = a.index.union(b.index), a.columns.union(b.columns)
    a, b = (m.reindex(index=rows, columns=columns, fill_value=0.0) for m in (a, b))
    return (1 - weight) * a + weight * b
