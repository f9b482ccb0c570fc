"""Sums and CES indices of logarithms: one kernel each, with the derivative the field knows.

``d log(sum) = sum share * dlog`` and ``d log(index) = sum share * dlog(price)`` with current
shares: an engine stores one array of shares per sum, and none of what made them. Values
are those of the plain formulas, which NumPy evaluates as they stand.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from cge.model.logarithm import traced_log1p

#: Below this distance from one an elasticity takes, in its own derivative, the expansion about Cobb-Douglas.
_NEAR = 1e-6
#: A sum that has lost more than this part of itself is taken from its terms: ``1 + moved`` would lose its digits.
_LOST = -0.5
#: The same where nothing else is tried: a quarter of the digits are gone.
_GONE = {8: -1.0 + 1e-4, 4: -1.0 + 1e-2}
_quick: ContextVar[bool] = ContextVar("quick", default=False)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Trace sums in one pass over their terms: those of which next to nothing is left are NaN.

    Elsewhere a sum that nearly vanishes is taken a second time, from its terms, which makes residuals slower by
    two thirds. Few shocks need it (prohibitive tariffs do); an engine asks for it when it meets NaN.
    """
    before = _quick.set(True)
    try:
        yield
    finally:
        _quick.reset(before)


def quickly(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, traced as under :func:`quick`."""

    def traced(*args: Any) -> Any:
        with quick():
            return f(*args)

    return traced


def log_sum(share: Any, log: Any, axes: tuple[int, ...], xp: Any) -> Any:
    """``log1p(sum share * expm1(log))`` over the axes: change of a sum with benchmark shares ``share``."""
    if xp is np:
        return _sum(share, log, axes, np)[0]
    return _traced()[0](axes, share, log)


def log_index(theta: Any, log: Any, e: Any, axes: tuple[int, ...], xp: Any) -> Any:
    """``log1p(sum theta * expm1(e * log)) / e`` over the axes: CES index, exponent ``e = 1 - sigma``.

    ``e`` has length one on the reduced axes. At ``e = 0`` (Cobb-Douglas) the index is the weighted mean, which
    the formula approaches without loss of digits.
    """
    if xp is np:
        return _index(theta, log, e, axes, np)[0]
    return _traced()[1](axes, theta, log, e)


def log_index_two(theta: Any, first: Any, second: Any, e: Any, xp: Any) -> Any:
    """CES index of two branches, elementwise: ``theta`` is the share of the first.

    ``second + log1p(theta * expm1(e * (first - second))) / e``: one exponential less than the sum over both.
    """
    if xp is np:
        return _index_two(theta, first, second, e, np)[0]
    return _traced()[2](theta, first, second, e)


def _over(e: Any, log: Any, xp: Any) -> tuple[Any, Any]:
    """Where the exponent is zero, and one over it elsewhere, in the precision of the logarithms."""
    zero = e == 0
    return zero, 1.0 / xp.where(zero, 1.0, e).astype(np.result_type(e.dtype, log.dtype))


def _log1p(a: Any, xp: Any) -> Any:
    return xp.log1p(a) if xp is np or a.dtype != np.float64 else traced_log1p()(a)


def _log(moved: Any, whole: Callable[[], Any], xp: Any) -> tuple[Any, Any]:
    """``log1p(moved)`` and ``1 + moved``; from the terms of the sum where nearly all of it is gone.

    ``whole`` gives the sum of the terms over the benchmark's. Traced code takes it only when some cell asks for it.
    """
    if _quick.get() and xp is not np:
        moved = xp.where(moved < _GONE[moved.dtype.itemsize], np.nan, moved)
        return _log1p(moved, xp), 1.0 + moved
    gone = moved < _LOST

    def near():
        return 1.0 + moved

    def far():
        return xp.where(gone, xp.maximum(whole(), np.finfo(moved.dtype).tiny), 1.0 + moved)

    if xp is np:
        total = far() if gone.any() else near()
    else:
        from jax.lax import cond

        total = cond(gone.any(), far, near)
    return xp.where(gone, xp.log(xp.where(gone, total, 1.0)), _log1p(xp.where(gone, 0.0, moved), xp)), total


def _sum(share: Any, log: Any, axes: tuple[int, ...], xp: Any) -> tuple[Any, Any]:
    """Logarithm of a sum, and the sum over the benchmark's (axes kept)."""
    moved = (share * xp.expm1(log)).sum(axis=axes, keepdims=True)
    value, whole = _log(moved, lambda: (share * xp.exp(log)).sum(axis=axes, keepdims=True), xp)
    return xp.squeeze(value, axes), whole


def _index(theta: Any, log: Any, e: Any, axes: tuple[int, ...], xp: Any) -> tuple[Any, Any]:
    """The index, and the sum of current shares over benchmark shares (axes kept)."""
    zero, inverse = _over(e, log, xp)
    grown = xp.where(zero, log, xp.expm1(e * log) * inverse)
    moved = (theta * grown).sum(axis=axes, keepdims=True)
    value, whole = _log(e * moved, lambda: (theta * xp.exp(e * log)).sum(axis=axes, keepdims=True), xp)
    return xp.squeeze(xp.where(zero, moved, value * inverse), axis=axes), whole


def _index_two(theta: Any, first: Any, second: Any, e: Any, xp: Any) -> tuple[Any, Any]:
    """The index, and the current share of the first branch."""
    zero, inverse = _over(e, first, xp)
    apart = first - second
    alone = theta == 1.0  # the second branch is absent, and its price means nothing
    growth = xp.where(alone, 0.0, theta) * xp.expm1(e * apart)
    index = second + xp.where(alone, apart, xp.where(zero, theta * apart, _log1p(growth, xp) * inverse))
    return index, xp.where(alone, 1.0, (theta + growth) / (1.0 + growth))


@functools.cache
def _traced() -> tuple[Any, Any, Any]:
    """The three kernels for traced arrays, with their derivative rules."""
    import jax
    import jax.numpy as jnp

    def given(tangent: Any) -> bool:
        return type(tangent).__name__ != "SymbolicZero"

    @functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
    def summed(axes, share, log):
        return _sum(share, log, axes, jnp)[0]

    def summed_jvp(axes, primals, tangents):
        share, log = primals
        value, whole = _sum(share, log, axes, jnp)
        out = jnp.zeros_like(value)
        if given(tangents[1]):
            out = out + (share * jnp.exp(log) / whole * tangents[1]).sum(axis=axes)
        if given(tangents[0]):
            out = out + (jnp.expm1(log) / whole * tangents[0]).sum(axis=axes)
        return value, out

    summed.defjvp(summed_jvp, symbolic_zeros=True)

    @functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
    def index(axes, theta, log, e):
        return _index(theta, log, e, axes, jnp)[0]

    def index_jvp(axes, primals, tangents):
        theta, log, e = primals
        value, whole = _index(theta, log, e, axes, jnp)
        weight = theta * jnp.exp(e * log) / whole
        out = jnp.zeros_like(value)
        if given(tangents[1]):
            out = out + (weight * tangents[1]).sum(axis=axes)
        zero, inverse = _over(e, log, jnp)
        if given(tangents[0]):
            part = jnp.where(zero, log, jnp.expm1(e * log) * inverse / whole)
            out = out + (part * tangents[0]).sum(axis=axes)
        if given(tangents[2]):
            wide = jnp.expand_dims(value, axes)
            near = abs(e) < _NEAR  # where the difference below would lose its digits
            mean = (weight * log).sum(axis=axes, keepdims=True)
            spread = (theta * (log - wide) ** 2).sum(axis=axes, keepdims=True)
            slope = jnp.where(near, 0.5 * spread, (mean - wide) / jnp.where(near, 1.0, e))
            out = out + jnp.squeeze(slope * tangents[2], axis=axes)
        return value, out

    index.defjvp(index_jvp, symbolic_zeros=True)

    @jax.custom_jvp
    def index_two(theta, first, second, e):
        return _index_two(theta, first, second, e, jnp)[0]

    def index_two_jvp(primals, tangents):
        theta, first, second, e = primals
        value, weight = _index_two(theta, first, second, e, jnp)
        # The index moves with the second branch, and with the first by its share in excess of that.
        out = jnp.zeros_like(value)
        if given(tangents[2]):
            out = out + tangents[2]
        if given(tangents[1]) or given(tangents[2]):
            apart = (tangents[1] if given(tangents[1]) else 0.0) - (tangents[2] if given(tangents[2]) else 0.0)
            out = out + weight * apart
        if given(tangents[0]) or given(tangents[3]):
            rest = jax.jvp(lambda t, x: _index_two(t, first, second, x, jnp)[0], (theta, e),
                           tuple(t if given(t) else jnp.zeros_like(p)
                                 for t, p in ((tangents[0], theta), (tangents[3], e))))[1]
            out = out + rest
        return value, out

    index_two.defjvp(index_two_jvp, symbolic_zeros=True)
    return summed, index, index_two
