"""Draws for synthetic worlds: places and sizes of regions, shares, tax rates, elasticities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_KINDS = ("Agr", "Ext", "Man", "Svc")
_DECADES = 4.5  # orders of magnitude between the largest and the smallest region


@dataclass(frozen=True)
class Geography:
    """Regions of a synthetic world.

    Attributes
    ----------
    size : array (reg)
        Shares in the world's spending.
    small : array (reg)
        0 for the largest region to 1 for the smallest, by the logarithm of size.
    wealth : array (reg)
        Wage level, 1000 US$ per worker and year.
    openness : array (reg)
        Share of imports in spending, about.
    distance : array (src, dst)
        1 on average; positive within a region too.
    composite : array (reg) of bool
        Whether the region stands for many, which trade among themselves.
    """

    size: np.ndarray
    small: np.ndarray
    wealth: np.ndarray
    openness: np.ndarray
    distance: np.ndarray
    composite: np.ndarray


def draw_geography(rng: np.random.Generator, R: int) -> Geography:
    """Sizes over 4.5 orders of magnitude (fewer where there are fewer than 10 regions), in random order."""
    decades = min(_DECADES, 0.5 * (R - 1))
    rank = np.linspace(0.0, 1.0, R) ** 0.7  # a few large ones, as in the world
    inner = (rank > 0) & (rank < 1)
    rank = np.where(inner, np.clip(rank + rng.normal(0, 0.02, R), 0.002, 0.998), rank)
    size = 10.0 ** (-decades * rng.permutation(rank))
    small = -np.log10(size) / decades
    size = size / size.sum()
    wealth = np.clip(rng.lognormal(2.3, 1.2, R), 0.6, 90.0)
    openness = (0.10 + 0.30 * small) * rng.uniform(0.85, 1.15, R)
    for _ in range(50):  # a region cannot sell more than the others buy
        others = (openness * size).sum() - openness * size
        openness = np.minimum(openness, (0.9 if R > 2 else 1.0) * others / size)
    place = rng.normal(size=(R, 3))
    place /= np.linalg.norm(place, axis=1, keepdims=True)
    angle = np.arccos(np.clip(place @ place.T, -1.0, 1.0))
    return Geography(size, small, wealth, openness, (angle + 0.1) / (angle + 0.1).mean(),
                     (rng.random(R) < 0.1) & (small > 0) & (R > 7))


def kinds_of(C: int) -> np.ndarray:
    """Kind of each sector (comm): about a fifth farming, a tenth extraction, a third services; the last a service."""
    services = max(1, round(0.31 * C))
    farming = max(1, round(0.2 * C)) if C > 2 else 1
    extraction = round(0.08 * C) if C > 4 else 0
    counts = (farming, extraction, C - farming - extraction - services, services)
    return np.repeat(np.array(_KINDS), counts)


def sector_labels(kinds: np.ndarray) -> tuple[str, ...]:
    """Labels Agr1, ..., Svc20 in the order of the sectors."""
    return tuple(f"{kind}{(kinds[:i] == kind).sum() + 1}" for i, kind in enumerate(kinds.tolist()))


def _by_kind(kinds: np.ndarray, **value: float) -> np.ndarray:
    return np.array([value[kind] for kind in kinds.tolist()])


def _abroad(rng, kinds, world: Geography, made, imported, agents: tuple[int, ...]) -> np.ndarray:
    """Share of imports in an agent's purchases of a commodity: home bias, larger for services and large regions."""
    C, R = made.shape
    view = (slice(None), *(None for _ in agents), slice(None))
    tradable = rng.uniform(0.6, 1.4, C) * _by_kind(kinds, Agr=0.9, Ext=1.6, Man=1.9, Svc=0.35)
    share = (tradable[:, None] * world.openness)[view] * rng.lognormal(0, 0.3, (C, *agents, R))
    share = np.clip(share, 0.002, 0.95) * (rng.random(share.shape) > 0.05)
    return np.where(imported[view], np.where(made[view], share, 1.0), 0.0)


def draw_inputs(rng: np.random.Generator, kinds, world: Geography, made, imported, hard: bool) -> dict[str, np.ndarray]:
    """Domestic ("D") and imported ("M") intermediates per unit of output (comm, acts, reg).

    Techniques are much alike everywhere; inputs below a thousandth of the cost are none.
    """
    C, R = made.shape
    common = rng.lognormal(0, 2.0 if hard else 1.3, (C, C)) * (1.0 + 3.0 * np.eye(C))
    weight = common[:, :, None] * rng.lognormal(0, 0.3, (C, C, R)) * (made | imported)[:, None, :]
    weight /= weight.sum(0)
    weight *= (weight > 1e-3) & (rng.random(weight.shape) > 0.02) | (weight == weight.max(0))
    content = _by_kind(kinds, Agr=0.42, Ext=0.38, Man=0.6, Svc=0.42)[:, None] * rng.uniform(0.85, 1.15, (C, R))
    weight *= content * made / weight.sum(0)
    abroad = _abroad(rng, kinds, world, made, imported, (C,))
    return {"D": weight * (1 - abroad), "M": weight * abroad}


def draw_budgets(rng: np.random.Generator, kinds, world: Geography, made, imported, hard: bool
                 ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Domestic and imported goods in the spending of agents P, G and I, each (comm, reg).

    Households of poor regions spend more on food (Engel); government buys
    services, investment mostly manufactures and construction.
    """
    C, R = made.shape
    heaviness = rng.lognormal(0, 2.0 if hard else 1.0, C)
    taste = {
        "P": _by_kind(kinds, Agr=0.5, Ext=0.1, Man=0.8, Svc=2.0)[:, None]
        * np.where((kinds == "Agr")[:, None], (world.wealth / 10.0) ** -0.4, 1.0),
        "G": _by_kind(kinds, Agr=0.005, Ext=0.005, Man=0.05, Svc=2.0)[:, None],
        "I": _by_kind(kinds, Agr=0.02, Ext=0.01, Man=0.8, Svc=1.0)[:, None],
    }
    out = {}
    for agent, weight in taste.items():
        weight = weight * heaviness[:, None] * rng.lognormal(0, 0.4, (C, R)) * (made | imported)
        if agent != "P":  # households buy everything, so that whatever is made is used
            weight = weight * ((rng.random((C, R)) > 0.15) | (weight == weight.max(0)))
        weight = weight / weight.sum(0)
        abroad = _abroad(rng, kinds, world, made, imported, ())
        out[agent] = (weight * (1 - abroad), weight * abroad)
    return out


def draw_factor_shares(rng: np.random.Generator, kinds, world: Geography, made) -> np.ndarray:
    """Shares of land, two kinds of labour, capital and natural resources in value added (endw, acts, reg)."""
    C, R = made.shape
    natural = {"Ext": 0.35} if (kinds == "Ext").any() else {"Agr": 0.05}
    base = np.stack([
        _by_kind(kinds, Agr=0.20, Ext=0.0, Man=0.0, Svc=0.0),
        _by_kind(kinds, Agr=0.40, Ext=0.15, Man=0.32, Svc=0.28),
        _by_kind(kinds, Agr=0.05, Ext=0.10, Man=0.18, Svc=0.30),
        _by_kind(kinds, Agr=0.30, Ext=0.40, Man=0.50, Svc=0.42),
        _by_kind(kinds, **({"Agr": 0.0, "Ext": 0.0, "Man": 0.0, "Svc": 0.0} | natural)),
    ])
    weight = base[:, :, None] * rng.lognormal(0, 0.3, (5, C, R))
    weight[2] *= (world.wealth / 10.0) ** 0.25
    return weight / weight.sum(0) * made


def draw_rates(rng: np.random.Generator, kinds, world: Geography, height: float, taxes: bool) -> dict[str, np.ndarray]:
    """Tax rates on the value before the tax; `height` multiplies tariffs.

    Tariffs are those of the importer, lower or nil for the third of the
    partners with which it has an agreement; most exports are untaxed.
    """
    C, R = len(kinds), len(world.size)
    rate = {}
    for origin in "DM":
        rate[f"{origin}F"] = rng.uniform(0.0, 0.03, (C, 1, R)) + rng.uniform(-0.005, 0.02, (C, C, R))
        rate[f"{origin}P"] = rng.uniform(0.0, 0.18, (C, R))
        rate[f"{origin}G"] = rng.uniform(0.0, 0.05, (C, R))
        rate[f"{origin}I"] = rng.uniform(0.0, 0.10, (C, R))
    rate["out"] = np.repeat(rng.uniform(-0.02, 0.06, (C, 1, R)), C, axis=1)
    low, high = np.array([[-0.10, 0.0, 0.0, -0.02, 0.0], [0.02, 0.12, 0.12, 0.08, 0.10]])[:, :, None, None]
    rate["fac"] = rng.uniform(low, high, (5, 1, R)) + rng.uniform(-0.01, 0.01, (5, C, R))
    rate["inc"] = rng.uniform(0.02, 0.2, (5, 1, R))
    rate["inc"][1:3] += rng.uniform(0.05, 0.2, (2, 1, R))
    taxed = rng.random((C, R, 1)) < 0.15
    rate["exp"] = taxed * (rng.uniform(-0.04, 0.08, (C, R, 1)) + rng.uniform(-0.005, 0.005, (C, R, R)))
    top = _by_kind(kinds, Agr=0.45, Ext=0.06, Man=0.16, Svc=0.0)[:, None]
    nation = rng.uniform(0.1, 1.0, (C, R)) * top * np.clip((world.wealth / 10.0) ** -0.2, 0.5, 1.5)
    agreement = rng.random((R, R)) < np.clip(0.5 / (0.3 + world.distance), 0.05, 0.9)
    nil = rng.random((C, 1, 1)) < 0.7
    rate["tariff"] = height * nation[:, None, :] * np.where(agreement, np.where(nil, 0.0, 0.4), 1.0)
    return {name: value * taxes for name, value in rate.items()}


def draw_parameters(rng: np.random.Generator, kinds, R: int, hard: bool) -> dict[str, np.ndarray]:
    """Elasticities of the usual size, the same in all regions but for the CDE; hard: among sources up to 24."""
    C = len(kinds)
    esubm = rng.uniform(3.8, 10.4, C)
    if hard:
        esubm = rng.uniform(6.0, 24.0, C)
        esubm[rng.integers(C)] = 24.0
    etrae = np.zeros((5, R))
    etrae[0] = -1.0
    esubva = _by_kind(kinds, Agr=0.3, Ext=0.2, Man=1.2, Svc=1.4) * rng.uniform(0.85, 1.15, C)

    def everywhere(value: np.ndarray) -> np.ndarray:
        return np.repeat(value[:, None], R, axis=1)

    income = _by_kind(kinds, Agr=0.6, Ext=0.9, Man=1.0, Svc=1.15)[:, None]
    return {
        "ESUBVA": everywhere(esubva),
        "ESUBD": everywhere(esubm / 2),
        "ESUBM": everywhere(esubm),
        "ETRAE": etrae,
        "ETRAQ": np.full((C, R), -5.0),
        "SUBPAR": rng.uniform(0.1, 0.9, (C, R)),
        "INCPAR": income * rng.uniform(0.7, 1.2, (C, R)),
        "RORFLEX": np.full(R, 10.0),
        "RORDELTA": np.array(1.0),
    }
