"""Wage-responsive movement of workers, caps and their rents (an option; without it new movers are a quota).

Workers of a skill and home choose among destinations, home included, by a logit over
real pay less the cost of moving, the random-utility model of Grogger and Hanson (2011)
and Ortega and Peri (2013) with pay in logarithms: the odds of living in a host rather than
at home change as relative pay to the power ``ELASM``. Odds of the base year are those of
its stocks, so that what kept people at home then (distance, language, visas, lower
productivity) is in the calibrated cost, and the base year is an equilibrium. A pair without
anybody in the base year has no odds: nobody moves there.

Earlier migrants have paid their cost of moving and stay (assumption): a gap that narrows
sends nobody back, new movers are those by whom the wished stock exceeds the old one.

The cap on a number of new movers and its rent are a complementarity. The rent is part of
a mover's pay, ``1 - exp(-rate)``: what the last mover would give for the permission.
"""

from __future__ import annotations

from cge.model.ops import at, complement, exp, index, level, log, positive_part, take, total
from cge.model.registry import table

_PAIR = ("skill", "home", "host")
_MUSD, _WORKERS, _POINTS = "million US$", "thousand workers", "logarithm of a mover's pay"

table.exogenous("migcost", *_PAIR, active="MOVES",
                long_name="cost of moving, which divides pay, over that of the base year")
table.exogenous("cappair", *_PAIR, active="CAPSPAIR", unit=_WORKERS, positive=False,
                long_name="cap on new movers of the pair")
table.exogenous("caphost", "skill", "reg", active="CAPSHOST", unit=_WORKERS, positive=False,
                long_name="cap on new movers to the host")
table.exogenous("capbloc", "skill", "bloc", active="CAPSBLOC", unit=_WORKERS, positive=False,
                long_name="cap on new movers to the hosts of the bloc")
table.unknown("natstay", "skill", "reg", active="STAYS", long_name="permanent residents at work who stay")
table.unknown("qfree", *_PAIR, active="FREES", unit="fraction of the base stock", positive=False,
              long_name="new movers under free movement")
table.unknown("rentpair", *_PAIR, active="CAPSPAIR", unit=_POINTS, positive=False, long_name="rent of the pair's cap")
table.unknown("renthost", "skill", "reg", active="CAPSHOST", unit=_POINTS, positive=False,
              long_name="rent of the host's cap")
table.unknown("rentbloc", "skill", "bloc", active="CAPSBLOC", unit=_POINTS, positive=False,
              long_name="rent of the bloc's cap")


@table.define("skill", "reg")
def realpay(v):
    """Expected real after-tax pay of a worker: wage times employment over the price of private consumption."""
    # The wage is the market price of labour, not pay over workers (wnet), which would hang on who moves.
    wage = take(v.pe * v.qe, "endw", v.sets.labour, "skill")
    real = wage / v.ppriv * index(1.0 - v.unemp, v.ONE_SR)
    return real * v.relnat if v.sets.nests else real


@table.define(*_PAIR, unit=_POINTS, positive=False, active="MOVES")
def rentrate(v):
    """Rent of all caps that a new mover of the pair meets."""
    return v.rentpair + at(v.renthost, reg="host") + total(v.BLOC * v.rentbloc, "bloc")


@table.define(*_PAIR, active="MOVES")
def movegain(v):
    """Real pay in the host less terms of movement, costs and rent, over real pay at home."""
    return v.paykept * at(v.realpaynew, reg="host") / at(v.realpay, reg="home") / (v.migcost * exp(v.rentrate))


@table.define(*_PAIR, unit="fraction of the base stock", positive=False, active="MOVES")
def morewish(v):
    """By how much the wished stock exceeds the base stock: logit, or without limit under free movement.

    With a network costs fall with the stock, which is then a fixed point: odds to the power 1/(1 - NETWORK ELASM).
    """
    logit = level((v.movegain**v.ELASM * at(v.natstay, reg="home")) ** (1.0 / (1.0 - v.NETWORK * v.ELASM))) - 1.0
    return (1.0 - v.FREEM) * logit + v.FREEM * (v.qfree + log(v.movegain))


@table.define(*_PAIR, unit="fraction of the base stock", positive=False, active="MOVES")
def morestock(v):
    """New movers over the base stock of their pair; earlier migrants do not return."""
    return positive_part(v.morewish)


@table.define(*_PAIR, unit=_WORKERS, positive=False, active="MOVES")
def movwage(v):
    """New movers who come for the wage."""
    return level(v.LABOFF) * v.morestock


@table.clears("natstay", "skill", "reg", scale="NAT0")
def natives_who_stay(v):
    """Residents who stay are those of the base year less new movers."""
    return v.NAT0 * v.natstay, level(v.NAT0) - at(total(v.mov, "host"), home="reg")


@table.clears("qfree", *_PAIR)
def free_movement(v):
    """No gain from moving is left, or nobody moves: ``0 <= -log(movegain) _|_ qfree >= 0``."""
    return complement(v.qfree, v.FREEM * -log(v.movegain) + (1.0 - v.FREEM)), 0.0


# The wish, not the number who move, stands in the pair's cap: a cap of zero then leaves one rent, that at which the
# first mover would come, where any higher one would keep out as many.
@table.clears("rentpair", *_PAIR)
def cap_of_pair(v):
    """New movers of the pair at the cap, or no rent: ``0 <= cappair - movers _|_ rentpair >= 0``."""
    room = v.cappair - level(v.LABOFF) * v.morewish
    return complement(v.rentpair, room / (v.cappair + level(v.LABOFF))), 0.0


@table.clears("renthost", "skill", "reg")
def cap_of_host(v):
    """New movers to the host at the cap, or no rent: ``0 <= caphost - movers _|_ renthost >= 0``."""
    room = v.caphost - at(total(v.mov, "home"), host="reg")
    return complement(v.renthost, room / (v.caphost + v.STOCKHOST)), 0.0


@table.clears("rentbloc", "skill", "bloc")
def cap_of_bloc(v):
    """New movers to all hosts of the bloc at the cap, or no rent: ``0 <= capbloc - movers _|_ rentbloc >= 0``."""
    room = v.capbloc - total(v.BLOC * total(v.mov, "home"), "host")
    return complement(v.rentbloc, room / (v.capbloc + v.STOCKBLOC)), 0.0


@table.define(*_PAIR, unit=_MUSD, positive=False, active="MOVES")
def rent(v):
    """Rents of caps: part of what the terms of movement leave of new movers' after-tax pay."""
    return (v.ynew - v.charges + v.escrow) * (1.0 - level(exp(-v.rentrate)))


@table.define(*_PAIR, unit=_MUSD, positive=False, active="MOVES")
def rentnew(v):
    """Rents that new movers pay, to the host's household or to their home's; what they keep is not in it."""
    return (v.RENTHOST + v.RENTHOME) * v.rent


@table.define("reg", unit=_MUSD, positive=False)
def rentout(v):
    """Rents paid by new movers in the region."""
    return at(total(v.rentnew, "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def renthere(v):
    """Rents of the region's caps received by the host's own household."""
    return v.RENTHOST * at(total(v.rent, "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def renthome(v):
    """Rents received from abroad: paid by the region's movers to employers or brokers at home."""
    return v.RENTHOME * at(total(v.rent, "skill", "host"), home="reg")
