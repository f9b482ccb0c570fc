"""Equivalent variation by group: permanent residents, earlier migrants, new movers (MODEL of the docs, section 3)."""

from __future__ import annotations

from cge.model.ops import at, coefficient, exp, level, log, share, total
from cge.model.registry import table
from cge.model.utility import expenditure_elasticity, log_utility, utility_elasticity

_PAIR = ("skill", "home", "host")
_MUSD = "million US$"
table.unknown("upev", "reg", long_name="utility from private consumption per resident, benchmark prices")
table.unknown("ypevh", "reg", long_name="private expenditure per resident, benchmark prices")
table.exogenous("au", "reg", long_name="utility of the regional household, shifter")


@table.define("reg")
def ug(v):
    """Utility from government consumption per resident, less what migrants use of it."""
    return v.yg / (v.pgov * v.popres) * v.govleft


@table.define("reg")
def us(v):
    """Real saving per resident."""
    return v.qsave / v.popres


@table.define("reg")
def u(v):
    """Utility per resident from aggregate household expenditure."""
    return exp(log_utility(v, v.up, v.ug, v.us)) * v.au


@table.define("comm", "reg", active="VPP")
def zev(v):
    """CDE kernel at benchmark prices."""
    return v.upev ** (v.INCPAR * v.SUBPAR) * (1.0 / v.ypevh) ** v.SUBPAR


@table.clears("upev", "reg")
def cde_expenditure_ev(v):
    """Implicit expenditure function of the CDE at benchmark prices."""
    weight = v.VPP / coefficient(v.SUBPAR)
    return total(weight * v.zev, "comm"), total(weight, "comm")


@table.define("reg")
def ueprivev(v):
    """Elasticity of private expenditure with respect to private utility, benchmark prices."""
    return expenditure_elasticity(v, v.zev)


@table.define("reg")
def uelasev(v):
    """Elasticity of the cost of utility with respect to utility, benchmark prices."""
    return utility_elasticity(v, v.ueprivev)


@table.define("reg")
def yevh(v):
    """Income per resident that gives the attained utility at benchmark prices."""
    return v.ypevh * v.ueprivev / (v.uelasev * v.dppriv)


@table.clears("ypevh", "reg", scale="ONE_R")
def utility_ev(v):
    """Utility from benchmark prices and the equivalent income equals the utility attained."""
    spend = v.yevh * v.uelasev
    return log_utility(v, v.upev, spend * v.dpgov, spend * v.dpsave), log(v.u / v.au)


@table.define("reg")
def yev(v):
    """Income of all permanent residents that gives the attained utility at benchmark prices."""
    return v.yevh * v.popres


@table.define("reg")
def ypev(v):
    """Private expenditure of all residents, benchmark prices and attained utility."""
    return v.ypevh * v.popres


@table.define("reg")
def ygev(v):
    """Government expenditure, benchmark prices and attained utility."""
    return v.yev * v.uelasev * v.dpgov


@table.define("reg")
def ysaveev(v):
    """Saving, benchmark prices and attained utility."""
    return v.yev * v.uelasev * v.dpsave


@table.define("reg")
def qsaveev(v):
    """Real saving, benchmark prices and attained utility."""
    return v.ysaveev


@table.define("reg")
def ugev(v):
    """Utility from government consumption per resident, benchmark prices."""
    return v.ygev / v.popres


@table.define("comm", "reg", active="VPP")
def qpev(v):
    """Private demand for commodity c, benchmark prices and attained utility."""
    return v.ypev * share(v.VPP * v.zev, "comm") / share(v.VPP, "comm")


@table.rate("reg", post=True)
def dpavev(v):
    """Average shift of the distribution parameters, weights of income at benchmark prices."""
    income = v.INCOME * v.yev
    return [(v.YPRES * v.ypev / income, v.dppriv), (v.YG0 * v.ygev / income, v.dpgov),
            (level(v.SAVE * v.ysaveev) / level(income), v.dpsave)]


@table.define("skill", "reg", unit=_MUSD, positive=False)
def leavinc(v):
    """Benchmark after-tax wages of those who left."""
    return v.leavers * v.WNET0


@table.define("reg", unit=_MUSD, positive=False)
def EV(v):
    """Equivalent variation of permanent residents (those who stay)."""
    return level(v.INCOME * v.yev) - level(v.INCOME) + total(v.leavinc, "skill")


@table.define(*_PAIR, unit=_MUSD, positive=False)
def EVearl(v):
    """Equivalent variation of earlier migrants: real spending in the host."""
    return v.spendearl / level(at(v.ppriv, reg="host")) - v.SPENDE0


@table.define(*_PAIR, unit=_MUSD, positive=False)
def EVnew(v):
    """Equivalent variation of new movers: real spending in the host against the wage left at home."""
    return v.spendnew / level(at(v.ppriv, reg="host")) - v.mov * at(v.WNET0, reg="home")


@table.define("reg", unit=_MUSD, positive=False)
def EVhost(v):
    """Equivalent variation of the people who live in the region (host concept)."""
    return v.EV + at(total(v.EVearl + v.EVnew, "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def EVhome(v):
    """Equivalent variation of the people of the region, wherever they live (home concept)."""
    return v.EV + at(total(v.EVearl + v.EVnew, "skill", "host"), home="reg")


@table.define("skill", "reg", unit=_MUSD, positive=False)
def gnat(v):
    """Factor-income view: real after-tax pay of the residents who stay, change."""
    wage = v.wnet * level(v.relnat) if v.sets.nests else v.wnet
    return v.natives * ((1.0 - v.unemp) * wage / level(v.ppriv) - v.WNET0)


@table.define("reg", unit=_MUSD, positive=False)
def gcap(v):
    """Factor-income view: residents' real income of capital, land and resources net of depreciation, change."""
    return v.yown / level(v.ppriv) - v.OWNED0


@table.define("reg", unit=_MUSD, positive=False)
def ggov(v):
    """Factor-income view: real tax revenue of the government, change."""
    return v.taxtotal / level(v.ppriv) - v.TAXHEAD0 * v.POP_LEVEL


@table.define(unit=_MUSD, positive=False)
def WEV(v):
    """World equivalent variation, all groups."""
    return total(v.EVhost, "reg")


@table.define("reg", unit=_MUSD, positive=False)
def absorb(v):
    """Change of consumption, government and net saving at benchmark prices, less what is used up: independent total."""
    goods = total(v.VPP * v.qpa, "comm") + total(v.VGP * v.qga, "comm")
    before = total(v.VPP, "comm") + total(v.VGP, "comm")
    used_up = v.termslost / level(v.ppriv) + v.services  # no group's gain counts either
    return level(goods) - level(before) + level(v.SAVE * v.qsave) - level(v.SAVE) - used_up
