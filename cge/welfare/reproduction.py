"""A published comparison run in full: scenarios, reversal, sweeps, free movement, and the verdict on every gate.

The scenarios are those of ``runs/NAME.toml`` and ``runs/reproduce/NAME.toml`` together. Beside them stand what no
scenario file can say: the return of earlier migrants (:mod:`cge.welfare.returns`) and free movement everywhere
(:mod:`cge.welfare.free_movement`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge._paths import shipped, shipped_names
from cge.benchmark import Benchmark, open_benchmark, redefine_skill
from cge.errors import CGEError, ScenarioError, SolveFailed
from cge.scenario import ScenarioFile, read_scenarios, shocks_of
from cge.solve.model import Model
from cge.welfare.compare import compare, make_model
from cge.welfare.free_movement import STAY, FreeMovement, FreeWorld
from cge.welfare.gains import GROUPS, first_order
from cge.welfare.returns import Returns, earlier_return
from cge.welfare.target_reader import PUBLISHED_YEAR, asked_of, base_year
from cge.welfare.targets import target_table
from cge.welfare.targets_more import ALL_TARGETS, GATES

#: Comparisons by name: the scenario file in ``runs/`` and ``runs/reproduce/``; benchmarks, the first for the gates.
COMPARISONS = {"walmsley-winters": ("walmsley_winters.toml", ("ww1997", "world2014")),
               "walmsley-winters-2014": ("walmsley_winters_2014.toml", ("world2014",))}
#: Elasticities of value added under free movement: the ends of the published range, and one.
SIGMAS = (0.8, 1.0, 1.26)
#: Part of the hosts' work force that goes home: below that of earlier migrants in every host.
RETURN = 0.01
#: Comparisons in which a further benchmark comes first.
_FULL = {"world2014": "walmsley-winters-2014"}
#: What a further benchmark is asked for: gate 2, and reports.
_FURTHER = ("T", "T-", "M", "MU", "MS", "T+M", "M stocks")
#: Scenarios solved outside the file, for they may have no solution: name, like, trade elasticities times.
_ATTEMPTS = (("T trade el. x0.5", "T", 0.5), ("M trade el. x0.5", "M", 0.5))
#: Other definitions of skill (:func:`cge.benchmark.redefine_skill`), and scenarios of their share of the gain.
_SKILLS, _SKILL_SCENARIOS = ("secondary", "occupation"), ("M", "MU", "MS")
#: Sweeps: what varies, and value and scenario of each row.
SWEEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "beta": (("0", "M beta=0"), ("0.25", "M beta=0.25"), ("0.5", "M"), ("0.75", "M beta=0.75"), ("1", "M beta=1")),
    "rho": (("0", "M rho=0"), ("0.1", "M rho=0.1"), ("0.2", "M"), ("0.3", "M rho=0.3"), ("0.4", "M rho=0.4")),
    "quota": (("1%", "M1"), ("2%", "M2"), ("3%", "M"), ("5%", "M5"), ("10%", "M10")),
    "supply": (("pool", "M"), ("earlier migrants", "M stocks"), ("by wages, capped", "M wages")),
    "trade el., M": (("x 0.5", "M trade el. x0.5"), ("x 0.6", "M trade el. x0.6"), ("x 1", "M"),
                     ("x 2", "M trade el. x2")),
    "trade el., T": (("x 0.5", "T trade el. x0.5"), ("x 0.6", "T trade el. x0.6"), ("x 1", "T"),
                     ("x 2", "T trade el. x2")),
    "value added el.": (("x 0.8", "M ESUBVA x0.8"), ("x 1", "M"), ("x 1.25", "M ESUBVA x1.25")),
    "investment, M": (("by returns", "M"), ("fixed shares", "M fixed shares")),
    "investment, T": (("by returns", "T"), ("fixed shares", "T fixed shares")),
    "taxes on movers": (("all", "M"), ("no labour tax", "M no labour tax"), ("none", "M no taxes"),
                        ("shared", "M tax shared")),
    "skill": (("college", "M"), ("secondary", "M secondary"), ("occupation", "M occupation")),
    "protection": (("applied", "T-"), ("1993", "T93"), ("applied + farm", "T"), ("export taxes too", "TX")),
}


@dataclass(frozen=True)
class Reproduction:
    """A comparison in full.

    Attributes
    ----------
    name, benchmark : str
    data : xarray.Dataset
        All scenarios (:func:`cge.welfare.compare.compare`), with the variables of :func:`add_extras` and the tables.
    table : pandas.DataFrame
        Columns no, target, published, gate, obtained, met (yes, NO; report above 18), why.
    sweeps : pandas.DataFrame
        Columns sweep, value, world, importers, exporters, earlier, movers (billion US$), workers (million), note.
    further : dict of str to str
        What became of the other benchmarks of the comparison.
    """

    name: str
    benchmark: str
    data: xr.Dataset
    table: pd.DataFrame
    sweeps: pd.DataFrame
    further: dict[str, str]

    @property
    def gates_met(self) -> int:
        """How many of the gates are met."""
        return int(((self.table["no"] <= GATES) & (self.table["met"] == "yes")).sum())

    @property
    def gates(self) -> int:
        """How many gates are asked: all but those whose published number is a level of another year."""
        return int(((self.table["no"] <= GATES) & (self.table["met"] != "report")).sum())

    @property
    def verdict(self) -> str:
        """The last line of the report."""
        return f"{self.gates_met} of {self.gates} gates met"


def check_comparison(name: str, also: Sequence[str] = ()) -> None:
    """Refuse a comparison that does not exist; ``also`` are names that the caller knows besides.

    Raises
    ------
    CGEError
        The message gives those that do.
    """
    if name not in COMPARISONS:
        raise CGEError(f"there is no comparison '{name}' to reproduce; there is "
                       f"{', '.join([*COMPARISONS, *also])}")


def comparison_file(name: str) -> ScenarioFile:
    """The scenarios of a comparison: those of its two files.

    Raises
    ------
    CGEError
        No such comparison.
    ScenarioError
        A scenario that is in both files and differs, or files that differ in closure or labour options.
    """
    check_comparison(name)
    file_name = COMPARISONS[name][0]
    first, more = (read_scenarios(shipped(kind, file_name)) for kind in ("runs", "runs/reproduce"))
    for s in first.scenarios.keys() & more.scenarios.keys():
        if replace(first.scenarios[s], title="") != replace(more.scenarios[s], title=""):
            raise ScenarioError(f"{more.path}: scenario '{s}' is not what {first.path} says; write the same, or give "
                                "it another name")
    if dict(first.closure) != dict(more.closure) or (more.labour and dict(first.labour) != dict(more.labour)):
        raise ScenarioError(f"{more.path}: closure or labour options differ from those of {first.path}; write the same")
    return replace(first, scenarios={**more.scenarios, **first.scenarios}, output=more.output, title=more.title,
                   text=f"{first.text}\n{more.text}")


def reproduce(name: str, progress: Callable[[str], None] | None = None) -> Reproduction:
    """Run a published comparison on every benchmark that is shipped for it.

    Parameters
    ----------
    name : str
        One of :data:`COMPARISONS`.
    progress : callable, optional
        Receives one line per phase and scenario.

    Raises
    ------
    CGEError
        No such comparison.
    BenchmarkError, ScenarioError, SolveFailed
    """
    say = progress or (lambda line: None)
    file = comparison_file(name)
    first, *others = COMPARISONS[name][1]
    bench = open_benchmark(first)
    model = make_model(bench, file)
    ds = compare(file, model=model, progress=say)
    say("return of earlier migrants, trade elasticities halved")
    back = earlier_return(model, RETURN)
    attempts = {n: _attempt(model, file, like, factor) for n, like, factor in _ATTEMPTS}
    say("other definitions of skill")
    shares = {d: _skill(model, file, d, attempts, say) for d in _SKILLS}
    say("free movement everywhere, one kind of labour")
    free = _free(bench, say)
    ds = add_extras(ds, back, free, attempts)
    ds.attrs["skill"] = json.dumps(shares)
    further = {}
    for other in others:
        if other not in shipped_names("sam_data"):
            further[other] = "not shipped; nothing of it is in these numbers"
            continue
        say(f"benchmark {other}")
        further[other] = _further(other, file, ds, say)
    return judged(name, first, ds, further)


def _free(bench: Benchmark, say: Callable[[str], None]) -> list[FreeMovement]:
    world, found = FreeWorld(bench), []
    for sigma in SIGMAS:
        say(f"  sigma {sigma}")
        try:
            found.append(world.solve(sigma, say))
        except SolveFailed as err:  # the gate is then judged on the others, and says so
            say(f"  sigma {sigma}: {err}")
    return found if len(found) == len(SIGMAS) else []


def _attempt(model: Model, file: ScenarioFile, like: str, factor: float) -> dict[str, Any]:
    """Gains by group (billion US$) of a scenario under other trade elasticities, or why there is no solution."""
    scenario = replace(file.scenarios[like], elasticities={"ESUBD": factor, "ESUBM": factor})
    try:
        s = model.solve(*shocks_of(scenario, model, file.labour))
    except SolveFailed as err:
        return {"note": str(err).replace("no solution found", "no equilibrium found")}
    groups = model.bench.meta["groups"]
    return {"world": float(s["WEV"]) / 1e3, "importers": float(s["EV"].sel(reg=groups["importers"]).sum()) / 1e3,
            "exporters": float(s["EV"].sel(reg=groups["exporters"]).sum()) / 1e3,
            "earlier": float(s["EVearl"].sum()) / 1e3, "movers": float(s["EVnew"].sum()) / 1e3,
            "workers": float(s["mov"].sum()) / 1e3}


def _skill(base: Model, file: ScenarioFile, definition: str, attempts: dict[str, dict[str, Any]],
           say: Callable[[str], None]) -> dict[str, float]:
    """World gain of the unskilled over that of both, and what it hangs on, under another definition of skill.

    Adds the gains of ``M`` to ``attempts``. Gains over the first-order rule (``rule``); the unskilled's share of the
    hosts' workers and pay. Empty where the benchmark has no such definition, or a solve fails.
    """
    row, bench = f"M {definition}", base.bench
    try:
        model = base.rebased(redefine_skill(bench, definition))  # compiles nothing
        ds = compare(replace(file, skill_definition=definition, breakeven=[], expect=(),
                             scenarios={n: file.scenarios[n] for n in _SKILL_SCENARIOS}), model=model, progress=say)
    except CGEError as err:
        attempts[row] = {"note": str(err)}
        return {}
    attempts[row] = _gains(ds, "M", bench.meta["groups"])
    both, unskilled, skilled = (float(ds["gain_world"].sel(scenario=s)) for s in _SKILL_SCENARIOS)
    first, hosts = bench.sets["skill"][0], bench.meta["groups"]["importers"]
    people = model.bench["LAB"].sum("home").sel(host=hosts).sum("host")
    pay = model.bench["EVFB"].sum("acts").sel(endw=list(bench.sets["skill"]), reg=hosts).sum("reg")
    return {"share": unskilled / (unskilled + skilled),
            "rule": both / first_order(ds, "M", json.loads(ds.attrs["labour_options"])["beta"]),
            "workers": float(people.sel(skill=first) / people.sum()), "pay": float(pay.sel(endw=first) / pay.sum())}


def _gains(ds: xr.Dataset, scenario: str, groups: dict[str, list[str]]) -> dict[str, float]:
    """Gains by group (billion US$) and movers (million) of a scenario, a row of a sweep."""
    by = ds["gain_by_host"].sel(scenario=scenario) / 1e3
    return {"world": float(ds["gain_world"].sel(scenario=scenario)) / 1e3,
            **{k: float(by.sel(group=GROUPS[0], reg=groups[k]).sum()) for k in ("importers", "exporters")},
            "earlier": float(by.sel(group=GROUPS[1]).sum()), "movers": float(by.sel(group=GROUPS[2]).sum()),
            "workers": float(ds["movers"].sel(scenario=scenario).sum()) / 1e3}


def _further(name: str, file: ScenarioFile, ds: xr.Dataset, say: Callable[[str], None]) -> str:
    """Gate 2 and the gains on a further benchmark, in words; the ratios join the Dataset's attribute ``further``."""
    kept = {n: file.scenarios[n] for n in _FURTHER if n in file.scenarios}
    other = compare(replace(file, benchmark=name, scenarios=kept, breakeven=[], expect=()), progress=say)
    beta = json.loads(other.attrs["labour_options"])["beta"]
    gain = {s: float(other["gain_world"].sel(scenario=s)) for s in kept}
    ratio = {s: gain[s] / first_order(other, s, beta) for s in ("M", "M stocks") if s in kept}
    ds.attrs["further"] = json.dumps({**json.loads(ds.attrs.get("further", "{}")), name: ratio})
    words = "; ".join(f"{s} {g / 1e3:.0f} bn$" for s, g in gain.items())
    return f"{words}; all gates: `cge reproduce {_FULL[name]}`" if name in _FULL else words


def add_extras(ds: xr.Dataset, back: Returns, free: Sequence[FreeMovement], attempts: dict[str, dict[str, Any]]
               ) -> xr.Dataset:
    """Add to a comparison what no scenario file can say.

    Adds
    ----
    returns_residents, returns_remaining (reg); returns_rate, returns_gone
        Return of earlier migrants: gains of residents and of the migrants who remain, million US$.
    free_percent, free_independent_percent, free_closed_percent, free_moved, free_wage, free_apart, ... (sigma)
        Free movement: gains in percent of world GDP, net movers (thousand), common pay (US$ a year).
    free_workers, free_pay, free_bound (sigma, reg)
    """
    musd, percent = "million US$", "% of world GDP"

    def add(name: str, dims: tuple[str, ...], values: Any, what: str, unit: str) -> None:
        ds[name] = (dims, np.asarray(values), {"long_name": what, "units": unit})

    add("returns_rate", (), back.rate, "earlier migrants who go home", "fraction of the host's work force")
    add("returns_gone", (), back.gone, "earlier migrants who go home", "thousand workers")
    add("returns_residents", ("reg",), back.residents, "gain of permanent residents, earlier migrants going home", musd)
    add("returns_remaining", ("reg",), back.remaining, "gain of earlier migrants who remain in the host", musd)
    if free:
        ds.coords["sigma"] = ("sigma", [f.sigma for f in free], {
            "long_name": "elasticity of substitution in value added under free movement", "units": "1"})
        s, sr = ("sigma",), ("sigma", "reg")
        add("free_percent", s, [f.percent for f in free], "free movement, equivalent variation", percent)
        add("free_independent_percent", s, [100 * f.independent / f.gdp for f in free],
            "free movement, change of consumption, government, saving at benchmark prices", percent)
        add("free_closed_percent", s, [100 * f.closed.gain for f in free],
            "free movement, one-sector closed form, change of world output", "% of world output")
        add("free_moved", s, [f.moved for f in free], "net movers under free movement", "thousand workers")
        add("free_closed_moved", s, [f.closed.moved for f in free], "net movers, closed form", "thousand workers")
        add("free_wage", s, [f.wage for f in free], "real after-tax pay where workers moved", "US$ a year")
        add("free_apart", s, [f.apart for f in free], "largest gap of log pay away from the bound", "1")
        for name in ("residents", "movers", "earlier"):
            add(f"free_{name}", s, [getattr(f, name) for f in free], f"free movement, gain of {name}", musd)
        add("free_workers", sr, [f.workers for f in free], "efficiency units of labour over the base year's", "1")
        add("free_pay", sr, [f.pay_after for f in free], "real after-tax pay under free movement", "US$ a year")
        add("free_bound", sr, [f.bound.astype(int) for f in free], "kept by the bound on who stays", "1 or 0")
        add("free_stay", (), STAY, "least part of natives who stay", "fraction")
    ds.attrs["attempts"] = json.dumps(attempts)
    return ds


def judged(name: str, benchmark: str, ds: xr.Dataset, further: dict[str, str]) -> Reproduction:
    """The verdicts and sweeps on a Dataset, which takes the tables as variables.

    A gate that the Dataset cannot compute is not met.
    """
    table = target_table(ds, ALL_TARGETS)
    asked = {t.number for t in ALL_TARGETS if t.number <= GATES and asked_of(t, base_year(ds))}
    table.loc[table["no"].isin(asked) & (table["met"] == "report"), "met"] = "NO"
    for other, ratios in json.loads(ds.attrs.get("further", "{}")).items():
        at = table["no"] == 2
        table.loc[at, "obtained"] += "; " + ", ".join(f"{other} {s}: {x:.2f}" for s, x in ratios.items())
        if not all(0.75 <= x <= 1.15 for x in ratios.values()):
            table.loc[at, "met"] = "NO"
    sweeps = sweep_table(ds)
    for prefix, frame in (("target", table), ("sweep", sweeps)):
        for column in frame.columns:
            values = frame[column].to_numpy()
            ds[f"{prefix}_{column}"] = ((prefix,), values.astype(str) if values.dtype == object else values, {
                "long_name": f"table of {prefix}s: {column}", "units": _unit(str(column), values)})
    return Reproduction(name, benchmark, ds, table, sweeps, further)


def _unit(column: str, values: np.ndarray) -> str:
    if values.dtype == object:
        return "text"
    return {"no": "number", "workers": "million"}.get(column, "billion US$")


def sweep_table(ds: xr.Dataset) -> pd.DataFrame:
    """Gains by group over what is varied, billion US$; rows whose scenario is missing say so."""
    attempts, groups = json.loads(ds.attrs.get("attempts", "{}")), json.loads(ds.attrs["groups"])
    rows = []
    for sweep, entries in SWEEPS.items():
        for value, scenario in entries:
            row = {"sweep": sweep, "value": value, "note": "",
                   **dict.fromkeys(("world", "importers", "exporters", "earlier", "movers", "workers"), np.nan)}
            if scenario == "T93" and base_year(ds) != PUBLISHED_YEAR:
                continue  # no layer of tariffs of an earlier year
            if scenario in ds["scenario"].values:
                row |= _gains(ds, scenario, groups)
            else:
                row |= attempts.get(scenario, {"note": "not run"})
            rows.append(row)
    return pd.DataFrame(rows)
