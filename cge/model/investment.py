"""Investment and the global bank (GTAP v7): rates of return, allocation, saving against investment."""

from __future__ import annotations

from cge.model.ops import at, index, level, log, total
from cge.model.registry import table

table.exogenous("cgdslack", "reg", long_name="slack of the investment allocation")
table.exogenous("psaveslack", "reg", long_name="slack of the price of saving")
table.unknown("qinv", "reg", long_name="gross investment", active=lambda d: d["REGINV"] > 0)
table.unknown("rorg", long_name="global net rate of return")
table.unknown("globalcgds", long_name="world supply of net investment")


@table.define("reg")
def ke(v):
    """Capital stock at the end of the period."""
    return index(level((v.VKB - v.VDEP) * v.kb) + level(v.REGINV * v.qinv), v.VKE)


@table.define("reg")
def rorc(v):
    """Current net rate of return to capital."""
    return index(level(v.GRORC * v.rental / v.pinv) - v.DEPR, v.NETROR)


@table.define("reg")
def rore(v):
    """Expected net rate of return; it falls as the end-of-period stock grows (RORFLEX)."""
    return v.rorc * (v.kb / v.ke) ** v.RORFLEX


@table.define("reg", unit="million US$", positive=False)
def qnetinv(v):
    """Net investment at benchmark prices."""
    return level(v.REGINV * v.qinv) - level(v.VDEP * v.kb)


@table.clears("qinv", "reg", scale="REGINV")
def investment_allocation(v):
    """RORDELTA = 1: expected returns equalised; RORDELTA = 0: regional shares in world investment fixed."""
    by_return = (log(v.rore) - log(v.rorg * v.cgdslack)) * level(v.REGINV)
    by_share = v.qnetinv - level(v.NETINV) * level(v.globalcgds * v.cgdslack)
    return v.RORDELTA * by_return + (1.0 - v.RORDELTA) * by_share, 0.0 * level(v.REGINV)


@table.rate(post=True)
def qcgdswld(v):
    """World net investment, quantity index (Divisia)."""
    world = total(v.pinv * v.qnetinv, "reg")
    return [(v.REGINV * v.pinv * v.qinv / world, v.qinv), (-(v.VDEP * v.pinv * v.kb) / world, v.kb)]


@table.rate(post=True)
def rorwld(v):
    """World average of expected net rates of return (Divisia, shares in world net investment)."""
    netinv = v.pinv * v.qnetinv
    return [(netinv / total(netinv, "reg"), v.rore)]


@table.clears("globalcgds")
def world_investment(v):
    """RORDELTA = 1: world net investment; RORDELTA = 0: the world rate of return as an average."""
    by_share = 1.0 - v.RORDELTA
    return v.globalcgds**v.RORDELTA * v.rorg**by_share, v.qcgdswld**v.RORDELTA * v.rorwld**by_share


@table.rate("reg")
def psave(v):
    """Price of saving: own investment price, moved by net lending weights (GTAP v7, E_psave)."""
    netinv = v.pinv * v.qnetinv
    globinv = total(netinv, "reg")
    weight = (netinv - v.SAVE * v.ysave) / globinv
    return [(v.ONE_R, v.pinv), (at(weight, reg="src"), at(v.pinv, reg="src")), (v.ONE_R, v.psaveslack)]


@table.define("reg")
def qsave(v):
    """Real saving."""
    return v.ysave / v.psave


@table.rate(post=True)
def pcgdswld(v):
    """World price of net investment."""
    netinv = v.pinv * v.qnetinv
    return [(netinv / total(netinv, "reg"), v.pinv)]


@table.define()
def walras_sup(v):
    """Omitted market: world net investment at current prices."""
    return index(total(v.pinv * v.qnetinv, "reg"), v.GLOBINV)


@table.define()
def walras_dem(v):
    """Omitted market: world saving at current prices."""
    return index(total(level(v.SAVE * v.ysave), "reg"), v.GLOBINV)


@table.define(unit="million US$", positive=False)
def walraslack(v):
    """Slack of the omitted market, value (GTAP reports it in percent); zero by Walras' law."""
    return (v.walras_sup - v.walras_dem) * level(v.GLOBINV)
