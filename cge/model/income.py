"""Income of the regional household: factor income, tax revenue by kind, migrants and remittances (GTAP v7)."""

from __future__ import annotations

from cge.model.ops import at, index, level, total
from cge.model.registry import table

table.exogenous("incomeslack", "reg", long_name="slack of the income balance")
table.unknown("y", "reg", long_name="income of the regional household (permanent residents)")
_MUSD = "million US$"
table.exogenous("transfer", "reg", unit=_MUSD, positive=False,
                long_name="lump-sum transfer received from other regional households; sums to zero over regions")


@table.define("reg", unit=_MUSD, positive=False)
def facincome(v):
    """Factor income at basic prices net of depreciation, value."""
    return level(total(v.EVFB * v.peb * v.qfe, "endw", "acts")) - level(v.VDEP * v.pinv * v.kb)


@table.define("reg")
def fincome(v):
    """Factor income at basic prices net of depreciation."""
    return index(v.facincome, v.FY0)


@table.define("reg", unit=_MUSD, positive=False)
def taxrout(v):
    """Output tax revenue."""
    return level(total(v.MAKB * v.pca * v.qca, "comm", "acts")) - level(total(v.MAKS * v.ps * v.qca, "comm", "acts"))


@table.define("reg", unit=_MUSD, positive=False)
def taxrfu(v):
    """Revenue of taxes on endowment use."""
    return level(total(v.EVFP * v.pfe * v.qfe, "endw", "acts")) - level(total(v.EVFB * v.peb * v.qfe, "endw", "acts"))


@table.define("reg", unit=_MUSD, positive=False)
def taxriu(v):
    """Revenue of taxes on intermediate inputs."""
    paid = total(v.VINT * v.pint * v.qint, "acts")  # CES and Armington composites spend what their parts cost
    basic = at_basic(v, total(v.VDFB * v.qfd, "acts"), total(v.VMFB * v.qfm, "acts"), "comm")
    return level(paid) - level(basic)


@table.define("reg", unit=_MUSD, positive=False)
def taxrpc(v):
    """Revenue of taxes on private consumption."""
    paid = total(v.VDPP * v.ppd * v.qpd, "comm") + total(v.VMPP * v.ppm * v.qpm, "comm")
    return level(paid) - level(at_basic(v, v.VDPB * v.qpd, v.VMPB * v.qpm, "comm"))


@table.define("reg", unit=_MUSD, positive=False)
def taxrgc(v):
    """Revenue of taxes on government consumption."""
    paid = total(v.VDGP * v.pgd * v.qgd, "comm") + total(v.VMGP * v.pgm * v.qgm, "comm")
    return level(paid) - level(at_basic(v, v.VDGB * v.qgd, v.VMGB * v.qgm, "comm"))


@table.define("reg", unit=_MUSD, positive=False)
def taxric(v):
    """Revenue of taxes on investment goods."""
    paid = total(v.VDIP * v.pid * v.qid, "comm") + total(v.VMIP * v.pim * v.qim, "comm")
    return level(paid) - level(at_basic(v, v.VDIB * v.qid, v.VMIB * v.qim, "comm"))


@table.define("reg", unit=_MUSD, positive=False)
def taxrexp(v):
    """Export tax revenue."""
    fob = total(v.VFOB * v.pfob * v.qxs, "comm", "dst")
    return level(at(fob, src="reg")) - level(total(v.VXD * v.pds * v.qxd, "comm"))


@table.define("reg", unit=_MUSD, positive=False)
def taxrimp(v):
    """Tariff revenue."""
    paid = total(v.VMB * v.pms * v.qms, "comm")  # the import composite spends what its sources cost
    cif = total(v.VCIF * v.pcif * v.qxs, "comm", "src")
    return level(paid) - level(at(cif, dst="reg"))


@table.define("reg", unit=_MUSD, positive=False)
def taxrinc(v):
    """Revenue of taxes on endowment income (labour taxes included)."""
    gross = total(v.EVFB * v.peb * v.qfe, "endw", "acts")
    return level(gross) - level(total(v.EVOS * v.pes * v.qfe, "endw", "acts"))


@table.define("reg", unit=_MUSD, positive=False)
def indtax(v):
    """Revenue of all taxes but those on endowment income."""
    return (v.taxrout + v.taxrfu + v.taxriu + v.taxrpc + v.taxrgc + v.taxric + v.taxrexp + v.taxrimp)


@table.clears("y", "reg")
def income_balance(v):
    """Income of permanent residents: factors, taxes, less migrants' wages, remittances, transfers, movers' payments."""
    income = v.facincome + v.indtax - v.ymig + v.remin + v.transfer + v.termsin
    income = income + v.capin - v.capout if v.sets.foreign else income
    return v.y, index(income, v.INCOME) * v.incomeslack


def at_basic(v, domestic, imported, *dims):
    """Value at basic prices of domestic and imported purchases, summed over ``dims``."""
    return total(domestic * v.pds, *dims) + total(imported * v.pms, *dims)
