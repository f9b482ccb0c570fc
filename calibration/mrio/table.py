"""National accounts read off a multi-region input-output table."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from cge.bring.table import Mrio

__all__ = ["Economies", "Mrio"]


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
