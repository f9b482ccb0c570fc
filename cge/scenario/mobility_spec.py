"""What a scenario may say about workers who move for wages, checked without a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cge.errors import ScenarioError
from cge.model.mobility_data import ELASTICITY, NETWORK_SUGGESTED
from cge.scenario.words import check_keys, labels, number, text_of

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario

_MOBILITY_KEYS = {"elasticity", "cost", "free", "network", "skills", "homes", "hosts"}
_CAP_KEYS = {"workers", "rate", "growth", "per", "bloc", "skills", "homes", "hosts"}
AMOUNTS = ("workers", "rate", "growth")
#: Who has the rents, and the parts of them that host and home receive; movers keep the rest.
RENT_TO = {"host": (1.0, 0.0), "home": (0.0, 1.0), "movers": (0.0, 0.0)}


def check_movement(scenario: Scenario, where: str) -> None:
    """Refuse mobility, caps and rent of the wrong kind or size.

    Raises
    ------
    ScenarioError
        Unknown key, number out of range, caps without mobility, mobility beside a quota.
    """
    for entry in scenario.mobility:
        here = f"{where}, mobility"
        check_keys(entry, _MOBILITY_KEYS, here)
        for key in ("skills", "homes", "hosts"):
            labels(entry.get(key), f"{here}, {key}")
        if not isinstance(entry.get("free", False), bool):
            raise ScenarioError(f"{here}: free is {entry['free']!r}; write free = true, or leave it out")
        if entry.get("free") and "elasticity" in entry:
            raise ScenarioError(f"{here}: free = true is movement without limit and has no elasticity; leave one out")
        number(entry.get("elasticity", 0.0), f"{here}, elasticity")
        if entry.get("elasticity", 0.0) < 0:
            raise ScenarioError(f"{here}: an elasticity of {entry['elasticity']} is below zero; workers go where pay "
                                "is higher - give 0 or more")
        number(entry.get("cost", 1.0), f"{here}, cost")
        if entry.get("cost", 1.0) <= 0:
            raise ScenarioError(f"{here}: cost = {entry['cost']} is a factor on the cost of moving and must stay above "
                                "zero; 0.9 is worth as much as pay higher by 1/0.9")
        _check_network(entry, here)
    for entry in scenario.caps:
        _check_cap(entry, f"{where}, caps")
    if scenario.caps and not scenario.mobility:
        raise ScenarioError(f"{where}: caps limit workers who move for wages, and nobody does; add mobility = "
                            "[{ cost = 0.9 }], or give a quota instead")
    if scenario.mobility and scenario.quota:
        raise ScenarioError(f"{where}: new movers are either those of a quota or those who move for wages; leave out "
                            "quota or mobility (a cap does what a quota does where more want to come)")
    if scenario.rent not in RENT_TO:
        raise ScenarioError(f"{where}: rent = \"{scenario.rent}\" is not known; use one of {', '.join(RENT_TO)}")
    if scenario.rent != "host" and not scenario.caps:
        raise ScenarioError(f"{where}: rent = \"{scenario.rent}\" has no effect without caps; add caps, or drop it")


def _check_network(entry: Mapping[str, Any], here: str) -> None:
    """Refuse a network that lowers costs faster than they stop movers: each would bring more than one other."""
    network = entry.get("network", 0.0)
    number(network, f"{here}, network")
    if network < 0:
        raise ScenarioError(f"{here}: network = {network} is below zero; costs fall as more have gone - give 0 or more")
    if network and entry.get("free"):
        raise ScenarioError(f"{here}: free = true is movement without limit, which a network cannot add to; leave one "
                            "out")
    elasticity = entry.get("elasticity", ELASTICITY)
    if network * elasticity >= 1:
        raise ScenarioError(f"{here}: network = {network} times the elasticity {elasticity} is "
                            f"{network * elasticity:g}; from one on each mover would bring another for ever - give "
                            f"less, as {NETWORK_SUGGESTED}")


def _check_cap(entry: Mapping[str, Any], here: str) -> None:
    check_keys(entry, _CAP_KEYS, here)
    given = [k for k in AMOUNTS if k in entry]
    if len(given) != 1:
        raise ScenarioError(f"{here}: give exactly one of {', '.join(AMOUNTS)} in each entry (thousand workers; a "
                            "fraction of the host's work force; a fraction of those who live there already)")
    number(entry[given[0]], f"{here}, {given[0]}")
    if entry[given[0]] < 0:
        raise ScenarioError(f"{here}: {given[0]} = {entry[given[0]]} is below zero; earlier migrants stay, so that a "
                            "cap of 0 is the tightest")
    for key in ("skills", "homes", "hosts"):
        labels(entry.get(key), f"{here}, {key}")
    if "bloc" in entry:
        text_of(entry["bloc"], f"{here}, bloc")
        if "per" in entry:
            raise ScenarioError(f"{here}: a cap is of a bloc, or per host or pair; leave out bloc or per")
    elif entry.get("per", "host") not in ("pair", "host"):
        raise ScenarioError(f"{here}: per = {entry['per']!r} is not known; use \"pair\" or \"host\", or name a bloc")
    if "homes" in entry and entry.get("per") != "pair":
        raise ScenarioError(f"{here}: a cap of a host or bloc counts new movers from everywhere; leave homes out, or "
                            "write per = \"pair\"")
