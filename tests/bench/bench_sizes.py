"""Time, products and memory by size, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Size and number of runs of each scenario.
SIZES = [("15x10", 5), ("30x20", 5), ("40x30", 5), ("80x45", 1), ("160x65", 1)]
_CODE = """
import json, resource, statistics, sys, time
from cge.benchmark import synthetic_world
from cge.scenario import Scenario, shocks_of
from cge.solve.model import Model
regions, sectors, rounds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
bench = synthetic_world(regions, sectors, seed=1)
clock = time.perf_counter(); model = Model(bench); out = {"n": model.system.n, "calibrate": time.perf_counter() - clock}
clock = time.perf_counter(); model.newton; out["ready"] = time.perf_counter() - clock
for s in (Scenario("T", tariffs=[{"remove": "all"}]), Scenario("M", quota=[{"rate": 0.03}])):
    given, seconds = shocks_of(s, model), []
    for k in range(rounds + 1):
        clock = time.perf_counter(); found = model.solve(*given); seconds.append(time.perf_counter() - clock)
    out[s.name] = {"first": seconds[0], "warm": statistics.median(seconds[1:]), "iterations": found.report.iterations,
                   "products": found.report.products, "residual": found.certificate.residual}
out["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(json.dumps(out))
"""


@pytest.mark.parametrize(("size", "rounds"), SIZES, ids=[s for s, _ in SIZES])
def test_size(benchmark, table, size, rounds):
    call = [sys.executable, "-c", _CODE, *size.split("x"), str(rounds)]
    got = benchmark.pedantic(lambda: subprocess.run(call, check=True, capture_output=True, text=True), rounds=1)
    r = json.loads(got.stdout.splitlines()[-1])
    runs = f"{rounds} runs" if rounds > 1 else "one run"
    table.add("sizes", f"{size}: calibrated, factorised", f"{r['calibrate'] + r['ready']:.3g} s", "one run",
              f"{r['n']} unknowns; peak memory of all rows of this size {r['peak']:.0f} MB; compilation included")
    for name in ("T", "M"):
        s = r[name]
        table.add("sizes", f"{size}: {name}", f"{s['warm']:.3g} s", runs,
                  f"first {s['first']:.3g} s; {s['iterations']} iterations, {s['products']} products; "
                  f"residual {s['residual']:.0e}")
        assert s["residual"] < 1e-9
