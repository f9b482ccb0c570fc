"""Free movement of labour in one sector: a closed form beside the solved model.

After Hamilton and Whalley (1984), Journal of Development Economics 14: each region makes one good of labour and all
other factors by a CES function of constant elasticity; workers are alike everywhere, so that the gap of pay between
regions is a barrier to movement; without the barrier they move until marginal products are equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BISECTIONS = 200


@dataclass(frozen=True)
class OneSector:
    """What free movement does in the closed form.

    Attributes
    ----------
    workers : array (reg)
        Workers over those of the base year.
    wage : float
        Marginal product where workers moved, in the unit of ``bill`` over ``workers``.
    gain : float
        Change of world output over world output.
    moved : float
        Workers who moved, in the unit of ``workers``.
    """

    workers: np.ndarray
    wage: float
    gain: float
    moved: float


def free_movement_one_sector(bill: np.ndarray, output: np.ndarray, workers: np.ndarray, sigma: float,
                             stay: float = 0.0) -> OneSector:
    """Equalise marginal products of labour over regions.

    Parameters
    ----------
    bill : array (reg)
        Wage bills, million US$.
    output : array (reg)
        Value added at factor cost, million US$.
    workers : array (reg)
        Thousand.
    sigma : float
        Elasticity of substitution between labour and all other factors, above 0.
    stay : float
        Least part of the workers who stay at home. Below an elasticity of one the marginal product has an upper
        limit, so that a region may be left by all; above it, it never is quite.

    Raises
    ------
    ValueError
        An elasticity that is not above zero.
    """
    if not sigma > 0:
        raise ValueError(f"sigma is {sigma}; give a number above 0")
    share, pay = bill / output, bill / workers
    r = 1.0 - 1.0 / sigma

    def at(wage: float) -> np.ndarray:
        """Workers over those of the base year whose marginal product is the wage."""
        if abs(r) < 1e-12:  # Cobb-Douglas
            return np.maximum((pay / wage) ** (1.0 / (1.0 - share)), stay)
        rest = (wage / pay) ** (sigma * r) - share  # (Y/L over its base) ** r = share + (1 - share) x ** -r
        none, ratio = rest <= 0, (1.0 - share) / np.where(rest > 0, rest, 1.0)
        return np.maximum(np.where(none, 0.0 if sigma < 1 else np.inf, ratio ** (1.0 / r)), stay)

    low, high = 1e-6 * pay.min(), 1e3 * pay.max()
    for _ in range(_BISECTIONS):
        wage = float(np.sqrt(low * high))
        low, high = (wage, high) if (workers * at(wage)).sum() > workers.sum() else (low, wage)
    x = at(high)
    made = x**share if abs(r) < 1e-12 else (1.0 - share + share * np.maximum(x, 1e-300)**r) ** (1.0 / r)
    return OneSector(x, high, float((output * made).sum() / output.sum() - 1.0),
                     float((workers * np.maximum(x - 1.0, 0.0)).sum()))
