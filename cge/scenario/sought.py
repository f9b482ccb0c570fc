"""Policies whose size is found by solving: as dear or as good as another policy, or with side payments.

::

    [[equal]]                    # the size of A at which hosts' residents gain or lose what they do under M
    scenario = "A"
    to = "M"
    of = "residents"             # residents, home, host, or world
    reg = ["importers"]

    [side_payments]              # transfers that leave nobody worse off; adds "T paid", "M paid", ...
    scenarios = ["T", "M"]
    gain = "residents"           # whose loss is made good: residents (default) or home

    [side_payments.parties]      # who pays and is paid together; each region by itself if left out
    North = ["importers"]
    South = ["exporters"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, table_of, text_of

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario

#: Variable of the solve behind each gain that a search may hold.
GAINS = {"residents": "EV", "home": "EVhome", "host": "EVhost", "world": "WEV"}


@dataclass(frozen=True)
class Equal:
    """A scenario whose size makes a gain equal to that of another.

    Attributes
    ----------
    scenario, to, of : str
    reg : label or list of labels, optional
    """

    scenario: str
    to: str
    of: str
    reg: Any = None


@dataclass(frozen=True)
class SidePayments:
    """Transfers after which no party loses.

    Attributes
    ----------
    scenarios : dict of str to str
        The scenario without payments of each one with.
    gain : str
    parties : dict of str to label or list of labels
        Empty: each region by itself.
    """

    scenarios: Mapping[str, str]
    gain: str = "residents"
    parties: Mapping[str, Any] = field(default_factory=dict)


def read_equal(entries: Any, scenarios: Mapping[str, Scenario], path: str) -> dict[str, Equal]:
    """The list ``equal`` of a file, by scenario.

    Raises
    ------
    ScenarioError
        Unknown scenario or gain; a scenario that is to equal itself or a later one.
    """
    out: dict[str, Equal] = {}
    where = f"{path}, equal"
    if not isinstance(entries, (list, tuple)):
        raise ScenarioError(f"{where}: write [[equal]] above each entry")
    order = list(scenarios)
    for entry in entries:
        check_keys(table_of(entry, where), {"scenario", "to", "of", "reg"}, where)
        for key in ("scenario", "to"):
            if text_of(entry.get(key, ""), f"{where}, {key}") not in scenarios:
                raise ScenarioError(f"{where}: {key} = '{entry.get(key, '')}' is not a scenario of the file; it has "
                                    f"{', '.join(scenarios)}")
        if order.index(entry["to"]) >= order.index(entry["scenario"]):
            raise ScenarioError(f"{where}: '{entry['to']}' must come before '{entry['scenario']}' in the file, for it "
                                "is solved first")
        of = entry.get("of", "residents")
        if of not in GAINS:
            raise ScenarioError(f"{where}: of = {of!r} is not known; use one of {', '.join(GAINS)}")
        labels(entry.get("reg"), f"{where}, reg")
        if "reg" in entry and of == "world":
            raise ScenarioError(f"{where}: the world's gain has no region; leave reg out")
        out[entry["scenario"]] = Equal(entry["scenario"], entry["to"], of, entry.get("reg"))
    return out


def read_side_payments(raw: Any, scenarios: Mapping[str, Scenario], path: str
                       ) -> tuple[SidePayments | None, dict[str, Scenario]]:
    """The section ``side_payments`` of a file, and the scenarios with payments.

    Raises
    ------
    ScenarioError
        Unknown scenario, gain or key; a scenario that has transfers of its own, or is counted from another.
    """
    if not raw:
        return None, {}
    where = f"{path}, side_payments"
    check_keys(raw, {"scenarios", "gain", "parties"}, where)
    wanted = raw.get("scenarios", list(scenarios))
    labels(wanted, f"{where}, scenarios")
    if raw.get("gain", "residents") not in ("residents", "home"):
        raise ScenarioError(f"{where}: gain = {raw['gain']!r} is not known; use residents or home")
    parties = table_of(raw.get("parties", {}), f"{where}, parties")
    for name, regions in parties.items():
        labels(regions, f"{where}, parties, {name}")
    pairs, new = {}, {}
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name not in scenarios:
            raise ScenarioError(f"{where}: '{name}' is not a scenario of the file; it has {', '.join(scenarios)}")
        plain, paid = scenarios[name], f"{name} paid"
        if plain.transfers or plain.reference or any(e["variable"] == "transfer" for e in plain.shock):
            raise ScenarioError(f"{where}: '{name}' has transfers of its own or a reference; take a scenario that has "
                                "neither")
        if paid in scenarios:
            raise ScenarioError(f"{where}: '{paid}' is the name of a scenario of the file already; rename it")
        pairs[paid] = name
        new[paid] = replace(plain, name=paid, title=f"{plain.title}, with side payments")
    return SidePayments(pairs, raw.get("gain", "residents"), dict(parties)), new


def check_regions(equal: Mapping[str, Equal], payments: SidePayments | None, bench: Benchmark, path: str) -> None:
    """Refuse regions that the benchmark does not have, parties that share one, and parties that leave one out.

    Raises
    ------
    ScenarioError
    """
    for one in equal.values():
        positions(bench, "reg", one.reg, f"{path}, equal")
    if payments is None or not payments.parties:
        return
    where, known = f"{path}, side_payments", bench.labels("reg")
    seen: dict[int, str] = {}
    for name, regions in payments.parties.items():
        for r in positions(bench, "reg", regions, where):
            if r in seen:
                raise ScenarioError(f"{where}: {known[r]} is in the parties {seen[r]} and {name}; leave it in one")
            seen[r] = name
    out = [r for k, r in enumerate(known) if k not in seen]
    if out:
        raise ScenarioError(f"{where}: {', '.join(out)} is in no party; add each region to one")
