"""Results as header arrays: percentage changes as GEMPACK reports them, and the updated data base."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from cge.benchmark.gtap_write import write_gtap, write_results_har
from cge.model import table
from cge.solve.model import Solution
from cge.solve.updated import updated


def solution_changes(solution: Solution) -> dict[str, xr.DataArray]:
    """Changes of all variables: percent for indices, difference from the benchmark in their own unit else.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    dict of str to xarray.DataArray
    """
    base = solution.model.base()
    out = {}
    for name, symbol in table.symbols.items():
        value = solution[name]
        if value.size == 0:
            continue
        before = base[name]
        change = 100.0 * (value / before - 1.0) if symbol.positive else value - before
        if not np.isfinite(change.values).all():
            continue  # an index of a flow that does not exist
        unit = "percentage change" if symbol.positive else f"change, {symbol.unit}"
        change.attrs = {"long_name": symbol.long_name, "units": unit}
        out[name] = change
    return out


def write_har(solution: Solution, folder: str | Path, stem: str) -> list[Path]:
    """Write a solution as ``<stem>.har`` and, where no movers were admitted, its data base into ``<stem>_updated``.

    Parameters
    ----------
    solution : Solution
    folder : path
    stem : str

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
    written = [write_results_har(folder / f"{stem}.har", solution_changes(solution))]
    if not np.any(solution["quota"].values):
        write_gtap(updated(solution), folder / f"{stem}_updated")
        written.append(folder / f"{stem}_updated")
    return written
