"""Optimal policy in the space of the policy variables alone, on the fast core.

Ipopt chooses the levers; for each choice the Newton engine solves the equilibrium, so that objective and
constraints are functions of the levers only. Gradients are exact, by the implicit function
theorem: with ``F(x, p) = 0`` and results ``g(x, p)``,

    dg/dp = g_p + g_x dx/dp,   J dx/dp = -F_p,

one factorisation of the Jacobian for all levers. The products ``F_p`` and ``g_p + g_x dx/dp`` are complex steps
of the NumPy table, exact to rounding and with nothing to compile. (The adjoint form, one linear system per
result, gave the same numbers with JAX's reverse mode, but took 50 s to compile for each problem.) The full-space route,
:func:`cge.solve.program.optimise` on the written-out table, is independent of all this and finds the same optimum.

Both work on one sub-step from the benchmark: Divisia indices (consumer prices of migrants, the numeraire) are the
Tornqvist index between the benchmark and the optimum. Solving the optimum again with `Model.solve` refines them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from cge.errors import ScenarioError, SolveFailed
from cge.model import table
from cge.solve.model import Model
from cge.solve.newton import NewtonReport

_STEP = 1e-30


@dataclass(frozen=True)
class Lever:
    """One number that a policy maker chooses; it goes to all the cells named.

    Attributes
    ----------
    variable : str
        An exogenous variable (``tm``, ``quota``, ``transfer``, ...).
    lower, upper : float
        Bounds, in the variable's unit (an index: 1 is the benchmark).
    where : mapping of str to str or list of str
        Labels by dimension; all where a dimension is not named.
    """

    variable: str
    lower: float
    upper: float
    where: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.variable}({', '.join(str(v) for v in self.where.values())})"


@dataclass(frozen=True)
class PolicyOptimum:
    """The best policy found.

    Attributes
    ----------
    values : dict of str to float
        The levers, in the units of their variables.
    objective : float
        Value of the objective.
    results : dict of (str, label) to float
        Results that were constrained.
    shocks : dict of str to array
        For :meth:`Model.solve`.
    iterations, solves : int
        Of Ipopt; equilibria solved.
    """

    values: dict[str, float]
    objective: float
    results: dict[tuple[str, str], float]
    shocks: dict[str, np.ndarray]
    iterations: int
    solves: int


def optimal_policy(model: Model, levers: Sequence[Lever], objective: str, where: Mapping[str, Any] | None = None, *,
                   at_least: Mapping[str, float] | None = None, balanced: Sequence[str] = (),
                   coefficients: Mapping[str, Any] | None = None, start: Sequence[float] | None = None,
                   options: Mapping[str, Any] | None = None) -> PolicyOptimum:
    """Levers that maximise a result of the model.

    Parameters
    ----------
    model : Model
    levers : sequence of Lever
    objective : str
        Variable to maximise, summed over the cells ``where`` (``WEV``; ``EV`` with ``{"reg": "USA"}``).
    at_least : mapping of str to float, optional
        Variables over regions that may not fall below a number, in each region (``{"EV": 0.0}``: nobody loses).
    balanced : sequence of str, optional
        Variables whose levers sum to zero (``["transfer"]``).
    coefficients : mapping, optional
        As for :meth:`Model.solve` (homes of movers, MSHR, for quotas).
    start : sequence of float, optional
        The benchmark by default, moved inside the bounds.
    options : mapping, optional
        Of Ipopt.

    Returns
    -------
    PolicyOptimum
        A local optimum.

    Raises
    ------
    ScenarioError
        A lever is not an exogenous variable of the closure, or a result is unknown or only reported.
    SolveFailed
        Ipopt found no optimum.
    """
    import cyipopt

    problem = _Reduced(model, levers, objective, where or {}, dict(at_least or {}), balanced, coefficients or {})
    low, high = (np.array([getattr(lever, side) for lever in levers]) for side in ("lower", "upper"))
    x0 = np.clip(problem.base if start is None else np.asarray(start, float), low, high)
    problem.ready(x0, high - low)
    floors, sums = len(problem.floors), len(balanced)
    bound = np.concatenate([problem.floors / problem.size, np.zeros(sums)])
    ipopt = cyipopt.Problem(n=len(levers), m=floors + sums, problem_obj=problem, lb=low / problem.scale,
                            ub=high / problem.scale, cl=bound,
                            cu=np.concatenate([np.full(floors, 1e20), np.zeros(sums)]))
    settings = {"tol": 1e-8, "print_level": 0, "sb": "yes", "max_iter": 200, "nlp_scaling_method": "none",
                "hessian_approximation": "limited-memory", "bound_relax_factor": 0.0, **(options or {})}
    for key, value in settings.items():
        ipopt.add_option(key, value)
    z, info = ipopt.solve(x0 / problem.scale)
    if info["status"] not in (0, 1):
        raise SolveFailed(f"Ipopt found no optimal policy ({info['status_msg'].decode().split('(')[0].strip()}); widen "
                          "the bounds of the levers, loosen a constraint or start elsewhere")
    g = problem.results(z)
    shocks = {name: np.exp(v) if table.symbols[name].positive else np.array(v)
              for name, v in problem.exogenous(z * problem.scale).items()}
    return PolicyOptimum({str(v): float(a) for v, a in zip(levers, z * problem.scale, strict=True)}, float(g[0]),
                         dict(zip(problem.names, g[1:].tolist(), strict=True)), shocks, problem.iterations,
                         problem.solves)


class _Reduced:
    """Objective, constraints and gradients as functions of the levers; what Ipopt asks for."""

    def __init__(self, model, levers, objective, where, at_least, balanced, coefficients):
        self.model, self.system = model.using("newton"), model.system
        self.goal = model._goal({}, coefficients)
        self.cells = [(v.variable, self._cells(v.variable, v.where, lever=True)) for v in levers]
        self.base = np.array([float(model.base()[name].values.reshape(-1)[idx[0]]) for name, idx in self.cells])
        self.wanted = [(objective, self._cells(objective, where))]
        regions = model.cal.sets["reg"]
        self.names = [(name, r) for name in at_least for r in regions]
        self.wanted += [(name, self._cells(name, {"reg": r})) for name, r in self.names]
        self.floors = np.array([at_least[name] for name, _ in self.names])
        self.sums = np.array([[float(v.variable == name) * len(idx) for v, (_, idx) in
                               zip(levers, self.cells, strict=True)] for name in balanced]).reshape(-1, len(levers))
        self.x = np.zeros(self.system.n)
        self._key, self.iterations, self.solves = b"", 0, 0
        self._slope: np.ndarray | None = None

    def _cells(self, name: str, where: Mapping[str, Any], lever: bool = False) -> np.ndarray:
        symbol = table.symbols.get(name)
        if symbol is None or (lever and (symbol.role != "exogenous" or len(self.system.free_cells(name)))):
            raise ScenarioError(f"'{name}' is not an exogenous variable of this model; `cge symbols` lists them")
        if not lever and name in self.system.reports():
            raise ScenarioError(f"'{name}' only reports along the path of a shock and cannot be maximised or "
                                "constrained; use EV, WEV, EVhost or another variable of the solve")
        sets, mask = self.model.cal.sets, np.ones(self.system.shape(name), bool)
        for d, wanted in where.items():
            labels = [wanted] if isinstance(wanted, str) else list(wanted)
            if d not in symbol.dims or not set(labels) <= set(sets[d]):
                raise ScenarioError(f"'{name}' has no cells {d} = {', '.join(map(str, labels))}; its dimensions are "
                                    f"({', '.join(symbol.dims)})")
            shape = [1] * len(symbol.dims)
            shape[symbol.dims.index(d)] = -1
            mask &= np.isin(np.array(sets[d]), labels).reshape(shape)
        return np.flatnonzero(mask)

    def ready(self, p: np.ndarray, width: np.ndarray) -> None:
        """Scales: levers by the distance of their bounds, results by the steepest gradient at the start."""
        self.scale = np.where(width > 0, width, 1.0)
        self.balance = self.sums * self.scale
        self.balance = self.balance / np.maximum(np.abs(self.balance).max(initial=0.0), 1e-300)
        self.size = 1.0
        steep = np.abs(self._gradients(p / self.scale)).max()
        self.size = float(max(steep, 1e-12))
        self._key = b""

    def exogenous(self, p: np.ndarray) -> dict[str, np.ndarray]:
        """Exogenous values (as the data tree holds them) of the variables that the levers move."""
        out: dict[str, np.ndarray] = {}
        for (name, idx), value in zip(self.cells, p, strict=True):
            flat = out.get(name, np.array(self.goal["exo"][name], p.dtype)).reshape(-1)
            flat[idx] = np.log(value) if table.symbols[name].positive else value
            out[name] = flat.reshape(self.system.shape(name))
        return out

    def _solve(self, z: np.ndarray) -> None:
        key = np.asarray(z).tobytes()
        if key == self._key:
            return
        import cyipopt

        self.p = np.asarray(z) * self.scale
        tree = self.model.data_at(self.goal, 1.0, self.model.base().data["rates"])
        self.data = {**tree, "exo": {**tree["exo"], **self.exogenous(self.p)}}
        try:
            self.x = self.model.newton.solve(self.x, self.data, NewtonReport())
        except SolveFailed:
            raise cyipopt.CyIpoptEvaluationError from None  # no equilibrium there: Ipopt takes a shorter step
        self.solves += 1
        self.g = self._outputs(self.x, self.data)
        self._key, self._slope = key, None

    def _outputs(self, x: np.ndarray, data: dict) -> np.ndarray:
        """Objective and constrained results at a point, real or complex."""
        view = self.system.view(x, data)
        return np.array([np.broadcast_to(getattr(view, n).level(), self.system.shape(n)).reshape(-1)[i].sum()
                         for n, i in self.wanted])

    def results(self, z: np.ndarray) -> np.ndarray:
        """Objective and constrained results."""
        self._solve(z)
        return self.g

    def _gradients(self, z: np.ndarray) -> np.ndarray:
        """Derivatives of the results by the scaled levers (results, levers)."""
        self._solve(z)
        if self._slope is None:
            lu = lu_factor(self.model.newton.jacobian(self.x, self.data))
            columns = []
            for k in range(len(self.cells)):
                p = self.p.astype(complex)
                p[k] += _STEP * 1j
                data = {**self.data, "exo": {**self.data["exo"], **self.exogenous(p)}}
                by_lever = self.system.residual(self.x.astype(complex), data).imag / _STEP
                moved = self.x - _STEP * 1j * lu_solve(lu, by_lever)
                columns.append(self._outputs(moved, data).imag / _STEP)
            self._slope = np.array(columns).T * self.scale
        return self._slope

    # -- Ipopt's questions ------------------------------------------------------------------------
    def objective(self, z):
        return -self.results(z)[0] / self.size

    def gradient(self, z):
        return -self._gradients(z)[0] / self.size

    def constraints(self, z):
        return np.concatenate([self.results(z)[1:] / self.size, self.balance @ z])

    def jacobian(self, z):
        return np.concatenate([(self._gradients(z)[1:] / self.size).reshape(-1), self.balance.reshape(-1)])

    def intermediate(self, mode, iteration, *rest):
        self.iterations = iteration
        return True
