"""Benchmarks, models and shocks that several tests share."""

from __future__ import annotations

import functools

import numpy as np

from cge.benchmark import synthetic_benchmark
from cge.solve.model import Model
from tests.engine import plain


@functools.cache
def model(regions=3, sectors=3, seed=1, **flags) -> Model:
    """A synthetic benchmark on the plain engine; built once per session."""
    return plain(Model(synthetic_benchmark(regions, sectors, seed=seed, **flags)))


@functools.cache
def elastic() -> Model:
    """Every nest substitutes, activities compete in making a commodity, and no two elasticities are alike."""
    b = synthetic_benchmark(3, 3, seed=7, joint=True)
    rng = np.random.default_rng(7)
    ranges = {
        "ESUBT": (0.1, 0.6),
        "ESUBC": (0.1, 0.9),
        "ESUBVA": (0.3, 1.6),
        "ESUBD": (0.9, 4.0),
        "ESUBM": (1.0, 8.0),
        "ESUBQ": (0.05, 0.5),
        "ETRAQ": (-4.0, -1.0),
        "ESUBG": (0.4, 1.6),
        "ESUBI": (0.2, 0.8),
        "ESUBS": (0.5, 1.5),
    }
    changed = {n: b[n].copy(data=rng.uniform(*r, b[n].shape)) for n, r in ranges.items()}
    changed["ETRAE"] = b["ETRAE"].copy(data=np.where(b["ETRAE"] != 0, -0.7, 0.0))
    return plain(Model(b.replace(**changed)))


@functools.cache
def fast(regions=3, sectors=3, seed=1, **flags) -> Model:
    """A synthetic benchmark on the fast engine; compiled once per session."""
    return Model(synthetic_benchmark(regions, sectors, seed=seed, **flags))


def no_tariffs(m: Model, part: float = 1.0) -> dict:
    """Removal of a part of every import tariff: the power of the tariff falls to that of a smaller rate."""
    paid, cif = m.bench["VMSB"].values, m.bench["VCIF"].values
    power = np.divide(paid, cif, out=np.ones_like(paid), where=cif > 0)
    return {"tms": (1.0 + (1.0 - part) * (power - 1.0)) / power}


def quota(m: Model, share: float = 0.03, hosts: tuple[int, ...] = (0,)) -> tuple[dict, dict]:
    """New movers of a share of the hosts' work force, from all other regions pro rata to their natives.

    Returns
    -------
    shocks, coefficients
        Arguments of ``Model.solve``.
    """
    natives = m.cal.data["NAT0"][1].copy()  # skill, reg
    hosts = list(hosts)
    natives[:, hosts] = 0.0
    from_home = natives / natives.sum(1, keepdims=True)
    shares = np.zeros(m.cal.data["MSHR"][1].shape)  # skill, home, host
    shares[:, :, hosts] = from_home[:, :, None]
    q = np.zeros(natives.shape)
    q[:, hosts] = share
    return {"quota": q}, {"MSHR": shares}


def everything(solution) -> dict[str, np.ndarray]:
    """Every symbol of the table at a solution, by name."""
    return {name: solution[name].values for name in solution.model.system.table.symbols}
