"""Synthetic worlds of any size with the structure of a real data base, for timing and for teaching.

Regions differ in size by four to five orders of magnitude and trade by gravity,
so that small regions live on large ones; sectors are of unequal weight and kind;
a part of all flows is zero. The numbers are invented, their proportions are
those of the GTAP data base (Aguiar, Chepeliev, Corong, McDougall, van der
Mensbrugghe 2019, J. Global Economic Analysis 4(1)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.benchmark.data import Benchmark
from cge.benchmark.synth_accounts import (
    CAPITAL,
    DEPRECIATION,
    ENDOWMENTS,
    SKILLS,
    Flows,
    Technology,
    labelled,
    migrant_income,
    net_remittances,
)
from cge.benchmark.synth_draws import (
    Geography,
    draw_budgets,
    draw_factor_shares,
    draw_geography,
    draw_inputs,
    draw_parameters,
    draw_rates,
    kinds_of,
    sector_labels,
)
from cge.errors import BenchmarkError

_WORLD = 8e7  # million US$: spending of all regions
_UNEVEN = 0.05  # trade balances over spending, at most about this
_REMITTED = 0.1  # remittances received over spending, at most
_PERSON = 1e-3  # thousand workers: a smaller stock of migrants is none


def synthetic_world(
    regions: int,
    sectors: int,
    seed: int = 0,
    *,
    hard: bool = False,
    migrants: bool = True,
    taxes: bool = True,
    margins: int = 1,
) -> Benchmark:
    """Construct a balanced world of the given size.

    Parameters
    ----------
    regions, sectors : int
        At least 2 each, without upper limit. Commodities and activities carry
        the same labels: farming (Agr), extraction (Ext), manufacturing (Man)
        and services (Svc), in about the proportions of GTAP's 65 sectors.
    seed : int
        Not negative. Equal arguments give the same benchmark.
    hard : bool
        Whether to make the data hard for a solver: elasticities of
        substitution among sources up to 24, very skewed shares of sectors,
        inputs and sources, tariffs three times as high.
    migrants : bool
        Whether there are bilateral labour stocks and remittances.
    taxes : bool
        Whether there are taxes: output, factor use, income, use by every
        agent, exports, tariffs.
    margins : int
        Number of transport services among the services (GTAP has 3).

    Returns
    -------
    Benchmark
        Land is sluggish, natural resources are fixed, the rest is mobile.
        Regions with wages above the median are the group ``importers``.

    Raises
    ------
    BenchmarkError
        A size, seed or number of margins out of range.
    """
    for what, number in (("regions", regions), ("sectors", sectors)):
        if number < 2:
            raise BenchmarkError(f"--{what} {number}: a synthetic benchmark has at least 2 {what}; give 2 or more")
    if seed < 0:
        raise BenchmarkError(f"--seed {seed}: the seed is a whole number that is not negative; give 0 or more")
    kinds = kinds_of(sectors)
    services = int((kinds == "Svc").sum())
    if not 0 <= margins <= services:
        raise BenchmarkError(f"--margins {margins}: the services among {sectors} sectors number {services}; give 0 to "
                             f"{services}")
    rng = np.random.default_rng([seed, regions, sectors, hard])
    reg = tuple(f"R{i + 1:0{len(str(regions))}d}" for i in range(regions))
    comm = sector_labels(kinds)
    marg = comm[sectors - margins:]
    sets = {"reg": reg, "comm": comm, "acts": comm, "marg": marg, "endw": ENDOWMENTS, "skill": SKILLS}
    world = draw_geography(rng, regions)
    technology, attraction = _technology(rng, world, kinds, hard, taxes, margins)
    flows = _balanced(rng, technology, attraction, _WORLD * world.size)
    arrays = {**flows, **draw_parameters(rng, kinds, regions, hard)}
    arrays |= _people(rng, flows, world, sets, migrants)
    if migrants:
        arrays["SAVE"] = arrays["SAVE"] + net_remittances(arrays["REMIT"])
    rich = world.wealth > np.median(world.wealth)
    meta = {
        "title": f"Synthetic world, {'hard' if hard else 'usual'} data (invented numbers)",
        "groups": {"importers": [r for r, yes in zip(reg, rich) if yes],
                   "exporters": [r for r, yes in zip(reg, rich) if not yes]},
        "sources": [f"cge synth --regions {regions} --sectors {sectors} --seed {seed}"
                    + (" --hard" if hard else "") + ("" if migrants else " --no-migrants")
                    + ("" if taxes else " --no-taxes") + f" --margins {margins}"],
    }
    return labelled(f"synth-{regions}x{sectors}-{seed}{'-hard' if hard else ''}", sets, arrays, meta)


@dataclass(frozen=True)
class _Attraction:
    """Pull of each source on the imports of a region (comm, src, dst), before the sources are scaled."""

    weight: np.ndarray

    def shares(self, scale: np.ndarray) -> np.ndarray:
        """Trade shares when every source's pull is scaled (reg)."""
        pull = self.weight * scale[:, None]
        total = pull.sum(1, keepdims=True)
        return np.divide(pull, total, out=np.zeros_like(pull), where=total > 0)


def _technology(
    rng: np.random.Generator, world: Geography, kinds: np.ndarray, hard: bool, taxes: bool, margins: int
) -> tuple[Technology, _Attraction]:
    """Draw everything the flows follow from; trade shares are set by :func:`_balanced`."""
    C, R = len(kinds), len(world.size)
    goods = kinds != "Svc"
    # Small regions do not make every good; the largest makes all, so that each is made somewhere. Land and
    # natural resources have a use everywhere: the first of each kind is made.
    first = np.append(True, kinds[1:] != kinds[:-1])
    made = ~((goods & ~first)[:, None] & (world.small > 0.4) & (rng.random((C, R)) < 0.15))
    attraction = _gravity(rng, world, kinds, made, hard)
    imported = np.asarray((attraction.weight > 0).any(axis=1))
    inputs = draw_inputs(rng, kinds, world, made, imported, hard)
    carrier = world.size**0.9 * rng.lognormal(0, 0.8, (margins, R))
    carrier *= (rng.random((margins, R)) < 0.8) | (world.size == world.size.max())
    split = np.array([0.60, 0.17, 0.23])[:, None] * rng.uniform(0.85, 1.15, (3, R))
    split /= split.sum(0)
    return Technology(
        maker=np.repeat(np.eye(C)[:, :, None], R, axis=2) * made[:, None, :],
        inputs=inputs,
        budget=draw_budgets(rng, kinds, world, made, imported, hard),
        split=dict(zip("PGI", split, strict=True)),
        rate=draw_rates(rng, kinds, world, 3.0 if hard else 1.0, taxes),
        trade_share=attraction.shares(np.ones(R)),
        freight=_freight(rng, world, kinds, margins),
        carrier=carrier / carrier.sum(1, keepdims=True),
        factor_share=draw_factor_shares(rng, kinds, world, made),
        margins=np.arange(C - margins, C),
    ), attraction


def _gravity(
    rng: np.random.Generator, world: Geography, kinds: np.ndarray, made: np.ndarray, hard: bool
) -> _Attraction:
    """Sources by size, comparative advantage and distance; the smallest flows are none.

    Only composite regions trade with themselves. One service of many (dwellings,
    as it were) is not traded.
    """
    C, R = made.shape
    advantage = rng.lognormal(0, 2.0 if hard else 1.0, (C, R)) * world.size * made
    friction = world.distance ** (-1.8 if hard else -1.0)
    friction[np.arange(R), np.arange(R)] *= world.composite
    weight = advantage[:, :, None] * friction * rng.lognormal(0, 1.6 if hard else 0.7, (C, R, R))
    services = np.flatnonzero(kinds == "Svc")
    if len(services) > 4:
        weight[services[0]] = 0.0
    total = weight.sum(1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    flow = share * world.size  # what the importer would buy, up to the size of the sector
    positive = flow[flow > 0]
    keep = (flow > np.quantile(positive, min(0.2, 0.02 * R))) & (rng.random(flow.shape) > 0.04)
    best = np.argmax(weight, axis=1)[:, None, :]
    np.put_along_axis(keep, best, True, axis=1)  # an importer keeps its main source
    return _Attraction(np.where(keep, weight, 0.0))


def _freight(rng: np.random.Generator, world: Geography, kinds: np.ndarray, margins: int) -> np.ndarray:
    """Margin services in the cif value of goods (marg, comm, src, dst): more for far routes."""
    C, R = len(kinds), len(world.size)
    heavy = rng.uniform(0.01, 0.07, C) * (kinds != "Svc")
    modes = rng.dirichlet(np.full(max(margins, 1), 2.0), C).T[:margins]
    route = np.sqrt(world.distance)
    paid = rng.random((C, R, R)) > 0.05
    return (modes * heavy)[:, :, None, None] * route * paid


def _balanced(
    rng: np.random.Generator, technology: Technology, attraction: _Attraction, spending: np.ndarray
) -> Flows:
    """Flows for given spending (reg): sources are scaled until exports pay for imports, nearly.

    The scaling is that of iterative proportional fitting, one factor per source.
    It need not be exact, as saving takes up the rest; outputs are.
    """
    balance = spending * rng.uniform(-_UNEVEN, _UNEVEN, len(spending))
    balance -= spending * balance.sum() / spending.sum()
    scale = np.ones(len(spending))
    good = 2.0 * technology.maker.sum(1) * spending / len(technology.maker)
    for _ in range(30):
        good, flows = technology.demand(good, spending)
        sold = flows["VFOB"].sum((0, 2)) + flows["VST"].sum(0)
        wanted = np.maximum(flows["VCIF"].sum((0, 1)) + balance, 0.2 * flows["VCIF"].sum((0, 1)))
        scale *= (wanted / sold) ** 0.7
        scale /= scale.mean()
        technology.trade_share = attraction.shares(scale)
    for _ in range(300):
        new, flows = technology.demand(good, spending)
        change = np.abs(new - good) / np.where(new > 0, new, 1.0)
        good = new
        if change.max() < 1e-14:
            break
    good, flows = technology.demand(good, spending)
    # A region with little capital has little depreciation: the net rate of return stays positive.
    flows["VDEP"] = np.minimum(flows["VDEP"], 0.6 * flows["EVOS"][CAPITAL].sum(0))
    flows["VKB"] = flows["VDEP"] / DEPRECIATION
    flows["SAVE"] = technology.saving(flows)
    return flows


def _people(
    rng: np.random.Generator, flows: Flows, world: Geography, sets: dict[str, tuple[str, ...]], migrants: bool
) -> Flows:
    """Population and, if asked for, workers by home and host, migrants of all ages and remittances."""
    R = len(world.size)
    bill = flows["EVFB"][1:3].sum(1)
    workers = bill / (world.wealth * rng.uniform(0.8, 1.2, R) * np.array([[1.0], [1.8]]))
    people = workers.sum(0) / 0.45
    out: Flows = {"POP": people / 1000.0}
    if not migrants:
        return out
    away = 1.0 - np.eye(R)
    hosted = 0.25 * rng.uniform(0.1, 1.0, (2, R)) * world.wealth / (world.wealth + 15.0)
    hosted = np.where((world.wealth > 30.0) & (rng.random(R) < 0.15), 0.5, hosted)  # as in the Gulf
    pull = people[:, None] * np.sqrt(world.wealth / world.wealth[:, None]) / world.distance
    pairs = pull * away * rng.lognormal(0, 1.0, (2, R, R))
    if R > 2:
        pairs *= rng.random((2, R, R)) > 0.1
    total = pairs.sum(1, keepdims=True)
    lab = np.divide(pairs, total, out=np.zeros_like(pairs), where=total > 0) * (hosted * workers)[:, None, :]
    lab[lab < _PERSON] = 0.0
    lab[:, np.arange(R), np.arange(R)] = workers - lab.sum(1)
    income = migrant_income(lab, flows, sets)
    remit = income * rng.uniform(0.02, 0.35, (2, R, R))
    received, spent = remit.sum((0, 2)), sum(flows[f"V{o}{g}P"].sum(0) for o in "DM" for g in "PGI")
    remit *= np.minimum(1.0, _REMITTED * spent / np.where(received > 0, received, 1.0))[:, None]
    return {**out, "LAB": lab, "REMIT": remit, "MPOP": 1.5 * lab.sum(0) * away}
