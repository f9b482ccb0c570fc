"""Make benchmark folders of GTAP data bases, of other benchmarks and of nothing; what the command line calls."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cge._paths import shipped_names
from cge.benchmark.aggregate import MAPPED, aggregate
from cge.benchmark.checks import check_benchmark
from cge.benchmark.gtap import read_gtap
from cge.benchmark.gtap_repair import LARGEST
from cge.benchmark.gtap_write import write_gtap
from cge.benchmark.io import open_benchmark, write_benchmark
from cge.benchmark.synth_world import synthetic_world
from cge.errors import BenchmarkError


def import_har(folder: str | Path, to: str | Path, *, base: str | None = None, sets: str | None = None,
               parameters: str | None = None, skill: Sequence[str] | None = None, tolerance: float = LARGEST,
               defaults: bool = False) -> str:
    """Make a benchmark folder of a GTAP version 7 data base.

    Parameters
    ----------
    folder : path
        Folder of basedata.har, sets.har and default.prm.
    to : str or path
        Folder of the benchmark; its last part is the benchmark's name.
    base, sets, parameters, skill, tolerance, defaults
        As in :func:`cge.benchmark.gtap.read_gtap`.

    Returns
    -------
    str
        The report, which the folder holds as import.txt too; adjustments.csv
        there lists what the removal of rounding changed.

    Raises
    ------
    BenchmarkError
    """
    target = target_folder(to)
    got = read_gtap(folder, name=target.name, base=base, sets=sets, parameters=parameters, skill=skill,
                    tolerance=tolerance, defaults=defaults)
    text = got.text()
    write_benchmark(got.benchmark, target, extra={"import.txt": text + "\n", "adjustments.csv": got.changes})
    return f"{text}\nwritten: {target}"


def aggregate_to(benchmark: str | Path, mapping: str | Path, to: str | Path) -> str:
    """Make a benchmark folder by aggregating another benchmark.

    Parameters
    ----------
    benchmark : str or path
        Name of a shipped benchmark, or a benchmark folder.
    mapping : path
        A TOML file with tables reg, comm, acts and endw, all optional: new
        element = list of old ones, ``["*"]`` for the rest; and mobility:
        endowment = mobile, sluggish or fixed, where those put together differ::

            [reg]
            EU = ["DEU", "XEU"]
            ROW = ["*"]

    to : str or path
        Folder of the benchmark; its last part is the benchmark's name.

    Returns
    -------
    str
        The report, which the folder holds as aggregation.txt too.

    Raises
    ------
    BenchmarkError
    """
    target, tables = target_folder(to), read_mapping(mapping)
    result = aggregate(open_benchmark(benchmark), name=target.name, **tables)
    text = result.text()
    write_benchmark(result.benchmark, target, extra={"aggregation.txt": text + "\n"})
    return f"{text}\nwritten: {target}"


def synth_to(regions: int, sectors: int, seed: int = 0, to: str | Path | None = None, *, hard: bool = False,
             migrants: bool = True, taxes: bool = True, margins: int = 1) -> str:
    """Make a benchmark folder of a synthetic world; returns the report.

    Parameters
    ----------
    regions, sectors, seed, hard, migrants, taxes, margins
        As in :func:`cge.benchmark.synth_world.synthetic_world`.
    to : str or path, optional
        Folder of the benchmark; its last part is the benchmark's name. By default
        a folder named after the size and the seed, where the command runs.

    Raises
    ------
    BenchmarkError
        An argument out of range, or a folder that holds other things.
    """
    target = target_folder(to) if to is not None else None
    bench = synthetic_world(regions, sectors, seed, hard=hard, migrants=migrants, taxes=taxes, margins=margins)
    target = target or target_folder(bench.name)
    check_benchmark(bench)
    write_benchmark(bench.replace(name=target.name), target)
    flows = bench["VXSB"].values
    size = np.sum([bench[f"V{o}{g}P"].values.sum(0) for o in "DM" for g in "PGI"], axis=0)
    counts = ", ".join(f"{len(bench.sets[s])} {what}" for s, what in
                       (("reg", "regions"), ("comm", "sectors"), ("endw", "endowments"), ("skill", "skills")))
    return (f"{target.name}: {counts}; {flows.size:,} bilateral cells, {(flows == 0).mean():.0%} of them zero; the "
            f"largest region spends {size.max() / size.min():,.0f} times what the smallest does; all checks passed\n"
            f"written: {target}")


def export_har(benchmark: str | Path, folder: str | Path) -> str:
    """Write a benchmark as a GTAP version 7 data base; returns the report.

    Parameters
    ----------
    benchmark : str or path
        Name of a shipped benchmark, or a benchmark folder.
    folder : path
        Takes basedata.har, sets.har and default.prm.

    Raises
    ------
    BenchmarkError
    """
    notes = write_gtap(open_benchmark(benchmark), folder)
    return "\n".join([*notes, f"written: {folder}"])


def read_mapping(path: str | Path) -> dict[str, Any]:
    """Tables of a mapping file (see :func:`aggregate_to`), as arguments of `aggregate`.

    Raises
    ------
    BenchmarkError
        No such file, bad TOML, or a table of another name.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror or error}; give a mapping file (.toml)") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{path}: {error}; mend the file") from None
    known = (*MAPPED, "mobility")
    stray = [k for k, v in tables.items() if k not in known or not isinstance(v, dict)]
    if stray or not tables:
        raise BenchmarkError(f"{path}: {', '.join(stray) or 'it'} is no mapping; the file has tables "
                             f"{', '.join(f'[{k}]' for k in known)}, e.g. [reg] with a line EU = [\"DEU\", \"XEU\"]")
    return tables


def target_folder(to: str | Path) -> Path:
    """Folder to write; a bare name must not hide behind a shipped benchmark, which is looked up first."""
    path = Path(to)
    if len(path.parts) == 1 and path.name in shipped_names("sam_data"):
        raise BenchmarkError(f"{path.name} is a shipped benchmark; choose another name, or a path (mine/{path.name})")
    if not path.name:
        raise BenchmarkError("the benchmark needs a name; give the name of a folder")
    return path
