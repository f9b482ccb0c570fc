"""Labour mobility: stocks by skill, home and host, productivity, wages, remittances, population.

Walmsley and Winters (2005), Walmsley, Winters and Ahmed (2007). Three kinds of
people live in a host: permanent residents, earlier migrants and new (policy)
movers. Movers bring productivity ``AN`` (fixed at benchmark wages, half-way
between home and host by default), earn the host's wage per efficiency unit,
pay its labour tax, remit a share and spend the rest at its prices.
"""

from __future__ import annotations

from cge.model.ops import at, complement, index, level, take, total
from cge.model.registry import table

_PAIR = ("skill", "home", "host")
_MUSD = "million US$"
table.exogenous("quota", "skill", "reg", unit="fraction of the benchmark work force", positive=False,
                long_name="new movers admitted by the host")
table.exogenous("rhoshift", long_name="power of the remittance rate of new movers")
table.exogenous("rhoeshift", long_name="power of the remittance rate of earlier migrants")
table.exogenous("taxearl", "reg", unit="fraction of the average per head", positive=False,
                long_name="tax revenue given to earlier migrants and their dependants")
table.exogenous("wfloor", "skill", "reg", unit="index, base = 0 (no floor)", positive=False,
                long_name="floor of the real wage (1: the benchmark wage)")
table.unknown("unemp", "skill", "reg", unit="fraction of the work force", positive=False,
              long_name="unemployment at the wage floor")
table.unknown("del_taxhead", "reg", unit="fraction of benchmark income per head", positive=False,
              long_name="change of tax revenue per head of everybody living in the region")


@table.define(*_PAIR, unit="thousand workers", positive=False)
def mov(v):
    """New movers: quota of the host times its benchmark work force, shared over homes; those who come for the wage."""
    admitted = at(v.quota * v.LF0, reg="host") * v.MSHR
    return admitted + v.movwage if v.sets.mobility else admitted


@table.define("skill", "reg", unit="thousand workers", positive=False)
def leavers(v):
    """Workers who left the region as new movers."""
    if v.sets.mobility:  # natstay is the number that agrees with mov; the wage that moves people hangs on it
        return level(v.NAT0) - level(v.NAT0 * v.natstay)
    return at(total(v.mov, "host"), home="reg")


@table.define("skill", "reg", unit="thousand efficiency units", positive=False)
def natives(v):
    """Permanent residents at work (each one efficiency unit)."""
    return level(v.NAT0) - v.leavers


@table.define("skill", "reg")
def qlab(v):
    """Labour supply of the host in efficiency units."""
    if v.sets.nests:
        return v.qnest * index(1.0 - v.unemp, v.ONE_SR)
    efficiency = v.natives + level(v.EARL0) + at(total(v.AN * v.mov, "home"), host="reg")
    efficiency = efficiency - v.idlelab if v.sets.tied else efficiency
    return index(efficiency * (1.0 - v.unemp), v.EFF0)


@table.clears("unemp", "skill", "reg", scale="ONE_SR")
def wage_floor(v):
    """Real wage at its floor or no unemployment: ``0 <= realwage - wfloor _|_ unemp >= 0``."""
    return complement(level(v.realwage) - v.wfloor, v.unemp), 0.0 * level(v.ONE_SR)


@table.define("skill", "reg", unit=_MUSD, positive=False)
def wnet(v):
    """After-tax labour income per thousand efficiency units: composite of nested kinds, or free labour beside ties."""
    pay = take(total(v.EVOS * v.pes * v.qfe, "acts"), "endw", v.sets.labour, "skill")
    return (level(pay) + v.tieloss) / level(v.EFF0 * v.qlab) if v.sets.tied else level(pay / (v.EFF0 * v.qlab))


@table.define("skill", "reg", unit=_MUSD, positive=False)
def wgross(v):
    """Labour income before tax per thousand efficiency units (of free labour, at the average rate of tax)."""
    pay = take(total(v.EVFB * v.peb * v.qfe, "acts"), "endw", v.sets.labour, "skill")
    if v.sets.tied:
        net = take(total(v.EVOS * v.pes * v.qfe, "acts"), "endw", v.sets.labour, "skill")
        return v.wnet * level(pay / net)
    return level(pay / (v.EFF0 * v.qlab))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def yearl(v):
    """After-tax labour income of earlier migrants, less what those without legal status lose."""
    wage = v.wnet * v.relearl if v.sets.nests else v.wnet
    return at(wage * (1.0 - v.unemp), reg="host") * level(v.AE * v.LABOFF) + v.exempt - v.statuslost


@table.define(*_PAIR, unit=_MUSD, positive=False)
def ynew(v):
    """Labour income of new movers after labour tax (TAXMOV is the part of the tax that they pay)."""
    wage = v.wnet + (1.0 - v.TAXMOV) * (v.wgross - v.wnet)
    wage = wage * v.relnew if v.sets.nests else wage
    pay = at(wage * (1.0 - v.unemp), reg="host") * v.AN * v.mov
    return pay * v.tiekept if v.sets.tied else pay


@table.define(*_PAIR, unit=_MUSD, positive=False)
def netnew(v):
    """After-tax labour income of new movers less what they pay under the terms of movement and rents of caps."""
    left = v.ynew - v.charges
    return left - v.rentnew if v.sets.mobility else left


@table.define(*_PAIR, unit=_MUSD, positive=False)
def remearl(v):
    """Remittances of earlier migrants, from host to home."""
    return level(v.RHOE * v.rhoeshift) * v.yearl


@table.define(*_PAIR, unit=_MUSD, positive=False)
def remnew(v):
    """Remittances of new movers, from host to home."""
    return level(v.RHON * v.rhoshift) * v.netnew


@table.define("reg", unit="fraction of spending", positive=False)
def ctax(v):
    """Consumption tax content of a dollar of private spending."""
    domestic = v.VDPB * v.pds * (v.ppa / v.ppd) ** v.ESUBD
    imported = v.VMPB * v.pms * (v.ppa / v.ppm) ** v.ESUBD
    basic = total((domestic + imported) * v.cshr / v.ppa, "comm")
    return 1.0 - level(basic / total(v.VPP * v.cshr, "comm"))


@table.define(*_PAIR, unit=_MUSD, positive=False)
def shareearl(v):
    """Tax revenue that earlier migrants receive: taxearl of the host's average per head, none in the data."""
    head = v.taxearl * (v.TAXHEAD0 + v.del_taxhead * v.INCHEAD0)
    return at(head, reg="host") * v.MIGPOP / 1000.0


@table.define(*_PAIR, unit=_MUSD, positive=False)
def spendearl(v):
    """Consumption spending of earlier migrants in the host, shared tax revenue included."""
    own = v.yearl - v.remearl + v.shareearl
    return own + v.ownearl if v.sets.migcap else own


@table.define(*_PAIR, unit=_MUSD, positive=False)
def sharenew(v):
    """Part of the host's tax revenue that new movers receive (TAXSHARE of the average per head)."""
    head = v.TAXHEAD0 + v.del_taxhead * v.INCHEAD0
    return v.TAXSHARE * at(head, reg="host") * v.mov / 1000.0


@table.define(*_PAIR, unit=_MUSD, positive=False)
def spendnew(v):
    """Consumption spending of new movers in the host, rebates and shared tax revenue included."""
    own = v.netnew - v.remnew + v.sharenew
    return (own + v.ownnew if v.sets.migcap else own) * at(v.spendpower, reg="host")


@table.define("reg", positive=False)
def spendpower(v):
    """Spending per dollar of movers' budget: one, or more if consumption tax is given back (CTAXMOV < 1)."""
    return 1.0 / (1.0 - (1.0 - v.CTAXMOV) * v.ctax)


@table.define("reg", unit=_MUSD, positive=False)
def rebate(v):
    """Consumption tax given back to new movers, tax revenue and capital income of migrants: not the residents'."""
    given = v.spendnew - (v.netnew - v.remnew) + v.shareearl
    given = given + v.ownearl if v.sets.migcap else given
    return at(total(given, "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def cmig(v):
    """Consumption spending of all migrants in the region, and what the terms of movement use up."""
    return at(total(v.spendearl + v.spendnew, "skill", "home"), host="reg") + v.termslost


@table.define("reg", unit=_MUSD, positive=False)
def ymig(v):
    """After-tax income of all migrants in the region, rebates and shared revenue included."""
    return at(total(v.yearl + v.ynew, "skill", "home"), host="reg") + v.rebate


@table.define("reg", unit=_MUSD, positive=False)
def remin(v):
    """Remittances received by permanent residents, net of the cost of transfer."""
    return at(total(v.remearl + v.remnew - v.sendcost, "skill", "host"), home="reg")


@table.define("reg", unit=_MUSD, positive=False)
def remout(v):
    """Remittances sent by migrants in the region."""
    return at(total(v.remearl + v.remnew, "skill", "home"), host="reg")


@table.define("reg")
def popres(v):
    """Population of permanent residents (movers leave with FAMILY dependants each); ``pop`` where nobody moves."""
    gone = total(v.leavers, "skill") * (1.0 + v.FAMILY) / 1000.0
    return index(level(v.POPRES) - gone, v.POPRES) * v.pop


@table.define("reg", unit="million persons", positive=False)
def people(v):
    """Everybody living in the region: residents, earlier migrants, new movers with dependants."""
    movers = at(total(v.mov, "skill", "home"), host="reg") * (1.0 + v.FAMILY) / 1000.0
    return level(v.POPRES * v.popres) + (v.POP_LEVEL - level(v.POPRES)) + movers


@table.define("reg", unit=_MUSD, positive=False)
def refund(v):
    """Labour and consumption taxes not paid: by exempt movers (TAXMOV, CTAXMOV below one), by those without status."""
    tax = (v.wgross - v.wnet) * v.relnew if v.sets.nests else v.wgross - v.wnet
    labour = (1.0 - v.TAXMOV) * at(tax * (1.0 - v.unemp), reg="host") * v.AN * v.mov
    labour = labour * v.tiekept if v.sets.tied else labour
    own = v.netnew - v.remnew + v.sharenew
    consumption = v.spendnew - (own + v.ownnew if v.sets.migcap else own)
    return at(total(labour + consumption + v.exempt, "skill", "home"), host="reg")


@table.define("reg", unit=_MUSD, positive=False)
def taxtotal(v):
    """Revenue of all taxes net of what exempt movers do not pay, terms of movement and the host's rents included."""
    revenue = v.indtax + v.taxrinc - v.refund + v.termsgov
    return revenue + v.renthere if v.sets.mobility else revenue


@table.clears("del_taxhead", "reg", scale="INCHEAD0")
def tax_revenue_per_head(v):
    """Tax revenue of all kinds per head of everybody living in the region."""
    return v.taxtotal / v.people - v.TAXHEAD0, v.del_taxhead * v.INCHEAD0


@table.define("skill", "reg")
def realwage(v):
    """Real wage of natives: after-tax pay per efficiency unit over the price of private consumption."""
    wage = take(v.pe, "endw", v.sets.labour, "skill") / v.ppriv
    return wage * v.relnat if v.sets.nests else wage


