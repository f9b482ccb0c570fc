"""Behavioural parameters of a brought benchmark: from a file, else from classes of sectors; CDE demand fitted."""

from __future__ import annotations

import numpy as np

from cge.bring import cde
from cge.bring.mapping import class_mean
from cge.bring.satellites import by_sector_region
from cge.bring.settings import Settings, data, number
from cge.errors import BenchmarkError

Arrays = dict[str, np.ndarray]
STANDARD = {"ESUBT": 0.0, "ESUBC": 0.0, "ESUBG": 1.0, "ESUBI": 0.0, "RORFLEX": 10.0, "RORDELTA": 1.0}
"""GTAP's values (Hertel 1997; Corong et al. 2017) [recalled], as in the shipped benchmarks."""


def parameters(
    settings: Settings,
    flows: Arrays,
    comm: list[str],
    weights: dict[str, dict[str, float]],
    act_weights: dict[str, dict[str, float]],
    reg: list[str],
    endw: list[str],
    acts: list[str],
) -> Arrays:
    """Elasticities by activity, commodity and region, and fitted CDE parameters.

    Parameters
    ----------
    settings : Settings
    flows : dict of str to ndarray
        ``VDPP``, ``VMPP`` (comm, reg) and, where population is known, ``POP`` (reg).
    comm, reg, endw, acts : list of str
    weights, act_weights : dict
        Classes of each commodity and each activity (`cge.bring.mapping.class_weights`).
    """
    R = len(reg)

    def wide(values: np.ndarray) -> np.ndarray:
        return np.repeat(values[:, None], R, axis=1)

    start = {"esubd": wide(class_mean(weights, "esubd"))}
    start["esubm"] = np.full_like(start["esubd"], np.nan)
    va = {"esubva": wide(class_mean(act_weights, "esubva"))}
    if settings.file("elasticities") is not None:
        both = {**start, "esubva": va["esubva"] if comm == acts else wide(class_mean(weights, "esubva"))}
        found = (
            by_sector_region(settings, "elasticities", list(both), both, list(dict.fromkeys([*comm, *acts])), reg, 1e3)
            if comm == acts
            else _by_two(settings, both, va, comm, acts, reg)
        )
        start, va = {k: found[k] for k in start}, {"esubva": found["esubva"]}
    else:
        settings.default(
            "elasticities",
            "by class of sector (SALTER and GTAP values); among sources twice those between domestic and imported",
        )
    esubm = np.where(np.isnan(start["esubm"]), 2 * start["esubd"], start["esubm"])
    subpar, incpar = _demand(settings, flows, comm, weights, reg)
    etrae = np.zeros((len(endw), R))
    if "Land" in endw:
        etrae[endw.index("Land")] = -1.0
    one = {n: np.full(R, STANDARD[n]) for n in ("ESUBG", "ESUBI", "RORFLEX")}
    return {
        "ESUBT": np.full((len(acts), R), STANDARD["ESUBT"]),
        "ESUBC": np.full((len(acts), R), STANDARD["ESUBC"]),
        "ESUBVA": va["esubva"],
        "ESUBD": start["esubd"],
        "ESUBM": esubm,
        "ESUBQ": np.zeros((len(comm), R)),
        "ETRAQ": np.full((len(acts), R), -5.0),
        "ETRAE": etrae,
        "SUBPAR": subpar,
        "INCPAR": incpar,
        "RORDELTA": np.array(STANDARD["RORDELTA"]),
        **one,
    }


def _by_two(settings: Settings, both: Arrays, va: Arrays, comm: list[str], acts: list[str], reg: list[str]) -> Arrays:
    """Elasticities where activities and commodities have different names: esubva of activities, the rest of "
    "commodities."""
    labels = list(dict.fromkeys([*comm, *acts]))

    def spread(values: np.ndarray, own: list[str]) -> np.ndarray:
        out = np.full((len(labels), len(reg)), np.nan)
        out[[labels.index(x) for x in own]] = values
        return out

    start = {
        "esubd": spread(both["esubd"], comm),
        "esubm": spread(both["esubm"], comm),
        "esubva": spread(va["esubva"], acts),
    }
    found = by_sector_region(settings, "elasticities", list(start), start, labels, reg, 1e3)
    at = {"esubd": comm, "esubm": comm, "esubva": acts}
    return {k: v[[labels.index(x) for x in at[k]]] for k, v in found.items()}


def _demand(
    settings: Settings, flows: Arrays, comm: list[str], weights: dict[str, dict[str, float]], reg: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """CDE parameters (comm, reg) nearest to published income elasticities at each region's consumption per head."""
    levels = {int(y): v for y, v in data("classes")["income_levels"].items()}
    level = np.log(levels[min(levels, key=lambda y: abs(y - settings.table["year"]))])
    income = class_mean(weights, "income")  # comm, level
    subpar, incpar = np.zeros((len(comm), len(reg))), np.zeros((len(comm), len(reg)))
    spent = flows["VDPP"] + flows["VMPP"]
    for r, name in enumerate(reg):
        total = spent[:, r].sum()
        if total <= 0:
            raise BenchmarkError(f"{settings.path}: region {name} has no private consumption; join it with another")
        share = spent[:, r] / total
        place = np.log(total / flows["POP"][r]) if settings.file("population") is not None else level[1]
        target = np.array([np.interp(place, level, row) for row in income])
        target /= (share * target).sum()
        own = cde.own_price_targets(share, target, number("frisch"))
        subpar[:, r], incpar[:, r] = cde.fit(share, target, own)
    return subpar, incpar
