"""Run a scenario file: solve every scenario, seek break-even quotas, gather one Dataset."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark import Benchmark, open_benchmark, redefine_skill
from cge.benchmark.skill_definitions import CHOSEN
from cge.errors import CGEError, ScenarioError, SolveFailed
from cge.model.closure import Closure
from cge.results import to_dataset
from cge.scenario import Scenario, ScenarioFile, layout_of, read_scenarios, shocks_of, ties_of
from cge.scenario.closures import closure_shocks, closure_swaps, with_mobility
from cge.scenario.expect import check_labels
from cge.scenario.games import check_players
from cge.scenario.labour import base_options, rates_missing
from cge.scenario.ownership import ownership_of
from cge.scenario.parts import parts_of
from cge.scenario.shocks import labour_layers
from cge.scenario.sought import check_regions
from cge.scenario.spec import breakeven_pairs
from cge.scenario.terms import moving
from cge.solve.model import Model, Solution
from cge.solve.subtotals import Subtotals, subtotals
from cge.welfare.gains import add_gains
from cge.welfare.measures import check_measures
from cge.welfare.search import equal_size, with_payments

_SECANTS = 12
_BREAKEVEN_TOLERANCE = 1e-6
#: Largest reading of a certificate (:attr:`cge.solve.certificate.Certificate.worst`) with which results are given.
_CERTIFIED = 1e-9


def compare(source: str | Path | ScenarioFile, *, benchmark: Benchmark | None = None,
            progress: Callable[[str], None] | None = None, detail: bool | None = None,
            solved: Callable[[str, Solution], None] | None = None, model: Model | None = None) -> xr.Dataset:
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
    model : Model, optional
        Used instead of one made for the file: compiled once for several files. It must have the file's closure, labour
        options and engine, and a layout of movers that covers its scenarios'.

    Returns
    -------
    xarray.Dataset
        See :func:`cge.results.to_dataset` and :func:`cge.welfare.add_gains`. Attributes ``sizes`` and ``payments``
        (JSON) hold what was sought: sizes of scenarios by name, and side payments
        (:class:`cge.welfare.search.Paid`).

    Raises
    ------
    ScenarioError, BenchmarkError, ClosureError, SolveFailed
    """
    say = progress or (lambda line: None)
    file = source if isinstance(source, ScenarioFile) else read_scenarios(source)
    clock = time.perf_counter()
    bench = with_definition(benchmark or (model.bench if model else open_benchmark(file.benchmark)), file)
    if model and with_definition(model.bench, file) is not model.bench:
        raise ScenarioError(f"{file.path}: skill_definition = '{file.skill_definition}', but the model given is not "
                            "of that definition; make it with make_model(benchmark, file)")
    file = with_closure_shocks(file, bench)
    _check_elements(file, bench)
    model = model or make_model(bench, file)
    check_measures(file.expect, model, str(file.path))
    # All scenarios are translated before the first solve: a wrong name costs no waiting.
    wanted = {}
    for name, scenario in file.scenarios.items():
        wanted[name] = shocks_of(scenario, model, file.labour)
        try:
            model.check(*wanted[name])
        except ScenarioError as err:
            raise ScenarioError(f"scenario '{name}': {err}") from None
        layers = labour_layers(scenario, model, file.labour)
        if missing := rates_missing(layers, model, moving(model, *wanted[name]), f"scenario '{name}'"):
            say(missing)
    pairs = breakeven_pairs(file.breakeven, file.scenarios, str(file.path))
    say(f"benchmark {bench.name}{_definition(bench)}: {len(bench.labels('reg'))} regions x "
        f"{len(bench.labels('comm'))} commodities, {model.system.n} unknowns  ({time.perf_counter() - clock:.1f} s)")
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
    sizes: dict[str, float] = {}
    paid: dict[str, dict] = {}
    for name, (shocks, coefficients) in wanted.items():
        try:
            if name in file.equal:
                equal = file.equal[name]
                sizes[name], solutions[name] = equal_size(model, file.scenarios[name], equal, solutions[equal.to],
                                                          file.labour)
            elif file.payments and name in file.payments.scenarios:
                found, solutions[name] = with_payments(
                    model, _paying(model, shocks, coefficients), file.payments,
                    solutions[file.payments.scenarios[name]])
                paid[name] = {**asdict(found), "bill": found.bill}
            else:
                solutions[name] = model.solve(shocks, coefficients)
        except SolveFailed as err:
            raise SolveFailed(f"scenario '{name}': {err}") from None
        s = _certified(solutions[name], f"scenario '{name}'")
        say(f"  {name:<16} {s.seconds:6.2f} s  {s.report.iterations:3d} {steps} certificate "
            f"{s.certificate.worst:.0e}")
        if solved:
            solved(name, s)
    ds = add_gains(to_dataset(file, model, solutions, detail))
    ds.attrs |= {"sizes": json.dumps(sizes), "payments": json.dumps(paid)}
    if pairs:
        clock = time.perf_counter()
        _add_breakeven(ds, model, file, pairs)
        say(f"break-even quotas  ({time.perf_counter() - clock:.1f} s)")
    return ds


def _check_elements(file: ScenarioFile, bench: Benchmark) -> None:
    """Refuse labels that the benchmark does not have before anything is compiled."""
    check_labels(file.expect, bench, str(file.path))
    check_regions(file.equal, file.payments, bench, str(file.path))
    if file.game:
        check_players(file.game, bench, str(file.path))


def _paying(model: Model, shocks: Mapping[str, np.ndarray], coefficients: Mapping[str, np.ndarray]
            ) -> Callable[[np.ndarray], Solution]:
    """The solution of a policy as a function of transfers."""
    return lambda transfer: model.solve({**shocks, "transfer": transfer}, coefficients)


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
    bench = with_definition(benchmark or open_benchmark(file.benchmark), file)
    # A model for this scenario alone: caps of others are at zero in the base year, where nothing about them is smooth.
    file = with_closure_shocks(replace(file, scenarios={scenario: file.scenarios[scenario]}), bench)
    model = make_model(bench, file).using("newton")
    parts, coefficients = parts_of(file.scenarios[scenario], model, file.labour, by)
    return subtotals(model, parts, names, coefficients)


def with_closure_shocks(file: ScenarioFile, bench: Benchmark) -> ScenarioFile:
    """The file with the shocks that its closure gives every scenario; what a scenario says itself goes before them."""
    extra = closure_shocks(file.closure, bench)
    if not extra:
        return file
    return replace(file, scenarios={n: replace(s, shock=[*extra, *s.shock]) for n, s in file.scenarios.items()})


def with_definition(bench: Benchmark, file: ScenarioFile) -> Benchmark:
    """The benchmark under the definition of skill that the file asks for.

    Raises
    ------
    BenchmarkError
        The benchmark does not have that definition, or is under another one.
    """
    return redefine_skill(bench, file.skill_definition) if file.skill_definition else bench


def _definition(bench: Benchmark) -> str:
    return f", skill by {bench.meta[CHOSEN]['name']}" if CHOSEN in bench.meta else ""


def make_model(bench: Benchmark, file: ScenarioFile) -> Model:
    """The model that a scenario file asks for: benchmark, definition of skill, closure, labour options, engine."""
    bench = with_definition(bench, file)
    closure = Closure(closure_swaps(file.closure, bench))
    model = Model(with_mobility(bench, file.closure), closure,
                  labour=base_options(file.labour, bench, (s.labour for s in file.scenarios.values())),
                  rordelta=file.closure.get("rordelta"), mobility=layout_of(file.scenarios.values(), bench),
                  ties=ties_of(file.scenarios.values(), bench), ownership=ownership_of(file.ownership, bench))
    return model.using(file.engine)


def _certified(solution: Solution, what: str) -> Solution:
    """Pass a solution that its certificate vouches for; raise SolveFailed for any other."""
    c = solution.certificate
    if not c.worst <= _CERTIFIED:
        raise SolveFailed(f"{what}: the solution fails its certificate (bar {_CERTIFIED:.0e}): residual "
                          f"{c.residual:.1e} in {c.where}; Walras' law {c.walras:.1e}; social accounts {c.sam:.1e} in "
                          f"{c.sam_where}; nothing of it can be trusted - try a smaller shock")
    return solution


def _add_breakeven(ds: xr.Dataset, model: Model, file: ScenarioFile, pairs: list[tuple[str, str]]) -> None:
    found = []
    for m, t in pairs:
        reference = file.scenarios[m].reference
        start = float(ds["WEV"].sel(scenario=reference)) if reference else 0.0
        found.append(breakeven_quota(model, file.scenarios[m], file.labour,
                                     float(ds["gain_world"].sel(scenario=t)), start))
    ds["breakeven_quota"] = ("breakeven", [100 * q for q in found], {
        "long_name": "quota at which the migration scenario gives the world what the trade scenario does",
        "units": "% of the host's work force"})
    ds["breakeven_trade"] = ("breakeven", [t for _, t in pairs],
                             {"long_name": "trade scenario", "units": "name"})
    ds["breakeven_migration"] = ("breakeven", [m for m, _ in pairs],
                                 {"long_name": "migration scenario", "units": "name"})


def breakeven_quota(model: Model, scenario: Scenario, labour: Mapping[str, Any], goal: float,
                    start: float = 0.0) -> float:
    """Quota (fraction) at which the scenario's world gain equals ``goal`` million US$, by secant steps.

    ``start`` is the world gain of the scenario's reference, from which its own is counted.

    Returns NaN when no feasible quota reaches the goal.

    Raises
    ------
    ScenarioError
        The scenario has no quota above zero to vary.
    SolveFailed
        A solution on the way does not pass its certificate.
    """
    rate0 = max((entry["rate"] for entry in scenario.quota), default=0.0)
    if rate0 <= 0:
        raise ScenarioError(f"scenario '{scenario.name}' has no quota above 0 to vary; give it one")

    def solve(rate: float) -> Solution:
        scaled = replace(scenario, quota=[{**e, "rate": e["rate"] * rate / rate0} for e in scenario.quota])
        return model.solve(*shocks_of(scaled, model, labour))

    def gain(solution: Solution, rate: float) -> float:
        return float(_certified(solution, f"break-even of '{scenario.name}' at a quota of {rate:.3%}")["WEV"]) - start

    a, fa = 0.0, -goal
    b, fb = rate0, gain(solve(rate0), rate0) - goal
    for _ in range(_SECANTS):
        if abs(fb) < _BREAKEVEN_TOLERANCE * abs(goal) or fb == fa:
            return b
        a, fa, b = b, fb, b - fb * (b - a) / (fb - fa)
        try:
            solution = solve(b)
        except CGEError:
            return float("nan")
        fb = gain(solution, b) - goal
    return b
