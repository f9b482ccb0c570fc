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
    """Exchange the status of two variables.

    Attributes
    ----------
    exogenous : str
        The variable that becomes exogenous.
    endogenous : str
        The variable that becomes endogenous.
    where : bool array, optional
        Cells of the variable that is freed; all by default. Cells are exchanged in pairs, and only
        those whose flows exist on both sides.
    where_held : bool array, optional
        Cells of the variable that is held, where its dimensions differ; ``where`` by default.
    """

    exogenous: str
    endogenous: str
    where: np.ndarray | None = None
    where_held: np.ndarray | None = None


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
        # rorg has no market of its own: it stands against the numeraire (Walras' law).
        rows = {r.name: int(active_cells(r.pairs, table, cal).sum()) for r in table.conditions.values()}
        surplus = sum(int(m.sum()) for m in unknown.values()) - sum(rows.values())
        surplus -= sum(int(m.sum()) for m in fixed.values())
        if surplus:
            raise ClosureError(_not_square(surplus, table, unknown, fixed))
        return unknown, fixed

    def _apply(self, swap, table, cal, unknown, fixed) -> None:
        what = f"swap {swap.endogenous} = {swap.exogenous}"
        for name in (swap.exogenous, swap.endogenous):
            if name not in table.symbols:
                raise ClosureError(f"{what}: '{name}' is not a symbol of the model")
        freed, held = table.symbols[swap.endogenous], table.symbols[swap.exogenous]
        if freed.role != "exogenous" and swap.endogenous not in fixed:
            raise ClosureError(f"{what}: '{freed.name}' is endogenous already; name an exogenous variable to free")
        mask_held = swap.where if swap.where_held is None else swap.where_held
        where_free, where_held = _pairs(_asked(swap.where, freed.name, table, cal, what),
                                        _asked(mask_held, held.name, table, cal, what),
                                        active_cells(freed.name, table, cal), active_cells(held.name, table, cal))
        if not where_free.any() and not where_held.any():
            raise ClosureError(f"{what}: none of these cells has a flow in the benchmark, so that there is nothing to "
                               "exchange; name elements that trade or are used")
        if int(where_free.sum()) != int(where_held.sum()):
            raise ClosureError(f"{what}: {int(where_free.sum())} cells are freed but "
                               f"{int(where_held.sum())} fixed; both sides of a swap must have the same elements")
        if held.role == "exogenous" and not (unknown.get(held.name, False) & where_held).any():
            raise ClosureError(f"{what}: '{held.name}' is exogenous already; name an endogenous variable to fix")
        if swap.endogenous in fixed:
            twice = where_free & ~fixed[swap.endogenous]
            fixed[swap.endogenous] = fixed[swap.endogenous] & ~where_free
        else:
            twice = where_free & unknown.get(freed.name, False)
            unknown[freed.name] = unknown.get(freed.name, False) | where_free
        if twice.any():
            raise ClosureError(f"{what}: '{freed.name}' is free already at {_first(twice, freed, cal)}")
        if held.name in unknown:
            twice = where_held & ~unknown[held.name]
            unknown[held.name] = unknown[held.name] & ~where_held
        else:
            twice = where_held & fixed.get(held.name, False)
            fixed[held.name] = fixed.get(held.name, False) | where_held
        if twice.any():
            raise ClosureError(f"{what}: '{held.name}' is held already at {_first(twice, held, cal)}")


def _not_square(surplus, table, unknown, fixed) -> str:
    """What is too many or too few, in words."""
    paired = {r.pairs for r in table.conditions.values()}
    declared = [s.name for s in table.symbols.values() if s.role == "unknown"]
    parts = {
        "unknowns without a condition of their own": [n for n in declared if n not in paired and unknown[n].any()],
        "freed exogenous variables": [n for n, m in unknown.items() if m.any() and n not in declared],
        "held endogenous variables": [n for n, m in fixed.items() if m.any()]
        + [n for n in declared if n in paired and not unknown[n].any()],
        "conditions paired with a variable that is not an unknown": [
            r.name for r in table.conditions.values() if r.pairs not in declared],
    }
    count = f"{surplus} unknowns more than" if surplus > 0 else f"{-surplus} unknowns fewer than"
    repair = ("under-determined: hold a variable, or free one fewer" if surplus > 0
              else "over-determined: free a variable, or hold one fewer")
    listed = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
    return f"the closure is not square, {count} conditions and held values ({repair}); {listed}"


def _first(mask, symbol, cal) -> str:
    where = np.argwhere(mask)[0] if mask.ndim else ()
    return ", ".join(cal.sets[d][i] for d, i in zip(symbol.dims, where, strict=True)) or "its one value"


def active_cells(name: str, table: Table, cal: Calibration) -> np.ndarray:
    """Mask of active cells of a symbol, over its declared dimensions."""
    if name in cal.masks:
        return cal.masks[name]
    return np.ones([len(cal.sets[d]) for d in table.symbols[name].dims], bool)


def _asked(where, name, table, cal, what) -> np.ndarray:
    """Cells of a symbol that a swap names, with a flow or without."""
    shape = tuple(len(cal.sets[d]) for d in table.symbols[name].dims)
    try:
        return np.ones(shape, bool) if where is None else np.array(np.broadcast_to(np.asarray(where, bool), shape))
    except ValueError:
        raise ClosureError(f"{what}: the mask has shape {np.shape(where)} but '{name}' has cells "
                           f"{shape} over {table.symbols[name].dims}") from None


def _pairs(free: np.ndarray, held: np.ndarray, active_free: np.ndarray,
           active_held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Active cells of both sides; where as many are named on each, element by element, in the order of the sets.

    A tax may exist for a flow that does not: its partner on the other side has no equation, so neither is exchanged.
    """
    i, j = np.flatnonzero(free), np.flatnonzero(held)
    free, held = free & active_free, held & active_held
    if len(i) == len(j):
        both = active_free.reshape(-1)[i] & active_held.reshape(-1)[j]
        free.reshape(-1)[i[~both]] = False
        held.reshape(-1)[j[~both]] = False
    return free, held
