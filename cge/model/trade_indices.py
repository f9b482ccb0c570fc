"""Trade by commodity, region and world: values, price and volume indices (GTAP v7, Corong et al. 2017).

Exports are fob and include margin services sold to the world pool; imports are
cif. Price and volume indices are Divisia indices with current weights.
"""

from __future__ import annotations

from cge.model.ops import at, level, put, share, take, total
from cge.model.registry import table

_MUSD = "million US$"


def fob(v):
    """Value of exports fob over (comm, reg, dst), million US$."""
    return at(v.VFOB * v.pfob * v.qxs, src="reg")


def cif(v):
    """Value of imports cif over (comm, src, reg), million US$."""
    return at(v.VCIF * v.pcif * v.qxs, dst="reg")


def pool(v):
    """Value of margin services sold to the world pool over (comm, reg), million US$."""
    return by_comm(v, v.VST * take(v.pds, "comm", v.sets.margins, "marg") * v.qst, 0.0)


def by_comm(v, x, fill):
    """Values of margin services placed among all commodities."""
    return put(x, "marg", v.sets.margins, "comm", v.sets.n_comm, fill=fill)


@table.define("comm", "reg", unit=_MUSD)
def exports(v):
    """Value of exports of commodity c, fob, margin services included."""
    return total(fob(v), "dst") + pool(v)


@table.define("comm", "reg", unit=_MUSD)
def imports(v):
    """Value of imports of commodity c, cif."""
    return total(cif(v), "src")


@table.define("comm", "reg", active="VXW")
def vxwfob(v):
    """Value of exports of commodity c, fob."""
    return v.exports / v.VXW


@table.define("comm", "reg", active="VMW")
def vmwcif(v):
    """Value of imports of commodity c, cif."""
    return v.imports / v.VMW


@table.define("reg")
def vxwreg(v):
    """Value of exports of the region, fob."""
    return total(v.exports, "comm") / total(v.VXW, "comm")


@table.define("reg")
def vmwreg(v):
    """Value of imports of the region, cif."""
    return total(v.imports, "comm") / total(v.VMW, "comm")


@table.define("comm")
def vxwcom(v):
    """Value of world exports of commodity c, fob."""
    return total(v.exports, "reg") / total(v.VXW, "reg")


@table.define("comm")
def vmwcom(v):
    """Value of world imports of commodity c, cif."""
    return total(v.imports, "reg") / total(v.VMW, "reg")


@table.define()
def vxwwld(v):
    """Value of world exports, fob."""
    return total(v.exports, "comm", "reg") / total(v.VXW, "comm", "reg")


@table.rate("comm", "reg", active="VXW", post=True)
def pxw(v):
    """Price index of exports of commodity c, fob."""
    return [(fob(v) / v.exports, at(v.pfob, src="reg")), (pool(v) / v.exports, v.pds)]


@table.rate("reg", post=True)
def pxwreg(v):
    """Price index of exports of the region, fob."""
    return [(share(v.exports, "comm"), v.pxw)]


@table.rate("comm", post=True)
def pxwcom(v):
    """Price index of world exports of commodity c, fob."""
    return [(share(v.exports, "reg"), v.pxw)]


@table.rate(post=True)
def pxwwld(v):
    """Price index of world exports, fob."""
    return [(share(v.exports, "comm", "reg"), v.pxw)]


@table.rate("comm", "reg", active="VMW", post=True)
def pmw(v):
    """Price index of imports of commodity c, cif."""
    return [(share(cif(v), "src"), at(v.pcif, dst="reg"))]


@table.rate("reg", post=True)
def pmwreg(v):
    """Price index of imports of the region, cif."""
    return [(share(v.imports, "comm"), v.pmw)]


@table.rate("comm", post=True)
def pmwcom(v):
    """Price index of world imports of commodity c, cif."""
    return [(share(v.imports, "reg"), v.pmw)]


@table.rate("comm", "reg", active="VXW", post=True)
def qxw(v):
    """Volume of exports of commodity c, fob weights."""
    return [(fob(v) / v.exports, at(v.qxs, src="reg")), (pool(v) / v.exports, by_comm(v, v.qst, 1.0))]


@table.rate("reg", post=True)
def qxwreg(v):
    """Volume of exports of the region, fob weights."""
    return [(share(v.exports, "comm"), v.qxw)]


@table.rate("comm", post=True)
def qxwcom(v):
    """Volume of world exports of commodity c, fob weights."""
    return [(share(v.exports, "reg"), v.qxw)]


@table.rate(post=True)
def qxwwld(v):
    """Volume of world exports, fob weights."""
    return [(share(v.exports, "comm", "reg"), v.qxw)]


@table.rate("comm", "reg", active="VMW", post=True)
def qmw(v):
    """Volume of imports of commodity c, cif weights."""
    return [(share(cif(v), "src"), at(v.qxs, dst="reg"))]


@table.rate("reg", post=True)
def qmwreg(v):
    """Volume of imports of the region, cif weights."""
    return [(share(v.imports, "comm"), v.qmw)]


@table.rate("comm", post=True)
def qmwcom(v):
    """Volume of world imports of commodity c, cif weights."""
    return [(share(v.imports, "reg"), v.qmw)]


@table.define("comm", "reg", unit="ratio", active="VXD")
def fobpower(v):
    """Average power of the export tax on commodity c: exports at fob over basic prices; one without exports."""
    return total(fob(v), "dst") / total(at(v.VXSB * at(v.pds, reg="src") * v.qxs, src="reg"), "dst")


@table.define("comm", "reg", unit=_MUSD)
def supply(v):
    """Value of output of commodity c at fob prices: domestic sales are revalued by the average export tax."""
    return v.VDB * v.pds * v.qds * v.fobpower + v.exports


@table.rate("comm", post=True)
def valuew(v):
    """Value of world output of commodity c at fob prices."""
    return [*_supply_prices(v), (share(v.supply, "reg"), v.qc)]


@table.rate("comm", post=True)
def pw(v):
    """World price index of output of commodity c, fob."""
    return _supply_prices(v)


def _supply_prices(v):
    """Terms of output prices: the export price, or the home price of a commodity that the region does not export."""
    weight = level(share(v.supply, "reg"))
    return [(weight * v.EXPORTED, v.pxw), (weight * (1.0 - v.EXPORTED), v.pds)]


@table.rate("comm", post=True)
def qow(v):
    """Quantity index of world output of commodity c, fob weights."""
    return [(share(v.supply, "reg"), v.qc)]


@table.define("comm")
def valuewu(v):
    """Value of world use of commodity c at users' prices, investment left out as in GTAP v7."""
    return _users(v) / (total(v.VPP + v.VGP, "reg") + total(v.VFP, "acts", "reg"))


@table.rate("comm", post=True)
def pwu(v):
    """World price of commodity c at users' prices; as in GTAP v7 investment counts in the terms, not in their base."""
    use = _users(v)
    return [(v.VPP * v.ppa * v.qpa / use, v.ppa), (v.VGP * v.pga * v.qga / use, v.pga),
            (v.VIP * v.pia * v.qia / use, v.pinv), (v.VFP * v.pfa * v.qfa / use, v.pfa)]


@table.rate("comm", post=True)
def qowu(v):
    """World use of commodity c at users' prices; as in GTAP v7 investment counts in the terms, not in their base."""
    use = _users(v)
    return [(v.VPP * v.ppa * v.qpa / use, v.qpa), (v.VGP * v.pga * v.qga / use, v.qga),
            (v.VIP * v.pia * v.qia / use, v.qia), (v.VFP * v.pfa * v.qfa / use, v.qfa)]


def _users(v):
    final = v.VPP * v.ppa * v.qpa + v.VGP * v.pga * v.qga
    return total(final, "reg") + total(v.VFP * v.pfa * v.qfa, "acts", "reg")
