"""Workers, migrants and remittances of a user's files, made to fit the wage bills."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.wages import migrant_accounts
from cge.bring.corridors import cap_and_move
from cge.bring.satellites import pairs, read_long
from cge.bring.settings import Settings, number
from cge.errors import BenchmarkError

Arrays = dict[str, np.ndarray]
LARGEST_SHARE = 0.9
"""Migrants above this share of a work force are cut to it; the checks allow 0.95."""
LARGEST_REMITTANCE = 0.5
"""Remittances over after-tax income, at most (`cge.benchmark.checks`)."""


def workers_and_migrants(
    settings: Settings, bill: np.ndarray, population: np.ndarray, regions: dict[str, list[str]], skills: list[str]
) -> Arrays:
    """Labour stocks ``LAB`` (skill, home, host; thousand) and migrants of all ages ``MPOP`` (home, host; thousand).

    Empty where the user gives neither workers nor migrants: the benchmark is then standard GTAP.

    Parameters
    ----------
    settings : Settings
    bill : ndarray (skill, reg)
        Wage bills, million US$.
    population : ndarray (reg)
        Million persons; meaningless where the user gives no file.
    regions : dict
        Countries of each region.
    skills : list of str
        Unskilled first.
    """
    reg = list(regions)
    has_migrants = settings.file("migrants") is not None
    if settings.file("workers") is None and not has_migrants:
        settings.default("workers", "none; without labour stocks the model is standard GTAP, without quotas and movers")
        settings.default("migrants", "none")
        return {}
    if not skills:
        raise BenchmarkError(
            f"{settings.path}: workers or migrants, but no factor is labour; call the account Labour, or name it: "
            'labour = ["..."]'
        )
    if settings.file("population") is None:
        raise BenchmarkError(
            f"{settings.path}: workers or migrants without population; name a file population (reg, population in "
            "million) in [files]"
        )
    force = _work_force(settings, bill, population, regions, skills)
    if not has_migrants:
        settings.default("migrants", "none: every worker works at home")
        moved, persons = np.zeros((len(skills), len(reg), len(reg))), np.zeros((len(reg), len(reg)))
    else:
        moved, persons = _migrants(settings, force, regions, skills)
    lab = moved.copy()
    lab[:, np.arange(len(reg)), np.arange(len(reg))] = force - moved.sum(1)
    out = {"LAB": lab, "MPOP": persons}
    return out if has_migrants else {"LAB": lab}


def _split(settings: Settings, bill: np.ndarray) -> np.ndarray:
    """Shares of skills in the workers of a region (skill, reg), from the wage bills and one ratio of wages."""
    ratio = settings.option("skilled_wage_ratio", number("skilled_wage_ratio"))
    if ratio <= 0:
        raise BenchmarkError(
            f"{settings.path}: options.skilled_wage_ratio = {ratio:g}; write a positive number, as 2.0"
        )
    heads = bill / np.array([1.0] + [ratio] * (len(bill) - 1))[:, None]
    return heads / heads.sum(0)


def _work_force(
    settings: Settings, bill: np.ndarray, population: np.ndarray, regions: dict[str, list[str]], skills: list[str]
) -> np.ndarray:
    reg = list(regions)
    if settings.file("workers") is None:
        part = number("workers_per_head")
        settings.default(
            "workers",
            f"{part:g} of the population (world mean of world2014), skills as the wage bills at "
            f"a wage ratio of {settings.option('skilled_wage_ratio', number('skilled_wage_ratio')):g}",
        )
        return part * 1000 * population * _split(settings, bill)
    members = {r: r for r in regions} | {c: r for r, some in regions.items() for c in some}
    frame = read_long(
        settings, "workers", {"reg": True, "skill": False}, {"workers": True}, {"reg": list(members), "skill": skills}
    )
    path = settings.file("workers")
    mixed = frame["skill"].nunique() > 1 and (frame["skill"] == "*").any()
    if (frame["reg"] == "*").any() or mixed or (frame["workers"] < 0).any():
        raise BenchmarkError(
            f"{path}: a line has reg *, a negative number, or a skill where others have none; write one line "
            "for each region, and for each skill or for none"
        )
    total = frame.assign(reg=frame["reg"].map(members)).groupby(["reg", "skill"])["workers"].sum()
    labels = skills if (frame["skill"] != "*").all() else ["*"]
    lacking = [(r, s) for r in reg for s in labels if (r, s) not in total.index]
    if lacking:
        raise BenchmarkError(
            f"{path}: no workers of {' '.join(lacking[0])} ({len(lacking)} such); add a line for each region"
        )
    table = np.array([[total[(r, s)] for r in reg] for s in labels])
    if labels == ["*"]:
        ratio = settings.option("skilled_wage_ratio", number("skilled_wage_ratio"))
        settings.default("skills of workers", f"as the wage bills, at a wage ratio of {ratio:g} (assumption)")
        table = table * _split(settings, bill)
    return table


def _migrants(
    settings: Settings, force: np.ndarray, regions: dict[str, list[str]], skills: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    reg, log = list(regions), settings.log
    frame, unit = pairs(settings, "migrants", ("workers", "persons"), regions, skills)
    part = settings.fraction("participation", number("participation")) if unit == "persons" else 1.0
    if unit == "persons":
        log.notes.append(f"migrants: {part:g} workers for each person of all ages (option participation)")
    if (frame["skill"] == "*").all():
        settings.default("skills of migrants", "those of the host's work force")
    inside = frame["home"] == frame["host"]
    if inside.any():
        log.notes.append(
            f"migrants between countries of one region, or at home, counted as at home: "
            f"{frame.loc[inside, 'value'].sum():,.6g} thousand"
        )
    moved = _cells(frame[~inside], reg, skills, force / force.sum(0)) * part
    persons = moved.sum(0) / part
    away = moved.sum(1)  # skill, host
    limit = LARGEST_SHARE * force
    for s, r in np.argwhere(away > limit):
        log.adjust("migrants cut", "LAB", skills[s], "", reg[r], away[s, r], limit[s, r])
    scale = np.divide(limit, away, out=np.ones_like(away), where=away > limit)
    return moved * scale[:, None, :], persons


def _cells(frame: pd.DataFrame, reg: list[str], skills: list[str], share: np.ndarray) -> np.ndarray:
    """Array (skill, home, host) of lines; those of all skills are split with `share` (skill, host)."""
    out = np.zeros((len(skills), len(reg), len(reg)))
    for row in frame.itertuples():
        h, r = reg.index(row.home), reg.index(row.host)
        if row.skill == "*":
            out[:, h, r] += row.value * share[:, r]
        else:
            out[skills.index(row.skill), h, r] += row.value
    return out


def remittances(
    settings: Settings, bench: Benchmark, regions: dict[str, list[str]], gdp: np.ndarray
) -> np.ndarray | None:
    """Remittances ``REMIT`` (skill, home, host; million US$), at most half of after-tax income by corridor.

    What a corridor cannot carry moves to the receiver's other hosts, and the rest is dropped; both are reported.

    Parameters
    ----------
    settings : Settings
    bench : Benchmark
    regions : dict
        Countries of each region.
    gdp : ndarray (reg)
        Gross domestic product, million US$.

    Raises
    ------
    BenchmarkError
        Remittances without migrants; a pair above the GDP of the host, which is an error of units.
    """
    if settings.file("remittances") is None:
        if bench.has_labour and settings.file("migrants") is not None:
            settings.default("remittances", "none")
        return None
    if settings.file("migrants") is None:
        raise BenchmarkError(
            f"{settings.path}: remittances without migrants; name a file migrants in [files], or take the "
            "remittances out"
        )
    log, reg, skills = settings.log, list(regions), list(bench.sets["skill"])
    income = migrant_accounts(bench)["income"].values  # skill, home, host
    frame, _ = pairs(settings, "remittances", ("value",), regions, skills)
    for (home, host), value in frame.groupby(["home", "host"])["value"].sum().items():
        if value > gdp[reg.index(host)]:
            raise BenchmarkError(
                f"{settings.file('remittances')}: {value:,.6g} million US$ sent from {host} to {home} are above the "
                f"GDP of {host} ({gdp[reg.index(host)]:,.6g} million); the file is in million US$: correct the unit"
            )
    inside = frame["home"] == frame["host"]
    if inside.any():
        log.notes.append(
            f"remittances between countries of one region left out: {frame.loc[inside, 'value'].sum():,.6g} million US$"
        )
    frame = frame[~inside]
    limit = LARGEST_REMITTANCE * (1 - 1e-12) * income
    by_skill = bool((frame["skill"] != "*").all()) and len(frame) > 0
    if by_skill:
        wanted, room = _cells(frame, reg, skills, np.zeros((len(skills), len(reg)))), limit
    else:
        wanted, room = (
            _cells(frame.assign(skill=skills[0]), reg, skills, np.zeros((len(skills), len(reg))))[:1],
            limit.sum(0)[None],
        )
    placed = []
    for want, top in zip(wanted, room):
        coords = {"home": reg, "host": reg}
        got, moved, unplaced = cap_and_move(
            xr.DataArray(want, dims=("home", "host"), coords=coords),
            xr.DataArray(top, dims=("home", "host"), coords=coords),
        )
        placed.append(got.values)
        for h, r in np.argwhere(np.abs(got.values - want) > 1e-9):
            log.adjust("remittances", "REMIT", "", reg[r], reg[h], want[h, r], got.values[h, r])
        if float((moved + unplaced).sum()) > 0:
            log.notes.append(
                f"remittances of {want.sum():,.6g} million: {float(moved.sum()):,.6g} moved to other hosts of the "
                f"receiver, {float(unplaced.sum()):,.6g} dropped, being more than half of what migrants earn"
            )
    if by_skill:
        return np.array(placed)
    share = np.divide(placed[0], income.sum(0), out=np.zeros_like(placed[0]), where=income.sum(0) > 0)
    return income * share[None]
