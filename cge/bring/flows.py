"""From an input-output table to the flows of a benchmark: use by origin, trade, tariffs, margins, taxes, value "
"added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.bring.final_use import FINAL, fold_final_use
from cge.bring.layout import USES, Icio
from cge.bring.mapping import sums
from cge.bring.settings import Log, Settings
from cge.bring.table import Mrio
from cge.errors import BenchmarkError

AGENTS = {"household": "P", "government": "G", "investment": "I"}
SMALLEST = 1e-3
"""Flows below this (million US$) are zero: rounding of the table."""
LARGEST_SUBSIDY = 0.5
"""Subsidies on purchases above this share are refused: tariffs taken out of a table's taxes that do not hold them."""
LARGEST_MARGIN = 0.5
"""Largest rate of international transport margins on the fob value."""
LEAST_VALUE_ADDED = 0.01
"""Value added below this share of output is raised to it, by a subsidy on output (assumption)."""

Arrays = dict[str, np.ndarray]
Rates = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class World:
    """A table in the regions and sectors of the benchmark, before prices.

    Attributes
    ----------
    reg, comm : list of str
    home : ndarray (comm, agent, reg)
        Use of domestic products; agents are the activities, then household, government, investment. Million US$.
    abroad : ndarray (comm, src, agent, reg)
        Use of imports by source; trade between countries of one region has src = reg.
    tax : ndarray (agent, reg)
        Taxes less subsidies on products.
    added : ndarray (acts, reg)
        Value added that the table gives.
    trade : ndarray (comm, src country, dst country)
        International trade, zero inside a country.
    """

    reg: list[str]
    comm: list[str]
    home: np.ndarray
    abroad: np.ndarray
    tax: np.ndarray
    added: np.ndarray
    trade: np.ndarray


def gather(icio: Icio, regions: dict[str, list[str]], sectors: dict[str, list[str]], log: Log) -> World:
    """Sum industries to sectors, fold the final uses country by country, sum countries to regions.

    Negative purchases of industries, households and government are treated like the running down of stocks
    (`cge.bring.final_use.fold_final_use`): the other users of the same product in the same country give them up.
    Each changed cell goes into the log.
    """
    by_sector = sums(sectors, icio.industries)
    inter = np.einsum("ai,sidj,bj->sadb", by_sector, icio.inter, by_sector, optimize=True)
    final = np.einsum("ai,sidu->sadu", by_sector, icio.final)
    comm, reg = list(sectors), list(regions)
    stock = USES.index("inventories")
    before = np.concatenate([inter, final[..., [0, 2, 3]]], axis=-1)
    before[..., -3] += final[..., 1]
    before[..., -1] += final[..., stock]
    for block, wide in ((inter, slice(None)), (final, [0, 1, 2])):
        negative = np.minimum(block[..., wide], 0.0)
        final[..., stock] += negative.sum(-1)
        block[..., wide] -= negative
        if negative.any():
            what = "purchases of industries" if block is inter else "purchases of households or government"
            log.notes.append(
                f"negative {what}: {-negative.sum():,.6g} million in {int((negative < 0).sum())} cells, taken "
                "from the other users of the product in the country"
            )
    coords = {"src": icio.countries, "comm": comm, "dst": icio.countries}
    mrio, report = fold_final_use(
        Mrio(
            xr.DataArray(inter, dims=("src", "comm", "dst", "acts"), coords={**coords, "acts": comm}),
            xr.DataArray(final, dims=("src", "comm", "dst", "use"), coords={**coords, "use": list(USES)}),
            rest="",
        )
    )
    spread, negative_investment = sum(report["spread"].values()), sum(report["negative_investment"].values())
    stocks = float(np.abs(icio.final[..., stock]).sum())
    if stocks or spread:
        log.notes.append(
            f"inventories: {stocks:,.6g} million in absolute numbers; up to 5% of a country's value added join "
            f"investment; spread over all uses of the product: {spread:,.6g} million"
        )
    if report["dropped"] or negative_investment:
        log.notes.append(
            f"stocks run down without another use, dropped: {report['dropped']:,.6g} million; negative "
            f"investment spread likewise: {-negative_investment:,.6g} million"
        )
    after = np.concatenate([mrio.inter.values, mrio.final.sel(use=list(FINAL)).values], axis=-1)
    own = np.eye(len(icio.countries))
    by_region = sums(regions, icio.countries)

    def regional(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        home = np.einsum("sadx,sd,rd->axr", cells, own, by_region, optimize=True)
        return home, np.einsum("sadx,sd,qs,rd->aqxr", cells, 1 - own, by_region, by_region, optimize=True)

    home, abroad = regional(after)
    old_home, old_abroad = regional(before)
    agents = [*comm, *FINAL]
    _record(log, old_home, home, "D", comm, agents, reg)
    _record(log, old_abroad.sum(1), abroad.sum(1), "M", comm, agents, reg)
    small = float(home[home < SMALLEST].sum() + abroad[abroad < SMALLEST].sum())
    home, abroad = np.where(home < SMALLEST, 0.0, home), np.where(abroad < SMALLEST, 0.0, abroad)
    if small:
        log.notes.append(f"flows below {SMALLEST} million dropped: {small:,.4g} million in all")
    tax = np.concatenate([icio.tax_inter @ by_sector.T, icio.tax_final[:, [0, 2, 3]]], axis=1)
    tax[:, -3] += icio.tax_final[:, 1]
    tax[:, -1] += icio.tax_final[:, stock]
    added = by_sector @ icio.value_added.T @ by_region.T
    return World(reg, comm, home, abroad, (by_region @ tax).T, added, after.sum(-1).transpose(1, 0, 2) * (1 - own))


def _record(
    log: Log, old: np.ndarray, new: np.ndarray, flow: str, comm: list[str], agents: list[str], reg: list[str]
) -> None:
    for c, a, r in np.argwhere(np.abs(new - old) > np.maximum(SMALLEST, 1e-9 * np.abs(old))):
        log.adjust("cell", flow, comm[c], agents[a], reg[r], old[c, a, r], new[c, a, r])


def price(world: World, rate: np.ndarray, settings: Settings, goods: np.ndarray, transport: int | None) -> Arrays:
    """Flow arrays of the benchmark, without the split of value added.

    Parameters
    ----------
    world : World
    rate : ndarray (comm, src, dst)
        Ad valorem tariffs on the cif value, by region.
    settings : Settings
        Options ``tariffs_from``, ``margin_rate``, ``negative_value_added``.
    goods : ndarray of bool (comm)
        Which commodities bear transport margins.
    transport : int or None
        Position of the commodity that supplies margins; None for no margins.

    Returns
    -------
    dict of str to ndarray
        GTAP v7 arrays, million US$; ``VA`` (acts, reg) is value added at purchaser prices.

    Raises
    ------
    BenchmarkError
        A margin rate above `LARGEST_MARGIN`, margins above what transport exports can supply, a tax without a base,
        value added that no rule mends.
    """
    log, comm, reg = settings.log, world.comm, world.reg
    K, R, n = len(comm), len(reg), len(comm)
    home, abroad = world.home.copy(), world.abroad.copy()
    out: Arrays = {}
    fob = abroad.sum(2)  # comm, src, reg
    freight = np.zeros_like(fob)
    if transport is not None:
        share = settings.option("margin_rate", 0.0)
        if share > LARGEST_MARGIN:
            raise BenchmarkError(
                f"{settings.path}: options.margin_rate = {share:g} is above {LARGEST_MARGIN:g}; it is a fraction of "
                "the fob value (0.03 for 3%): correct it"
            )
        pool, sold = share * float(fob[goods].sum()), float(fob[transport].sum())
        if not 0 < pool < sold:
            raise BenchmarkError(
                f"{settings.path}: options.margin_rate = {share:g}: margins of {pool:,.6g} million, but exports "
                f"of {comm[transport]} are {sold:,.6g}; give a rate between 0 and "
                f"{sold / max(float(fob[goods].sum()), 1e-9):.3g}"
            )
        log.adjust("margins", "VST", comm[transport], "exports", "world", sold, sold - pool)
        out["VST"] = fob[transport].sum(1)[None, :] * (pool / sold)
        abroad[transport] *= 1 - pool / sold
        fob = abroad.sum(2)
        freight = np.where(goods[:, None, None], share * fob, 0.0)
        out["VTWR"] = freight[None]
    else:
        out["VST"], out["VTWR"] = np.zeros((0, R)), np.zeros((0, K, R, R))
    out["VXSB"], out["VFOB"], out["VCIF"] = fob, fob.copy(), fob + freight
    out["VMSB"] = out["VCIF"] * (1 + rate)
    duty = out["VMSB"] - out["VCIF"]
    ratio = np.divide(out["VMSB"], fob, out=np.ones_like(fob), where=fob > 0)
    landed = (abroad * ratio[:, :, None, :]).sum(1)  # comm, agent, reg
    paid = (abroad * np.divide(duty, fob, out=np.zeros_like(fob), where=fob > 0)[:, :, None, :]).sum((0, 1))
    tax = world.tax - (paid if tariffs_in_taxes(world, settings, float(duty.sum())) else 0.0)
    base = (home + landed).sum(0)
    lost = (base <= 0) & (np.abs(tax) > 0)
    for a, r in np.argwhere(lost):
        log.adjust("tax without purchases", "TLS", "", [*comm, *FINAL][a], reg[r], tax[a, r], 0.0)
    use_rate = np.divide(np.where(lost, 0.0, tax), base, out=np.zeros_like(base), where=base > 0)
    if (use_rate <= -LARGEST_SUBSIDY).any():
        a, r = np.argwhere(use_rate <= -LARGEST_SUBSIDY)[0]
        raise BenchmarkError(
            f"{settings.path}: {[*comm, *FINAL][a]} of {reg[r]}: taxes less subsidies on purchases are "
            f"{tax[a, r]:,.6g} million on {base[a, r]:,.6g}; lower the tariffs there, or write tariffs_from = "
            '"value_added" in [options] if the table has no taxes on products'
        )
    out["VDFB"], out["VMFB"] = home[:, :n], landed[:, :n]
    out["VDFP"], out["VMFP"] = home[:, :n] * (1 + use_rate[:n]), landed[:, :n] * (1 + use_rate[:n])
    for i, code in enumerate(AGENTS.values()):
        for origin, cells in (("D", home), ("M", landed)):
            out[f"V{origin}{code}B"] = cells[:, n + i]
            out[f"V{origin}{code}P"] = cells[:, n + i] * (1 + use_rate[n + i])
    sold_by = home.sum(1) + fob.sum(2)
    if transport is not None:
        sold_by[transport] += out["VST"][0]
    out |= make(sold_by, world, out, settings)
    return out


def tariffs_in_taxes(world: World, settings: Settings, duty: float) -> bool:
    """Whether tariffs are part of the table's taxes on products (else they come out of value added)."""
    choice = settings.option("tariffs_from", "auto")
    if choice not in ("auto", "taxes", "value_added"):
        raise BenchmarkError(
            f'{settings.path}: options.tariffs_from = {choice!r}; write "taxes", "value_added" or "auto"'
        )
    inside = choice == "taxes" or (choice == "auto" and bool(np.abs(world.tax).sum() > 0))
    if duty > 0:
        settings.log.notes.append(
            f"tariffs of {duty:,.6g} million "
            + (
                "are part of the table's taxes on products, which fall by as much"
                if inside
                else "come out of value added where industries pay them, and add to final spending"
            )
        )
    return inside


def make(sold: np.ndarray, world: World, flows: Arrays, settings: Settings) -> Arrays:
    """Make matrix and value added; a loss is covered by a subsidy on output."""
    log, comm, reg = settings.log, world.comm, world.reg
    bought = (flows["VDFP"] + flows["VMFP"]).sum(0)
    idle = (sold <= 0) & (bought > 0)
    if idle.any():
        c, r = np.argwhere(idle)[0]
        raise BenchmarkError(
            f"{settings.path}: {comm[c]} of {reg[r]} buys inputs of {bought[c, r]:,.6g} million and sells "
            "nothing; join the sector with another, or the region"
        )
    added = sold - bought
    for a, r in np.argwhere(np.abs(added - world.added) > np.maximum(SMALLEST, 1e-9 * np.abs(world.added))):
        log.adjust("value added", "VA", "", comm[a], reg[r], world.added[a, r], added[a, r])
    rule = settings.option("negative_value_added", "subsidy")
    if rule not in ("subsidy", "refuse"):
        raise BenchmarkError(f'{settings.path}: options.negative_value_added = {rule!r}; write "subsidy" or "refuse"')
    least = LEAST_VALUE_ADDED * sold
    short_of = np.where(added < least, least - added, 0.0)
    if (short_of > 0).any():
        a, r = np.unravel_index(int(short_of.argmax()), short_of.shape)
        if rule != "subsidy":
            raise BenchmarkError(
                f"{settings.path}: value added of {comm[a]} in {reg[r]} is {added[a, r]:,.6g} million on an "
                f"output of {sold[a, r]:,.6g} ({int((short_of > 0).sum())} such); join it with another sector, "
                'or write negative_value_added = "subsidy" in [options]'
            )
        for a, r in np.argwhere(short_of > 0):
            log.adjust("output subsidy", "MAKS", comm[a], "", reg[r], added[a, r], added[a, r] + short_of[a, r])
    eye = np.eye(len(comm))[:, :, None]
    return {"MAKB": eye * sold[None], "MAKS": eye * (sold + short_of)[None], "VA": added + short_of}
