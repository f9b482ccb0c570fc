"""Production: nested CES of each activity, and the make matrix (GTAP v7, Corong et al. 2017, section 3.1)."""

from __future__ import annotations

from cge.model.kernels import two_ces
from cge.model.ops import ces_price
from cge.model.registry import table

for _name, _dims, _what in (
    ("to", ("comm", "acts", "reg"), "power of the output tax"),
    ("tfe", ("endw", "acts", "reg"), "power of the tax on endowment use"),
    ("tfd", ("comm", "acts", "reg"), "power of the tax on domestic intermediate inputs"),
    ("tfm", ("comm", "acts", "reg"), "power of the tax on imported intermediate inputs"),
):
    table.exogenous(_name, *_dims, long_name=_what)

table.exogenous("profitslack", "acts", "reg", long_name="slack of the zero-profit condition")
table.unknown("qo", "acts", "reg", long_name="output of activity a", active=lambda d: d["MAKS"].sum(0) > 0)
table.unknown("rpca", "comm", "acts", "reg", long_name="basic price of c from a relative to the market price of c",
              active=lambda d: (d["MAKB"] > 0) & (d["ESUBQ"] != 0)[:, None, :])


@table.define("comm", "acts", "reg", active="MAKB")
def pca(v):
    """Basic price of commodity c supplied by activity a."""
    return v.pds * v.rpca


@table.define("comm", "acts", "reg", active="MAKS")
def ps(v):
    """Supply price of commodity c received by activity a, net of output tax."""
    return v.pca / v.to


@table.define("acts", "reg", active=lambda d: d["MAKS"].sum(0) > 0)
def po(v):
    """Unit revenue of activity a (CET index over its products)."""
    return ces_price(v.MAKS, v.ps, v.ETRAQ, "comm")


@table.define("comm", "acts", "reg", active="MAKS")
def qca(v):
    """Supply of commodity c by activity a."""
    return v.qo * (v.po / v.ps) ** v.ETRAQ


@table.define("comm", "reg", active="VOB")
def qc(v):
    """Total supply of commodity c (CES aggregate over activities; ESUBQ is the inverse elasticity)."""
    return ces_price(v.MAKB, v.qca, v.ESUBQ, "acts")


@table.clears("rpca", "comm", "acts", "reg")
def commodity_sourcing(v):
    """Price of one activity's variety against the market price, inverse CES demand."""
    return v.rpca, (v.qc / v.qca) ** v.ESUBQ


@table.define("endw", "acts", "reg", active="EVFP")
def pfe(v):
    """Price of endowment e paid by activity a."""
    return v.peb * v.tfe


@table.define("acts", "reg", active="VVA")
def pva(v):
    """Price of value added."""
    return ces_price(v.EVFP, v.pfe / v.afe, v.ESUBVA, "endw")


@table.define("comm", "acts", "reg", active="VDFP")
def pfd(v):
    """Price of domestic commodity c paid by activity a."""
    return v.pds * v.tfd


@table.define("comm", "acts", "reg", active="VMFP")
def pfm(v):
    """Price of imported commodity c paid by activity a."""
    return v.pms * v.tfm


@table.define("comm", "acts", "reg", active="VFP")
def pfa(v):
    """Price of composite commodity c for activity a (Armington)."""
    return two_ces(v.VDFP, v.pfd, v.VMFP, v.pfm, v.ESUBD)


@table.define("acts", "reg", active="VINT")
def pint(v):
    """Price of the intermediate composite."""
    return ces_price(v.VFP, v.pfa / v.afa, v.ESUBC, "comm")


@table.define("acts", "reg", active=lambda d: d["MAKS"].sum(0) > 0)
def pcost(v):
    """Unit cost of activity a before output-augmenting technical change."""
    return two_ces(v.VVA, v.pva / v.ava, v.VINT, v.pint / v.aint, v.ESUBT)


@table.clears("qo", "acts", "reg")
def zero_profit(v):
    """Unit revenue equals unit cost."""
    return v.po * v.ao, v.pcost * v.profitslack


@table.define("acts", "reg", active="VVA")
def qva(v):
    """Value added used by activity a."""
    return v.qo / (v.ao * v.ava) * (v.pcost * v.ava / v.pva) ** v.ESUBT


@table.define("acts", "reg", active="VINT")
def qint(v):
    """Intermediate composite used by activity a."""
    return v.qo / (v.ao * v.aint) * (v.pcost * v.aint / v.pint) ** v.ESUBT


@table.define("endw", "acts", "reg", active="EVFP")
def qfe(v):
    """Demand for endowment e by activity a."""
    return v.qva / v.afe * (v.pva * v.afe / v.pfe) ** v.ESUBVA


@table.define("comm", "acts", "reg", active="VFP")
def qfa(v):
    """Demand for composite commodity c by activity a."""
    return v.qint / v.afa * (v.pint * v.afa / v.pfa) ** v.ESUBC


@table.define("comm", "acts", "reg", active="VDFP")
def qfd(v):
    """Demand for domestic commodity c by activity a."""
    return v.qfa * (v.pfa / v.pfd) ** v.ESUBD


@table.define("comm", "acts", "reg", active="VMFP")
def qfm(v):
    """Demand for imported commodity c by activity a."""
    return v.qfa * (v.pfa / v.pfm) ** v.ESUBD
