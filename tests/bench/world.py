"""The shipped benchmark as a compiled model, and draws around its headline scenario; invented for measuring."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

import cge
from cge.scenario import read_scenarios, shocks_of

RUN = Path(__file__).parents[2] / "runs" / "walmsley_winters.toml"


@functools.cache
def ww1997() -> cge.Model:
    model = cge.Model(cge.open_benchmark("ww1997"))
    model.newton  # noqa: B018
    return model


@functools.cache
def shocks(name: str):
    file = read_scenarios(RUN)
    return shocks_of(file.scenarios[name], ww1997(), file.labour)


def policies(n: int, seed: int = 1) -> list:
    """Tariffs on each commodity cut by up to all, quotas of 1 to 5%, beta of 0.25 to 0.75, rho of 0 to 0.4."""
    rng, model = np.random.default_rng(seed), ww1997()
    return [shocks_of(cge.Scenario(
        "draw", tariffs=[{"scale": float(rng.uniform()), "comm": [c]} for c in model.bench.labels("comm")],
        quota=[{"rate": float(rng.uniform(0.01, 0.05)), "hosts": ["importers"], "homes": ["exporters"]}],
        labour={"beta": float(rng.uniform(0.25, 0.75)), "rho": float(rng.uniform(0.0, 0.4))}), model) for _ in range(n)]


def elasticities(n: int, seed: int = 1, spread: float = 0.25) -> list:
    """T+M with elasticities of trade and of value added drawn by commodity, log-normally."""
    rng, model = np.random.default_rng(seed), ww1997()
    given, coefficients = shocks("T+M")
    out = []
    for _ in range(n):
        drawn = {}
        for name in ("ESUBD", "ESUBM", "ESUBVA"):
            a = model.cal.data[name][1]
            drawn[name] = a * np.exp(spread * rng.standard_normal((a.shape[0],) + (1,) * (a.ndim - 1)))
        out.append((given, {**coefficients, **drawn}))
    return out


def benchmarks(n: int, seed: int = 1) -> list:
    """Data bases with other cells that balance: where the model goes under drawn shifts of technology."""
    rng, model = np.random.default_rng(seed), ww1997()
    out = []
    for k in range(n):
        technology, tariffs = model.system.shape("aoreg"), model.system.shape("tm")
        moved = {"aoreg": np.exp(0.01 * rng.standard_normal(technology)), "tm": 1.0 + 0.02 * rng.random(tariffs)}
        out.append(model.solve(moved).updated(f"draw-{k}"))
    return out
