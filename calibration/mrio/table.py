"""A multi-region input-output table, and the national accounts read off it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import xarray as xr


@dataclass(frozen=True)
class Mrio:
    """World input-output table in million current US$ at basic prices.

    Attributes
    ----------
    inter : DataArray (src, comm, dst, acts)
    final : DataArray (src, comm, dst, use)
    rest : str
        Label of the rest of the world.
    product_tax : DataFrame, optional
        Taxes less subsidies on products, million US$: index country, columns firms, household, government,
        investment, and ``gdp`` at market prices of the table.
    freight : Series, optional
        International transport margins on imports by country, million US$.
    """

    inter: xr.DataArray
    final: xr.DataArray
    rest: str
    product_tax: pd.DataFrame | None = None
    freight: pd.Series | None = None

    @property
    def countries(self) -> list[str]:
        """Countries with a table of their own."""
        return [c for c in self.inter.src.values.tolist() if c != self.rest]

    def output(self) -> xr.DataArray:
        """Gross output (src, comm): row sums."""
        return self.inter.sum(("dst", "acts")) + self.final.sum(("dst", "use"))

    def value_added(self) -> xr.DataArray:
        """Residual value added (src, comm), product taxes and transport margins on inputs included."""
        return self.output() - self.inter.sum(("src", "comm")).rename(dst="src", acts="comm")

    def flows(self) -> xr.DataArray:
        """All uses summed (comm, src, dst), the diagonal holding domestic use."""
        return (self.inter.sum("acts") + self.final.sum("use")).transpose("comm", "src", "dst")


@dataclass(frozen=True)
class Economies:
    """National tables, imports by use without their source, and trade between economies.

    Attributes
    ----------
    zd, zm : DataArray (comm, acts, eco)
        Intermediate use, domestic and imported; imports at fob values of the exporter.
    fd, fm : DataArray (comm, use, eco)
        Final use (household, government, investment), domestic and imported.
    trade : DataArray (comm, src, dst)
        Exports at fob; the diagonal holds international trade inside an economy that is an aggregate.
    margin : DataArray (eco)
        Supply of international transport margins, from the transport sector.
    """

    zd: xr.DataArray
    zm: xr.DataArray
    fd: xr.DataArray
    fm: xr.DataArray
    trade: xr.DataArray
    margin: xr.DataArray

    def sum_to(self, groups: dict[str, str], order: list[str]) -> Economies:
        """Sum economies to groups. Domestic use stays domestic; trade inside a group goes to its diagonal."""

        def total(array: xr.DataArray, dim: str) -> xr.DataArray:
            labels = xr.DataArray([groups[e] for e in array[dim].values.tolist()], dims=dim, name="group")
            out = array.groupby(labels.rename("group")).sum().rename(group=dim).sel({dim: order})
            return out

        def of(array: xr.DataArray) -> xr.DataArray:
            dims = array.dims
            return total(array, "eco").transpose(*dims)

        trade = total(total(self.trade, "src"), "dst").transpose("comm", "src", "dst")
        return Economies(of(self.zd), of(self.zm), of(self.fd), of(self.fm), trade, of(self.margin))
