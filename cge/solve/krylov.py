"""GMRES on traced arrays, preconditioned from the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cge.solve.jaxsetup import jax_modules


def gmres(apply: Callable[[Any], Any], precondition: Callable[[Any], Any], rhs: Any, *, restart: int,
          tol: float, most: Any = None) -> tuple[Any, Any, Any]:
    """One cycle of right-preconditioned GMRES (Saad and Schultz 1986), modified Gram-Schmidt done twice.

    Parameters
    ----------
    apply : callable
        Jacobian-vector product.
    precondition : callable
        Approximate inverse.
    rhs : array (n,)
    restart : int
        Largest number of products, for which there is room.
    tol : float
        Stop when the residual norm is below ``tol`` times that of ``rhs``.
    most : int, optional
        Largest number of products this time.

    Returns
    -------
    x : array (n,)
        Approximate solution.
    products : int
        Number of Jacobian-vector products used.
    relative : float
        Residual norm reached over that of ``rhs`` (as the recurrence sees it).
    """
    jax, jnp = jax_modules()
    n = rhs.shape[0]
    beta = jnp.linalg.norm(rhs)
    safe_beta = jnp.where(beta > 0, beta, 1.0)
    basis = jnp.zeros((restart + 1, n), rhs.dtype).at[0].set(rhs / safe_beta)
    hess = jnp.zeros((restart + 1, restart), rhs.dtype)
    cos = jnp.zeros(restart, rhs.dtype)
    sin = jnp.zeros(restart, rhs.dtype)
    g = jnp.zeros(restart + 1, rhs.dtype).at[0].set(beta)

    allowed = restart if most is None else jnp.minimum(most, restart)

    def cont(state):
        k, *_, g_ = state
        return (k < allowed) & (jnp.abs(g_[k]) > tol * safe_beta)

    def body(state):
        k, basis, hess, cos, sin, g = state
        w = apply(precondition(basis[k]))
        h1 = basis @ w  # rows beyond k are zero
        w = w - h1 @ basis
        h2 = basis @ w
        w = w - h2 @ basis
        col = h1 + h2
        norm = jnp.linalg.norm(w)
        col = col.at[k + 1].set(norm)
        basis = basis.at[k + 1].set(w / jnp.where(norm > 0, norm, 1.0))

        def rotate(i, c):
            a, b = c[i], c[i + 1]
            return c.at[i].set(cos[i] * a + sin[i] * b).at[i + 1].set(-sin[i] * a + cos[i] * b)

        col = jax.lax.fori_loop(0, k, rotate, col)
        r = jnp.hypot(col[k], col[k + 1])
        r = jnp.where(r > 0, r, 1.0)
        ck, sk = col[k] / r, col[k + 1] / r
        col = col.at[k].set(ck * col[k] + sk * col[k + 1]).at[k + 1].set(0.0)
        g = g.at[k + 1].set(-sk * g[k]).at[k].set(ck * g[k])
        return k + 1, basis, hess.at[:, k].set(col), cos.at[k].set(ck), sin.at[k].set(sk), g

    k, basis, hess, cos, sin, g = jax.lax.while_loop(cont, body, (0, basis, hess, cos, sin, g))
    used = jnp.arange(restart) < k
    tri = jnp.where(used[:, None] & used[None, :], hess[:restart], 0.0) + jnp.diag(jnp.where(used, 0.0, 1.0))
    coef = jax.scipy.linalg.solve_triangular(tri, jnp.where(used, g[:restart], 0.0))
    return precondition(coef @ basis[:restart]), k, jnp.abs(g[k]) / safe_beta
