"""Compensating variation: what residents, earlier migrants and new movers could give up at the new prices.

The mirror image of block ``welfare``. For residents, income per head that buys base utility at the new prices is
found from two small systems per region: utility of the stayers' base income at benchmark prices (one where nobody
leaves; the same base as that of EV), and its cost at the new ones, with the preferences and public services of the
solution. Nothing in the model hangs on them: they are ``reported`` unknowns, found after a solve when asked for.
Compensating variations are in current dollars, those of the numeraire, as their definition has it.
"""

from __future__ import annotations

from cge.model.ops import at, coefficient, exp, index, level, log, total
from cge.model.registry import table
from cge.model.utility import expenditure_elasticity, log_utility, utility_elasticity

_PAIR = ("skill", "home", "host")
_MUSD = "million US$, current prices"
for _name, _what in (("upbase", "utility from private consumption per resident, base income of those who stay"),
                     ("ypbase", "private expenditure per resident, base income of those who stay"),
                     ("upcv", "utility from private consumption per resident, new prices and base utility"),
                     ("ypcv", "private expenditure per resident, new prices and base utility")):
    table.unknown(_name, "reg", long_name=_what, reported=True)


@table.define("reg")
def ybase(v):
    """Benchmark income per resident of those who stay."""
    return index(level(v.INCOME) - total(v.leavinc, "skill"), v.INCOME) / v.popres


@table.define("comm", "reg", active="VPP")
def zbase(v):
    """CDE kernel at benchmark prices and base utility."""
    return v.upbase ** (v.INCPAR * v.SUBPAR) * (1.0 / v.ypbase) ** v.SUBPAR


@table.define("comm", "reg", active="VPP")
def zcv(v):
    """CDE kernel at new prices and base utility."""
    return v.upcv ** (v.INCPAR * v.SUBPAR) * (v.ppa / v.ypcv) ** v.SUBPAR


@table.define("reg")
def ubase(v):
    """Utility per resident of those who stay at benchmark prices and income, preferences of the solution."""
    spend = v.ybase * utility_elasticity(v, expenditure_elasticity(v, v.zbase))
    return exp(log_utility(v, v.upbase, spend * v.dpgov, spend * v.dpsave))


@table.define("reg")
def ycv(v):
    """Income per resident that gives base utility at the new prices."""
    uepriv = expenditure_elasticity(v, v.zcv)
    return v.ypcv * uepriv / (utility_elasticity(v, uepriv) * v.dppriv)


def _clears(variable):
    return table.clears(variable, "reg", reported=True)


@_clears("upbase")
def cde_expenditure_base(v):
    """Implicit expenditure function of the CDE at benchmark prices, base utility."""
    weight = v.VPP / coefficient(v.SUBPAR)
    return total(weight * v.zbase, "comm"), total(weight, "comm")


@_clears("ypbase")
def private_expenditure_base(v):
    """Private share of the stayers' base income."""
    uepriv = expenditure_elasticity(v, v.zbase)
    return v.ypbase, v.ybase * utility_elasticity(v, uepriv) * v.dppriv / uepriv


@_clears("upcv")
def cde_expenditure_cv(v):
    """Implicit expenditure function of the CDE at new prices, base utility."""
    weight = v.VPP / coefficient(v.SUBPAR)
    return total(weight * v.zcv, "comm"), total(weight, "comm")


@_clears("ypcv")
def utility_cv(v):
    """Utility from new prices and the compensated income equals base utility."""
    spend = v.ycv * utility_elasticity(v, expenditure_elasticity(v, v.zcv))
    return log_utility(v, v.upcv, spend * v.dpgov / v.pgov * v.govleft, spend * v.dpsave / v.psave), log(v.ubase)


@table.define("reg", unit=_MUSD, positive=False)
def CV(v):
    """Compensating variation of permanent residents (those who stay)."""
    return level(v.INCOME * v.y) - level(v.INCOME * v.ycv * v.popres)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def CVearl(v):
    """Compensating variation of earlier migrants: spending less the benchmark's at the host's new consumer prices."""
    return v.spendearl - level(at(v.ppriv, reg="host")) * v.SPENDE0


@table.define(*_PAIR, unit=_MUSD, positive=False)
def CVnew(v):
    """Compensating variation of new movers: spending less the wage left at the host's new consumer prices."""
    return v.spendnew - level(at(v.ppriv, reg="host")) * v.mov * at(v.WNET0, reg="home")


@table.define(unit=_MUSD, positive=False)
def WCV(v):
    """World compensating variation, all groups."""
    return total(v.CV, "reg") + total(v.CVearl + v.CVnew, *_PAIR)
