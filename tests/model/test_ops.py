"""Operations by dimension name on NumPy, JAX and object arrays."""

import threading

import numpy as np
import pyomo.environ as pyo
import pytest

from cge.errors import TableError
from cge.model import logsum
from cge.model.named import Named
from cge.model.ops import (
    at,
    coefficient,
    complement,
    diagonal,
    exp,
    index,
    level,
    log,
    minimum,
    put,
    share,
    take,
    total,
    weighted_log,
    where_active,
)
from cge.solve.jaxsetup import jax_modules

jax, jnp = jax_modules()
RNG = np.random.default_rng(11)
COEF, LOG = RNG.uniform(0.5, 3, (3, 4)), RNG.normal(0, 0.4, (3, 4))
LEVEL = COEF * np.exp(LOG)


def forms():
    """The same value in every form and backend."""
    cells = np.empty((3, 4), dtype=object)
    for i in np.ndindex(3, 4):
        cells[i] = pyo.Var(initialize=LEVEL[i])
        cells[i].construct()
    dims = ("comm", "reg")
    return {
        "positive": Named(dims, coef=COEF, log=LOG),
        "signed": Named(dims, LEVEL),
        "jax": Named(dims, coef=jnp.asarray(COEF), log=jnp.asarray(LOG)),
        "object": Named(dims, cells),
    }


@pytest.fixture(params=["positive", "signed", "jax", "object"])
def x(request):
    return forms()[request.param]


def number(named):
    values = named.level()
    if isinstance(values, np.ndarray) and values.dtype == object:
        return np.array([pyo.value(e) for e in values.reshape(-1)], float).reshape(values.shape)
    return np.asarray(values)


def check(named, dims, expected, rtol=1e-13):
    assert named.dims == dims
    np.testing.assert_allclose(number(named), expected, rtol=rtol)


def test_total(x):
    check(total(x, "comm"), ("reg",), LEVEL.sum(0))
    check(total(x, "reg"), ("comm",), LEVEL.sum(1))
    check(total(x, "comm", "reg"), (), LEVEL.sum())


def test_total_over_a_broadcast_axis_counts_every_element():
    wide = Named(("comm", "reg"), coef=np.ones((3, 4)), log=np.zeros((1, 1)))
    check(total(wide, "comm"), ("reg",), np.full(4, 3.0))


def test_total_of_nothing_is_zero_and_finite():
    nil = Named(("comm",), coef=np.zeros(3), log=np.ones(3))
    assert total(nil, "comm").level() == 0.0
    gradient = jax.grad(lambda z: total(Named(("comm",), coef=jnp.zeros(3), log=z), "comm").level())(jnp.ones(3))
    np.testing.assert_array_equal(gradient, 0.0)


def test_share(x):
    check(share(x, "comm"), ("comm", "reg"), LEVEL / LEVEL.sum(0))


def test_at_renames(x):
    check(at(x, reg="src"), ("comm", "src"), LEVEL)


def test_at_may_swap_but_not_collide():
    square = Named(("src", "dst"), COEF[:, :3])
    check(at(square, src="dst", dst="src"), ("dst", "src"), COEF[:, :3])
    with pytest.raises(TableError, match="already has; take the diagonal"):
        at(square, src="dst")
    with pytest.raises(TableError, match="cannot rename 'reg'"):
        at(square, reg="dst")


def test_take_and_put(x):
    positions = np.array([2, 0])
    some = take(x, "comm", positions, "marg")
    check(some, ("marg", "reg"), LEVEL[positions])
    back = put(some, "marg", positions, "comm", 3, fill=0.0)
    check(back, ("comm", "reg"), LEVEL * np.array([1, 0, 1])[:, None])
    ones = put(some, "marg", positions, "comm", 3)
    check(ones, ("comm", "reg"), np.where(np.array([1, 0, 1])[:, None], LEVEL, 1.0))


def test_take_of_no_elements():
    x = forms()["positive"]
    none = take(x, "comm", np.array([], int), "marg")
    assert none.shape == (0, 4)
    check(put(none, "marg", np.array([], int), "comm", 3), ("comm", "reg"), np.ones((3, 4)))
    check(total(none, "marg"), ("reg",), np.zeros(4))


def test_diagonal():
    a = RNG.uniform(1, 2, (2, 3, 3))
    for named in (
        Named(("skill", "home", "host"), a),
        Named(("skill", "home", "host"), coef=a, log=np.zeros((1, 1, 1))),
    ):
        check(diagonal(named, "home", "host", "reg"), ("skill", "reg"), np.einsum("shh->sh", a))
        check(diagonal(at(named, skill="x"), "host", "home", "reg"), ("x", "reg"), np.einsum("shh->sh", a))


def test_log_and_exp_undo_each_other(x):
    check(log(x), ("comm", "reg"), np.log(LEVEL))
    check(exp(log(x)), ("comm", "reg"), LEVEL)


def test_level_and_coefficient(x):
    assert not level(x).is_positive
    check(level(x), ("comm", "reg"), LEVEL)
    weights = coefficient(Named(("comm",), np.array([1.0, 2.0, 3.0])))
    assert weights.is_positive
    np.testing.assert_array_equal(weights.level(), [1.0, 2.0, 3.0])


def test_index_is_one_where_the_benchmark_is_zero():
    base = Named(("reg",), np.array([2.0, 0.0]))
    out = index(Named(("reg",), np.array([3.0, 0.0])), base)
    np.testing.assert_allclose(out.level(), [1.5, 1.0])
    cells = np.array([pyo.Var(initialize=3.0), 0.0], dtype=object)
    cells[0].construct()
    np.testing.assert_allclose(number(index(Named(("reg",), cells), base)), [1.5, 1.0])


def test_weighted_log():
    check(
        weighted_log(Named(("comm",), np.array([1.0, 0.0, 2.0])), forms()["positive"], "comm"),
        ("reg",),
        np.array([1.0, 0.0, 2.0]) @ np.log(LEVEL),
    )


@pytest.mark.parametrize("op", [total, share])
def test_reduction_over_a_missing_dimension_names_it(op, x):
    with pytest.raises(TableError, match=r"cannot reduce over 'acts': the value has dimensions \('comm', 'reg'\)"):
        op(x, "acts")


def test_minimum_and_complement():
    a, b = Named(("reg",), np.array([1.0, -2.0, 0.0])), Named(("reg",), np.array([0.5, 3.0, 0.0]))
    np.testing.assert_array_equal(minimum(a, b).level(), [0.5, -2.0, 0.0])
    np.testing.assert_array_equal(complement(a, b).level(), [0.5, -2.0, 0.0])
    slope = jax.grad(lambda s, r: complement(Named((), s), Named((), r)).val, argnums=(0, 1))(0.0, 0.0)
    assert slope == (1.0, 0.0)  # a cap equal to the base stock: one valid element, no NaN


def test_inactive_cells_are_pinned():
    mask = np.array([True, False])
    pos = where_active(Named(("reg",), coef=np.array([2.0, 0.0]), log=np.array([0.5, np.inf])), mask)
    np.testing.assert_allclose(pos.level(), [2 * np.exp(0.5), 1.0])
    np.testing.assert_array_equal(where_active(Named(("reg",), np.array([3.0, np.nan])), mask).level(), [3.0, 0.0])


def test_quick_sums_are_of_the_thread_that_asked_for_them():
    """Two contexts that overlap, each in a thread: neither is seen outside, nor left behind."""
    entered, leave, seen = threading.Event(), threading.Event(), []

    def other():
        with logsum.quick():
            entered.set()
            leave.wait(10.0)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(10.0)
    seen.append(logsum._quick.get())
    with logsum.quick():
        leave.set()
        thread.join()
        seen.append(logsum._quick.get())
    assert [*seen, logsum._quick.get()] == [False, True, False]
