"""What aggregation does to migrants and remittances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import MAX_REMIT
from cge.benchmark.wages import migrant_accounts


def fold_diagonal(arrays: dict[str, xr.DataArray], notes: list[str]) -> None:
    """Drop, in place, what migrants inside an aggregate region leave on the diagonals.

    LAB keeps its diagonal: they are workers at home now. Population holds them
    anyway. Remittances between them are inside one household's account. LABSTAT
    counts them on its diagonal.
    """
    for name, what in (("MPOP", "thousand migrants inside aggregate regions now live at home"),
                       ("REMIT", "million US$ of remittances inside aggregate regions dropped")):
        if name not in arrays:
            continue
        array = arrays[name]
        eye = xr.DataArray(np.eye(array.sizes["home"]), dims=("home", "host"),
                           coords={"home": array.home.values, "host": array.host.values})
        inside = float((array * eye).sum())
        arrays[name] = (array * (1.0 - eye)).transpose(*array.dims)
        if inside:
            notes.append(f"{name}: {inside:,.1f} {what}")


def fit_remittances(old: Benchmark, new: Benchmark, regions: Mapping[str, Sequence[str]],
                    notes: list[str]) -> Benchmark:
    """Keep remittances at or below half of the migrants' after-tax income.

    Wages of an aggregate are averages, so the income of its migrants changes
    (their efficiency depends on the gap between home and host wages, MODEL.md
    2.2), and remittances at the limit can come to lie above it. The excess moves
    to the other hosts of the same home and skill in proportion to the room they
    have, the rest is dropped (MODEL.md 2.7); SAVE, the residual of each region
    after net remittances, follows. All amounts are reported.

    Parameters
    ----------
    old, new : Benchmark
        Before and after aggregation.
    regions : mapping
        New region to old ones.
    notes : list of str
        Appended to.

    Returns
    -------
    Benchmark
    """
    accounts = migrant_accounts(new)
    income, remit = accounts["income"], new["REMIT"]
    before = migrant_accounts(old)["income"]
    owner = {x: g for g, members in regions.items() for x in members}
    away = np.array([[owner[h] != owner[r] for r in old.sets["reg"]] for h in old.sets["reg"]])
    kept = float((before * xr.DataArray(away, dims=("home", "host"))).sum())
    if kept:
        notes.append(f"after-tax income of migrants between the new regions {kept:,.1f} before, "
                     f"{float(income.sum()):,.1f} million US$ after (wages are averages of larger regions)")
    limit = MAX_REMIT * income
    excess = (remit - limit).clip(min=0.0)
    if float(excess.sum()) <= 1e-9:
        return new
    room = (limit - remit).clip(min=0.0)
    space, wanted = room.sum("host"), excess.sum("host")
    taken = np.minimum(wanted, space)
    moved = (room / space.where(space > 0)).fillna(0.0) * taken
    fitted = (remit - excess + moved).transpose(*remit.dims)
    lost = float((wanted - taken).sum())
    notes.append(f"REMIT: {float(excess.sum()):,.1f} million US$ lie above half of the migrants' income in the new "
                 f"regions; {float(moved.sum()):,.1f} moved to other hosts of the same home, {lost:,.1f} dropped; SAVE "
                 "changed by the same amounts")
    change = (fitted - remit).sum("skill")
    net = change.sum("host").rename(home="reg") - change.sum("home").rename(host="reg")
    return new.replace(REMIT=fitted, SAVE=new["SAVE"] + net)
