"""The fast engine against Ipopt, on the same problem in the same run."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cge import Model, Scenario, synthetic_benchmark
from cge.scenario import shocks_of


@pytest.mark.parametrize("size", ["3x3", "5x5"])
@pytest.mark.parametrize("name", ["T", "M"])
def test_engines(measure, table, size, name):
    regions, sectors = map(int, size.split("x"))
    model = Model(synthetic_benchmark(regions, sectors, seed=1))
    scenario = (Scenario("T", tariffs=[{"remove": "all"}]) if name == "T" else
                Scenario("M", quota=[{"rate": 0.03, "hosts": ["R1"], "homes": [f"R{regions}"]}]))
    given = shocks_of(scenario, model)
    model.solve(*given, engine="ipopt")  # written out
    fast, slow = [], []
    for _ in range(5):
        for seconds, engine in ((fast, "newton"), (slow, "ipopt")):
            clock = time.perf_counter()
            found = model.solve(*given, engine=engine)
            seconds.append(time.perf_counter() - clock)
            if engine == "newton":
                newton = found
    gap = float(np.abs(np.log(found["qxs"].values) - np.log(newton["qxs"].values)).max())
    ratio = np.median(slow) / np.median(fast)
    measure("engines", f"{size}, {name}: newton", lambda: model.solve(*given),
            note=f"ipopt {1e3 * np.median(slow):.3g} ms, {ratio:.1f} times as long; "
                 f"largest gap of a trade flow {gap:.0e}")
    assert gap < 1e-6
