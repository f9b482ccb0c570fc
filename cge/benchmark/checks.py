"""Checks of a benchmark's accounting."""

from __future__ import annotations

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import HEADERS
from cge.errors import BenchmarkError


def check_benchmark(bench: Benchmark) -> None:
    """Refuse a benchmark that lacks a required array."""
    missing = [h.name for h in HEADERS.values() if h.required and h.name not in bench]
    if missing:
        raise BenchmarkError(f"benchmark {bench.name!r} lacks {', '.join(missing)}")
