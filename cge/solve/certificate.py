"""The certificate of a solution: everything re-evaluated with NumPy in float64.

Four readings: the residual of every condition of the table; Walras' law (the
omitted market of saving and investment); the social accounts of the counterfactual,
re-assembled from prices times quantities, row against column; and the Divisia
indices, integrated a second time over the points of the path by another rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.model.ops import at, level, take
from cge.solve.reintegrate import rate_gap
from cge.solve.system import System


@dataclass(frozen=True)
class Certificate:
    """Evidence that a solution solves the model.

    Attributes
    ----------
    residual : float
        Largest relative residual over all conditions and fixed values.
    where : str
        The condition and element of that residual.
    walras : float
        Slack of the omitted market over world income.
    sam : float
        Largest imbalance of an account of the counterfactual SAM, over the account.
    sam_where : str
        That account.
    rates : float
        Largest gap of a Divisia index to its second integration (fraction); NaN
        where the path has a single step. Its bar is that of the indices, not of residuals.
    rates_where : str
        That index.
    """

    residual: float
    where: str
    walras: float
    sam: float
    sam_where: str
    rates: float = float("nan")
    rates_where: str = ""

    @property
    def worst(self) -> float:
        """The largest of residual, Walras' law and SAM."""
        readings = np.abs([self.residual, self.walras, self.sam])
        return float(readings.max()) if np.isfinite(readings).all() else float("inf")


def certify(system: System, x: np.ndarray, data: dict[str, Any], view: Any, path: Any = None) -> Certificate:
    """Re-evaluate a solution.

    Parameters
    ----------
    system : System
    x : array
        Unknowns.
    data : dict
        Data tree of the last sub-step.
    view : View
        NumPy view of the same point.
    path : Path, optional
        The points behind the solution, for the second integration.
    """
    f = system.residual(np.asarray(x, float), data, view)
    worst = int(np.argmax(np.abs(f)))
    block, row, element = system.locate(worst)
    income = float((view.INCOME * view.y).level().sum())
    accounts = social_accounts(view)
    name, imbalance, cell = max(((k, *_worst(*pair)) for k, pair in accounts.items()), key=lambda t: t[1])
    labels = _labels(system, name, cell)
    return Certificate(float(np.abs(f[worst])), f"{row} ({block}) {', '.join(element)}".strip(),
                       float(view.walraslack.level()) / income, imbalance, f"{name} {labels}".strip(),
                       *(rate_gap(path, view) if path is not None else (float("nan"), "")))


def social_accounts(view: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Receipts and payments of every account of the counterfactual, million US$.

    Every entry is a value, price times quantity, of the arrays a GTAP data base
    holds; nothing is taken from the conditions that the engine solved.
    """
    def val(x):
        return x.level()

    v = view
    maks, makb = val(v.MAKS * v.ps * v.qca), val(v.MAKB * v.pca * v.qca)
    firms_d, firms_m = val(v.VDFP * v.pfd * v.qfd), val(v.VMFP * v.pfm * v.qfm)
    evfp, evfb, evos = val(v.EVFP * v.pfe * v.qfe), val(v.EVFB * v.peb * v.qfe), val(v.EVOS * v.pes * v.qfe)
    dom = {"f": val(v.VDFB * v.pds * v.qfd),
           "p": val(v.VDPB * v.pds * v.qpd), "g": val(v.VDGB * v.pds * v.qgd), "i": val(v.VDIB * v.pds * v.qid)}
    imp = {"f": val(v.VMFB * v.pms * v.qfm), "p": val(v.VMPB * v.pms * v.qpm),
           "g": val(v.VMGB * v.pms * v.qgm), "i": val(v.VMIB * v.pms * v.qim)}
    paid = {"p": val(v.VDPP * v.ppd * v.qpd) + val(v.VMPP * v.ppm * v.qpm),
            "g": val(v.VDGP * v.pgd * v.qgd) + val(v.VMGP * v.pgm * v.qgm),
            "i": val(v.VDIP * v.pid * v.qid) + val(v.VMIP * v.pim * v.qim)}
    vxsb = val(v.VXSB * at(v.pds, reg="src") * v.qxs)
    vfob, vcif, vmsb = val(v.VFOB * v.pfob * v.qxs), val(v.VCIF * v.pcif * v.qxs), val(v.VMSB * v.pmds * v.qxs)
    route = val((v.VTWR * v.pt * v.qxs / v.atmfsd).transposed(("marg", "comm", "src", "dst")))
    pool = val(v.VST * take(v.pds, "comm", v.sets.margins, "marg") * v.qst)
    margins = np.zeros(makb.shape[::2])
    np.add.at(margins, (v.sets.margins,), pool)
    remit = val(v.remearl) + val(v.remnew)
    spend = val(v.spendearl) + val(v.spendnew)
    migrants = val(v.yearl) + val(v.ynew)
    paid_by_movers, received_of_movers, used_up = _terms(v)
    taxes = ((makb - maks).sum((0, 1)) + (evfp - evfb).sum((0, 1)) + (evfb - evos).sum((0, 1))
             + firms_d.sum((0, 1)) - dom["f"].sum((0, 1)) + firms_m.sum((0, 1)) - imp["f"].sum((0, 1))
             + sum((paid[k] - dom[k] - imp[k]).sum(0) for k in "pgi")
             + (vfob - vxsb).sum((0, 2)) + (vmsb - vcif).sum((0, 1)))
    dep = val(v.VDEP * v.pinv * v.kb)
    save = val(level(v.SAVE * v.ysave))
    rebate = spend.sum((0, 1)) + remit.sum((0, 1)) + paid_by_movers - migrants.sum((0, 1))
    received = remit.sum((0, 2)) + val(v.transfer) + received_of_movers
    if v.sets.foreign:  # of what capital earns after tax and depreciation, anew from the accounts
        owned = val(v.OWNF) * (evos[v.sets.capital].sum((0, 1)) - val(v.VDEP * v.pinv * v.kb))
        received = received + owned.sum(1) - owned.sum(0)
    resident_income = evos.sum((0, 1)) - dep + taxes - migrants.sum((0, 1)) - rebate + received
    resident_use = paid["p"].sum(0) - spend.sum((0, 1)) - used_up + paid["g"].sum(0) + save
    return {
        "activity": (maks.sum(0), (firms_d + firms_m).sum(0) + evfp.sum(0)),
        "commodity": (makb.sum(1), dom["f"].sum(1) + dom["p"] + dom["g"] + dom["i"] + vxsb.sum(2) + margins),
        "imports": (vmsb.sum(1), imp["f"].sum(1) + imp["p"] + imp["g"] + imp["i"]),
        "cif": (vcif, vfob + route.sum(0)),
        "margin pool": (pool.sum(1), route.sum((1, 2, 3))),
        "household": (resident_income, resident_use),
        "bank": (np.array(paid["i"].sum()), np.array((save + dep).sum())),
    }


def _terms(v: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rents and terms of movement anew from pay, rates, fees and recipients, million US$ by region.

    What new movers pay in the host; what the household receives there and at home (net of what transfers of
    remittances cost it); what is used up in the host.
    """
    def val(x):
        return x.level()

    pay, mov, price = val(v.ynew), val(v.mov), val(v.ppriv)
    held, back = val(v.withheld) * pay, val(v.returned)
    cost = val(v.remcostnew) * val(v.remnew) + val(v.remcostearl) * val(v.remearl)
    kinds = [val(v.statuswedge) * pay, val(v.employwedge) * pay, val(v.entryrate) * pay + val(v.entryfee) * mov * price,
             val(v.screencost) * mov * price, val(v.exitrate) * pay + val(v.exitfee) * mov * price[:, None],
             held * (1.0 - back), cost]
    charged = sum(kinds[:-1]) + held * back
    rents = (pay - sum(kinds[:-1])) * (1.0 - np.exp(-val(v.rentrate)))
    to_host, to_home = float(v.RENTHOST.level()) * rents, float(v.RENTHOME.level()) * rents

    def to(*names):
        return sum(part * amount for name in names for part, amount in zip(val(getattr(v, name)), kinds, strict=True))

    here, away = to_host + to("TOHOST", "TOHOSTGOV"), to_home + to("TOHOME", "TOHOMEGOV") + held * back - cost
    return (charged + to_host + to_home).sum((0, 1)), here.sum((0, 1)) + away.sum((0, 2)), to("TOLOST").sum((0, 1))


def _worst(row: np.ndarray, column: np.ndarray) -> tuple[float, tuple[int, ...]]:
    size = np.maximum(np.abs(row), np.abs(column))
    if not size.size:  # no such account, as in a benchmark without margin services
        return 0.0, ()
    gap = np.abs(row - column) / np.where(size > 0, size, 1.0)
    gap = np.where(np.isfinite(gap), gap, np.inf)  # a number that is none must not hide among the others
    cell = np.unravel_index(int(np.argmax(gap)), gap.shape) if gap.shape else ()
    return float(gap[cell]), tuple(int(i) for i in cell)


_DIMS = {"activity": ("acts", "reg"), "commodity": ("comm", "reg"), "imports": ("comm", "reg"),
         "cif": ("comm", "src", "dst"), "margin pool": ("marg",), "household": ("reg",), "bank": ()}


def _labels(system: System, account: str, cell: tuple[int, ...]) -> str:
    return ", ".join(system.cal.sets[d][i] for d, i in zip(_DIMS[account], cell))
