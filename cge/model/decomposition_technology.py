"""Welfare decomposition: contributions of technical change (see block ``decomposition``)."""

from __future__ import annotations

from cge.model.ops import at, join, level, total
from cge.model.registry import table

_MUSD = "million US$"


def _cells(*dims, active=None):
    return table.rate(*dims, unit=_MUSD, positive=False, post=True, detail=True, active=active)


@_cells("acts", "reg", active="VVA")
def CNTtech_ao(v):
    """Contribution to EV of output-augmenting technical change."""
    cost = total(v.VFP * v.pfa * v.qfa, "comm") + total(v.EVFP * v.pfe * v.qfe, "endw")
    return [(cost / v.costev, v.ao)]


@_cells("acts", "reg", active="VVA")
def CNTtech_ava(v):
    """Contribution to EV of technical change of value added."""
    return [(total(v.EVFP * v.pfe * v.qfe, "endw") / v.costev, v.ava)]


@_cells("acts", "reg", active="VINT")
def CNTtech_aint(v):
    """Contribution to EV of technical change of the intermediate composite."""
    return [(total(v.VFP * v.pfa * v.qfa, "comm") / v.costev, v.aint)]


@_cells("endw", "acts", "reg", active="EVFP")
def CNTtech_afe(v):
    """Contribution to EV of technical change of endowment e."""
    return [(v.EVFP * v.pfe * v.qfe / v.costev, v.afe)]


@_cells("comm", "acts", "reg", active="VFP")
def CNTtech_af(v):
    """Contribution to EV of technical change of intermediate input c."""
    return [(v.VFP * v.pfa * v.qfa / v.costev, v.afa)]


@_cells("marg", "comm", "src", "dst", active="VTWR")
def CNTtech_atmfsd(v):
    """Contribution to the importer's EV of technical change in shipping."""
    return [(v.VTWR * v.pt * v.qxs / v.atmfsd / at(v.costev, reg="dst"), v.atmfsd)]


@_cells("comm", "src", "dst", active="VMSB")
def CNTtech_ams(v):
    """Contribution to the importer's EV of import-augmenting technical change (GTAP v7 scales the cell by source)."""
    return [(v.VMSB * v.pmds * v.qxs / at(v.costev, reg="dst"), v.ams)]


@table.define("techtype", "reg", unit=_MUSD, positive=False)
def CNTtechr(v):
    """Contribution to EV of technical change by kind."""
    inputs = total(v.CNTtech_af, "comm", "acts") + total(v.CNTtech_aint, "acts")
    output = total(v.CNTtech_ao, "acts")
    return join("techtype", output, total(v.CNTtech_afe, "endw", "acts"), total(v.CNTtech_ava, "acts"), inputs,
                0.0 * level(output), at(total(v.CNTtech_atmfsd, "marg", "comm", "src"), dst="reg"),
                at(total(v.CNTtech_ams, "comm", "src"), dst="reg"))
