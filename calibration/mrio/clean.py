"""The rule that takes export margins out of the world table; `cge.bring.final_use` has that for final uses."""

from __future__ import annotations

import numpy as np
import xarray as xr

from calibration.mrio.table import Economies
from cge.bring.final_use import FINAL, PLAUSIBLE_INVENTORIES, fold_final_use
from cge.bring.table import Mrio

__all__ = ["FINAL", "PLAUSIBLE_INVENTORIES", "export_margins", "fold_final_use"]


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
