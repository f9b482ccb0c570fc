"""National accounts of every region, balanced by cross-entropy: the statement in Pyomo.

Trade, margins and tax rates are given (trade was estimated before, with its own hard and soft totals).
Unknown are intermediate and final use, domestic and imported, and factor payments. Hard: zero profit of
every activity, use of every imported commodity, GDP at market prices. Soft: consumption, government and
investment as published.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyomo.environ as pyo
import xarray as xr

from calibration.balance.nlp import compare_with_ras, entropy_objective, solve_entropy
from calibration.mrio.prior import Flows, Rates

# A published expenditure total weighs this much against one unit of cell value (assumption): the table and
# the Penn World Table are two accounts of one economy, neither exact.
SOFT_WEIGHT = 2.0
# Flows below this (million US$) are zero: rounding of the source table, not economics.
SMALLEST = 1e-2


@dataclass(frozen=True)
class Balanced:
    """Result.

    Attributes
    ----------
    flows : Flows
    cells : DataFrame
        Every estimated cell: flow, comm, agent, reg, prior, estimate.
    soft : DataFrame
        Published and estimated expenditure by region.
    report : dict
        Solver report and comparison with RAS.
    """

    flows: Flows
    cells: pd.DataFrame
    soft: pd.DataFrame
    report: dict


def state(
    flows: Flows, rates: Rates, gdp: pd.Series, spending: pd.DataFrame, transport: str
) -> pyo.ConcreteModel:
    """State the estimation.

    Parameters
    ----------
    flows : Flows
        Prior; trade and margin supply are taken as they are.
    rates : Rates
    gdp : Series
        By region, million US$ at market prices; hard.
    spending : DataFrame
        Index region, columns household, government, investment: million US$ at purchaser prices; soft.
    transport : str
        Commodity that supplies margins.

    Returns
    -------
    ConcreteModel
        Variables ``use[origin, comm, agent, reg]``, ``va[act, reg]``, ``spent[agent, reg]``; constraints
        ``zero_profit[act, reg]``, ``imports[comm, reg]``, ``gdp[reg]``, ``published[agent, reg]``.
    """
    comm, reg = flows.va.acts.values.tolist(), flows.va.reg.values.tolist()
    finals = flows.vd.use.values.tolist()
    model = pyo.ConcreteModel()
    prior = {}
    tables = (("D", flows.vdf, flows.vd), ("M", flows.vmf, flows.vm))
    for origin, firms, final in tables:
        for c in comm:
            for r in reg:
                row = {(origin, c, a, r): float(firms.loc[c, a, r]) for a in comm}
                row |= {(origin, c, u, r): float(final.loc[c, u, r]) for u in finals}
                prior |= {k: v for k, v in row.items() if v >= SMALLEST}
    tax = {(c, a, r): float(rates.firms.loc[c, a, r]) for c in comm for a in comm for r in reg}
    tax |= {(c, u, r): float(rates.final.loc[c, u, r]) for c in comm for u in finals for r in reg}
    landed = (flows.vfob * rates.landed).sum("src")
    sold = (flows.vfob / (1 + rates.export)).sum("dst")
    abroad = {
        (c, r): float(sold.loc[c, r]) + (float(flows.vst.loc[r]) if c == transport else 0.0)
        for c in comm
        for r in reg
    }
    cif = (flows.vfob * (1 + rates.margin)).sum(("comm", "src"))
    outside = {r: float(flows.vfob.sel(src=r).sum() + flows.vst.loc[r] - cif.loc[r]) for r in reg}
    supplier = {(a, r): 1.0 / (1.0 + float(rates.output.loc[a, r])) for a in comm for r in reg}

    model.use = pyo.Var(list(prior), bounds=(0, None))
    model.va = pyo.Var(comm, reg, bounds=(0, None))
    model.spent = pyo.Var(finals, reg, bounds=(0, None))
    sales, costs, arrivals = {}, {}, {}
    for k in prior:
        origin, c, agent, r = k
        if origin == "D":
            sales.setdefault((c, r), []).append(k)
        else:
            arrivals.setdefault((c, r), []).append(k)
        costs.setdefault((agent, r), []).append(k)

    def zero_profit(b, a, r):
        receipts = supplier[a, r] * (sum(b.use[k] for k in sales.get((a, r), [])) + abroad[a, r])
        inputs = sum((1 + tax[k[1], a, r]) * b.use[k] for k in costs.get((a, r), []))
        return receipts == inputs + b.va[a, r]

    def imports(b, c, r):
        keys = arrivals.get((c, r), [])
        return sum(b.use[k] for k in keys) == float(landed.loc[c, r]) if keys else pyo.Constraint.Skip

    def published(b, u, r):
        return sum((1 + tax[k[1], u, r]) * b.use[k] for k in costs[u, r]) == b.spent[u, r]

    model.zero_profit = pyo.Constraint(comm, reg, rule=zero_profit)
    model.imports = pyo.Constraint(comm, reg, rule=imports)
    model.published = pyo.Constraint(finals, reg, rule=published)
    model.gdp = pyo.Constraint(
        reg, rule=lambda b, r: sum(b.spent[u, r] for u in finals) + outside[r] == gdp[r]
    )
    terms = [(model.use[k], v, 1.0) for k, v in prior.items()]
    terms += [(model.va[a, r], float(flows.va.loc[a, r]), 1.0) for a in comm for r in reg]
    terms += [(model.spent[u, r], float(spending.at[r, u]), SOFT_WEIGHT) for u in finals for r in reg]
    entropy_objective(model, terms)
    return model


def balance(flows: Flows, rates: Rates, gdp: pd.Series, spending: pd.DataFrame, transport: str) -> Balanced:
    """State, solve, compare with RAS.

    Parameters
    ----------
    flows, rates, gdp, spending, transport
        As in `state`.

    Returns
    -------
    Balanced
    """
    model = state(flows, rates, gdp, spending, transport)
    solution = solve_entropy(model)
    new = [xr.zeros_like(a) for a in (flows.vdf, flows.vmf, flows.vd, flows.vm)]
    firms, final = {"D": new[0], "M": new[1]}, {"D": new[2], "M": new[3]}
    finals = flows.vd.use.values.tolist()
    rows = []
    for (origin, c, agent, r), var in model.use.items():
        target = final if agent in finals else firms
        target[origin].loc[c, agent, r] = var.value
        rows.append((origin, c, agent, r, model.prior[var], var.value))
    va = xr.zeros_like(flows.va)
    for (a, r), var in model.va.items():
        va.loc[a, r] = var.value
        rows.append(("VA", "", a, r, model.prior[var], var.value))
    cells = pd.DataFrame(rows, columns=["flow", "comm", "agent", "reg", "prior", "estimate"])
    soft = pd.DataFrame(
        [(r, u, spending.at[r, u], model.spent[u, r].value) for r in gdp.index for u in finals],
        columns=["reg", "use", "published", "estimate"],
    )
    soft["ratio"] = soft.estimate / soft.published
    small = sum(float(p.where(p < SMALLEST, 0.0).sum()) for p in (flows.vdf, flows.vmf, flows.vd, flows.vm))
    report = solution.report | compare_with_ras(model, solution) | {"dropped": small}
    return Balanced(Flows(*new, flows.vfob, flows.vst, va), cells, soft, report)
