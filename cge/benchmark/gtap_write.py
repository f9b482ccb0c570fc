"""Benchmarks as GTAP version 7 data bases (header-array files)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.gtap_names import FILES, MOBILITY_SETS, MOBILITY_TYPES, PARAMETERS, SETS
from cge.benchmark.har import HarArray, har_bytes, write_har
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.benchmark.identities import net_remittances
from cge.errors import BenchmarkError

_LONG = {"reg": "Regions", "comm": "Commodities", "acts": "Activities", "marg": "Margin commodities",
         "endw": "Endowments", "ENDM": "Mobile endowments", "ENDS": "Sluggish endowments",
         "ENDF": "Sector-specific endowments", "ENDT": "Endowment types"}


def write_gtap(bench: Benchmark, folder: str | Path, arrays: Mapping[str, xr.DataArray] | None = None) -> list[str]:
    """Write basedata.har, sets.har and default.prm.

    Numbers become 32-bit, as GEMPACK's files are. The same benchmark always
    gives the same bytes.

    Parameters
    ----------
    bench : Benchmark
    folder : path
        Made if absent; the three files are replaced.
    arrays : mapping of str to xarray.DataArray, optional
        Arrays that take the place of the benchmark's: the flows after a
        simulation, to write an updated data base.

    Returns
    -------
    list of str
        Notes: arrays of the benchmark that a GTAP data base has no place for
        (labour stocks, remittances, policy layers).

    Raises
    ------
    BenchmarkError
        An unknown array in `arrays`; HarError for a label longer than 12
        characters or a number that 32 bits cannot hold.
    """
    if arrays:
        bench = Benchmark(bench.name, bench.sets, {**bench.arrays, **arrays}, bench.meta)
    notes = []
    if left := [n for n in bench.arrays if HEADERS[n].group in ("labour", "policy")]:
        notes.append(f"not written, a GTAP data base has no place for them: {', '.join(left)}")
    if (net := net_remittances(bench)).any():
        # The regional household of GTAP has no transfers; without them its saving is the residual.
        bench = bench.replace(SAVE=bench["SAVE"] - net)
        notes.append("SAVE is written without net remittances, so that the accounts of the data base balance")
    folder = Path(folder)
    content = {"base": _base(bench), "sets": _sets(bench), "parameters": _parameters(bench)}
    for headers in content.values():
        har_bytes(headers)  # refuses before anything is written
    for kind, headers in content.items():
        write_har(folder / FILES[kind][0], headers)
    return notes


def _real(bench: Benchmark, name: str, header: str) -> HarArray:
    array = bench[name]
    dims = [str(d) for d in array.dims]
    return HarArray(array.values, HEADERS[name].long_name[:70], tuple(DIM_SET[d].upper() for d in dims),
                    tuple(bench.labels(d) for d in dims), name[:12] if name in PARAMETERS else header)


def _base(bench: Benchmark) -> dict[str, HarArray]:
    missing = [n for n, h in HEADERS.items() if h.group == "flows" and h.required and n not in bench]
    if missing:
        raise BenchmarkError(f"benchmark {bench.name!r} has no {', '.join(missing)}; a GTAP data base needs them")
    reg = bench.sets["reg"]
    out = {"DREL": _text([str(bench.meta.get("title", bench.name))], "GTAP data release identifier")}
    out |= {n: _real(bench, n, n) for n, h in HEADERS.items() if h.group == "flows" and n in bench}
    out.setdefault("DPSM", HarArray(np.ones(len(reg), np.float32), "sum of the distribution parameters of utility",
                                    ("REG",), (reg,), "DPSM"))
    out["VOSB"] = HarArray(bench["MAKB"].sum("acts").values, "Sales of domestic output supply, at basic prices",
                           ("COMM", "REG"), (bench.sets["comm"], reg), "VOSB")
    return out


def _text(values: list[str], long_name: str) -> HarArray:
    width = max([12] + [len(x) for x in values])
    return HarArray(np.array(values, dtype=f"<U{width}"), long_name)


def _sets(bench: Benchmark) -> dict[str, HarArray]:
    out = {s.upper(): _text(list(bench.sets[s]), f"Set {s.upper()}  {_LONG[s]}") for s in SETS}
    for header, kind in MOBILITY_SETS.items():
        labels = [e for e, k in bench.mobility.items() if k == kind]
        out[header] = _text(labels, f"Set ENDW{header[-1]}  {_LONG[header]}")
    return out | {"ENDT": _text(list(MOBILITY_TYPES), f"Set ENDWT  {_LONG['ENDT']}")}


def _parameters(bench: Benchmark) -> dict[str, HarArray]:
    out = {header: _real(bench, name, header) for name, header in PARAMETERS.items() if name != "RORDELTA"}
    out["RDLT"] = HarArray(np.array([[int(bench["RORDELTA"])]], np.int32), "Investment allocation binary coefficient")
    flags = [[float(kind == column) for column in MOBILITY_TYPES] for kind in bench.mobility.values()]
    out["EFLG"] = HarArray(np.array(flags, np.float32), "Binary (1,0) flag for endowment mobility", ("ENDW", "ENDWT"),
                           (bench.sets["endw"], MOBILITY_TYPES), "ENDOWFLAG")
    return out


def write_results_har(path: str | Path, arrays: Mapping[str, xr.DataArray]) -> Path:
    """Write results as a HAR file: one header per variable, numbered 0001, 0002, ...

    The name of a variable is the header's coefficient (its first 12 characters) and, with its
    description (attribute ``long_name``), the header's long name, as in a
    solution file of GEMPACK turned into a HAR file.

    Parameters
    ----------
    path : path
    arrays : mapping of str to xarray.DataArray
        A mapping or an xarray.Dataset; at most 7 dimensions each, real numbers.
        Dimensions src, dst, home and host are written as the set REG.

    Returns
    -------
    Path

    Raises
    ------
    HarError
        A label or name longer than 12 characters, a number that is not finite.
    """
    out = {}
    for i, (name, array) in enumerate(arrays.items()):
        dims = [str(d) for d in array.dims]
        labels = tuple(tuple(str(x) for x in array.coords[d].values) if d in array.coords else None for d in dims)
        long_name = f"{name} # {array.attrs.get('long_name', '')}"[:68].rstrip(" #") + " #"
        out[f"{i + 1:04d}"] = HarArray(np.asarray(array.values, float), long_name,
                                       tuple(DIM_SET.get(d, d).upper() for d in dims), labels, str(name)[:12])
    return write_har(path, out)
