"""Line integrals of Divisia indices through a few points of a path: ``sum w dlog x`` by polynomials.

Weights and logarithms are joined by the polynomial through Chebyshev-Lobatto points; for a
smooth path the error falls geometrically with their number (Trefethen 2013, chapters 8 and 19).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from cge.model.named import Named
from cge.model.ops import level, total


def lobatto(m: int) -> np.ndarray:
    """The ``m + 1`` Chebyshev-Lobatto points of [0, 1]; those of ``m`` are among those of ``2 m``."""
    times = 0.5 * (1.0 - np.cos(np.pi * np.arange(m + 1) / m))
    return np.round(times, 15)


def lagrange(times: np.ndarray, s: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes at ``s`` of the polynomials that are one at one of the times and zero at the others."""
    value, slope = np.ones(len(times)), np.zeros(len(times))
    for i, t in enumerate(times):
        other = np.delete(times, i)
        factors = (s - other) / (t - other)
        value[i] = factors.prod()
        slope[i] = sum(np.delete(factors, k).prod() / (t - other[k]) for k in range(len(other)))
    return value, slope


@functools.lru_cache(maxsize=16)
def clenshaw_curtis(m: int) -> dict[float, float]:
    """Weights of the integral over [0, 1] at the points of :func:`lobatto` (Clenshaw and Curtis 1960)."""
    if m == 0:
        return {}
    degree = np.arange(m + 1)
    exact = [0.0 if k % 2 else 1.0 / (1.0 - k * k) for k in degree]  # of Chebyshev's polynomials
    values = np.cos(np.outer(degree, np.pi - np.pi * degree / m))
    return dict(zip(lobatto(m).tolist(), np.linalg.solve(values, exact).tolist(), strict=True))


def geometric(gap: float, before: float) -> float:
    """Error left after doublings that changed a result by ``before`` and then by ``gap``, if it falls geometrically.

    An error ``c r^m`` of m points is squared (but for c) when they double: the next one is ``gap (gap / before)^2``.
    """
    return gap * min(1.0, gap / before) ** 2 if 0.0 < before < np.inf else gap


#: A shock that makes an index larger or smaller than by this factor has its points where the logarithm moves.
_LARGE_FACTOR = 4.0


def bend_of(logs: float, falls: float) -> float:
    """How a path is to be walked: zero evenly in levels, positive slowly at its start, negative slowly at its end.

    The integral of a Divisia index hangs on the line of the shock, not on how fast it is walked. A tariff of 10000%
    has done nearly all it does in the first hundredth of the line: points evenly spaced in levels would miss it.

    Parameters
    ----------
    logs, falls : float
        Largest rise and largest fall of the logarithm of any shocked index.
    """
    far = max(logs, falls)
    return 0.0 if far < np.log(_LARGE_FACTOR) else float(logs if logs >= falls else -falls)


def bent(s: Any, bend: Any) -> Any:
    """Fraction of the shock in levels at the fraction ``s`` of the walk: ``(exp(bend s) - 1) / (exp(bend) - 1)``."""
    return s if bend == 0.0 else np.expm1(bend * s) / np.expm1(bend)


def pace(s: float, bend: float) -> float:
    """Derivative of :func:`bent`."""
    return 1.0 if bend == 0.0 else float(bend * np.exp(bend * s) / np.expm1(bend))


@functools.lru_cache(maxsize=256)
def integration(times: tuple[float, ...], to: float) -> np.ndarray:
    """Matrix Q with ``sum_ij Q[i, j] w_i x_j`` the integral of ``w dx`` from 0 to ``to`` for polynomials w, x."""
    t = np.array(times)
    nodes, weights = np.polynomial.legendre.leggauss(len(t))
    s, h = 0.5 * to * (nodes + 1.0), 0.5 * to * weights
    value, slope = np.empty((len(t), len(s))), np.empty((len(t), len(s)))
    for i in range(len(t)):
        other = np.delete(t, i)
        factors = (s[:, None] - other) / (t[i] - other)
        value[i] = factors.prod(1)
        slope[i] = sum(np.delete(factors, k, axis=1).prod(1) / (t[i] - other[k]) for k in range(len(other)))
    return (value * h) @ slope.T


def integrate(times: tuple[float, ...], states: list[dict[str, Any]], dims: dict[str, Any], to: float
              ) -> dict[str, np.ndarray]:
    """Integrals of all rates from the start of a path to the fraction ``to``.

    Parameters
    ----------
    times : tuple of float
        Fractions of the shock, the start (0) first.
    states : list of dict
        Path state at each: ``acc`` of the start, ``w`` and ``x`` of every term.
    dims : dict
        Per rate its dimensions and those of the weight and variable of each term.
    to : float
    """
    q = integration(times, to)
    out = {}
    for name, (own, terms) in dims.items():
        acc = Named((), np.asarray(0.0))
        for k, (of_weight, of_variable) in enumerate(terms):
            w = np.tensordot(q.T, np.stack([s[name]["w"][k] for s in states]), 1)
            start = states[0][name]["x"][k]
            for weight, s in zip(w, states, strict=True):
                step = Named(of_weight, weight) * Named(of_variable, s[name]["x"][k] - start)
                acc = level(acc + total(level(step), *[d for d in step.dims if d not in own]))
        value = acc.transposed(own).val if set(acc.dims) == set(own) else acc.val
        out[name] = states[0][name]["acc"] + value
    return out
