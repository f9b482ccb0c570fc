"""The largest corridors of migrants and remittances beside the raw files, counted by code that the build does not use.

For base years between two matrices of the World Bank. The files are read cell by cell here, without the readers of
`calibration.satellites`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import Config
from calibration.satellites.names import to_iso
from calibration.satellites.sources import raw_file

LARGEST = 10


def counted(config: Config, raw: Path, kind: str) -> tuple[pd.DataFrame, float, float]:
    """World Bank matrices interpolated to the base year and summed to pairs of regions.

    Parameters
    ----------
    config : Config
    raw : Path
    kind : str
        ``migrants`` (thousand persons) or ``remittances`` (million US$).

    Returns
    -------
    DataFrame
        Home region (receiver) in rows, host region (sender) in columns; cells with both ends named.
    float
        World total of the files, named or not.
    float
        Part of it whose ends are not both named.
    """
    if kind == "migrants":
        files = [(int(y), *_excel(raw, f)) for y, f in config.migrants["stock_files"].items()]
    else:
        files = [(int(y), *_excel(raw, f)) for y, f in config.migrants["remittance_files"].items()]
        files = [(y, cells.T, total) for y, cells, total in files]  # sender in rows in the file
        files.append((2010, *_text_2010(raw)))
    (low, first, all_first), (high, second, all_second) = sorted(files, key=lambda f: f[0])
    w = (config.year - low) / (high - low)
    region = config.country_region()
    total, pairs = (1 - w) * all_first + w * all_second, {}
    for weight, cells in ((1 - w, first), (w, second)):
        codes = dict(zip(cells.index, to_iso(list(cells.index), raw)[0], strict=True))
        codes |= dict(zip(cells.columns, to_iso(list(cells.columns), raw)[0], strict=True))
        for home, row in cells.iterrows():
            for host, value in row.items():
                pair = region.get(codes[home]), region.get(codes[host])
                if value and None not in pair:
                    pairs[pair] = pairs.get(pair, 0.0) + weight * value
    table = pd.DataFrame(0.0, index=config.reg, columns=config.reg)
    for (home, host), value in pairs.items():
        table.at[home, host] = value
    scale = 1e-3 if kind == "migrants" else 1.0
    return table * scale, total * scale, (total - sum(pairs.values())) * scale


def between_regions(config: Config, raw: Path) -> float:
    """Migrants between regions in the base year (million), unnamed origins spread over the named ones of their host."""
    region, found = config.country_region(), {}
    for year, name in config.migrants["stock_files"].items():
        cells, _ = _excel(raw, name)
        codes = dict(zip(cells.index, to_iso(list(cells.index), raw)[0], strict=True))
        hosts = dict(zip(cells.columns, to_iso(list(cells.columns), raw)[0], strict=True))
        total = 0.0
        for column, host in hosts.items():
            stock = cells[column]
            named = sum(v for home, v in stock.items() if codes[home] is not None)
            away = sum(
                v
                for home, v in stock.items()
                if region.get(codes[home]) is not None and region[codes[home]] != region.get(host)
            )
            if named and host in region:
                total += away * stock.sum() / named
        found[int(year)] = total / 1e6
    (low, first), (high, second) = sorted(found.items())
    return first + (config.year - low) / (high - low) * (second - first)


def sent(config: Config, arrays: dict[str, xr.DataArray], raw: Path) -> pd.DataFrame:
    """Remittances sent to other regions by host (million US$): benchmark and matrices; the cap is the difference."""
    source = counted(config, raw, "remittances")[0]
    away = source.sum() - np.diag(source.to_numpy())
    return pd.DataFrame({"benchmark": arrays["REMIT"].sum(("skill", "home")).to_series()[config.reg], "source": away})


def _excel(raw: Path, name: str) -> tuple[pd.DataFrame, float]:
    sheet = pd.read_excel(raw_file(raw, name), header=1, index_col=0)
    sheet = sheet.loc[:, [c for c in sheet.columns if str(c).strip().lower() != "world"]]
    names = [str(n).strip() for n in sheet.index]
    end = next(i for i, n in enumerate(names) if n.lower() == "world")
    cells = sheet.iloc[:end].apply(pd.to_numeric, errors="coerce").fillna(0.0)
    cells.index, cells.columns = names[:end], [str(c).strip() for c in cells.columns]
    return cells, float(cells.to_numpy().sum())


def _text_2010(raw: Path) -> tuple[pd.DataFrame, float]:
    """Receiver in rows, sender in columns."""
    path = raw_file(raw, "migrants_remittances/bilateral_remittances_2010_semicolon_macroman.csv")
    lines = [line.rstrip("\r").split(";") for line in path.read_text(encoding="latin-1").split("\n") if line.strip()]
    head = [n.strip() for n in lines[0]]
    skip = {"", "total", "total remittances", "world"}
    values = {
        line[0].strip(): {
            n: float(v.replace(" ", "").replace(",", ".") or 0)
            for n, v in zip(head[1:], line[1:], strict=False)
            if n.lower() not in skip
        }
        for line in lines[1:]
        if line[0].strip().lower() not in skip
    }
    cells = pd.DataFrame(values).fillna(0.0)
    return cells, float(cells.to_numpy().sum())


def largest(config: Config, arrays: dict[str, xr.DataArray], raw: Path) -> dict[str, pd.DataFrame]:
    """The ten largest corridors of each kind: benchmark, source, ratio.

    Returns
    -------
    dict of str to DataFrame
        ``migrants`` (thousand persons), ``remittances`` (million US$): home, host, benchmark, source, ratio.
    """
    mine = {"migrants": arrays["MPOP"], "remittances": arrays["REMIT"].sum("skill")}
    out = {}
    for kind, array in mine.items():
        source = counted(config, raw, kind)[0]
        values = source.to_numpy() * (1 - np.eye(len(config.reg)))
        order = np.argsort(-values, axis=None, kind="stable")[:LARGEST]
        rows = []
        for i, j in zip(*np.unravel_index(order, values.shape), strict=True):
            home, host = config.reg[i], config.reg[j]
            got = float(array.sel(home=home, host=host))
            rows.append((home, host, got, values[i, j], got / values[i, j]))
        out[kind] = pd.DataFrame(rows, columns=["home", "host", "benchmark", "source", "ratio"])
    return out


def coverage(config: Config, arrays: dict[str, xr.DataArray], reports: dict, raw: Path) -> pd.DataFrame:
    """Migrants and remittances of the files that the benchmark gives to a pair of countries or regions.

    Returns
    -------
    DataFrame
        Index kind; columns world (the files' total), inside (between countries of one region: folded in, or
        dropped), between (in the benchmark), share ((inside + between) / world).
    """
    migration = reports["migration"]
    inside = {
        "migrants": 1e3 * migration["migrants_total"]["base year, between countries of one region (folded in)"],
        "remittances": migration["remittances_total"]["inside a region (dropped)"],
    }
    between = {"migrants": float(arrays["MPOP"].sum()), "remittances": float(arrays["REMIT"].sum())}
    table = pd.DataFrame(
        {
            "world": {kind: counted(config, raw, kind)[1] for kind in inside},
            "inside": inside,
            "between": between,
        }
    )
    table["share"] = (table.inside + table.between) / table.world
    return table.rename_axis("kind")
