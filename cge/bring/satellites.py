"""Readers of the files beside the table: long CSV files over sectors, regions and skills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cge.bring.settings import Settings, first_line, refuse_separator
from cge.errors import BenchmarkError, short

Labels = dict[str, Sequence[str]]


def read_long(
    settings: Settings, name: str, keys: dict[str, bool], values: dict[str, bool], legal: Labels
) -> pd.DataFrame:
    """Read a satellite file.

    Parameters
    ----------
    settings : Settings
    name : str
        Key of [files].
    keys : dict of str to bool
        Columns that name the cell, and whether each must be there; an optional one that is absent holds ``"*"``.
    values : dict of str to bool
        Columns of numbers, and whether each must be there.
    legal : dict of str to sequence of str
        Labels that each key may hold; ``"*"`` (all) is always legal.

    Returns
    -------
    DataFrame
        The key columns, the values given (float64), and ``line``.

    Raises
    ------
    BenchmarkError
        Another column, an unknown label, a cell given twice, or text in a number; with file, line and repair.
    """
    path = settings.file(name)
    assert path is not None
    try:
        refuse_separator(path, first_line(path))
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError) as error:
        raise BenchmarkError(
            f"{path}: {str(error).strip()}; the file has the columns {', '.join((*keys, *values))}"
        ) from None
    stray = [c for c in frame.columns if c not in keys and c not in values and c != "source"]
    lacking = [c for c, must in (*keys.items(), *values.items()) if must and c not in frame.columns]
    if stray or lacking or not any(v in frame.columns for v in values):
        what = f"unknown column {short(stray[0])!r}" if stray else f"no column {', '.join(lacking or values)}"
        raise BenchmarkError(f"{path}: {what}; the columns of {name} are {', '.join((*keys, *values))}")
    frame["line"] = np.arange(2, len(frame) + 2)
    for key in keys:
        if key not in frame.columns:
            frame[key] = "*"
        known = {*legal[key], "*"}
        bad = ~frame[key].isin(known)
        if bad.any():
            row = frame[bad].iloc[0]
            have = list(legal[key])
            more = f" and {len(have) - 12} more" if len(have) > 12 else ""
            raise BenchmarkError(
                f"{path}, line {row.line}: {key} {short(row[key])!r} is neither a label of the benchmark nor of "
                f"the table ({', '.join(have[:12])}{more}); correct it, or take the line out"
            )
    twice = frame.duplicated(subset=list(keys))
    if twice.any():
        row = frame[twice].iloc[0]
        raise BenchmarkError(
            f"{path}, line {row.line}: {', '.join(str(row[k]) for k in keys)} is given twice; keep one line"
        )
    for value in values:
        if value in frame.columns:
            number = pd.to_numeric(frame[value], errors="coerce")
            bad = ~np.isfinite(number)
            if bad.any():
                row = frame[bad].iloc[0]
                raise BenchmarkError(
                    f"{path}, line {row.line}: {value} {short(row[value])!r} is not a number; write one"
                )
            frame[value] = number.astype(float)
    return frame


def between(
    settings: Settings, name: str, frame: pd.DataFrame, column: str, low: float, high: float, repair: str = "correct it"
) -> None:
    """Refuse a number out of range, by file and line; `repair` ends the message."""
    bad = ~frame[column].between(low, high)
    if bad.any():
        row = frame[bad].iloc[0]
        raise BenchmarkError(
            f"{settings.file(name)}, line {row.line}: {column} {row[column]:g} is not between {low:g} and "
            f"{high:g}; {repair}"
        )


def by_sector_region(
    settings: Settings,
    name: str,
    columns: Sequence[str],
    start: dict[str, np.ndarray],
    sectors: Sequence[str],
    regions: Sequence[str],
    high: float = 1.0,
) -> dict[str, np.ndarray]:
    """Arrays (sector, reg) of a file over sectors and regions laid over `start`; lines with fewer ``*`` win."""
    frame = read_long(
        settings,
        name,
        {"sector": False, "reg": False},
        dict.fromkeys(columns, False),
        {"sector": sectors, "reg": regions},
    )
    out = {c: start[c].copy() for c in columns}
    frame["stars"] = (frame["sector"] == "*").astype(int) * 2 + (frame["reg"] == "*")
    for row in frame.sort_values("stars", ascending=False, kind="stable").itertuples():
        i = slice(None) if row.sector == "*" else list(sectors).index(row.sector)
        j = slice(None) if row.reg == "*" else list(regions).index(row.reg)
        for c in columns:
            if c in frame.columns:
                out[c][i, j] = getattr(row, c)
    for c in columns:
        if c in frame.columns:
            between(settings, name, frame, c, 0.0, high)
    return out


def by_region(
    settings: Settings, name: str, columns: dict[str, bool], regions: dict[str, list[str]]
) -> dict[str, np.ndarray]:
    """Sums over countries or values of regions (reg) from a file with a column ``reg``; every region must be covered.

    The labels are either all regions or all countries of the table; countries are added up.
    """
    frame, direct = labelled(settings, name, columns, regions)
    members = {c: r for r, some in regions.items() for c in some}
    group = frame["reg"] if direct else frame["reg"].map(members)
    total = frame.groupby(group)[[c for c in columns if c in frame.columns]].sum()
    return {c: total[c].reindex(list(regions)).to_numpy() for c in total.columns}


def labelled(
    settings: Settings, name: str, columns: dict[str, bool], regions: dict[str, list[str]]
) -> tuple[pd.DataFrame, bool]:
    """Lines of a file with a column ``reg`` that covers all regions, or all countries, and whether they are regions.

    Raises
    ------
    BenchmarkError
        ``*``, regions and countries mixed, one without a line.
    """
    members = {c: r for r, some in regions.items() for c in some}
    frame = read_long(settings, name, {"reg": True}, columns, {"reg": [*regions, *members]})
    path = settings.file(name)
    if (frame["reg"] == "*").any():
        raise BenchmarkError(f"{path}: reg * has no meaning here; write one line for each region")
    direct = frame["reg"].isin(list(regions)).all()
    group = frame["reg"] if direct else frame["reg"].map(members)
    if group.isna().any():
        row = frame[group.isna()].iloc[0]
        raise BenchmarkError(
            f"{path}, line {row.line}: {row.reg} is a region and other lines are countries; write all lines in "
            "regions or all in countries"
        )
    covered = set(frame["reg"])
    wanted = list(regions) if direct else [c for r in regions for c in regions[r]]
    lacking = [w for w in wanted if w not in covered]
    if lacking:
        raise BenchmarkError(f"{path}: no line for {lacking[0]} ({len(lacking)} such); add it")
    return frame, bool(direct)


def pairs(
    settings: Settings, name: str, values: Sequence[str], regions: dict[str, list[str]], skills: Sequence[str]
) -> tuple[pd.DataFrame, str]:
    """Lines of a file over home, host and, where given, skill; homes and hosts as regions.

    Returns
    -------
    DataFrame
        home, host (regions), skill (``"*"``: all together), value.
    str
        Which of `values` the file has.
    """
    members = {r: r for r in regions} | {c: r for r, some in regions.items() for c in some}
    frame = read_long(
        settings,
        name,
        {"home": True, "host": True, "skill": False},
        dict.fromkeys(values, False),
        {"home": list(members), "host": list(members), "skill": skills},
    )
    path: Path | None = settings.file(name)
    have = [v for v in values if v in frame.columns]
    if len(have) != 1:
        raise BenchmarkError(f"{path}: columns {', '.join(have)}; keep one of {', '.join(values)}")
    for key in ("home", "host"):
        if (frame[key] == "*").any():
            raise BenchmarkError(f"{path}: {key} * has no meaning; write one line for each pair")
        frame[key] = frame[key].map(members)
    if frame["skill"].nunique() > 1 and (frame["skill"] == "*").any():
        raise BenchmarkError(f"{path}: some lines have a skill and others *; write all lines by skill, or none")
    between(settings, name, frame, have[0], 0.0, np.inf)
    out = frame.groupby(["home", "host", "skill"], as_index=False)[have[0]].sum()
    return out.rename(columns={have[0]: "value"}), have[0]
