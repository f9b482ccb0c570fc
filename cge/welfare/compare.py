"""Run a scenario file: solve every scenario, seek break-even quotas, gather one Dataset."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from cge.benchmark import Benchmark, open_benchmark
from cge.errors import CGEError, ScenarioError, SolveFailed
from cge.model.closure import Closure
from cge.results import to_dataset
from cge.scenario import Scenario, ScenarioFile, read_scenarios, shocks_of
from cge.scenario.closures import closure_swaps, with_mobility
from cge.scenario.parts import parts_of
from cge.solve.model import Model, Solution
from cge.solve.subtotals import Subtotals, subtotals
from cge.welfare.gains import add_gains

_SECANTS = 12
_BREAKEVEN_TOLERANCE = 1e-6


def compare(source: str | Path | ScenarioFile, *, benchmark: Benchmark | None = None,
            progress: Callable[[str], None] | None = None, detail: bool | None = None,
            solved: Callable[[str, Solution], None] | None = None) -> xr.Dataset:
    """Solve all scenarios of a file and return one Dataset with gains by group.

    Parameters
    ----------
    source : path or ScenarioFile
    benchmark : Benchmark, optional
        Used instead of the one that the file names.
    progress : callable, optional
        Receives one line per phase and scenario.
    detail : bool, optional
        Also the cells of the welfare decomposition, by default where they are few; see :func:`cge.results.to_dataset`.

    solved : callable, optional
        Receives the name and the solution of each scenario, as soon as it is there.

    Returns
    -------
    xarray.Dataset
        See :func:`cge.results.to_dataset` and :func:`cge.welfare.add_gains`.

    Raises
    ------
    ScenarioError, BenchmarkError, ClosureError, SolveFailed
    """
    say = progress or (lambda line: None)
    file = source if isinstance(source, ScenarioFile) else read_scenarios(source)
    clock = time.perf_counter()
    bench = benchmark or open_benchmark(file.benchmark)
    model = make_model(bench, file)
    # All scenarios are translated before the first solve: a wrong name costs no waiting.
    wanted = {}
    for name, scenario in file.scenarios.items():
        wanted[name] = shocks_of(scenario, model, file.labour)
        try:
            model.check(*wanted[name])
        except ScenarioError as err:
            raise ScenarioError(f"scenario '{name}': {err}") from None
    pairs = [_breakeven_pair(file, entry) for entry in file.breakeven]
    say(f"benchmark {bench.name}: {len(bench.labels('reg'))} regions x {len(bench.labels('comm'))} commodities, "
        f"{model.system.n} unknowns  ({time.perf_counter() - clock:.1f} s)")
    replication = model.base().certificate
    if replication.residual > 1e-10:
        raise SolveFailed(f"benchmark {bench.name} does not replicate: residual {replication.residual:.1e} in "
                          f"{replication.where}; check the benchmark with `cge check {bench.name}`")
    clock = time.perf_counter()
    model.newton  # noqa: B018  (compiles and factorises)
    ready = "the Pyomo model is written" if model.engine == "ipopt" else "compiled and factorised"
    say(f"replicates without a solve (residual {replication.residual:.0e}); {ready}  "
        f"({time.perf_counter() - clock:.1f} s)")
    steps = "Ipopt iterations " if model.engine == "ipopt" else "Newton steps "
    solutions: dict[str, Solution] = {}
    for name, (shocks, coefficients) in wanted.items():
        try:
            solutions[name] = model.solve(shocks, coefficients)
        except SolveFailed as err:
            raise SolveFailed(f"scenario '{name}': {err}") from None
        s = solutions[name]
        say(f"  {name:<16} {s.seconds:6.2f} s  {s.report.iterations:3d} {steps} certificate "
            f"{s.certificate.worst:.0e}")
        if solved:
            solved(name, s)
    ds = add_gains(to_dataset(file, model, solutions, detail))
    if pairs:
        clock = time.perf_counter()
        _add_breakeven(ds, model, file, pairs)
        say(f"break-even quotas  ({time.perf_counter() - clock:.1f} s)")
    return ds


def decompose(source: str | Path | ScenarioFile, scenario: str, names: Sequence[str] = ("EV",), *, by: str = "",
              benchmark: Benchmark | None = None) -> Subtotals:
    """Contributions of the parts of one scenario of a file; see :func:`cge.solve.subtotals.subtotals`.

    Raises
    ------
    ScenarioError
        The file has no such scenario, or an unknown variable is asked for.
    """
    file = source if isinstance(source, ScenarioFile) else read_scenarios(source)
    if scenario not in file.scenarios:
        raise ScenarioError(f"{file.path} has no scenario '{scenario}'; it has {', '.join(file.scenarios)}")
    model = make_model(benchmark or open_benchmark(file.benchmark), file).using("newton")
    parts, coefficients = parts_of(file.scenarios[scenario], model, file.labour, by)
    return subtotals(model, parts, names, coefficients)


def make_model(bench: Benchmark, file: ScenarioFile) -> Model:
    """The model that a scenario file asks for: benchmark, closure, labour options, engine."""
    closure = Closure(closure_swaps(file.closure, bench))
    model = Model(with_mobility(bench, file.closure), closure, labour=file.labour,
                  rordelta=file.closure.get("rordelta"))
    return model.using(file.engine)


def _breakeven_pair(file: ScenarioFile, entry: Any) -> tuple[str, str]:
    if not isinstance(entry, Mapping) or set(entry) != {"migration", "trade"}:
        raise ScenarioError(f"{file.path}: each [[breakeven]] names 'migration' and 'trade'")
    for name in entry.values():
        if name not in file.scenarios:
            raise ScenarioError(f"{file.path}, breakeven: '{name}' is not a scenario of the file")
    if not file.scenarios[entry["migration"]].quota:
        raise ScenarioError(f"{file.path}, breakeven: scenario '{entry['migration']}' has no quota to vary")
    return entry["migration"], entry["trade"]


def _add_breakeven(ds: xr.Dataset, model: Model, file: ScenarioFile, pairs: list[tuple[str, str]]) -> None:
    found = [breakeven_quota(model, file.scenarios[m], file.labour, float(ds["gain_world"].sel(scenario=t)))
             for m, t in pairs]
    ds["breakeven_quota"] = ("breakeven", [100 * q for q in found], {
        "long_name": "quota at which the migration scenario gives the world what the trade scenario does",
        "units": "% of the host's work force"})
    ds["breakeven_trade"] = ("breakeven", [t for _, t in pairs],
                             {"long_name": "trade scenario", "units": "name"})
    ds["breakeven_migration"] = ("breakeven", [m for m, _ in pairs],
                                 {"long_name": "migration scenario", "units": "name"})


def breakeven_quota(model: Model, scenario: Scenario, labour: Mapping[str, float], goal: float) -> float:
    """Quota (fraction) at which the scenario's world gain equals ``goal`` million US$, by secant steps.

    Returns NaN when no feasible quota reaches the goal.
    """
    rate0 = max(entry["rate"] for entry in scenario.quota)

    def gain(rate: float) -> float:
        scaled = replace(scenario, quota=[{**e, "rate": e["rate"] * rate / rate0} for e in scenario.quota])
        return float(model.solve(*shocks_of(scaled, model, labour))["WEV"])

    a, fa = 0.0, -goal
    b, fb = rate0, gain(rate0) - goal
    for _ in range(_SECANTS):
        if abs(fb) < _BREAKEVEN_TOLERANCE * abs(goal) or fb == fa:
            return b
        a, fa, b = b, fb, b - fb * (b - a) / (fb - fa)
        try:
            fb = gain(b) - goal
        except CGEError:
            return float("nan")
    return b
