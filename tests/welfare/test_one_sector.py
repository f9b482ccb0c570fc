"""Free movement in one sector: against the direct maximum of world output, and against Cobb and Douglas by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from cge.welfare.one_sector import free_movement_one_sector

BILL, OUTPUT, WORKERS = (np.array(a) for a in ([60.0, 20.0, 8.0], [100.0, 40.0, 20.0], [2.0, 5.0, 6.0]))


def world_output(workers, sigma):
    share, r = BILL / OUTPUT, 1 - 1 / sigma
    x = workers / WORKERS
    return float((OUTPUT * (x**share if r == 0 else (1 - share + share * x**r) ** (1 / r))).sum())


@pytest.mark.parametrize("sigma", [0.8, 1.0, 1.26])
def test_equal_marginal_products_are_the_maximum_of_world_output(sigma):
    """Workers spread by a general optimiser over regions, nobody made or lost."""
    found = free_movement_one_sector(BILL, OUTPUT, WORKERS, sigma)
    best = minimize(lambda z: -world_output(WORKERS.sum() * np.exp(z) / np.exp(z).sum(), sigma), np.log(WORKERS),
                    method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20000})
    assert found.gain == pytest.approx(-best.fun / OUTPUT.sum() - 1, rel=1e-6)
    assert (WORKERS * found.workers).sum() == pytest.approx(WORKERS.sum(), rel=1e-9)
    more = WORKERS * found.workers * 1e-6
    product = [(world_output(WORKERS * found.workers + more * e, sigma) - world_output(WORKERS * found.workers, sigma))
               / (more @ e) for e in np.eye(3)]
    np.testing.assert_allclose(product, found.wage, rtol=1e-4)


def test_cobb_douglas_with_equal_shares_by_hand():
    """L in proportion to L0 * w0 ** (1 / (1 - share))."""
    bill, workers = np.array([50.0, 10.0]), np.array([1.0, 4.0])
    weight = workers * (bill / workers) ** 2.0
    found = free_movement_one_sector(bill, 2 * bill, workers, 1.0)
    np.testing.assert_allclose(found.workers, weight / weight.sum() * 5.0 / workers, rtol=1e-9)


def test_those_who_must_stay_stay():
    """Below an elasticity of one the poorest region would be left by all; a bound keeps a part."""
    poor = np.array([0.5, 20.0, 8.0]), np.array([1.0, 40.0, 20.0])
    assert free_movement_one_sector(*poor, WORKERS, 0.5).workers[0] == 0.0
    assert free_movement_one_sector(*poor, WORKERS, 0.5, stay=0.1).workers[0] == pytest.approx(0.1)
    with pytest.raises(ValueError, match="above 0"):
        free_movement_one_sector(BILL, OUTPUT, WORKERS, 0.0)
