"""Figures of a comparison."""

from __future__ import annotations

from pathlib import Path

import xarray as xr


def write_figures(ds: xr.Dataset, folder: Path, stem: str) -> list[Path]:
    """Draw the figures of a comparison."""
    return []
