"""Terms of movement: what stands between a new mover and her after-tax pay, who receives it, what a transfer costs.

Instruments of migration policy by skill, home and host, all zero in the base year: a wedge for lack of legal status,
the employer's spending on a mover, entry fee (Freeman 2006) and screening, exit tax (Bhagwati and Hamada 1974), wages
withheld in an escrow until return (Schiff 2004), the cost of transferring remittances; sources and defaults are in
docs/model.md. Natives and migrants of one skill are perfect substitutes, so that whatever an employer pays for a
mover beside the wage falls on the mover's pay: all of them are taken off ``ynew``.

Fees per head are thousand US$ a year at base-year consumption prices (of the host; an exit fee at the home's), so
that doubling all prices changes nothing real. Each term has one recipient: a government (the money is tax revenue),
the host's or home's residents (it is income), or nobody ("lost": the host's consumption basket is bought with it and
used up). Governments and residents of a region share one budget, the regional household's; the difference is what
counts as revenue.
"""

from __future__ import annotations

from cge.model.ops import at, index, join, level, total
from cge.model.registry import table

_PAIR = ("skill", "home", "host")
_MUSD, _OF_PAY, _HEAD = "million US$", "fraction of after-tax pay", "thousand US$ per mover, base-year prices"

for _name, _unit, _what in (
        ("statuswedge", _OF_PAY, "pay that new movers lose for lack of legal status"),
        ("employwedge", _OF_PAY, "employer's spending on new movers, taken from their pay"),
        ("entryrate", _OF_PAY, "entry fee in proportion to pay"),
        ("entryfee", _HEAD, "entry fee"),
        ("screencost", _HEAD, "cost of screening"),
        ("exitrate", _OF_PAY, "exit tax in proportion to pay"),
        ("exitfee", _HEAD, "exit tax per head"),
        ("withheld", _OF_PAY, "pay held back in an escrow until return"),
        ("remcostnew", "fraction of what is sent", "cost of transferring remittances of new movers"),
        ("remcostearl", "fraction of what is sent", "cost of transferring remittances of earlier migrants")):
    table.exogenous(_name, *_PAIR, unit=_unit, positive=False, long_name=_what)
table.exogenous("returned", *_PAIR, unit="fraction of what is withheld", positive=False, base=1.0,
                long_name="part of the escrow paid out at home")
table.exogenous("regular", *_PAIR, unit="fraction of those without", positive=False,
                long_name="earlier migrants given legal status")
for _name, _what in (("servnew", "new movers and their dependants"), ("servearl", "earlier migrants")):
    table.exogenous(_name, "reg", unit="fraction of the base year's average per head", positive=False,
                    long_name=f"public services used by {_what}")


@table.define(*_PAIR, unit="fraction of workers", positive=False)
def unlawful(v):
    """Share of earlier migrants without legal status."""
    return v.NOSTATUS * (1.0 - v.regular)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def exempt(v):
    """Labour tax that earlier migrants without legal status do not pay (INFORMAL above zero)."""
    wage = (v.wgross - v.wnet) * v.relearl if v.sets.nests else v.wgross - v.wnet
    tax = at(wage * (1.0 - v.unemp), reg="host") * level(v.AE * v.LABOFF)
    return v.INFORMAL * v.unlawful * tax


@table.define(*_PAIR, unit=_MUSD, positive=False)
def statuslost(v):
    """Pay of earlier migrants without legal status that their employers, residents of the host, keep."""
    wage = v.wnet * v.relearl if v.sets.nests else v.wnet
    pay = at(wage * (1.0 - v.unemp), reg="host") * level(v.AE * v.LABOFF)
    return v.STATUSGAP * (v.unlawful * pay + v.exempt)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def statuspaid(v):
    """Pay of new movers lost for lack of legal status."""
    return v.statuswedge * v.ynew


@table.define(*_PAIR, unit=_MUSD, positive=False)
def employpaid(v):
    """Employers' spending on new movers, taken from their pay."""
    return v.employwedge * v.ynew


@table.define(*_PAIR, unit=_MUSD, positive=False)
def feepaid(v):
    """Entry fees paid by new movers."""
    return v.entryrate * v.ynew + v.entryfee * v.mov * level(at(v.ppriv, reg="host"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def screenpaid(v):
    """Costs of screening paid by new movers."""
    return v.screencost * v.mov * level(at(v.ppriv, reg="host"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def exitpaid(v):
    """Exit taxes paid by new movers."""
    return v.exitrate * v.ynew + v.exitfee * v.mov * level(at(v.ppriv, reg="home"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def heldpaid(v):
    """Pay of new movers held back in escrow."""
    return v.withheld * v.ynew


@table.define(*_PAIR, unit=_MUSD, positive=False)
def escrow(v):
    """Escrow paid out at home, to the home's household (a year's share of a steady state: as much as is earned)."""
    return v.returned * v.heldpaid


@table.define(*_PAIR, unit=_MUSD, positive=False)
def sendcost(v):
    """Cost of transferring remittances, part of what is sent that does not arrive."""
    return v.remcostnew * v.remnew + v.remcostearl * v.remearl


@table.define(*_PAIR, unit=_MUSD, positive=False)
def charges(v):
    """All that new movers pay out of after-tax pay under the terms of movement, escrow included, rents of caps not."""
    return v.statuspaid + v.employpaid + v.feepaid + v.screenpaid + v.exitpaid + v.heldpaid


@table.define(*_PAIR, "term", unit=_MUSD, positive=False)
def termpaid(v):
    """Payments under the terms of movement by kind, without what an escrow pays out."""
    return join("term", v.statuspaid, v.employpaid, v.feepaid, v.screenpaid, v.exitpaid, v.heldpaid - v.escrow,
                v.sendcost)


@table.define("reg", unit=_MUSD, positive=False)
def termsout(v):
    """Paid by new movers in the region: charges, and rents of caps."""
    paid = at(total(v.charges, "skill", "home"), host="reg")
    return paid + v.rentout if v.sets.mobility else paid


@table.define("reg", unit=_MUSD, positive=False)
def termsgov(v):
    """Tax revenue of the region's government from the terms of movement, as host and as home."""
    here, away = total(v.termpaid * v.TOHOSTGOV, "term"), total(v.termpaid * v.TOHOMEGOV, "term")
    return at(total(here, "skill", "home"), host="reg") + at(total(away, "skill", "host"), home="reg")


@table.define("reg", unit=_MUSD, positive=False)
def termsin(v):
    """Received by the regional household from movers: revenue, income of residents, escrow paid out, rents of caps."""
    here, away = total(v.termpaid * v.TOHOST, "term"), total(v.termpaid * v.TOHOME, "term") + v.escrow
    own = at(total(here, "skill", "home"), host="reg") + at(total(away, "skill", "host"), home="reg") + v.termsgov
    return own + v.renthere + v.renthome if v.sets.mobility else own


@table.define("reg", unit=_MUSD, positive=False)
def termslost(v):
    """Spent in the region under the terms of movement on goods and services that nobody enjoys."""
    return at(total(total(v.termpaid * v.TOLOST, "term"), "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def services(v):
    """Public services that migrants use, at base-year prices: parts of the base year's public spending per head."""
    movers = at(total(v.mov, "skill", "home"), host="reg") * (1.0 + v.FAMILY)
    earlier = at(total(v.MIGPOP, "skill", "home"), host="reg")
    return v.YG0 / level(v.POP_LEVEL) * (v.servnew * movers + v.servearl * earlier) / 1000.0


@table.define("reg")
def govleft(v):
    """Part of the quantity of public services that is left for residents."""
    provided = level(v.YG0 * v.yg / v.pgov)
    return index(provided - v.services, provided)


@table.define(*_PAIR, active="MOVES")
def paykept(v):
    """What a mover counts as her own of after-tax pay, escrow paid out included (assumption: a dollar is a dollar)."""
    # Per head at the host's consumption prices: market wages, as in realpay, and not pay over workers.
    wage = v.WNET0 + (1.0 - v.TAXMOV) * (v.WAGE0 - v.WNET0)
    pay = v.AN * at(wage * level(v.realpaynew), reg="host")
    fractions = v.statuswedge + v.employwedge + v.entryrate + v.exitrate + v.withheld * (1.0 - v.returned)
    exit_fee = v.exitfee * level(at(v.ppriv, reg="home") / at(v.ppriv, reg="host"))
    fractions = 1.0 - (1.0 - fractions) * v.tiekept if v.sets.tied else fractions
    return index(pay * (1.0 - fractions) - v.entryfee - v.screencost - exit_fee, pay)
