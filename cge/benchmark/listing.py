"""What ships: year, size, groups of regions, sources, and checks against published numbers of each benchmark."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cge._paths import shipped, shipped_names
from cge.benchmark.io import open_benchmark

# A row of checks.csv of these kinds has a verdict; `report` rows have none (calibration/checks.py).
JUDGED = ("imposed", "identity", "independent")


@dataclass(frozen=True)
class ShippedBenchmark:
    """One shipped benchmark.

    Attributes
    ----------
    name, title : str
    year : int or None
    path : Path
    size : dict of str to int
        Number of elements of reg, comm, acts, endw, skill.
    megabytes : float
        Of the folder.
    groups : dict of str to list of str
        Groups of regions (importers, exporters, neutral).
    sources : dict of str to str
        What -> publisher.
    accounts : tuple of int
        Checks of signs, identities and labour (`check_benchmark`): passed, all.
    published : dict of str to tuple of int
        Kind of comparison with published numbers in checks.csv -> rows met, all rows; empty without that file.
    """

    name: str
    title: str
    year: int | None
    path: Path
    size: dict[str, int]
    megabytes: float
    groups: dict[str, list[str]]
    sources: dict[str, str]
    accounts: tuple[int, int]
    published: dict[str, tuple[int, int]]


def shipped_benchmarks() -> list[ShippedBenchmark]:
    """Shipped benchmarks, sorted by name.

    Returns
    -------
    list of ShippedBenchmark

    Raises
    ------
    BenchmarkError
        If a shipped folder cannot be read.
    """
    return [describe(name, shipped("sam_data", name)) for name in shipped_names("sam_data")]


def describe(name: str, path: Path) -> ShippedBenchmark:
    """Read the head of a benchmark folder and count its checks.

    Parameters
    ----------
    name : str
    path : Path

    Returns
    -------
    ShippedBenchmark
    """
    from cge.benchmark.checks import check_benchmark

    bench = open_benchmark(path, check=False)
    passed = check_benchmark(bench, throw=False).summary["passed"]
    sources = bench.meta.get("sources", {})
    if not isinstance(sources, Mapping):
        sources = {"data": ", ".join(map(str, sources))}
    files = [f for f in path.rglob("*") if f.is_file()]
    return ShippedBenchmark(
        name=name,
        title=bench.meta.get("title", ""),
        year=bench.meta.get("year"),
        path=path,
        size={s: len(bench.sets[s]) for s in ("reg", "comm", "acts", "endw", "skill") if s in bench.sets},
        megabytes=sum(f.stat().st_size for f in files) / 1e6,
        groups={k: list(v) for k, v in bench.meta.get("groups", {}).items()},
        sources=dict(sources),
        accounts=(int(passed.sum()), len(passed)),
        published=_published(path / "checks.csv"),
    )


def _published(path: Path) -> dict[str, tuple[int, int]]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as handle:
        rows = [(row["kind"], row["ok"]) for row in csv.DictReader(handle)]
    return {kind: (rows.count((kind, "yes")), sum(k == kind for k, _ in rows)) for kind in JUDGED}
