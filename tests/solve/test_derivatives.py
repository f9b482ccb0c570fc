"""Derivatives of Pyomo expressions against differences, for every operation and for the whole table."""

import numpy as np
import pyomo.environ as pyo
import pytest

from cge.errors import CGEError
from cge.solve.algebra import algebra
from cge.solve.derivatives import Tape
from tests.cases import model


def check(tape, x, weights):
    """Values, Jacobian and Hessian by central differences."""
    d = tape.columns(range(len(tape.leaves)))

    def body(z):
        return tape.body(tape.values(z))

    def gradient(z):
        return d.matrix(tape.values(z)).T @ weights

    rng = np.random.default_rng(0)
    for _ in range(3):
        step = 1e-6 * rng.normal(size=len(x))
        up, down = x + step, x - step
        slope = d.matrix(tape.values(x)) @ step
        np.testing.assert_allclose(slope, (body(up) - body(down)) / 2, rtol=1e-6, atol=1e-12 * np.abs(slope).max())
        row, col = d.hessian_structure()
        h = d.hessian(tape.values(x), weights)
        curve = np.zeros(len(x))
        np.add.at(curve, row, h * step[col])
        off = row != col
        np.add.at(curve, col[off], h[off] * step[row[off]])
        np.testing.assert_allclose(curve, (gradient(up) - gradient(down)) / 2, rtol=1e-5,
                                   atol=1e-8 * np.abs(curve).max())


def test_every_operation():
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2, 3], initialize={1: 0.7, 2: 1.3, 3: 2.1})
    m.p = pyo.Param(initialize=1.5, mutable=True)
    x, y, z = m.x[1], m.x[2], m.x[3]
    shared = x * y + z
    rows = [3 * x - y / 2 + 1, x * y * z, x / (y + z), x**2.5, (x + y) ** z, pyo.log(x * y), pyo.exp(-x / y),
            pyo.sqrt(x + 1), abs(x - y), 2.0 / z, 2.0**x, m.p * x + m.p * m.p, shared * shared / shared**0.5, x,
            -(x * y) - (y - z), 0.0 * (x * y) + 4.0]
    tape = Tape(rows)
    at = np.array([leaf.value for leaf in tape.leaves])
    np.testing.assert_allclose(tape.body(tape.values(at)), [pyo.value(r) for r in rows], rtol=1e-14)
    check(tape, at, np.linspace(1, 2, len(rows)))


def test_the_whole_table_away_from_the_benchmark():
    written = algebra(model(seed=1).system)
    rows = [c.body for c in written.component_data_objects(pyo.Constraint, active=True)]
    tape = Tape(rows)
    rng = np.random.default_rng(1)
    x = np.array([leaf.value for leaf in tape.leaves]) * rng.uniform(0.99, 1.01, len(tape.leaves))
    size = np.abs(tape.body(tape.values(x))) + 1.0
    d = tape.columns(range(len(x)))
    step = 1e-6 * rng.normal(size=len(x))
    slope = d.matrix(tape.values(x)) @ step
    difference = (tape.body(tape.values(x + step)) - tape.body(tape.values(x - step))) / 2
    assert np.abs((slope - difference) / size).max() < 1e-6 * np.abs(slope / size).max()


def test_an_unknown_function_is_named():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(initialize=1.0)
    with pytest.raises(CGEError, match=r"sin.*log, exp, sqrt or abs"):
        Tape([pyo.sin(m.x)])
