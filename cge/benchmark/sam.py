"""The social accounting matrix: from a benchmark and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.benchmark.sam_accounts import GRAMMAR, check_accounts, near
from cge.benchmark.sam_layout import (
    FLOWS,
    TRANSFERS,
    WORLD,
    Sets,
    account_ids,
    account_names,
    fields,
    kind_of,
    needs_labour,
    transfer_values,
)
from cge.benchmark.wages import migrant_accounts
from cge.errors import BenchmarkError, short

_FLOOR = 1e-9  # million US$, as in the benchmark's checks


@dataclass(frozen=True, eq=False, repr=False)
class Sam:
    """A square table of payments, kept as its non-zero cells.

    Parameters
    ----------
    name : str
    accounts : tuple of str
        ``REGION.kind.item``; see `cge.benchmark.sam_layout.KINDS`.
    row, column : numpy.ndarray of int
        Positions of the receiving and the paying account of each cell.
    value : numpy.ndarray of float
        Payments, million US$.

    Raises
    ------
    BenchmarkError
        Duplicate account, duplicate cell, or a value that is not a finite number.
    """

    name: str
    accounts: tuple[str, ...]
    row: np.ndarray
    column: np.ndarray
    value: np.ndarray
    position: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        position = {account: i for i, account in enumerate(self.accounts)}
        if len(position) < len(self.accounts):
            doubled = next(a for i, a in enumerate(self.accounts) if position[a] != i)
            raise BenchmarkError(
                f"SAM {self.name!r}: duplicate account {short(doubled)}; merge or rename one of them"
            )
        row, column = np.asarray(self.row, np.int64), np.asarray(self.column, np.int64)
        value = np.asarray(self.value, np.float64)
        if not np.isfinite(value).all():
            i = int((~np.isfinite(value)).argmax())
            raise BenchmarkError(
                f"SAM {self.name!r}: cell ({short(self.accounts[row[i]])}, {short(self.accounts[column[i]])}) is "
                f"{value[i]}; write a finite number"
            )
        keep = value != 0.0
        row, column, value = row[keep], column[keep], value[keep]
        key = row * len(self.accounts) + column
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(np.diff(key[order]) == 0)
        if same.size:
            i = order[same[0]]
            raise BenchmarkError(
                f"SAM {self.name!r}: cell ({short(self.accounts[row[i]])}, {short(self.accounts[column[i]])}) is "
                "given twice; keep one"
            )
        for name, array in (("row", row[order]), ("column", column[order]), ("value", value[order])):
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "position", position)

    def __repr__(self) -> str:
        return f"<Sam {self.name!r}: {len(self.accounts)} accounts, {len(self.value)} cells>"

    def frame(self) -> pd.DataFrame:
        """Non-zero cells as a table: row, column, value (million US$)."""
        names = np.array(self.accounts, dtype=object)
        return pd.DataFrame({"row": names[self.row], "column": names[self.column], "value": self.value})

    def dense(self) -> pd.DataFrame:
        """Square table, rows and columns labelled by account (large for a global SAM)."""
        table = np.zeros((len(self.accounts), len(self.accounts)))
        table[self.row, self.column] = self.value
        return pd.DataFrame(table, index=list(self.accounts), columns=list(self.accounts))

    def totals(self) -> pd.DataFrame:
        """Receipts, payments and their gap by account, million US$."""
        n = len(self.accounts)
        receipts = np.bincount(self.row, self.value, n)
        payments = np.bincount(self.column, self.value, n)
        return pd.DataFrame(
            {"receipts": receipts, "payments": payments, "gap": receipts - payments},
            index=pd.Index(self.accounts, name="account"),
        )

    def empty(self) -> tuple[str, ...]:
        """Accounts without a cell; the long form of a SAM file leaves them out."""
        live = {*self.row.tolist(), *self.column.tolist()}
        return tuple(account for i, account in enumerate(self.accounts) if i not in live)

    def get(self, row: str, column: str) -> float:
        """Payment from account `column` to account `row`, million US$ (0 where there is none)."""
        for account in (row, column):
            if account not in self.position:
                raise BenchmarkError(
                    f"SAM {self.name!r}: unknown account {account}{near(account, self.accounts)}"
                )
        hit = (self.row == self.position[row]) & (self.column == self.position[column])
        return float(self.value[hit].sum())


def make_sam(bench: Benchmark) -> Sam:
    """Assemble the global SAM of a benchmark.

    Parameters
    ----------
    bench : Benchmark
        Complete flows; with labour stocks, migrants have accounts of their own.

    Returns
    -------
    Sam
        Million US$.
    """
    if WORLD in bench.sets["reg"]:
        raise BenchmarkError(f"a region may not be called {WORLD}: the SAM uses the name; rename the region")
    accounts = account_names(bench.sets, bench.has_labour)
    position = {account: i for i, account in enumerate(accounts)}
    blocks = []
    for flow in FLOWS:
        if flow.array == "REMIT" and not bench.has_labour:
            continue
        value = bench[flow.array]
        if flow.base:
            value = (value - bench[flow.base]) * flow.sign
        blocks.append((flow.row, flow.column, value))
    blocks += [(t.row, t.column, value) for t, value in transfer_values(bench)]
    rows: list[str] = []
    columns: list[str] = []
    values: list[float] = []
    for row, column, value in blocks:
        live = value.values != 0.0
        for template, out in ((row, rows), (column, columns)):
            ids = account_ids(template, bench.sets, position).broadcast_like(value).transpose(*value.dims)
            out.append(ids.values[live])
        values.append(value.values[live])
    return Sam(bench.name, accounts, np.concatenate(rows), np.concatenate(columns), np.concatenate(values))


def check_sam(sam: Sam, *, tolerance: float = 1e-9, throw: bool = True) -> pd.DataFrame:
    """Check that rows equal columns, and that nothing is negative which cannot be.

    Only taxes, tariffs and saving may be negative.

    Parameters
    ----------
    sam : Sam
    tolerance : float
        Largest gap relative to the account.
    throw : bool
        Whether to raise on a failure.

    Returns
    -------
    pandas.DataFrame
        Failures: account, amount, message.

    Raises
    ------
    BenchmarkError
        Names the account, the amount and the repair of the first failures.
    """
    failures = []
    kinds = np.array([kind_of(account) for account in sam.accounts], dtype=object)
    taxes = np.array([kind.startswith("tax_") or kind == "tariff" for kind in kinds], dtype=bool)
    saving = (kinds[sam.row] == "bank") & (kinds[sam.column] == "hh")
    for i in np.flatnonzero((sam.value < 0) & ~taxes[sam.row] & ~taxes[sam.column] & ~saving):
        row, column = sam.accounts[sam.row[i]], sam.accounts[sam.column[i]]
        message = (
            f"account {row} receives {sam.value[i]:,.6g} million US$ from {column}; only taxes, tariffs and "
            f"saving may be negative: correct the sign, or book it as a payment from {row} to {column}"
        )
        failures.append((row, sam.value[i], message))
    totals = sam.totals()
    size = np.bincount(sam.row, np.abs(sam.value), len(sam.accounts))
    size = np.maximum(size, np.bincount(sam.column, np.abs(sam.value), len(sam.accounts)))
    gap = totals["gap"].to_numpy()
    for i in np.flatnonzero((np.abs(gap) > tolerance * size) & (np.abs(gap) > _FLOOR)):
        account = sam.accounts[i]
        more, less = ("receipts", "payments") if gap[i] > 0 else ("payments", "receipts")
        message = (
            f"account {account} is unbalanced: receipts {totals['receipts'].iloc[i]:,.6f}, payments "
            f"{totals['payments'].iloc[i]:,.6f} million US$; lower its {more} or raise its {less} by "
            f"{abs(gap[i]):,.6g}"
        )
        failures.append((account, gap[i], message))
    report = pd.DataFrame(failures, columns=["account", "amount", "message"])
    if throw and len(report):
        rest = len(report) - 3
        raise BenchmarkError(
            f"SAM {sam.name!r}: "
            + "; ".join(report["message"].head(3))
            + (f"; and {rest} more failures" if rest > 0 else "")
        )
    return report


def from_sam(sam: Sam, other: Benchmark | None = None, *, tolerance: float = 1e-9) -> Benchmark:
    """Split a SAM back into the flow arrays of a benchmark.

    Parameters
    ----------
    sam : Sam
        A global SAM.
    other : Benchmark, optional
        Gives the sets, the metadata and all arrays that are not flows of the
        SAM: parameters, labour stocks, policy layers, VKB, POP. Without it the
        sets come from the account names (judged by `check_accounts`), and
        those arrays are missing.
    tolerance : float
        Largest imbalance relative to the account.

    Returns
    -------
    Benchmark
        The flows, and what `other` adds. `check_benchmark` says what is missing.

    Raises
    ------
    BenchmarkError
        An unbalanced SAM, a negative number where it cannot be, an unknown
        account, a missing region, a payment that has no meaning, or migrants'
        wages that do not fit the labour stocks.
    """
    sets = other.sets if other is not None else _sets(sam)
    labour = (other is not None and other.has_labour) or any(kind_of(a) == "mig" for a in sam.accounts)
    known = account_names(sets, labour)
    known_set = set(known)
    unknown = [account for account in sam.accounts if account not in known_set]
    if unknown:
        meant = near(unknown[0], known)
        raise BenchmarkError(
            f"SAM {sam.name!r}: unknown account {unknown[0]}{meant}; rename it"
            + (f" ({len(unknown)} unknown accounts)" if len(unknown) > 1 else "")
            + ("" if meant else f"; {GRAMMAR}")
        )
    present = {account.split(".")[0] for account in sam.accounts}
    gone = [reg for reg in sets["reg"] if reg not in present]
    if gone:
        raise BenchmarkError(
            f"SAM {sam.name!r}: no account of region {', '.join(gone)}; add the region's accounts "
            "or take it out of set reg"
        )
    check_sam(sam, tolerance=tolerance)

    cells = _Cells(sam, sets)
    arrays: dict[str, xr.DataArray] = {}
    for flow in FLOWS:
        if flow.array == "REMIT" and not labour:
            continue
        value = cells.take(flow.row, flow.column, HEADERS[flow.array].dims)
        if flow.array == "VMSB":
            arrays["VCIF"] = arrays["VFOB"] + arrays["VTWR"].sum("marg")
        if flow.base:
            value = arrays[flow.base] + flow.sign * value
        arrays[flow.array] = value
    wages = None
    for transfer in TRANSFERS:
        if labour or not needs_labour(transfer.row, transfer.column):
            value = cells.take(transfer.row, transfer.column, fields(transfer.row, transfer.column))
            if "mig" in transfer.row:
                wages = value
    cells.refuse_rest()
    if other is None:
        return Benchmark(sam.name, sets, arrays)
    bench = other.replace(name=sam.name, meta=None, drop=(), **arrays)
    if wages is not None and bench.has_labour:
        _check_wages(sam, bench, wages, tolerance)
    return bench


def _sets(sam: Sam) -> Sets:
    """Sets of a SAM by its account names; skills also by who pays migrants, who may remit nothing."""
    sets = check_accounts(sam)
    kinds = np.array([kind_of(account) for account in sam.accounts], dtype=object)
    paid = {sam.accounts[i].split(".")[-1] for i in sam.column[kinds[sam.row] == "mig"] if kinds[i] == "fac"}
    skills = (*sets["skill"], *(e for e in sets["endw"] if e in paid and e not in sets["skill"]))
    return {**sets, "skill": skills}


class _Cells:
    """Takes blocks of cells out of a SAM and remembers what was taken."""

    def __init__(self, sam: Sam, sets: Sets) -> None:
        self.sam, self.sets = sam, sets
        self.key = sam.row * len(sam.accounts) + sam.column  # sorted by construction
        self.taken = np.zeros(len(self.key), dtype=bool)

    def take(self, row: str, column: str, dims: tuple[str, ...]) -> xr.DataArray:
        """Values of one block over `dims`; zero where the SAM has no cell."""
        coords = {dim: list(self.sets[DIM_SET[dim]]) for dim in dims}
        shape = [len(labels) for labels in coords.values()]
        out = xr.DataArray(np.zeros(shape), dims=dims, coords=coords)
        r, c = (
            account_ids(text, self.sets, self.sam.position).broadcast_like(out).transpose(*dims).values
            for text in (row, column)
        )
        key = r * len(self.sam.accounts) + c
        where = np.searchsorted(self.key, key)
        hit = (where < len(self.key)) & (r >= 0) & (c >= 0)
        hit[hit] = self.key[where[hit]] == key[hit]
        values = np.zeros(shape)
        values[hit] = self.sam.value[where[hit]]
        self.taken[where[hit]] = True
        return out.copy(data=values)

    def refuse_rest(self) -> None:
        """Refuse cells that no block has taken."""
        if not self.taken.all():
            i = int((~self.taken).argmax())
            sam = self.sam
            row, column = sam.accounts[sam.row[i]], sam.accounts[sam.column[i]]
            raise BenchmarkError(
                f"SAM {sam.name!r}: payment of {sam.value[i]:,.6g} million US$ from {column} to {row} has "
                f"no meaning in this layout ({int((~self.taken).sum())} such cells); "
                "book it between accounts that deal with each other"
            )


def _check_wages(sam: Sam, bench: Benchmark, wages: xr.DataArray, tolerance: float) -> None:
    """Migrants' wages in the SAM must be those that the labour stocks imply."""
    income = migrant_accounts(bench)["income"].transpose(*wages.dims)
    gap = (wages - income).values
    wrong = np.abs(gap) > max(tolerance, 1e-9) * np.maximum(np.abs(income.values), 1.0)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0])
        at = {d: str(wages.coords[d].values[i]) for d, i in zip(wages.dims, index, strict=True)}
        have, should = float(wages.values[index]), float(income.values[index])
        raise BenchmarkError(
            f"SAM {sam.name!r}: account {at['host']}.mig.{at['home']} receives {have:,.6f} million US$ from "
            f"{at['host']}.fac.{at['skill']}, but the labour stocks LAB imply {should:,.6f}; change LAB, or "
            "the cell and those that balance it"
        )
