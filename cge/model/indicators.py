"""Ratios that GTAP v7 reports beside the equilibrium: real factor prices, tax ratios, relative prices, margin use."""

from __future__ import annotations

from typing import Any

from cge.model.ops import index, level, share, total
from cge.model.registry import table

_RATIO: dict[str, Any] = dict(unit="ratio", positive=False)


@table.define("reg", **_RATIO)
def del_taxrout(v):
    """Change of the ratio of the output tax to regional income."""
    return _to_income(v, v.taxrout, v.TAXROUT0)


@table.define("reg", **_RATIO)
def del_taxrfu(v):
    """Change of the ratio of taxes on endowment use to regional income."""
    return _to_income(v, v.taxrfu, v.TAXRFU0)


@table.define("reg", **_RATIO)
def del_taxriu(v):
    """Change of the ratio of taxes on intermediates to regional income."""
    return _to_income(v, v.taxriu, v.TAXRIU0)


@table.define("reg", **_RATIO)
def del_taxrpc(v):
    """Change of the ratio of taxes on private consumption to regional income."""
    return _to_income(v, v.taxrpc, v.TAXRPC0)


@table.define("reg", **_RATIO)
def del_taxrgc(v):
    """Change of the ratio of taxes on government consumption to regional income."""
    return _to_income(v, v.taxrgc, v.TAXRGC0)


@table.define("reg", **_RATIO)
def del_taxric(v):
    """Change of the ratio of taxes on investment goods to regional income."""
    return _to_income(v, v.taxric, v.TAXRIC0)


@table.define("reg", **_RATIO)
def del_taxrexp(v):
    """Change of the ratio of export taxes to regional income."""
    return _to_income(v, v.taxrexp, v.TAXREXP0)


@table.define("reg", **_RATIO)
def del_taxrimp(v):
    """Change of the ratio of tariffs to regional income."""
    return _to_income(v, v.taxrimp, v.TAXRIMP0)


@table.define("reg", **_RATIO)
def del_taxrinc(v):
    """Change of the ratio of taxes on endowment income to regional income."""
    return _to_income(v, v.taxrinc, v.TAXRINC0)


def _to_income(v, revenue, before):
    return revenue / level(v.INCOME * v.y) - before / level(v.INCOME)


@table.define("reg", **_RATIO)
def del_indtaxr(v):
    """Change of the ratio of all taxes but those on endowment income to regional income."""
    return (v.del_taxrout + v.del_taxrfu + v.del_taxriu + v.del_taxrpc + v.del_taxrgc + v.del_taxric
            + v.del_taxrexp + v.del_taxrimp)


@table.define("reg", **_RATIO)
def del_ttaxr(v):
    """Change of the ratio of all taxes to regional income."""
    return v.del_indtaxr + v.del_taxrinc


@table.define("endw", "acts", "reg", active="EVOS")
def pfactreal(v):
    """Return to endowment e in activity a net of income tax, over the price of private consumption."""
    return v.pes / v.ppriv


@table.define("endw", "reg", active=lambda d: _not_specific(d))
def pefactreal(v):
    """Price of mobile or sluggish endowment e net of income tax, over the price of private consumption."""
    return v.pe / v.ppriv


@table.rate("endw", "reg", active=lambda d: _not_specific(d), post=True)
def pebfactreal(v):
    """Basic price of mobile or sluggish endowment e over the price of private consumption."""
    return [(share(v.EVFB * v.peb * v.qfe, "acts"), v.peb), (-v.ONE_R, v.ppriv)]


def _not_specific(d):
    return (d["EVFB"].sum(1) > 0) & (d["MOBILE"] + d["SLUGGISH"] > 0)[:, None]


@table.define("endw", "reg", active="ISCAP")
def expand(v):
    """Gross investment relative to the stock of capital."""
    return v.qinv / v.qendw


@table.define("comm", "reg", active=lambda d: (d["VOB"] > 0) & (d["VMB"] > 0))
def pr(v):
    """Price of domestic relative to imported commodity c."""
    return v.pds / v.pms


@table.define("comm", "src", "dst", active="VTR")
def ptrans(v):
    """Price of margin services in the shipping of commodity c on the route."""
    return total(v.VTWR * v.pt / v.atmfsd, "marg") / v.VTR


@table.define("marg", "comm", "src", "dst", active="VTWR", detail=True)
def qtmfsd(v):
    """Use of margin service m in the shipping of commodity c on the route."""
    return v.qxs / v.atmfsd


@table.rate("reg", post=True)
def dpav(v):
    """Average shift of the distribution parameters, weights of regional income."""
    income = v.INCOME * v.y
    return [(v.YPRES * v.yp / income, v.dppriv), (v.YG0 * v.yg / income, v.dpgov),
            (level(v.SAVE * v.ysave) / level(income), v.dpsave)]


@table.define("reg")
def dpsum(v):
    """Sum of the distribution parameters."""
    return index(level(v.BPRIV * v.dppriv + v.BGOV * v.dpgov) + level(v.BSAVE * v.dpsave), v.DPSM)
