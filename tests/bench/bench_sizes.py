"""Time, products and memory by size, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIZES = ["15x10", "30x20", "40x30", "80x45", "160x65"]
HARD = ["40x30", "160x65"]
ROUNDS = 5
_CODE = """
import json, statistics, sys, time
from cge.benchmark import synthetic_world
from cge.scenario import Scenario, shocks_of
from cge.solve.model import Model
regions, sectors, rounds, hard = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "hard"

def peak():
    # Not ru_maxrss, in which a process inherits what its parent held when it was started.
    return next(int(line.split()[1]) / 1e3 for line in open("/proc/self/status") if line.startswith("VmHWM"))

bench = synthetic_world(regions, sectors, seed=1, hard=hard)
clock = time.perf_counter(); model = Model(bench); out = {"n": model.system.n, "calibrate": time.perf_counter() - clock}
clock = time.perf_counter(); model.newton; out["ready"] = time.perf_counter() - clock
scenarios = [Scenario("T", tariffs=[{"remove": "all"}]), Scenario("M", quota=[{"rate": 0.03}])]
if hard:
    scenarios.append(Scenario("tariffs tripled", tariffs=[{"scale": 3.0}]))
found = {}
for s in scenarios:
    given, seconds = shocks_of(s, model), []
    for k in range(rounds + 1):
        clock = time.perf_counter(); found[s.name] = model.solve(*given); seconds.append(time.perf_counter() - clock)
    report = found[s.name].report
    out[s.name] = {"first": seconds[0], "warm": statistics.median(seconds[1:]), "iterations": report.iterations,
                   "products": report.products}
out["peak"] = peak()
for name, solution in found.items():
    out[name]["residual"] = solution.certificate.worst
print(json.dumps(out))
"""


def _measure(benchmark, table, section, size, kind, names):
    call = [sys.executable, "-c", _CODE, *size.split("x"), str(ROUNDS), kind]
    got = benchmark.pedantic(lambda: subprocess.run(call, check=True, capture_output=True, text=True), rounds=1)
    r = json.loads(got.stdout.splitlines()[-1])
    table.add(section, f"{size}: calibrated, factorised", f"{r['calibrate'] + r['ready']:.3g} s", "one run",
              f"{r['n']} unknowns; peak memory of calibration and solves {r['peak']:.0f} MB")
    for name in names:
        s = r[name]
        table.add(section, f"{size}: {name}", f"{s['warm']:.3g} s", f"{ROUNDS} runs",
                  f"first {s['first']:.3g} s; {s['iterations']} iterations, {s['products']} products; "
                  f"certificate {s['residual']:.0e}")
        assert s["residual"] < 1e-9


@pytest.mark.parametrize("size", SIZES)
def test_size(benchmark, table, size):
    _measure(benchmark, table, "sizes", size, "plain", ("T", "M"))


@pytest.mark.parametrize("size", HARD)
def test_hard(benchmark, table, size):
    _measure(benchmark, table, "hard", size, "hard", ("T", "M", "tariffs tripled"))


def test_whole_run(benchmark, table, tmp_path):
    """Process start to written netCDF at the size of all of GTAP, code compiled before."""
    cge = str(Path(sys.executable).with_name("cge"))
    synth = [cge, "synth", "--regions", "160", "--sectors", "65", "--seed", "1", "--to", str(tmp_path / "world")]
    subprocess.run(synth, check=True, capture_output=True)
    file = tmp_path / "T.toml"
    file.write_text(f'title = "T"\nbenchmark = "{tmp_path / "world"}"\n'
                    '[scenario.T]\ntariffs = [{ remove = "all" }]\n')
    run = [sys.executable, "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
           "capture_output=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)",
           cge, "run", str(file), "--no-figures", "--out", str(tmp_path / "out")]
    subprocess.run(run, check=True, capture_output=True)
    got = benchmark.pedantic(lambda: subprocess.run(run, check=True, capture_output=True, text=True), rounds=5)
    table.add("sizes", "160x65: `cge run` of T, process start to written netCDF",
              f"{benchmark.stats.stats.median:.3g} s", "5 runs",
              f"code compiled before; no figures; peak memory {float(got.stdout):.0f} MB")
