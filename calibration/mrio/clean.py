"""Rules that turn the world table into economic flows: non-profits, inventories, export margins.

Each rule keeps every supply row at its total, and each reports what it moved.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from calibration.mrio.table import Economies, Mrio

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
    uses = uses + xr.where(uses.use == "investment", spread.where(empty & (spread > 0), 0.0), 0.0).transpose(
        *uses.dims
    )
    report = {
        "inventory_share": {c: float(share.sel(dst=c)) for c in mrio.countries},
        "spread": {c: float(np.abs(spread.sel(dst=c)).sum()) for c in mrio.countries},
        "dropped": dropped,
        "negative_investment": {c: v for c in mrio.countries if (v := float(sold.sel(dst=c).sum())) < 0},
    }
    return Mrio(mrio.inter * factor, uses * factor, mrio.rest), report


def export_margins(mrio: Mrio, goods: tuple[str, ...], trade: str, transport: str) -> tuple[Economies, dict]:
    """National tables of the explicit countries, services 'exported' to the rest of the world taken apart.

    The table values goods at basic prices. The wholesale margin between factory and port, and freight to
    the buyer, stand in no goods row; they appear as exports of trade and transport services to the rest of
    the world, because only that column is a residual (United States 1997: goods 611, wholesale 82, customs
    statistics 688 billion US$). What the rest of the world would buy if it used such services per dollar of
    goods as the explicit countries do is taken as its own purchase. The remainder
    - of trade: is the margin between basic and fob price. The goods sectors buy it and all their exports are
      dearer in one proportion, so that goods exports are at fob;
    - of transport: is supply to the world pool of international margins.

    Parameters
    ----------
    mrio : Mrio
        After `fold_final_use`.
    goods : tuple of str
    trade, transport : str
        The two service commodities.

    Returns
    -------
    Economies
        Explicit countries only; ``trade`` includes the flows to and from the rest of the world.
    dict
        By country (million US$): ``wholesale`` put into goods prices, ``transport`` to the pool, and
        ``markup`` of fob over basic price.
    """
    names, goods = mrio.countries, list(goods)
    flows = mrio.flows()
    apart = xr.DataArray(
        1.0 - np.eye(flows.sizes["src"]), dims=("src", "dst"), coords={"src": flows.src, "dst": flows.dst}
    )
    abroad = (flows * apart).sel(src=names)
    to_rest = abroad.sel(dst=mrio.rest, drop=True)
    to_others = abroad.sel(dst=names).sum("dst")
    ratio = to_rest.sel(comm=goods).sum("comm") / to_others.sel(comm=goods).sum("comm")
    services = [trade, transport]
    bought = np.minimum(to_rest.sel(comm=services), to_others.sel(comm=services) * ratio)
    excess = to_rest.sel(comm=services) - bought
    wholesale, freight = excess.sel(comm=trade, drop=True), excess.sel(comm=transport, drop=True)
    markup = wholesale / abroad.sel(comm=goods).sum(("comm", "dst"))

    # Goods leave at fob; every user abroad pays the dearer price.
    is_good = xr.DataArray([c in goods for c in flows.comm.values], dims="comm", coords={"comm": flows.comm})
    dearer = 1.0 + xr.where(is_good, markup, 0.0)
    dearer = dearer.reindex(src=flows.src, fill_value=1.0)
    price = xr.where(apart > 0, dearer, 1.0)
    inter, final = mrio.inter * price, mrio.final * price
    out = (inter.sum("acts") + final.sum("use")).transpose("comm", "src", "dst") * apart
    out.loc[{"comm": services, "dst": mrio.rest, "src": names}] = bought.transpose("comm", "src").values

    ni, nf = inter.sel(dst=names), final.sel(dst=names)
    own = apart.sel(dst=names) == 0
    zd = ni.where(own, 0.0).sum("src").rename(dst="eco").transpose("comm", "acts", "eco")
    zm = ni.where(~own, 0.0).sum("src").rename(dst="eco").transpose("comm", "acts", "eco")
    fd = nf.where(own, 0.0).sum("src").rename(dst="eco").transpose("comm", "use", "eco")
    fm = nf.where(~own, 0.0).sum("src").rename(dst="eco").transpose("comm", "use", "eco")
    cost = (abroad.sum("dst") * is_good * markup).rename(src="eco", comm="acts").transpose("acts", "eco")
    zd.loc[{"comm": trade}] = zd.sel(comm=trade) + cost
    report = {
        "wholesale": wholesale.to_series().to_dict(),
        "transport": freight.to_series().to_dict(),
        "bought": {s: float(bought.sel(comm=s).sum()) for s in services},
        "markup": markup.to_series().to_dict(),
    }
    return Economies(zd, zm, fd, fm, out, freight.rename(src="eco")), report
