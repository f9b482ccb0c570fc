"""Notional changes: prices and quantities of flows that do not exist, as GEMPACK reports them.

A flow that is zero in the benchmark stays zero: its price and quantity take no part
in the model, and a solution keeps them at one. GEMPACK's equations hold for
such cells too, so that its solution files have numbers there: what the price would
be, and what would be demanded at it. They follow from a solution by the same
definitions of the table, evaluated without masks.

Two things must be added. The price of a sluggish or specific endowment in an activity
that has none of it (``pesf``) equates notional supply with notional demand; both are
log-linear in it, so that two evaluations give it. And a route without margins has
no shares of margin services; GTAP takes those of the world (GTAP v7, coefficient
``VTFSD_MSH``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.model.named import Named

if TYPE_CHECKING:
    from cge.solve.model import Solution

#: GTAP's equations hold for products that are made only (``pca``, ``ps``, ``qca``), or for a part of the endowments.
_AS_GEMPACK = frozenset(("pca", "ps", "qca", "pefactreal", "expand"))
#: Weight of the world's margin services on a route without any, over their value: nothing for every other equation.
_NOTHING = 1e-30


def notional(solution: Solution) -> dict[str, np.ndarray]:
    """Levels of prices and quantities with their notional cells filled.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    dict of str to array
        Every index (benchmark 1) that the table defines and that has inactive cells, over its dimensions: active
        cells as in the solution, others notional. A cell that its definition cannot give (an elasticity out of
        range) stays at one.
    """
    system = solution.model.system
    names = [n for n, row in system.table.definitions.items() if row.kind == "define" and _is_filled(solution, n)]
    masks = {n: m for n, m in system.cal.masks.items() if n not in names}
    data = {**solution.data, "masks": masks}
    with np.errstate(all="ignore"):  # a cell that cannot be had is left out below
        data["exo"] = {**data["exo"], "pesf": _prices(solution, data)}
        plain, routes = _view(solution, data), _view(solution, _with_margins(data))
        out = {}
        for name in names:
            value = getattr(routes if name == "ptrans" else plain, name)
            level = np.exp(np.broadcast_to(value.log, value.shape))
            own = solution[name].values
            out[name] = np.where(system.cal.masks[name] | ~np.isfinite(level), own, level)
    return out


def _is_filled(solution: Solution, name: str) -> bool:
    symbol, mask = solution.model.system.table.symbols[name], solution.model.cal.masks.get(name)
    positive = symbol.positive and symbol.unit.startswith("index")
    return mask is not None and not mask.all() and positive and name not in _AS_GEMPACK


def _view(solution: Solution, data: Mapping[str, Any]) -> Any:
    return solution.model.system.view(solution.x, dict(data), solution.path.integral if solution.path else None)


def _prices(solution: Solution, data: dict[str, Any]) -> np.ndarray:
    """Logarithm of ``pesf``: in inactive cells where notional supply meets notional demand, else as it is given."""
    cal = solution.model.cal
    immobile = cal.data["MOBILE"][1] == 0
    empty = ~cal.masks["pesf"] & immobile[:, None, None]
    given = data["exo"]["pesf"]

    def excess(price: float) -> np.ndarray:
        """Logarithm of supply over demand at one logarithm of all prices that are sought."""
        view = _view(solution, {**data, "exo": {**data["exo"], "pesf": np.where(empty, price, given)}})
        ratio: Named = view.qes / view.qfe
        return np.broadcast_to(ratio.log, given.shape)

    low, high = excess(0.0), excess(1.0)
    slope = high - low
    solved = empty & (np.abs(slope) > 1e-9)
    return np.where(solved, -low / np.where(solved, slope, 1.0), given)


def _with_margins(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with a trace of the world's margin services on every route that has none."""
    used = data["coef"]["VTWR"]
    world = used.sum((1, 2, 3))[:, None, None, None]
    trace = np.where(used.sum(0) > 0, used, _NOTHING * world)
    return {**data, "coef": {**data["coef"], "VTWR": trace}}
