"""Reader of the CSV layout of the OECD inter-country input-output tables (ICIO).

The layout: one row and one column per country and industry (``AUS_A01_02``), columns of final demand
(``AUS_HFCE``), a row of taxes less subsidies on products, one of value added and one of output. Labels differ by
edition: ``TLS``, ``VA``, ``OUT`` in 2023 and 2025; a row ``AUS_TAXSUB`` for each country, ``VALU``, ``OUTPUT`` and a
column ``TOTAL`` in 2018 and 2021. All are accepted; others are refused by name. Source: OECD (2023), Inter-Country
Input-Output Tables, http://oe.cd/icio; labels as in published readers of its files.
"""

from __future__ import annotations

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cge.bring.settings import Log, data, first_line, refuse_separator
from cge.errors import BenchmarkError, short

TAXES = ("TLS", "TAXSUB")
VALUE_ADDED = ("VA", "VALU")
OUTPUT = ("OUT", "OUTPUT", "TOTAL")
FINAL_USES: dict[str, str] = {
    "HFCE": "household",
    "NPISH": "npish",
    "GGFC": "government",
    "GFCF": "investment",
    "INVNT": "inventories",
    "DPABR": "household",
    "DIRPA": "household",
    "P33": "household",
}
"""Final-demand codes and the use each joins; the last three are residents' direct purchases abroad."""
USES = ("household", "npish", "government", "investment", "inventories")
NEEDED = ("HFCE", "GGFC", "GFCF")
_NO_GAP = 1.0  # million US$: an imbalance below this is rounding whatever the account


@dataclass(frozen=True)
class Icio:
    """A table as read, in million current US$ at basic prices.

    Attributes
    ----------
    countries, industries : list of str
    inter : ndarray (src, industry, dst, industry)
    final : ndarray (src, industry, dst, use)
        Uses in the order of `USES`.
    tax_inter : ndarray (dst, industry)
        Taxes less subsidies on the products that an industry buys.
    tax_final : ndarray (dst, use)
    value_added, output : ndarray (src, industry)
    """

    countries: list[str]
    industries: list[str]
    inter: np.ndarray
    final: np.ndarray
    tax_inter: np.ndarray
    tax_final: np.ndarray
    value_added: np.ndarray
    output: np.ndarray


def read_icio(path: str | Path, log: Log, tolerance: float = 5e-3) -> Icio:
    """Read a table and check that it balances.

    Parameters
    ----------
    path : path
        CSV file, or a zip archive with one.
    log : Log
    tolerance : float
        Largest gap between a row or a column and the output given, as a fraction of that output.

    Raises
    ------
    BenchmarkError
        No file; labels that are unknown or come twice; a row missing; text in a number; an account that does not
        balance. Each names the row or column.
    """
    path = Path(path)
    frame = _frame(path)
    rows, columns = frame.index.tolist(), frame.columns.tolist()
    out_column = next((c for c in columns if c in OUTPUT), None)
    kind = {c: _column(path, c) for c in columns if c != out_column}
    special = {r: role for r in rows if (role := _special(r))}
    for role, names in (("value added", VALUE_ADDED), ("output", OUTPUT), ("taxes", TAXES)):
        count = sum(1 for r in special.values() if r == role)
        if not count or (count > 1 and role != "taxes"):
            have = f"{count} rows of {role}" if count else f"no row of {role}"
            add = " (zeros where the table has no taxes)" if role == "taxes" else ""
            raise BenchmarkError(
                f"{path}: {have}; the layout has one, called {' or '.join(names)}: keep or add it{add}"
            )
    users = [c for c in columns if kind.get(c) == "industry"]
    sellers = [r for r in rows if r not in special]
    lost = [r for r in sellers if r not in set(users)] or [c for c in users if c not in set(sellers)]
    if lost:
        where = "row without a column" if lost[0] in set(sellers) else "column without a row"
        raise BenchmarkError(
            f"{path}: {short(lost[0])!r} is a {where} ({len(lost)} such); every country and industry needs "
            f"both, and special rows are called {', '.join((*TAXES, *VALUE_ADDED, *OUTPUT))}"
        )
    demands = [c for c in columns if kind.get(c) == "final"]
    return _arrays(path, frame, users, demands, special, out_column, log, tolerance)


def _frame(path: Path) -> pd.DataFrame:
    """The numbers with their labels; refuses labels that come twice and cells that are no numbers."""
    try:
        head = _header(path)
        frame = pd.read_csv(
            path, header=None, skiprows=1, index_col=0, keep_default_na=False, low_memory=False, dtype={0: str}
        )
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror or error}; give a CSV file, or a zip with one") from None
    except (ValueError, zipfile.BadZipFile, csv.Error) as error:
        raise BenchmarkError(f"{path}: {str(error).strip()}; give one CSV table with a head line") from None
    if len(head) - 1 != frame.shape[1]:
        raise BenchmarkError(
            f"{path}: the head line names {len(head) - 1} columns, the lines below have {frame.shape[1]}; "
            "correct the file"
        )
    frame.columns = pd.Index([name.strip() for name in head[1:]])
    frame.index = pd.Index([str(name).strip() for name in frame.index])
    for axis, labels in (("row", frame.index), ("column", frame.columns)):
        twice = labels[labels.duplicated()]
        if len(twice):
            raise BenchmarkError(f"{path}: {axis} {short(twice[0])!r} comes twice; keep it once")
    return numbers(path, frame)


def numbers(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame in float64; the first cell that is no finite number is refused with its row and column."""
    for position, dtype in enumerate(frame.dtypes):
        if dtype.kind not in "fiu":
            column = pd.to_numeric(frame.iloc[:, position], errors="coerce")
            bad = np.flatnonzero(column.isna())
            if len(bad):
                cell = frame.iloc[bad[0], position]
                raise BenchmarkError(
                    f"{path}: row {frame.index[bad[0]]}, column {frame.columns[position]}: "
                    f"{short(cell, 20)!r} is not a number; write one (0 for nothing, no separators)"
                )
    values = frame.apply(pd.to_numeric).to_numpy(dtype=np.float64)
    bad_cells = np.argwhere(~np.isfinite(values))
    if len(bad_cells):
        i, j = bad_cells[0]
        raise BenchmarkError(
            f"{path}: row {frame.index[i]}, column {frame.columns[j]}: {values[i, j]} is not a finite number; write one"
        )
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)


def _header(path: Path) -> list[str]:
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            line = file.readline().decode("utf-8-sig")
    else:
        line = first_line(path)
    if not line.strip():
        raise BenchmarkError(f"{path} is empty; give a table")
    refuse_separator(path, line)
    return next(csv.reader([line]))


def _special(label: str) -> str | None:
    """Role of a row that is no industry."""
    code = label.split("_", 1)[-1] if label.endswith(tuple(f"_{t}" for t in TAXES)) else label
    for role, names in (("taxes", TAXES), ("value added", VALUE_ADDED), ("output", OUTPUT)):
        if code in names:
            return role
    return None


def _column(path: Path, label: str) -> str:
    """Kind of a column: industry or final; refuses what the layout has not."""
    country, _, code = label.partition("_")
    if not country or not code:
        raise BenchmarkError(
            f"{path}: column {short(label)!r} is neither COUNTRY_INDUSTRY, COUNTRY_FINALUSE nor "
            f"{' or '.join(OUTPUT)}; the layout is that of the OECD ICIO files"
        )
    if code in FINAL_USES:
        return "final"
    if code in ("FD", "NONRES", "CONS_NONRES", "DISC", "GGCF", "HC", "CONS"):
        raise BenchmarkError(
            f"{path}: column {label!r}: final use {code} is not of the layout of editions 2018 to 2025 "
            f"({', '.join(FINAL_USES)}); take the file that has these columns"
        )
    return "industry"


def _arrays(
    path: Path,
    frame: pd.DataFrame,
    users: list[str],
    demands: list[str],
    special: dict[str, str],
    out_column: str | None,
    log: Log,
    tolerance: float,
) -> Icio:
    inter = frame.loc[users, users].to_numpy()
    final = frame.loc[users, demands].to_numpy()
    taxes = frame.loc[[r for r, role in special.items() if role == "taxes"]]
    added = frame.loc[next(r for r, role in special.items() if role == "value added"), users].to_numpy()
    out_row = next(r for r, role in special.items() if role == "output")
    output = frame.loc[out_row, users].to_numpy()
    tax_inter, tax_final = taxes[users].to_numpy().sum(0), taxes[demands].to_numpy().sum(0)
    sides = [("row", inter.sum(1) + final.sum(1)), ("column", inter.sum(0) + tax_inter + added)]
    if out_column is not None:
        sides.append((f"column {out_column} of row", frame.loc[users, out_column].to_numpy()))
    for what, total in sides:
        gap = total - output
        bad = (np.abs(gap) > tolerance * np.abs(output)) & (np.abs(gap) > _NO_GAP)
        if bad.any():
            k = int(np.abs(np.where(bad, gap, 0.0)).argmax())
            raise BenchmarkError(
                f"{path}: {what} {users[k]} adds up to {total[k]:,.4g}, row {out_row} says {output[k]:,.4g}, "
                f"off by {gap[k]:,.4g} million ({int(bad.sum())} such); the table does not balance: correct "
                "it, or raise options.tolerance"
            )
    log.notes.append(
        f"table: largest gap of a row or column against {out_row} "
        f"{max(float(np.abs(t - output).max()) for _, t in sides):,.4g} million; value added takes it up"
    )
    parts = {part: whole for whole, some in data("oecd")["parts"].items() for part in some}
    for part, whole in parts.items():
        mine = [u.startswith(f"{part}_") for u in users]
        own = [u.startswith(f"{whole}_") for u in users]
        if any(mine) and any(own) and output[mine].any() and output[own].any():
            raise BenchmarkError(f"{path}: {whole} has output both whole and in parts ({part}); keep one of the two")
    folded = sorted({u.partition("_")[0] for u in users} & set(parts))
    if folded:
        log.notes.append(f"parts of countries joined: {', '.join(f'{p} to {parts[p]}' for p in folded)}")

    def country(label: str) -> str:
        code = label.partition("_")[0]
        return parts.get(code, code)

    countries = list(dict.fromkeys(country(u) for u in users))
    industries = list(dict.fromkeys(u.partition("_")[2] for u in users))
    n, k = len(countries), len(industries)
    cell = np.array([countries.index(country(u)) * k + industries.index(u.partition("_")[2]) for u in users])
    silent = [c for c in countries if output[[country(u) == c for u in users]].sum() <= 0]
    if silent:
        raise BenchmarkError(f"{path}: country {silent[0]} has no output; take its rows and columns out")
    stray = [d for d in demands if country(d) not in countries]
    if stray:
        raise BenchmarkError(
            f"{path}: column {stray[0]!r}: country {country(stray[0])} has no industries; correct the label"
        )
    seen = {(country(d), d.partition("_")[2]) for d in demands}
    for c in countries:
        lacking = [u for u in NEEDED if (c, u) not in seen]
        if lacking:
            raise BenchmarkError(f"{path}: no column {c}_{lacking[0]}; every country has {', '.join(NEEDED)}: add it")
    use = np.array(
        [countries.index(country(d)) * len(USES) + USES.index(FINAL_USES[d.partition("_")[2]]) for d in demands]
    )

    def gather(values: np.ndarray, at: np.ndarray, size: int, axis: int) -> np.ndarray:
        out = np.zeros([size if i == axis else s for i, s in enumerate(values.shape)])
        np.add.at(np.moveaxis(out, axis, 0), at, np.moveaxis(values, axis, 0))
        return out

    inter = gather(gather(inter, cell, n * k, 0), cell, n * k, 1).reshape(n, k, n, k)
    final = gather(gather(final, cell, n * k, 0), use, n * len(USES), 1).reshape(n, k, n, len(USES))
    return Icio(
        countries,
        industries,
        inter,
        final,
        gather(tax_inter, cell, n * k, 0).reshape(n, k),
        gather(tax_final, use, n * len(USES), 0).reshape(n, len(USES)),
        gather(added, cell, n * k, 0).reshape(n, k),
        gather(output, cell, n * k, 0).reshape(n, k),
    )
