"""Read GEMPACK reference solutions (GTAP v7) for tests; nothing of them is part of the project."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cge.benchmark import HEADERS, Benchmark
from cge.benchmark.headers import DIM_SET
from cge.model import table
from cge.solve.notional import notional

# Names of the parameter file's headers.
PARAMETERS = {
    "ESBT": "ESUBT",
    "ESBC": "ESUBC",
    "ESBV": "ESUBVA",
    "ESBD": "ESUBD",
    "ESBM": "ESUBM",
    "ESBQ": "ESUBQ",
    "ETRQ": "ETRAQ",
    "ETRE": "ETRAE",
    "ESBG": "ESUBG",
    "ESBI": "ESUBI",
    "ESBS": "ESUBS",
    "SUBP": "SUBPAR",
    "INCP": "INCPAR",
    "RFLX": "RORFLEX",
    "RDLT": "RORDELTA",
}


VALIDATION = Path(__file__).resolve().parents[2] / "shared" / "validation"


def folder(name: str) -> Path:
    """Folder of a reference solution; skip with the reason where it or its reader is absent."""
    pytest.importorskip("harpy", reason="harpy3 is not installed (pip install .[test])")
    path = VALIDATION / name
    if not path.is_dir():
        pytest.skip(f"no reference solution: the folder ../shared/validation/{name} is absent")
    return path


def headers(path: Path) -> dict:
    """All headers of a HAR file."""
    from harpy import HarFileObj

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = HarFileObj.loadFromDisk(str(path))
        return {name: file.getHeaderArrayObj(name) for name in file.getHeaderArrayNames()}


def _labels(obj, axis: int) -> list[str] | None:
    names = obj["sets"][axis]["dim_desc"]
    return None if names is None else [str(x).strip() for x in names]


def benchmark(path: Path) -> Benchmark:
    """The data base as a Benchmark; missing population is one."""
    data, prm, sets_file = (headers(path / f) for f in ("basedata.har", "default.prm", "sets.har"))
    sets = {
        k: tuple(str(x).strip() for x in sets_file[k.upper()]["array"]) for k in ("reg", "comm", "acts", "marg", "endw")
    }
    sets["skill"] = tuple(e for e in sets["endw"] if "lab" in e.lower())
    arrays = {}

    def put(name, obj):
        dims = HEADERS[name].dims
        values = np.asarray(obj["array"], dtype=np.float64)
        coords = {d: _labels(obj, i) or list(sets[DIM_SET[d]]) for i, d in enumerate(dims)}
        arrays[name] = xr.DataArray(values.reshape([len(coords[d]) for d in dims]), dims=dims, coords=coords)

    for name, header in HEADERS.items():
        if header.group == "flows" and name in data:
            put(name, data[name])
    for short, name in PARAMETERS.items():
        if short in prm:
            put(name, prm[short])
    reg = list(sets["reg"])
    arrays.setdefault("POP", xr.DataArray(np.ones(len(reg)), dims="reg", coords={"reg": reg}))
    kinds = np.asarray(prm["EFLG"]["array"]).argmax(1)
    mobility = dict(zip(_labels(prm["EFLG"], 0), (("mobile", "sluggish", "fixed")[k] for k in kinds), strict=True))
    return balanced(Benchmark(path.name, sets, arrays, {"unit": "million US$", "mobility": mobility}))


def balanced(b: Benchmark) -> Benchmark:
    """Remove the rounding of 32-bit numbers (relative changes of about 1e-7), so that the identities hold."""
    v = dict(b.arrays)

    def ratio(x, y):
        return (x / y.where(y != 0)).fillna(1.0)

    v["VTWR"] = v["VTWR"] * ratio(v["VCIF"] - v["VFOB"], v["VTWR"].sum("marg")).where(v["VTWR"].sum("marg") > 0, 1.0)
    v["VCIF"] = v["VFOB"] + v["VTWR"].sum("marg")
    v["VST"] = v["VST"] * ratio(v["VTWR"].sum(["comm", "src", "dst"]), v["VST"].sum("reg"))
    use = v["VMFB"].sum("acts") + v["VMPB"] + v["VMGB"] + v["VMIB"]
    k = ratio(v["VMSB"].sum("src").rename(dst="reg"), use)
    for name in ("VMFB", "VMFP", "VMPB", "VMPP", "VMGB", "VMGP", "VMIB", "VMIP"):
        v[name] = v[name] * k
    sold = v["VDFB"].sum("acts") + v["VDPB"] + v["VDGB"] + v["VDIB"] + v["VXSB"].sum("dst").rename(src="reg")
    sold = sold + v["VST"].rename(marg="comm").reindex(comm=sold.comm, fill_value=0.0)
    k = ratio(sold, v["MAKB"].sum("acts"))
    v["MAKB"], v["MAKS"] = v["MAKB"] * k, v["MAKS"] * k
    k = ratio(v["MAKS"].sum("comm") - (v["VDFP"] + v["VMFP"]).sum("comm"), v["EVFP"].sum("endw"))
    for name in ("EVFP", "EVFB", "EVOS"):
        v[name] = v[name] * k
    v = {name: a.transpose(*HEADERS[name].dims) for name, a in v.items()}
    tax = (v["EVFP"] - v["EVOS"]).sum(["endw", "acts"]) + (v["MAKB"] - v["MAKS"]).sum(["comm", "acts"])
    for o in "DM":
        tax = tax + (v[f"V{o}FP"] - v[f"V{o}FB"]).sum(["comm", "acts"])
        for agent in "PGI":
            tax = tax + (v[f"V{o}{agent}P"] - v[f"V{o}{agent}B"]).sum("comm")
    tax = tax + (v["VFOB"] - v["VXSB"]).sum(["comm", "dst"]).rename(src="reg")
    tax = tax + (v["VMSB"] - v["VCIF"]).sum(["comm", "src"]).rename(dst="reg")
    spent = (v["VDPP"] + v["VMPP"] + v["VDGP"] + v["VMGP"]).sum("comm")
    v["SAVE"] = v["EVOS"].sum(["endw", "acts"]) + tax - v["VDEP"] - spent
    return b.replace(**v)


def reference(path: Path) -> dict[str, tuple[np.ndarray, list[list[str] | None]]]:
    """Solution by variable name: values (% change, or change) and the labels of each axis."""
    (file,) = path.glob("sl4dump_*.har")
    out = {}
    for obj in headers(file).values():
        words = obj["long_name"].split()
        values = np.asarray(obj["array"])
        if words and values.dtype.kind == "f":
            labels = [_labels(obj, i) for i in range(values.ndim)] if obj.get("sets") else []
            out[words[0]] = (values.astype(float), labels)
    return out


def _cells(labels, axes):
    """Index of labelled cells on labelled axes."""
    return np.ix_(*[[list(a).index(x) for x in ls] for ls, a in zip(labels, axes, strict=True)])


def spelled(labels, wanted):
    """Labels in the spelling of ours: GEMPACK does not mind capitals."""
    own = {w.lower(): w for w in wanted}
    return [own.get(x.lower(), x) for x in labels]


def summary(error: np.ndarray, labels, expected: np.ndarray, counted: np.ndarray | bool = True,
            left: int = 0) -> dict:
    """Quantiles of an array of errors over the cells counted, where the largest is, and how many cells are left out."""
    values = error[np.broadcast_to(counted, error.shape)]
    cell = np.unravel_index(int(error.argmax()), error.shape) if error.shape else ()
    return {
        "max": float(error.max()),
        "p50": float(np.quantile(values, 0.5)),
        "p99": float(np.quantile(values, 0.99)),
        "where": ", ".join(h[i] for h, i in zip(labels, cell, strict=True)),
        "range": float(np.abs(expected).max()),
        "cells": values.size,
        "left": left + error.size - values.size,
    }


def compare(solution, base, path: Path) -> dict[str, dict]:
    """Errors of every variable that both solutions have, over all cells, those of absent flows among them.

    Returns
    -------
    dict
        Per variable: ``max`` and ``p99`` of the absolute error (percentage points,
        or million US$ where GTAP declares a change), ``where`` the largest is,
        ``range`` of the reference, ``cells`` compared and ``left``, the cells
        of the reference that the model does not have.
    """
    model, out = solution.model, {}
    filled = notional(solution)
    for name, (expected, axes) in reference(path).items():
        symbol = model.system.table.symbols.get(name)
        if symbol is None or not expected.size:
            continue
        own = filled.get(name, solution[name].values)
        labels = [model.cal.sets[d] for d in symbol.dims]
        if symbol.positive:
            before = base[name].values
            own = 100.0 * (own / np.where(before == 0, 1.0, before) - 1.0)
        # Sets may differ: specific endowments only, or a shifter over all commodities in place of margins.
        held = axes or [list(w) for w in labels]
        held = [spelled(h, w) for h, w in zip(held, labels, strict=True)]
        common = [[x for x in h if x in w] for h, w in zip(held, labels, strict=True)]
        if not all(common):
            continue
        size = expected.size
        expected = expected.reshape([len(h) for h in held])[_cells(common, held)]
        error = np.abs(own[_cells(common, labels)] - expected)
        out[name] = summary(error, common, expected, left=size - expected.size)
    return out


#: Headers of a solution file that are no variables.
NOTES = {"CREATION", "Fortran", "when"}


def missing(path: Path) -> set[str]:
    """Variables of the reference solution that the table lacks."""
    return {n for n in reference(path) if n not in NOTES and n not in table.symbols}


def worst(errors: dict[str, dict], key: str, bar: float) -> str:
    """The variables beyond a bar, in words (empty when there is none)."""
    return "; ".join(f"{n} {e[key]:.5f} (largest at {e['where']})" for n, e in errors.items() if not e[key] <= bar)
