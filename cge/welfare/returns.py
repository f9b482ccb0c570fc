"""The reverse of a quota: earlier migrants go home.

A quota below zero, drawn from earlier migrants in proportion to their stocks. Who goes takes away the work that she
did (``AN`` is the efficiency of earlier migrants, not of new movers) and the remittances that she sent (``RHON`` is
the pair's own rate), and is a resident of her home again: the reverse shock of the comparison with Walmsley and
Winters (2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.errors import ScenarioError, SolveFailed
from cge.scenario.elements import positions
from cge.solve.model import Model

_CERTIFIED = 1e-9
_NEARLY_ALL = 0.999


@dataclass(frozen=True)
class Returns:
    """What the return of earlier migrants does.

    Attributes
    ----------
    rate : float
        Those who go over the host's work force.
    gone : float
        Thousand workers.
    remaining : array (reg)
        Gain of earlier migrants who stay in the host, million US$.
    residents : array (reg)
        Gain of permanent residents, million US$; at home those who came back are not counted.
    world : float
        Gain of all, those who went included, million US$.
    """

    rate: float
    gone: float
    remaining: np.ndarray
    residents: np.ndarray
    world: float


def earlier_return(model: Model, rate: float, hosts: Any = "importers", homes: Any = "exporters") -> Returns:
    """Send home earlier migrants, ``rate`` of each host's work force of each skill.

    Parameters
    ----------
    model : Model
    rate : float
        Above 0: the fraction of the work force that leaves.
    hosts, homes : str or list of str
        Regions or groups; those of the homes leave in proportion to their stocks.

    Raises
    ------
    ScenarioError
        A rate not above zero, or more than the earlier migrants of some host.
    SolveFailed
    """
    if not rate > 0:
        raise ScenarioError(f"a return of {rate} of the work force is none; give a number above 0")
    data = {k: v for k, (_, v) in model.cal.data.items()}
    at, from_ = (positions(model.bench, d, n, "return of earlier migrants") for d, n in (("host", hosts),
                                                                                         ("home", homes)))
    chosen = np.zeros(data["LABOFF"].shape, bool)
    chosen[:, from_[:, None], at] = True
    stock = np.where(chosen, data["LABOFF"], 0.0)
    there, force = stock.sum(1), data["LF0"]
    for s, h in ((s, h) for s in range(len(force)) for h in at):
        if rate * force[s, h] >= there[s, h]:
            raise ScenarioError(f"{model.bench.labels('reg')[h]} has earlier migrants of these homes of "
                                f"{there[s, h] / force[s, h]:.2%} of its work force ({model.bench.labels('skill')[s]}),"
                                f" fewer than the {rate:.2%} that would go; lower the rate")
    quota = np.where(there > 0, -rate, 0.0)
    share = stock / np.where(there > 0, there, 1.0)[:, None, :]
    coefficients = {"MSHR": share, "AN": data["AE"], "RHON": data["RHOE"]}
    if model.cal.positions.nests:
        # In a model made for imperfect substitutes the movers are counted among recent migrants, of whom more could go
        # than there are; where all are perfect substitutes, as here, the part of recent ones changes nothing else.
        coefficients["RECENT"] = np.full_like(data["RECENT"], _NEARLY_ALL)
    solution = model.solve({"quota": quota}, coefficients)
    if not solution.certificate.worst <= _CERTIFIED:
        raise SolveFailed(f"return of earlier migrants: the solution fails its certificate "
                          f"({solution.certificate.worst:.1e})")
    off, gone = data["LABOFF"], -solution["mov"].values
    left = 1.0 - np.divide(gone, off, out=np.zeros_like(off), where=off > 0)
    remaining = (solution["EVearl"].transpose("skill", "home", "host").values * left).sum((0, 1))
    return Returns(rate, float(gone.sum()), remaining, solution["EV"].values, float(solution["WEV"]))
