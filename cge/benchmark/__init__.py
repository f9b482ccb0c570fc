"""The base year: labelled flow arrays, their files, their checks."""

from cge.benchmark.checks import check_benchmark
from cge.benchmark.data import Benchmark
from cge.benchmark.headers import HEADERS, Header
from cge.benchmark.io import open_benchmark, write_benchmark
from cge.benchmark.synth import synthetic_benchmark
from cge.benchmark.wages import base_wages, migrant_accounts

__all__ = ["HEADERS", "Benchmark", "Header", "base_wages", "check_benchmark", "migrant_accounts",
           "open_benchmark", "synthetic_benchmark", "write_benchmark"]
