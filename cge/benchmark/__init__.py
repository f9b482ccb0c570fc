"""The base year: labelled flow arrays, their files, their checks."""

from cge.benchmark.aggregate import aggregate
from cge.benchmark.check_report import BenchmarkCheckError, CheckReport
from cge.benchmark.checks import check_benchmark
from cge.benchmark.data import Benchmark
from cge.benchmark.gtap import read_gtap
from cge.benchmark.gtap_write import write_gtap
from cge.benchmark.headers import HEADERS, Header
from cge.benchmark.io import open_benchmark, write_benchmark
from cge.benchmark.listing import ShippedBenchmark, shipped_benchmarks
from cge.benchmark.sam import Sam, check_sam, from_sam, make_sam
from cge.benchmark.sam_accounts import check_accounts
from cge.benchmark.sam_csv import read_sam_csv, write_sam_csv
from cge.benchmark.sam_view import macro_sam, region_sam, sam_summary
from cge.benchmark.skill_definitions import redefine_skill, skill_definitions
from cge.benchmark.synth import synthetic_benchmark
from cge.benchmark.synth_world import synthetic_world
from cge.benchmark.wages import base_wages, migrant_accounts

__all__ = [
    "HEADERS",
    "Benchmark",
    "BenchmarkCheckError",
    "CheckReport",
    "Header",
    "Sam",
    "ShippedBenchmark",
    "aggregate",
    "base_wages",
    "check_accounts",
    "check_benchmark",
    "check_sam",
    "from_sam",
    "macro_sam",
    "make_sam",
    "migrant_accounts",
    "open_benchmark",
    "read_gtap",
    "read_sam_csv",
    "redefine_skill",
    "region_sam",
    "sam_summary",
    "shipped_benchmarks",
    "skill_definitions",
    "synthetic_benchmark",
    "synthetic_world",
    "write_benchmark",
    "write_gtap",
    "write_sam_csv",
]
