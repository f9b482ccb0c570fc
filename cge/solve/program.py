"""A Pyomo model as Ipopt sees it, through cyipopt: for the second engine and for problems of a user's own.

``SolverFactory("cyipopt")`` needs a compiled library that pip cannot bring; here derivatives come from
`cge.solve.derivatives` and Ipopt's binary from the package ``cyipopt-wheels``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo

from cge.errors import CGEError, SolveFailed
from cge.solve.derivatives import Tape

_FAR = 1e20
#: Ipopt's options unless a caller gives others. The problem is scaled here.
_OPTIONS: dict[str, Any] = {"tol": 1e-10, "constr_viol_tol": 1e-10, "print_level": 0, "sb": "yes", "max_iter": 300,
                            "nlp_scaling_method": "none", "bound_relax_factor": 0.0}


@dataclass(frozen=True)
class Optimum:
    """What Ipopt found; the values are in the Pyomo model's variables.

    Attributes
    ----------
    objective : float
        In the units of the objective.
    iterations : int
    residual : float
        Largest violation of a constraint over its scale.
    duals : dict of str to float
        Of each inequality constraint that holds with equality: change of the objective per unit by which the
        bound that holds is raised (negative where raising a floor costs).
    """

    objective: float
    iterations: int
    residual: float
    duals: dict[str, float]


class Program:
    """A compiled Pyomo model: its rows on a tape, its variables as a vector.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
        Constraints may be equalities or inequalities; fixed variables and mutable parameters are read at
        every :meth:`read`.

    Attributes
    ----------
    leaves : array
        Values of all variables and mutable parameters.
    free : int array
        Positions of the variables that are not fixed.
    """

    def __init__(self, model: pyo.ConcreteModel):
        self.model = model
        self.constraints = list(model.component_data_objects(pyo.Constraint, active=True))
        goals = list(model.component_data_objects(pyo.Objective, active=True))
        if len(goals) != 1:
            raise CGEError(f"the model has {len(goals)} active objectives; leave one (model.objective.deactivate())")
        self._sign = 1.0 if goals[0].is_minimizing() else -1.0
        self.tape = Tape([*(c.body for c in self.constraints), goals[0].expr])
        self.at = {id(leaf): k for k, leaf in enumerate(self.tape.leaves)}
        self.leaves = np.zeros(len(self.tape.leaves))
        self.read()

    def read(self) -> None:
        """Read values, fixings and bounds from the Pyomo model."""
        values = [leaf.value for leaf in self.tape.leaves]
        if None in values:
            name = self.tape.leaves[values.index(None)].name
            raise CGEError(f"variable {name} has no value to start from; give it one with set_value")
        self.leaves[:] = values
        isfree = [leaf.is_variable_type() and not leaf.fixed for leaf in self.tape.leaves]
        self.free = np.flatnonzero(isfree)
        self.derivatives = self.tape.columns(self.free)
        bounds = [(c.lower, c.upper) for c in self.constraints]
        self.lower = np.array([-_FAR if lo is None else pyo.value(lo) for lo, _ in bounds])
        self.upper = np.array([_FAR if up is None else pyo.value(up) for _, up in bounds])
        self.rescale()

    def rescale(self) -> None:
        """Scale rows by the largest of their terms, so that a residual counts in its own units' last digits."""
        v = self.values(self.leaves[self.free])
        jac = self.derivatives.jacobian(v)
        size = np.ones(self.tape.rows)
        terms = np.abs(jac * self.leaves[self.free][self.derivatives.col])
        np.maximum.at(size, self.derivatives.row, np.where(np.isfinite(terms), terms, 0.0))
        self._scale = 1.0 / size
        # The objective: gradients by prices of a billion would drown the constraints.
        steep = np.abs(jac[self.derivatives.row == self.tape.rows - 1])
        self._goal_scale = self._sign / max(1.0, float(steep.max(initial=0.0)))

    def values(self, x: np.ndarray) -> np.ndarray:
        """Values of all nodes at the free variables ``x``."""
        leaves = self.leaves.copy()
        leaves[self.free] = x
        return self.tape.values(leaves)

    def residual(self, x: np.ndarray) -> np.ndarray:
        """Scaled residuals of a square system's constraints."""
        return (self.tape.body(self.values(x))[:-1] - self.lower) * self._scale[:-1]

    def write(self, x: np.ndarray) -> None:
        """Put values of the free variables into the Pyomo model."""
        self.leaves[self.free] = x
        for k, value in zip(self.free.tolist(), x.tolist(), strict=True):
            self.tape.leaves[k].set_value(value, skip_validation=True)

    def run(self, options: dict[str, Any] | None = None, *, bounds: bool = True) -> tuple[np.ndarray, dict]:
        """Call Ipopt from the present values; return the free variables and Ipopt's report."""
        import cyipopt

        far = np.full(len(self.free), _FAR)
        low, high = -far, far
        if bounds:
            limits = [self.tape.leaves[k].bounds for k in self.free]
            low = np.array([-_FAR if lo is None else lo for lo, _ in limits])
            high = np.array([_FAR if up is None else up for _, up in limits])
        calls = _Calls(self)
        m = len(self.constraints)
        lower, upper = self.lower * self._scale[:-1], self.upper * self._scale[:-1]
        problem = cyipopt.Problem(n=len(self.free), m=m, problem_obj=calls, lb=low, ub=high,
                                  cl=np.where(self.lower <= -_FAR, -_FAR, lower),
                                  cu=np.where(self.upper >= _FAR, _FAR, upper))
        for key, value in {**_OPTIONS, **(options or {})}.items():
            problem.add_option(key, value)
        x, info = problem.solve(self.leaves[self.free])
        return x, {**info, "iterations": calls.iterations}


class _Calls:
    """What Ipopt asks for."""

    def __init__(self, program: Program):
        self.p, self.iterations = program, 0
        self._key: bytes = b""
        self._v = np.array([])
        d, last = program.derivatives, program.tape.rows - 1
        self._goal = d.row == last
        self._rows, self._cols = d.row[~self._goal], d.col[~self._goal]

    def _values(self, x: np.ndarray) -> np.ndarray:
        key = x.tobytes()
        if key != self._key:
            self._key, self._v = key, self.p.values(x)
        return self._v

    def objective(self, x):
        return self.p._goal_scale * self.p.tape.body(self._values(x))[-1]

    def gradient(self, x):
        out = np.zeros(len(x))
        if self._goal.any():
            d = self.p.derivatives
            out[d.col[self._goal]] = self.p._goal_scale * d.jacobian(self._values(x))[self._goal]
        return out

    def constraints(self, x):
        return self.p.tape.body(self._values(x))[:-1] * self.p._scale[:-1]

    def jacobianstructure(self):
        return self._rows, self._cols

    def jacobian(self, x):
        return self.p.derivatives.jacobian(self._values(x))[~self._goal] * self.p._scale[self._rows]

    def _square(self) -> bool:
        """A square system without an objective needs no second derivatives: the Newton step is exact without."""
        return len(self.p.free) == len(self.p.constraints) and not self._goal.any()

    def hessianstructure(self):
        none = np.array([], int)
        return (none, none) if self._square() else self.p.derivatives.hessian_structure()

    def hessian(self, x, multipliers, factor):
        if self._square():
            return np.array([])
        weights = np.append(multipliers * self.p._scale[:-1], factor * self.p._goal_scale)
        return self.p.derivatives.hessian(self._values(x), weights)

    def intermediate(self, mode, iteration, *rest):
        self.iterations = iteration
        return True


def optimise(model: pyo.ConcreteModel, options: dict[str, Any] | None = None) -> Optimum:
    """Solve a Pyomo model with Ipopt: the equation table with constraints and an objective of your own.

    Take the model from :func:`cge.solve.algebra.algebra`, unfix what is to be chosen (and give it bounds), add
    constraints, replace the objective (``model.objective.deactivate()``), and call this function. The start is
    where the variables stand; :func:`cge.solve.algebra.set_values` moves them to a solution.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
    options : dict, optional
        Ipopt's, for instance ``{"max_iter": 500}`` or ``{"print_level": 5}``.

    Returns
    -------
    Optimum
        The model's variables hold the solution. It is a local optimum: start elsewhere to try for another.

    Raises
    ------
    SolveFailed
        Ipopt found no optimum; names the most violated constraint.
    CGEError
        No or several objectives, or a function that the derivatives do not know.
    """
    program = Program(model)
    x, info = program.run(options)
    body = program.tape.body(program.values(x))
    scale = program._scale[:-1]
    gap = np.maximum(np.maximum(program.lower - body[:-1], body[:-1] - program.upper), 0.0) * scale
    worst = int(np.argmax(gap))
    if info["status"] not in (0, 1) or not gap[worst] < 1e-6:
        reason = info["status_msg"].decode() if isinstance(info["status_msg"], bytes) else info["status_msg"]
        raise SolveFailed(f"Ipopt found no optimum ({reason.split('(')[0].strip().rstrip('.')}); the most violated "
                          f"constraint is {program.constraints[worst].name} ({gap[worst]:.1e}); start from another "
                          "point or loosen a constraint")
    program.write(x)
    duals = {}
    for k in np.flatnonzero(program.lower != program.upper):
        worth = float(-info["mult_g"][k] * scale[k] / program._goal_scale)
        if min(abs(body[k] - program.lower[k]), abs(body[k] - program.upper[k])) * scale[k] < 1e-6:
            duals[program.constraints[k].name] = worth
    return Optimum(float(body[-1]), info["iterations"], float(gap[worst]), duals)
