"""Who owns capital (an option): earlier migrants, settled movers, residents of other regions; else all is residents'.

What is owned is capital income after income tax and depreciation, each owner's part of it fixed in the base year::

    capinc = sum over activities of EVOS pes qfe of capital - VDEP pinv kb
    foreign owners: OWNF[home, host] capinc,      migrants: their part of what is left to people who live in the host

Foreign owners receive their part as income of their regional household, which spends and saves it as any other. It
crosses the border beside remittances: S - I = X - M + net remittances + net capital income. The base year's saving is
the residual, as with remittances: owners save more than the data say, and hosts less, by the net flow.

Migrants (by skill, home and host) spend their part in the host, at its prices: they save nothing and remit out of
labour income only, whose rate the data on remittances give (assumptions). Total private consumption is the data's, so
that residents consume less in the base year by what migrants do; public spending and saving stay residents'. An
earlier migrant owns ``CAPHEAD * capital per worker of residents``. New movers who settle (permanent ones) own the part
``SETTLED`` of a resident worker's holding; the stock is given, so that it comes out of residents' (assumption: a state
long after they came; what they have saved at home stays there).

In the gains of groups (block ``group_gains``) *owners* are the residents of a region with what they own at home and
abroad; migrants have a column of capital income of their own. Over the world the column is the world's capital income.

Land and resources stay with residents. The income tax on capital is the host's. Sources: MODEL section 2, point 9 of
this project for the options; ownership shares are the user's, with their source, for neither GTAP nor WIOD has any.
"""

from __future__ import annotations

from cge.model.ops import at, level, take, total
from cge.model.registry import table

_PAIR, _MUSD = ("skill", "home", "host"), "million US$"


@table.define("reg", unit=_MUSD, positive=False)
def capinc(v):
    """Capital income after income tax and depreciation."""
    gross = total(take(v.EVOS * v.pes * v.qfe, "endw", v.sets.capital, "endw"), "endw", "acts")
    return level(gross) - level(v.VDEP * v.pinv * v.kb)


@table.define("home", "host", unit=_MUSD, positive=False)
def capabroad(v):
    """Capital income of residents of the home region from the host."""
    return v.OWNF * at(v.capinc, reg="host")


@table.define("reg", unit=_MUSD, positive=False)
def capin(v):
    """Capital income received from abroad."""
    return at(total(v.capabroad, "host"), home="reg")


@table.define("reg", unit=_MUSD, positive=False)
def capout(v):
    """Capital income paid to owners abroad."""
    return at(total(v.capabroad, "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def caphead(v):
    """Capital income of a thousand resident workers out of what people who live in the region own."""
    return v.CAPHEAD * (v.capinc - v.capout)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def ownearl(v):
    """Capital income of earlier migrants."""
    return at(v.MIGHOLD * v.caphead, reg="host") * level(v.LABOFF)


@table.define(*_PAIR, unit=_MUSD, positive=False)
def ownnew(v):
    """Capital income of new movers who settled."""
    return v.SETTLED * at(v.caphead, reg="host") * v.mov


# -- columns of gains, as those of block group_gains --------------------------------------------------------------


@table.define(*_PAIR, unit=_MUSD, positive=False)
def earlcap(v):
    """Capital of earlier migrants: change of their capital income, at world factor prices."""
    return v.ownearl / level(v.pfactwld) - v.OWNE0


@table.define(*_PAIR, unit=_MUSD, positive=False)
def newcap(v):
    """Capital of new movers who settled: their capital income, at world factor prices."""
    return v.ownnew / level(v.pfactwld)
