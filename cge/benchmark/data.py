"""The benchmark: labelled base-year arrays with their sets and metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark.headers import DIM_SET, HEADERS, SETS
from cge.errors import BenchmarkError

MOBILITY = ("mobile", "sluggish", "fixed")
_LABEL = re.compile(r"[A-Za-z0-9_\-]+")


@dataclass(frozen=True, eq=False, repr=False)
class Benchmark:
    """The base year of a model: sets, arrays and their description.

    Construction checks the structure (known arrays, right dimensions, labels
    of the sets, numbers) and puts every array into the canonical order of
    dimensions and labels. Accounting identities are checked by
    `cge.benchmark.check_benchmark`.

    Parameters
    ----------
    name : str
        Short name; the folder name when shipped.
    sets : dict of str to tuple of str
        Labels of reg, comm, acts, marg (subset of comm), endw, skill (subset
        of endw). marg and skill may be empty.
    arrays : dict of str to xarray.DataArray
        Arrays of `cge.benchmark.headers.HEADERS`, float64, with labelled
        dimensions. Optional arrays may be left out.
    meta : dict
        title, year, unit, long_names (per set), groups (importers,
        exporters), mobility (per endowment: mobile, sluggish or fixed),
        beta_earlier (value, source), sources. Only mobility is needed by the
        model; endowments not listed are mobile.

    Raises
    ------
    BenchmarkError
        Unknown array, set or label; wrong dimensions; cells that are not numbers.
    """

    name: str
    sets: dict[str, tuple[str, ...]]
    arrays: dict[str, xr.DataArray]
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", _checked_sets(self.sets))
        unknown = [name for name in self.arrays if name not in HEADERS]
        if unknown:
            raise BenchmarkError(
                f"benchmark {self.name!r}: unknown array {', '.join(unknown)}; "
                f"known arrays are {', '.join(HEADERS)}"
            )
        arrays = {
            name: canonical(name, self.arrays[name], self.sets) for name in HEADERS if name in self.arrays
        }
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(self, "meta", dict(self.meta))
        _check_meta(self)

    def __getitem__(self, name: str) -> xr.DataArray:
        """Array `name`; an optional array that is absent comes as its default.

        Raises
        ------
        BenchmarkError
            For an unknown name, or an absent array that has no default.
        """
        if name in self.arrays:
            return self.arrays[name]
        if name not in HEADERS:
            raise BenchmarkError(
                f"no benchmark array is called {name!r}; known arrays are {', '.join(HEADERS)}"
            )
        default = HEADERS[name].default
        if default is None:
            raise BenchmarkError(
                f"benchmark {self.name!r} has no array {name} ({HEADERS[name].long_name}); "
                f"add {HEADERS[name].group}/{name}.csv"
            )
        dims = HEADERS[name].dims
        shape = [len(self.labels(dim)) for dim in dims]
        return canonical(name, self._wrap(np.full(shape, default), dims), self.sets)

    def __contains__(self, name: str) -> bool:
        """Whether array `name` is in the benchmark itself (not as a default)."""
        return name in self.arrays

    def __repr__(self) -> str:
        size = " x ".join(f"{len(self.sets[s])} {s}" for s in SETS)
        return f"<Benchmark {self.name!r}: {size}; {len(self.arrays)} arrays>"

    def _wrap(self, values: np.ndarray, dims: tuple[str, ...]) -> xr.DataArray:
        return xr.DataArray(values, dims=dims, coords={dim: list(self.labels(dim)) for dim in dims})

    def labels(self, dim: str) -> tuple[str, ...]:
        """Labels of a dimension (src, dst, home and host run over reg)."""
        return self.sets[DIM_SET[dim]]

    @property
    def has_labour(self) -> bool:
        """Whether bilateral labour stocks are given; without them the model is standard GTAP."""
        return "LAB" in self.arrays

    @property
    def mobility(self) -> dict[str, str]:
        """Mobility of every endowment between activities: mobile, sluggish or fixed."""
        given = self.meta.get("mobility", {})
        return {endw: given.get(endw, "mobile") for endw in self.sets["endw"]}

    @property
    def beta_earlier(self) -> float:
        """Share of the wage gap that earlier migrants have closed (docs/model.md).

        Raises
        ------
        BenchmarkError
            When the benchmark has labour stocks but does not state it.
        """
        try:
            return float(self.meta["beta_earlier"]["value"])
        except (KeyError, TypeError, ValueError):
            raise BenchmarkError(
                f"benchmark {self.name!r}: the productivity of earlier migrants is not stated; "
                "add [beta_earlier] with value and source to benchmark.toml"
            ) from None

    def replace(
        self,
        *,
        name: str | None = None,
        meta: dict[str, Any] | None = None,
        drop: tuple[str, ...] = (),
        **arrays: xr.DataArray,
    ) -> Benchmark:
        """Return a copy with some arrays replaced, added or dropped.

        Parameters
        ----------
        name : str, optional
        meta : dict, optional
            Entries that replace those of the old metadata.
        drop : tuple of str
            Arrays to leave out.
        **arrays : xarray.DataArray
        """
        kept = {key: value for key, value in self.arrays.items() if key not in drop}
        return Benchmark(name or self.name, self.sets, {**kept, **arrays}, {**self.meta, **(meta or {})})

    def digest(self) -> str:
        """SHA-256 of the benchmark's files as `write_benchmark` writes them (hex)."""
        from cge.benchmark.io import benchmark_digest

        return benchmark_digest(self)


def _checked_sets(sets: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Canonical order of sets; refuse missing, unknown, duplicate or illegal labels."""
    missing = [name for name in SETS if name not in sets]
    unknown = [name for name in sets if name not in SETS]
    if missing or unknown:
        raise BenchmarkError(
            f"sets: missing {missing}, unknown {unknown}; a benchmark has the sets "
            f"{', '.join(SETS)} (marg and skill may be empty)"
        )
    out: dict[str, tuple[str, ...]] = {}
    for name in SETS:
        labels = tuple(str(label) for label in sets[name])
        doubled = sorted({label for label in labels if labels.count(label) > 1})
        if doubled:
            raise BenchmarkError(f"set {name}: duplicate label {', '.join(doubled)}; keep it once")
        bad = [label for label in labels if not _LABEL.fullmatch(label)]
        if bad:
            raise BenchmarkError(f"set {name}: label {bad[0]!r} is not allowed; use letters, digits, _ and -")
        if not labels and name not in ("marg", "skill"):
            raise BenchmarkError(f"set {name} is empty; give at least one label")
        out[name] = labels
    for small, large in (("marg", "comm"), ("skill", "endw")):
        stray = [label for label in out[small] if label not in out[large]]
        if stray:
            raise BenchmarkError(
                f"set {small}: {', '.join(stray)} not in set {large}; {small} is a subset of it"
            )
    return out


def canonical(name: str, array: xr.DataArray, sets: dict[str, tuple[str, ...]]) -> xr.DataArray:
    """Array in canonical order of dimensions and labels, read-only float64, with unit and long name.

    Raises
    ------
    BenchmarkError
        Wrong dimensions, labels that are not those of the set, or text in a number.
    """
    header = HEADERS[name]
    if not isinstance(array, xr.DataArray):
        raise BenchmarkError(f"array {name}: expected an xarray.DataArray, got {type(array).__name__}")
    if set(array.dims) != set(header.dims):
        raise BenchmarkError(f"array {name}: dimensions are {tuple(array.dims)}, should be {header.dims}")
    array = array.transpose(*header.dims)
    indexers: dict[str, list[int]] = {}
    for dim in header.dims:
        want = sets[DIM_SET[dim]]
        if dim not in array.coords:
            raise BenchmarkError(
                f"array {name}: dimension {dim} has no labels; give it the labels of set {DIM_SET[dim]}"
            )
        have = [str(label) for label in array.coords[dim].values]
        if tuple(have) == want:
            continue
        unknown = [label for label in have if label not in want]
        missing = [label for label in want if label not in have]
        doubled = sorted({label for label in have if have.count(label) > 1})
        if unknown or missing or doubled:
            raise BenchmarkError(
                f"array {name}, dimension {dim}: unknown labels {unknown}, missing labels "
                f"{missing}, duplicate labels {doubled}; use those of set {DIM_SET[dim]}"
            )
        indexers[dim] = [have.index(label) for label in want]
    if indexers:
        array = array.isel(indexers)
    try:
        values = np.array(array.values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise BenchmarkError(f"array {name}: {error}; every cell must be a number") from None
    values += 0.0  # turns -0.0 into 0.0, so that files (zero cells left out) read back bitwise
    values.setflags(write=False)
    coords = {dim: list(sets[DIM_SET[dim]]) for dim in header.dims}
    return xr.DataArray(
        values,
        dims=header.dims,
        coords=coords,
        name=name,
        attrs={"units": header.unit, "long_name": header.long_name},
    )


def _check_meta(bench: Benchmark) -> None:
    """Refuse metadata that names unknown elements."""
    mobility = bench.meta.get("mobility", {})
    for endw, kind in mobility.items():
        if endw not in bench.sets["endw"]:
            raise BenchmarkError(f"mobility: {endw!r} is not an endowment ({', '.join(bench.sets['endw'])})")
        if kind not in MOBILITY:
            raise BenchmarkError(f"mobility of {endw}: {kind!r} should be one of {', '.join(MOBILITY)}")
    for group, members in bench.meta.get("groups", {}).items():
        stray = [label for label in members if label not in bench.sets["reg"]]
        if stray:
            raise BenchmarkError(f"group {group}: {', '.join(stray)} not in set reg")
