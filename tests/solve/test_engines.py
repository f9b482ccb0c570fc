"""The fast engine against the plain one, and exact derivatives against the complex step."""

import numpy as np
import pytest

from cge.errors import SolveFailed
from cge.solve.jaxsetup import jax_modules
from cge.solve.model import Model
from tests import cases
from tests.cases import model, no_tariffs, quota
from tests.engine import complex_step_jacobian


@pytest.fixture
def plain_model():
    """Absent commodities, imports, margins, endowments, migrants: every kind of hole."""
    return model(seed=1)


@pytest.fixture(name="fast")
def fast_model():
    return cases.fast(seed=1)


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


def tripled(m):
    """Every tariff rate three times as high."""
    gone = no_tariffs(m)["tms"]
    return {"tms": 3.0 - 2.0 * gone}


@pytest.mark.parametrize(("host", "share"), [(0, 0.10), (0, 0.30), (2, 1.00)])
def test_large_quotas(fast, host, share):
    certificate = fast.solve(*quota(fast, share, (host,))).certificate
    assert certificate.worst < 1e-9


@pytest.mark.parametrize("make", [tripled, no_tariffs])
def test_large_changes_of_tariffs(fast, make):
    assert fast.solve(make(fast)).certificate.worst < 1e-9


def test_fixed_shares_of_investment(fast):
    """RORDELTA = 0 is a number, not another model: net investment keeps its regional shares."""
    m = Model(fast.bench, rordelta=0.0)
    s = m.solve(tripled(m))
    assert s.certificate.worst < 1e-9
    growth = s["qnetinv"].values / m.cal.data["NETINV"][1]
    np.testing.assert_allclose(growth, growth[0], rtol=1e-9)
    assert np.ptp(fast.solve(tripled(fast))["qnetinv"].values / m.cal.data["NETINV"][1]) > 0.01


@pytest.mark.long  # compiles the exact form; hard cases hold words to failures of theirs
def test_a_hopeless_shock_fails_in_words(fast):
    message = r"no solution found: the worst residual .* is in '\w+' of block \w+"
    with pytest.raises(SolveFailed, match=message):
        fast.solve({"qe": np.where(np.arange(5) == 3, 1.0, 1e-9)[:, None]}, steps=1)  # capital alone is left


def test_an_index_that_vanishes_is_named(fast):
    """So much capital that no return on new capital there is as good as elsewhere: investment has no solution."""
    more = np.ones((5, 3))
    more[3, 1] = 6.0
    with pytest.raises(SolveFailed, match=r"'qinv' of R2 \(gross investment\) has come to"):
        fast.solve({"qe": more})


def test_compiled_functions_hold_no_numbers_of_a_benchmark():
    """Another benchmark of the same active cells finds them in the cache: traced, both are the same program."""
    jax, jnp = jax_modules()
    one, two = (jax.make_jaxpr(m.system.residual)(jnp.zeros(m.system.n), m.system.trimmed(m._base))
                for m in (model(seed=1), model(seed=3)))
    assert str(one) == str(two) and len(one.consts) == len(two.consts)
    for a, b in zip(one.consts, two.consts, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(model(seed=1).system.scales["tax_revenue_per_head"],
                              model(seed=3).system.scales["tax_revenue_per_head"])
