"""Tables that say what the tariff layers are made of."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from calibration.protection.blocs import union_reference
from calibration.protection.files import COUNTRIES

LAYERS = ("applied", "farm", "tms1993")


def report(
    config, layers, weights, files, goods, means, size, ratio, tariffication, farm_table, groups
) -> dict:
    """Arrange averages, coverage and imputations of the layers.

    Returns
    -------
    dict
        ``averages`` (trade-weighted % by importer and world, benchmark trade), ``by_comm`` (world, %),
        ``own_check`` (world means of the files as they are, on their own trade), ``coverage`` (importer side:
        share of a region's GDP by kind of source), ``imputed`` (countries), ``farm`` (importers),
        ``tariffication`` (farm tariffs of the files that rise), ``notes``.
    """
    trade = weights.sel(comm=list(config.goods), src=config.reg, dst=config.reg)
    return {
        "averages": averages(layers, trade),
        "by_comm": _by_commodity(layers, trade),
        "own_check": _own_check(files),
        "coverage": _coverage(config, means, size, groups),
        "imputed": means.reset_index(),
        "farm": farm_table,
        "tariffication": tariffication,
        "notes": [
            f"mean tariffs of 1993 that are not published: 1997 times {ratio:.3f}, the median of the others",
            "farm tariffs of the files that rise from 1993 to 2005 stay as in 1993 (see tariffication)",
            "exporters outside the files face the importer's rate for the files' rest of the world",
        ],
    }


def averages(layers: dict, trade: xr.DataArray) -> pd.DataFrame:
    """Trade-weighted tariffs in % by importer and for the world, all goods and farm goods apart.

    Parameters
    ----------
    layers : dict of DataArray (comm, src, dst)
    trade : DataArray (comm, src, dst)
        Trade in goods, any unit.
    """
    columns = {}
    parts = {
        "all": list(trade.comm.values),
        "farm_goods": [c for c in ("Agr", "Food") if c in trade.comm.values],
    }
    parts["other_goods"] = [c for c in trade.comm.values if c not in parts["farm_goods"]]
    for part, comm in parts.items():
        weight = trade.sel(comm=comm)
        for name in LAYERS:
            duty = layers[name].sel(comm=comm) * weight
            by_importer = (duty.sum(["comm", "src"]) / weight.sum(["comm", "src"])).to_series()
            by_importer["world"] = float(duty.sum() / weight.sum())
            columns[f"{name}_{part}"] = by_importer * 100
    return pd.DataFrame(columns).rename_axis("dst").reset_index()


def _by_commodity(layers: dict, trade: xr.DataArray) -> pd.DataFrame:
    total = trade.sum(["src", "dst"])
    columns = {n: ((layers[n] * trade).sum(["src", "dst"]) / total * 100).to_series() for n in LAYERS}
    return pd.DataFrame(columns).reindex(list(trade.comm.values)).rename_axis("comm").reset_index()


def _own_check(files: dict) -> pd.DataFrame:
    rows = []
    for year in (1993, 2005):
        mean = float((files[f"t{year}"] * files[f"x{year}"]).sum() / files[f"x{year}"].sum())
        rows.append((year, 100 * mean, float(files[f"x{year}"].sum())))
    return pd.DataFrame(rows, columns=["year", "world_mean_percent", "trade_million_usd"])


def _coverage(config, means: pd.DataFrame, size: pd.Series, groups: dict) -> pd.DataFrame:
    reference = union_reference(groups)
    rows = []
    for region in config.reg:
        kinds = {
            "bilateral file": 0.0,
            "verified mean": 0.0,
            "recalled mean": 0.0,
            "assumed": 0.0,
            "no tariff": 0.0,
        }
        for country in config.regions[region]:
            stand_in = country if country in COUNTRIES else reference.get(country)
            if stand_in in COUNTRIES:
                kind = "bilateral file"
            elif pd.isna(means.at[country, "mean1997"]):
                kind = "no tariff"
            else:
                kind = {"verified": "verified mean", "recalled": "recalled mean"}.get(
                    means.at[country, "status"], "assumed"
                )
            kinds[kind] += float(size[country])
        total = sum(kinds.values())
        rows.append({"reg": region, **{k: v / total for k, v in kinds.items()}})
    return pd.DataFrame(rows)
