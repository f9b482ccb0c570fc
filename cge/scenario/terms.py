"""Terms of movement of a scenario as shocks and coefficients of a model (syntax: :mod:`cge.scenario.terms_spec`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.errors import ScenarioError
from cge.model.terms_data import TERMS, largest_charge
from cge.scenario.elements import positions
from cge.scenario.spec import Scenario
from cge.scenario.terms_spec import INSTRUMENTS, RECIPIENTS, only_earlier, variables_of
from cge.solve.model import Model


def terms_of(scenario: Scenario, model: Model, shocks: Mapping[str, np.ndarray],
             coefficients: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Shocks and coefficients of the terms of movement of a scenario; where entries meet, the later one counts.

    Parameters
    ----------
    scenario : Scenario
    model : Model
    shocks, coefficients : mapping of str to array
        What the rest of the scenario asks for: it says who moves.

    Returns
    -------
    shocks, coefficients : dict of str to array

    Raises
    ------
    ScenarioError
        Unknown element; an entry about pairs without movers; charges that leave a mover nothing.
    """
    if not scenario.terms:
        return {}, {}
    bench = model.bench
    movers = moving(model, shocks, coefficients)
    out: dict[str, np.ndarray] = {}
    to: dict[str, np.ndarray] = {}
    for entry in scenario.terms:
        where = f"scenario '{scenario.name}', terms, {entry['instrument']}"
        asked = np.zeros(movers.shape, bool)
        asked[np.ix_(*(positions(bench, d, entry.get(f"{d}s"), where) for d in ("skill", "home", "host")))] = True
        found = False
        for variable, value in variables_of(entry).items():
            cells = asked & _concerned(variable, model, movers)
            if variable.startswith("serv"):
                cells = cells.any((0, 1))
            found |= bool(cells.any())
            change = out.setdefault(variable, np.array(model.base()[variable].values))
            change[cells] = value
        if not found:
            who = "nobody" if only_earlier(entry) else "no new mover"
            lacks = (" without legal status: give [labour] nostatus and statusgap, which are part of the base year"
                     if entry["instrument"] == "regularisation" else "; name other pairs, or leave the entry out")
            raise ScenarioError(f"{where}: {who} of these skills and homes lives in these hosts{lacks}")
        this = INSTRUMENTS[entry["instrument"]]
        if this.to:
            _send(to, TERMS.index(this.term), RECIPIENTS[entry.get("to", this.to)], model)
    charge = np.where(movers, largest_charge({**shocks, **out}, {**model.base().data["coef"], **coefficients}), 0.0)
    if (charge >= 1.0).any():
        s, c, h = np.unravel_index(int(charge.argmax()), charge.shape)
        raise ScenarioError(
            f"scenario '{scenario.name}', terms: together they take {charge[s, c, h]:.0%} of the after-tax pay of "
            f"{bench.labels('skill')[s]} movers from {bench.labels('home')[c]} in {bench.labels('host')[h]} (base-year "
            "wages); lower a share or fee until something is left")
    _refuse_used_up(scenario, model, {**shocks, **out}, coefficients)
    return {k: v for k, v in out.items() if np.any(v != model.base()[k].values)}, to


def _concerned(variable: str, model: Model, movers: np.ndarray) -> np.ndarray:
    """Pairs (skill, home, host) with people whom a variable is about."""
    if variable == "regular":
        return np.asarray(model.cal.data["NOSTATUS"][1] > 0)
    return np.asarray(model.cal.data["LABOFF"][1] > 0) if variable.endswith("earl") else movers


def moving(model: Model, shocks: Mapping[str, np.ndarray], coefficients: Mapping[str, np.ndarray]) -> np.ndarray:
    """Pairs (skill, home, host) that may have new movers under these shocks and coefficients."""
    admitted = np.asarray(shocks.get("quota", 0.0))
    by_quota = np.broadcast_to(admitted, model.cal.data["LF0"][1].shape)[:, None, :] * coefficients.get("MSHR", 0.0) > 0
    for_wages = (np.asarray(coefficients.get("ELASM", 0.0)) > 0) | (np.asarray(coefficients.get("FREEM", 0.0)) > 0)
    return np.asarray(by_quota | (for_wages & (model.cal.data["MOVES"][1] > 0)))


def _refuse_used_up(scenario: Scenario, model: Model, shocks: Mapping[str, np.ndarray],
                    coefficients: Mapping[str, np.ndarray]) -> None:
    """Refuse services for migrants that leave residents none of what the government provides in the base year."""
    data = {k: model.cal.data[k][1] for k in ("LF0", "MIGPOP", "POP_LEVEL")}
    came = (np.asarray(shocks.get("quota", 0.0)) * data["LF0"]).sum(0) * (1.0 + coefficients.get("FAMILY", 0.0))
    used = shocks.get("servnew", 0.0) * came + shocks.get("servearl", 0.0) * data["MIGPOP"].sum((0, 1))
    part = used / 1000.0 / data["POP_LEVEL"]
    if (part >= 1.0).any():
        h = int(part.argmax())
        raise ScenarioError(f"scenario '{scenario.name}', terms, service cost: migrants in "
                            f"{model.bench.labels('reg')[h]} would use {part[h]:.0%} of what its government "
                            "provides; lower the share")


def _send(to: dict[str, np.ndarray], term: int, recipient: str, model: Model) -> None:
    """Give all of a term to one recipient."""
    for name in dict.fromkeys(RECIPIENTS.values()):
        value = to.setdefault(name, np.array(model.cal.data[name][1]))
        value[term] = float(name == recipient)
