"""Reader of the World Input-Output Tables, 2013 release (1995-2011), as R data files.

Source: Timmer, Dietzenbacher, Los, Stehrer, de Vries (2015), Review of International Economics 23, 575-605.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import xarray as xr

from calibration.config import Config, ConfigError
from calibration.mrio.table import Mrio

USES = ("household", "npish", "government", "investment", "inventories")


def read(config: Config, raw: Path) -> Mrio:
    """Read one year and sum industries to the benchmark's sectors.

    Parameters
    ----------
    config : Config
    raw : Path
        Folder of raw data.

    Returns
    -------
    Mrio
        Every country of the table and its rest of the world; million current US$ at basic prices.

    Raises
    ------
    ConfigError
        File missing, wrong year, or a country or industry that the configuration and the table do not share.
    """
    import rdata

    path = Path(raw) / config.mrio["file"]
    if not path.is_file():
        raise ConfigError(
            f"{path.name} is not in {path.parent}; see the benchmark's README for where to get it"
        )
    with warnings.catch_warnings():
        # The R class "iot" is a plain list for our purpose.
        warnings.simplefilter("ignore", UserWarning)
        table = next(iter(rdata.read_rda(path).values()))
    table = {str(k): v for k, v in table.items()}
    if int(table["year"][0]) != config.year:
        raise ConfigError(f"{path.name} is of {int(table['year'][0])}; the configuration says {config.year}")
    iso = {label: code for code, label in config.mrio["labels"].items()}
    countries = [iso.get(str(c), str(c)) for c in table["countries"]]
    industries = [str(i) for i in table["industries"]]
    _check_labels(config, countries, industries, path.name)

    n, k = len(countries), len(industries)
    inter = np.asarray(table["inter"], dtype=float).reshape(n, k, n, k)
    final = np.asarray(table["final"], dtype=float).reshape(n, k, n, len(USES))
    sums = np.array([[1.0 if i in group else 0.0 for i in industries] for group in config.sectors.values()])
    inter = np.einsum("ai,sidj,bj->sadb", sums, inter, sums, optimize=True)
    final = np.einsum("ai,sidu->sadu", sums, final, optimize=True)
    coords = {"src": countries, "comm": config.comm, "dst": countries}
    return Mrio(
        inter=xr.DataArray(
            inter, dims=("src", "comm", "dst", "acts"), coords={**coords, "acts": config.comm}
        ),
        final=xr.DataArray(final, dims=("src", "comm", "dst", "use"), coords={**coords, "use": list(USES)}),
        rest=config.mrio["rest_of_world"],
    )


def _check_labels(config: Config, countries: list[str], industries: list[str], name: str) -> None:
    wanted = {c for cs in config.explicit.values() for c in cs} | {config.mrio["rest_of_world"]}
    if wanted != set(countries):
        raise ConfigError(
            f"{name}: countries of the table and of [explicit] differ: {sorted(wanted ^ set(countries))}"
        )
    listed = [i for group in config.sectors.values() for i in group]
    if sorted(listed) != sorted(industries):
        odd = sorted(set(listed) ^ set(industries)) or "an industry twice"
        raise ConfigError(f"{name}: industries of the table and of [sectors] differ: {odd}")
