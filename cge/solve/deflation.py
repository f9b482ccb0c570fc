"""Deflation: what a preconditioner gets wrong, corrected on a small space.

A preconditioned Jacobian ``A = J M^-1`` that differs from the identity mostly on a few
directions (world markets, which regional blocks do not see) is known well enough by an
Arnoldi basis V of it: ``A V = V H`` but for the last vector. ``M^-1 (I + V (H^-1 - I) V')``
then inverts J on that space and is ``M^-1`` off it (Gutknecht 2012, "Spectral deflation
in Krylov solvers", section on augmented preconditioners; the basis is made once, at the
benchmark, and serves every shock).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cge.solve.jaxsetup import jax_modules

#: Vectors of the basis: more save hardly a product.
SIZE = 30


def arnoldi(apply: Callable[[Any], Any], start: Any, size: int) -> tuple[Any, Any]:
    """Orthonormal basis of the Krylov space of a linear map, and the map on it (traced).

    Parameters
    ----------
    apply : callable
        Array (n,) to array (n,).
    start : array (n,)
    size : int

    Returns
    -------
    basis : array (size, n)
    image : array (size, size)
        ``basis @ apply(basis.T)``.
    """
    jax, jnp = jax_modules()
    n = start.shape[0]
    basis = jnp.zeros((size + 1, n), start.dtype).at[0].set(start / jnp.linalg.norm(start))
    image = jnp.zeros((size + 1, size), start.dtype)

    def body(j, state):
        basis, image = state
        w = apply(basis[j])
        first = basis @ w
        w = w - first @ basis
        second = basis @ w
        w = w - second @ basis
        norm = jnp.linalg.norm(w)
        return (basis.at[j + 1].set(w / jnp.where(norm > 0, norm, 1.0)),
                image.at[:, j].set((first + second).at[j + 1].set(norm)))

    basis, image = jax.lax.fori_loop(0, size, body, (basis, image))
    return basis[:size], image[:size]


def correction(image: np.ndarray) -> np.ndarray:
    """``H^-1 - I``; nothing where the map is singular on the basis."""
    one = np.eye(len(image))
    try:
        gain = np.linalg.inv(np.asarray(image, float)) - one
    except np.linalg.LinAlgError:
        return np.zeros_like(one)
    return gain if np.isfinite(gain).all() and np.abs(gain).max() < 1e3 else np.zeros_like(one)
