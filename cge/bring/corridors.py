"""Amounts by pair of regions that must stay below a limit."""

from __future__ import annotations

import xarray as xr


def cap_and_move(wanted: xr.DataArray, limit: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Cap every corridor and move the excess to the receiver's other hosts in proportion to the room there.

    Parameters
    ----------
    wanted, limit : DataArray
        Dimensions home, host; million US$.

    Returns
    -------
    placed : DataArray
        Dimensions home, host; nowhere above ``limit``.
    moved, unplaced : DataArray
        Dimension home; excess that found room, and excess that did not.
    """
    limit = limit.transpose(*wanted.dims)
    placed = xr.where(wanted > limit, limit, wanted)
    excess = (wanted - placed).sum("host")
    room = limit - placed
    total = room.sum("host")
    moved = xr.where(excess > total, total, excess)
    placed = placed + room * (moved / total.where(total > 0, 1.0))
    return placed.transpose(*wanted.dims), moved, excess - moved
