"""New movers tied to a sector: what a scenario file asks for, as activities of the model and coefficients.

::

    [scenario.A]
    quota = [{ rate = 0.02, skills = ["UnskLab"] }]
    tied = [
        { to = ["Agr"] },                                              # who moves works in farming
        { to = ["Cons", "Transp"], share = 0.5, hosts = ["USA"] },     # half of those to the USA in one of the two
    ]

``to``: the activities of a tie, among which movers go where pay is best. ``share``: part of the movers of the pair
(1 by default) who are tied; parts of several ties add up, the rest works anywhere. ``floor``: their wage is at least
that part of the market's (0 by default, 1: the prevailing wage). ``skills``, ``homes``, ``hosts``: whose movers; all by
default, that is wherever the scenario has movers. Where entries of one tie meet, the later one counts. Ties of one
skill and host must not share an activity. Nobody is tied by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model.tied_data import NO_FLOOR, Ties
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, number

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario
    from cge.solve.model import Model

_KEYS = {"to", "share", "floor", "skills", "homes", "hosts"}


def check_tied(scenario: Scenario, where: str) -> None:
    """Refuse ties of the wrong kind or size.

    Raises
    ------
    ScenarioError
        Unknown key, no activity, a share or floor that is no fraction, a scenario without movers.
    """
    here = f"{where}, tied"
    for entry in scenario.tied:
        check_keys(entry, _KEYS, here)
        if "to" not in entry:
            raise ScenarioError(f"{here}: 'to' is missing; name the activities in which movers may work, as "
                                'to = ["Agr"]')
        for key in ("to", "skills", "homes", "hosts"):
            labels(entry.get(key), f"{here}, {key}")
        for key, least in (("share", "above 0"), ("floor", "0 or more")):
            number(entry.get(key, 1.0), f"{here}, {key}")
            value = entry.get(key, 1.0)
            if value < 0 or value > 1 or (key == "share" and value == 0):
                raise ScenarioError(f"{here}: {key} = {value} is out of range; it is a fraction, {least} and at most 1")
    if scenario.tied and not scenario.moves:
        raise ScenarioError(f"{here}: the scenario admits no new mover who could be tied; add a quota or mobility, or "
                            "leave the entry out")


def ties_of(scenarios: Iterable[Scenario], bench: Benchmark) -> Ties | None:
    """Activities to which the movers of these scenarios are tied; None where nobody is.

    Parameters
    ----------
    scenarios : iterable of Scenario
    bench : Benchmark

    Raises
    ------
    ScenarioError
        An element that the benchmark does not have; labour that is not mobile between activities.
    """
    acts: dict[str, np.ndarray] = {}
    skills, regs = bench.labels("skill"), bench.labels("reg")
    where: dict[str, np.ndarray] = {}
    for s in scenarios:
        here = f"scenario '{s.name}', tied"
        for entry in s.tied:
            name = _name(entry, bench, here)
            acts[name] = positions(bench, "acts", entry["to"], f"{here}, to")
            cells = np.ix_(positions(bench, "skill", entry.get("skills"), here),
                           positions(bench, "host", entry.get("hosts"), here))
            where.setdefault(name, np.zeros((len(skills), len(regs)), bool))[cells] = True
            for skill in (skills[i] for i in cells[0][:, 0]):
                if bench.mobility[skill] != "mobile":
                    raise ScenarioError(f"{here}: {skill} is {bench.mobility[skill]} in benchmark {bench.name}, so "
                                        "that its wage differs by activity anyway; make it mobile, with [closure] "
                                        f"mobility = {{ {skill} = \"mobile\" }}, or leave the tie out")
    return Ties(acts, np.stack(list(where.values()), -1)) if acts else None


def tied_of(scenario: Scenario, model: Model, movers: np.ndarray) -> dict[str, np.ndarray]:
    """Coefficients of the ties of a scenario.

    Parameters
    ----------
    scenario : Scenario
    model : Model
    movers : bool array (skill, home, host)
        Pairs that may have new movers.

    Returns
    -------
    dict of str to array
        TIEPART (skill, home, host, tie) and TIEMOST (skill, reg, tie).

    Raises
    ------
    ScenarioError
        A model made without these ties; an entry about nobody; an activity in which nobody of the skill works; ties of
        one skill and host that share an activity; parts above one.
    """
    if not scenario.tied:
        return {}
    bench, where = model.bench, f"scenario '{scenario.name}', tied"
    names = [_name(entry, bench, where) for entry in scenario.tied]
    made = list(model.ties.acts) if model.ties else []
    if set(names) - set(made):
        raise ScenarioError(f"{where}: the model was not made for movers tied to {' or '.join(names)}; make it with "
                            "Model(benchmark, ties=ties_of(scenarios, benchmark)), this one among them")
    part = np.zeros(model.cal.data["TIEPART"][1].shape)
    most = np.array(model.cal.data["TIEMOST"][1])
    for entry, name in zip(scenario.tied, names, strict=True):
        t = made.index(name)
        asked = np.zeros(movers.shape, bool)
        asked[np.ix_(*(positions(bench, d, entry.get(f"{d}s"), where) for d in ("skill", "home", "host")))] = True
        asked &= movers
        if not asked.any():
            raise ScenarioError(f"{where}: no new mover of these skills and homes comes to these hosts; name other "
                                "pairs, or leave the entry out")
        _refuse_empty(entry, np.any(asked, axis=1), model, where)
        part[asked, t] = entry.get("share", 1.0)
        floor = entry.get("floor", 0.0)
        most[asked.any(1), t] = min(-np.log(floor), NO_FLOOR) if floor > 0 else NO_FLOOR
    _refuse_shared(part, made, model, where)
    over = part.sum(-1)
    if (over > 1.0 + 1e-9).any():
        s, c, h = np.unravel_index(int(over.argmax()), over.shape)
        raise ScenarioError(f"{where}: {over[s, c, h]:.0%} of the {bench.labels('skill')[s]} movers from "
                            f"{bench.labels('home')[c]} in {bench.labels('host')[h]} would be tied; lower the shares "
                            "to a sum of at most 1")
    return {"TIEPART": part, "TIEMOST": most}


def _name(entry: Mapping[str, Any], bench: Benchmark, where: str) -> str:
    """A tie is called by its activities, in the order of the benchmark."""
    return "+".join(bench.labels("acts")[i] for i in positions(bench, "acts", entry["to"], f"{where}, to"))


def _refuse_empty(entry: Mapping[str, Any], asked: np.ndarray, model: Model, where: str) -> None:
    """Refuse activities that employ nobody of the skill in the host."""
    bench = model.bench
    for a in positions(bench, "acts", entry["to"], where):
        for s, h in np.argwhere(asked & ~(model.cal.data["LABACT"][1][:, a] > 0)):
            raise ScenarioError(f"{where}: {bench.labels('acts')[a]} employs no {bench.labels('skill')[s]} in "
                                f"{bench.labels('reg')[h]}, and an activity without workers can take none; name "
                                "another activity or other hosts")


def _refuse_shared(part: np.ndarray, names: list[str], model: Model, where: str) -> None:
    """Refuse ties of one skill and host with an activity in common: whose wage it pays would be open."""
    used: np.ndarray = np.any(part > 0, axis=1)  # skill, host, tie
    taken = np.einsum("sht,ta->sha", used.astype(float), model.cal.data["TIEACTS"][1])
    for s, h, a in np.argwhere(taken > 1.5):
        both = [n for t, n in enumerate(names) if used[s, h, t] and model.cal.data["TIEACTS"][1][t, a]]
        raise ScenarioError(f"{where}: the ties {' and '.join(both)} of {model.bench.labels('skill')[s]} in "
                            f"{model.bench.labels('host')[h]} share {model.bench.labels('acts')[a]}; give the movers "
                            "one tie, or ties without a common activity")
