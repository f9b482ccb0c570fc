"""Many counterfactuals of one model: draws of shocks and parameters, solved in batches, none lost.

See :mod:`cge.solve.batch` for the compiled loop. What does not converge there, or needs more points on its path, is
solved alone by :meth:`cge.solve.model.Model.solve`; what fails then keeps its place, its reason, and no numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from cge.errors import ScenarioError, SolveFailed
from cge.model import table
from cge.solve.batch import PARTS, TOLERANCE, times_of
from cge.solve.jaxsetup import jax_modules
from cge.solve.newton import ACCEPTABLE, NewtonReport
from cge.solve.path import NODE_LOOSE as NODE
from cge.solve.path import RATE_TOLERANCE, Path

if TYPE_CHECKING:
    from cge.solve.model import Model, Solution

#: Draws solved side by side: of 4, 8, 12, 16 and 32 what solves most of them a second on ww1997 on two cores. Arrays of
#: more leave the cache, and all wait for the slowest.
WIDTH = 16
#: Batches on their way at the same time.
_AT_ONCE = 2
#: From how many draws on the Jacobian is inverted anew at their mean: half a second on ww1997.
PILOT = 64
#: The error of the indices is taken to stand to their change by the last point as it does for the mean draw (an
#: assumption), and this many times that much is allowed for. The part of the tolerance the mean draw may take of it.
_SAFETY, _ROOM = 2.0, 0.5
#: Arrays of which every draw has its own in the compiled function, whether it differs or not: policies, and
#: coefficients of movers. Draws of any of them then share compiled code. The same for elasticities once one is drawn.
_POLICY = {"coef": ("MSHR", "AN", "RHON", "TAXMOV", "CTAXMOV", "FAMILY", "TAXSHARE"), "exo": ("tms", "quota"),
           "target": ()}
_ELASTICITIES = ("ESUBT", "ESUBC", "ESUBVA", "ESUBD", "ESUBM", "ESUBG", "ESUBI", "ESUBS", "ETRAE", "ETRAQ")

#: A draw: levels of exogenous variables, and coefficients, as :func:`cge.scenario.shocks_of` returns them.
Draw = tuple[Mapping[str, Any], Mapping[str, Any]]


@dataclass
class Draws:
    """Solved draws.

    Attributes
    ----------
    data : xarray.Dataset
        The variables asked for, with a leading dimension ``draw``; NaN in draws that failed. ``converged`` (bool),
        ``residual`` (largest, relative), ``rate_error`` (estimated error of the Divisia indices, fraction),
        ``residuals`` (evaluated, number), ``how`` ("batch", "alone" or "failed"), ``reason`` (of failure).
    seconds : float
        Wall time, compilation of the batch left out.
    compiling : float
        Wall time of that compilation, or of reading the compiled code from the cache; zero where it was at hand.
    """

    data: xr.Dataset
    seconds: float
    compiling: float
    model: Model
    _goals: Callable[[int], dict]
    _times: tuple[float, ...]
    _points: dict[int, tuple[np.ndarray, dict]]
    _alone: dict[int, Solution]

    @property
    def failed(self) -> dict[int, str]:
        """Reasons of the draws without a solution, by number."""
        return {int(i): str(self.data["reason"].values[i]) for i in np.flatnonzero(~self.data["converged"].values)}

    def solution(self, draw: int) -> Solution:
        """One draw as a solution: any variable of the model, and the certificate.

        Raises
        ------
        SolveFailed
            The draw has no solution, with the reason.
        ScenarioError
            There is no such draw.
        """
        from cge.solve.model import Solution

        if not 0 <= draw < self.data.sizes["draw"]:
            raise ScenarioError(f"there is no draw {draw}; they are numbered from 0 to {self.data.sizes['draw'] - 1}")
        if draw in self._alone:
            return self._alone[draw]
        if draw not in self._points:
            raise SolveFailed(f"draw {draw}: {self.failed[draw]}")
        model, goal = self.model, self._goals(draw)
        points, acc = self._points[draw]
        start = model.base().data["rates"]
        report = NewtonReport(int(self.data["residuals"][draw]), 0, float(self.data["residual"][draw]))
        path = Path(model, goal, report)
        path.nodes[0.0] = start
        for t, x in zip(self._times[1:], points, strict=True):
            path.points[t] = x
            path.nodes[t] = model.newton.rate_state(x, model.data_at(goal, t, start))
        data = model.data_at(goal, 1.0, {k: {**start[k], "acc": v} for k, v in acc.items()})
        return Solution(model, points[-1], data, len(points), report, self.seconds / self.data.sizes["draw"],
                        float(self.data["rate_error"][draw]), path)


def solve_many(model: Model, draws: Sequence[Draw], variables: Sequence[str] = ("EV", "WEV"), *,
               progress: Callable[[int], None] | None = None) -> Draws:
    """Solve many counterfactuals; see :meth:`cge.solve.model.Model.solve_many`."""
    if not len(draws):
        raise ScenarioError("there are no draws to solve; give at least one pair of shocks and coefficients")
    _check_variables(model, variables)
    clock, job = time.perf_counter(), _Job(model, draws, tuple(variables))
    if job.side_by_side:
        job.prepare()
        # One batch is made ready and read while others are computed, and the serial parts of two overlap.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                for done in pool.map(job.batch, range(0, len(draws), WIDTH)):
                    if progress:
                        progress(done)
            except BaseException:  # what waits its turn would still be computed
                pool.shutdown(cancel_futures=True)
                raise
    for i in range(len(draws)):
        if job.how[i] != "batch":
            job.alone(i)
            if progress and not job.side_by_side:
                progress(i + 1)
    return Draws(job.dataset(), time.perf_counter() - clock - job.compiling, job.compiling, model, job.goal,
                 job.times, job.points, job.solved)


def _check_variables(model: Model, variables: Sequence[str]) -> None:
    late = model.system.reports()
    for name in variables:
        if name not in table.symbols:
            raise ScenarioError(f"'{name}' is not a variable of the model; see `cge symbols` for the list")
        if name in late:
            raise ScenarioError(f"'{name}' is integrated over the path when it is asked for, which batches do not do; "
                                f"leave it out and take it from the solution of a draw: solution(draw)['{name}']")


class _Job:
    """Draws on their way: what is known of each."""

    def __init__(self, model: Model, draws: Sequence[Draw], variables: tuple[str, ...]):
        self.model, self.draws, self.variables = model, draws, variables
        n = len(draws)
        self.how = np.full(n, "failed", dtype="<U6")
        self.reason = np.full(n, "", dtype=object)
        self.residual, self.error = np.full(n, np.nan), np.full(n, np.nan)
        self.count = np.zeros(n, int)
        self.values = {v: np.full((n, *model.system.shape(v)), np.nan) for v in variables}
        self.points: dict[int, tuple[np.ndarray, dict]] = {}
        self.solved: dict[int, Solution] = {}
        self.compiling = 0.0
        self.times: tuple[float, ...] = (0.0, 1.0)
        self.side_by_side = model.engine == "newton" and model.newton.has_inverse
        self.varying, self.mean = self._scan()

    def goal(self, i: int) -> dict:
        """The data tree of a draw with its full shock."""
        shocks, coefficients = self.draws[i]
        try:
            return self.model._goal(shocks, coefficients)
        except ScenarioError as err:
            raise ScenarioError(f"draw {i}: {err}") from None

    def _scan(self) -> tuple[dict[str, tuple[str, ...]], dict]:
        """Which arrays differ from the benchmark in any draw, and the mean of all draws; a wrong draw is refused."""
        base = self.model.base().data
        found: dict[str, set[str]] = {tree: set(names) for tree, names in _POLICY.items()}
        totals: dict[tuple[str, str], Any] = {}
        for i in range(len(self.draws)):
            goal = self.goal(i)
            for tree in found:
                for name, a in goal[tree].items():
                    if a is not base[tree][name] and (name in found[tree] or (a != base[tree][name]).any()):
                        found[tree].add(name)
                        totals[tree, name] = totals.get((tree, name), 0.0) + (a - base[tree][name])
        if found["coef"].intersection(_ELASTICITIES):
            found["coef"].update(_ELASTICITIES)
        mean = {**base, **{tree: dict(base[tree]) for tree in found}}
        for (tree, name), total in totals.items():
            mean[tree][name] = base[tree][name] + total / len(self.draws)
        return {tree: tuple(sorted(n for n in names if n in base[tree])) for tree, names in found.items()}, mean

    def prepare(self) -> None:
        """Compile, and find where to start from and by which inverse."""
        _, jnp = jax_modules()
        model = self.model
        newton, base = model.newton, model.base().data
        self.shared = model.on_device()
        level = newton.price_level()
        self.level = jnp.zeros(model.system.n) if level is None else jnp.asarray(level)
        self._pilot()
        self.solver, fresh = model.batch(self.varying, self.variables, len(self.times) - 1)
        if fresh:
            clock = time.perf_counter()
            same = {tree: {k: np.broadcast_to(base[tree][k], (WIDTH, *np.shape(base[tree][k])))
                           for k in self.varying[tree]} for tree in self.varying}
            self._run(same)["x"].block_until_ready()
            self.compiling = time.perf_counter() - clock

    def _run(self, varied: dict) -> dict[str, Any]:
        return self.solver.run(self.start, self.inverse, self.level, self.fall, self.shared, varied)

    def _pilot(self) -> None:
        """The mean draw: points of its path to start from, how many are needed, and the inverse Jacobian at its end.

        Where it has no solution, which says nothing about the draws, the first one takes its place; where that has none
        either, everything starts from the benchmark.
        """
        _, jnp = jax_modules()
        model = self.model
        n, inverse = model.system.n, jnp.asarray(model.newton.inverse)
        self.fall, self.times = 1.0, times_of(PARTS[-1])
        self.start = jnp.zeros((len(self.times) - 1, n))
        self.inverse = inverse
        base = model.base().data["rates"]
        for goal in (lambda: self.mean, lambda: self.goal(0)):
            pilot = goal()
            path = Path(model, pilot, NewtonReport())
            path.nodes[0.0] = base
            try:
                for t in sorted({t for parts in (1, 2, 3, 4) for t in times_of(parts)[1:]}, reverse=True):
                    path._node(t)
            except SolveFailed:
                continue
            break
        else:
            return
        one, two, four = (path._integral(times_of(parts), 1.0) for parts in (1, 2, 4))
        change, error = path._largest(two, one), path._largest(four, two)
        if _SAFETY * error < _ROOM * RATE_TOLERANCE:
            self.times, self.fall = times_of(2), min(1.0, _SAFETY * error / change) if change > 0.0 else 1.0
        self.start = jnp.asarray(np.stack([path.points[t] for t in self.times[1:]]))
        self.inverse = inverse
        if len(self.draws) < PILOT:
            return
        try:
            anew = np.linalg.inv(model.newton.jacobian(path.points[1.0], model.data_at(pilot, 1.0, base)))
        except np.linalg.LinAlgError:
            return
        if np.isfinite(anew).all():
            self.inverse = jnp.asarray(anew)

    def batch(self, first: int) -> int:
        """Solve the draws from ``first`` on, as many as fit, and mark those solved; return how many are then done."""
        numbers = list(range(first, min(first + WIDTH, len(self.draws))))
        goals = [self.goal(i) for i in numbers]
        goals += [goals[-1]] * (WIDTH - len(goals))  # the last draw again, so that the width never changes
        varied = {tree: {k: np.stack([g[tree][k] for g in goals]) for k in names}
                  for tree, names in self.varying.items()}
        got = self._run(varied)
        jax, _ = jax_modules()
        got = jax.tree.map(np.asarray, got)
        for k, i in enumerate(numbers):
            self.count[i] = got["count"][k]
            good = (got["node"][k] < NODE and got["residual"][k] < ACCEPTABLE and got["error"][k] < RATE_TOLERANCE
                    and got["gap"][k] < RATE_TOLERANCE)
            if not good:
                continue
            self.how[i], self.residual[i], self.error[i] = "batch", got["residual"][k], got["error"][k]
            for name in self.variables:
                self.values[name][i] = got["out"][name][k]
            self.points[i] = got["x"][k], {name: a[k] for name, a in got["acc"].items()}
        return numbers[-1] + 1

    def alone(self, i: int) -> None:
        """Solve one draw by :meth:`Model.solve`; a failure is kept with its reason."""
        try:
            s = self.model.solve(*self.draws[i])
        except SolveFailed as err:
            self.reason[i] = str(err)
            return
        self.how[i], self.residual[i], self.error[i] = "alone", s.report.residual, s.rate_error
        self.count[i] += s.report.iterations
        self.solved[i] = s
        for name in self.variables:
            self.values[name][i] = s[name].values

    def dataset(self) -> xr.Dataset:
        sets = self.model.cal.sets
        ds = xr.Dataset(coords={"draw": np.arange(len(self.draws))})
        for name, a in self.values.items():
            symbol = table.symbols[name]
            ds = ds.assign_coords({d: list(sets[d]) for d in symbol.dims if d not in ds.coords})
            ds[name] = xr.DataArray(a, dims=("draw", *symbol.dims),
                                    attrs={"long_name": symbol.long_name, "units": symbol.unit})
        for name, b, what in (
                ("converged", self.how != "failed", "whether the draw has a solution"),
                ("residual", self.residual, "largest relative residual"),
                ("rate_error", self.error, "estimated error of price and quantity indices (fraction)"),
                ("residuals", self.count, "residuals of the system evaluated"),
                ("how", self.how.astype(str), "solved in a batch, alone, or not at all"),
                ("reason", self.reason.astype(str), "why there is no solution")):
            ds[name] = xr.DataArray(b, dims="draw", attrs={"long_name": what})
        ds.attrs = {"benchmark": self.model.bench.name, "tolerance": TOLERANCE}
        return ds
