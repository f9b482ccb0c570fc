"""Named arrays: arithmetic by dimension name, in the positive and in the signed form."""

import operator

import numpy as np
import pytest

from cge.errors import TableError
from cge.model.named import Named, as_named, guard
from cge.model.ops import level
from cge.model.table import Table, View

RNG = np.random.default_rng(7)
OPS = [operator.add, operator.sub, operator.mul, operator.truediv]


def positive(dims, *shape):
    return Named(dims, coef=RNG.uniform(0.5, 3, shape), log=RNG.normal(0, 0.3, shape))


def signed(dims, *shape):
    return Named(dims, RNG.normal(2, 0.3, shape))


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("make_a", [positive, signed])
@pytest.mark.parametrize("make_b", [positive, signed])
def test_arithmetic_goes_by_name_not_by_position(op, make_a, make_b):
    a, b = make_a(("comm", "reg"), 3, 4), make_b(("reg", "acts"), 4, 2)
    out = op(a, b)
    assert out.dims == ("comm", "reg", "acts")
    np.testing.assert_allclose(out.level(), op(a.level()[:, :, None], b.level()[None]), rtol=1e-14)


@pytest.mark.parametrize("op", OPS)
def test_axes_in_another_order_meet(op):
    a, b = positive(("comm", "reg"), 3, 4), positive(("reg", "comm"), 4, 3)
    np.testing.assert_allclose(op(a, b).level(), op(a.level(), b.level().T), rtol=1e-14)


@pytest.mark.parametrize("op", OPS)
def test_numbers_on_either_side(op):
    for x in (positive(("reg",), 3), signed(("reg",), 3)):
        np.testing.assert_allclose(op(x, 2.0).level(), op(x.level(), 2.0), rtol=1e-14)
        np.testing.assert_allclose(op(2.0, x).level(), op(2.0, x.level()), rtol=1e-14)
        np.testing.assert_allclose(op(x, np.float64(2.0)).level(), op(x.level(), 2.0), rtol=1e-14)
        np.testing.assert_allclose(op(np.float64(2.0), x).level(), op(2.0, x.level()), rtol=1e-14)


def test_negative_and_zero_numbers():
    x = positive(("reg",), 3)
    np.testing.assert_allclose((x * -1.5).level(), x.level() * -1.5)
    np.testing.assert_allclose((x + 0.0).level(), x.level())
    np.testing.assert_allclose((-x).level(), -x.level())


def test_power_keeps_the_positive_form():
    x, p = positive(("comm", "reg"), 3, 4), Named(("reg",), np.array([-2.0, 0.0, 0.5, 3.0]))
    out = x**p
    assert out.is_positive
    np.testing.assert_allclose(out.level(), x.level() ** p.val, rtol=1e-14)


def test_products_of_positive_values_act_on_logarithms():
    a, b = positive(("reg",), 3), positive(("reg",), 3)
    for out, log in ((a * b, a.log + b.log), (a / b, a.log - b.log)):
        assert out.is_positive
        np.testing.assert_array_equal(out.log, log)


def test_sum_of_positive_values_is_exact_at_the_benchmark():
    a = Named(("reg",), coef=RNG.uniform(1, 9, 3), log=np.zeros(3))
    b = Named(("reg",), coef=RNG.uniform(1, 9, 3), log=np.zeros(3))
    np.testing.assert_array_equal((a + b).log, 0.0)


def test_absent_cells_give_no_nan():
    zero = Named(("reg",), coef=np.array([0.0, 2.0]), log=np.array([0.3, 0.1]))
    other = Named(("reg",), coef=np.array([0.0, 1.0]), log=np.array([-0.2, 0.4]))
    for out in (
        zero + other,
        zero / other,
        zero * other,
        other**-2.0,
        zero / Named(("reg",), np.array([0.0, 1.0])),
    ):
        assert np.isfinite(out.level()).all()
    assert (zero + other).level()[0] == 0.0
    np.testing.assert_array_equal(guard(np.array([0.0, -2.0])), [1.0, -2.0])


def test_scalars_broadcast():
    x = Named.positive(("comm", "reg"), 2.0, np.zeros((3, 4)))
    assert x.shape == (3, 4) and x.level().shape == (3, 4)
    assert as_named(3).level() == 3.0 and as_named(-3).level() == -3.0


def test_a_bare_array_is_refused():
    with pytest.raises(TableError, match="bare ndarray; name its dimensions"):
        positive(("reg",), 3) * np.ones(3)


def test_transpose_refuses_other_dimensions():
    with pytest.raises(TableError, match=r"\('comm', 'reg'\) cannot be reordered to \('comm', 'dst'\)"):
        positive(("comm", "reg"), 3, 3).transposed(("comm", "dst"))


def one_row(fn, dims, **given):
    table = Table()
    fn.__name__ = "x"
    table.define(*dims)(fn)
    return View(table, given, {}, {}, None)


def test_a_misnamed_dimension_is_an_error_not_an_outer_product():
    given = {"a": positive(("comm", "reg"), 3, 3), "b": positive(("comm", "dst"), 3, 3)}
    view = one_row(lambda v: v.a * v.b, ("comm", "reg"), **given)
    with pytest.raises(TableError, match=r"'x' is declared over \('comm', 'reg'\) but its row gives .*'dst'"):
        _ = view.x


def test_a_dimension_that_is_not_summed_is_an_error():
    with pytest.raises(TableError, match="misnamed or not summed"):
        _ = one_row(lambda v: v.a, ("reg",), a=positive(("comm", "reg"), 3, 3)).x


def test_a_result_lacking_a_declared_dimension_is_an_error():
    with pytest.raises(TableError, match="declared over"):
        _ = one_row(lambda v: v.a, ("comm", "reg"), a=positive(("reg",), 3)).x


def test_repr_tells_dimensions_and_form():
    assert repr(positive(("reg",), 3)) == "<Named {'reg': 3} coef*exp(log)>"
    assert repr(level(positive(("reg",), 3))) == "<Named {'reg': 3} level>"
