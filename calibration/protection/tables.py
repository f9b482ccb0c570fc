"""Reading of fact tables: CSV files in which every row says where it comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cge.errors import CGEError

STATUS = ("verified", "recalled", "assumption")


class FactsError(CGEError):
    """A fact table or raw file that is missing, incomplete or without a source."""


def of_year(folder: Path, name: str, year: int) -> Path:
    """Path of a fact table: ``<folder>/<year>/<name>`` where a year has its own, else ``<folder>/<name>``.

    Facts of a base year stand in the folder of that year only, so that no other year takes them by default.
    """
    path = folder / str(year) / name
    return path if path.is_file() or not (folder / name).is_file() else folder / name


def read_facts(path: str | Path, required: tuple[str, ...], key: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table of facts and check that each row has a source and a status.

    Parameters
    ----------
    path : str or Path
        CSV file; lines that begin with ``#`` are comments. Columns ``source`` and ``status`` are
        always needed. Status is ``verified`` (read in a document, named in the source),
        ``recalled`` (from a published source, not re-read) or ``assumption`` (ours).
    required : tuple of str
        Further columns that must be there and filled.
    key : tuple of str, optional
        Columns that together identify a row.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    FactsError
        If the file or a column is missing, a cell is empty, a status is unknown, or a key repeats.
    """
    path = Path(path)
    if not path.is_file():
        raise FactsError(f"no fact table {path.name} in {path.parent.name}/; restore it from the repository")
    table = pd.read_csv(path, comment="#", skipinitialspace=True)
    needed = [*required, "source", "status"]
    absent = [c for c in needed if c not in table.columns]
    if absent:
        raise FactsError(f"{path.name}: no column {', '.join(absent)}; add it")
    empty = [(int(i), c) for c in needed for i in table.index[table[c].isna()]]
    if empty:
        row, column = empty[0]
        raise FactsError(f"{path.name}: row {row + 1} has no {column}; fill it in (sources are not optional)")
    odd = sorted(set(table["status"]) - set(STATUS))
    if odd:
        raise FactsError(f"{path.name}: unknown status {', '.join(odd)}; use one of {', '.join(STATUS)}")
    if key and table.duplicated(list(key)).any():
        twice = table.loc[table.duplicated(list(key)), list(key)].iloc[0].tolist()
        raise FactsError(f"{path.name}: {twice} is listed twice; keep one row")
    return table


def gdp_weights(raw: str | Path, year: int, extra: pd.DataFrame | None = None) -> pd.Series:
    """GDP by country, the weights of countries inside a region.

    Parameters
    ----------
    raw : str or Path
        Folder of raw data that holds ``macro/gdp.csv`` (World Bank NY.GDP.MKTP.CD, US$).
    year : int
    extra : pandas.DataFrame, optional
        Columns ``iso3`` and ``gdp_million`` for countries that the World Bank lacks in that year.

    Returns
    -------
    pandas.Series
        Million US$ by ISO3. The World Bank's aggregates (WLD, EUU, ...) are in it; regions never list them.

    Raises
    ------
    FactsError
        If the file is missing.
    """
    path = Path(raw) / "macro" / "gdp.csv"
    if not path.is_file():
        raise FactsError(f"no {path.name} in {path.parent}; give the folder that holds macro/gdp.csv")
    table = pd.read_csv(path)
    table = table[table["Year"] == year]
    gdp = table.set_index("Country Code")["Value"].astype(float) / 1e6
    if extra is not None:
        more = extra.set_index("iso3")["gdp_million"].astype(float)
        gdp = pd.concat([gdp, more[~more.index.isin(gdp.index)]])
    return gdp
