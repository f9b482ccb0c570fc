"""Price indices, GDP, trade balance: what the closure and the tables need (GTAP v7)."""

from __future__ import annotations

from cge.model.ops import at, index, level, share, total
from cge.model.registry import table
from cge.model.trade_indices import by_comm, cif, fob, pool

_MUSD = "million US$"


@table.rate()
def pfactwld(v):
    """World price index of primary factors at basic prices; the numeraire."""
    return [(share(v.EVFB * v.peb * v.qfe, "endw", "acts", "reg"), v.peb)]


@table.rate("reg", post=True)
def pfactor(v):
    """Price index of primary factors at basic prices in the region."""
    return [(share(v.EVFB * v.peb * v.qfe, "endw", "acts"), v.peb)]


@table.rate("reg")
def ppriv(v):
    """Price index of private consumption (Divisia, current budget shares)."""
    return [(share(v.VPP * v.zcde, "comm"), v.ppa)]


@table.rate("reg", post=True)
def p(v):
    """Price index of the disposition of regional income: private and government consumption, saving."""
    income = v.INCOME * v.y
    return [(v.YPRES * v.yp / income, v.ppriv), (v.YG0 * v.yg / income, v.pgov),
            (level(v.SAVE * v.ysave) / level(income), v.psave)]


@table.rate("acts", "reg", active="VVA", post=True)
def pb(v):
    """Price index of the output of activity a at basic prices, output tax included."""
    return [(share(v.MAKB * v.pca * v.qca, "comm"), v.pca)]


@table.define("reg", unit=_MUSD, positive=False)
def tbal(v):
    """Trade balance: exports fob, margin services included, less imports cif."""
    return level(total(v.exports, "comm")) - level(total(v.imports, "comm"))


@table.define("reg", unit=_MUSD, positive=False)
def del_tbal(v):
    """Change of the trade balance."""
    return v.tbal - v.TBAL0


@table.define("comm", "reg", unit=_MUSD, positive=False)
def del_tbalc(v):
    """Change of the trade balance in commodity c."""
    return (level(v.exports) - level(v.VXW)) - (level(v.imports) - level(v.VMW))


@table.define()
def ywld(v):
    """World income."""
    return total(v.INCOME * v.y, "reg") / v.INCWLD


@table.define("reg", unit="% of world income", positive=False)
def del_tbalry(v):
    """Change of trade balance, remittances, capital income, transfers, movers' payments (net), % of world income."""
    received = v.remin - v.remout + v.transfer + v.termsin - (v.termsout - v.termslost)
    received = received + v.capin - v.capout if v.sets.foreign else received
    return 100.0 * ((v.tbal + received) / level(v.INCWLD * v.ywld) - v.TBALRY0)


@table.define("reg", unit=_MUSD, positive=False)
def gdp(v):
    """GDP at market prices from the side of expenditure, value."""
    return level(v.YPALL * v.cpriv + v.YG0 * v.yg + v.REGINV * v.pinv * v.qinv) + v.tbal


@table.define("reg")
def vgdp(v):
    """GDP at market prices from the side of expenditure."""
    return index(v.gdp, v.GDP0)


@table.define("reg", unit=_MUSD, positive=False)
def gdpinc(v):
    """GDP from the side of income, value: factor payments at basic prices and all taxes on goods and factor use."""
    return v.facincome + level(v.VDEP * v.pinv * v.kb) + v.indtax


@table.rate("reg", post=True)
def pgdp(v):
    """Price index of GDP, expenditure side."""
    return _expenditure(v, (v.ppa, v.pga, v.pia, v.pfob, v.pds, v.pcif))


@table.rate("reg", post=True)
def qgdp(v):
    """Quantity index of GDP, expenditure side."""
    return _expenditure(v, (v.qpa, v.qga, v.qia, v.qxs, by_comm(v, v.qst, 1.0), v.qxs))


def _expenditure(v, parts):
    private, government, investment, export, margin, imported = parts
    return [(level(v.VPP * v.ppa * v.qpa) / v.gdp, private), (level(v.VGP * v.pga * v.qga) / v.gdp, government),
            (level(v.VIP * v.pia * v.qia) / v.gdp, investment), (level(fob(v)) / v.gdp, at(export, src="reg")),
            (level(pool(v)) / v.gdp, margin), (-(level(cif(v)) / v.gdp), at(imported, dst="reg"))]


@table.define("acts", "reg")
def compvalad(v):
    """Output of activity a relative to real GDP."""
    return v.qo / v.qgdp
