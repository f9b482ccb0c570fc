"""A benchmark made into a model that solves counterfactuals: compile once, solve many."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model import Calibration, Layout, Ownership, Ties, calibrate, table
from cge.model.closure import NUMERAIRE, Closure
from cge.solve import newton
from cge.solve.certificate import Certificate, certify
from cge.solve.coefficients import RANGES, changed
from cge.solve.engines import check_engine
from cge.solve.frame import Frame, Framed, fitting
from cge.solve.jaxsetup import jax_modules
from cge.solve.movers import check_movers
from cge.solve.newton import Newton, NewtonReport
from cge.solve.path import Path as _Path
from cge.solve.quadrature import bend_of, bent
from cge.solve.system import System

if TYPE_CHECKING:
    from cge.solve.batch import Batch
    from cge.solve.draws import Draws


#: Coefficients that a solve may change.
FREE_COEFFICIENTS = frozenset(RANGES)


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
    path : cge.solve.path.Path, optional
        The points behind the solution; reporting rates are integrated over them when first asked for.
    certificate : Certificate
    """

    model: Model
    x: np.ndarray
    data: dict[str, Any]
    steps: int
    report: NewtonReport
    seconds: float
    rate_error: float = 0.0
    path: _Path | None = None
    _view: Any = None
    _certificate: Certificate | None = None

    @property
    def view(self) -> Any:
        """Every symbol at the solution, evaluated with NumPy."""
        if self._view is None:
            self._view = self.model.system.view(self.x, self.data, self.path.integral if self.path else None)
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

    def updated(self, name: str | None = None) -> Benchmark:
        """The data base after the shock, a benchmark of its own (:func:`cge.solve.updated.updated`)."""
        from cge.solve.updated import updated

        return updated(self, name)

    @property
    def certificate(self) -> Certificate:
        """Residuals, Walras' law and account balance, re-evaluated with NumPy in float64."""
        if self._certificate is None:
            self._certificate = certify(self.model.system, self.x, self.data, self.view, self.path)
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
    mobility : Layout, optional
        Lets workers respond to wages, and says where caps may be (:func:`cge.scenario.mobility.layout_of`).
    ties : Ties, optional
        Lets new movers be tied to activities, and says to which (:func:`cge.scenario.tied.ties_of`).
    ownership : Ownership, optional
        Capital of migrants and of owners abroad (:func:`cge.scenario.ownership.ownership_of`).

    Raises
    ------
    BenchmarkError, ClosureError
        The benchmark or closure cannot make a square model.
    """

    bench: Benchmark
    closure: Closure = field(default_factory=Closure)
    labour: Mapping[str, float] | None = None
    rordelta: float | None = None
    mobility: Layout | None = None
    ties: Ties | None = None
    ownership: Ownership | None = None

    def __post_init__(self) -> None:
        self.cal: Calibration = calibrate(self.bench, table, self.labour, self.rordelta, self.mobility,
                                          self.ties, self.ownership)
        self.system = System(table, self.cal, self.closure)
        self._base = self.system.base_data()
        self._newton: Newton | None = None
        self._base_post: dict[str, dict] | None = None
        self._rate_dims: dict[str, tuple] | None = None
        self._batches: dict[Any, Batch] = {}
        self._on_device: dict[str, Any] | None = None
        self.engine = "newton"
        self._engines: dict[str, Model] = {"newton": self}
        self._frames: dict[int, Frame] = {}

    def under(self, closure: Closure) -> Model:
        """The same model under another closure, with compiled code shared by all closures made so.

        Parameters
        ----------
        closure : Closure

        Raises
        ------
        ClosureError
            The closure cannot make a square model.
        """
        other = copy.copy(self)
        other.closure, other.system = closure, System(table, self.cal, closure)
        other._base = other.system.base_data()
        other._newton, other._base_post, other._rate_dims, other._on_device = None, None, None, None
        other._batches, other._engines = {}, {self.engine: other}
        return other

    def _in_frame(self) -> Framed | None:
        """The closure in a frame that all closures share; None for the standard one, which has code of its own."""
        def standard() -> System:
            made = next(iter(self._frames.values()), None)
            return made.standard if made is not None else System(table, self.cal)

        return fitting(self.system, self._frames, standard, newton.DENSE) if self.closure.swaps else None

    @property
    def newton(self) -> Newton:
        """The engine, made ready at the benchmark on first use: Newton factorised, or Ipopt's model written."""
        if self._newton is None and self.engine == "ipopt":
            from cge.solve.ipopt import Ipopt

            self._newton = Ipopt(self.system, self._base)  # type: ignore[assignment]
        if self._newton is None:
            engine = Newton(self.system, self._in_frame())
            engine.factorise(self._base)
            self._newton = engine
        assert self._newton is not None
        return self._newton

    def using(self, engine: str) -> Model:
        """The same model solved by another engine.

        Parameters
        ----------
        engine : str
            ``newton``, or ``ipopt``: the equation table as a Pyomo model solved by Ipopt, slower and independent
            (:mod:`cge.solve.ipopt`).

        Raises
        ------
        ScenarioError
            There is no such engine.
        """
        check_engine(engine, "model")
        if engine == self.engine:
            return self
        if engine not in self._engines:
            other = copy.copy(self)
            other.engine, other._newton = engine, None
            self._engines[engine] = other
        return self._engines[engine]

    def rebased(self, bench: Benchmark) -> Model:
        """The model of another benchmark with the same labels and the same cells that are not zero; compiles nothing.

        For draws of the data base itself: cells changed and balanced again.

        Parameters
        ----------
        bench : Benchmark

        Raises
        ------
        ScenarioError
            The benchmark has other labels, or flows where this one has none (or none where it has).
        BenchmarkError
            The benchmark cannot make a model.
        """
        other = Model(bench, self.closure, self.labour, self.rordelta, self.mobility, self.ties, self.ownership)
        old, new = self.cal, other.cal
        differs = [k for k in old.sets if old.sets[k] != new.sets.get(k)]
        differs += [k for k in old.masks if not np.array_equal(old.masks[k], new.masks[k])]
        if differs or other.system.n != self.system.n:
            raise ScenarioError(f"benchmark {bench.name} differs from {self.bench.name} in labels or in which flows "
                                f"exist ({', '.join(differs[:3])}); make a Model of its own of it")
        other.engine = self.engine
        if self.engine == "newton":
            other._newton = self.newton.rebased(other.system, other._base)
            other._batches = self._batches
        return other

    def base(self) -> Solution:
        """The benchmark itself as a solution, without a solve."""
        return Solution(self, np.zeros(self.system.n), self._base, 0, NewtonReport(residual=0.0), 0.0)

    def base_post(self) -> dict[str, dict]:
        """Weights and variables of the reporting rates at the benchmark."""
        if self._base_post is None:
            self._base_post = self.system.view(np.zeros(self.system.n), self._base).rate_state(self.system.post)
        return self._base_post

    def rate_dims(self) -> dict[str, tuple]:
        """Per Divisia index of the solve: its dimensions, and those of the weight and variable of each term."""
        if self._rate_dims is None:
            view = self.base().view
            self._rate_dims = {n: (table.definitions[n].dims, [(w.dims, x.dims) for w, x in view.rate_terms(n)])
                               for n in self.system.rates}
        return self._rate_dims

    def solve(self, shocks: Mapping[str, Any], coefficients: Mapping[str, Any] | None = None,
              steps: int | None = None, engine: str | None = None) -> Solution:
        """Solve for shocked values of exogenous variables.

        The shock is a straight line in levels; see :mod:`cge.solve.path` for
        how Divisia indices are integrated along it.

        Parameters
        ----------
        shocks : mapping of str to array
            Levels (index, or signed value) of exogenous variables, and of endogenous
            ones that the closure holds (``pfactwld``: 2 doubles the numeraire), over
            the symbol's dimensions or broadcastable to them.
        coefficients : mapping of str to array, optional
            Values of :data:`~cge.solve.coefficients.RANGES`: what the benchmark equilibrium does
            not depend on (elasticities; mover shares MSHR, remittance rates RHON, ...).
        steps : int, optional
            A fixed number of sub-steps instead of refinement.
        engine : str, optional
            ``newton`` or ``ipopt`` (see :meth:`using`); by default the model's own, which is ``newton``.

        Raises
        ------
        ScenarioError
            Unknown engine; unknown or non-exogenous variable, index not positive; coefficient out of range.
        SolveFailed
            No solution; names block, element and region of the worst residual.
        """
        if engine is not None and engine != self.engine:
            return self.using(engine).solve(shocks, coefficients, steps)
        start = time.perf_counter()
        goal = self._goal(shocks, coefficients or {})
        goal["bend"] = self._bend(goal)
        report = NewtonReport()
        path = _Path(self, goal, report)
        if steps:
            x, data = path.walk(steps)
            return Solution(self, x, data, steps, report, time.perf_counter() - start, path=path)
        x, data, n, error = path.refine()
        return Solution(self, x, data, n, report, time.perf_counter() - start, error, path)

    def solve_many(self, draws: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]],
                   variables: Sequence[str] = ("EV", "WEV"), progress: Callable[[int], None] | None = None) -> Draws:
        """Solve many counterfactuals of this model side by side (:mod:`cge.solve.draws`).

        Parameters
        ----------
        draws : sequence of (shocks, coefficients)
            As :meth:`solve` takes them and :func:`cge.scenario.shocks_of` returns them.
        variables : sequence of str
            Variables of the Dataset, without those that are integrated over the path on request.
        progress : callable, optional
            Receives the number of draws that are done.

        Returns
        -------
        Draws
            ``data``: an xarray Dataset with a dimension ``draw``; ``solution(draw)``: any one of them as a
            :class:`Solution`. A draw without a solution keeps its place, with NaN and the reason.

        Raises
        ------
        ScenarioError
            No draws; a draw that :meth:`solve` would refuse (its number is named); a variable unknown, or integrated
            on request.
        """
        from cge.solve.draws import solve_many

        return solve_many(self, draws, variables, progress=progress)

    def batch(self, varying: dict[str, tuple[str, ...]], variables: tuple[str, ...], parts: int
              ) -> tuple[Batch, bool]:
        """The compiled solver of draws that differ in these arrays, and whether it is new."""
        from cge.solve.batch import Batch

        key = (tuple(varying.items()), variables, parts)
        new = key not in self._batches
        if new:
            self._batches[key] = Batch(self, varying, variables, parts)
        return self._batches[key], new

    def on_device(self) -> dict[str, Any]:
        """The data tree of the benchmark on the device."""
        if self._on_device is None:
            jax, jnp = jax_modules()
            self._on_device = jax.tree.map(jnp.asarray, self._base)
        return self._on_device

    def check(self, shocks: Mapping[str, Any], coefficients: Mapping[str, Any] | None = None) -> None:
        """Raise ScenarioError for shocks that :meth:`solve` would refuse, without solving."""
        self._goal(shocks, coefficients or {})

    def _goal(self, shocks: Mapping[str, Any], coefficients: Mapping[str, Any]) -> dict:
        """The data tree with the full shock."""
        coef = changed(self.cal, self._base["coef"], coefficients)
        goal = {"coef": coef, "exo": dict(self._base["exo"]), "target": dict(self._base["target"]),
                "masks": self._base["masks"], "scales": self._base["scales"]}
        for name, value in shocks.items():
            if self.mobility is None and name in ("migcost", "cappair", "caphost", "capbloc"):
                raise ScenarioError(f"'{name}' has no effect where new movers are those of a quota; let workers move "
                                    "for wages, with mobility = [{ ... }] in the scenario")
            self.system.set_exogenous(goal, name, value)
        check_movers(self.bench, self.cal, goal)
        given, gap = goal["exo"]["transfer"], float(np.sum(goal["exo"]["transfer"]))
        if not len(self.system.free_cells("transfer")) and abs(gap) > 1e-9 * float(np.abs(given).max(initial=1.0)):
            raise ScenarioError(f"the transfers sum to {gap:.6g} million US$ over regions; what one receives another "
                                "must give: make them sum to zero")
        return goal

    def _bend(self, goal: dict) -> float:
        """How the path is walked, from the largest rise and fall of a shocked index; the price level aside."""
        moves = [end - self._base[tree][name]
                 for tree in ("exo", "target") for name, end in goal[tree].items()
                 if name != NUMERAIRE and end is not self._base[tree][name] and table.symbols[name].positive]
        return bend_of(max((float(np.max(a, initial=0.0)) for a in moves), default=0.0),
                       max((float(np.max(-a, initial=0.0)) for a in moves), default=0.0))

    def data_at(self, goal: dict, t: float, rates: dict) -> dict:
        """The data tree at the fraction ``t`` of the path, on the straight line in levels."""
        t = bent(t, goal.get("bend", 0.0))
        out = {"coef": goal["coef"], "rates": rates, "masks": goal["masks"], "scales": goal["scales"]}
        for tree in ("exo", "target"):
            out[tree] = {}
            for name, end in goal[tree].items():
                start = self._base[tree][name]
                if end is start or t == 1.0:
                    out[tree][name] = end
                elif table.symbols[name].positive:
                    out[tree][name] = np.log(np.exp(start) + t * (np.exp(end) - np.exp(start)))
                else:
                    out[tree][name] = start + t * (end - start)
        return out
