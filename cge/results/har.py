"""Results as header arrays: percentage changes as GEMPACK reports them, and the updated data base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from cge.benchmark.gtap_write import write_gtap, write_results_har
from cge.model import table
from cge.solve.model import Solution
from cge.solve.notional import notional
from cge.solve.updated import updated


def solution_changes(solution: Solution) -> dict[str, xr.DataArray]:
    """Changes of all variables: percent for indices, difference from the benchmark in their own unit else.

    Prices and quantities of flows that do not exist have their notional changes, as in GEMPACK
    (:mod:`cge.solve.notional`); levels that are zero in the benchmark have not changed.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    dict of str to xarray.DataArray
        A cell without a finite change is not a number.
    """
    base, filled = solution.model.base(), notional(solution)
    out = {}
    for name, symbol in table.symbols.items():
        value = solution[name]
        if value.size == 0:
            continue
        before = base[name]
        if name in filled:
            value = value.copy(data=filled[name])
        if symbol.positive:
            same = (before == 0) & (value == 0)
            change = (100.0 * (value / before.where(~same, 1.0) - 1.0)).where(~same, 0.0)
        else:
            change = value - before
        unit = "percentage change" if symbol.positive else f"change, {symbol.unit}"
        change.attrs = {"long_name": symbol.long_name, "units": unit}
        out[name] = change
    return out


def write_har(solution: Solution, folder: str | Path, stem: str, say: Callable[[str], None] = print) -> list[Path]:
    """Write a solution as ``<stem>.har`` and, where no movers were admitted, its data base into ``<stem>_updated``.

    Parameters
    ----------
    solution : Solution
    folder : path
    stem : str
    say : callable
        Told of cells that have no finite change and are written as zero, if there are any.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    HarError
        A label longer than the 12 characters of a header array.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    changes = solution_changes(solution)
    lost = {name: int((~np.isfinite(a.values)).sum()) for name, a in changes.items()}
    if any(lost.values()):
        say(f"{stem}.har: no finite change, written as zero: "
            + ", ".join(f"{name} ({count} cells)" for name, count in lost.items() if count))
    changes = {name: a.copy(data=np.where(np.isfinite(a.values), a.values, 0.0)) for name, a in changes.items()}
    written = [write_results_har(folder / f"{stem}.har", changes)]
    if not np.any(solution["mov"].values):
        write_gtap(updated(solution), folder / f"{stem}_updated")
        written.append(folder / f"{stem}_updated")
    return written
