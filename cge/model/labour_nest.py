"""Natives and migrants of one skill as imperfect substitutes, and settled and recent migrants (an option).

Labour of a skill is a CES of natives and migrants, migrants a CES of those who are settled and those who came
recently, all in efficiency units: the upper levels of Ottaviano and Peri (2012) and D'Amuri, Ottaviano and Peri (2010).
Parameters are inverse elasticities, so that the default, perfect substitutes, is zero and the sum is a CES like others.

Shares are those of the base year, when all earn the same per efficiency unit. A CES cannot give a kind of worker that
is absent then a share, and what the first of them earned would have no bound. New movers are therefore like those
earlier migrants who came recently: the part ``RECENT`` of earlier migrants, an ASSUMPTION, is in one branch with them.
Where a host has no earlier migrants of a skill there is nothing to be like, and new movers are as natives (``NESTED``).

Pay per efficiency unit of each kind is its marginal product. By Euler's theorem pay adds up to the wage bill exactly,
and the pay of natives is what the other two leave of it.
"""

from __future__ import annotations

from cge.model.kernels import two_ces
from cge.model.ops import at, coefficient, index, level, take, total
from cge.model.registry import table

_SR = ("skill", "reg")
table.unknown("effnew", *_SR, active="NESTMOVES", unit="fraction of the base year's efficiency units", positive=False,
              long_name="new movers in efficiency units, on which the wage that moves people hangs")


@table.define(*_SR, unit="thousand efficiency units", positive=False)
def newunits(v):
    """New movers in efficiency units."""
    if v.sets.nests and v.sets.mobility:  # the number that agrees with mov, as natstay does for those who leave
        return v.effnew * level(v.EFF0)
    return at(total(v.AN * v.mov, "home"), host="reg")


@table.clears("effnew", *_SR, scale="EFF0")
def new_units(v):
    """New movers who are paid are those who come."""
    return v.effnew * level(v.EFF0), at(total(v.AN * v.mov, "home"), host="reg")


@table.define(*_SR)
def qnat(v):
    """Natives at work over the base year; with them new movers where there were no migrants."""
    return index(v.natives + (1.0 - v.NESTED) * v.newunits, v.NAT0)


@table.define(*_SR, active="NESTED")
def qrecent(v):
    """Recent migrants and new movers, efficiency units over the base year's recent migrants."""
    recent = v.RECENT * level(v.EARL0)
    return index(recent + v.NESTED * v.newunits, recent)


@table.define(*_SR, active="NESTED")
def qmig(v):
    """Composite of settled and recent migrants and new movers (CES, elasticity 1/EPSEN)."""
    recent = coefficient(v.RECENT * level(v.EARL0))
    settled = coefficient((1.0 - v.RECENT) * level(v.EARL0))
    return two_ces(recent, v.qrecent, settled, index(v.ONE_SR, v.ONE_SR), v.EPSEN)


@table.define(*_SR)
def qnest(v):
    """Composite of natives and migrants (CES, elasticity 1/EPSNM), before unemployment."""
    return two_ces(coefficient(v.EARL0), v.qmig, coefficient(v.NAT0), v.qnat, v.EPSNM)


@table.define(*_SR)
def relnat(v):
    """Pay of natives over that of the composite, per efficiency unit."""
    return (v.qnest / v.qnat) ** v.EPSNM


@table.define(*_SR, active="NESTED")
def relsettled(v):
    """Pay of settled migrants over that of the composite, per efficiency unit."""
    return (v.qnest / v.qmig) ** v.EPSNM * v.qmig**v.EPSEN


@table.define(*_SR, positive=False)
def relnew(v):
    """Pay of new movers and recent migrants over that of the composite, per efficiency unit."""
    return v.NESTED * level(v.relsettled / v.qrecent**v.EPSEN) + (1.0 - v.NESTED) * level(v.relnat)


@table.define(*_SR, positive=False)
def relearl(v):
    """Mean pay of earlier migrants, settled and recent, over that of the composite, per efficiency unit."""
    return (1.0 - v.RECENT) * level(v.relsettled) + v.RECENT * v.relnew


@table.define(*_SR, positive=False)
def realearl(v):
    """Real wage of earlier migrants per efficiency unit, base year = 1."""
    return v.relearl * level(take(v.pe, "endw", v.sets.labour, "skill") / v.ppriv)


@table.define(*_SR, positive=False)
def realnew(v):
    """Real wage of new movers per efficiency unit, over the base year's wage."""
    return v.relnew * level(take(v.pe, "endw", v.sets.labour, "skill") / v.ppriv)


@table.define(*_SR)
def realpaynew(v):
    """Expected real after-tax pay in the region of those who come: that of its workers unless kinds are nested."""
    return v.realpay * index(v.relnew / level(v.relnat), v.ONE_SR) if v.sets.nests else v.realpay
