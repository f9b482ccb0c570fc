"""The bridge from Pyomo to Ipopt, against closed forms and RAS."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest
import scipy.sparse as sp

from calibration.balance.nlp import BalanceError, entropy_objective, extract, solve_entropy
from calibration.balance.ras import ras


def matrix_model(prior, row, col, weight=1.0):
    """A matrix with hard row and column totals (the last column total is implied)."""
    n, m = prior.shape
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(n), range(m), bounds=(0, None))
    model.row = pyo.Constraint(range(n), rule=lambda b, i: sum(b.x[i, j] for j in range(m)) == row[i])
    model.col = pyo.Constraint(range(m - 1), rule=lambda b, j: sum(b.x[i, j] for i in range(n)) == col[j])
    entropy_objective(model, ((model.x[i, j], prior[i, j], weight) for i in range(n) for j in range(m)))
    return model


def test_one_total_scales_the_prior():
    prior = np.array([1.0, 2.0, 7.0])
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), bounds=(0, None))
    model.total = pyo.Constraint(expr=sum(model.x[i] for i in range(3)) == 25.0)
    entropy_objective(model, ((model.x[i], prior[i], 1.0) for i in range(3)))
    assert solve_entropy(model).x == pytest.approx(2.5 * prior, rel=1e-13)


def test_weights_follow_the_closed_form():
    # x_i = p_i exp(y / w_i): with weights 1 and 2 the ratios to the prior are t^2 and t.
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(0, None))
    model.total = pyo.Constraint(expr=model.x[0] + model.x[1] == 6.0)
    entropy_objective(model, [(model.x[0], 1.0, 1.0), (model.x[1], 1.0, 2.0)])
    assert solve_entropy(model).x == pytest.approx([4.0, 2.0], rel=1e-12)


def test_matrix_equals_ras():
    rng = np.random.default_rng(5)
    prior = rng.lognormal(2.0, 2.0, (7, 6))
    truth = prior * rng.lognormal(0.0, 0.3, prior.shape)
    row, col = truth.sum(1), truth.sum(0)
    solution = solve_entropy(matrix_model(prior, row, col))
    x = prior.copy()
    for _ in range(4000):
        x *= (row / x.sum(1))[:, None]
        x *= col / x.sum(0)
    assert solution.x.reshape(prior.shape) == pytest.approx(x, rel=1e-10)
    assert solution.report["residual"] < 1e-13
    assert solution.report["polish"] < 1e-5


def test_general_ras_handles_mixed_signs():
    prior = np.array([3.0, 1.0, 2.0, 4.0])
    matrix = sp.csr_matrix([[1.0, 1.0, -1.0, 0.0], [0.0, 1.1, 0.0, 1.0]])
    rhs = np.array([0.0, 7.0])
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(4), bounds=(0, None))
    model.c = pyo.Constraint(
        range(2), rule=lambda b, i: sum(matrix[i, j] * b.x[j] for j in range(4)) == rhs[i]
    )
    entropy_objective(model, ((model.x[j], prior[j], 1.0) for j in range(4)))
    x, gap, _ = ras(prior, matrix, rhs)
    assert gap < 1e-10
    assert x == pytest.approx(solve_entropy(model).x, rel=1e-8)


def test_refuses_what_it_does_not_support():
    model = matrix_model(np.ones((2, 2)), [2.0, 2.0], [2.0, 2.0])
    model.extra = pyo.Constraint(expr=model.x[0, 0] ** 2 == 1.0)
    with pytest.raises(BalanceError, match="extra is not linear"):
        extract(model)
    model.del_component("extra")
    model.extra = pyo.Constraint(expr=model.x[0, 0] <= 1.0)
    with pytest.raises(BalanceError, match="only equality"):
        extract(model)
    with pytest.raises(BalanceError, match="must be positive"):
        matrix_model(np.zeros((2, 2)), [1.0, 1.0], [1.0, 1.0])


def test_names_the_contradiction():
    model = matrix_model(np.ones((2, 2)), [2.0, 2.0], [2.0, 2.0])
    model.clash = pyo.Constraint(expr=model.x[0, 0] + model.x[0, 1] == 3.0)
    with pytest.raises(BalanceError, match="no balanced estimate"):
        solve_entropy(model)
