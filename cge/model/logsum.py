"""Sums and CES indices of logarithms: one kernel each, with the derivative the field knows.

``d log(sum) = sum share * dlog`` and ``d log(index) = sum share * dlog(price)`` with current
shares: an engine stores one array of shares per sum, and none of what made them. Values
are those of the plain formulas, which NumPy evaluates as they stand.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

#: Below this distance from one an elasticity takes the expansion about Cobb-Douglas.
_NEAR = 1e-6


def log_sum(share: Any, log: Any, axes: tuple[int, ...], xp: Any) -> Any:
    """``log1p(sum share * expm1(log))`` over the axes: change of a sum with benchmark shares ``share``."""
    if xp is np:
        return np.log1p((share * np.expm1(log)).sum(axis=axes))
    return _traced()[0](axes, share, log)


def log_index(theta: Any, log: Any, e: Any, axes: tuple[int, ...], xp: Any) -> Any:
    """``log1p(sum theta * expm1(e * log)) / e`` over the axes: CES index, exponent ``e = 1 - sigma``.

    ``e`` has length one on the reduced axes. At ``e = 0`` (Cobb-Douglas) the index is the weighted mean;
    near it the second-order expansion in ``e``.
    """
    if xp is np:
        return _index(theta, log, e, axes, np)[0]
    return _traced()[1](axes, theta, log, e)


def _index(theta: Any, log: Any, e: Any, axes: tuple[int, ...], xp: Any) -> tuple[Any, Any]:
    """The index, and the sum of current shares over benchmark shares (axes kept)."""
    small = abs(e) < _NEAR
    safe = xp.where(small, 1.0, e)
    moved = (theta * xp.expm1(safe * log)).sum(axis=axes, keepdims=True)
    mean = (theta * log).sum(axis=axes, keepdims=True)
    spread = (theta * (log - mean) ** 2).sum(axis=axes, keepdims=True)
    index = xp.where(small, mean + 0.5 * e * spread, xp.log1p(moved) / safe)
    return xp.squeeze(index, axis=axes), xp.where(small, 1.0 + e * mean, 1.0 + moved)


@functools.cache
def _traced() -> tuple[Any, Any]:
    """The two kernels for traced arrays, with their derivative rules."""
    import jax
    import jax.numpy as jnp

    def given(tangent: Any) -> bool:
        return type(tangent).__name__ != "SymbolicZero"

    @functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
    def summed(axes, share, log):
        return jnp.log1p((share * jnp.expm1(log)).sum(axis=axes))

    def summed_jvp(axes, primals, tangents):
        share, log = primals
        growth = jnp.expm1(log)
        moved = (share * growth).sum(axis=axes)
        whole = jnp.expand_dims(1.0 + moved, axes)
        out = jnp.zeros_like(moved)
        if given(tangents[1]):
            out = out + (share * (1.0 + growth) / whole * tangents[1]).sum(axis=axes)
        if given(tangents[0]):
            out = out + (growth / whole * tangents[0]).sum(axis=axes)
        return jnp.log1p(moved), out

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
        wide = jnp.expand_dims(value, axes)
        small = abs(e) < _NEAR
        safe = jnp.where(small, 1.0, e)
        if given(tangents[0]):
            part = jnp.where(small, log, jnp.expm1(safe * log) / safe / whole)
            out = out + (part * tangents[0]).sum(axis=axes)
        if given(tangents[2]):
            mean = (weight * log).sum(axis=axes, keepdims=True)
            spread = (theta * (log - wide) ** 2).sum(axis=axes, keepdims=True)
            slope = jnp.where(small, 0.5 * spread, (mean - wide) / safe)
            out = out + jnp.squeeze(slope * tangents[2], axis=axes)
        return value, out

    index.defjvp(index_jvp, symbolic_zeros=True)
    return summed, index
