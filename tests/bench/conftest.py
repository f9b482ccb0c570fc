"""Benchmarks: `make bench`, or `make bench ONLY=phases` for a part. They measure and assert no time.

Every number goes into docs/benchmarks.md as soon as it is there, so that an interrupted run leaves what it measured;
rows that a run does not measure stay as they are, each with its own date.
"""

from __future__ import annotations

import pytest

from tests.bench.record import Table


@pytest.fixture(scope="session")
def table() -> Table:
    return Table()


@pytest.fixture
def measure(benchmark, table):
    """Time a function (median of at least five rounds, after one that warms up) and record it as a row."""

    def run(section: str, what: str, fn, *, unit: str = "ms", rounds: int = 5, warm: bool = True, per: int = 0,
            note=""):
        result = benchmark.pedantic(fn, rounds=rounds, iterations=1, warmup_rounds=int(warm))
        seconds = benchmark.stats.stats.median
        value = {"ms": 1e3 * seconds, "s": seconds, "a second": per / seconds if per else 0.0}[unit]
        table.add(section, what, f"{value:.3g} {unit}", f"{rounds} runs" if rounds > 1 else "one run",
                  note(result) if callable(note) else note)
        return result

    return run
