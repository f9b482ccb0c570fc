"""Gains of groups by what makes them: residents by source of income, earlier migrants and new movers by column.

Two steps, both exact. *Residents*: the household of a region is one in GTAP, so its equivalent variation is
attributed to the sources of its income. Along the path ``d EV = (1/costev) (d Y - Y dlog p)`` with ``p`` the price
index of what income is spent on, and a source ``X`` of ``Y`` earns ``(1/costev) (d X - X dlog p)`` of it (Divisia:
these are path integrals and add up to quadrature error; what population, preferences and public services add are
terms of their own). *Columns*: every group's gain is taken apart in money at world factor prices (``pfactwld``), in
which what one group pays another receives, so that transfers cancel over the world; the column of consumer prices is
what turns that money into purchasing power at benchmark prices. Migrants are discrete people whose number changes
along the path, so their columns are differences between the wage left and what is earned now, term by term: exact
without integration, and of the movers who moved rather than of those who were on the way.
"""

from __future__ import annotations

from cge.model.ops import at, level, total
from cge.model.registry import table
from cge.model.table import LEVEL

_PAIR = ("skill", "home", "host")
_MUSD = "million US$"


def _money(v, value):
    """Current dollars at world factor prices: what is counted does not hang on the numeraire."""
    return value / level(v.pfactwld)


def _kind(v, wage, kind):
    """The wage of one kind of workers, where natives and migrants are imperfect substitutes."""
    return wage * level(getattr(v, kind)) if v.sets.nests else wage


# -- income of permanent residents by source --------------------------------------------------------------------


@table.define("skill", "reg", unit=_MUSD, positive=False)
def ynat(v):
    """After-tax pay of permanent residents who stay, by skill."""
    return v.natives * (1.0 - v.unemp) * _kind(v, v.wnet, "relnat")


@table.define("skill", "reg", unit=_MUSD, positive=False)
def ynatgross(v):
    """Pay of permanent residents who stay before labour tax at full employment, by skill."""
    return v.natives * _kind(v, v.wgross, "relnat")


@table.define("reg", unit=_MUSD, positive=False)
def yown(v):
    """Residents' after-tax income of capital, land and resources, at home and abroad, net of depreciation."""
    factors = level(total(v.EVOS * v.pes * v.qfe, "endw", "acts")) - level(v.VDEP * v.pinv * v.kb)
    factors = factors + total(v.tieloss, "skill") if v.sets.tied else factors  # wnet is that of free labour
    owned = factors - total(v.wnet * level(v.EFF0 * v.qlab), "skill")
    owned = owned - v.capout + v.capin if v.sets.foreign else owned
    return owned - at(total(v.ownearl + v.ownnew, "skill", "home"), host="reg") if v.sets.migcap else owned


@table.define("reg", unit=_MUSD, positive=False)
def ytax(v):
    """Tax revenue that the government keeps for residents, without what movers pay under the terms of movement."""
    shared = at(total(v.shareearl + v.sharenew, "skill", "home"), host="reg")
    revenue = v.taxtotal - v.termsgov - shared
    return revenue - v.renthere if v.sets.mobility else revenue


@table.define("reg", unit=_MUSD, positive=False)
def ygovpay(v):
    """Payments of movers to the government: fees, exit taxes, what an escrow keeps, rents of the host's caps."""
    return v.termsgov + v.renthere if v.sets.mobility else level(v.termsgov)


@table.define("reg", unit=_MUSD, positive=False)
def ypaid(v):
    """Payments of movers to the household, pay that employers keep from those without status, transfers."""
    kept = at(total(v.statuslost, "skill", "home"), host="reg")
    return v.termsin - v.ygovpay + kept + v.transfer


@table.define("reg", unit=_MUSD, positive=False)
def yother(v):
    """Income of permanent residents that no source explains (zero unless a slack variable moves)."""
    known = total(v.ynat, "skill") + v.yown + v.ytax + v.ygovpay + v.remin + v.ypaid
    return level(v.INCOME * v.y) - known


def _source():
    return table.rate("reg", unit=_MUSD, positive=False, post=True)


def _gain(v, income):
    """Terms of the gain that a source of income is to those who spend it as the regional household does."""
    # Over world factor prices, whose change is added as such, so that the numeraire leaves no error of quadrature.
    value = income / level(v.pfactwld)
    part = income / level(v.costev * v.INCOME * v.y)
    return [(v.pfactwld / v.costev, value, LEVEL), (income / level(v.costev), v.pfactwld),
            (-(part * level(v.YPRES * v.yp)), v.ppriv), (-(part * level(v.YG0 * v.yg)), v.pgov),
            (-(part * level(v.SAVE * v.ysave)), v.psave)]


@table.rate("skill", "reg", unit=_MUSD, positive=False, post=True)
def SRCnat(v):
    """Part of residents' EV from after-tax pay, by skill, leavers' benchmark wages not yet given back."""
    return _gain(v, v.ynat)


@_source()
def SRCown(v):
    """Part of residents' EV from net income of capital, land and resources."""
    return _gain(v, v.yown)


@_source()
def SRCtax(v):
    """Part of residents' EV from tax revenue that the government keeps."""
    return _gain(v, v.ytax)


@_source()
def SRCgovpay(v):
    """Part of residents' EV from payments of movers to the government."""
    return _gain(v, v.ygovpay)


@_source()
def SRCrem(v):
    """Part of residents' EV from remittances received."""
    return _gain(v, v.remin)


@_source()
def SRCpaid(v):
    """Part of residents' EV from payments of movers to the household, and transfers."""
    return _gain(v, v.ypaid)


@_source()
def SRCother(v):
    """Part of residents' EV from income that no source explains."""
    return _gain(v, v.yother)


@_source()
def SRCpop(v):
    """Part of residents' EV from sharing among fewer or more (nil where utility is proportional to income)."""
    return [(level(v.INCOME * v.yev) - level(v.INCOME * v.y) / level(v.costev), v.popres)]


@table.define("skill", "reg", unit=_MUSD, positive=False)
def EVnat(v):
    """Gain of permanent residents who stay from their pay, by skill: part of residents' EV."""
    return v.SRCnat + v.leavinc


@table.define("reg", unit=_MUSD, positive=False)
def EVgov(v):
    """Gain of the government from taxes and payments of movers: part of residents' EV."""
    return v.SRCtax + v.SRCgovpay


@table.define("reg", unit=_MUSD, positive=False)
def EV_SRC(v):
    """Sum of residents' gains by source of income, with population, preferences and public services."""
    sources = total(v.EVnat, "skill") + v.SRCown + v.EVgov + v.SRCrem + v.SRCpaid + v.SRCother
    return sources + v.SRCpop + v.CNTdpar + v.CNTserv


# -- columns: natives ---------------------------------------------------------------------------------------------


@table.define("skill", "reg", unit=_MUSD, positive=False)
def natwage(v):
    """Wage effect of natives: change of their wage before tax."""
    return _money(v, v.ynatgross) - v.natives * v.WAGE0


@table.define("skill", "reg", unit=_MUSD, positive=False)
def natemploy(v):
    """Employment effect of natives: pay lost to unemployment."""
    return -_money(v, v.ynatgross * v.unemp)


@table.define("skill", "reg", unit=_MUSD, positive=False)
def nattax(v):
    """Tax effect of natives: change of labour tax on those who stay."""
    return _money(v, v.ynat - v.ynatgross * (1.0 - v.unemp)) - v.natives * (v.WNET0 - v.WAGE0)


# -- columns: earlier migrants --------------------------------------------------------------------------------------


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlgross(v):
    """Pay of earlier migrants before labour tax at full employment."""
    return at(_kind(v, v.wgross, "relearl"), reg="host") * level(v.AE * v.LABOFF)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlwage(v):
    """Wage effect of earlier migrants: change of their wage before tax."""
    return _money(v, v.earlgross) - at(v.WAGE0, reg="host") * level(v.AE * v.LABOFF)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlemploy(v):
    """Employment effect of earlier migrants: pay lost to unemployment."""
    return -_money(v, v.earlgross * at(v.unemp, reg="host"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earltax(v):
    """Tax effect of earlier migrants: change of labour tax paid, and tax revenue shared with them."""
    paid = v.yearl + v.statuslost - v.earlgross * (1.0 - at(v.unemp, reg="host"))
    before = v.YEARL0 + v.STATUSLOST0 - at(v.WAGE0, reg="host") * level(v.AE * v.LABOFF)
    return _money(v, paid + v.shareearl) - before


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlpaid(v):
    """Payments of earlier migrants: change of pay kept by employers of those without status."""
    return v.STATUSLOST0 - _money(v, v.statuslost)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlrem(v):
    """Remittance effect of earlier migrants: change of what they send, a loss."""
    before = v.YEARL0 + v.OWNE0 - v.SPENDE0 if v.sets.migcap else v.YEARL0 - v.SPENDE0
    return before - _money(v, v.remearl)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlprice(v):
    """Consumer prices of earlier migrants: their spending at benchmark prices less at world factor prices."""
    return v.spendearl / level(at(v.ppriv, reg="host")) - _money(v, v.spendearl)


# -- columns: new movers --------------------------------------------------------------------------------------------


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newprod(v):
    """Productivity gain of new movers: from the wage at home to theirs in the host, before tax, at benchmark wages."""
    return v.mov * (v.AN * at(v.WAGE0, reg="host") - at(v.WAGE0, reg="home"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newgross(v):
    """Pay of new movers before labour tax at full employment, of those tied to a sector with what the tie costs."""
    pay = at(_kind(v, v.wgross, "relnew"), reg="host") * v.AN * v.mov
    return pay * v.tiekept if v.sets.tied else pay


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newwage(v):
    """Wage effect of new movers: change of the host's wage before tax, their productivity."""
    return _money(v, v.newgross) - v.mov * v.AN * at(v.WAGE0, reg="host")


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newemploy(v):
    """Employment effect of new movers: pay lost to unemployment in the host."""
    return -_money(v, v.newgross * at(v.unemp, reg="host"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newtax(v):
    """Tax effect of new movers: labour tax of the host against home's, revenue shared, consumption tax given back."""
    tax = v.ynew - v.newgross * (1.0 - at(v.unemp, reg="host"))
    given = v.spendnew - (v.netnew - v.remnew)
    given = given - v.ownnew if v.sets.migcap else given
    return _money(v, tax + given) - v.mov * at(v.WNET0 - v.WAGE0, reg="home")


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newpaid(v):
    """Payments of new movers: fees and other terms of movement, escrow, rents of caps, a loss."""
    return _money(v, v.netnew - v.ynew)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newrem(v):
    """Remittance effect of new movers: what they send, a loss."""
    return -_money(v, v.remnew)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newprice(v):
    """Consumer prices of new movers: their spending at benchmark prices less at world factor prices."""
    return v.spendnew / level(at(v.ppriv, reg="host")) - _money(v, v.spendnew)
