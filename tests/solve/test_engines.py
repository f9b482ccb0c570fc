"""The fast engine against the plain one, and exact derivatives against the complex step."""

import numpy as np
import pytest

from cge.errors import SolveFailed
from cge.solve.model import Model
from tests.cases import model, no_tariffs, quota
from tests.engine import complex_step_jacobian


@pytest.fixture(scope="module")
def plain_model():
    """Absent commodities, imports, margins, endowments, migrants: every kind of hole."""
    return model(seed=1)


@pytest.fixture(scope="module")
def fast(plain_model):
    return Model(plain_model.bench)


def test_jacobian_at_the_benchmark(fast, plain_model):
    n = fast.system.n
    own = fast.newton.jacobian(np.zeros(n), fast._base)
    assert np.isfinite(own).all()
    expected = complex_step_jacobian(plain_model.system, np.zeros(n), plain_model._base)
    np.testing.assert_allclose(own, expected, rtol=1e-10, atol=1e-12)


def test_jacobian_far_from_the_benchmark(fast, plain_model):
    x = np.random.default_rng(2).normal(0, 0.1, fast.system.n)
    own = fast.newton.jacobian(x, fast._base)
    expected = complex_step_jacobian(plain_model.system, x, plain_model._base)
    np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-11)


def test_both_engines_find_the_same_solution(fast, plain_model):
    shocks, coefficients = quota(plain_model)
    shocks |= no_tariffs(plain_model)
    one, two = fast.solve(shocks, coefficients), plain_model.solve(shocks, coefficients)
    assert one.certificate.worst < 1e-9
    np.testing.assert_allclose(one.x, two.x, atol=1e-9)
    np.testing.assert_allclose(one["EV"], two["EV"], rtol=1e-7)


def test_a_hopeless_shock_fails_in_words(fast):
    with pytest.raises(SolveFailed, match=r"no solution found: the worst residual .* is in '\w+' of block \w+"):
        fast.solve({"qe": 1e-9}, steps=1)
