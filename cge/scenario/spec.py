"""Scenario files: a TOML description of counterfactuals as differences from the benchmark.

A file names a benchmark, common settings and any number of scenarios::

    benchmark = "ww1997"

    [labour]                      # defaults of all scenarios of the file
    beta = 0.5

    [scenario.T]
    title = "No tariffs on goods"
    tariffs = [{ remove = "all" }]

    [scenario.M]
    title = "Quota of 3% of the work force"
    quota = [{ rate = 0.03, hosts = ["importers"], homes = ["exporters"] }]

Every key is checked; an unknown one is refused with the nearest known name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cge.errors import ScenarioError, short
from cge.scenario.expect import Expectation, read_expectations
from cge.scenario.games import Game, read_game
from cge.scenario.labour import check_labour
from cge.scenario.mobility_spec import check_movement
from cge.scenario.ownership import check_ownership
from cge.scenario.scaled import Phases, read_phases
from cge.scenario.sought import Equal, SidePayments, read_equal, read_side_payments
from cge.scenario.terms_spec import check_terms
from cge.scenario.tied import check_tied
from cge.scenario.transfers import check_transfers
from cge.scenario.vary import Vary, read_vary
from cge.scenario.words import check_keys, labels, number, table_of, text_of
from cge.solve.engines import check_engine

_FILE_KEYS = {"title", "benchmark", "engine", "output", "closure", "labour", "scenario", "headline",
              "breakeven", "expect", "payoffs", "phases", "equal", "side_payments", "vary", "ownership",
              "skill_definition"}
_SCENARIO_KEYS = {"title", "question", "tariffs", "export_taxes", "quota", "shock", "labour", "reference", "like",
                  "rordelta", "elasticities", "mobility", "caps", "rent",
                  "transfers", "terms", "tied"}
_TARIFF_KEYS = {"remove", "scale", "rate", "comm", "src", "dst"}
_LAYERS = ("all", "applied", "farm", "1993")
_QUOTA_KEYS = {"rate", "skills", "hosts", "homes", "supply"}
_SHOCK_KEYS = {"variable", "value", "where"}
_CLOSURE_KEYS = {"rordelta", "swap", "use", "home", "mobility", "comm", "src", "dst", "skill", "hosts"}
#: Elasticities that a scenario may scale; the benchmark equilibrium does not depend on them.
ELASTICITIES = ("ESUBT", "ESUBC", "ESUBVA", "ESUBD", "ESUBM", "ESUBG", "ESUBI", "ESUBS", "ETRAE", "ETRAQ")
_ROLES = {"trade", "trade_applied", "trade_1993", "migration", "unskilled", "skilled", "both"}
_MOVING_ROLES = {"migration", "unskilled", "skilled", "both"}
SUPPLY_RULES = ("pool", "stocks")


@dataclass(frozen=True)
class Scenario:
    """One counterfactual, as differences from the benchmark.

    Attributes
    ----------
    name, title : str
    tariffs : sequence of mapping
        Changes of import tariffs, in order: ``remove`` a layer (all, applied,
        farm), ``remove = "1993"`` sets the applied layer to zero, ``rate =
        "1993"`` sets it to the 1993 rates, ``rate = 0.05`` to a number, ``scale``
        multiplies; restricted by ``comm``, ``src``, ``dst``.
    export_taxes : str
        ``"remove"`` or ``""``.
    quota : sequence of mapping
        New movers: ``rate`` (fraction of the host's benchmark work force), by
        ``skills``, ``hosts``, ``homes`` and ``supply`` rule (pool or stocks).
    shock : sequence of mapping
        Any exogenous variable: ``variable``, ``value`` (index or signed level), ``where``.
    labour : mapping
        beta, rho, family, taxmov, ctaxmov, taxshare of new movers; beta and rho also by skill and by pair
        (:mod:`cge.scenario.labour`).
    reference : str
        Name of the scenario against which this one is counted; the benchmark if empty.
    rordelta : int, optional
        1: investment by expected returns, 0: fixed shares; the file's closure if not given.
    elasticities : mapping
        Factors on the benchmark's elasticities (:data:`ELASTICITIES`), as ``{ ESUBM = 2.0 }``.
    mobility, caps : sequence of mapping
        Workers who move for wages, and caps on them: see :mod:`cge.scenario.mobility`.
    rent : str
        Who has the rents of caps: ``host`` (its household), ``home`` (theirs), ``movers`` (those admitted).
    transfers : sequence of mapping
        Money between regional households: see :mod:`cge.scenario.transfers`.
    terms : sequence of mapping
        Wedges, fees, taxes, escrow and transfer costs of movers: see :mod:`cge.scenario.terms_spec`.
    tied : sequence of mapping
        New movers who may work in named activities only: see :mod:`cge.scenario.tied`.
    """

    name: str
    title: str = ""
    tariffs: Sequence[Mapping[str, Any]] = ()
    export_taxes: str = ""
    quota: Sequence[Mapping[str, Any]] = ()
    shock: Sequence[Mapping[str, Any]] = ()
    labour: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    rordelta: float | None = None
    elasticities: Mapping[str, float] = field(default_factory=dict)
    mobility: Sequence[Mapping[str, Any]] = ()
    caps: Sequence[Mapping[str, Any]] = ()
    rent: str = "host"
    transfers: Sequence[Mapping[str, Any]] = ()
    terms: Sequence[Mapping[str, Any]] = ()
    tied: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        where = f"scenario '{self.name}'"
        if self.export_taxes not in ("", "remove"):
            raise ScenarioError(f'{where}: export_taxes = "{self.export_taxes}" is not known; write "remove" '
                                "or leave it out")
        for cut in self.tariffs:
            check_keys(cut, _TARIFF_KEYS, f"{where}, tariffs")
            if sum(k in cut for k in ("remove", "scale", "rate")) != 1:
                raise ScenarioError(f"{where}, tariffs: give exactly one of remove, scale, rate in each entry")
            for key in ("remove", "rate"):
                if not isinstance(cut.get(key), bool) and cut.get(key) == 1993:
                    raise ScenarioError(f'{where}, tariffs: {key} = {cut[key]} is a number; for the tariffs of 1993 '
                                        f'write it in quotes, {key} = "1993"')
            if "remove" in cut and cut["remove"] not in _LAYERS:
                raise ScenarioError(f"{where}, tariffs: layer '{cut['remove']}' is not known; use one of "
                                    f"{', '.join(_LAYERS)}")
            if "scale" in cut or cut.get("rate", "1993") != "1993":
                key = "scale" if "scale" in cut else "rate"
                number(cut[key], f"{where}, tariffs, {key}")
            for key in ("comm", "src", "dst"):
                labels(cut.get(key), f"{where}, tariffs, {key}")
            if "rate" in cut and cut["rate"] != "1993" and cut["rate"] <= -1:
                raise ScenarioError(f"{where}, tariffs: a rate of {percent_below(cut['rate'])}; the price after tariff "
                                    "would not be positive - give a rate above -1")
        for entry in self.quota:
            check_keys(entry, _QUOTA_KEYS, f"{where}, quota")
            if "rate" not in entry:
                raise ScenarioError(f"{where}, quota: 'rate' is missing; give the quota as a fraction of the work "
                                    "force (0.03)")
            number(entry["rate"], f"{where}, quota, rate")
            for key in ("skills", "hosts", "homes"):
                labels(entry.get(key), f"{where}, quota, {key}")
            if entry["rate"] < 0:
                raise ScenarioError(f"{where}, quota: a rate of {entry['rate']} is below zero; a quota admits movers - "
                                    "give 0 or more")
            if entry.get("supply", "pool") not in SUPPLY_RULES:
                raise ScenarioError(f"{where}, quota: supply rule '{entry['supply']}' is not known; use one of "
                                    f"{', '.join(SUPPLY_RULES)}")
        for entry in self.shock:
            check_keys(entry, _SHOCK_KEYS, f"{where}, shock")
            if "variable" not in entry or "value" not in entry:
                raise ScenarioError(f"{where}, shock: each entry needs 'variable' and 'value'")
            if not isinstance(entry["variable"], str):
                raise ScenarioError(f"{where}, shock: the variable {entry['variable']!r} is not a name; write it in "
                                    "quotes")
            if entry["variable"] == "quota" and self.quota:
                raise ScenarioError(f"{where}: both quota = [...] and a shock of the variable quota are given, and one "
                                    "would overwrite the other; leave the shock out")
            number(entry["value"], f"{where}, shock of {entry['variable']}")
            within = table_of(entry.get("where", {}), f"{where}, shock of {entry['variable']}, where")
            for dim, names in within.items():
                labels(names, f"{where}, shock of {entry['variable']}, {dim}")
        check_transfers(self.transfers, where)
        if self.transfers and any(entry["variable"] == "transfer" for entry in self.shock):
            raise ScenarioError(f"{where}: both transfers = [...] and a shock of the variable transfer are given, and "
                                "one would overwrite the other; leave the shock out")
        check_labour(self.labour, where)
        if self.rordelta not in (None, 0, 1):
            raise ScenarioError(f"{where}: rordelta is {self.rordelta}; it is 1 (by returns) or 0 (fixed shares)")
        check_keys(table_of(self.elasticities, f"{where}, elasticities"), set(ELASTICITIES), f"{where}, elasticities")
        for key, value in self.elasticities.items():
            number(value, f"{where}, elasticities, {key}")
            if value < 0:
                raise ScenarioError(f"{where}, elasticities: the factor {value} of {key} is below zero; give 0 or more")
        check_movement(self, where)
        check_terms(self, where)
        check_tied(self, where)

    @property
    def moves(self) -> bool:
        """Whether the scenario admits any new mover."""
        return (len(self.mobility) > 0 or any(entry["rate"] > 0 for entry in self.quota)
                or any(entry["variable"] == "quota" and entry["value"] > 0 for entry in self.shock))


@dataclass(frozen=True)
class ScenarioFile:
    """A parsed scenario file.

    Attributes
    ----------
    path : Path
    text : str
        The file as read, kept for provenance.
    title, benchmark, output : str
    closure : mapping
        ``rordelta``, ``use`` with its words (``home``, ``skill``, ...), ``swap``, ``mobility``; see
        :mod:`cge.scenario.closures`.
    labour : mapping
        Labour options of all scenarios.
    scenarios : dict of str to Scenario
    headline : mapping
        Which scenario plays which part of the comparison (trade, migration, ...).
    breakeven : sequence of mapping
        Pairs ``migration``, ``trade`` for which the quota of equal gain is sought.
    engine : str
        ``newton`` (default) or ``ipopt``; see :meth:`cge.Model.using`.
    expect : tuple of Expectation
        Signs that theory expects; see :mod:`cge.scenario.expect`.
    game : Game, optional
        Players and strategies; see :mod:`cge.scenario.games`.
    phases : Phases, optional
        A policy that comes in steps; see :mod:`cge.scenario.scaled`.
    equal : dict of str to Equal
        Scenarios whose size is sought; see :mod:`cge.scenario.sought`.
    payments : SidePayments, optional
        Transfers after which nobody loses; see :mod:`cge.scenario.sought`.
    vary : tuple of Vary
        Parameters over which the expectations are tried (`cge claims`); see :mod:`cge.scenario.vary`.
    ownership : mapping
        Capital of migrants and of owners abroad; see :mod:`cge.scenario.ownership`.
    skill_definition : str
        Who is skilled, a definition of the benchmark's table (:func:`cge.benchmark.redefine_skill`); its own if empty.
    """

    path: Path
    text: str
    title: str
    benchmark: str
    output: str
    closure: Mapping[str, Any]
    labour: Mapping[str, float]
    scenarios: dict[str, Scenario]
    headline: Mapping[str, str]
    breakeven: Sequence[Mapping[str, Any]]
    engine: str = "newton"
    expect: tuple[Expectation, ...] = ()
    game: Game | None = None
    phases: Phases | None = None
    equal: Mapping[str, Equal] = field(default_factory=dict)
    payments: SidePayments | None = None
    vary: tuple[Vary, ...] = ()
    ownership: Mapping[str, Any] = field(default_factory=dict)
    skill_definition: str = ""


def read_scenarios(path: str | Path) -> ScenarioFile:
    """Read and check a scenario file.

    Raises
    ------
    ScenarioError
        Missing file, broken TOML, unknown key, a value of the wrong kind, missing
        benchmark, a reference to a scenario that is not in the file, a part of the
        comparison given to a scenario that cannot play it.
    """
    path = Path(path)
    if not path.is_file():
        raise ScenarioError(f"no scenario file at {path}; `cge scenarios` lists those that are shipped")
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors may put a mark before the first line
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ScenarioError(f"{path} is not valid TOML: {err}; mend that line") from None
    except UnicodeDecodeError as err:
        raise ScenarioError(f"{path} is not a UTF-8 text file ({err.reason}); save it as UTF-8") from None
    check_keys(raw, _FILE_KEYS, str(path))
    for key in ("closure", "labour", "headline", "scenario", "payoffs", "phases", "side_payments"):
        table_of(raw.get(key, {}), f"{path}, {key}")
    title = text_of(raw.get("title", path.stem), f"{path}, title")
    output = _file_name(raw.get("output", f"{path.stem}.nc"), path)
    if not isinstance(raw.get("benchmark"), str):
        raise ScenarioError(f'{path}: the benchmark is not named; add a line such as benchmark = "ww1997"')
    check_engine(raw.get("engine", "newton"), str(path))
    closure = dict(raw.get("closure", {}))
    check_keys(closure, _CLOSURE_KEYS, f"{path}, closure")
    rordelta = closure.get("rordelta", 1)
    if isinstance(rordelta, bool) or rordelta not in (0, 1):
        raise ScenarioError(f"{path}, closure: rordelta is {rordelta!r}; it is 1 (by returns) or 0 "
                            "(fixed shares)")
    for key in ("home", "comm", "src", "dst"):
        text_of(closure.get(key, ""), f"{path}, closure, {key}")
    check_labour(raw.get("labour", {}), str(path), file=True)
    check_ownership(raw.get("ownership", {}), str(path))
    scenarios: dict[str, Scenario] = {}
    game, combinations = read_game(raw.get("payoffs"), raw.get("scenario", {}), str(path))
    sections = {**raw.get("scenario", {}), **combinations}
    if not sections:
        raise ScenarioError(f"{path}: no scenario in the file; add a section [scenario.NAME]")
    for name, body in sections.items():
        if not isinstance(body, dict):
            raise ScenarioError(f"{path}: scenario '{name}' must be a section [scenario.{name}]")
    for name, body in sections.items():
        scenarios[name] = _scenario(name, body, sections, path)
    for s in scenarios.values():
        if s.reference and s.reference not in scenarios:
            raise ScenarioError(f"{path}: scenario '{s.name}' refers to '{s.reference}', which is not in the file")
        if s.reference and (s.reference == s.name or scenarios[s.reference].reference):
            raise ScenarioError(f"{path}: scenario '{s.name}' is counted from '{s.reference}', which must be another "
                                "scenario that is itself counted from the benchmark")
    headline = raw.get("headline", {})
    check_keys(headline, _ROLES, f"{path}, headline")
    for role, name in headline.items():
        if text_of(name, f"{path}, headline, {role}") not in scenarios:
            raise ScenarioError(f"{path}, headline: {role} = '{name}' is not a scenario of the file; it has "
                                f"{', '.join(scenarios)}")
        if role in _MOVING_ROLES and not scenarios[name].moves:
            raise ScenarioError(f"{path}, headline: {role} = '{name}' is a scenario that admits no mover; name one "
                                "with a quota above 0, or leave the line out")
    breakeven = raw.get("breakeven", [])
    breakeven_pairs(breakeven, scenarios, str(path))
    equal = read_equal(raw.get("equal", []), scenarios, str(path))
    phases, steps = read_phases(raw.get("phases"), scenarios, str(path))
    scenarios |= steps
    payments, paid = read_side_payments(raw.get("side_payments"), scenarios, str(path))
    scenarios |= paid
    expect = read_expectations(raw.get("expect", []), list(scenarios), str(path))
    return ScenarioFile(path, text, title, raw["benchmark"], output, closure, raw.get("labour", {}), scenarios,
                        headline, breakeven, raw.get("engine", "newton"), expect, game, phases, equal, payments,
                        read_vary(raw.get("vary", []), scenarios, str(path)), raw.get("ownership", {}),
                        text_of(raw.get("skill_definition", ""), f"{path}, skill_definition"))


def breakeven_pairs(entries: Any, scenarios: Mapping[str, Scenario], where: str) -> list[tuple[str, str]]:
    """Migration and trade scenario of each [[breakeven]] entry.

    Raises
    ------
    ScenarioError
        Not a list of tables of two names, an unknown scenario, or a migration scenario without a quota to vary.
    """
    pairs = []
    for entry in entries if isinstance(entries, (list, tuple)) else [entries]:
        if not isinstance(entry, Mapping) or set(entry) != {"migration", "trade"}:
            raise ScenarioError(f"{where}, breakeven: each [[breakeven]] section names 'migration' and 'trade', "
                                'as in migration = "M"')
        for role, name in entry.items():
            if text_of(name, f"{where}, breakeven, {role}") not in scenarios:
                raise ScenarioError(f"{where}, breakeven: '{name}' is not a scenario of the file; it has "
                                    f"{', '.join(scenarios)}")
        if not any(e["rate"] > 0 for e in scenarios[entry["migration"]].quota):
            raise ScenarioError(f"{where}, breakeven: scenario '{entry['migration']}' has no quota above 0 to vary; "
                                "name one that has")
        pairs.append((entry["migration"], entry["trade"]))
    return pairs


def _file_name(value: Any, path: Path) -> str:
    """Refuse an output that is not the plain name of a netCDF file."""
    name = text_of(value, f"{path}, output")
    plain = Path(name).name == name and "\\" not in name and name.isprintable()
    if not plain or Path(name).suffix != ".nc" or len(name) > 150:
        raise ScenarioError(f"{path}, output: '{short(name)}' is not a plain file name that ends in .nc; write "
                            'output = "results.nc", and name the folder with --out')
    return name


def _scenario(name: str, body: dict, sections: dict, path: Path) -> Scenario:
    check_keys(body, _SCENARIO_KEYS, f"{path}, scenario '{name}'")
    for key in ("title", "question", "reference", "like", "export_taxes", "rent"):
        text_of(body.get(key, ""), f"{path}, scenario '{name}', {key}")
    merged: dict[str, Any] = {}
    if "like" in body:
        if body["like"] not in sections or "like" in sections[body["like"]]:
            raise ScenarioError(f"{path}: scenario '{name}' is like '{body['like']}', which is not a plain scenario "
                                "of the file")
        merged = {k: v for k, v in sections[body["like"]].items() if k != "title"}
    merged |= {k: v for k, v in body.items() if k not in ("like", "question")}
    merged.pop("question", None)
    for key in ("tariffs", "quota", "shock", "mobility", "caps", "transfers", "terms", "tied"):
        if key in merged and not (isinstance(merged[key], list) and all(isinstance(e, dict) for e in merged[key])):
            raise ScenarioError(f"{path}, scenario '{name}': {key} must be a list of tables, {key} = [{{ ... }}]")
    return Scenario(name=name, **merged)


def percent_below(rate: float) -> str:
    """A tariff rate of -1 or less in words."""
    return "-100% leaves nothing of the price" if rate == -1 else f"{100 * rate:g}% is below -100%"
