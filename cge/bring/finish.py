"""From priced flows to a checked benchmark folder: factors, capital, people, parameters, saving, provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cge._version import __version__
from cge.benchmark.checks import check_benchmark
from cge.benchmark.convert import target_folder
from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.benchmark.identities import net_remittances, spending, tax_revenue
from cge.benchmark.io import write_benchmark
from cge.bring.mapping import class_mean
from cge.bring.parameters import parameters
from cge.bring.people import remittances, workers_and_migrants
from cge.bring.price_levels import price_levels
from cge.bring.satellites import by_region, by_sector_region
from cge.bring.settings import Settings, number
from cge.errors import BenchmarkError

Arrays = dict[str, np.ndarray]
ENDOWMENTS = ("Land", "UnskLab", "SkLab", "Capital", "NatRes")
SKILLS = ("UnskLab", "SkLab")
MOBILITY = {"Land": "sluggish", "NatRes": "fixed"}
Weights = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Brought:
    """A benchmark made of a user's table, and the record of its making.

    Attributes
    ----------
    benchmark : Benchmark
    settings : Settings
        With the log: ``settings.log.defaults``, ``.notes``, ``.adjustments()``.
    """

    benchmark: Benchmark
    settings: Settings

    def text(self) -> str:
        """The report, lines of plain text."""
        b, log = self.benchmark, self.settings.log
        gdp = float((spending(b, "P") + spending(b, "G") + spending(b, "I")).sum())
        lines = [
            f"{b.name}: {b.meta['title']}",
            "sets: " + ", ".join(f"{len(b.sets[s])} {s}" for s in b.sets),
            f"world final spending {gdp:,.6g} million; labour: {', '.join(b.sets['skill']) or 'none'}; migrants: "
            + ("yes" if b.has_labour and float(b["LAB"].sum()) > float(_own(b)) else "none"),
        ]
        lines += [f"note: {x}" for x in log.notes]
        lines += [f"default taken: {x}" for x in log.defaults] or ["no default taken: every satellite was given"]
        lines += [f"adjusted: {x}" for x in log.totals()] or ["nothing adjusted"]
        return "\n".join(lines)


def _own(b: Benchmark) -> float:
    return float(np.einsum("shh->", b["LAB"].values))


def split_value_added(
    settings: Settings, added: np.ndarray, weights: Weights, acts: list[str], reg: list[str]
) -> dict[str, np.ndarray]:
    """Value added (acts, reg) by endowment: labour by skill, land, natural resources, capital the rest."""
    names = ("labour", "skilled", "land", "natres")
    start = {n: np.repeat(class_mean(weights, n)[:, None], len(reg), axis=1) for n in names}
    if settings.file("factor_shares") is None:
        settings.default(
            "factor_shares",
            "by class of sector (labour, skilled, land, natural resources; assumptions and world "
            "means, cge/bring/data/classes.toml)",
        )
        share = start
    else:
        share = by_sector_region(settings, "factor_shares", names, start, acts, reg)
        over = share["land"] + share["natres"] >= 1
        if over.any():
            a, r = np.argwhere(over)[0]
            raise BenchmarkError(
                f"{settings.file('factor_shares')}: land and natres of {acts[a]} in {reg[r]} leave nothing for "
                "capital; their sum must stay below 1"
            )
    labour = share["labour"] * added
    rest = added - labour
    parts = {
        "Land": share["land"] * rest,
        "UnskLab": (1 - share["skilled"]) * labour,
        "SkLab": share["skilled"] * labour,
    }
    parts["NatRes"] = share["natres"] * rest
    parts["Capital"] = rest - parts["Land"] - parts["NatRes"]
    return {e: parts[e] for e in ENDOWMENTS if parts[e].any()}


def finish(
    settings: Settings,
    flows: Arrays,
    factors: dict[str, np.ndarray],
    sets: dict[str, list[str]],
    regions: dict[str, list[str]],
    weights: Weights,
    act_weights: Weights,
    table: Path,
    to: str | Path,
    income_tax: np.ndarray | None = None,
    consumption: Mapping[str, float] | None = None,
) -> Brought:
    """Complete a benchmark, check it and write its folder.

    Parameters
    ----------
    settings : Settings
    flows : dict
        As `cge.bring.flows.price` gives.
    factors : dict
        Factor payments (acts, reg) by endowment, before income tax; ``flows["EVFP"]``, if there, adds factor-use tax.
    sets : dict
        reg, comm, acts, marg.
    regions : dict
        Countries of each region, for the satellites.
    weights, act_weights : dict
        Classes of commodities and activities.
    table : Path
        The user's table, for the provenance.
    to : str or path
        Folder to write; its last part is the benchmark's name.
    income_tax : ndarray (endw, reg), optional
        Rates that the table itself gives; a file of taxes replaces them.
    consumption : mapping of str to float, optional
        Household consumption by country at purchaser prices, million US$, for price levels by country; default one
        number for all.

    Raises
    ------
    BenchmarkError
        A satellite that does not fit, or a check that fails.
    """
    folder = target_folder(to)
    reg, comm, acts = sets["reg"], sets["comm"], sets["acts"]
    endw = list(factors)
    skills = [s for s in settings.table.get("labour", SKILLS) if s in endw]
    a: Arrays = {k: v for k, v in flows.items() if k in HEADERS}
    a["EVFB"] = np.stack([factors[e] for e in endw])
    a.setdefault("EVFP", a["EVFB"].copy())
    keep = 1 - _income_tax(settings, endw, skills, regions, income_tax)
    a["EVOS"] = a["EVFB"] * keep[:, None, :]
    gdp = sum((a[f"V{o}{g}P"]).sum(0) for o in "DM" for g in "PGI") + a["VFOB"].sum((0, 2)) - a["VCIF"].sum((0, 1))
    gdp = gdp + a["VST"].sum(0)
    a["VKB"], a["VDEP"] = _capital(
        settings, gdp, a["EVOS"][endw.index("Capital")].sum(0) if "Capital" in endw else 0 * gdp, regions
    )
    if settings.file("population") is None:
        settings.default("population", "one million in every region; demand elasticities are those of middle income")
        a["POP"] = np.ones(len(reg))
    else:
        a["POP"] = by_region(settings, "population", {"population": True}, regions)["population"]
    bill = a["EVFB"][[endw.index(s) for s in skills]].sum(1)
    a |= workers_and_migrants(settings, bill, a["POP"], regions, skills)
    a |= parameters(settings, a, comm, weights, act_weights, reg, endw, acts)
    level = price_levels(settings, regions, consumption)
    if level is not None:
        a["PRICELEVEL"] = level
    a["SAVE"] = np.zeros(len(reg))
    all_sets = {
        "reg": tuple(reg),
        "comm": tuple(comm),
        "acts": tuple(acts),
        "marg": tuple(sets["marg"]),
        "endw": tuple(endw),
        "skill": tuple(skills),
    }
    meta = _meta(settings, table, all_sets)
    coords = {dim: list(all_sets[of]) for dim, of in DIM_SET.items()}
    arrays = {
        n: xr.DataArray(v, dims=HEADERS[n].dims, coords={d: coords[d] for d in HEADERS[n].dims}) for n, v in a.items()
    }
    bench = Benchmark(folder.name, all_sets, arrays, meta)
    sent = remittances(settings, bench, regions, gdp)
    if sent is not None:
        bench = bench.replace(
            REMIT=xr.DataArray(sent, dims=HEADERS["REMIT"].dims, coords={d: coords[d] for d in HEADERS["REMIT"].dims})
        )
    income = (
        bench["EVOS"].sum(["endw", "acts"]) + sum(tax_revenue(bench).values()) - bench["VDEP"] + net_remittances(bench)
    )
    bench = bench.replace(SAVE=income - spending(bench, "P") - spending(bench, "G"))
    log = settings.log
    made = {**bench.meta["import"], "defaults": log.defaults, "notes": log.notes, "adjusted": log.totals()}
    brought = Brought(bench.replace(meta={"import": made}), settings)
    check_benchmark(brought.benchmark)
    write_benchmark(
        brought.benchmark, folder, extra={"import.txt": brought.text() + "\n", "adjustments.csv": log.adjustments()}
    )
    return brought


def _income_tax(
    settings: Settings, endw: list[str], skills: list[str], regions: dict[str, list[str]], given: np.ndarray | None
) -> np.ndarray:
    """Rates of income tax (endw, reg)."""
    rate = np.zeros((len(endw), len(regions))) if given is None else given.copy()
    if settings.file("taxes") is None:
        if given is None:
            settings.default("taxes", "no tax on the income of labour and capital")
        return rate
    found = by_sector_region(
        settings,
        "taxes",
        ("labour", "capital"),
        {n: np.zeros((1, len(regions))) for n in ("labour", "capital")},
        ["*"],
        list(regions),
        0.95,
    )
    for e, name in enumerate(endw):
        rate[e] = found["labour" if name in skills else "capital"][0]
    return rate


def _capital(
    settings: Settings, gdp: np.ndarray, rent: np.ndarray, regions: dict[str, list[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Capital stock and depreciation (reg), million US$."""
    reg = list(regions)
    if settings.file("capital") is not None:
        found = by_region(settings, "capital", {"stock": True, "depreciation": True}, regions)
        stock, loss = found["stock"], found["depreciation"]
        for r, name in enumerate(reg):
            if stock[r] <= 0 or not 0 <= loss[r] < rent[r]:
                raise BenchmarkError(
                    f"{settings.file('capital')}: {name}: stock {stock[r]:,.6g}, depreciation {loss[r]:,.6g}; the "
                    f"stock is positive, and depreciation below capital income after tax ({rent[r]:,.6g})"
                )
        return stock, loss
    ratio, part = number("capital_over_gdp"), number("depreciation")
    settings.default("capital", f"stock {ratio:g} times GDP, depreciation {part:g} of it (world means of world2014)")
    stock = ratio * gdp
    loss = part * stock
    for r, name in enumerate(reg):
        if loss[r] > 0.5 * rent[r]:
            settings.log.adjust("depreciation", "VDEP", "", "", name, loss[r], 0.5 * rent[r])
    return stock, np.minimum(loss, 0.5 * rent)


def _meta(settings: Settings, table: Path, sets: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    t = settings.table

    def digest(path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    for group, members in t.get("groups", {}).items():
        stray = [m for m in members if m not in sets["reg"]]
        if stray:
            raise BenchmarkError(f"{settings.path}: groups.{group}: {stray[0]} is no region ({', '.join(sets['reg'])})")
    files = {n: {"file": v, "sha256": digest(settings.path.parent / v)} for n, v in t.get("files", {}).items()}
    meta: dict[str, Any] = {
        "title": t.get("title", f"Benchmark of {table.name}"),
        "year": t["year"],
        "unit": "million US$",
        "mobility": {e: MOBILITY.get(e, "mobile") for e in sets["endw"]},
        "beta_earlier": {
            "value": settings.fraction("beta_earlier", number("beta_earlier")),
            "source": "option beta_earlier"
            if "beta_earlier" in t.get("options", {})
            else "default, as in the shipped benchmarks (assumption)",
        },
        "sources": t.get("sources", {"table": table.name}),
        "import": {
            "table": table.name,
            "sha256": digest(table),
            "settings": settings.path.name,
            "settings_sha256": digest(settings.path),
            "cge": __version__,
            "files": files,
        },
    }
    return meta | {k: t[k] for k in ("groups", "long_names") if k in t}
