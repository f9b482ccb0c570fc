"""Terms of trade and their decomposition by world, export and import prices (GTAP v7; McDougall 1993, SALTER 12)."""

from __future__ import annotations

from cge.model.ops import at, exp, log, put, share, total
from cge.model.registry import table
from cge.model.trade_indices import by_comm

_MUSD = "million US$"


@table.define("reg")
def psw(v):
    """Index of prices received for exports of the region, margin services included."""
    return v.pxwreg


@table.define("reg")
def pdw(v):
    """Index of prices paid for imports of the region, cif."""
    return v.pmwreg


@table.define("reg")
def tot(v):
    """Terms of trade of the region."""
    return v.psw / v.pdw


@table.define("marg", "reg", unit=_MUSD)
def margins_in(v):
    """Value of margin service m in the imports of the region."""
    return at(total(v.VTWR * v.pt * v.qxs / v.atmfsd, "comm", "src"), dst="reg")


@table.define("comm", "reg", unit=_MUSD)
def direct(v):
    """Value of imports of commodity c, fob; margin services count as imports of the margin commodity."""
    goods = at(total(v.VFOB * v.pfob * v.qxs, "src"), dst="reg")
    return goods + by_comm(v, v.margins_in, 0.0)


@table.rate("comm", "reg", active="VDIR", post=True)
def pm_cr(v):
    """Price index of imports of commodity c, margin services counted as imports of the margin commodity."""
    price = put(v.pt, "marg", v.sets.margins, "comm", v.sets.n_comm, fill=1.0)
    return [(at(v.VFOB * v.pfob * v.qxs, dst="reg") / v.direct, at(v.pfob, dst="reg")),
            (by_comm(v, v.margins_in, 0.0) / v.direct, price)]


@table.rate("comm", "reg", post=True)
def c1_cr(v):
    """Part of the terms of trade from the world price of commodity c relative to all exports."""
    weight = share(v.exports, "comm") - share(v.direct, "comm")
    return [(weight, v.pxwcom), (-weight, v.pxwwld)]


@table.rate("comm", "reg", post=True)
def c2_cr(v):
    """Part of the terms of trade from the region's export price of commodity c relative to the world's."""
    weight = share(v.exports, "comm")
    return [(weight, v.pxw), (-weight, v.pxwcom)]


@table.rate("comm", "reg", post=True)
def c3_cr(v):
    """Part of the terms of trade from the region's import price of commodity c relative to the world's."""
    weight = share(v.direct, "comm")
    return [(weight, v.pm_cr), (-weight, v.pxwcom)]


@table.define("reg")
def c1_r(v):
    """Part of the terms of trade from world prices of all commodities."""
    return exp(total(log(v.c1_cr), "comm"))


@table.define("reg")
def c2_r(v):
    """Part of the terms of trade from the region's export prices."""
    return exp(total(log(v.c2_cr), "comm"))


@table.define("reg")
def c3_r(v):
    """Part of the terms of trade from the region's import prices."""
    return exp(total(log(v.c3_cr), "comm"))


@table.define("reg")
def tot2(v):
    """Terms of trade put together from their parts."""
    return v.c1_r * v.c2_r / v.c3_r
