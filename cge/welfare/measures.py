"""What expectations are about, taken from a result Dataset: one array over cells for each measure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from cge.errors import CGEError, ScenarioError
from cge.model import table
from cge.scenario.expect import MEASURES, Expectation
from cge.solve.model import Model
from cge.welfare.counting import GROUPS, as_reg, counted

_BN = 1e3  # million US$ in a bn US$
#: Benchmark values, as the results hold them, of variables in money and people that are not zero in the benchmark.
_BASE = {"remin": "REMIN0", "taxrimp": "TAXRIMP0"}


def check_measures(expectations: Sequence[Expectation], model: Model, path: str) -> None:
    """Refuse expectations that results cannot judge, before anything is solved.

    Parameters
    ----------
    expectations : sequence of Expectation
    model : Model
    path : str
        Of the scenario file, for the message.

    Raises
    ------
    ScenarioError
        About a variable that is neither an index nor zero in the benchmark, whose change results do not hold; or about
        workers who move for wages in a file where nobody does.
    """
    for k, e in enumerate(expectations, 1):
        for one in (e, *([e.than] if isinstance(e.than, Expectation) else [])):
            name = {"rents": "rent"}.get(one.of, one.of)
            symbol = table.symbols.get(name)
            if symbol is None or (one.of in MEASURES and one.of != "rents"):
                continue
            if symbol.block == "mobility" and model.mobility is None:
                raise ScenarioError(f"{path}, expect {k}: '{one.of}' is about workers who move for wages, and nobody "
                                    "does in the file; give a scenario mobility = [{ ... }], or drop the expectation")
            if symbol.block == "labour_nest" and not model.cal.positions.nests:
                raise ScenarioError(f"{path}, expect {k}: '{one.of}' is about natives and migrants who are imperfect "
                                    "substitutes, and in the file they are not; give a scenario labour = { "
                                    "sigma_native_migrant = 20 }, or drop the expectation")
            if symbol.block == "tied" and model.ties is None:
                raise ScenarioError(f"{path}, expect {k}: '{one.of}' is about movers tied to activities, and nobody is "
                                    "in the file; give a scenario tied = [{ to = [...] }], or drop the expectation")
            if symbol.block == "ownership" and model.ownership is None:
                raise ScenarioError(f"{path}, expect {k}: '{one.of}' is about capital of migrants or of owners abroad, "
                                    "and in the file all is residents'; give it a section [ownership], or drop the "
                                    "expectation")
            if symbol.role == "rate" or symbol.unit.startswith("index") or name in _BASE:
                continue
            nothing = 1e-12 * (model.system.money(name) or 0.0)  # rounding, as results count it
            if np.any(np.abs(model.base()[name].values) > nothing):
                raise ScenarioError(f"{path}, expect {k}: '{one.of}' is not zero in the benchmark and no index, so "
                                    "that the results do not hold its change; take a measure or another variable")


def measured(ds: xr.Dataset, e: Expectation) -> xr.DataArray:
    """The cells of an expectation's measure in its scenario, or their sum.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with gains (:func:`cge.welfare.add_gains`).
    e : Expectation

    Returns
    -------
    xarray.DataArray
        Over the measure's dimensions that were chosen from, or a single number; in the measure's unit, counted from the
        scenario's reference.

    Raises
    ------
    CGEError
        The results lack the variable, or do not say what it was in the benchmark.
    """
    if e.of in ("trade", "output"):
        return _volume(ds, e)
    cells = _chosen(ds, _array(ds, e.of).sel(scenario=e.scenario, drop=True), e.where)
    return cells.sum() if e.summed else cells


def _array(ds: xr.Dataset, name: str) -> xr.DataArray:
    """A measure over scenarios and all its cells."""
    found: dict[str, Callable[[], xr.DataArray]] = {
        "world": lambda: ds["gain_world"] / _BN,
        "residents": lambda: ds["gain_by_host"].sel(group=GROUPS[0], drop=True) / _BN,
        "home": lambda: ds["gain_by_home"].sum("group") / _BN,
        "host": lambda: ds["gain_by_host"].sum("group") / _BN,
        "earlier migrants": lambda: counted(ds, _of(ds, "EVearl")) / _BN,
        "new movers": lambda: counted(ds, _of(ds, "EVnew")) / _BN,
        "new movers with sent": lambda: counted(ds, _of(ds, "EVnew") + _of(ds, "remnew")) / _BN,
        "residents without sent": lambda: (ds["gain_by_host"].sel(group=GROUPS[0], drop=True) - _sent(ds)) / _BN,
        "percent": lambda: ds["gain_percent"].sel(concept="residents", drop=True),
        "movers": lambda: counted(ds, _of(ds, "mov")),
        "remittances": lambda: _change(ds, "remin") / _BN,
        "rents": lambda: counted(ds, _of(ds, "rent")) / _BN,
        "payments": lambda: _transfers(ds).clip(min=0.0) / _BN,
        "tariff revenue": lambda: _change(ds, "taxrimp") / _BN,
        "wage": lambda: _percent(ds, _of(ds, "realwage")),
        "wage gap": lambda: _percent(ds, ds["realwage"].rename(reg="host") / ds["realwage"].rename(reg="home")),
        "capital": lambda: _percent(ds, ds["rental"] / ds["ppriv"]),
        "terms of trade": lambda: _percent(ds, _of(ds, "tot")),
    }
    if name in found:
        return found[name]()
    index = _of(ds, name).attrs.get("benchmark_value") == 1.0
    return _percent(ds, ds[name]) if index else _change(ds, name)


def _of(ds: xr.Dataset, name: str) -> xr.DataArray:
    if name not in ds:
        raise CGEError(f"the results have no variable {name}, which an expectation is about: large or given variables "
                       "that no scenario changes are left out; write expectations about others")
    return ds[name]


def _transfers(ds: xr.Dataset) -> xr.DataArray:
    """Transfers received, million US$; the results lack the variable where nobody pays."""
    return ds["transfer"] if "transfer" in ds else 0.0 * ds["EV"]


def _sent(ds: xr.Dataset) -> xr.DataArray:
    """What new movers send, by the region that receives it, million US$."""
    return as_reg(counted(ds, _of(ds, "remnew")).sum(("skill", "host")), "home")


def _percent(ds: xr.Dataset, index: xr.DataArray) -> xr.DataArray:
    return 100.0 * (counted(ds, index, index=True) - 1.0)


def _change(ds: xr.Dataset, name: str) -> xr.DataArray:
    """Change of a variable in money, people or fractions."""
    value = _of(ds, name)
    if name in _BASE:
        return counted(ds, value - ds[_BASE[name]])
    if value.attrs.get("benchmark_value") != "0":
        raise CGEError(f"the results do not hold the benchmark value of {name}, so that its change cannot be judged; "
                       "write expectations about variables that are indices, or zero in the benchmark")
    return counted(ds, value)


def _volume(ds: xr.Dataset, e: Expectation) -> xr.DataArray:
    """Change of a volume at benchmark prices, %: cells together, or each."""
    weight, name = (ds["VXSB"], "qxs") if e.of == "trade" else (ds["MAKB"].sum("comm"), "qo")
    dims = MEASURES[e.of].dims
    base = _chosen(ds, weight.transpose(*dims), e.where)
    if e.of == "trade":  # trade inside a region of several countries is no trade between regions
        base = base * (base["src"] != base["dst"])
    now = base * _chosen(ds, _of(ds, name).sel(scenario=e.scenario, drop=True), e.where)
    reference = str(ds["reference"].sel(scenario=e.scenario).values)
    if reference != "benchmark":
        base = base * _chosen(ds, ds[name].sel(scenario=reference, drop=True), e.where)
    if e.summed:
        now, base = now.sum(), base.sum()
    if not bool((base > 0).any()):
        raise CGEError(f"expectation '{e}': there is no such {e.of} in the benchmark; choose other cells")
    return 100.0 * (now / base.where(base > 0) - 1.0)


def _chosen(ds: xr.Dataset, a: xr.DataArray, where: Mapping[str, Any]) -> xr.DataArray:
    """The cells named; groups of regions are those of the benchmark."""
    groups = json.loads(ds.attrs["groups"])
    for dim, wanted in where.items():
        known, names = list(a[dim].values), [wanted] if isinstance(wanted, str) else wanted
        if "all" in names:
            continue
        picked = [r for n in names for r in groups.get(n, [n])]
        a = a.sel({dim: [r for r in known if r in picked]})
    return a


def spread(values: xr.DataArray) -> tuple[float, float]:
    """Least and largest of the cells that exist."""
    flat = np.asarray(values.values, float).reshape(-1)
    flat = flat[np.isfinite(flat)]
    return (float(flat.min()), float(flat.max())) if flat.size else (float("nan"), float("nan"))
