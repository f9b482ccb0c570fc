"""Entropy problems stated in Pyomo, solved by Ipopt through cyipopt.

Pyomo's own interface to cyipopt needs the ASL library, which pip cannot provide. This bridge needs none of
it, because it supports one class of problem only: linear equality constraints, strictly positive variables
and the separable objective

    sum_i w_i [ x_i ln(x_i / p_i) - x_i + p_i ],     p_i > 0, w_i > 0,

the cross-entropy of x from the prior p in the extension to values that need not sum to one (Golan, Judge,
Robinson 1994, Review of Economics and Statistics 76). Derivatives are exact: sparse constant Jacobian,
diagonal Hessian. The optimum is x = p exp(A' y / w) with the multipliers y of A x = b, so Newton's method
on y polishes Ipopt's point to rounding error; how much that moved is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from pyomo.repn import generate_standard_repn

from calibration.balance.ras import ras
from cge.errors import CGEError


class BalanceError(CGEError):
    """An estimation problem that is malformed or has no solution."""


@dataclass(frozen=True)
class EntropyProblem:
    """Arrays of the problem min sum w (x ln(x/p) - x + p) subject to A x = b.

    Attributes
    ----------
    variables, constraints : list
        Pyomo objects, in the order of the arrays.
    prior, weight : ndarray, shape (n,)
    matrix : csr_matrix, shape (m, n)
    rhs : ndarray, shape (m,)
    """

    variables: list
    constraints: list
    prior: np.ndarray
    weight: np.ndarray
    matrix: sp.csr_matrix
    rhs: np.ndarray

    def objective(self, x: np.ndarray) -> float:
        """Value of the cross-entropy at x."""
        return float(np.sum(self.weight * (x * np.log(x / self.prior) - x + self.prior)))


@dataclass(frozen=True)
class EntropySolution:
    """Solution and how it was reached.

    Attributes
    ----------
    x : ndarray, shape (n,)
        After the polish.
    ipopt : ndarray, shape (n,)
        Ipopt's own point.
    multipliers : ndarray, shape (m,)
    report : dict
        ``status``, ``iterations``, ``objective``, ``ipopt_residual`` and ``residual`` (largest constraint
        violation relative to the constraint's size), ``polish`` (largest relative change of a variable).
    """

    x: np.ndarray
    ipopt: np.ndarray
    multipliers: np.ndarray
    report: dict


def entropy_objective(model: pyo.ConcreteModel, terms) -> None:
    """Attach the cross-entropy objective and its data to a model.

    Parameters
    ----------
    model : ConcreteModel
    terms : iterable of (variable, prior, weight)
        One for each scalar variable of the model; prior and weight are positive numbers.

    Raises
    ------
    BalanceError
        If a prior or weight is not positive.
    """
    terms = list(terms)
    model.prior, model.weight = pyo.Suffix(direction=pyo.Suffix.LOCAL), pyo.Suffix(direction=pyo.Suffix.LOCAL)
    for var, prior, weight in terms:
        if not (prior > 0 and weight > 0):
            raise BalanceError(
                f"{var.name}: prior {prior} and weight {weight} must be positive; fix a zero cell at 0"
            )
        model.prior[var], model.weight[var] = float(prior), float(weight)
        var.set_value(float(prior))
    expression = pyo.quicksum(w * (v * pyo.log(v / p) - v + p) for v, p, w in terms)
    model.cross_entropy = pyo.Objective(expr=expression, sense=pyo.minimize)


def extract(model: pyo.ConcreteModel) -> EntropyProblem:
    """Read the arrays of an entropy problem off a Pyomo model, checking that it is one.

    Parameters
    ----------
    model : ConcreteModel
        With an objective attached by `entropy_objective` and linear equality constraints.

    Returns
    -------
    EntropyProblem

    Raises
    ------
    BalanceError
        Nonlinear or inequality constraint, a variable without prior, another objective.
    """
    variables = [v for v in model.component_data_objects(pyo.Var, active=True) if not v.fixed]
    bare = [v.name for v in variables if v not in model.prior]
    if bare:
        raise BalanceError(f"{bare[0]} has no prior ({len(bare)} such variables); fix it or give it one")
    prior = np.array([model.prior[v] for v in variables])
    weight = np.array([model.weight[v] for v in variables])
    column = {id(v): j for j, v in enumerate(variables)}
    rows, cols, data, rhs, constraints = [], [], [], [], []
    for con in model.component_data_objects(pyo.Constraint, active=True):
        if not con.equality:
            raise BalanceError(
                f"{con.name}: only equality constraints are supported; add a positive slack variable"
            )
        repn = generate_standard_repn(con.body, quadratic=False)
        if repn.nonlinear_expr is not None:
            raise BalanceError(f"{con.name} is not linear; the bridge supports linear constraints only")
        i = len(constraints)
        constraints.append(con)
        rhs.append(pyo.value(con.upper) - repn.constant)
        rows += [i] * len(repn.linear_vars)
        cols += [column[id(v)] for v in repn.linear_vars]
        data += list(repn.linear_coefs)
    matrix = sp.csr_matrix((data, (rows, cols)), shape=(len(constraints), len(variables)))
    problem = EntropyProblem(variables, constraints, prior, weight, matrix, np.array(rhs, dtype=float))
    _check_objective(model, problem)
    return problem


def _check_objective(model: pyo.ConcreteModel, problem: EntropyProblem) -> None:
    """Pyomo's value of the objective must equal the supported formula away from the prior."""
    objectives = list(model.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1 or objectives[0] is not model.cross_entropy:
        raise BalanceError("the model must have one active objective, made by entropy_objective")
    trial = problem.prior * (1.0 + 0.25 * np.cos(np.arange(len(problem.prior))))
    for var, value in zip(problem.variables, trial, strict=True):
        var.set_value(value, skip_validation=True)
    want, have = pyo.value(model.cross_entropy), problem.objective(trial)
    for var, value in zip(problem.variables, problem.prior, strict=True):
        var.set_value(value, skip_validation=True)
    if abs(want - have) > 1e-9 * max(1.0, abs(want)):
        raise BalanceError(f"the objective is not the cross-entropy of the priors ({want} against {have})")


class _Callbacks:
    """cyipopt's view of the problem in u = x / p with rows scaled to unit size."""

    def __init__(self, matrix: sp.csr_matrix, scale: np.ndarray):
        coo = matrix.tocoo()
        self.rows, self.cols, self.values = coo.row, coo.col, coo.data
        self.matrix, self.scale, self.iterations = matrix, scale, 0

    def objective(self, u):
        return float(np.sum(self.scale * (u * np.log(u) - u + 1.0)))

    def gradient(self, u):
        return self.scale * np.log(u)

    def constraints(self, u):
        return self.matrix @ u

    def jacobian(self, u):
        return self.values

    def jacobianstructure(self):
        return self.rows, self.cols

    def hessian(self, u, lagrange, factor):
        return factor * self.scale / u

    def hessianstructure(self):
        index = np.arange(len(self.scale))
        return index, index

    def intermediate(self, *args):
        self.iterations = args[1]


def solve_entropy(model: pyo.ConcreteModel, tolerance: float = 1e-10, max_iter: int = 500) -> EntropySolution:
    """Solve an entropy problem and write the solution into the model's variables.

    Parameters
    ----------
    model : ConcreteModel
        As `extract` needs it.
    tolerance : float
        Ipopt's ``tol``.
    max_iter : int

    Returns
    -------
    EntropySolution

    Raises
    ------
    BalanceError
        If Ipopt fails; the message names the constraint that is worst violated.
    """
    import cyipopt

    problem = extract(model)
    prior, weight = problem.prior, problem.weight
    scaled = problem.matrix @ sp.diags(prior)
    size = np.maximum(np.abs(problem.rhs), np.asarray(abs(scaled).sum(axis=1)).ravel() / 2)
    row = sp.diags(1.0 / size)
    matrix, rhs = (row @ scaled).tocsr(), problem.rhs / size
    scale = weight * prior / np.median(weight * prior)
    calls = _Callbacks(matrix, scale)
    nlp = cyipopt.Problem(
        n=len(prior),
        m=len(rhs),
        problem_obj=calls,
        lb=np.full(len(prior), 1e-12),
        ub=np.full(len(prior), 2e19),
        cl=rhs,
        cu=rhs,
    )
    options = {
        "tol": tolerance,
        "max_iter": max_iter,
        "print_level": 0,
        "sb": "yes",
        "linear_solver": "mumps",
        "jac_c_constant": "yes",
        "mu_strategy": "monotone",
        "bound_relax_factor": 0.0,
    }
    for key, value in options.items():
        nlp.add_option(key, value)
    u, info = nlp.solve(np.ones(len(prior)))
    gap = np.abs(matrix @ u - rhs)
    if info["status"] not in (0, 1) or gap.max() > 1e-6:
        worst = problem.constraints[int(gap.argmax())].name
        raise BalanceError(
            f"no balanced estimate: Ipopt says {info['status_msg'].decode()}; worst constraint {worst}, "
            f"off by {gap.max():.2e} of its size; see whether its hard totals contradict each other"
        )
    dual = -info["mult_g"]
    polished, dual = _polish(matrix, rhs, scale, dual)
    x = prior * polished
    for var, value in zip(problem.variables, x, strict=True):
        var.set_value(value, skip_validation=True)
    report = {
        "status": info["status_msg"].decode(),
        "iterations": calls.iterations,
        "variables": len(x),
        "constraints": len(rhs),
        "objective": problem.objective(x),
        "ipopt_residual": float(gap.max()),
        "residual": float(np.abs(matrix @ polished - rhs).max()),
        "polish": float(np.abs(polished / u - 1.0).max()),
    }
    multipliers = dual * np.median(weight * prior) / size
    return EntropySolution(x, prior * u, multipliers, report)


def _polish(matrix: sp.csr_matrix, rhs: np.ndarray, scale: np.ndarray, dual: np.ndarray, steps: int = 20):
    """Newton on the dual: u = exp(A' y / s), A u = b; stops when the residual no longer falls."""
    best, gap = dual, np.inf
    for _ in range(steps):
        u = np.exp((matrix.T @ dual) / scale)
        residual = rhs - matrix @ u
        size = np.abs(residual).max()
        if not size < 0.5 * gap:
            break
        best, gap = dual, size
        normal = (matrix @ sp.diags(u / scale) @ matrix.T).tocsc()
        # A dependent row leaves the normal matrix singular; the shift is far below any pivot that matters.
        shift = sp.identity(len(rhs), format="csc") * (1e-14 * normal.diagonal().max())
        dual = dual + spla.spsolve(normal + shift, residual)
    return np.exp((matrix.T @ best) / scale), best


def compare_with_ras(model: pyo.ConcreteModel, solution: EntropySolution) -> dict:
    """Solve the same problem by RAS and compare cell by cell.

    Parameters
    ----------
    model : ConcreteModel
        As `extract` needs it.
    solution : EntropySolution
        Of the same model.

    Returns
    -------
    dict
        ``ras_sweeps``, ``ras_gap`` (largest violation left), ``ras_correlation``,
        ``ras_largest_difference`` (in the unit of the cells) and ``ras_largest_relative_difference``.
    """
    problem = extract(model)
    check, gap, sweeps = ras(
        problem.prior, problem.matrix, problem.rhs, problem.weight, sweeps=500, tolerance=1e-9
    )
    ratio = np.exp(np.log(check) - np.log(solution.x))
    return {
        "ras_sweeps": sweeps,
        "ras_gap": float(gap),
        "ras_correlation": float(np.corrcoef(check, solution.x)[0, 1]),
        "ras_largest_difference": float(np.abs(check - solution.x).max()),
        "ras_largest_relative_difference": float(np.abs(ratio - 1.0).max()),
    }
