"""Final demand: private (CDE), government and investment, each with its Armington mix (GTAP v7)."""

from __future__ import annotations

from cge.model.kernels import two_ces
from cge.model.ops import ces_price, coefficient, index, level, share, total
from cge.model.registry import table
from cge.model.utility import expenditure_elasticity, utility_elasticity

for _name, _who in (("p{}all", "private consumption"), ("g{}", "government consumption"), ("i{}", "investment")):
    table.exogenous("t" + _name.format("d"), "comm", "reg", long_name=f"power of the tax on domestic goods in {_who}")
    table.exogenous("t" + _name.format("m"), "comm", "reg", long_name=f"power of the tax on imported goods in {_who}")
table.exogenous("tpreg", "reg", long_name="power of the tax on private consumption, all commodities")
table.exogenous("pop", "reg", long_name="population of permanent residents before new movers leave")
table.exogenous("dppriv", "reg", long_name="private consumption distribution parameter")
table.exogenous("dpgov", "reg", long_name="government consumption distribution parameter")
table.exogenous("dpsave", "reg", long_name="saving distribution parameter")
table.unknown("up", "reg", long_name="utility from private consumption, per resident")
table.unknown("yp", "reg", long_name="private consumption expenditure of permanent residents")


@table.define("comm", "reg", active="VDPP")
def tpd(v):
    """Power of the tax on domestic goods in private consumption, all shifters."""
    return v.tpdall * v.tpreg


@table.define("comm", "reg", active="VMPP")
def tpm(v):
    """Power of the tax on imported goods in private consumption, all shifters."""
    return v.tpmall * v.tpreg


@table.define("comm", "reg", active="VDPP")
def ppd(v):
    """Price of domestic goods, private consumption."""
    return v.pds * v.tpd


@table.define("comm", "reg", active="VMPP")
def ppm(v):
    """Price of imported goods, private consumption."""
    return v.pms * v.tpm


@table.define("comm", "reg", active="VPP")
def ppa(v):
    """Consumer price of composite commodity c."""
    return two_ces(v.VDPP, v.ppd, v.VMPP, v.ppm, v.ESUBD)


@table.define("comm", "reg", active="VPP")
def zcde(v):
    """CDE kernel: up**(INCPAR*SUBPAR) * (price / expenditure per head)**SUBPAR (Hertel 1997, ch. 1)."""
    return v.up ** (v.INCPAR * v.SUBPAR) * (v.ppa * v.popres / v.yp) ** v.SUBPAR


@table.clears("up", "reg")
def cde_expenditure(v):
    """Implicit expenditure function of the CDE: the sum of its terms is constant."""
    weight = v.VPP / coefficient(v.SUBPAR)
    return total(weight * v.zcde, "comm"), total(weight, "comm")


@table.define("comm", "reg", active="VPP")
def cshr(v):
    """Budget share of commodity c in private consumption, relative to the benchmark share."""
    return share(v.VPP * v.zcde, "comm") / share(v.VPP, "comm")


@table.define("reg")
def uepriv(v):
    """Elasticity of private expenditure with respect to private utility, relative to the benchmark."""
    return expenditure_elasticity(v, v.zcde)


@table.define("reg")
def uelas(v):
    """Elasticity of the cost of utility with respect to utility, relative to the benchmark."""
    return utility_elasticity(v, v.uepriv)


@table.clears("yp", "reg")
def private_expenditure(v):
    """Private share of regional income; it moves with the elasticity of expenditure (McDougall 2003)."""
    return v.yp, v.y * v.uelas * v.dppriv / v.uepriv


@table.define("reg")
def yg(v):
    """Government consumption expenditure."""
    return v.y * v.uelas * v.dpgov


@table.define("reg")
def ysave(v):
    """Net saving of the regional household, value relative to the benchmark."""
    return v.y * v.uelas * v.dpsave


@table.define("reg")
def cpriv(v):
    """Private consumption expenditure of residents and migrants together."""
    return index(level(v.YPRES * v.yp) + v.cmig, v.YPALL)


@table.define("comm", "reg", active="VPP")
def qpa(v):
    """Private demand for composite commodity c, residents and migrants (same budget shares)."""
    return v.cpriv * v.cshr / v.ppa


@table.define("comm", "reg", active="VDPP")
def qpd(v):
    """Private demand for domestic commodity c."""
    return v.qpa * (v.ppa / v.ppd) ** v.ESUBD


@table.define("comm", "reg", active="VMPP")
def qpm(v):
    """Private demand for imported commodity c."""
    return v.qpa * (v.ppa / v.ppm) ** v.ESUBD


@table.define("comm", "reg", active="VDGP")
def pgd(v):
    """Price of domestic goods, government."""
    return v.pds * v.tgd


@table.define("comm", "reg", active="VMGP")
def pgm(v):
    """Price of imported goods, government."""
    return v.pms * v.tgm


@table.define("comm", "reg", active="VGP")
def pga(v):
    """Price of composite commodity c, government."""
    return two_ces(v.VDGP, v.pgd, v.VMGP, v.pgm, v.ESUBD)


@table.define("reg")
def pgov(v):
    """Price index of government consumption."""
    return ces_price(v.VGP, v.pga, v.ESUBG, "comm")


@table.define("comm", "reg", active="VGP")
def qga(v):
    """Government demand for composite commodity c."""
    return v.yg / v.pgov * (v.pgov / v.pga) ** v.ESUBG


@table.define("comm", "reg", active="VDGP")
def qgd(v):
    """Government demand for domestic commodity c."""
    return v.qga * (v.pga / v.pgd) ** v.ESUBD


@table.define("comm", "reg", active="VMGP")
def qgm(v):
    """Government demand for imported commodity c."""
    return v.qga * (v.pga / v.pgm) ** v.ESUBD


@table.define("comm", "reg", active="VDIP")
def pid(v):
    """Price of domestic goods, investment."""
    return v.pds * v.tid


@table.define("comm", "reg", active="VMIP")
def pim(v):
    """Price of imported goods, investment."""
    return v.pms * v.tim


@table.define("comm", "reg", active="VIP")
def pia(v):
    """Price of composite commodity c, investment."""
    return two_ces(v.VDIP, v.pid, v.VMIP, v.pim, v.ESUBD)


@table.define("reg")
def pinv(v):
    """Price index of investment goods."""
    return ces_price(v.VIP, v.pia, v.ESUBI, "comm")


@table.define("comm", "reg", active="VIP")
def qia(v):
    """Investment demand for composite commodity c."""
    return v.qinv * (v.pinv / v.pia) ** v.ESUBI


@table.define("comm", "reg", active="VDIP")
def qid(v):
    """Investment demand for domestic commodity c."""
    return v.qia * (v.pia / v.pid) ** v.ESUBD


@table.define("comm", "reg", active="VMIP")
def qim(v):
    """Investment demand for imported commodity c."""
    return v.qia * (v.pia / v.pim) ** v.ESUBD
