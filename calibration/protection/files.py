"""The tariff files of 1993 and 2005 (Caliendo and Parro 2015) as labelled arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from calibration.protection.tables import FactsError

# Order of rows (importers) and columns (exporters) in every block of the files.
COUNTRIES = [
    "ARG",
    "AUS",
    "AUT",
    "BRA",
    "CAN",
    "CHL",
    "CHN",
    "DNK",
    "FIN",
    "FRA",
    "DEU",
    "GRC",
    "HUN",
    "IND",
    "IDN",
    "IRL",
    "ITA",
    "JPN",
    "KOR",
    "MEX",
    "NLD",
    "NZL",
    "NOR",
    "PRT",
    "ZAF",
    "ESP",
    "SWE",
    "TUR",
    "GBR",
    "USA",
    "ROW",
]
REST = "ROW"


def read_tariff_files(raw: str | Path, goods: list[str]) -> dict[str, xr.DataArray]:
    """Read bilateral tariffs and trade of 1993 and 2005.

    Parameters
    ----------
    raw : str or Path
        Folder that holds ``tariffs_1993_2005/``.
    goods : list of str
        Names of the goods, in the order of the blocks.

    Returns
    -------
    dict
        ``t1993``, ``t2005`` (good, src, dst): ad valorem fractions; ``x1993``, ``x2005`` (good, src, dst):
        imports, million US$, zero on the diagonal.

    Raises
    ------
    FactsError
        If a file is missing or has another shape.
    """
    folder = Path(raw) / "tariffs_1993_2005"
    out = {}
    for year in (1993, 2005):
        out[f"t{year}"] = _read(folder / f"tariffs{year}.txt", goods) / 100
        trade = _read(folder / f"xbilat{year}.txt", goods) / 1000
        same = xr.DataArray(
            np.eye(len(COUNTRIES)), coords={"src": COUNTRIES, "dst": COUNTRIES}, dims=("src", "dst")
        )
        out[f"x{year}"] = trade.where(same == 0, 0.0)
    return out


def _read(path: Path, goods: list[str]) -> xr.DataArray:
    if not path.is_file():
        raise FactsError(f"no {path.name} in {path.parent}; give the folder that holds tariffs_1993_2005/")
    values = np.loadtxt(path)
    n = len(COUNTRIES)
    if values.shape != (len(goods) * n, n):
        raise FactsError(
            f"{path.name}: {values.shape} numbers, not {(len(goods) * n, n)}; is it the original file?"
        )
    blocks = values.reshape(len(goods), n, n)
    array = xr.DataArray(
        blocks, coords={"good": goods, "dst": COUNTRIES, "src": COUNTRIES}, dims=("good", "dst", "src")
    )
    return array.transpose("good", "src", "dst")
