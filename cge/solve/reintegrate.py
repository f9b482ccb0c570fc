"""A second integration of the Divisia indices, apart from the engine's.

The engine chains trapezoids and extrapolates. Here weights and logarithms at the
stored points of the path are joined by cubic splines and ``sum w dlog x`` is
integrated by Gauss-Legendre rules. The stored points carry the price level of
their own pass, so indices are compared in relation to the numeraire.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.interpolate import CubicSpline

from cge.model.closure import NUMERAIRE
from cge.model.named import Named
from cge.model.ops import level, total

if TYPE_CHECKING:
    from cge.solve.path import Path

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


def rate_gap(path: Path, view: Any) -> tuple[float, str]:
    """Largest difference between the engine's indices and the second integration, and the index it occurs in.

    Parameters
    ----------
    path : Path
        Points of the solve.
    view : View
        NumPy view of the solution.

    Returns
    -------
    gap : float
        Fraction (difference of logarithms); NaN for a path of a single step, which gives nothing to compare.
    where : str
    """
    model = path.model
    system = model.system
    times = np.array(path.spaced())
    if len(times) < 4:
        return float("nan"), ""
    names = [n for n in system.rates if system.table.symbols[n].positive]
    dims, states = model.rate_dims(), [path.nodes[t] for t in times]
    found = {}
    for name in names:
        terms = [[(Named(w_dims, w), Named(x_dims, x)) for (w_dims, x_dims), w, x
                  in zip(dims[name][1], s[name]["w"], s[name]["x"], strict=True)] for s in states]
        found[name] = _integral(times, terms, dims[name][0])
    worst, where = 0.0, ""
    shift = getattr(view, NUMERAIRE).log - found[NUMERAIRE]
    for name in names:
        engine = np.broadcast_to(getattr(view, name).log, found[name].shape)
        price = 1.0 if name.startswith("p") else 0.0
        gap = float(np.max(np.abs(engine - found[name] - price * shift), initial=0.0))
        if gap > worst:
            worst, where = gap, name
    return worst, where


def _integral(times: np.ndarray, terms: list[list[tuple[Named, Named]]], dims: tuple[str, ...]) -> np.ndarray:
    """Integral of one index over the path by splines, over the dimensions of its row."""
    acc = Named((), np.asarray(0.0))
    for k, (w0, x0) in enumerate(terms[0]):
        weight = CubicSpline(times, np.stack([np.broadcast_to(at[k][0].val, w0.shape) for at in terms]))
        slope = CubicSpline(times, np.stack([np.broadcast_to(at[k][1].val, x0.shape) for at in terms])).derivative()
        for a, b in itertools.pairwise(times):
            for node, h in zip(_NODES, _WEIGHTS, strict=True):
                t = 0.5 * (a + b) + 0.5 * (b - a) * node
                step = Named(w0.dims, weight(t)) * Named(x0.dims, slope(t)) * (0.5 * (b - a) * h)
                acc = level(acc + total(level(step), *[d for d in step.dims if d not in dims]))
    return acc.transposed(dims).val if set(acc.dims) == set(dims) else acc.val
