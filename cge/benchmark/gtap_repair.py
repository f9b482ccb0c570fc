"""Remove the rounding of 32-bit numbers from a GTAP data base, so that its accounts balance exactly.

A HAR file holds 7 digits, so the accounts of a sound data base are off by about
1e-7 of their size. Five steps put each gap where it is smallest relative to what
is there, and leave every tax rate on trade, on use, on output and on factors at
zero where it is zero:

1. VCIF = VFOB + sum of VTWR; VMSB by the same factor (tariff rates stay).
2. VST by one factor per margin, to meet VTWR.
3. Imports used (VMFB, VMFP, VMPB, ...) by one factor per commodity and region,
   to meet VMSB.
4. MAKB and MAKS by one factor per commodity and region, to meet sales.
5. EVFP, EVFB and EVOS by one factor per activity and region, to meet MAKS less
   intermediate inputs; where an activity has no value added, its MAKS instead.

SAVE is then the residual of the regional household, which makes world saving
equal net investment.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import HEADERS
from cge.benchmark.identities import spending, tax_revenue, use
from cge.errors import BenchmarkError

LARGEST = 1e-3
"""Largest relative change of a sizeable cell that counts as rounding."""

SIZEABLE = 1e-6
"""A cell is sizeable when it is above this part of the array's largest cell."""


def _ratio(wanted: xr.DataArray, have: xr.DataArray) -> xr.DataArray:
    """Factor that takes `have` to `wanted`; 1 where there is nothing to scale."""
    return (wanted / have.where(have != 0)).fillna(1.0)


def remove_rounding(bench: Benchmark, largest: float = LARGEST) -> tuple[Benchmark, pd.DataFrame]:
    """Balance a data base whose accounts are off by rounding only.

    Parameters
    ----------
    bench : Benchmark
        As read from 32-bit numbers (million US$).
    largest : float
        Largest relative change of a sizeable cell that is allowed.

    Returns
    -------
    Benchmark
    pandas.DataFrame
        One row per array that changed: array, relative (largest relative change
        of a sizeable cell; for SAVE relative to regional income), where, change
        (largest absolute change, million US$), any_cell (largest relative change
        of any cell).

    Raises
    ------
    BenchmarkError
        A sizeable cell would change by more than `largest`: the data base
        is not balanced, which is not rounding.
    """
    v = dict(bench.arrays)
    cif = v["VFOB"] + v["VTWR"].sum("marg")
    v["VMSB"] = v["VMSB"] * _ratio(cif, v["VCIF"])
    v["VCIF"] = cif
    v["VST"] = v["VST"] * _ratio(v["VTWR"].sum(["comm", "src", "dst"]), v["VST"].sum("reg"))
    step = _replaced(bench, v)
    factor = _ratio(v["VMSB"].sum("src").rename(dst="reg"), use(step, "M"))
    for name in ("VMFB", "VMFP", "VMPB", "VMPP", "VMGB", "VMGP", "VMIB", "VMIP"):
        v[name] = v[name] * factor
    sales = use(step, "D") + v["VXSB"].sum("dst").rename(src="reg")
    sales = sales + v["VST"].rename(marg="comm").reindex(comm=sales.comm, fill_value=0.0)
    factor = _ratio(sales, v["MAKB"].sum("acts"))
    v["MAKB"], v["MAKS"] = v["MAKB"] * factor, v["MAKS"] * factor
    inputs, value_added = (v["VDFP"] + v["VMFP"]).sum("comm"), v["EVFP"].sum("endw")
    output = v["MAKS"].sum("comm")
    v["MAKS"] = v["MAKS"] * _ratio(inputs, output).where(value_added == 0, 1.0)
    factor = _ratio(output - inputs, value_added)
    for name in ("EVFP", "EVFB", "EVOS"):
        v[name] = v[name] * factor
    step = _replaced(bench, v)
    income = step["EVOS"].sum(["endw", "acts"]) + sum(tax_revenue(step).values()) - step["VDEP"]
    v["SAVE"] = income - spending(step, "P") - spending(step, "G")
    out = _replaced(bench, v)
    return out, _changes(bench, out, income, largest)


def _replaced(bench: Benchmark, arrays: dict[str, xr.DataArray]) -> Benchmark:
    return Benchmark(bench.name, bench.sets, arrays, bench.meta)


def _changes(old: Benchmark, new: Benchmark, income: xr.DataArray, largest: float) -> pd.DataFrame:
    """Table of changes; refuse those that are more than rounding."""
    rows = []
    for name, before in old.arrays.items():
        change = abs(new[name] - before).values
        if not change.any():
            continue
        size = abs(before).values if name != "SAVE" else np.maximum(abs(before).values, abs(income).values)
        relative = np.divide(change, size, out=np.where(change > 0, np.inf, 0.0), where=size > 0)
        sizeable = np.maximum(size, abs(new[name]).values) > SIZEABLE * size.max()
        worst = np.where(sizeable, relative, 0.0)
        cell = np.unravel_index(int(worst.argmax()), worst.shape)
        where = ", ".join(f"{d} {before.coords[d].values[i]}" for d, i in zip(before.dims, cell))
        rows.append({"array": name, "relative": float(worst[cell]), "where": where, "change": float(change.max()),
                     "any_cell": float(relative.max())})
        if not worst[cell] <= largest:
            raise BenchmarkError(
                f"data base {old.name!r}: to balance its accounts {name} ({HEADERS[name].long_name}) would change by "
                f"{worst[cell]:.2%} at {where} (from {before.values[cell]:,.6g} to {new[name].values[cell]:,.6g} "
                f"million US$), which is more than rounding ({largest:.1%}); rebalance the data base, check that "
                "the files belong together, or allow more with tolerance=...")
    return pd.DataFrame(rows, columns=["array", "relative", "where", "change", "any_cell"])
