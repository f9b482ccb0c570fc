"""From a benchmark to the coefficients, masks and set positions that the equation table reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.benchmark import HEADERS, Benchmark, base_wages
from cge.errors import BenchmarkError, ScenarioError
from cge.model.labour_nest_data import nest_data
from cge.model.mobility_data import Layout, mobility_data
from cge.model.ownership_data import Ownership, ownership_data
from cge.model.table import Table
from cge.model.terms_data import TERMS, earlier_pay, terms_data
from cge.model.tied_data import Ties, tied_data

_C, _A, _E, _R = "comm", "acts", "endw", "reg"
_PAIR = ("skill", "home", "host")

#: Default parameters of labour mobility, each with its source. A scenario may replace them.
LABOUR_DEFAULTS: dict[str, tuple[float, str]] = {
    "beta": (0.5, "Walmsley and Winters (2005): new movers close half of the home-host productivity gap"),
    "rho": (0.20, "assumption: new temporary movers remit a fifth of after-tax pay; shown with 0 and 0.4"),
    "family": (0.0, "assumption: temporary movers bring no family "),
    "taxmov": (1.0, "movers pay the host's labour tax in full"),
    "ctaxmov": (1.0, "movers pay the host's consumption taxes in full"),
    "taxshare": (0.0, "tax revenue goes to permanent residents; 1 gives each mover the average per head"),
    "nostatus": (0.0, "assumption: the data say nothing on earlier migrants without legal status"),
    "statusgap": (0.0, "part of pay that earlier migrants without status lose to their employers; 0.06 after Kossoudji "
                       "and Cobb-Clark (2002), Journal of Labor Economics 20(3) [recalled]"),
    "informal": (0.0, "assumption: earlier migrants without status pay labour tax as others do; 1 exempts them"),
}


#: Sets of the welfare decomposition: origin of goods, kind of tax, kind of technical change (GTAP v7 labels).
REPORT_SETS: dict[str, tuple[str, ...]] = {
    "dir": ("domestic", "imported"),
    "ctax": ("prodtax", "pfacttax", "inctax", "inputtax", "contax", "invtax", "govtax", "xtax", "mtax"),
    "techtype": ("output", "primfac", "v_added", "ininput", "invest", "transp", "import"),
}


@dataclass(frozen=True)
class Positions:
    """Integer positions of subsets, for ``put`` and ``take``."""

    labour: np.ndarray
    capital: np.ndarray
    margins: np.ndarray
    n_endw: int
    n_comm: int
    mobility: bool = False  #: whether workers respond to wages
    nests: bool = False  #: whether natives and migrants are imperfect substitutes
    tied: bool = False  #: whether new movers may be tied to activities
    foreign: bool = False  #: whether residents of other regions own capital
    migcap: bool = False  #: whether migrants own capital


@dataclass(frozen=True)
class Calibration:
    """Everything numerical that the table needs.

    Attributes
    ----------
    data : dict of str to (dims, array)
        Coefficients (million US$ unless noted), elasticities, labour stocks.
    masks : dict of str to bool array
        Active cells of the symbols that have any inactive one.
    positions : Positions
    sets : dict of str to tuple of str
        Labels per dimension name.
    """

    data: dict[str, tuple[tuple[str, ...], np.ndarray]]
    masks: dict[str, np.ndarray]
    positions: Positions
    sets: dict[str, tuple[str, ...]]


def calibrate(bench: Benchmark, table: Table, labour: Mapping[str, float] | None = None,
              rordelta: float | None = None, mobility: Layout | None = None, ties: Ties | None = None,
              ownership: Ownership | None = None) -> Calibration:
    """Coefficients of the equation table from a benchmark.

    Parameters
    ----------
    bench : Benchmark
    table : Table
        Its symbols' active sets are evaluated here.
    labour : mapping, optional
        Replacements of :data:`LABOUR_DEFAULTS` and of the options of :mod:`cge.model.labour_nest_data`, which are off
        by default; those of earlier migrants (nostatus, a number or an array over skill,
        home and host; statusgap; informal) change the base-year accounts of migrants and residents.
    rordelta : float, optional
        1: investment by rates of return, 0: fixed shares; default from the benchmark.
    mobility : Layout, optional
        Lets workers respond to wages, and says where caps may be; new movers are a quota only without it.
    ties : Ties, optional
        Lets new movers be tied to activities, and says to which.
    ownership : Ownership, optional
        Capital that is not residents'; it changes the base-year accounts of its owners and of residents.

    Raises
    ------
    BenchmarkError
        Data the model cannot take: no capital endowment, a CDE parameter out of
        range, a net rate of return or residents' consumption not positive.
    """
    n: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}

    def add(name: str, dims: tuple[str, ...], values) -> np.ndarray:
        arr = np.asarray(values, dtype=float)  # the benchmark's own array where there is nothing to convert
        n[name] = (dims, arr)
        return arr

    b = {name: np.asarray(bench[name].values, dtype=float) for name, h in HEADERS.items()
         if (name in bench or h.default is not None) and not h.reported}
    for name, value in b.items():
        add(name, HEADERS[name].dims, value)
    if rordelta is not None:
        add("RORDELTA", (), rordelta)
    regs = bench.sets["reg"]
    opts = {k: v for k, (v, _) in LABOUR_DEFAULTS.items()} | dict(labour or {})

    add("VFP", (_C, _A, _R), b["VDFP"] + b["VMFP"])
    add("VVA", (_A, _R), b["EVFP"].sum(0))
    add("VINT", (_A, _R), (b["VDFP"] + b["VMFP"]).sum(0))
    add("VOB", (_C, _R), b["MAKB"].sum(1))
    add("VMB", (_C, _R), b["VMFB"].sum(1) + b["VMPB"] + b["VMGB"] + b["VMIB"])
    add("VTM", ("marg",), b["VTWR"].sum((1, 2, 3)))
    add("VDB", (_C, _R), b["VDFB"].sum(1) + b["VDPB"] + b["VDGB"] + b["VDIB"])
    vpp = add("VPP", (_C, _R), b["VDPP"] + b["VMPP"])
    vgp = add("VGP", (_C, _R), b["VDGP"] + b["VMGP"])
    vip = add("VIP", (_C, _R), b["VDIP"] + b["VMIP"])
    add("ONE_R", (_R,), np.ones(len(regs)))
    add("ONE_SR", ("skill", _R), np.ones((len(bench.sets["skill"]), len(regs))))
    mobile = np.array([bench.mobility[e] == "mobile" for e in bench.sets["endw"]], float)
    sluggish = np.array([bench.mobility[e] == "sluggish" for e in bench.sets["endw"]], float)
    add("MOBILE", (_E,), mobile)
    add("SLUGGISH", (_E,), sluggish)

    _investment(bench, add, b, vip)
    _labour(bench, add, b, opts)
    b["SAVE"] = ownership_data(add, bench, b["EVOS"][_capital(bench)].sum((0, 1)) - b["VDEP"],
                               {k: x for k, (_, x) in n.items()}, ownership)
    mobility_data(add, n["LABOFF"][1], n["NAT0"][1], mobility)
    labour_at = [bench.sets["endw"].index(s) for s in bench.sets["skill"]]
    tied_data(add, b["EVOS"][labour_at], n["EFF0"][1], len(regs), ties)
    terms_data(add)
    nests = nest_data(add, n["EARL0"][1], n["EFF0"][1], opts, mobility is not None)
    if nests and ties is not None:
        raise ScenarioError("movers tied to activities and natives and migrants as imperfect substitutes do not go "
                            "together: the wage of a tie rests on perfect substitution; leave out tied, or "
                            "sigma_native_migrant and sigma_earlier_new")
    _household(bench, add, b, n, vpp, vgp)
    _totals(bench, add, b, n)
    _check(bench, n)

    positions = Positions(
        labour=np.array(labour_at, dtype=int),
        capital=_capital(bench), n_endw=len(bench.sets["endw"]), n_comm=len(bench.sets["comm"]),
        margins=np.array([bench.sets["comm"].index(m) for m in bench.sets["marg"]], dtype=int),
        mobility=mobility is not None, nests=nests, tied=ties is not None,
        foreign=bool(n["OWNF"][1].any()), migcap=bool(n["MIGHOLD"][1].any() or n["SETTLED"][1] > 0))
    values = {k: v for k, (_, v) in n.items()}
    masks = {}
    for s in table.symbols.values():
        if s.active is None:
            continue
        mask = values[s.active] > 0 if isinstance(s.active, str) else np.asarray(s.active(values))
        masks[s.name] = np.asarray(mask, bool)
    sets = {d: bench.labels(d) for d in (_C, _A, _E, _R, "src", "dst", "home", "host", "marg", "skill")} | REPORT_SETS
    sets["term"] = TERMS
    sets["bloc"] = tuple(mobility.blocs) if mobility else ()
    sets["tie"] = tuple(ties.acts) if ties else ()
    return Calibration(n, masks, positions, sets)


def _capital(bench: Benchmark) -> np.ndarray:
    found = [i for i, e in enumerate(bench.sets["endw"]) if e.lower() == "capital"]
    if len(found) != 1:
        raise BenchmarkError(f"benchmark {bench.name!r}: endowments {', '.join(bench.sets['endw'])} must contain "
                             "exactly one called Capital; rename the capital endowment")
    return np.array(found)


def _investment(bench, add, b, vip) -> None:
    k = _capital(bench)
    reginv = add("REGINV", (_R,), vip.sum(0))
    netinv = add("NETINV", (_R,), reginv - b["VDEP"])
    add("GLOBINV", (), netinv.sum())
    add("VKE", (_R,), b["VKB"] + netinv)
    gross = b["EVOS"][k].sum((0, 1))
    grorc = add("GRORC", (_R,), gross / b["VKB"])
    depr = add("DEPR", (_R,), b["VDEP"] / b["VKB"])
    net = add("NETROR", (_R,), grorc - depr)
    bad = [(r, v) for r, v in zip(bench.sets["reg"], net) if not v > 0]
    if bad:
        raise BenchmarkError(f"benchmark {bench.name!r}: capital income net of depreciation is not positive in "
                             f"{', '.join(f'{r} ({v:.2%} of the stock)' for r, v in bad)}; lower VDEP or raise EVFB "
                             "of capital there")


def _labour(bench, add, b, opts) -> None:
    """Stocks, productivities and base-year incomes of natives, earlier migrants and potential movers."""
    skills, regs = bench.sets["skill"], bench.sets["reg"]
    pos = [bench.sets["endw"].index(s) for s in skills]
    nr = len(regs)
    bill = b["EVFB"][pos].sum(1).reshape(len(skills), nr)
    net = b["EVOS"][pos].sum(1).reshape(len(skills), nr)
    if bench.has_labour:
        lab = b["LAB"]
        W, a = base_wages(bench["LAB"], _wagebill(bench, bill), bench.beta_earlier)
        wages, eff = W.transpose("skill", "reg").values, a.transpose("skill", "home", "host").values
    else:
        # Without stocks one worker is one dollar of the wage bill: standard GTAP.
        lab = np.zeros((len(skills), nr, nr))
        lab[:, np.arange(nr), np.arange(nr)] = bill
        wages, eff = np.ones_like(bill), np.ones_like(lab)
    off = lab.copy()
    off[:, np.arange(nr), np.arange(nr)] = 0.0
    add("LABOFF", _PAIR, off)
    add("NAT0", ("skill", _R), lab[:, np.arange(nr), np.arange(nr)])
    add("LF0", ("skill", _R), lab.sum(1))
    earl = add("EARL0", ("skill", _R), (eff * off).sum(1))
    effective = add("EFF0", ("skill", _R), lab[:, np.arange(nr), np.arange(nr)] + earl)
    add("WAGE0", ("skill", _R), wages)
    add("AE", _PAIR, eff)
    for name, value in mover_coefficients(wages, opts).items():
        add(name, _PAIR if value.ndim else (), value)
    wnet = add("WNET0", ("skill", _R), net / np.where(effective > 0, effective, 1.0))
    wgross = np.divide(bill, effective, out=np.zeros_like(bill), where=effective > 0)
    part, exempt = earlier_pay(wnet, wgross, opts)
    income = part * eff * off
    add("NOSTATUS", _PAIR, np.broadcast_to(opts["nostatus"], off.shape) * (off > 0))
    add("STATUSGAP", (), opts["statusgap"])
    add("INFORMAL", (), opts["informal"])
    add("EXEMPT0", (_R,), (exempt * eff * off).sum((0, 1)))
    rem = b["REMIT"] if "REMIT" in b else np.zeros_like(off)
    add("RHOE", _PAIR, np.divide(rem, income, out=np.zeros_like(rem), where=income > 0))
    lost = rem[(income <= 0) & (rem > 0)]
    if lost.size:
        raise BenchmarkError(f"benchmark {bench.name!r}: remittances of {lost.sum():.1f} million US$ come from pairs "
                             "without migrants; move them to pairs with migrants or drop them in REMIT")
    short = np.argwhere(rem > np.maximum(income, 0.0) * (1.0 + 1e-9))
    if len(short) and np.any(opts["nostatus"]):
        s, c, h = short[0]
        raise BenchmarkError(f"benchmark {bench.name!r}: {skills[s]} migrants from {regs[c]} in {regs[h]} would send "
                             f"{rem[s, c, h]:.4g} million US$ out of {income[s, c, h]:.4g} under the labour options "
                             "nostatus and statusgap; lower one of them for this pair")
    add("SPENDE0", _PAIR, income - rem)
    add("YEARL0", _PAIR, income)
    add("STATUSLOST0", _PAIR, (wnet[:, None, :] + exempt - part) * eff * off)
    add("MSHR", _PAIR, np.zeros(off.shape))
    mpop = b.get("MPOP", np.zeros((nr, nr)))
    add("POPRES", (_R,), b["POP"] - mpop.sum(0) / 1000.0)
    # Migrants of all ages go with the workers of their pair; without stocks of people each worker is one person.
    workers = off.sum(0)
    part = np.divide(off, workers, out=np.zeros_like(off), where=workers > 0)
    add("MIGPOP", _PAIR, part * mpop if "MPOP" in bench else off)
    add("OWNED0", (_R,), b["EVOS"].sum((0, 1)) - net.sum(0) - b["VDEP"])
    add("YMIG0", (_R,), income.sum((0, 1)))
    add("REMIN0", (_R,), rem.sum((0, 2)))
    add("REMOUT0", (_R,), rem.sum((0, 1)))


def mover_coefficients(wages: np.ndarray, options: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Coefficients of new movers from :data:`LABOUR_DEFAULTS`-type options.

    Parameters
    ----------
    wages : array (skill, reg)
        Benchmark wages gross of labour tax, million US$ per thousand workers.
    options : mapping
        beta, rho (numbers, or arrays by skill, home and host), family, taxmov, ctaxmov.

    Returns
    -------
    dict
        AN (skill, home, host): productivity relative to a host worker,
        ``min(1, [W_home + beta (W_host - W_home)] / W_host)`` (Walmsley and
        Winters 2005); RHON (skill, home, host): remittance rate; TAXMOV,
        CTAXMOV, FAMILY, TAXSHARE: numbers.
    """
    home, host = wages[:, :, None], wages[:, None, :]
    for key in ("beta", "rho"):
        if isinstance(options[key], (str, Mapping, list, tuple)):
            raise BenchmarkError(f"labour: {key} = {options[key]!r} is neither a number nor an array over skill, "
                                 "home, host; what differs by skill or pair is an option of a scenario, "
                                 "Scenario(..., labour=...)")
    gap = home + options["beta"] * (host - home)
    an = np.where(host > 0, np.minimum(1.0, gap / np.where(host > 0, host, 1.0)), 1.0)
    return {"AN": an, "RHON": np.array(np.broadcast_to(options["rho"], an.shape), float),
            **{k.upper(): np.asarray(options[k], float) for k in ("taxmov", "ctaxmov", "family", "taxshare")}}


def _wagebill(bench, bill):
    import xarray as xr

    return xr.DataArray(bill, dims=("skill", _R),
                        coords={"skill": list(bench.sets["skill"]), _R: list(bench.sets["reg"])})


def _household(bench, add, b, n, vpp, vgp) -> None:
    """Residents' budget: private, government, saving; parameters of the utility function (McDougall 2003)."""
    cmig = (n["YMIG0"][1] - n["REMOUT0"][1])
    ypall = add("YPALL", (_R,), vpp.sum(0))
    yp = add("YPRES", (_R,), ypall - cmig)
    yg = add("YG0", (_R,), vgp.sum(0))
    income = add("INCOME", (_R,), yp + yg + b["SAVE"])
    add("POP_LEVEL", (_R,), b["POP"])
    add("INCHEAD0", (_R,), income / b["POP"])
    taxes = _tax_revenue(b)
    for name, value in taxes.items():
        add(f"{name.upper()}0", (_R,), value)
    add("TAXHEAD0", (_R,), (sum(taxes.values()) - n["EXEMPT0"][1]) / b["POP"])
    add("PAID0", (_R,), n["STATUSLOST0"][1].sum((0, 1)))
    add("TAX0", (_R,), sum(taxes.values()) - n["EXEMPT0"][1])
    xp, xg, xs = yp / income, yg / income, b["SAVE"] / income
    shares = vpp / np.where(ypall > 0, ypall, 1.0)
    ue = add("UEPRIV0", (_R,), (shares * b["INCPAR"]).sum(0))
    # McDougall (2003): the distribution parameters add up to DPSM, one in a data base not yet updated.
    ela = add("UELAS0", (_R,), (xp * ue + xg + xs) / b["DPSM"])
    for name, value in (("BPRIV", xp * ue / ela), ("BGOV", xg / ela), ("BSAVE", xs / ela)):
        add(name, (_R,), value)
        add(name + "_E", (_R,), value)
    vst = b["VST"].sum(0)
    tbal = add("TBAL0", (_R,), b["VFOB"].sum((0, 2)) + vst - b["VCIF"].sum((0, 1)))
    add("TBALRY0", (_R,), (tbal + n["REMIN0"][1] - n["REMOUT0"][1] + n["CAPNET0"][1]) / income.sum())
    add("INCWLD", (), income.sum())


def _tax_revenue(b) -> dict[str, np.ndarray]:
    """Benchmark revenue by kind of tax (the names of block ``income``) and region, million US$."""
    def use(agent: str) -> np.ndarray:
        gap = sum(b[f"V{s}{agent}P"] - b[f"V{s}{agent}B"] for s in "DM")
        return gap.sum(tuple(range(gap.ndim - 1)))

    return {"taxrout": (b["MAKB"] - b["MAKS"]).sum((0, 1)), "taxrfu": (b["EVFP"] - b["EVFB"]).sum((0, 1)),
            "taxriu": use("F"), "taxrpc": use("P"), "taxrgc": use("G"), "taxric": use("I"),
            "taxrexp": (b["VFOB"] - b["VXSB"]).sum((0, 2)), "taxrimp": (b["VMSB"] - b["VCIF"]).sum((0, 1)),
            "taxrinc": (b["EVFB"] - b["EVOS"]).sum((0, 1))}


def _totals(bench, add, b, n) -> None:
    """Benchmark values of what is reported as an index."""
    add("FY0", (_R,), b["EVFB"].sum((0, 1)) - b["VDEP"])
    add("GDP0", (_R,), n["YPALL"][1] + n["YG0"][1] + n["REGINV"][1] + n["TBAL0"][1])
    exports, direct = b["VFOB"].sum(2), b["VFOB"].sum(1)
    for m, label in enumerate(bench.sets["marg"]):
        exports[bench.sets["comm"].index(label)] += b["VST"][m]
        direct[bench.sets["comm"].index(label)] += b["VTWR"][m].sum((0, 1))
    add("VDIR", (_C, _R), direct)
    add("VXW", (_C, _R), exports)
    add("EXPORTED", (_C, _R), exports > 0)
    add("VMW", (_C, _R), b["VCIF"].sum(1))
    add("VXD", (_C, _R), b["VXSB"].sum(2))
    add("VTR", (_C, "src", "dst"), b["VTWR"].sum(0))
    is_capital = np.zeros((len(bench.sets["endw"]), len(bench.sets["reg"])))
    is_capital[_capital(bench)] = 1.0
    add("ISCAP", (_E, _R), is_capital)


def _check(bench, n) -> None:
    """Refuse what would make the first equation evaluation meaningless."""
    regs, comm = bench.sets["reg"], bench.sets["comm"]
    for name, what in (("YPRES", "private consumption of permanent residents"), ("INCOME", "regional income"),
                       ("POPRES", "population of permanent residents"), ("REGINV", "gross investment"),
                       ("YG0", "government consumption")):
        for r, v in zip(regs, n[name][1]):
            if not v > 0:
                raise BenchmarkError(f"benchmark {bench.name!r}: {what} of {r} is {v:.4g}; it must be positive - "
                                     "check consumption, population, migrants and remittances of the region")
    sub, inc, vpp = n["SUBPAR"][1], n["INCPAR"][1], n["VPP"][1]
    bad = np.argwhere((vpp > 0) & ((sub <= 0) | (inc < 0)))
    if len(bad):
        c, r = bad[0]
        raise BenchmarkError(f"benchmark {bench.name!r}: CDE parameters of {comm[c]} in {regs[r]} are SUBPAR "
                             f"{sub[c, r]:.4g}, INCPAR {inc[c, r]:.4g}; SUBPAR must be positive, INCPAR not negative")
