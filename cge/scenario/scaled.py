"""A part of a scenario: the same policy at a fraction of its size, and policies phased in over years.

::

    [phases]
    scenario = "F"
    years = [1, 2, 3, 4, 5, 6, 7]
    share = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0]

adds the scenarios ``F 1`` ... ``F 7``. What the scenario's reference does too stays as it is. The model is static:
each is an equilibrium of its own, with the stocks of workers that the policy of that year allows, all else as in the
base year.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cge.errors import ScenarioError
from cge.model import table
from cge.scenario.words import check_keys, number, text_of

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario


@dataclass(frozen=True)
class Phases:
    """A policy that comes in steps.

    Attributes
    ----------
    scenario : str
        The policy in full.
    names : tuple of str
        Scenarios of its steps.
    years : tuple of str
    share : tuple of float
        Fraction of the policy in each year.
    """

    scenario: str
    names: tuple[str, ...]
    years: tuple[str, ...]
    share: tuple[float, ...]


def scaled(scenario: Scenario, share: float, name: str = "", title: str = "", start: Scenario | None = None
           ) -> Scenario:
    """The scenario with each of its changes at a fraction.

    Tariff cuts, quotas, transfers and shocks are taken in proportion (a shock from the variable's benchmark value), the
    cost of moving to the power of the fraction. Caps, options of movers and the reference stay as they are.

    Parameters
    ----------
    scenario : Scenario
    share : float
        0 is no policy, 1 the whole.
    name, title : str
        Of the new scenario; those of the old one if empty.
    start : Scenario, optional
        Whence the policy begins: entries that are in it too are kept whole.

    Raises
    ------
    ScenarioError
        Something that has no fraction: a tariff layer, a tariff rate, export taxes.
    """
    where = f"scenario '{scenario.name}'"
    if scenario.export_taxes and share != 1:
        raise ScenarioError(f"{where}: a part of export_taxes = \"{scenario.export_taxes}\" has no meaning; leave "
                            "export taxes out, or shock txs")
    part: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
        "tariffs": lambda e: _cut(e, share, where),
        "quota": lambda e: {**e, "rate": e["rate"] * share},
        "transfers": lambda e: {**e, "total": e["total"] * share},
        "shock": lambda e: {**e, "value": _base(e["variable"]) + share * (e["value"] - _base(e["variable"]))},
        "mobility": lambda e: {**e, "cost": e.get("cost", 1.0) ** share}}
    entries: dict[str, Any] = {
        key: [e if start and e in getattr(start, key) else of(e) for e in getattr(scenario, key)]
        for key, of in part.items()}
    return replace(scenario, name=name or scenario.name, title=title or scenario.title, **entries)


def _cut(cut: Mapping[str, Any], share: float, where: str) -> Mapping[str, Any]:
    if share == 1:
        return cut
    cells = {k: cut[k] for k in ("comm", "src", "dst") if k in cut}
    if cut.get("remove") == "all":
        return {"scale": 1.0 - share, **cells}
    if "scale" in cut:
        return {"scale": 1.0 - share * (1.0 - cut["scale"]), **cells}
    raise ScenarioError(f"{where}, tariffs: a part of {dict(cut)} is not defined; write remove = \"all\" or "
                        "scale = 0.5")


def _base(variable: str) -> float:
    symbol = table.symbols.get(variable)
    return 1.0 if symbol is not None and symbol.positive else 0.0


def read_phases(raw: Any, scenarios: Mapping[str, Scenario], path: str) -> tuple[Phases | None, dict[str, Scenario]]:
    """The section ``phases`` of a file, and the scenarios of its steps by name.

    Raises
    ------
    ScenarioError
        Unknown scenario, lists of different length, shares that are no numbers above 0.
    """
    if not raw:
        return None, {}
    where = f"{path}, phases"
    check_keys(raw, {"scenario", "years", "share"}, where)
    of = text_of(raw.get("scenario", ""), f"{where}, scenario")
    if of not in scenarios:
        raise ScenarioError(f"{where}: '{of}' is not a scenario of the file; it has {', '.join(scenarios)}")
    years, share = raw.get("years", ()), raw.get("share", ())
    if not isinstance(years, list) or not isinstance(share, list) or not years or len(years) != len(share):
        raise ScenarioError(f"{where}: years and share are two lists of one length; write years = [1, 2, 3] and "
                            "share = [0.2, 0.5, 1.0]")
    for value in share:
        number(value, f"{where}, share")
        if value <= 0:
            raise ScenarioError(f"{where}: a share of {value} is no part of the policy; give numbers above 0, 1 for "
                                "the whole")
    names = tuple(f"{of} {y}" for y in years)
    if len(set(names)) < len(names) or set(names) & set(scenarios):
        raise ScenarioError(f"{where}: the steps would be called {', '.join(names)}, of which one is taken; give each "
                            "year another label")
    whole = scenarios[of]
    steps = {n: scaled(whole, s, n, f"{whole.title}, year {y}: {s:.0%} of the policy", scenarios.get(whole.reference))
             for n, y, s in zip(names, years, share, strict=True)}
    return Phases(of, names, tuple(map(str, years)), tuple(map(float, share))), steps
