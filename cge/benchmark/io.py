"""Benchmark folders: benchmark.toml with one CSV file per array, in long form, or one netCDF file for all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from cge._paths import shipped, shipped_names
from cge.benchmark._toml import dumps
from cge.benchmark.arrays_nc import ARRAYS, read_arrays, write_arrays
from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, GROUPS, HEADERS, SETS
from cge.benchmark.skill_definitions import SKILLDEF, definitions_text, read_definitions
from cge.errors import BenchmarkError

_TOML = "benchmark.toml"
_FIRST = ("title", "year", "unit")
_SKILLDEF = f"labour/{SKILLDEF}.csv"
MOST_CSV_CELLS = 500_000
"""Cells of all arrays up to which a benchmark is written as CSV, which anybody can read and compare."""


def _is_large(bench: Benchmark) -> bool:
    return sum(array.size for array in bench.arrays.values()) > MOST_CSV_CELLS


def _csv_text(array: xr.DataArray) -> str:
    """Long-form CSV of an array: dims..., value; zero cells left out; shortest exact decimals."""
    lines = [",".join((*map(str, array.dims), "value"))]
    values = array.values
    labels = [array.coords[dim].values.tolist() for dim in array.dims]
    for cell in np.argwhere(values != 0.0).tolist():
        names = [labels[axis][i] for axis, i in enumerate(cell)]
        lines.append(",".join((*names, repr(float(values[tuple(cell)])))))
    return "\n".join(lines) + "\n"


def _toml_text(bench: Benchmark) -> bytes:
    """The file benchmark.toml, the same for equal benchmarks; refuses cells that no file can hold."""
    for name, array in bench.arrays.items():
        if not np.isfinite(array.values).all():
            raise BenchmarkError(
                f"array {name} has cells that are not finite numbers; it cannot be written "
                "(check_benchmark names the cells)"
            )
    meta = {key: bench.meta[key] for key in _FIRST if key in bench.meta}
    meta |= {key: value for key, value in sorted(bench.meta.items()) if key not in (*meta, SKILLDEF)}
    return dumps({"name": bench.name, **meta, "sets": {name: list(bench.sets[name]) for name in SETS}}).encode()


def _csv_files(bench: Benchmark) -> dict[str, bytes]:
    """The CSV files of a benchmark by relative path, the same for equal benchmarks."""
    return {f"{HEADERS[name].group}/{name}.csv": _csv_text(array).encode() for name, array in bench.arrays.items()}


def benchmark_digest(bench: Benchmark) -> str:
    """SHA-256 of benchmark.toml and the arrays (hex), however the folder stores them.

    Small benchmarks (:data:`MOST_CSV_CELLS`): of their CSV files, sorted by relative
    path; large ones: of the float64 numbers, little-endian. README and report files do not count, nor do other
    definitions of skill, which change no number before one of them is chosen.
    """
    content: dict[str, bytes | memoryview] = {_TOML: _toml_text(bench)}
    if _is_large(bench):
        for name, array in bench.arrays.items():
            content[name] = np.ascontiguousarray(array.values, "<f8").reshape(-1).view(np.uint8).data
    else:
        content |= _csv_files(bench)
    digest = hashlib.sha256()
    for path, part in sorted(content.items()):
        digest.update(f"{path}\0{len(part)}\0".encode())
        digest.update(part)
    return digest.hexdigest()


def write_benchmark(
    bench: Benchmark, folder: str | Path, *, extra: Mapping[str, str | bytes | pd.DataFrame] | None = None,
    form: Literal["csv", "netcdf"] | None = None,
) -> Path:
    """Write a benchmark folder, all or nothing.

    The files are written to a temporary folder beside `folder`, which then
    takes its place by renaming. The same benchmark always gives the same
    bytes. Zero cells are left out; numbers have the shortest decimals that
    read back to the same float64.

    Parameters
    ----------
    bench : Benchmark
    folder : path
        Target. If it exists it must be empty or hold a benchmark, whose array
        files are replaced; its other files (a README, reports) are kept.
    extra : dict, optional
        Further files by relative path: text, bytes, or a DataFrame (as CSV
        without index), e.g. ``{"README.md": text, "adjustments.csv": frame}``.
    form : {"csv", "netcdf"}, optional
        One CSV file per array, or one netCDF file (arrays.nc) for all, which is a
        hundred times faster; by default netCDF above :data:`MOST_CSV_CELLS` cells.
        Both hold the same numbers and `open_benchmark` sees which it is.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BenchmarkError
        The target exists and is no benchmark folder; a cell is not finite.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise BenchmarkError(f"{folder} is a file; give the name of a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _TOML).is_file():
        raise BenchmarkError(f"{folder} holds other files and no {_TOML}; give an empty or a new folder")
    if (there := _name_in(folder)) not in ("", bench.name) and not there.startswith("synthetic"):
        raise BenchmarkError(f"{folder} holds benchmark '{there}', which '{bench.name}' would replace; give another "
                             "folder, or remove that one first")
    netcdf = _is_large(bench) if form is None else form == "netcdf"
    files = {_TOML: _toml_text(bench)} | ({} if netcdf else _csv_files(bench))
    if rows := bench.meta.get(SKILLDEF):
        files[_SKILLDEF] = definitions_text(rows).encode()
    for path, content in (extra or {}).items():
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False, lineterminator="\n")
        files[path] = content.encode() if isinstance(content, str) else content

    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new, old = work / "new", work / "old"
        if folder.is_dir():
            keep = shutil.ignore_patterns(*GROUPS, _TOML, ARRAYS)
            shutil.copytree(
                folder, new, ignore=lambda d, names: keep(d, names) if Path(d) == folder else set()
            )
        new.mkdir(exist_ok=True)
        for path, content in files.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if netcdf:
            write_arrays(bench, new / ARRAYS)
        if folder.is_dir():
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if old.exists():
                os.replace(old, folder)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _name_in(folder: Path) -> str:
    """Name of the benchmark in a folder; empty where none can be read."""
    try:
        return str(_read_toml(folder / _TOML).get("name", ""))
    except (OSError, BenchmarkError):
        return ""


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise BenchmarkError(f"{path}: {error}; mend the file by hand") from None


def _read_array(path: Path, name: str, sets: Mapping[str, Sequence[str]]) -> xr.DataArray:
    """Read one long-form CSV; every problem names the file, the line and the repair."""
    dims = HEADERS[name].dims
    try:
        # "NA" is a legal label, hence no default missing values.
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BenchmarkError(
            f"{path}: {error}; a file has the columns {', '.join((*dims, 'value'))}"
        ) from None
    if list(frame.columns) != [*dims, "value"]:
        raise BenchmarkError(
            f"{path}: columns are {', '.join(frame.columns)}; should be {', '.join((*dims, 'value'))}"
        )
    index = []
    for dim in dims:
        position = {label: i for i, label in enumerate(sets[DIM_SET[dim]])}
        codes = frame[dim].map(position)
        if codes.isna().any():
            row = int(codes.isna().to_numpy().argmax())
            raise BenchmarkError(
                f"{path}, line {row + 2}: {dim} {frame[dim].iloc[row]!r} is not in set "
                f"{DIM_SET[dim]} ({', '.join(sets[DIM_SET[dim]])}); correct the label"
            )
        index.append(codes.to_numpy(dtype=np.intp))
    doubled = frame.duplicated(subset=list(dims)) if dims else pd.Series(np.arange(len(frame)) > 0)
    if doubled.any():
        row = int(doubled.to_numpy().argmax())
        raise BenchmarkError(
            f"{path}, line {row + 2}: cell ({', '.join(frame[list(dims)].iloc[row])}) is given "
            "twice; keep one line"
        )
    try:
        numbers = np.array([float(text) for text in frame["value"]], dtype=np.float64)
    except ValueError:
        numbers = np.array([_number(text) for text in frame["value"]])
    if not np.isfinite(numbers).all():
        row = int((~np.isfinite(numbers)).argmax())
        raise BenchmarkError(
            f"{path}, line {row + 2}: value {frame['value'].iloc[row]!r} is not a finite number; "
            "write a number or leave the line out for zero"
        )
    values = np.zeros([len(sets[DIM_SET[dim]]) for dim in dims])
    values[tuple(index) if dims else ...] = numbers if dims else (numbers[0] if len(numbers) else 0.0)
    return xr.DataArray(values, dims=dims, coords={dim: list(sets[DIM_SET[dim]]) for dim in dims})


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def read_folder(folder: str | Path) -> Benchmark:
    """Read a benchmark folder without checking its accounting.

    Parameters
    ----------
    folder : path
        As `write_benchmark` writes it.

    Raises
    ------
    BenchmarkError
        Missing or malformed file, unknown array or label, text in a number.
    """
    folder = Path(folder)
    head = _read_toml(folder / _TOML)
    name, sets = head.pop("name", folder.name), head.pop("sets", None)
    if not isinstance(sets, dict):
        raise BenchmarkError(
            f"{folder / _TOML}: table [sets] is missing; list the labels of {', '.join(SETS)}"
        )
    # Labels are checked here, before the arrays, so that a bad set is named as such.
    sets = Benchmark(name, sets, {}, {}).sets
    netcdf = (folder / ARRAYS).is_file()
    arrays = read_arrays(folder / ARRAYS, sets) if netcdf else {}
    for group in GROUPS:
        for path in sorted((folder / group).glob("*.csv")):
            if path == folder / _SKILLDEF:
                head[SKILLDEF] = read_definitions(path, sets)
                continue
            if netcdf:
                raise BenchmarkError(f"{path} stands beside {ARRAYS}, which holds every array of the benchmark; "
                                     "remove one of the two")
            header = HEADERS.get(path.stem)
            if header is None or header.group != group:
                where = f"{header.group}/" if header else "no"
                raise BenchmarkError(
                    f"{path}: no array {path.stem} belongs in {group}/ (it has {where} place); "
                    "move, rename or remove the file"
                )
            arrays[path.stem] = _read_array(path, path.stem, sets)
    missing = [h for h in HEADERS.values() if h.required and h.name not in arrays]
    if missing and netcdf:
        raise BenchmarkError(f"{folder / ARRAYS}: missing {', '.join(h.name for h in missing)}; add the arrays")
    if missing:
        raise BenchmarkError(
            f"{folder}: missing {', '.join(f'{h.group}/{h.name}.csv' for h in missing)}; "
            "add the files (a file with only its head line is all zeros)"
        )
    return Benchmark(name, sets, arrays, head)


def open_benchmark(name_or_path: str | Path, *, check: bool = True) -> Benchmark:
    """Open a shipped benchmark by name, or a benchmark folder by path.

    Parameters
    ----------
    name_or_path : str or path
        Name of a shipped benchmark (``"ww1997"``), or a folder that has a
        benchmark.toml. A bare name is looked up among the shipped ones first.
    check : bool
        Whether to check every accounting identity (`check_benchmark`).

    Returns
    -------
    Benchmark

    Raises
    ------
    BenchmarkError
        Nothing of that name, malformed files, or a broken identity.
    """
    path = Path(name_or_path)
    if str(name_or_path) in shipped_names("sam_data"):
        path = shipped("sam_data", str(name_or_path))
    elif not (path / _TOML).is_file():
        if path.exists() or len(path.parts) > 1:
            raise BenchmarkError(
                f"{path} is no benchmark folder (it has no {_TOML}); give a folder written by "
                "write_benchmark, or the name of a shipped benchmark"
            )
        path = shipped("sam_data", str(name_or_path))  # raises, listing what is shipped
    bench = read_folder(path)
    if check:
        from cge.benchmark.checks import check_benchmark

        check_benchmark(bench)
    return bench
