"""Price indices, GDP, trade balance: what the closure and the tables need (GTAP v7)."""

from __future__ import annotations

from cge.model.ops import at, level, share, take, total
from cge.model.registry import table

_MUSD = "million US$"


@table.rate()
def pfactwld(v):
    """World price index of primary factors at basic prices; the numeraire."""
    return [(share(v.EVFB * v.peb * v.qfe, "endw", "acts", "reg"), v.peb)]


@table.rate("reg")
def pfactor(v):
    """Price index of primary factors at basic prices in the region."""
    return [(share(v.EVFB * v.peb * v.qfe, "endw", "acts"), v.peb)]


@table.rate("reg")
def ppriv(v):
    """Price index of private consumption (Divisia, current budget shares)."""
    return [(share(v.VPP * v.zcde, "comm"), v.ppa)]


@table.define("reg", unit=_MUSD)
def vxwreg(v):
    """Value of exports, fob, margin services sold to the world pool included."""
    return at(total(v.VFOB * v.pfob * v.qxs, "comm", "dst"), src="reg") + v.vstreg


@table.define("reg", unit=_MUSD)
def vmwreg(v):
    """Value of imports, cif."""
    return at(total(v.VCIF * v.pcif * v.qxs, "comm", "src"), dst="reg")


@table.define("reg", unit=_MUSD)
def vstreg(v):
    """Value of margin services sold to the world pool."""
    return total(v.VST * take(v.pds, "comm", v.sets.margins, "marg") * v.qst, "marg")


@table.define("reg", unit=_MUSD, positive=False)
def tbal(v):
    """Trade balance: exports fob, margin services included, less imports cif."""
    return level(v.vxwreg) - level(v.vmwreg)


@table.define("reg", unit=_MUSD, positive=False)
def del_tbal(v):
    """Change of the trade balance."""
    return v.tbal - v.TBAL0


@table.define()
def ywld(v):
    """World income."""
    return total(v.INCOME * v.y, "reg") / v.INCWLD


@table.define("reg", unit="ratio to world income", positive=False)
def del_tbalry(v):
    """Change of the ratio of the trade balance plus net remittances to world income."""
    return (v.tbal + v.remin - v.remout) / level(v.INCWLD * v.ywld) - v.TBALRY0


@table.define("reg", unit=_MUSD, positive=False)
def vgdp(v):
    """GDP at market prices, from the side of expenditure."""
    return level(v.YPALL * v.cpriv + v.YG0 * v.yg + v.REGINV * v.pinv * v.qinv) + v.tbal


@table.rate("reg")
def qxwreg(v):
    """Volume of exports, fob weights, margin services included."""
    goods = at(v.VFOB * v.pfob * v.qxs, src="reg") / v.vxwreg
    return [(goods, at(v.qxs, src="reg")), (_margin_share(v), v.qst)]


@table.rate("reg")
def pxwreg(v):
    """Price index of exports, fob, margin services included."""
    goods = at(v.VFOB * v.pfob * v.qxs, src="reg") / v.vxwreg
    return [(goods, at(v.pfob, src="reg")), (_margin_share(v), take(v.pds, "comm", v.sets.margins, "marg"))]


@table.rate("reg")
def pmwreg(v):
    """Price index of imports, cif."""
    return [(at(share(v.VCIF * v.pcif * v.qxs, "comm", "src"), dst="reg"), at(v.pcif, dst="reg"))]


def _margin_share(v):
    return v.VST * take(v.pds, "comm", v.sets.margins, "marg") * v.qst / v.vxwreg
