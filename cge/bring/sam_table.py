"""Reader of a square social accounting matrix (SAM), CSV or Excel: labels, numbers, balance, and the role of each "
"account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cge.bring.layout import numbers
from cge.bring.settings import Settings, first_line, refuse_separator
from cge.errors import BenchmarkError, short

ROLES: dict[str, str] = {
    "households": "households and other owners that consume",
    "enterprises": "enterprises: receive and pass on, buy nothing",
    "government": "government",
    "investment": "saving and investment",
    "inventories": "change of inventories, added to investment",
    "rest_of_world": "the rest of the world",
    "tax_activities": "taxes on output, paid by activities",
    "tax_factors": "taxes on the use of factors, paid by activities",
    "tax_commodities": "taxes on sales, paid by commodity accounts",
    "tariffs": "tariffs, paid by commodity accounts",
    "tax_exports": "taxes on exports, paid by commodity accounts",
    "tax_income": "taxes on income, paid by institutions and factors",
}
"""Keys of [accounts] and their meaning."""

_TRANSFER_ROWS = (
    "households",
    "enterprises",
    "government",
    "investment",
    "inventories",
    "rest_of_world",
    "tax_income",
    "factors",
)
_TRANSFER_COLUMNS = (
    "factors",
    "households",
    "enterprises",
    "government",
    "investment",
    "inventories",
    "rest_of_world",
    "tax_activities",
    "tax_factors",
    "tax_commodities",
    "tariffs",
    "tax_exports",
    "tax_income",
)
_CELLS = {
    "activities": ("commodities",),
    "commodities": ("activities", "households", "government", "investment", "inventories", "rest_of_world"),
    "factors": ("activities",),
    "tax_activities": ("activities",),
    "tax_factors": ("activities",),
    "tax_commodities": ("commodities",),
    "tariffs": ("commodities",),
    "tax_exports": ("commodities",),
    "rest_of_world": ("commodities",),
}
"""Columns that may pay a row; transfers besides."""


@dataclass(frozen=True)
class Square:
    """A SAM whose accounts have roles.

    Attributes
    ----------
    cells : DataFrame
        Row receives, column pays; million US$.
    role : dict of str to (str, str, str)
        Region, role and item of each account; items of institutions are empty. The region of an account that serves
        all is empty.
    """

    cells: pd.DataFrame
    role: dict[str, tuple[str, str, str]]

    def block(
        self,
        row: str,
        column: str,
        region: str,
        rows: list[str] | None = None,
        columns: list[str] | None = None,
        other: str | None = None,
    ) -> np.ndarray:
        """Sum of cells by item of row and column; an axis without items is summed.

        Parameters
        ----------
        row, column : str
            Roles.
        region : str
            Of the row, and of the column unless `other` says another.
        rows, columns : list of str, optional
            Items, in order.
        """

        def pick(role: str, where: str, items: list[str] | None) -> np.ndarray:
            names = self.cells.index
            member = np.array([self.role[a][1] == role and self.role[a][0] in (where, "") for a in names])
            if items is None:
                return member[None].astype(float)
            return np.array([member & np.array([self.role[a][2] == i for a in names]) for i in items], dtype=float)

        left, right = pick(row, region, rows), pick(column, region if other is None else other, columns)
        out = left @ self.cells.to_numpy() @ right.T
        return out[0] if rows is None else out[:, 0] if columns is None else out


def read_square(path: str | Path, settings: Settings) -> pd.DataFrame:
    """Read the cells; blank cells are zero, an account called total is checked and left out.

    Parameters
    ----------
    path : path
        .csv, .txt or .xlsx. The first column and the head line have the accounts; a table of two regions may have a
        column ``region`` before ``account``, which is then put before the account with a point.
    settings : Settings
        Options ``sheet`` (Excel only) and ``tolerance``.

    Raises
    ------
    BenchmarkError
        No file, another separator than commas, a sheet of a CSV, no square, labels twice, text in a cell, an account
        that does not balance.
    """
    path = Path(path)
    raw = _raw(path, settings)
    if raw.shape[0] < 2 or raw.shape[1] < 2:
        raise BenchmarkError(f"{path}: no table; the first column and the first line have the accounts")
    head = [str(x).strip() for x in raw.iloc[0]]
    two = head[0].lower() == "region" and head[1].lower() == "account"
    rows = raw.iloc[1:, 0].astype(str).str.strip()
    if two:
        rows = rows + "." + raw.iloc[1:, 1].astype(str).str.strip()
    start = 2 if two else 1
    frame = raw.iloc[1:, start:].replace(r"^\s*$", "0", regex=True)
    frame.index, frame.columns = pd.Index(rows), pd.Index(head[start:])
    for axis, labels in (("row", frame.index), ("column", frame.columns)):
        twice = labels[labels.duplicated()]
        if len(twice):
            raise BenchmarkError(f"{path}: {axis} {short(twice[0])!r} comes twice; keep it once")
    cells = numbers(path, frame)
    total = [a for a in cells.index if a.lower() in ("total", "totals", "sum")]
    cells = cells.drop(index=total, columns=[c for c in cells.columns if c.lower() in ("total", "totals", "sum")])
    lost = [a for a in cells.index if a not in cells.columns] or [c for c in cells.columns if c not in cells.index]
    if lost:
        side = "column" if lost[0] in cells.index else "row"
        raise BenchmarkError(
            f"{path}: account {short(lost[0])!r} has no {side} ({len(lost)} such); a SAM is square: add it"
        )
    cells = cells[list(cells.index)]
    received, paid = cells.sum(axis=1), cells.sum(axis=0)
    gap, size = received - paid, np.maximum(received.abs(), paid.abs())
    tolerance = settings.option("tolerance", 1e-6)
    bad = gap.abs() > tolerance * size
    if bad.any():
        a = str(gap.abs().where(bad, 0.0).idxmax())
        raise BenchmarkError(
            f"{path}: account {a} receives {received[a]:,.6g} and pays {paid[a]:,.6g}, off by {gap[a]:,.6g} "
            f"({int(bad.sum())} accounts such); correct its row or its column by that amount (a SAM off by "
            "rounding only: raise options.tolerance)"
        )
    settings.log.notes.append(
        f"SAM: {len(cells)} accounts, largest gap between row and column {gap.abs().max():.3g} million"
    )
    return cells


def _raw(path: Path, settings: Settings) -> pd.DataFrame:
    """Cells as text, with the labels."""
    try:
        if path.suffix.lower() == ".xlsx":
            sheet = settings.option("sheet", 0)
            frame = pd.read_excel(path, sheet_name=sheet, header=None, dtype=object)
            return frame.map(lambda x: "" if pd.isna(x) else x if isinstance(x, str) else repr(float(x)))
        if (sheet := settings.option("sheet", None)) is not None:
            raise BenchmarkError(
                f"{settings.path}: options.sheet = {sheet!r}, but {path.name} is no Excel file and has no sheets; "
                "take the line out, or give the .xlsx"
            )
        refuse_separator(path, first_line(path))
        return pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True
        )
    except ImportError:
        raise BenchmarkError(
            f"{path}: Excel files need the package openpyxl; install it (pip install 'opencge[excel]'), or "
            "save the sheet as CSV"
        ) from None
    except BenchmarkError:
        raise
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror or error}; give a CSV or an Excel file (.xlsx)") from None
    except Exception as error:  # openpyxl and pandas raise many kinds for a damaged file
        raise BenchmarkError(
            f"{path}: {' '.join(str(error).split())}; give one square table, as CSV or .xlsx"
        ) from None


def assign_roles(path: Path, cells: pd.DataFrame, settings: Settings, regions: list[str]) -> Square:
    """Give every account its role, and refuse cells that have no meaning.

    Raises
    ------
    BenchmarkError
        An account that is mapped twice or not at all or is not in the table; a cell between two roles that do not
        trade; a negative cell where none can be.
    """
    t = settings.table
    role: dict[str, tuple[str, str, str]] = {}

    def put(account: str, kind: str, item: str) -> None:
        names = [account] if len(regions) == 1 or account in cells.index else [f"{r}.{account}" for r in regions]
        have = [a for a in names if a in cells.index]
        if not have:
            raise BenchmarkError(
                f"{settings.path}: {kind}: the SAM has no account {short(account)!r}; it has "
                f"{', '.join(map(str, cells.index[:12]))}{' and more' if len(cells) > 12 else ''}"
            )
        for a in have:
            if a in role:
                raise BenchmarkError(f"{settings.path}: account {a} is both {role[a][1]} and {kind}; keep one")
            region = regions[0] if len(regions) == 1 else next((r for r in regions if a.startswith(f"{r}.")), "")
            role[a] = ("" if kind == "rest_of_world" else region, kind, item)

    for kind in ("activities", "commodities", "factors"):
        table = t.get(kind)
        if not isinstance(table, dict) or not table:
            raise BenchmarkError(f'{settings.path}: [{kind}] is missing; write lines such as Agr = ["account"]')
        for item, accounts in table.items():
            for account in accounts if isinstance(accounts, list) else [accounts]:
                put(account, kind, item)
    for kind, accounts in t.get("accounts", {}).items():
        if kind not in ROLES:
            raise BenchmarkError(f"{settings.path}: accounts.{short(kind)} is no role; roles are {', '.join(ROLES)}")
        for account in accounts if isinstance(accounts, list) else [accounts]:
            put(account, kind, "")
    left = [a for a in cells.index if a not in role]
    if left:
        raise BenchmarkError(
            f"{settings.path}: account {short(left[0])!r} of the SAM has no role ({len(left)} such); add it to "
            f"[activities], [commodities], [factors] or [accounts] ({', '.join(ROLES)})"
        )
    if len(regions) > 1:
        bare = [a for a, (where, kind, _) in role.items() if not where and kind != "rest_of_world"]
        if bare:
            raise BenchmarkError(
                f"{path}: account {bare[0]!r} begins with no region; call it REGION.{bare[0]} ({', '.join(regions)})"
            )
    for kind in ("households", "government", "investment"):
        lacking = [r for r in regions if not any(v[:2] == (r, kind) for v in role.values())]
        if lacking:
            raise BenchmarkError(
                f"{settings.path}: accounts.{kind} is missing ({lacking[0]}); name the account of {ROLES[kind]}"
            )
    square = Square(cells, role)
    _refuse_cells(path, square)
    return square


def _refuse_cells(path: Path, square: Square) -> None:
    values = square.cells.to_numpy()
    for i, j in np.argwhere(values != 0):
        row, column = square.cells.index[i], square.cells.columns[j]
        (r_reg, r_role, r_item), (c_reg, c_role, c_item) = square.role[row], square.role[column]
        real = c_role in _CELLS.get(r_role, ())
        if r_role == c_role == "commodities" and r_reg != c_reg:
            if r_item != c_item:
                raise BenchmarkError(
                    f"{path}: row {row}, column {column}: trade between regions joins one commodity with itself; "
                    "move the number to the column of the same commodity"
                )
            real = True
        elif real and r_reg and c_reg and r_reg != c_reg:
            raise BenchmarkError(
                f"{path}: row {row}, column {column}: {r_role} of one region and {c_role} of another; trade goes "
                "from commodity account to commodity account"
            )
        if real and values[i, j] < 0 and not r_role.startswith("tax") and c_role not in ("investment", "inventories"):
            raise BenchmarkError(
                f"{path}: row {row}, column {column}: {values[i, j]:,.6g} is negative; {r_role} sold to {c_role} "
                "cannot be: move it to the other side (row and column change places) or join accounts"
            )
        if not real and not (r_role in _TRANSFER_ROWS and c_role in _TRANSFER_COLUMNS):
            raise BenchmarkError(
                f"{path}: row {row}, column {column}: {values[i, j]:,.6g} paid by {c_role} to {r_role} has no "
                "meaning here; give it an account of its own (a tax, a commodity) or move it"
            )
