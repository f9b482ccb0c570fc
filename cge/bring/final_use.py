"""Rules for the final uses of an input-output table: non-profits, inventories, negative investment.

Each rule keeps every supply row at its total, and each reports what it moved.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.bring.table import Mrio

FINAL = ("household", "government", "investment")
# Net change of inventories above this share of value added is not believed to be investment (assumption; the
# national accounts of most countries lie within +-5%). It is spread over all uses of the product.
PLAUSIBLE_INVENTORIES = 0.05


def fold_final_use(mrio: Mrio) -> tuple[Mrio, dict]:
    """Join non-profits to households and fold the change of inventories.

    Inventories of a user country, relative to its value added: up to `PLAUSIBLE_INVENTORIES` they join
    investment, product by product; the rest is spread over all uses of the same supply row in that country
    in proportion (statistical residual; Mexico and Indonesia have 14% of value added). Where the part that
    joins investment would leave a negative cell, the whole row's inventories are spread instead. A row in
    destocking that has no other use is set to zero, and the amount reported. Negative fixed investment (used goods
    and scrap sold, United States 2014) is a source of the product and is spread like destocking.

    Parameters
    ----------
    mrio : Mrio
        With the uses household, npish, government, investment, inventories.

    Returns
    -------
    Mrio
        With the uses of `FINAL` only.
    dict
        ``inventory_share`` (country -> share of value added), ``spread`` (country -> million US$ not taken as
        investment, absolute sum), ``dropped`` (million US$), ``negative_investment`` (country -> million US$).
    """
    final = mrio.final
    stock = final.sel(use="inventories", drop=True)
    uses = xr.concat(
        [
            final.sel(use=["household", "npish"]).sum("use").expand_dims(use=["household"]),
            final.sel(use=["government", "investment"]),
        ],
        dim="use",
    ).transpose("src", "comm", "dst", "use")
    added = mrio.value_added().sum("comm").rename(src="dst")
    share = stock.sum(("src", "comm")) / added
    keep = (PLAUSIBLE_INVENTORIES / np.abs(share).clip(min=1e-12)).clip(max=1.0)
    invested = stock * keep
    bad = uses.sel(use="investment", drop=True) + invested < 0
    invested = invested.where(~bad, 0.0)
    spread = stock - invested
    fixed = uses.sel(use="investment", drop=True)
    sold = fixed.where(fixed < 0, 0.0)
    if bool((sold < 0).any()):
        uses = uses - xr.where(uses.use == "investment", sold, 0.0).transpose(*uses.dims)
        spread = spread + sold
    uses = uses + xr.where(uses.use == "investment", invested, 0.0).transpose(*uses.dims)
    total = mrio.inter.sum("acts") + uses.sum("use")
    factor = 1.0 + (spread / total.where(total > 0)).fillna(0.0)
    empty = (total <= 0) & (spread != 0)
    drained = factor <= 0
    dropped = float(np.abs(spread.where(empty, 0.0)).sum() + (total * (-factor)).where(drained, 0.0).sum())
    factor = factor.clip(min=0.0)
    # A row without other use keeps a positive stock as investment; only destocking has to be dropped.
    uses = uses + xr.where(uses.use == "investment", spread.where(empty & (spread > 0), 0.0), 0.0).transpose(*uses.dims)
    report = {
        "inventory_share": {c: float(share.sel(dst=c)) for c in mrio.countries},
        "spread": {c: float(np.abs(spread.sel(dst=c)).sum()) for c in mrio.countries},
        "dropped": dropped,
        "negative_investment": {c: v for c in mrio.countries if (v := float(sold.sel(dst=c).sum())) < 0},
    }
    return Mrio(mrio.inter * factor, uses * factor, mrio.rest), report
