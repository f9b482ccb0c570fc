"""A benchmark made into a model that solves counterfactuals: compile once, solve many."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark import Benchmark
from cge.errors import ScenarioError, SolveFailed
from cge.model import Calibration, calibrate, table
from cge.model.closure import Closure
from cge.solve.certificate import Certificate, certify
from cge.solve.newton import Newton, NewtonReport
from cge.solve.system import System

#: Largest change of a Divisia index (fraction) accepted when the sub-steps are doubled: 1e-4 percentage points.
RATE_TOLERANCE = 1e-6
_MAX_STEPS = 64
_FIRST_STEPS = 1
_MAX_HALVINGS = 8


@dataclass
class Solution:
    """A solved counterfactual.

    Attributes
    ----------
    model : Model
    x : array
        Unknowns (logarithms of indices; levels where signed).
    data : dict
        Data tree of the last sub-step.
    steps : int
        Sub-steps of the path.
    report : NewtonReport
    seconds : float
        Wall time of the solve.
    rate_error : float
        Estimated error of the Divisia indices (fraction).
    certificate : Certificate
    """

    model: Model
    x: np.ndarray
    data: dict[str, Any]
    steps: int
    report: NewtonReport
    seconds: float
    rate_error: float = 0.0
    _view: Any = None
    _certificate: Certificate | None = None

    @property
    def view(self) -> Any:
        """Every symbol at the solution, evaluated with NumPy."""
        if self._view is None:
            self._view = self.model.system.view(self.x, self.data)
        return self._view

    def __getitem__(self, name: str) -> xr.DataArray:
        """A symbol or coefficient at the solution, labelled; indices are levels with benchmark 1."""
        if name not in table.symbols and name not in self.model.cal.data:
            raise ScenarioError(f"'{name}' is not a variable of the model; see `cge symbols` for the list")
        value = getattr(self.view, name)
        sets = self.model.cal.sets
        out = xr.DataArray(np.array(np.broadcast_to(value.level(), value.shape)), dims=value.dims,
                           coords={d: list(sets[d]) for d in value.dims}, name=name)
        symbol = table.symbols.get(name)
        if symbol:
            out.attrs = {"long_name": symbol.long_name, "units": symbol.unit, "block": symbol.block}
        return out

    @property
    def certificate(self) -> Certificate:
        """Residuals, Walras' law and account balance, re-evaluated with NumPy in float64."""
        if self._certificate is None:
            self._certificate = certify(self.model.system, self.x, self.data, self.view)
        return self._certificate


@dataclass
class Model:
    """A benchmark, a closure and labour parameters, ready to solve.

    Parameters
    ----------
    bench : Benchmark
    closure : Closure
    labour : mapping, optional
        Replacements of :data:`cge.model.LABOUR_DEFAULTS`.
    rordelta : float, optional
        1: investment by expected returns, 0: fixed shares; default from the benchmark.

    Raises
    ------
    BenchmarkError, ClosureError
        The benchmark or closure cannot make a square model.
    """

    bench: Benchmark
    closure: Closure = field(default_factory=Closure)
    labour: Mapping[str, float] | None = None
    rordelta: float | None = None

    def __post_init__(self) -> None:
        self.cal: Calibration = calibrate(self.bench, table, self.labour, self.rordelta)
        self.system = System(table, self.cal, self.closure)
        self._base = self.system.base_data()
        self._newton: Newton | None = None

    @property
    def newton(self) -> Newton:
        """The Newton engine, factorised at the benchmark on first use."""
        if self._newton is None:
            engine = Newton(self.system)
            engine.factorise(self._base)
            self._newton = engine
        return self._newton

    def base(self) -> Solution:
        """The benchmark itself as a solution, without a solve."""
        return Solution(self, np.zeros(self.system.n), self._base, 0, NewtonReport(residual=0.0), 0.0)

    def solve(self, shocks: Mapping[str, Any], coefficients: Mapping[str, Any] | None = None,
              steps: int | None = None) -> Solution:
        """Solve for shocked values of exogenous variables.

        The shock is a straight line in levels. Divisia indices are chained
        over sub-steps, doubled until none changes by more than 1e-4 percentage
        points; a sub-step that fails is halved.

        Parameters
        ----------
        shocks : mapping of str to array
            Levels (index, or signed value) of exogenous variables, over the
            symbol's dimensions or broadcastable to them.
        coefficients : mapping of str to array, optional
            Coefficients that do not touch the benchmark equilibrium (mover
            shares MSHR, remittance rates RHON, productivities AN, TAXMOV, ...).
        steps : int, optional
            A fixed number of sub-steps instead of refinement.

        Raises
        ------
        ScenarioError
            Unknown or non-exogenous variable, index not positive.
        SolveFailed
            No solution; names block, element and region of the worst residual.
        """
        start = time.perf_counter()
        coef = dict(self._base["coef"])
        for name, value in (coefficients or {}).items():
            if name not in coef:
                raise ScenarioError(f"'{name}' is not a coefficient of the model")
            coef[name] = np.broadcast_to(np.asarray(value, float), coef[name].shape).copy()
        goal = {"coef": coef, "exo": dict(self._base["exo"]), "target": dict(self._base["target"])}
        for name, value in shocks.items():
            self.system.set_exogenous(goal, name, value)
        report = NewtonReport()
        if steps:
            x, data = self._walk(goal, steps, report)
            return Solution(self, x, data, steps, report, time.perf_counter() - start)
        x, data, n, error = self._refine(goal, report)
        return Solution(self, x, data, n, report, time.perf_counter() - start, error)

    def _refine(self, goal: dict, report: NewtonReport) -> tuple[np.ndarray, dict, int, float]:
        """Double the sub-steps until the Divisia indices settle, extrapolating as Richardson (1911) does.

        The chained trapezoid errs by the square of the step, so a third of the
        change at a doubling is added to the path state, and the end point is
        solved again with it: closure and indices stay consistent.
        """
        n = _FIRST_STEPS
        x, data = self._walk(goal, n, report)
        coarse, last = self._rates(x, data), None
        while True:
            n *= 2
            x, data = self._walk(goal, n, report)
            fine = self._rates(x, data)
            change = {k: (fine[k] - coarse[k]) / 3.0 for k in fine}
            raw = _largest(change)
            if raw < RATE_TOLERANCE:
                return x, data, n, raw
            rates = {k: {**s, "acc": s["acc"] + change[k]} for k, s in data["rates"].items()}
            better = {**data, "rates": rates}
            x_better = self.newton.solve(x, better, report)
            extrapolated = self._rates(x_better, better)
            error = _largest({k: extrapolated[k] - last[k] for k in last}) if last else np.inf
            if error < RATE_TOLERANCE or n >= _MAX_STEPS:
                return x_better, better, n, min(error, raw)
            coarse, last = fine, extrapolated

    def _rates(self, x: np.ndarray, data: dict) -> dict[str, np.ndarray]:
        """Accumulated value of every Divisia index (logarithm, or level where signed)."""
        view = self.system.view(x, data)
        values = {k: getattr(view, k) for k in self.system.rates}
        return {k: np.broadcast_to(v.log if v.is_positive else v.val, v.shape) for k, v in values.items()}

    def _walk(self, goal: dict, n: int, report: NewtonReport) -> tuple[np.ndarray, dict]:
        """Follow the shock in ``n`` sub-steps, halving one that fails; return the end point."""
        x = np.zeros(self.system.n)
        rates = self._base["rates"]
        done, width, halvings = 0.0, 1.0 / n, 0
        data = self._at(goal, 1.0, rates)
        while done < 1.0 - 1e-12:
            to = min(1.0, done + width)
            data = self._at(goal, to, rates)
            try:
                x_new = self.newton.solve(self._predict(x, done, to), data, report)
            except SolveFailed:
                halvings += 1
                if halvings > _MAX_HALVINGS:
                    raise
                width /= 2
                continue
            x, done = x_new, to
            if done < 1.0 - 1e-12:
                rates = self.newton.rate_state(x, data)
        return x, data

    @staticmethod
    def _predict(x: np.ndarray, done: float, to: float) -> np.ndarray:
        """Extrapolate the path from the origin: a good start, as responses are nearly linear in the shock."""
        return x * (to / done) if done > 0 else x

    def _at(self, goal: dict, t: float, rates: dict) -> dict:
        """The data tree at the fraction ``t`` of the shock, on the straight line in levels."""
        base = self._base["exo"]
        exo = {}
        for name, end in goal["exo"].items():
            start = base[name]
            if end is start or t == 1.0:
                exo[name] = end
            elif table.symbols[name].positive:
                exo[name] = np.log(np.exp(start) + t * (np.exp(end) - np.exp(start)))
            else:
                exo[name] = start + t * (end - start)
        return {"coef": goal["coef"], "exo": exo, "target": goal["target"], "rates": rates}


def _largest(values: Mapping[str, np.ndarray]) -> float:
    """Largest absolute number in a set of arrays."""
    return max((float(np.max(np.abs(v))) for v in values.values()), default=0.0)
