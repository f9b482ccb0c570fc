"""Trade: goods market, bilateral prices and flows, import composite, transport margins (GTAP v7)."""

from __future__ import annotations

from cge.model.ops import at, ces_price, put, take, total
from cge.model.registry import table

_BILATERAL = ("comm", "src", "dst")
table.exogenous("tx", "comm", "reg", long_name="power of the export tax, all destinations")
table.exogenous("txs", *_BILATERAL, long_name="power of the export tax by destination")
table.exogenous("tm", "comm", "reg", long_name="power of the import tariff, all sources")
table.exogenous("tms", *_BILATERAL, long_name="power of the import tariff by source")
table.exogenous("ams", *_BILATERAL, long_name="import-augmenting technical change (iceberg cost when below one)")
table.exogenous("atm", "marg", long_name="technical change of margin m, worldwide")
table.exogenous("atf", "comm", long_name="technical change of shipping commodity c")
table.exogenous("ats", "src", long_name="technical change of shipping from a source")
table.exogenous("atd", "dst", long_name="technical change of shipping to a destination")
table.exogenous("atall", "marg", *_BILATERAL, long_name="technical change of margin m on one route")
table.exogenous("tradslack", "comm", "reg", long_name="slack of the goods market")
table.unknown("pds", "comm", "reg", long_name="market price of commodity c produced in the region",
              active=lambda d: d["MAKB"].sum(1) > 0)


@table.define(*_BILATERAL, active="VXSB")
def pfob(v):
    """Price of exports at the border of the exporter (fob)."""
    return at(v.pds, reg="src") * at(v.tx, reg="src") * v.txs


@table.define("marg", active="VTM")
def pt(v):
    """Price of the world pool of margin service m."""
    return ces_price(v.VST, take(v.pds, "comm", v.sets.margins, "marg"), v.ESUBS, "reg")


@table.define("marg", *_BILATERAL, active="VTWR")
def atmfsd(v):
    """Technical change of margin m on the route, all shifters."""
    return v.atall * v.atm * v.atf * v.ats * v.atd


@table.define(*_BILATERAL, active="VCIF")
def pcif(v):
    """Price of imports at the border of the importer (cif)."""
    return (v.VFOB * v.pfob + total(v.VTWR * v.pt / v.atmfsd, "marg")) / v.VCIF


@table.define(*_BILATERAL, active="VMSB")
def pmds(v):
    """Price of imports by source after tariff."""
    return v.pcif * at(v.tm, reg="dst") * v.tms


@table.define("comm", "reg", active="VMB")
def pms(v):
    """Price of the import composite."""
    return at(ces_price(v.VMSB, v.pmds / v.ams, at(v.ESUBM, reg="dst"), "src"), dst="reg")


@table.define("comm", "reg", active="VMB")
def qms(v):
    """Imports of commodity c by all agents."""
    return (total(v.VMFB * v.qfm, "acts") + v.VMPB * v.qpm + v.VMGB * v.qgm + v.VMIB * v.qim) / v.VMB


@table.define(*_BILATERAL, active="VMSB")
def qxs(v):
    """Bilateral trade in commodity c."""
    price = v.pmds / v.ams
    return at(v.qms, reg="dst") / v.ams * (at(v.pms, reg="dst") / price) ** at(v.ESUBM, reg="dst")


@table.define("comm", "reg", active="VXD")
def qxd(v):
    """Exports of commodity c to all destinations, at benchmark basic prices."""
    return at(total(v.VXSB * v.qxs, "dst"), src="reg") / v.VXD


@table.define("marg", active="VTM")
def qtm(v):
    """World use of margin service m."""
    return total(v.VTWR * v.qxs / v.atmfsd, "comm", "src", "dst") / v.VTM


@table.define("marg", "reg", active="VST")
def qst(v):
    """Supply of margin service m by the region to the world pool."""
    return v.qtm * (v.pt / take(v.pds, "comm", v.sets.margins, "marg")) ** v.ESUBS


@table.define("comm", "reg", active="VDB")
def qds(v):
    """Domestic sales of commodity c."""
    return (total(v.VDFB * v.qfd, "acts") + v.VDPB * v.qpd + v.VDGB * v.qgd + v.VDIB * v.qid) / v.VDB


@table.clears("pds", "comm", "reg")
def goods_market(v):
    """Supply of commodity c equals domestic sales, exports and margin services."""
    margins = put(v.VST * v.qst, "marg", v.sets.margins, "comm", v.sets.n_comm, fill=0.0)
    return v.VOB * v.qc, (v.VDB * v.qds + v.VXD * v.qxd + margins) * v.tradslack
