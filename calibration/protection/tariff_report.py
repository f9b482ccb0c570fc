"""Tables that say what the tariff layers are made of."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from calibration.protection.blocs import union_reference


def report(config, layers, weights, source, means, size, ratio, farm_table, groups) -> dict:
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
        "own_check": source.own_check,
        "coverage": _coverage(config, source, means, size, groups),
        "imputed": means.reset_index(),
        "farm": farm_table,
        "tariffication": source.tariffication,
        "notes": [
            *(
                f"mean tariffs of {year} that are not published: {config.year} times {value:.3f}, "
                "the median of the others"
                for year, value in ratio.items()
            ),
            *source.notes,
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
        for name in layers:
            duty = layers[name].sel(comm=comm) * weight
            by_importer = (duty.sum(["comm", "src"]) / weight.sum(["comm", "src"])).to_series()
            by_importer["world"] = float(duty.sum() / weight.sum())
            columns[f"{name}_{part}"] = by_importer * 100
    return pd.DataFrame(columns).rename_axis("dst").reset_index()


def _by_commodity(layers: dict, trade: xr.DataArray) -> pd.DataFrame:
    total = trade.sum(["src", "dst"])
    columns = {n: ((layers[n] * trade).sum(["src", "dst"]) / total * 100).to_series() for n in layers}
    return pd.DataFrame(columns).reindex(list(trade.comm.values)).rename_axis("comm").reset_index()


def _coverage(config, source, means: pd.DataFrame, size: pd.Series, groups: dict) -> pd.DataFrame:
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
            stand_in = country if country in source.importers else reference.get(country)
            if stand_in in source.importers:
                kind = "bilateral file"
            elif pd.isna(means.at[country, f"mean{config.year}"]):
                kind = "no tariff"
            else:
                kind = {"verified": "verified mean", "recalled": "recalled mean"}.get(
                    means.at[country, "status"], "assumed"
                )
            kinds[kind] += float(size[country])
        total = sum(kinds.values())
        rows.append({"reg": region, **{k: v / total for k, v in kinds.items()}})
    return pd.DataFrame(rows)
