"""Iterative proportional fitting of general linear totals: the check beside the cross-entropy solution."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def ras(
    prior: np.ndarray,
    matrix: sp.csr_matrix,
    rhs: np.ndarray,
    weight: np.ndarray | None = None,
    sweeps: int = 5000,
    tolerance: float = 1e-10,
):
    """Scale positive cells until linear totals hold (generalised RAS, Bregman's row-action method).

    One constraint after the other, cells move by ``x -> x exp(a t / w)`` with its coefficients a, and t
    such that it holds. With coefficients of one sign and size and unit weights that is the RAS scaling of a
    row. At convergence the result is the cross-entropy solution (Bregman 1967), by another route.

    Parameters
    ----------
    prior : ndarray, shape (n,)
        Positive cells.
    matrix : csr_matrix, shape (m, n)
    rhs : ndarray, shape (m,)
    weight : ndarray, shape (n,), optional
        Reluctance of a cell to move; ones by default.
    sweeps : int
        Largest number of passes over the constraints.
    tolerance : float
        Largest violation, relative to half of the sum of absolute terms.

    Returns
    -------
    x : ndarray, shape (n,)
    gap : float
        Largest relative violation left.
    done : int
        Sweeps made.
    """
    x = prior.copy()
    ease = np.ones_like(prior) if weight is None else 1.0 / weight
    indptr, indices, data = matrix.indptr, matrix.indices, matrix.data
    rows = [
        (indices[indptr[i] : indptr[i + 1]], data[indptr[i] : indptr[i + 1]]) for i in range(matrix.shape[0])
    ]
    gap, done = np.inf, 0
    while done < sweeps and gap >= tolerance:
        done += 1
        gap = 0.0
        for (cells, a), b in zip(rows, rhs, strict=True):
            terms = a * x[cells]
            size = max(np.abs(terms).sum() / 2, abs(b))
            gap = max(gap, abs(terms.sum() - b) / size)
            move = a * ease[cells]
            x[cells] *= np.exp(_step(terms, move, b) * move)
    return x, gap, done


def _step(terms: np.ndarray, move: np.ndarray, b: float) -> float:
    """Solve sum terms exp(move t) = b by Newton from t = 0."""
    t = 0.0
    for _ in range(50):
        e = terms * np.exp(move * t)
        step = np.clip((b - e.sum()) / (move * e).sum(), -1.0, 1.0)
        t += step
        if abs(step) < 1e-14:
            break
    return t
