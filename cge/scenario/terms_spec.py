"""Terms of movement in a scenario file: what may be said, checked without a benchmark.

::

    [scenario.S]
    quota = [{ rate = 0.03 }]
    terms = [
        { instrument = "entry fee", per_mover = 2.0, to = "host government", hosts = ["USA"] },
        { instrument = "withheld", share = 0.15, returned = 0.9 },
    ]
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cge.errors import ScenarioError
from cge.scenario.words import check_keys, labels, number, text_of

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario

#: Who may receive what a mover pays: the words of a file, and the coefficient of block ``terms`` each of them sets.
RECIPIENTS = {"host government": "TOHOSTGOV", "employer": "TOHOST", "host": "TOHOST",
              "home government": "TOHOMEGOV", "home": "TOHOME", "lost": "TOLOST"}


@dataclass(frozen=True)
class Instrument:
    """One instrument: its position among the model's terms, the variable of each key, and who receives it."""

    term: str
    keys: Mapping[str, str]
    to: str


#: What a scenario may put between a mover and her pay.
INSTRUMENTS = {
    "status wedge": Instrument("status", {"share": "statuswedge"}, "employer"),
    "employer wedge": Instrument("employer", {"share": "employwedge"}, "lost"),
    "entry fee": Instrument("fee", {"per_mover": "entryfee", "share": "entryrate"}, "host government"),
    "screening cost": Instrument("screening", {"per_mover": "screencost"}, "lost"),
    "exit tax": Instrument("exit", {"per_mover": "exitfee", "share": "exitrate"}, "home government"),
    "withheld": Instrument("forfeited", {"share": "withheld", "returned": "returned"}, "host government"),
    "transfer cost": Instrument("transfer", {"share": "remcost"}, "host"),
    # No payments, and so without a recipient.
    "regularisation": Instrument("", {"share": "regular"}, ""),
    "service cost": Instrument("", {"share": "serv"}, ""),
}
#: Whom an entry with ``migrants`` is about, as the ends of its variables' names.
_WHOSE = {"all": ("new", "earl"), "new": ("new",), "earlier": ("earl",)}
#: Instruments that may be about new movers, earlier migrants or both, and whom they are about by default.
WHOSE = {"transfer cost": "all", "service cost": "new"}


def variables_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """Variables of block ``terms`` that an entry sets, and their values."""
    keys = INSTRUMENTS[entry["instrument"]].keys
    found = {variable: float(entry[key]) for key, variable in keys.items() if key in entry}
    if entry["instrument"] in WHOSE:
        ends = _WHOSE[entry.get("migrants", WHOSE[entry["instrument"]])]
        return {variable + end: value for variable, value in found.items() for end in ends}
    return found


def only_earlier(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is about earlier migrants too, so that it needs no new mover."""
    name = entry["instrument"]
    return name == "regularisation" or (name in WHOSE and entry.get("migrants", WHOSE[name]) != "new")


def check_terms(scenario: Scenario, where: str) -> None:
    """Refuse terms of movement of the wrong kind or size.

    Raises
    ------
    ScenarioError
        Unknown instrument, key or recipient; a share above one or below zero; a negative fee; two recipients of one
        instrument; a scenario without movers.
    """
    here = f"{where}, terms"
    to: dict[str, str] = {}
    for entry in scenario.terms:
        name = text_of(entry.get("instrument", ""), f"{here}, instrument")
        if name not in INSTRUMENTS:
            near = difflib.get_close_matches(name, INSTRUMENTS, 1)
            raise ScenarioError(f"{here}: instrument '{name}' is not known; "
                                + (f"did you mean '{near[0]}'? " if near else "")
                                + f"There are {', '.join(INSTRUMENTS)}")
        this = INSTRUMENTS[name]
        inside = f"{here}, {name}"
        extra = {"migrants"} if name in WHOSE else set()
        dims = {"hosts"} if name == "service cost" else {"skills", "homes", "hosts"}
        check_keys(entry, {"instrument", *dims, *this.keys, *extra, *(["to"] if this.to else [])}, inside)
        amounts = [k for k in this.keys if k != "returned"]
        if not any(k in entry for k in amounts):
            raise ScenarioError(f"{inside}: no size is given; add {' or '.join(f'{k} = ...' for k in amounts)} (share "
                                "is a fraction of after-tax pay, or of what is sent; per_mover is thousand US$ a year)")
        for key in this.keys:
            number(entry.get(key, 0.0), f"{inside}, {key}")
            if entry.get(key, 0.0) < 0:
                raise ScenarioError(f"{inside}: {key} = {entry[key]} is below zero; what a mover pays is 0 or more")
            if key != "per_mover" and name != "service cost" and entry.get(key, 0.0) > 1:
                raise ScenarioError(f"{inside}: {key} = {entry[key]} is above one; it is a fraction - write 15% as "
                                    "0.15")
        for key in ("skills", "homes", "hosts"):
            labels(entry.get(key), f"{inside}, {key}")
        if this.to:
            _check_recipient(entry, this, to, inside)
        if extra and entry.get("migrants", "all") not in _WHOSE:
            raise ScenarioError(f"{inside}: migrants = {entry['migrants']!r} is not known; use one of "
                                f"{', '.join(_WHOSE)}")
        for shocked in scenario.shock:
            if shocked["variable"] in variables_of(entry):
                raise ScenarioError(f"{where}: both terms = [...] and a shock of the variable {shocked['variable']} "
                                    "are given, and one would overwrite the other; leave the shock out")
        if not scenario.moves and not only_earlier(entry):
            raise ScenarioError(f"{inside}: the scenario admits no new mover who could pay it; add a quota or "
                                "mobility, or leave the entry out")


def _check_recipient(entry: Mapping[str, Any], this: Instrument, to: dict[str, str], inside: str) -> None:
    """Refuse an unknown recipient, or a second one of the same instrument."""
    given = text_of(entry.get("to", this.to), f"{inside}, to")
    if given not in RECIPIENTS:
        near = difflib.get_close_matches(given, RECIPIENTS, 1)
        raise ScenarioError(f"{inside}: recipient '{given}' is not known; "
                            + (f"did you mean '{near[0]}'? " if near else "")
                            + f"Use one of {', '.join(RECIPIENTS)}")
    if RECIPIENTS[to.setdefault(this.term, given)] != RECIPIENTS[given]:
        raise ScenarioError(f"{inside}: it goes to '{to[this.term]}' in one entry and to '{given}' in another; an "
                            "instrument has one recipient in a scenario")
