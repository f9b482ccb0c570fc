"""Claims of the literature put to the test: whether each holds on a benchmark, and where it ceases to.

A claim is a scenario file in ``runs/claims``: its expectations say what would have to be seen if the claim were true,
its list ``vary`` (:mod:`cge.scenario.vary`) over what it is tried again. Where an expectation changes from met to not
met between two values, the point is sought by solving between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from cge._paths import shipped, shipped_names
from cge.benchmark import Benchmark, open_benchmark
from cge.errors import CGEError, SolveFailed
from cge.scenario import ScenarioFile, layout_of, read_scenarios
from cge.scenario.library import head_of
from cge.scenario.vary import Vary, variant
from cge.solve.model import Model
from cge.welfare.compare import compare, make_model
from cge.welfare.expect import Verdict, judge

FOLDER = "runs/claims"
#: What the line ``Verdict:`` at the top of a file may say where yes and no would say too much.
MEASURED, UNTESTABLE = "measured", "cannot be tested here"
_ID = re.compile(r"c0*(\d+)(?:\.toml)?", re.IGNORECASE)
#: Solves between two values for the point where an expectation flips; width of it, as a part of their distance.
_SEARCH, _NARROW = 6, 1e-2


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    id : str
        ``C3``.
    path : Path
    head : dict of str to str
        Parts of the comment at the top: claim, source, experiment, ...; ``verdict`` where it is neither yes nor no.
    file : ScenarioFile
    """

    id: str
    path: Path
    head: dict[str, str]
    file: ScenarioFile


@dataclass(frozen=True)
class Point:
    """The claim's expectations at one value of a parameter; ``verdicts`` is empty where there is no solution."""

    value: float
    verdicts: tuple[Verdict, ...]
    note: str = ""


@dataclass(frozen=True)
class Flip:
    """Where one expectation changes.

    Attributes
    ----------
    expectation : int
        Its number in the file, from 1.
    low, high : float
        Values between which it changes.
    holds_below : bool
    """

    expectation: int
    low: float
    high: float
    holds_below: bool


@dataclass(frozen=True)
class Sweep:
    """What became of a claim over one parameter."""

    vary: Vary
    points: tuple[Point, ...]
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Finding:
    """A claim tried on one benchmark.

    Attributes
    ----------
    claim : Claim
    benchmark : str
    verdicts : tuple of Verdict
        Empty where it could not be tried; ``note`` says why.
    sweeps : tuple of Sweep
    note : str
    """

    claim: Claim
    benchmark: str
    verdicts: tuple[Verdict, ...]
    sweeps: tuple[Sweep, ...]
    note: str = ""

    @property
    def holds(self) -> str:
        """``yes``, ``no``, ``in part: 2 of 3``, or ``not tried``.

        A file whose head says ``Verdict: measured`` asks for a number: where its expectations flip over the first
        parameter that it varies. ``Verdict: cannot be tested here`` stands for itself.
        """
        met, said = sum(v.met for v in self.verdicts), self.claim.head.get("verdict")
        if not self.verdicts:
            return "not tried"
        if said == MEASURED:
            return _number(self.sweeps)
        if said:
            return said
        return {0: "no", len(self.verdicts): "yes"}.get(met, f"in part: {met} of {len(self.verdicts)}")


def _number(sweeps: Sequence[Sweep]) -> str:
    """What a claim about a number came to: the values of the first parameter at which its expectations flip."""
    if not sweeps:
        return MEASURED
    first = sweeps[0]
    at = [f"{0.5 * (f.low + f.high):.3g}" for f in first.flips]
    tried = [p.value for p in first.points if p.verdicts]
    return f"{MEASURED}: {first.vary.what} " + (", ".join(at) if at else f"outside {tried[0]:g} to {tried[-1]:g}"
                                                if tried else "without a solution")


def claims(numbers: Sequence[str] = ()) -> list[Claim]:
    """The shipped claims in the order of their numbers, or those asked for.

    Parameters
    ----------
    numbers : sequence of str
        ``C3``, ``c03``; all if empty.

    Raises
    ------
    CGEError
        There is no such claim; the message gives those that there are.
    ScenarioError
        A file cannot be read.
    """
    found = {}
    for name in shipped_names(FOLDER):
        if numbered := _ID.fullmatch(name):
            found[f"C{numbered.group(1)}"] = shipped(FOLDER, name)
    order = sorted(found, key=lambda k: int(k[1:]))
    wanted = []
    for number in numbers or order:
        match = _ID.fullmatch(number)
        key = f"C{match.group(1)}" if match else number
        if key not in found:
            raise CGEError(f"there is no claim {number}; there are {', '.join(order)}")
        wanted.append(key)
    return [Claim(k, found[k], head_of(found[k].read_text(encoding="utf-8")), read_scenarios(found[k]))
            for k in dict.fromkeys(wanted)]


def try_claims(wanted: Sequence[Claim], benchmark: str, progress: Callable[[str], None] | None = None, *,
               sweep: bool = True) -> list[Finding]:
    """Try claims on one benchmark.

    Parameters
    ----------
    wanted : sequence of Claim
    benchmark : str
        Name or folder; it takes the place of the one that the files name.
    progress : callable, optional
        Receives a line per claim and parameter.
    sweep : bool
        Also over the parameters that the files vary.

    Raises
    ------
    BenchmarkError
        No such benchmark.
    CGEError
        A claim about regions that the benchmark lacks does not raise: its finding says so.
    """
    say, bench = progress or (lambda line: None), open_benchmark(benchmark)
    models: dict[str, Model] = {}
    found = []
    for claim in wanted:
        say(f"{claim.id}: {claim.head.get('claim', claim.file.title)}")
        try:
            found.append(_try(claim, bench, _model(claim, wanted, bench, models), say, sweep))
        except CGEError as err:
            say(f"  not tried: {err}")
            found.append(Finding(claim, bench.name, (), (), str(err)))
    return found


def _kind(file: ScenarioFile) -> str:
    moving = any(s.mobility for s in file.scenarios.values())
    return repr((sorted(file.closure.items()), sorted(file.labour.items()), file.engine, moving,
                 sorted(file.ownership.items()), file.skill_definition))


def _model(claim: Claim, wanted: Sequence[Claim], bench: Benchmark, models: dict[str, Model]) -> Model:
    """One model for all claims of a closure: workers who move for wages are laid out together."""
    kind = _kind(claim.file)
    if kind not in models:
        model = make_model(bench, claim.file)
        together: list = []
        for other in wanted:
            if _kind(other.file) == kind:
                try:
                    layout_of(other.file.scenarios.values(), bench)
                except CGEError:  # regions that this benchmark lacks: that claim is not tried
                    continue
                together += list(other.file.scenarios.values())
        if model.mobility is not None:
            model = Model(model.bench, model.closure, labour=model.labour, rordelta=model.rordelta,
                          mobility=layout_of(together, bench), ownership=model.ownership)
        models[kind] = model
    return models[kind]


def _try(claim: Claim, bench: Benchmark, model: Model, say: Callable[[str], None], sweep: bool) -> Finding:
    file = replace(claim.file, benchmark=bench.name, breakeven=[], payments=None, phases=None)
    base = _at(file, model, None, 0.0)
    if not base.verdicts:
        raise SolveFailed(base.note)
    sweeps = []
    for vary in file.vary if sweep else ():
        points = [_at(file, model, vary, value) for value in vary.values]
        sweeps.append(Sweep(vary, tuple(points), tuple(_flips(file, model, vary, points))))
        say(f"  {vary.what}: " + (", ".join(map(flip_text, sweeps[-1].flips)) or "no change of sign"))
    return Finding(claim, bench.name, base.verdicts, tuple(sweeps))


def _at(file: ScenarioFile, model: Model, vary: Vary | None, value: float) -> Point:
    """The expectations of a file with a parameter at a value."""
    scenarios = variant(file.scenarios, vary, value) if vary else file.scenarios
    try:
        ds = compare(replace(file, scenarios=scenarios), model=model, detail=False)
    except CGEError as err:  # a value that the data or the solver do not allow is a finding, not the end
        if vary is None:
            raise
        return Point(value, (), str(err))
    return Point(value, tuple(judge(ds, file.expect)))


def _flips(file: ScenarioFile, model: Model, vary: Vary, points: Sequence[Point]) -> list[Flip]:
    """Where each expectation changes between neighbouring values that have a solution."""
    solved, out = [p for p in points if p.verdicts], []
    for k in range(len(file.expect)):
        for a, b in pairwise(solved):
            if a.verdicts[k].met != b.verdicts[k].met:
                low, high = _narrow(file, model, vary, k, a, b)
                out.append(Flip(k + 1, low, high, a.verdicts[k].met))
    return out


def _narrow(file: ScenarioFile, model: Model, vary: Vary, k: int, a: Point, b: Point) -> tuple[float, float]:
    """Closer values between which an expectation changes, by solving near where the line of its margins is zero."""
    width = _NARROW * (b.value - a.value)
    if vary.what == "rordelta":  # nothing between its two values
        return a.value, b.value
    for step in range(_SEARCH):
        if b.value - a.value <= width:
            break
        fa, fb = a.verdicts[k].margin, b.verdicts[k].margin
        # Where a margin is zero over a range (nobody unemployed above a wage), the line says nothing: halve.
        part = fa / (fa - fb) if np.isfinite(fa) and np.isfinite(fb) and fa * fb < 0.0 else 0.5
        # Beside the line's zero rather than on it, on either side in turn, so that both ends close in.
        part += (0.4 if step % 2 else -0.4) * _NARROW if step else 0.0
        middle = a.value + float(np.clip(part, 0.05 * _NARROW, 1.0 - 0.05 * _NARROW)) * (b.value - a.value)
        new = _at(file, model, vary, middle)
        if not new.verdicts:
            break
        a, b = (new, b) if new.verdicts[k].met == a.verdicts[k].met else (a, new)
    return a.value, b.value


def flip_text(flip: Flip) -> str:
    """A flip in words."""
    near = f"{flip.low:.3g}" if f"{flip.low:.3g}" == f"{flip.high:.3g}" else f"{flip.low:.3g} to {flip.high:.3g}"
    return f"expectation {flip.expectation} {'ceases to hold' if flip.holds_below else 'begins to hold'} at {near}"
