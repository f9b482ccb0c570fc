"""A multi-region input-output table with labelled dimensions."""

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
