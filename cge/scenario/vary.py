"""What a scenario file varies: the list ``vary``, for finding where its expectations cease to hold.

::

    [[vary]]
    what = "rho"                   # an option of movers, a factor on elasticities, the size of a policy
    values = [0.0, 0.2, 0.4]
    scenarios = ["M"]              # all that it concerns, if left out

Words: ``beta``, ``rho``, ``family``, ``taxshare`` and the other options of movers; ``quota`` (its rate); ``trade
elasticities`` or the name of an elasticity (a factor); ``rordelta``; ``cost``, ``elasticity`` and ``network`` of
workers who move for wages; an instrument of ``terms`` (its size); a variable that the scenario shocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cge.errors import ScenarioError
from cge.scenario.words import check_keys, labels, number, table_of, text_of

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario

#: Options of movers that are numbers.
_OPTIONS = ("beta", "rho", "family", "taxmov", "ctaxmov", "taxshare")
_TRADE = ("ESUBD", "ESUBM")
_RESPONSE = ("cost", "elasticity", "network")
_SIZES = ("per_mover", "share")


@dataclass(frozen=True)
class Vary:
    """One parameter that is varied.

    Attributes
    ----------
    what : str
    values : tuple of float
        In ascending order.
    scenarios : tuple of str
        Those in which it is varied; all that it concerns if empty.
    """

    what: str
    values: tuple[float, ...]
    scenarios: tuple[str, ...] = ()


def read_vary(entries: Any, scenarios: Mapping[str, Scenario], path: str) -> tuple[Vary, ...]:
    """The list ``vary`` of a file.

    Raises
    ------
    ScenarioError
        Unknown key or scenario, values that are no numbers or fewer than two, a word that no scenario knows.
    """
    where = f"{path}, vary"
    if not isinstance(entries, (list, tuple)):
        raise ScenarioError(f"{where}: write [[vary]] above each parameter")
    out = []
    for entry in entries:
        check_keys(table_of(entry, where), {"what", "values", "scenarios"}, where)
        what = text_of(entry.get("what", ""), f"{where}, what")
        values = entry.get("values")
        if not isinstance(values, list) or len(values) < 2:
            raise ScenarioError(f"{where}, {what}: values is a list of two numbers or more; write values = [0.0, 0.2]")
        for value in values:
            number(value, f"{where}, {what}, values")
        if sorted(set(values)) != values:
            raise ScenarioError(f"{where}, {what}: values must ascend, each once")
        labels(entry.get("scenarios"), f"{where}, {what}, scenarios")
        named = entry.get("scenarios", [])
        named = [named] if isinstance(named, str) else named
        for name in named:
            if name not in scenarios:
                raise ScenarioError(f"{where}, {what}: '{name}' is not a scenario of the file; it has "
                                    f"{', '.join(scenarios)}")
        for name in named or scenarios:
            if with_value(scenarios[name], what, values[0]) is not None:
                break
        else:
            raise ScenarioError(f"{where}: nothing that '{what}' could vary is in "
                                f"{', '.join(named) or 'any scenario'}; name an option of movers "
                                f"({', '.join(_OPTIONS)}), quota, rordelta, trade elasticities or an elasticity, "
                                f"{', '.join(_RESPONSE)} of mobility, an instrument of terms, or a variable that is "
                                "shocked")
        out.append(Vary(what, tuple(map(float, values)), tuple(named)))
    return tuple(out)


def with_value(scenario: Scenario, what: str, value: float) -> Scenario | None:
    """A scenario with one parameter at a value; None where it does not concern the scenario.

    Raises
    ------
    ScenarioError
        The value is out of the parameter's range.
    """
    from cge.scenario.spec import ELASTICITIES

    if what in _OPTIONS:
        return replace(scenario, labour={**scenario.labour, what: value}) if scenario.moves else None
    if what == "rordelta":
        return replace(scenario, rordelta=value)
    if what == "trade elasticities" or what in ELASTICITIES:
        names = _TRADE if what not in ELASTICITIES else (what,)
        old = scenario.elasticities
        return replace(scenario, elasticities={**old, **{n: old.get(n, 1.0) * value for n in names}})
    if what == "quota":
        return replace(scenario, quota=[{**e, "rate": value} for e in scenario.quota]) if scenario.quota else None
    if what in _RESPONSE:
        moved = [{**e, what: value} for e in scenario.mobility]
        return replace(scenario, mobility=moved) if moved else None
    if any(e["instrument"] == what for e in scenario.terms):
        return replace(scenario, terms=[_sized(e, value) if e["instrument"] == what else e for e in scenario.terms])
    if any(e["variable"] == what for e in scenario.shock):
        return replace(scenario, shock=[{**e, "value": value} if e["variable"] == what else e for e in scenario.shock])
    return None


def _sized(entry: Mapping[str, Any], value: float) -> Mapping[str, Any]:
    return {**entry, next(k for k in _SIZES if k in entry): value}


def variant(scenarios: Mapping[str, Scenario], vary: Vary, value: float) -> dict[str, Scenario]:
    """All scenarios of a file with a parameter at a value; those that it does not concern as they are.

    A scenario's reference is the variant of its reference.
    """
    named: Sequence[str] = vary.scenarios or tuple(scenarios)
    return {n: (with_value(s, vary.what, value) or s) if n in named else s for n, s in scenarios.items()}
