"""Distances between economies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import ConfigError

PLACES = Path(__file__).resolve().parent / "facts" / "places.csv"
EARTH_KM = 6371.0
SHORTEST_KM = 150.0


def distances(economies: list[str]) -> xr.DataArray:
    """Great-circle distances (src, dst) in km between economic centres; the diagonal is the inner distance.

    Parameters
    ----------
    economies : list of str

    Returns
    -------
    DataArray (src, dst)
        Not below `SHORTEST_KM`. An economy that is one country has `SHORTEST_KM` on the diagonal (no trade
        there).

    Raises
    ------
    ConfigError
        If an economy has no place.
    """
    table = pd.read_csv(PLACES, comment="#").set_index("eco")
    missing = [e for e in economies if e not in table.index]
    if missing:
        raise ConfigError(f"no place for {', '.join(missing)}; add a row to {PLACES.name}")
    table = table.loc[economies]
    lat, lon = np.radians(table.lat.to_numpy(float)), np.radians(table.lon.to_numpy(float))
    half = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    np.fill_diagonal(km, table.inner_km.fillna(SHORTEST_KM).to_numpy(float))
    return xr.DataArray(
        np.maximum(km, SHORTEST_KM), dims=("src", "dst"), coords={"src": economies, "dst": economies}
    )
