"""Solutions gathered into one labelled xarray Dataset, with units, long names and provenance."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cge._files import whole_file
from cge._version import __version__
from cge.benchmark import HEADERS
from cge.benchmark.skill_definitions import CHOSEN
from cge.errors import CGEError
from cge.model import LABOUR_DEFAULTS, table
from cge.model.labour_nest_data import NEST, NEST_NAMES, inverse
from cge.model.table import View
from cge.model.terms_data import DEFAULTS
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
    "TAXRIMP0": "tariff revenue", "OWNED0": "net income of owners of capital, land and resources",
    "TAX0": "tax revenue", "PAID0": "pay kept by employers of migrants without legal status",
}
_COORDINATES = {
    "scenario": "scenario", "reg": "region", "comm": "commodity", "acts": "activity", "endw": "endowment",
    "marg": "margin commodity", "skill": "labour by skill", "src": "exporting region", "dst": "importing region",
    "home": "region the migrant comes from", "host": "region the migrant lives in",
    "scenario_title": "what the scenario is",
    "reference": "scenario against which gains are counted", "reg_name": "name of the region",
    "comm_name": "name of the commodity", "acts_name": "name of the activity", "endw_name": "name of the endowment",
    "skill_name": "name of the skill", "dir": "origin of goods", "ctax": "kind of tax",
    "techtype": "kind of technical change", "bloc": "hosts that share a cap", "term": "term of movement",
    "group": "group of people",
    "elasticity": "elasticity that scenarios may scale",
    "concept": "whose gain: residents who stay, earlier migrants, people of the region (home), people in it (host)",
}
#: Numbers of the welfare decomposition's cells, over all scenarios, that a file takes without being asked.
MOST_CELLS = 1_000_000
#: Cells of one variable or benchmark array up to which a file takes it without being asked (80 regions and 45
#: sectors have 288,000 bilateral cells, 160 and 65 have 1,664,000: 13 MB for every variable and scenario).
MOST_ARRAY = 500_000
#: Bytes up to which a file is compressed. zlib takes 3 to 4 s per 100 MB to save half, beyond what a run should wait.
MOST_COMPRESSED = 100_000_000
#: Options of new movers that are single numbers, by scenario.
_OPTIONS = {"TAXMOV": "part of the host's labour tax that new movers pay",
            "CTAXMOV": "part of the host's consumption taxes that new movers pay",
            "FAMILY": "dependants of each new mover",
            "TAXSHARE": "part of the average tax revenue per head given to each new mover"}
_OWNED = {"OWNF": "part of the host's capital that residents of another region (home) own",
          "MIGHOLD": "capital of an earlier migrant over that of a resident worker",
          "SETTLED": "capital of a new mover over that of a resident worker"}
_UNITS = {"POPRES": "million persons", "LF0": "thousand workers", "NAT0": "thousand workers",
          "WAGE0": "million US$ per thousand workers", "WNET0": "million US$ per thousand workers",
          "AE": "ratio", "RHOE": "ratio"}
_MOVERS = {"AN": ("AN", "productivity of new movers relative to a host worker", "ratio"),
           "RHON": ("RHON", "remittances of new movers over after-tax pay", "ratio"),
           "MSHR": ("MSHR", "share of the home in new movers to the host", "ratio")}
#: What every table and figure of a result file is made of.
_RESULTS = ("scenario", "scenario_title", "reference", "reg", "group", "concept", "gain_world", "gain_independent",
            "gain_by_host", "gain_by_home", "gain_percent", "gain_per_head", "gain_per_mover", "movers", "movers_from",
            "mov", "remin", "taxrimp", "realwage", "rental", "ppriv", "INCOME", "POPRES", "certificate_residual")
_JSON = ("headline", "groups", "labour_options")


def to_dataset(file: ScenarioFile, model: Model, solutions: Mapping[str, Solution],
               detail: bool | None = None) -> xr.Dataset:
    """One Dataset: benchmark, every variable by scenario, certificates, provenance.

    Exogenous variables that no scenario changes are left out, in large files also their composites. Indices are
    levels with benchmark 1; signed variables are in their own unit (million US$ mostly). The attribute ``left_out``
    names the large variables and benchmark arrays that the file lacks.

    Parameters
    ----------
    file : ScenarioFile
    model : Model
    solutions : mapping of str to Solution
    detail : bool, optional
        Also the cells of the welfare decomposition (by commodity, activity, partner), not only their sums by region,
        and variables and benchmark arrays of any size. By default the former where they are at most
        :data:`MOST_CELLS` numbers, the latter up to :data:`MOST_ARRAY` cells each.
    """
    names, sets = list(solutions), model.cal.sets
    most = float("inf") if detail else MOST_ARRAY
    if detail is None:
        cells = sum(int(np.prod(model.system.shape(s.name))) for s in table.symbols.values() if s.detail)
        detail = cells * len(names) <= MOST_CELLS
    # A variable cannot share its name with a dimension (ctax: the kinds of tax of the decomposition).
    wanted = [n for n, s in table.symbols.items() if (detail or not s.detail) and n not in sets
              and (s.block != "mobility" or (model.mobility is not None and np.prod(model.system.shape(n))))
              and (s.block != "labour_nest" or model.cal.positions.nests)
              and (s.block != "tied" or model.ties is not None)
              and (s.block != "ownership" or model.ownership is not None)
              and (s.block != "terms" or any(_has_terms(x) for x in solutions.values()))]
    described = _described(model, wanted, solutions, detail)
    left = [n for n in described if np.prod(model.system.shape(n)) > most]
    left += [n for n in HEADERS if n in model.bench and model.bench[n].size > most]
    out: dict[str, tuple] = {n: (("scenario", *table.symbols[n].dims),
                                 np.empty((len(names), *model.system.shape(n))), attributes)
                             for n, attributes in described.items() if n not in left}
    for i, s in enumerate(names):
        for name in out:
            out[name][1][i] = _values(solutions[s].view, name)
    for name, (key, what, unit) in _MOVERS.items():
        out[name] = (("scenario", *model.cal.data[key][0]),
                     np.stack([solutions[s].data["coef"][key] for s in names]), {"long_name": what, "units": unit})
    if model.mobility is not None:
        out["ELASM"] = (("scenario", *model.cal.data["ELASM"][0]),
                        np.stack([solutions[s].data["coef"]["ELASM"] for s in names]),
                        {"long_name": "elasticity of the odds of moving to relative pay", "units": "ratio"})
    if model.cal.positions.nests:
        for key, name in NEST.items():
            out[key] = (("scenario", "skill", "reg"),
                        np.stack([inverse(key, solutions[s].data["coef"][name]) for s in names]),
                        {"long_name": NEST_NAMES[key], "units": "ratio", "role": "exogenous"})
    if model.ties is not None:
        out["TIEPART"] = (("scenario", *model.cal.data["TIEPART"][0]),
                          np.stack([solutions[s].data["coef"]["TIEPART"] for s in names]),
                          {"long_name": "part of new movers tied to activities", "units": "ratio"})
    if model.ownership is not None:
        for name, what in _OWNED.items():
            out[name] = (*model.cal.data[name], {"long_name": what, "units": "ratio", "source": model.ownership.source})
    if model.cal.positions.foreign:
        out["CAPNET0"] = (("reg",), model.cal.data["CAPNET0"][1], {
            "long_name": "capital income from abroad less paid to owners abroad", "units": "million US$"})
    if any(_has_terms(x) for x in solutions.values()):
        for name in DEFAULTS:
            out[name] = (("scenario", "term"), np.stack([solutions[s].data["coef"][name] for s in names]),
                         {"long_name": "part of each term of movement that goes to its recipient", "units": "ratio",
                          "role": "exogenous"})
    for name, what in _OPTIONS.items():
        out[name] = ("scenario", [float(solutions[s].data["coef"][name]) for s in names],
                     {"long_name": what, "units": "ratio"})
    # RORDELTA itself is an array of the benchmark.
    out["rordelta"] = ("scenario", [float(solutions[s].data["coef"]["RORDELTA"]) for s in names], {
        "long_name": "1: investment by expected returns, 0: fixed shares", "units": "ratio", "role": "exogenous"})
    out["elasticity_factor"] = (
        ("scenario", "elasticity"),
        [[float(file.scenarios[s].elasticities.get(e, 1.0)) for e in ELASTICITIES] for s in names],
        {"long_name": "elasticity over its benchmark value", "units": "ratio", "role": "exogenous"})
    for name in HEADERS:
        if name in model.bench and name not in left:
            out[name] = (HEADERS[name].dims, model.cal.data[name][1] if name == "SAVE" else model.bench[name].values,
                         dict(model.bench[name].attrs))
    for name, what in _CALIBRATED.items():
        out[name] = (*model.cal.data[name], {"long_name": what, "units": _UNITS.get(name, "million US$")})
    used = {d for dims, *_ in out.values() for d in ((dims,) if isinstance(dims, str) else dims)}
    ds = xr.Dataset(out, coords={"scenario": names, "elasticity": list(ELASTICITIES),
                                 **{d: list(sets[d]) for d in sets if d in used}})
    _certificates(ds, solutions)
    ds = ds.assign_coords(
        scenario_title=("scenario", [file.scenarios[s].title for s in names]),
        reference=("scenario", [file.scenarios[s].reference or "benchmark" for s in names]))
    for dim in ("reg", "comm", "acts", "endw", "skill"):
        long = model.bench.meta.get("long_names", {}).get(dim, {})
        if long:
            ds = ds.assign_coords({f"{dim}_name": (dim, [long.get(x, x) for x in sets[dim]])})
    label_coordinates(ds)
    ds.attrs = provenance(file, model)
    if left:
        ds.attrs["left_out"] = ", ".join(left)
    return ds


def _has_terms(solution: Solution) -> bool:
    """Whether any term of movement is in force, or earlier migrants lack legal status."""
    if solution.model.cal.data["NOSTATUS"][1].any():
        return True
    base = solution.model.base().data["exo"]
    return any(not np.array_equal(solution.data["exo"][n], base[n])
               for n, s in table.symbols.items() if s.block == "terms" and s.role == "exogenous")


def label_coordinates(ds: xr.Dataset) -> None:
    """Give every coordinate its long name, whatever an operation left there, and the unit of a label."""
    for name, coordinate in ds.coords.items():
        coordinate.attrs = {"long_name": _COORDINATES.get(str(name), str(name)), "units": "label"}


def _described(model: Model, names: list[str], solutions: Mapping[str, Solution], detail: bool) -> dict[str, dict]:
    """Attributes of the variables worth writing, from a view of the benchmark that is then forgotten."""
    system = model.system
    # Integrals of changes are zero at the benchmark: rates need no evaluation.
    base = system.view(np.zeros(system.n), model.base().data, lambda name: np.zeros(system.shape(name)))
    attributes: dict[str, dict] = {}
    for name in names:
        symbol = table.symbols[name]
        given = symbol.role == "exogenous" or (symbol.block == "shifters" and not detail)
        if given and all(np.array_equal(_values(s.view, name), _values(base, name)) for s in solutions.values()):
            continue
        index = symbol.positive and symbol.unit.startswith("index")
        nothing = 1e-12 * (system.money(name) or 0.0)  # the rounding of a difference of incomes is no value
        attributes[name] = {
            "long_name": symbol.long_name, "units": symbol.unit, "block": symbol.block, "role": symbol.role,
            "counted_from": "benchmark", "benchmark_value": 1.0 if index else
            "0" if not (np.abs(_values(base, name)) > nothing).any() else "see the benchmark arrays"}
    return attributes


def _values(view: View, name: str) -> np.ndarray:
    """A symbol as a bare array; indices are levels with benchmark 1."""
    value = getattr(view, name)
    return np.broadcast_to(value.level(), value.shape)


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
    options = {k: v for k, (v, _) in LABOUR_DEFAULTS.items()} | {
        k: "inf" if v == float("inf") else v for k, v in file.labour.items()}  # JSON has no infinity
    return {
        "title": file.title,
        "model": "multi-region CGE, GTAP version 7 structure with bilateral labour mobility and remittances",
        "package": f"opencge {__version__} (import name cge)",
        "python": platform.python_version(),
        "benchmark": model.bench.name,
        "benchmark_year": str(model.bench.meta.get("year", "")),
        "benchmark_sha256": model.bench.digest(),
        **({"skill_definition": json.dumps(model.bench.meta[CHOSEN])} if CHOSEN in model.bench.meta else {}),
        "scenario_file": file.path.name,
        "scenario_sha256": hashlib.sha256(file.text.encode()).hexdigest(),
        "scenario_text": file.text,
        "closure": json.dumps({"numeraire": "pfactwld", "omitted_market": "saving and investment (walraslack)",
                               "rordelta": float(model.cal.data["RORDELTA"][1]), "swaps": [
                                   f"{s.exogenous} = {s.endogenous}" for s in model.closure.swaps]}),
        "labour_options": json.dumps(options),
        "ownership": json.dumps(dict(file.ownership)),
        "headline": json.dumps(dict(file.headline)),
        "groups": json.dumps(model.bench.meta.get("groups", {})),
        "units": "flows in million US$ of the base year; indices with benchmark = 1; workers in thousands",
    }


def check_folder(folder: str | Path, names: Sequence[str] = ()) -> None:
    """Raise CGEError unless files (of these names) can be written into the folder; nothing is left in it.

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
    for name in names:
        if (folder / name).is_dir():
            raise CGEError(f"cannot write {folder / name}: a folder has that name; rename or remove it, or choose "
                           "another folder with --out")


def write_netcdf(ds: xr.Dataset, path: str | Path) -> Path:
    """Write a Dataset as netCDF-4, atomically: the file appears whole or not at all.

    Raises
    ------
    CGEError
        The folder cannot be written.
    """
    path = Path(path)
    folder, disk = "choose another folder with --out", "check the free space of the disk"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise CGEError(f"cannot write {path}: {err.strerror or err}; {folder}") from None
    encoding = {n: {"zlib": True, "complevel": 1} for n, v in ds.data_vars.items()
                if v.dtype.kind == "f" and v.size > 1000 and ds.nbytes <= MOST_COMPRESSED}
    with whole_file(path, folder, disk) as work:
        try:
            ds.to_netcdf(work, engine="netcdf4", encoding=encoding)
        except RuntimeError as err:  # what the netCDF library raises where the disk is full
            raise CGEError(f"cannot write {path}: {err}; {disk}") from None
    return path


def open_results(path: str | Path) -> xr.Dataset:
    """Open a result file of a comparison.

    Raises
    ------
    CGEError
        The file is missing, cannot be read, or was not written by `cge run`.
    """
    path = Path(path)
    if not path.is_file():
        raise CGEError(f"no result file at {path}; `cge run` makes one")
    try:
        with xr.open_dataset(path, engine="netcdf4") as found:
            ds = found.load()
    except (OSError, ValueError, RuntimeError) as err:
        raise CGEError(f"{path} is not a readable netCDF result file ({err}); make it anew with `cge run`") from None
    lacks = [n for n in _RESULTS if n not in ds.variables] + [a for a in _JSON if not _is_table(ds.attrs.get(a))]
    if lacks:
        what = "the contributions that `cge decompose` writes, not" if "part" in ds.coords else "no"
        raise CGEError(f"{path} holds {what} results of `cge run`: it lacks {', '.join(lacks[:3])}"
                       + (f" and {len(lacks) - 3} more" if len(lacks) > 3 else "")
                       + "; give the netCDF file that `cge run` wrote")
    return ds


def _is_table(text: Any) -> bool:
    """Whether an attribute holds a table as JSON text."""
    try:
        return isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        return False
