"""The CES and CET kernel against closed forms, and its derivative, on every backend."""

import numpy as np
import pyomo.environ as pyo
import pytest

from cge.errors import TableError
from cge.model.kernels import two_ces
from cge.model.named import Named
from cge.model.ops import ces_price
from cge.solve.jaxsetup import jax_modules

jax, jnp = jax_modules()
SIGMAS = [0.0, 0.5, 1.0, 1 - 1e-7, 1 + 1e-7, 1 + 1e-5, 5.0, 24.0, -1.0, -5.0]
VALUE = np.array([[3.0, 0.0, 2.0], [1.0, 4.0, 0.5], [0.0, 0.0, 0.0]])  # comm x reg
LOGS = np.random.default_rng(3).normal(0, 0.3, (3, 3))


def closed_form(value, price, sigma):
    """The textbook index over the first axis, in plain levels."""
    theta = value / value.sum(0)
    if sigma == 1.0:
        return np.exp((theta * np.log(price)).sum(0))
    return (theta * price ** (1 - sigma)).sum(0) ** (1 / (1 - sigma))


def price_of(logs, sigma, value=VALUE):
    ones = np.ones_like(value)
    return ces_price(
        Named(("comm", "reg"), coef=value, log=0 * value),
        Named(("comm", "reg"), coef=ones, log=logs),
        Named((), sigma if isinstance(sigma, jax.Array) else np.asarray(sigma)),
        "comm",
    )


@pytest.mark.parametrize("sigma", SIGMAS)
def test_value_in_numpy(sigma):
    # Near Cobb-Douglas the closed form itself loses digits: 1e-16 over 1e-7.
    tolerance = 1e-8 if 0 < abs(1 - sigma) < 1e-4 else 1e-13
    np.testing.assert_allclose(price_of(LOGS, sigma).level(), closed_form(VALUE, np.exp(LOGS), sigma), rtol=tolerance)


def test_smooth_through_cobb_douglas():
    steps = np.array([-3e-6, -1.01e-6, -0.99e-6, -1e-9, 0, 1e-9, 0.99e-6, 1.01e-6, 3e-6])
    logs = np.array([price_of(LOGS, 1 + s).log for s in steps])
    line = logs[4] + steps[:, None] * (logs[-1] - logs[0]) / (steps[-1] - steps[0])
    np.testing.assert_allclose(logs, line, atol=1e-11)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_gradient_in_jax_is_the_cost_share(sigma):
    # Shephard: d log P / d log p_i = theta_i (p_i / P)**(1 - sigma).
    out = price_of(LOGS, sigma)
    expected = (VALUE / VALUE.sum(0)) * (np.exp(LOGS) / out.level()) ** (1 - sigma)
    value, pull = jax.vjp(lambda z: price_of(z, sigma).log.sum(), jnp.asarray(LOGS))
    assert value == pytest.approx(out.log.sum(), abs=1e-14)
    np.testing.assert_allclose(pull(1.0)[0], expected, rtol=1e-6 if abs(1 - sigma) < 1e-6 else 1e-12, atol=1e-14)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_derivative_in_jax_against_finite_differences(sigma):
    direction = np.random.default_rng(5).normal(size=LOGS.shape)
    _, slope = jax.jvp(lambda z: price_of(z, sigma).log, (jnp.asarray(LOGS),), (jnp.asarray(direction),))
    h = 1e-6
    expected = (price_of(LOGS + h * direction, sigma).log - price_of(LOGS - h * direction, sigma).log) / (2 * h)
    np.testing.assert_allclose(slope, expected, rtol=2e-8, atol=1e-8)


@pytest.mark.parametrize("sigma", [0.5, 1 - 1e-7, 1.0, 1 + 1e-5, 5.0])
def test_derivative_with_respect_to_the_elasticity(sigma):
    _, slope = jax.jvp(lambda s: price_of(LOGS, s).log, (sigma,), (1.0,))
    h = 1e-4
    expected = (price_of(LOGS, sigma + h).log - price_of(LOGS, sigma - h).log) / (2 * h)
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_an_index_of_nothing_is_one_and_flat(sigma):
    nil = np.zeros((3, 3))
    np.testing.assert_array_equal(price_of(LOGS, sigma, nil).level(), 1.0)
    value, gradient = jax.value_and_grad(lambda z: price_of(z, sigma, nil).log.sum())(jnp.asarray(LOGS))
    assert value == 0.0
    np.testing.assert_array_equal(gradient, 0.0)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_benchmark_prices_give_exactly_one(sigma):
    np.testing.assert_array_equal(price_of(np.zeros((3, 3)), sigma).log, 0.0)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_pyomo_expressions_give_the_same_number(sigma):
    model = pyo.ConcreteModel()
    model.p = pyo.Var(range(3), range(3), initialize=lambda _, i, j: float(np.exp(LOGS[i, j])))
    cells = np.array([[model.p[i, j] for j in range(3)] for i in range(3)], dtype=object)
    out = ces_price(
        Named(("comm", "reg"), coef=VALUE, log=0 * VALUE),
        Named(("comm", "reg"), cells),
        Named((), np.asarray(sigma)),
        "comm",
    )
    numbers = [pyo.value(e) for e in out.val]
    np.testing.assert_allclose(numbers, price_of(LOGS, sigma).level(), rtol=1e-8)


def test_elasticities_may_differ_by_region():
    sigma = Named(("reg",), np.array([0.0, 1.0, 5.0]))
    out = ces_price(
        Named(("comm", "reg"), coef=VALUE, log=0 * VALUE),
        Named(("comm", "reg"), coef=np.ones((3, 3)), log=LOGS),
        sigma,
        "comm",
    )
    expected = [closed_form(VALUE[:, j], np.exp(LOGS[:, j]), s) for j, s in enumerate(sigma.val)]
    np.testing.assert_allclose(out.level(), expected, rtol=1e-13)


def test_an_elasticity_that_varies_over_the_reduced_dimension_is_refused():
    with pytest.raises(TableError, match="elasticity varies over 'comm'"):
        ces_price(
            Named(("comm", "reg"), coef=VALUE, log=0 * VALUE),
            Named(("comm", "reg"), coef=np.ones((3, 3)), log=LOGS),
            Named(("comm",), np.array([0.5, 1.0, 2.0])),
            "comm",
        )


@pytest.mark.parametrize("sigma", [0.0, 1.0, 3.0])
def test_two_branches_are_the_same_kernel(sigma):
    flow = [Named(("reg",), coef=VALUE[i], log=np.zeros(3)) for i in (0, 1)]
    price = [Named(("reg",), coef=np.ones(3), log=LOGS[i]) for i in (0, 1)]
    out = two_ces(flow[0], price[0], flow[1], price[1], Named((), np.asarray(sigma)))
    np.testing.assert_allclose(out.level(), closed_form(VALUE[:2], np.exp(LOGS[:2]), sigma), rtol=1e-13)
