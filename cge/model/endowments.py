"""Endowments: mobile, sluggish and activity-specific factors, their prices and markets (GTAP v7)."""

from __future__ import annotations

from cge.model.ops import ces_price, put, take, total
from cge.model.registry import table

table.exogenous("qe", "endw", "reg",
                long_name="supply of mobile and sluggish endowment e (labour: shifter of the stock)")
table.exogenous("qesf", "endw", "acts", "reg", long_name="supply of activity-specific endowment e")
table.exogenous("tinc", "endw", "acts", "reg", long_name="power of the tax on endowment income")
table.exogenous("endwslack", "endw", "reg", long_name="slack of the endowment market: supply over use")
table.unknown("pem", "endw", "reg", long_name="supply price of mobile endowment e",
              active=lambda d: (d["EVOS"].sum(1) > 0) & (d["MOBILE"] > 0)[:, None])
table.unknown("pesf", "endw", "acts", "reg", long_name="supply price of sluggish or specific endowment e in activity a",
              active=lambda d: (d["EVOS"] > 0) & (d["MOBILE"] == 0)[:, None, None])


@table.define("endw", "acts", "reg", active="EVOS")
def pes(v):
    """Price of endowment e received by its owner, net of income tax."""
    price = v.pem * v.pesf
    return price * put(v.tiewage, "skill", v.sets.labour, "endw", v.sets.n_endw) if v.sets.tied else price


@table.define("endw", "acts", "reg", active="EVFB")
def peb(v):
    """Basic price of endowment e in activity a."""
    return v.pes * v.tinc


@table.define("endw", "reg")
def pe(v):
    """Price of endowment e in the region (mobile: the market price; sluggish: CET index)."""
    return v.pem * ces_price(v.EVOS, v.pesf, v.ETRAE, "acts")


@table.define("endw", "reg")
def qendw(v):
    """Supply of endowment e, labour in efficiency units."""
    return v.qe * put(v.qlab, "skill", v.sets.labour, "endw", v.sets.n_endw)


@table.define("endw", "acts", "reg", active="EVOS")
def qes(v):
    """Supply of endowment e to activity a (sluggish: CET, ETRAE negative; specific: given; mobile: its use)."""
    sluggish = (v.qendw / v.endwslack) ** v.SLUGGISH * (v.pe / v.pes) ** (v.ETRAE * v.SLUGGISH)
    return sluggish * v.qesf * v.qfe**v.MOBILE


@table.clears("pem", "endw", "reg")
def mobile_endowment_market(v):
    """Supply of a mobile endowment equals its use."""
    return total(v.EVOS, "acts") * v.qendw / v.endwslack, total(v.EVOS * v.qfe, "acts")


@table.clears("pesf", "endw", "acts", "reg")
def specific_endowment_market(v):
    """Supply of a sluggish or specific endowment to an activity equals its use there."""
    return v.qes, v.qfe


@table.define("reg")
def kb(v):
    """Capital stock at the beginning of the period."""
    return total(take(v.qe, "endw", v.sets.capital, "endw"), "endw")


@table.define("reg")
def rental(v):
    """Rental price of capital, net of income tax."""
    return total(take(v.pe, "endw", v.sets.capital, "endw"), "endw")
