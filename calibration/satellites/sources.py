"""Readers of the raw macro files and of the published-fact tables beside this module."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

import pandas as pd
import rdata

from cge.errors import BenchmarkError

FACTS = Path(__file__).resolve().parent / "facts"
STATUSES = ("verified", "recalled", "assumption")


def facts(name: str, year: int | None = None) -> pd.DataFrame:
    """Read one published-fact table, ``facts/<name>.csv``, or ``facts/<year>/<name>.csv`` for facts of a base year.

    Every row says where its number comes from: ``verified`` (read in the document named in
    ``source``), ``recalled`` (a published source quoted from memory, not checked) or ``assumption``.

    Parameters
    ----------
    name : str
    year : int, optional

    Returns
    -------
    DataFrame

    Raises
    ------
    BenchmarkError
        If there is no such table, or a row has no source or an unknown status.
    """
    path = FACTS / ("" if year is None else str(year)) / f"{name}.csv"
    if not path.is_file():
        raise BenchmarkError(f"no table {path.relative_to(FACTS.parent)}; write the facts of the year, with sources")
    table = pd.read_csv(path, comment="#", keep_default_na=False)
    for row, (status, source) in enumerate(zip(table["status"], table["source"], strict=True), start=2):
        if status not in STATUSES or not source.strip():
            raise BenchmarkError(
                f"facts/{name}.csv, row {row}: status {status!r}; "
                f"give a source and one of {', '.join(STATUSES)}"
            )
    return table


def raw_file(raw: Path, relative: str) -> Path:
    """Path of a raw file, or a clear error that says which one is missing."""
    path = Path(raw) / relative
    if not path.is_file():
        raise BenchmarkError(
            f"raw file {relative} is not in {Path(raw).name}; see calibration/satellites/README.md"
        )
    return path


def read_r(path: Path) -> object:
    """The one object stored in an R data file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdata warns about R classes it has no converter for
        return next(iter(rdata.read_rda(str(path)).values()))


@lru_cache(maxsize=4)
def penn_world_table(raw: Path, year: int) -> pd.DataFrame:
    """Penn World Table 10.01 of one year, indexed by ISO3 code."""
    table = read_r(raw_file(raw, "macro/pwt10.01.rda"))
    table = table[table["year"].astype(int) == year].copy()
    table["isocode"] = table["isocode"].astype(str)
    return table.set_index("isocode")


@lru_cache(maxsize=8)
def world_bank(raw: Path, name: str, year: int) -> pd.Series:
    """World Development Indicators of one year by ISO3 code: ``gdp`` (US$) or ``population`` (persons)."""
    table = pd.read_csv(raw_file(raw, f"macro/{name}.csv"))
    return table[table["Year"] == year].set_index("Country Code")["Value"].astype(float)
