"""The arrays of a large benchmark in one netCDF-4 file, with labels, units and checksums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.errors import BenchmarkError

ARRAYS = "arrays.nc"
_AGAIN = "make the benchmark anew with the command that wrote it, or fetch the file again"


def write_arrays(bench: Benchmark, path: Path) -> None:
    """Write every array of a benchmark, float64, dimensions and labels as in memory.

    Not compressed: at 160 regions and 65 sectors zlib takes 5 s to write and
    1 s to read for a third less space (0.3 s and 0.2 s without), and faster
    filters are missing from many installations of HDF5. Each array carries
    Fletcher checksums, so that a damaged file is refused on reading.
    """
    import netCDF4

    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.title = f"arrays of benchmark {bench.name}; sets and description are in benchmark.toml beside it"
        for name, array in bench.arrays.items():
            for dim in HEADERS[name].dims:
                if dim not in file.dimensions:
                    labels = bench.labels(dim)
                    # A length of zero would mean an unlimited dimension; an array without cells is left out.
                    if not labels:
                        break
                    file.createDimension(dim, len(labels))
                    file.createVariable(dim, str, (dim,))[:] = np.array(labels, dtype=object)
            else:
                dims = HEADERS[name].dims
                variable = file.createVariable(name, "<f8", dims, fletcher32=bool(dims), fill_value=False)
                variable.units, variable.long_name = HEADERS[name].unit, HEADERS[name].long_name
                variable[...] = array.values


def read_arrays(path: Path, sets: Mapping[str, Sequence[str]]) -> dict[str, xr.DataArray]:
    """Read the arrays; they have the labels of the sets.

    Raises
    ------
    BenchmarkError
        The file is damaged or no netCDF file, an array is unknown or has other dimensions or
        labels, or a cell is not a finite number.
    """
    import netCDF4

    out: dict[str, xr.DataArray] = {}
    part = "the head"
    try:
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            _check_labels(path, file, sets)
            for name, variable in file.variables.items():
                if name in file.dimensions:
                    continue
                part = f"array {name}"
                if name not in HEADERS:
                    raise BenchmarkError(f"{path}: no benchmark array is called {name}; remove the variable or "
                                         "rename it to one of the arrays that a benchmark has")
                if variable.dimensions != HEADERS[name].dims or variable.dtype != np.float64:
                    raise BenchmarkError(
                        f"{path}: {name} is {variable.dtype} over ({', '.join(variable.dimensions)}); should be "
                        f"float64 over ({', '.join(HEADERS[name].dims)})")
                out[name] = _array(path, name, np.asarray(variable[...]), sets)
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        what = str(error.strerror or error) if isinstance(error, OSError) else str(error)
        raise BenchmarkError(f"{path} is damaged or no netCDF file (at {part}: {what}); {_AGAIN}") from None
    for name, header in HEADERS.items():
        shape = [len(sets[DIM_SET[dim]]) for dim in header.dims]
        if name not in out and header.required and 0 in shape:
            out[name] = _array(path, name, np.zeros(shape), sets)
    return out


def _check_labels(path: Path, file, sets: Mapping[str, Sequence[str]]) -> None:
    """Refuse labels that are not those of benchmark.toml."""
    for dim in file.dimensions:
        if dim not in DIM_SET:
            raise BenchmarkError(f"{path}: no dimension of a benchmark is called {dim}; they are {', '.join(DIM_SET)}")
        if dim not in file.variables:
            raise BenchmarkError(f"{path}: dimension {dim} has no labels; {_AGAIN}")
        have, want = [str(label) for label in file.variables[dim][:]], list(sets[DIM_SET[dim]])
        if have != want:
            where = next((i for i, pair in enumerate(zip(have, want)) if pair[0] != pair[1]), min(len(have), len(want)))
            found, due = (f"'{x[where]}'" if where < len(x) else "nothing" for x in (have, want))
            raise BenchmarkError(
                f"{path}: label {where + 1} of {dim} is {found}, and {due} in set {DIM_SET[dim]} of benchmark.toml; "
                "the two files do not belong together: restore the pair")


def _array(path: Path, name: str, values: np.ndarray, sets: Mapping[str, Sequence[str]]) -> xr.DataArray:
    dims = HEADERS[name].dims
    labels = {dim: list(sets[DIM_SET[dim]]) for dim in dims}
    if not np.isfinite(values).all():
        cell = np.argwhere(~np.isfinite(values))[0]
        where = ", ".join(f"{dim} {labels[dim][i]}" for dim, i in zip(dims, cell))
        raise BenchmarkError(f"{path}: {name} ({where}) is {values[tuple(cell)]}, not a finite number; {_AGAIN}")
    return xr.DataArray(values, dims=dims, coords=labels)
