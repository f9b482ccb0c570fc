"""Welfare decomposition: what contributes to residents' equivalent variation (Huff and Hertel 2000; GTAP v7).

Every contribution is integrated along the path of the shock, in million US$ of
benchmark purchasing power: the change of real income at current prices times
over ``costev``, the current dollars that are worth one at benchmark prices. Allocative
effects are tax wedges times changes of quantities per resident.

GTAP's terms add up to the equivalent variation of a household that owns all
income and consumes all goods. Where migrants earn and spend part of it, three
terms more are needed, and are rows of their own: what migrants take in real
terms (``CNTmigr``), remittances received in real terms (``CNTremr``), and the
benchmark wages of those who left, who count no longer as residents
(``leavinc``). With them ``EV_ALT`` equals ``EV``, unless a slack variable moves.
"""

from __future__ import annotations

from cge.model.ops import at, join, level, log, take, total
from cge.model.registry import table
from cge.model.table import LEVEL

_MUSD = "million US$"


def _cells(*dims, active=None):
    """A contribution cell by cell: integrated after the solve, written to files only when asked for."""
    return table.rate(*dims, unit=_MUSD, positive=False, post=True, detail=True, active=active)


def _by_region():
    return table.rate("reg", unit=_MUSD, positive=False, post=True)


def _sum(*dims):
    return table.define(*dims, unit=_MUSD, positive=False)


@table.define("reg")
def costev(v):
    """Current dollars of regional income that are worth one at benchmark prices (one over GTAP's EVSCALFACT)."""
    return v.uelas * v.y / (v.uelasev * v.yev)


def _wedge(v, paid, basic, quantity):
    """Terms of an allocative effect over the dimensions of the flow: tax times change of quantity per resident."""
    weight = (level(paid) - level(basic)) / level(v.costev)
    return [(weight, quantity), (-weight, v.popres)]


@_cells("comm", "acts", "reg", active="MAKB")
def CNTqca(v):
    """Contribution to EV of output of commodity c by activity a under output taxes."""
    return _wedge(v, v.MAKB * v.pca * v.qca, v.MAKS * v.ps * v.qca, v.qca)


@_cells("endw", "acts", "reg", active="EVFB")
def CNTqea(v):
    """Contribution to EV of supply of endowment e to activity a under income taxes."""
    return _wedge(v, v.EVFB * v.peb * v.qfe, v.EVOS * v.pes * v.qfe, v.qfe)


@_cells("endw", "acts", "reg", active="EVFP")
def CNTqfe(v):
    """Contribution to EV of use of endowment e by activity a under taxes on endowment use."""
    return _wedge(v, v.EVFP * v.pfe * v.qfe, v.EVFB * v.peb * v.qfe, v.qfe)


@_cells("comm", "acts", "reg", active="VDFP")
def CNTqfd(v):
    """Contribution to EV of use of domestic intermediate c by activity a under its taxes."""
    return _wedge(v, v.VDFP * v.pfd * v.qfd, v.VDFB * v.pds * v.qfd, v.qfd)


@_cells("comm", "acts", "reg", active="VMFP")
def CNTqfm(v):
    """Contribution to EV of use of imported intermediate c by activity a under its taxes."""
    return _wedge(v, v.VMFP * v.pfm * v.qfm, v.VMFB * v.pms * v.qfm, v.qfm)


@_cells("comm", "reg", active="VDPP")
def CNTqpd(v):
    """Contribution to EV of private consumption of domestic c under its taxes."""
    return _wedge(v, v.VDPP * v.ppd * v.qpd, v.VDPB * v.pds * v.qpd, v.qpd)


@_cells("comm", "reg", active="VMPP")
def CNTqpm(v):
    """Contribution to EV of private consumption of imported c under its taxes."""
    return _wedge(v, v.VMPP * v.ppm * v.qpm, v.VMPB * v.pms * v.qpm, v.qpm)


@_cells("comm", "reg", active="VDGP")
def CNTqgd(v):
    """Contribution to EV of government consumption of domestic c under its taxes."""
    return _wedge(v, v.VDGP * v.pgd * v.qgd, v.VDGB * v.pds * v.qgd, v.qgd)


@_cells("comm", "reg", active="VMGP")
def CNTqgm(v):
    """Contribution to EV of government consumption of imported c under its taxes."""
    return _wedge(v, v.VMGP * v.pgm * v.qgm, v.VMGB * v.pms * v.qgm, v.qgm)


@_cells("comm", "reg", active="VDIP")
def CNTqid(v):
    """Contribution to EV of domestic investment good c under its taxes."""
    return _wedge(v, v.VDIP * v.pid * v.qid, v.VDIB * v.pds * v.qid, v.qid)


@_cells("comm", "reg", active="VMIP")
def CNTqim(v):
    """Contribution to EV of imported investment good c under its taxes."""
    return _wedge(v, v.VMIP * v.pim * v.qim, v.VMIB * v.pms * v.qim, v.qim)


@_cells("comm", "src", "dst", active="VXSB")
def CNTqxs(v):
    """Contribution to the exporter's EV of bilateral exports under export taxes."""
    tax = level(v.VFOB * v.pfob * v.qxs) - level(v.VXSB * at(v.pds, reg="src") * v.qxs)
    weight = tax / level(at(v.costev, reg="src"))
    return [(weight, v.qxs), (-weight, at(v.popres, reg="src"))]


@_cells("comm", "src", "dst", active="VMSB")
def CNTqms(v):
    """Contribution to the importer's EV of bilateral imports under tariffs."""
    tax = level(v.VMSB * v.pmds * v.qxs) - level(v.VCIF * v.pcif * v.qxs)
    weight = tax / level(at(v.costev, reg="dst"))
    return [(weight, v.qxs), (-weight, at(v.popres, reg="dst"))]


@table.rate("endw", "reg", unit=_MUSD, positive=False, post=True)
def CNTendw(v):
    """Contribution to EV of the supply of endowment e, gross of depreciation (new movers' labour included)."""
    weight = v.EVOS * v.pes * v.qfe / v.costev
    return [(weight, v.qfe), (-weight, v.popres)]


@_by_region()
def CNTkb(v):
    """Contribution to EV of depreciation of the capital stock."""
    weight = v.VDEP * v.pinv * v.kb / v.costev
    return [(-weight, v.kb), (weight, v.popres)]


@_by_region()
def CNTdpar(v):
    """Contribution to EV of shifts of the distribution parameters (preferences)."""
    scale = level(v.UELAS0 * v.uelasev * v.INCOME * v.yev)
    saving = v.BSAVE_E * log(v.qsaveev / v.popres / v.us)
    return [(-(scale * level(v.BPRIV * v.dppriv) * log(v.upev / v.up)), v.dppriv),
            (-(scale * level(v.BGOV * v.dpgov) * log(v.ugev / v.ug)), v.dpgov),
            (-(scale * level(v.dpsave) * saving), v.dpsave)]


@_by_region()
def CNTserv(v):
    """Contribution to EV of public services used by migrants."""
    return [(level(v.UELAS0 * v.uelasev * v.INCOME * v.yev) * level(v.BGOV_E * v.dpgov), v.govleft)]


@_by_region()
def CNTpop(v):
    """Contribution to EV of the number of permanent residents."""
    return [(v.INCOME * v.yev, v.popres)]


@_by_region()
def CNTtotr(v):
    """Contribution to EV of the terms of trade: export and import prices against the price of world exports."""
    sold = v.VFOB * v.pfob * v.qxs / at(v.costev, reg="src")
    bought = v.VFOB * v.pfob * v.qxs / at(v.costev, reg="dst")
    price = take(v.pds, "comm", v.sets.margins, "marg")
    services = v.VST * price * v.qst / v.costev
    shipping = v.margins_in / v.costev
    return [(at(sold, src="reg"), at(v.pfob, src="reg")), (-at(bought, dst="reg"), at(v.pfob, dst="reg")),
            (services, price), (-shipping, v.pt),
            (level(at(total(bought, "comm", "src"), dst="reg")) - level(at(total(sold, "comm", "dst"), src="reg"))
             + level(total(shipping, "marg")) - level(total(services, "marg")), v.pxwwld)]


@_by_region()
def CNTpinv(v):
    """Contribution to EV of the prices of investment and saving, each against the price of world exports."""
    invested = level(v.pinv / v.costev) * v.qnetinv
    saved = level(v.SAVE * v.ysave) / level(v.costev)
    return [(invested, v.pinv), (-saved, v.psave), (saved - invested, v.pxwwld)]


@_by_region()
def CNTmigr(v):
    """Contribution to EV of migrants' real after-tax income: a gain of theirs is taken from residents' income."""
    sent = (v.remout + v.termsout - v.termslost) / level(v.pxwwld)
    spending = v.cmig / level(v.ppriv)
    return [(-level(v.ppriv / v.costev), spending, LEVEL), (-level(v.pxwwld / v.costev), sent, LEVEL),
            (v.ymig / level(v.costev), v.popres)]


@_by_region()
def CNTremr(v):
    """Contribution to EV of real remittances, transfers, payments of movers, capital income from abroad (net)."""
    value = v.remin + v.transfer + v.termsin
    value = value + v.capin - v.capout if v.sets.foreign else value
    received = value / level(v.pxwwld)
    return [(v.pxwwld / v.costev, received, LEVEL), (-(value / level(v.costev)), v.popres)]


# -- sums of the cells ------------------------------------------------------------------------------------------


@_sum("acts", "reg")
def CNTqo(v):
    """Contribution to EV of output of activity a under output taxes."""
    return total(v.CNTqca, "comm")


@_sum("reg")
def CNTqor(v):
    """Contribution to EV of output under output taxes."""
    return total(v.CNTqo, "acts")


@_sum("endw", "reg")
def CNTqe(v):
    """Contribution to EV of supply of endowment e under income taxes."""
    return total(v.CNTqea, "acts")


@_sum("endw", "reg")
def CNTqfeer(v):
    """Contribution to EV of use of endowment e under taxes on endowment use."""
    return total(v.CNTqfe, "acts")


@_sum("reg")
def CNTqfer(v):
    """Contribution to EV of use of endowments under taxes on endowment use."""
    return total(v.CNTqfeer, "endw")


@_sum("reg", "dir")
def CNTqfr(v):
    """Contribution to EV of use of domestic and imported intermediates under their taxes."""
    return join("dir", total(v.CNTqfd, "comm", "acts"), total(v.CNTqfm, "comm", "acts"))


@_sum("reg", "dir")
def CNTqpr(v):
    """Contribution to EV of private consumption of domestic and imported goods under its taxes."""
    return join("dir", total(v.CNTqpd, "comm"), total(v.CNTqpm, "comm"))


@_sum("reg", "dir")
def CNTqgr(v):
    """Contribution to EV of government consumption of domestic and imported goods under its taxes."""
    return join("dir", total(v.CNTqgd, "comm"), total(v.CNTqgm, "comm"))


@_sum("reg", "dir")
def CNTqia(v):
    """Contribution to EV of domestic and imported investment goods under their taxes."""
    return join("dir", total(v.CNTqid, "comm"), total(v.CNTqim, "comm"))


@_sum("reg")
def CNTqxsr(v):
    """Contribution to EV of exports under export taxes."""
    return at(total(v.CNTqxs, "comm", "dst"), src="reg")


@_sum("reg")
def CNTqmsr(v):
    """Contribution to EV of imports under tariffs."""
    return at(total(v.CNTqms, "comm", "src"), dst="reg")


@_sum("reg", "ctax")
def CNTalleffr(v):
    """Contribution to EV of the allocation of resources, by kind of tax."""
    return join("ctax", v.CNTqor, v.CNTqfer, total(v.CNTqe, "endw"), *(
        total(x, "dir") for x in (v.CNTqfr, v.CNTqpr, v.CNTqia, v.CNTqgr)), v.CNTqxsr, v.CNTqmsr)


@_sum("comm", "reg")
def CNTalleffcr(v):
    """Contribution to EV of the allocation of commodity c: taxes on its use and trade."""
    trade = at(total(v.CNTqxs, "dst"), src="reg") + at(total(v.CNTqms, "src"), dst="reg")
    final = v.CNTqpd + v.CNTqpm + v.CNTqgd + v.CNTqgm + v.CNTqid + v.CNTqim
    return total(v.CNTqfd + v.CNTqfm, "acts") + final + trade


@_sum("reg")
def CNTendwr(v):
    """Contribution to EV of endowments net of depreciation."""
    return total(v.CNTendw, "endw") + v.CNTkb


@_sum("reg")
def EV_ALT(v):
    """Sum of all contributions to residents' EV (GTAP's, and those of migrants, remittances, services, leavers)."""
    gtap = (v.CNTdpar + total(v.CNTalleffr, "ctax") + v.CNTendwr + total(v.CNTtechr, "techtype")
            + v.CNTtotr + v.CNTpinv + v.CNTpop)
    return gtap + v.CNTmigr + v.CNTremr + v.CNTserv + total(v.leavinc, "skill")


@_sum()
def WEV_ALT(v):
    """Sum of all contributions to the EV of the residents of all regions."""
    return total(v.EV_ALT, "reg")
