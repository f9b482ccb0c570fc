"""Applied tariffs of 2014 (UNCTAD TRAINS) by pair of 44 economies and industry.

Source: Lashkaripour and Lugovskyy (2023), American Economic Review 113(10), replication files; the table here
is the one in which the rows and columns of Bulgaria and Brazil, swapped in the source, are put right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.blocs import union_reference
from calibration.protection.tables import FactsError, of_year, read_facts
from calibration.protection.tariff_source import TariffSource, kinds_of, to_commodities, trade_by_commodity

FACTS = Path(__file__).resolve().parent / "facts"
REST = "ROW"
# Importers of the files whose spread of tariffs stands for importers with a mean only (assumption).
PATTERN_IMPORTERS = {"developing": ["CHN", "IDN", "BRA", "TUR", "RUS", REST], "developed": ["USA", "DEU", "JPN", "CAN"]}


def source(config, raw: str | Path, groups: dict) -> TariffSource:
    """Read the files.

    Parameters
    ----------
    config : calibration.config.Config
        ``tariffs``: ``file``, ``flows`` and ``not_believed`` (importers whose rates in the file are wrong).
    raw : str or Path
    groups : dict
        From `calibration.protection.blocs.read_groups`.

    Returns
    -------
    TariffSource
        One year. Members of a customs union take its reference's rates, so that what the file still has of a former
        tariff (Croatia) goes.

    Raises
    ------
    FactsError
        If a file is missing or incomplete, or the map names a good that the benchmark lacks.
    """
    path = of_year(FACTS, "goods_map.csv", config.year)
    goods = read_facts(path, ("good", "comm", "kind"), ("good",)).set_index("good")
    unknown = sorted(set(goods["comm"]) - set(config.goods))
    if unknown:
        raise FactsError(f"goods_map.csv: {', '.join(unknown)} are not goods of {config.name}; adapt the map")
    rate, order = _rates(Path(raw) / config.tariffs["file"], list(goods.index))
    names = list(rate.src.values)
    trade = _flows(Path(raw) / config.tariffs["flows"], names, order, list(goods.index))
    own = float((rate * trade).sum() / trade.sum())
    for country, reference in union_reference(groups).items():
        if country in names and reference in names:
            rate.loc[{"dst": country}] = rate.sel(dst=reference).values
    not_believed = {*config.tariffs["not_believed"], REST}
    return TariffSource(
        rates={config.year: to_commodities(rate, trade, goods["comm"])},
        trade=trade_by_commodity(trade, goods["comm"]),
        exporters=names,
        importers=[c for c in names if c not in not_believed],
        rest=REST,
        kinds=kinds_of(goods),
        patterns=PATTERN_IMPORTERS,
        own_check=pd.DataFrame(
            [(config.year, 100 * own, float(trade.sum()))], columns=["year", "world_mean_percent", "trade_million_usd"]
        ),
        notes=[f"importers whose rates in the file are not used: {', '.join(sorted(not_believed))}"],
    )


def _rates(path: Path, goods: list[str]) -> tuple[xr.DataArray, list[str]]:
    if not path.is_file():
        raise FactsError(f"no {path.name} in {path.parent}; give the folder of raw data")
    table = pd.read_csv(path)
    order = list(dict.fromkeys(table["sector_name"]))
    lacking = [g for g in goods if g not in order]
    if lacking:
        raise FactsError(f"{path.name}: no rows of {', '.join(lacking)}; adapt goods_map.csv")
    names = list(dict.fromkeys(table["importer"]))
    wide = table.pivot(index=["sector_name", "exporter"], columns="importer", values="tariff_pct")
    index = pd.MultiIndex.from_product([goods, names])
    values = wide.reindex(index=index, columns=names).to_numpy(float).reshape(len(goods), len(names), len(names)) / 100
    # The file has no row of a country with itself.
    own = np.broadcast_to(np.eye(len(names), dtype=bool), values.shape)
    if np.isnan(values[~own]).any():
        raise FactsError(f"{path.name}: {int(np.isnan(values[~own]).sum())} pairs have no rate; is it the whole file?")
    values = np.where(own, 0.0, values)
    coords = {"good": goods, "src": names, "dst": names}
    return xr.DataArray(values, coords=coords, dims=("good", "src", "dst")), order


def _flows(path: Path, names: list[str], order: list[str], goods: list[str]) -> xr.DataArray:
    from scipy.io import loadmat

    if not path.is_file():
        raise FactsError(f"no {path.name} in {path.parent}; give the folder of raw data")
    flows = loadmat(path)["Xijs3D"].astype(float)
    if flows.shape != (len(names), len(names), len(order)):
        raise FactsError(f"{path.name}: flows {flows.shape} do not fit {len(names)} economies, {len(order)} industries")
    flows = flows[:, :, [order.index(g) for g in goods]] * (1.0 - np.eye(len(names)))[:, :, None]
    coords = {"src": names, "dst": names, "good": goods}
    array = xr.DataArray(np.maximum(flows, 0.0), coords=coords, dims=("src", "dst", "good"))
    return array.transpose("good", "src", "dst")
