"""What a reader of tariff files gives to `calibration.protection.tariffs`."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import xarray as xr


@dataclass(frozen=True)
class TariffSource:
    """Tariffs and trade by pair of countries, summed to the commodities of the benchmark.

    Attributes
    ----------
    rates : dict of int to DataArray (comm, src, dst)
        Year -> ad valorem fractions; the base year first, then earlier ones.
    trade : DataArray (comm, src, dst)
        Million US$ of the base year, zero on the diagonal; only ratios are used.
    exporters : list of str
        ISO3 codes and ``rest``.
    importers : list of str
        Those whose rates are believed; others take a published mean (`calibration.protection.tariffs`).
    rest : str
        Label of the rest of the world in the files.
    kinds : dict of str to str
        Commodity -> ``industrial`` or ``farm``.
    patterns : dict of str to list of str
        ``developing``, ``developed`` -> importers of the files whose spread of tariffs over commodities stands for
        importers with a mean only (assumption).
    own_check : DataFrame
        World means of the files as they are, on their own trade: year, world_mean_percent, trade_million_usd.
    tariffication : DataFrame
        Farm tariffs that rise (see `calibration.protection.caliendo_parro`), empty where none.
    notes : list of str
    """

    rates: dict[int, xr.DataArray]
    trade: xr.DataArray
    exporters: list[str]
    importers: list[str]
    rest: str
    kinds: dict[str, str]
    patterns: dict[str, list[str]]
    own_check: pd.DataFrame
    tariffication: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)

    @property
    def years(self) -> list[int]:
        """Years, the base year first."""
        return list(self.rates)


def to_commodities(rate: xr.DataArray, trade: xr.DataArray, comm: pd.Series) -> xr.DataArray:
    """Trade-weighted means over goods of a commodity; importer-wide weights where a pair does not trade."""
    key = xr.DataArray(comm.to_numpy(), dims="good", name="comm")

    def mean(weight: xr.DataArray) -> xr.DataArray:
        total = weight.groupby(key).sum()
        return ((rate * weight).groupby(key).sum() / total.where(total > 0)).transpose("comm", "src", "dst")

    by_importer = trade.sum("src").expand_dims(src=trade.src.values)
    out = mean(trade).fillna(mean(by_importer)).fillna(mean(xr.ones_like(trade)))
    order = list(dict.fromkeys(comm))
    return out.sel(comm=order)


def trade_by_commodity(trade: xr.DataArray, comm: pd.Series) -> xr.DataArray:
    """Trade summed over the goods of a commodity (comm, src, dst)."""
    key = xr.DataArray(comm.to_numpy(), dims="good", name="comm")
    return trade.groupby(key).sum().sel(comm=list(dict.fromkeys(comm)))


def kinds_of(goods: pd.DataFrame) -> dict[str, str]:
    """Commodity -> kind of its goods, in the order of the map."""
    return goods.drop_duplicates("comm").set_index("comm")["kind"].to_dict()
