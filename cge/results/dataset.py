"""Solutions gathered into one labelled xarray Dataset, with units, long names and provenance."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from cge._version import __version__
from cge.benchmark import HEADERS
from cge.errors import CGEError
from cge.model import LABOUR_DEFAULTS, table
from cge.scenario.spec import ELASTICITIES, ScenarioFile
from cge.solve.model import Model, Solution

#: Coefficients of the calibrated model worth keeping beside the benchmark's own arrays.
_CALIBRATED = {
    "INCOME": "income of permanent residents", "YPRES": "private consumption of permanent residents",
    "YPALL": "private consumption of residents and migrants",
    "YG0": "government consumption", "POPRES": "permanent residents", "LF0": "work force",
    "NAT0": "permanent residents at work", "WAGE0": "wage gross of labour tax",
    "WNET0": "after-tax wage", "AE": "productivity of earlier migrants relative to a host worker",
    "RHOE": "remittances of earlier migrants over after-tax pay", "SPENDE0": "spending of earlier migrants",
    "TBAL0": "trade balance", "REGINV": "gross investment", "REMIN0": "remittances received",
    "TAXRIMP0": "tariff revenue",
}
_COORDINATES = {
    "scenario": "scenario", "reg": "region", "comm": "commodity", "acts": "activity", "endw": "endowment",
    "marg": "margin commodity", "skill": "labour by skill", "src": "exporting region", "dst": "importing region",
    "home": "region the migrant comes from", "host": "region the migrant lives in",
    "scenario_title": "what the scenario is",
    "reference": "scenario against which gains are counted", "reg_name": "name of the region",
    "comm_name": "name of the commodity", "acts_name": "name of the activity", "endw_name": "name of the endowment",
    "skill_name": "name of the skill", "dir": "origin of goods", "ctax": "kind of tax",
    "techtype": "kind of technical change", "group": "group of people",
    "elasticity": "elasticity that scenarios may scale",
    "concept": "whose gain: residents who stay, earlier migrants, people of the region (home), people in it (host)",
}
#: Numbers of the welfare decomposition's cells, over all scenarios, that a file takes without being asked.
MOST_CELLS = 1_000_000
#: Options of new movers that are single numbers, by scenario.
_OPTIONS = {"TAXMOV": "part of the host's labour tax that new movers pay",
            "CTAXMOV": "part of the host's consumption taxes that new movers pay",
            "FAMILY": "dependants of each new mover",
            "TAXSHARE": "part of the average tax revenue per head given to each new mover"}
_UNITS = {"POPRES": "million persons", "LF0": "thousand workers", "NAT0": "thousand workers",
          "WAGE0": "million US$ per thousand workers", "WNET0": "million US$ per thousand workers",
          "AE": "ratio", "RHOE": "ratio"}
_MOVERS = {"AN": ("AN", "productivity of new movers relative to a host worker", "ratio"),
           "RHON": ("RHON", "remittances of new movers over after-tax pay", "ratio"),
           "MSHR": ("MSHR", "share of the home in new movers to the host", "ratio")}


def to_dataset(file: ScenarioFile, model: Model, solutions: Mapping[str, Solution],
               detail: bool | None = None) -> xr.Dataset:
    """One Dataset: benchmark, every variable by scenario, certificates, provenance.

    Exogenous variables that no scenario changes are left out, in large files also their composites. Indices are
    levels with benchmark 1; signed variables are in their own unit (million US$ mostly).

    Parameters
    ----------
    file : ScenarioFile
    model : Model
    solutions : mapping of str to Solution
    detail : bool, optional
        Also the cells of the welfare decomposition (by commodity, activity, partner), not only their sums by region;
        by default where they are at most :data:`MOST_CELLS` numbers.
    """
    names = list(solutions)
    if detail is None:
        cells = sum(int(np.prod(model.system.shape(s.name))) for s in table.symbols.values() if s.detail)
        detail = cells * len(names) <= MOST_CELLS
    base = model.base()
    out: dict[str, xr.DataArray] = {}
    for name, symbol in table.symbols.items():
        if symbol.detail and not detail:
            continue
        stack = np.stack([solutions[s][name].values for s in names])
        reference = base[name].values
        given = symbol.role == "exogenous" or (symbol.block == "shifters" and not detail)
        if given and np.array_equal(stack, np.broadcast_to(reference, stack.shape)):
            continue
        coords = {"scenario": names, **{d: list(model.cal.sets[d]) for d in symbol.dims}}
        out[name] = xr.DataArray(stack, dims=("scenario", *symbol.dims), coords=coords, attrs={
            "long_name": symbol.long_name, "units": symbol.unit, "block": symbol.block, "role": symbol.role,
            "counted_from": "benchmark",
            "benchmark_value": 1.0 if symbol.positive and symbol.unit.startswith("index") else
            ("0" if not reference.any() else "see the benchmark arrays")})
    for name, (key, what, unit) in _MOVERS.items():
        dims = model.cal.data[key][0]
        out[name] = xr.DataArray(np.stack([solutions[s].data["coef"][key] for s in names]), dims=("scenario", *dims),
                                 coords={"scenario": names, **{d: list(model.cal.sets[d]) for d in dims}},
                                 attrs={"long_name": what, "units": unit})
    for name, what in _OPTIONS.items():
        out[name] = xr.DataArray([float(solutions[s].data["coef"][name]) for s in names], dims="scenario",
                                 coords={"scenario": names}, attrs={"long_name": what, "units": "ratio"})
    # RORDELTA itself is an array of the benchmark.
    out["rordelta"] = xr.DataArray(
        [float(solutions[s].data["coef"]["RORDELTA"]) for s in names], dims="scenario", coords={"scenario": names},
        attrs={"long_name": "1: investment by expected returns, 0: fixed shares", "units": "ratio",
               "role": "exogenous"})
    out["elasticity_factor"] = xr.DataArray(
        [[float(file.scenarios[s].elasticities.get(e, 1.0)) for e in ELASTICITIES] for s in names],
        dims=("scenario", "elasticity"), coords={"scenario": names, "elasticity": list(ELASTICITIES)},
        attrs={"long_name": "elasticity over its benchmark value", "units": "ratio", "role": "exogenous"})
    for name in HEADERS:
        if name in model.bench:
            out[name] = model.bench[name]
    for name, what in _CALIBRATED.items():
        dims, values = model.cal.data[name]
        out[name] = xr.DataArray(values, dims=dims, coords={d: list(model.cal.sets[d]) for d in dims},
                                 attrs={"long_name": what, "units": _UNITS.get(name, "million US$")})
    ds = xr.Dataset(out)
    _certificates(ds, solutions)
    ds = ds.assign_coords(
        scenario_title=("scenario", [file.scenarios[s].title for s in names]),
        reference=("scenario", [file.scenarios[s].reference or "benchmark" for s in names]))
    for dim in ("reg", "comm", "acts", "endw", "skill"):
        long = model.bench.meta.get("long_names", {}).get(dim, {})
        if long:
            ds = ds.assign_coords({f"{dim}_name": (dim, [long.get(x, x) for x in model.cal.sets[dim]])})
    label_coordinates(ds)
    ds.attrs = provenance(file, model)
    return ds


def label_coordinates(ds: xr.Dataset) -> None:
    """Give every coordinate its long name, whatever an operation left there, and the unit of a label."""
    for name, coordinate in ds.coords.items():
        coordinate.attrs = {"long_name": _COORDINATES.get(str(name), str(name)), "units": "label"}


def _certificates(ds: xr.Dataset, solutions: Mapping[str, Solution]) -> None:
    rows = {"certificate_residual": ("residual", "largest relative residual, re-evaluated with NumPy"),
            "certificate_walras": ("walras", "slack of the omitted market over world income"),
            "certificate_sam": ("sam", "largest imbalance of an account of the counterfactual SAM"),
            "certificate_rates": ("rates", "largest gap of a Divisia index to its second integration")}
    for name, (key, what) in rows.items():
        ds[name] = ("scenario", [getattr(s.certificate, key) for s in solutions.values()],
                    {"long_name": what, "units": "ratio"})
    ds["certificate_where"] = ("scenario", [s.certificate.where for s in solutions.values()],
                               {"long_name": "row and element of the largest residual", "units": "text"})
    # Asking for a reporting rate has integrated all of them.
    errors = {"index_error": ([s.rate_error for s in solutions.values()], "indices that the solve integrates"),
              "report_error": ([s.path.post_error if s.path else 0.0 for s in solutions.values()],
                               "reporting indices and contributions to welfare")}
    for name, (values, what) in errors.items():
        ds[name] = ("scenario", values, {"long_name": f"estimated integration error of {what}", "units": "fraction"})
    counts = {"steps": ([s.steps for s in solutions.values()], "sub-steps of the path"),
              "newton_iterations": ([s.report.iterations for s in solutions.values()], "Newton iterations"),
              "jacobian_products": ([s.report.products for s in solutions.values()], "Jacobian-vector products")}
    for name, (number, what) in counts.items():
        ds[name] = ("scenario", number, {"long_name": what, "units": "count"})
    ds["solve_seconds"] = ("scenario", [s.seconds for s in solutions.values()],
                           {"long_name": "wall time of the solve", "units": "s"})


def provenance(file: ScenarioFile, model: Model) -> dict[str, str]:
    """What made a result: package, benchmark and scenario by content, closure, labour options."""
    options = {k: v for k, (v, _) in LABOUR_DEFAULTS.items()} | dict(file.labour)
    return {
        "title": file.title,
        "model": "multi-region CGE, GTAP version 7 structure with bilateral labour mobility and remittances",
        "package": f"opencge {__version__} (import name cge)",
        "python": platform.python_version(),
        "benchmark": model.bench.name,
        "benchmark_year": str(model.bench.meta.get("year", "")),
        "benchmark_sha256": model.bench.digest(),
        "scenario_file": file.path.name,
        "scenario_sha256": hashlib.sha256(file.text.encode()).hexdigest(),
        "scenario_text": file.text,
        "closure": json.dumps({"numeraire": "pfactwld", "omitted_market": "saving and investment (walraslack)",
                               "rordelta": float(model.cal.data["RORDELTA"][1]), "swaps": [
                                   f"{s.exogenous} = {s.endogenous}" for s in model.closure.swaps]}),
        "labour_options": json.dumps(options),
        "headline": json.dumps(dict(file.headline)),
        "groups": json.dumps(model.bench.meta.get("groups", {})),
        "units": "flows in million US$ of the base year; indices with benchmark = 1; workers in thousands",
    }


def check_folder(folder: str | Path) -> None:
    """Raise CGEError unless files can be written into the folder; nothing is left in it.

    Called before long work, so that a wrong folder costs no waiting.
    """
    folder = Path(folder)
    existing = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path("."))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError:
        why = "not a folder" if not existing.is_dir() else "not writable"
        raise CGEError(f"cannot write into {folder}: {existing} is {why}; choose another folder with --out") from None


def write_netcdf(ds: xr.Dataset, path: str | Path) -> Path:
    """Write a Dataset as netCDF-4, atomically: the file appears whole or not at all.

    Raises
    ------
    CGEError
        The folder cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
    except OSError as err:
        raise CGEError(f"cannot write {path}: {err.strerror}; choose another folder with --out") from None
    encoding = {n: {"zlib": True, "complevel": 1} for n, v in ds.data_vars.items()
                if v.dtype.kind == "f" and v.size > 1000}
    try:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as err:
        raise CGEError(f"cannot write {path}: {err}; check the free space of the disk") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def open_results(path: str | Path) -> xr.Dataset:
    """Open a result file.

    Raises
    ------
    CGEError
        The file is missing or not a result file.
    """
    path = Path(path)
    if not path.is_file():
        raise CGEError(f"no result file at {path}; `cge run` makes one")
    try:
        with xr.open_dataset(path, engine="netcdf4") as ds:
            return ds.load()
    except (OSError, ValueError) as err:
        raise CGEError(f"{path} is not a readable netCDF result file ({err}); make it anew with `cge run`") from None
