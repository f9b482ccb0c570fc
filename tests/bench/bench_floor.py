"""Where the time of a large solve goes, against what memory bandwidth allows."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SIZES = ["80x45", "160x65"]
_CODE = """
import json, statistics, sys, time
import numpy as np
from cge.benchmark import synthetic_world
from cge.solve.jaxsetup import jax_modules
from cge.solve.model import Model
jax, jnp = jax_modules()
model = Model(synthetic_world(int(sys.argv[1]), int(sys.argv[2]), seed=1))
newton, n = model.newton, model.system.n
single, double = newton._device.single(model._base), newton._device.double(model._base)
x, x32, one = jnp.zeros(n), jnp.zeros(n, jnp.float32), jnp.ones(n, jnp.float32)

def median(call, rounds=15):
    jax.block_until_ready(call())
    out = []
    for _ in range(rounds):
        clock = time.perf_counter(); jax.block_until_ready(call()); out.append(time.perf_counter() - clock)
    return statistics.median(out)

_, product = newton._code.linear(x32, single)
times = jax.jit(lambda p, v: p(v))
precondition = jax.jit(newton._precondition)
stored = sum(a.nbytes for a in jax.tree.leaves(product) if not isinstance(a, np.ndarray))
# Bandwidth: the sum of arrays as large as those of the product, in the same 32-bit floats, far beyond the caches.
block = jnp.ones(60_000_000, jnp.float32)
total = jax.jit(lambda a: a.reshape(2, -1).sum(1))
read = block.nbytes / median(lambda: total(block))
print(json.dumps({
    "n": n, "stored": stored, "read": read, "product": median(lambda: times(product, one)),
    "precondition": median(lambda: precondition(newton._factors, one)),
    "linear": median(lambda: newton._code.linear(x32, single)),
    "double": median(lambda: newton._code.both(x, double))}))
"""


@pytest.mark.parametrize("size", SIZES)
def test_floor(benchmark, table, size):
    call = [sys.executable, "-c", _CODE, *size.split("x")]
    got = benchmark.pedantic(lambda: subprocess.run(call, check=True, capture_output=True, text=True), rounds=1)
    r = json.loads(got.stdout.splitlines()[-1])
    floor = r["stored"] / r["read"]
    table.add("floor", f"{size}: Jacobian-vector product", f"{1e3 * r['product']:.3g} ms", "15 runs",
              f"it must read {r['stored'] / 1e6:.0f} MB of stored derivatives, {1e3 * floor:.2g} ms at the "
              f"{r['read'] / 1e9:.1f} GB/s that a plain sum reads here: {r['product'] / floor:.1f} times the floor")
    for key, what in (("precondition", "preconditioner"), ("linear", "linearisation, single precision"),
                      ("double", "residuals and index state, double precision")):
        table.add("floor", f"{size}: {what}", f"{1e3 * r[key]:.3g} ms", "15 runs",
                  f"{r[key] / r['product']:.1f} products")
    assert r["product"] > 0.0
