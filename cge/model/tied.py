"""New movers tied to a sector (an option: visas for named activities); without it they work wherever they are paid.

A tie is a set of activities. Who is tied works in these and nowhere else; permanent residents, earlier migrants and
other new movers, free labour for short, work anywhere. All of one skill are perfect substitutes, so that tied movers
earn the market's wage wherever free labour works beside them. Where more are tied than the activities use at that
wage, free labour leaves them and the wage of the tied falls until all have work::

    0 <= use of labour in the tie - tied movers at work  _|_  tiefall >= 0      wage of the tied = market * exp(-tiegap)

Among the activities of one tie people go where pay is best, which makes it the same in all of them (one gap per tie);
movers in fixed shares over activities are several ties, each with its part (``TIEPART``) of the pair's movers.

Without a floor ``tiegap`` is ``tiefall``. Under a floor the wage of the tied is at least ``exp(-TIEMOST)`` of the
market's (one is a rule of the prevailing wage, ``TIEMOST = 0``), and what ``tiefall`` has above ``TIEMOST`` makes tied
movers idle, for whom there is no work at that wage: one unknown for wage and idleness, of which the second begins where
the first ends::

    tiegap = min(tiefall, TIEMOST),   tieidle = 1 - exp(-max(tiefall - TIEMOST, 0))

The floor of real wages ``wfloor`` is of the market's wage and the unemployment under it is everybody's. A tie to an
employer is one to a sector beside the employer wedge of the terms of movement, with which the employer keeps a part
of the wage of those who cannot leave.

Source: TARGETS S27 of this project (sector- and employer-tied visas); the complementarity is the condition of a
specific factor that a mobile one may replace, and no number is in it. It rests on perfect substitution: with a CES
between natives and migrants, or labour that is sluggish, wages differ by activity or kind anyway, and a tie is refused.
"""

from __future__ import annotations

from cge.model.ops import at, complement, exp, level, positive_part, take, total
from cge.model.registry import table

_CELL, _PAIR = ("skill", "reg", "tie"), ("skill", "home", "host")
_WORKERS, _MUSD = "thousand efficiency units", "million US$"

table.unknown("tiefall", *_CELL, active="TIES", unit="logarithm of a wage", positive=False,
              long_name="fall of the wage of tied movers against the market's at which all would have work")


@table.define(*_CELL, unit="logarithm of a wage", positive=False)
def tieover(v):
    """What of the fall the floor of the wage of tied movers does not allow."""
    return positive_part(v.tiefall - v.TIEMOST)


@table.define(*_CELL, unit="logarithm of a wage", positive=False)
def tiegap(v):
    """Wage of free labour over that of tied movers."""
    return v.tiefall - v.tieover


@table.define(*_CELL, unit="fraction of those tied", positive=False)
def tieidle(v):
    """Tied movers without work under the floor of their wage."""
    return 1.0 - level(exp(-v.tieover))


@table.define("skill", "acts", "reg")
def tiewage(v):
    """Wage in the activity over the market's wage: one but where tied movers fill it."""
    return exp(-total(v.TIEACTS * v.tiegap, "tie"))


@table.define(*_CELL)
def realtied(v):
    """Real wage of tied movers: after-tax pay per efficiency unit over the price of private consumption."""
    return v.realwage * exp(-v.tiegap)


@table.define(*_CELL, unit=_WORKERS, positive=False)
def tiedlab(v):
    """New movers of the tie, at work or without."""
    return at(total(v.TIEPART * v.AN * v.mov, "home"), host="reg")


@table.define(*_CELL, unit=_WORKERS, positive=False)
def tiedwork(v):
    """New movers of the tie at work."""
    stock = level(take(v.qe / v.endwslack, "endw", v.sets.labour, "skill"))  # a shift of the stock is of all people
    return v.tiedlab * (1.0 - v.tieidle) * (1.0 - v.unemp) * stock


@table.define(*_CELL, unit=_WORKERS, positive=False)
def tieuse(v):
    """Labour used in the activities of the tie."""
    return total(v.TIEACTS * level(v.LABACT * take(v.qfe, "endw", v.sets.labour, "skill")), "acts")


@table.clears("tiefall", *_CELL)
def tied_labour(v):
    """Free labour in the activities of the tie, or a lower wage: ``0 <= tieuse - tiedwork _|_ tiefall >= 0``."""
    return complement((v.tieuse - v.tiedwork) / v.TIEUSE0, v.tiefall), 0.0


@table.define("skill", "reg", unit=_WORKERS, positive=False)
def idlelab(v):
    """Tied movers without work."""
    return total(v.tiedlab * v.tieidle, "tie")


@table.define("skill", "reg", unit=_MUSD, positive=False)
def tieloss(v):
    """After-tax pay that tied movers at work would have more at the market's wage."""
    wage = level(v.WNET0 * take(v.pem, "endw", v.sets.labour, "skill"))
    return total(v.tiedwork * (1.0 - level(exp(-v.tiegap))), "tie") * wage


@table.define(*_PAIR, unit="fraction of pay", positive=False)
def tiekept(v):
    """Pay of new movers of the pair over what it would be at the market's wage, those without work counted."""
    lost = 1.0 - (1.0 - v.tieidle) * level(exp(-v.tiegap))
    return 1.0 - total(v.TIEPART * at(lost, reg="host"), "tie")
