"""Chord iterations with Anderson's acceleration: the step for systems whose benchmark inverse is at hand.

``x <- x - J0^-1 f(x)`` with the inverse of the benchmark Jacobian converges for most
shocks; Anderson (1965, as in Walker and Ni 2011) mixes the last few steps so that few
residuals are needed. One compiled loop, no derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cge.solve.jaxsetup import jax_modules

#: Steps that are mixed.
DEPTH = 6
#: Relative weight that keeps the small least-squares problem regular.
REGULAR = 1e-13
#: A residual this many times the first one, or this large, ends the attempt.
GROWTH, LARGE = 1e3, 1e4


def chord(residual: Callable[[Any], Any], inverse: Any, x: Any, goal: Any, limit: int) -> tuple[Any, Any, Any]:
    """Solve ``residual(x) = 0`` from ``x``.

    Parameters
    ----------
    residual : callable
        Array (n,) to array (n,).
    inverse : array (n, n)
        Approximate inverse of the Jacobian.
    x : array (n,)
    goal : float
        Largest residual at which to stop.
    limit : int
        Most residuals to evaluate.

    Returns
    -------
    x : array (n,)
        Point of the smallest residual.
    norm : float
        Largest residual there.
    count : int
        Residuals evaluated.
    """
    jax, jnp = jax_modules()
    n = x.shape[0]
    mixed = jnp.zeros((DEPTH, n), x.dtype)

    def largest(f):
        return jnp.where(jnp.isfinite(f).all(), jnp.abs(f).max(), jnp.inf)

    def step(f):
        return -(inverse @ f)

    def going(state):
        k, _, _, norm, _, _, _, _, first = state
        return (k < limit) & (norm >= goal) & (norm <= GROWTH * first) & (norm <= LARGE)

    def body(state):
        k, x, g, _, best, best_norm, dx, dg, first = state
        size = jnp.linalg.norm(dg, axis=1)
        unit = dg / jnp.where(size > 0, size, 1.0)[:, None]
        gram = unit @ unit.T + jnp.diag(jnp.where(size > 0, REGULAR, 1.0))
        weight = jnp.linalg.solve(gram, unit @ g) / jnp.where(size > 0, size, 1.0)
        new = x + g - weight @ (dx + dg)
        f = residual(new)
        norm = largest(f)
        g_new = step(jnp.where(jnp.isfinite(f), f, 0.0))
        slot = k % DEPTH
        dx, dg = dx.at[slot].set(new - x), dg.at[slot].set(g_new - g)
        better = norm < best_norm
        return (k + 1, new, g_new, norm, jnp.where(better, new, best), jnp.minimum(norm, best_norm), dx, dg, first)

    f = residual(x)
    norm = largest(f)
    start = (1, x, step(jnp.where(jnp.isfinite(f), f, 0.0)), norm, x, norm, mixed, mixed, norm)
    k, _, _, _, best, best_norm, _, _, _ = jax.lax.while_loop(going, body, start)
    return best, best_norm, k
