"""Small random benchmarks that obey every accounting identity, for tests and teaching.

The accounts are constructed, not estimated: technology, budget shares, trade
shares and tax rates are drawn; outputs follow from the linear accounting
(an input-output system of all regions at once); saving is the residual.
"""

from __future__ import annotations

import numpy as np

from cge.benchmark.data import Benchmark
from cge.benchmark.synth_accounts import (
    ENDOWMENTS,
    SKILLS,
    Flows,
    Technology,
    labelled,
    migrant_income,
    net_remittances,
)


def synthetic_benchmark(
    regions: int = 3,
    sectors: int = 3,
    seed: int = 0,
    *,
    migrants: bool = True,
    taxes: bool = True,
    margins: bool = True,
    holes: bool = True,
    joint: bool = False,
) -> Benchmark:
    """Draw a balanced random benchmark.

    Parameters
    ----------
    regions, sectors : int
        At least 2 each. Commodities and activities carry the same labels; the
        last one is the margin service.
    seed : int
        Equal arguments give the same benchmark.
    migrants : bool
        Whether there are bilateral labour stocks and remittances. Without
        them the labour arrays are absent (standard GTAP).
    taxes : bool
        Whether taxes of every kind, tariffs and the policy layers are there.
    margins : bool
        Whether transport margins are positive on most routes; otherwise the
        margin flows are all zero.
    holes : bool
        Whether there are absent things: a commodity (and its activity) not
        produced in the last region, an import composite nobody buys in the
        first, agents that do not buy or import a commodity, endowments absent
        in activities, bilateral zeros, no trade inside single regions, a
        region without margin supply, missing pairs of migrants.
    joint : bool
        Whether activities make by-products (a make matrix that is not diagonal).

    Returns
    -------
    Benchmark
        Land is sluggish, natural resources are fixed, the rest is mobile. All
        numbers are invented; elasticities are of the usual size.
    """
    if regions < 2 or sectors < 2:
        raise ValueError("a synthetic benchmark needs at least 2 regions and 2 sectors")
    rng = np.random.default_rng([seed, regions, sectors])
    reg = tuple(f"R{i + 1:0{len(str(regions))}d}" for i in range(regions))
    comm = ("Agr", *(f"Man{i + 1}" for i in range(sectors - 2)), "Svc")
    sets = {"reg": reg, "comm": comm, "acts": comm, "marg": comm[-1:], "endw": ENDOWMENTS, "skill": SKILLS}
    draw = _Draw(rng, regions, sectors, taxes, margins, holes, joint)
    flows = draw.flows()
    arrays = {**flows, **_parameters(rng, regions, sectors)}
    wage_level = np.sort(rng.lognormal(2.2, 1.0, regions))[::-1]
    if migrants:
        arrays |= _labour(rng, flows, wage_level, sets, holes)
        arrays["SAVE"] = arrays["SAVE"] + net_remittances(arrays["REMIT"])
    if taxes:
        rate = (
            np.divide(flows["VMSB"], flows["VCIF"], out=np.ones_like(flows["VCIF"]), where=flows["VCIF"] > 0)
            - 1
        )
        farm = np.where(np.arange(sectors) == 0, 0.4, 0.0)[:, None, None]
        arrays["TMSFARM"] = farm * rate
        arrays["TMS1993"] = 1.3 * (rate - arrays["TMSFARM"])
    half = (regions + 1) // 2
    meta = {
        "groups": {"importers": list(reg[:half]), "exporters": list(reg[half:])},
        "sources": ["cge.benchmark.synth"],
    }
    return labelled(f"synthetic-{regions}x{sectors}-{seed}", sets, arrays, meta)


class _Draw(Technology):
    """Random technology and shares, and the flows they imply."""

    def __init__(self, rng, R, C, taxes, margins, holes, joint) -> None:
        self.rng, self.R, self.C, self.taxes = rng, R, C, taxes
        goods = np.arange(C) < C - 1
        made = np.ones((C, R), bool)
        traded = np.ones((C, R, R), bool)  # comm, src, dst
        imported = np.ones((C, R), bool)
        if holes:
            if C > 2:
                made[1, -1] = False
            traded &= (rng.random((C, R, R)) > 0.15) | (np.arange(R)[:, None] == (np.arange(R) + 1) % R)
            traded[:, np.arange(R - 1), np.arange(R - 1)] = False  # the last region alone is an aggregate
            imported[-1, 0] = False
            traded &= imported[:, None, :]
        traded &= made[:, :, None]
        imported = np.asarray(traded.any(axis=1))
        self.trade_share = self._shares(traded, axis=1, spread=0.8)
        # Make matrix: who makes a commodity, as shares of its basic value.
        maker = np.repeat(np.eye(C)[:, :, None], R, axis=2)
        if joint:
            maker = maker + (rng.random((C, C, R)) > 0.6) * rng.uniform(0.02, 0.15, (C, C, R))
        maker *= made[:, None, :] * made[None, :, :]  # an activity is absent with its main product
        self.maker = np.divide(
            maker,
            maker.sum(1, keepdims=True),
            out=np.zeros_like(maker),
            where=maker.sum(1, keepdims=True) > 0,
        )
        active = self.maker.sum(0) > 0  # acts, reg

        def buys(agents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
            """Purchaser-price shares of domestic and imported goods in an agent's spending."""
            shape = (C, *agents, R)
            view = (slice(None), *(None for _ in agents), slice(None))
            weight = rng.lognormal(0, 0.7, shape)
            from_abroad = rng.uniform(0.08, 0.4, shape)
            if holes:
                weight *= rng.random(shape) > 0.12
                weight[-1] += 0.05  # everybody buys services
                from_abroad *= rng.random(shape) > 0.15
            from_abroad = np.where(imported[view], np.where(made[view], from_abroad, 1.0), 0.0)
            weight *= (imported | made)[view]
            weight /= weight.sum(0)
            return weight * (1 - from_abroad), weight * from_abroad

        content = rng.uniform(0.35, 0.6, (C, R)) * active  # intermediates per unit of output
        dom, imp = buys((C,))
        self.inputs = {"D": dom * content, "M": imp * content}
        self.budget = {agent: buys(()) for agent in "PGI"}
        split = np.array([0.60, 0.17, 0.23])[:, None] * rng.uniform(0.85, 1.15, (3, R))
        self.split = dict(zip("PGI", split / split.sum(0), strict=True))
        # Tax rates, each on the value before the tax.
        self.rate = {
            f"{o}{agent}": self._rates(0.0, 0.15, dom.shape if agent == "F" else (C, R))
            for agent in "FPGI"
            for o in "DM"
        }
        self.rate |= {
            "out": self._rates(-0.02, 0.06, (C, C, R)),
            "fac": self._rates(-0.04, 0.1, (5, C, R)),
            "inc": self._rates(0.0, 0.2, (5, 1, R)),
            "exp": self._rates(-0.04, 0.06, (C, R, R)),
            "tariff": np.maximum(0.0, self._rates(-0.05, 0.3, (C, R, R))),
        }
        self.rate["fac"][1:3] = 0.0  # labour taxes are income taxes
        self.rate["inc"][1:3] += self._rates(0.1, 0.25, (2, 1, R))
        freight = rng.uniform(0.01, 0.08, (C, R, R)) * goods[:, None, None] * margins
        supply = rng.lognormal(0, 0.5, R)
        if holes:
            freight *= rng.random((C, R, R)) > 0.15
            supply[0] = 0.0
        self.freight = freight[None]
        self.margins = np.array([C - 1])
        self.carrier = supply / supply.sum()
        self.factor_share = self._factor_shares(rng, active, holes)

    def _rates(self, low, high, shape) -> np.ndarray:
        return self.rng.uniform(low, high, shape) * self.taxes

    def _shares(self, mask, axis, spread) -> np.ndarray:
        weight = self.rng.lognormal(0, spread, mask.shape) * mask
        total = weight.sum(axis, keepdims=True)
        return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)

    def _factor_shares(self, rng, active, holes) -> np.ndarray:
        C, R = self.C, self.R
        weight = np.array([0.15, 0.35, 0.2, 0.4, 0.1])[:, None, None] * rng.lognormal(0, 0.3, (5, C, R))
        if holes:
            weight[0, 1:] = 0.0
            weight[4, [a for a in range(C) if a > 1 or (a == 1 and C == 2)]] = 0.0
            weight[2, 0, 0] = 0.0
        return weight / weight.sum(0) * active

    def flows(self) -> Flows:
        """Solve the accounts: outputs by the input-output system, spending by income."""
        spending = self.rng.lognormal(11.5, 1.0, self.R)
        good = np.tile(spending / self.C, (self.C, 1))
        for _ in range(40):  # spending that each region's income supports, roughly
            for _ in range(4):
                good = self.demand(good, spending)[0]
            good, flows = self.demand(good, spending)
            ratio = (self.income(flows) + flows["VDEP"]) / spending
            spending = spending * ratio
            spending *= 1e5 * self.R / spending.sum()
        spending = spending * self.rng.uniform(0.97, 1.03, self.R)  # trade need not balance
        for _ in range(500):
            new, _ = self.demand(good, spending)
            change = np.abs(new - good).max() / good.max()
            good = new
            if change < 1e-16:
                break
        flows = self.demand(good, spending)[1]
        flows["POP"] = spending / 1e4
        flows["SAVE"] = self.saving(flows)
        return flows


def _labour(rng, flows, wage_level, sets, holes) -> dict[str, np.ndarray]:
    """Workers, migrants and remittances that fit the wage bills; rich regions host more migrants."""
    R = len(sets["reg"])
    away = 1.0 - np.eye(R)
    bill = flows["EVFB"][1:3].sum(1)
    workers = bill / (wage_level * rng.uniform(0.8, 1.2, R) * np.array([[1.0], [1.8]]))
    hosted = rng.uniform(0.01, 0.18, (2, R)) * workers
    pairs = rng.lognormal(0, 0.8, (2, R, R)) * away
    if holes and R > 2:
        pairs *= rng.random((2, R, R)) > 0.2
    total = pairs.sum(1, keepdims=True)
    lab = np.divide(pairs, total, out=np.zeros_like(pairs), where=total > 0) * hosted[:, None, :]
    lab[:, np.arange(R), np.arange(R)] = workers - lab.sum(1)
    income = migrant_income(lab, flows, sets)
    remit = income * rng.uniform(0.02, 0.35, (2, R, R))
    movers = lab.sum(0) * away
    pop = np.maximum(flows["POP"], 2.2 * lab.sum((0, 1)) / 1000)
    return {"LAB": lab, "REMIT": remit, "MPOP": 1.5 * movers, "LABSTAT": 1.6 * movers, "POP": pop}


def _parameters(rng, R, C) -> dict[str, np.ndarray]:
    """Elasticities of the usual size; CDE parameters inside their regular range."""
    esubd = np.repeat(rng.uniform(1.8, 4.5, (C, 1)), R, axis=1)
    etrae = np.zeros((5, R))
    etrae[0] = -1.0
    return {
        "ESUBVA": np.repeat(rng.uniform(0.2, 1.7, (C, 1)), R, axis=1),
        "ESUBD": esubd,
        "ESUBM": 2 * esubd,
        "ETRAE": etrae,
        "ETRAQ": np.full((C, R), -5.0),
        "SUBPAR": rng.uniform(0.1, 0.9, (C, R)),
        "INCPAR": rng.uniform(0.3, 1.4, (C, R)),
        "RORFLEX": np.full(R, 10.0),
        "RORDELTA": np.array(1.0),
    }
