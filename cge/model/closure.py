"""Closures: which variables are given and which are solved for.

The default closure of the table: every symbol declared exogenous is given, the
price index ``pfactwld`` is the numeraire, and the market for saving and
investment is the omitted one. A swap frees an exogenous symbol and fixes an
endogenous one; the partition is checked to be square before any solve.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cge.errors import ClosureError
from cge.model.calibrate import Calibration
from cge.model.table import Table

NUMERAIRE = "pfactwld"


@dataclass(frozen=True)
class Swap:
    """Free ``endogenous`` and fix ``exogenous`` where ``where`` is true (all active cells by default)."""

    exogenous: str
    endogenous: str
    where: np.ndarray | None = None


@dataclass(frozen=True)
class Closure:
    """A partition of the table's symbols.

    Attributes
    ----------
    swaps : tuple of Swap
        Departures from the default closure, as in GEMPACK's ``swap`` statements.
    """

    swaps: tuple[Swap, ...] = field(default_factory=tuple)

    def partition(self, table: Table, cal: Calibration) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Cells solved for, and cells of defined symbols held at a given value.

        Returns
        -------
        unknown : dict of str to bool array
            Cells of unknown and freed exogenous symbols.
        fixed : dict of str to bool array
            Cells of defined symbols (the numeraire among them) that are given.

        Raises
        ------
        ClosureError
            Unknown symbols, cells that are already fixed or free, or a count
            of unknowns that differs from the count of conditions.
        """
        unknown = {s.name: active_cells(s.name, table, cal) for s in table.symbols.values() if s.role == "unknown"}
        fixed = {NUMERAIRE: np.ones((), bool)}
        for swap in self.swaps:
            self._apply(swap, table, cal, unknown, fixed)
        rows = sum(int(active_cells(r.pairs, table, cal).sum()) for r in table.conditions.values())
        n_fixed = sum(int(m.sum()) for m in fixed.values())
        n_unknown = sum(int(m.sum()) for m in unknown.values())
        # rorg has no market of its own: it stands against the numeraire (Walras' law).
        if n_unknown != rows + n_fixed:
            raise ClosureError(
                f"the closure is not square: {n_unknown} unknowns against {rows} conditions and {n_fixed} fixed "
                f"values; unknown symbols: {', '.join(k for k, m in unknown.items() if m.any())}; "
                f"fixed: {', '.join(fixed)}")
        return unknown, fixed

    def _apply(self, swap, table, cal, unknown, fixed) -> None:
        for name in (swap.exogenous, swap.endogenous):
            if name not in table.symbols:
                raise ClosureError(f"swap {swap.endogenous} = {swap.exogenous}: '{name}' is not a symbol of the model")
        freed, held = table.symbols[swap.endogenous], table.symbols[swap.exogenous]
        if freed.role != "exogenous" and swap.endogenous not in fixed:
            raise ClosureError(f"swap: '{freed.name}' is endogenous already; name an exogenous variable to free")
        where_free = _cells(swap.where, freed.name, table, cal)
        where_held = _cells(swap.where, held.name, table, cal)
        if int(where_free.sum()) != int(where_held.sum()):
            raise ClosureError(f"swap {freed.name} = {held.name}: {int(where_free.sum())} cells are freed but "
                               f"{int(where_held.sum())} fixed; both sides of a swap must have the same elements")
        if held.role == "exogenous" and not (held.name in unknown and (unknown[held.name] & where_held).any()):
            raise ClosureError(f"swap: '{held.name}' is exogenous already; name an endogenous variable to fix")
        if swap.endogenous in fixed:
            fixed[swap.endogenous] = fixed[swap.endogenous] & ~where_free
        else:
            unknown[freed.name] = unknown.get(freed.name, np.zeros_like(where_free)) | where_free
        if held.name in unknown:
            unknown[held.name] = unknown[held.name] & ~where_held
        else:
            fixed[held.name] = fixed.get(held.name, np.zeros_like(where_held)) | where_held


def active_cells(name: str, table: Table, cal: Calibration) -> np.ndarray:
    """Mask of active cells of a symbol, over its declared dimensions."""
    if name in cal.masks:
        return cal.masks[name]
    return np.ones([len(cal.sets[d]) for d in table.symbols[name].dims], bool)


def _cells(where, name, table, cal):
    cells = active_cells(name, table, cal)
    return cells if where is None else cells & np.broadcast_to(where, cells.shape)
