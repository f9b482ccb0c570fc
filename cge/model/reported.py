"""Unknowns that only report: small systems, region by region, solved with NumPy after the model is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from cge.errors import TableError
from cge.model.named import Named, constant, namespace

if TYPE_CHECKING:
    from cge.model.table import View

_STEP, _MOST, _DONE, _GOOD = 1e-30, 60, 1e-13, 1e-10


def solve_reported(view: View, kind: type[View]) -> dict[str, Named]:
    """All reported unknowns at the point of a view, by Newton's method with complex-step derivatives.

    Every one is an index over regions, whose rows read no other region's reported unknowns.

    Parameters
    ----------
    view : View
        A NumPy view of a solution.
    kind : type
        The plain view.

    Returns
    -------
    dict of str to Named
        NaN, with a warning, in a region where none is found.

    Raises
    ------
    TableError
        The view belongs to an engine that traces or writes out equations.
    """
    table = view._table
    rows = list(table.reported.values())
    names = [row.pairs for row in rows]
    y = view.y.log
    if namespace(y) is not np or y.dtype == object:
        raise TableError(f"'{names[0]}' and what is made of it is found after a solve; no closure can hold it")
    x = np.zeros((len(names), view.INCOME.shape[0]))
    own = {table.symbols[n].block for n in names}
    inputs = {n: a for n, a in view._memo.items() if table.symbols[n].block not in own}

    def residual(point: np.ndarray) -> np.ndarray:
        given = {n: Named(("reg",), coef=constant(1.0, 1, p), log=p) for n, p in zip(names, point, strict=True)}
        here = kind(table, {**view._given, **inputs, **given}, view._masks, view._rates, view.sets, view._post)
        out = []
        for row in rows:
            lhs, rhs = here.condition(row)
            out.append(lhs.log - rhs.log + np.log(lhs.coef / rhs.coef) if lhs.is_positive and rhs.is_positive
                       else lhs.level() - rhs.level())
        # What does not hang on the reported unknowns is evaluated once.
        inputs.update({n: a for n, a in here._memo.items() if table.symbols[n].block not in own})
        return np.stack(out)

    f = residual(x)
    for _ in range(_MOST):
        if not np.abs(f).max() > _DONE:
            break
        slope = np.empty((len(names), len(names), x.shape[1]))
        for j in range(len(names)):
            moved = x.astype(complex)
            moved[j] += 1j * _STEP
            slope[:, j] = residual(moved).imag / _STEP
        step = -np.linalg.solve(slope.transpose(2, 0, 1), f.T[:, :, None])[:, :, 0].T
        step *= np.minimum(1.0, 0.5 / np.maximum(np.abs(step).max(0), 1e-300))
        before, x = np.abs(f).max(), x + step
        f = residual(x)
        if np.abs(step).max() < _DONE or (before < _GOOD and np.abs(f).max() >= before):
            break
    bad = ~(np.abs(f).max(0) < _GOOD)
    if bad.any():
        warnings.warn(f"no compensated income found in {int(bad.sum())} regions; their compensating variation is NaN",
                      stacklevel=2)
        x[:, bad] = np.nan
    return {n: Named(("reg",), coef=constant(1.0, 1, p), log=p) for n, p in zip(names, x, strict=True)}
