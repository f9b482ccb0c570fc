"""Trade of the parts of the rest of the world: gravity inside known margins, estimated by cross-entropy.

Known and hard: every explicit country's trade with the rest of the world as a whole, by commodity and
direction. Published and soft: the merchandise exports and imports of each part (Penn World Table,
re-exports taken off, imports brought to fob). Estimated: which part trades how much of what, and trade
among the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import xarray as xr

from calibration.balance.nlp import compare_with_ras, entropy_objective, solve_entropy
from calibration.mrio.geography import distances

# Weight of a published total against one unit of cell value in the objective (assumption): a total gives way
# only where the hard rows leave no other room.
SOFT_WEIGHT = 10.0
# Prior of a cell below this is left out (million US$).
SMALLEST = 1e-3


@dataclass(frozen=True)
class PartTrade:
    """Estimated trade.

    Attributes
    ----------
    trade : DataArray (comm, src, dst)
        Explicit countries and parts; million US$ at fob.
    gaps : DataFrame
        Soft totals: part, flow, published, estimate, ratio.
    report : dict
        Solver report, comparison with RAS.
    """

    trade: xr.DataArray
    gaps: pd.DataFrame
    report: dict


def split_trade(
    known: xr.DataArray, rest: str, macro: pd.DataFrame, facts: dict, goods: tuple[str, ...]
) -> PartTrade:
    """Split the trade of the rest of the world over its parts.

    Parameters
    ----------
    known : DataArray (comm, src, dst)
        Trade of explicit countries and ``rest``, at fob, zero on the diagonal of explicit countries.
    rest : str
    macro : DataFrame
        Index part; columns gdp, exports, imports (million US$; goods).
    facts : dict
        ``parts_<year>.toml``: distance, margin, services, reexports, part; ``single`` lists parts of one
        country.
    goods : tuple of str

    Returns
    -------
    PartTrade
    """
    countries = [c for c in known.src.values.tolist() if c != rest]
    parts = list(macro.index)
    out = xr.DataArray(
        0.0,
        dims=("comm", "src", "dst"),
        coords={"comm": known.comm.values, "src": countries + parts, "dst": countries + parts},
    )
    out = out.copy(data=np.zeros(out.shape))
    out.loc[{"src": countries, "dst": countries}] = known.sel(src=countries, dst=countries).values
    near = distances(countries + parts) ** facts["distance"]["elasticity"]
    totals = published_totals(macro, facts, known.sel(dst=rest, src=countries, comm=list(goods)), rest)
    size = {"out": totals["exports"], "in": totals["imports"]}

    prior = out.copy(data=np.zeros(out.shape))
    for c in known.comm.values.tolist():
        flows = known.sel(comm=c)
        if c in goods:
            shares = pd.Series({p: facts["part"][p]["exports"].get(c, 0.0) for p in parts})
            norm = pd.Series({p: sum(facts["part"][p]["exports"].values()) for p in parts})
            supply, demand = size["out"] * shares / norm, size["in"]
        else:
            supply, demand = (pd.Series(facts["services"][f]).astype(float) for f in ("exports", "imports"))
        to_parts, to_rest = flows.sel(src=countries, dst=rest), flows.sel(src=rest, dst=countries)
        inner = float(
            to_parts.sum() * to_rest.sum() / max(float(flows.sel(src=countries, dst=countries).sum()), 1.0)
        )
        s, d = supply.reindex(parts).to_numpy(), demand.reindex(parts).to_numpy()
        g = near.sel(src=countries, dst=parts).values * d[None, :]
        prior.loc[{"comm": c, "src": countries, "dst": parts}] = (
            g / g.sum(1, keepdims=True)
        ) * to_parts.values[:, None]
        g = near.sel(src=parts, dst=countries).values * s[:, None]
        prior.loc[{"comm": c, "src": parts, "dst": countries}] = (
            g / g.sum(0, keepdims=True)
        ) * to_rest.values[None, :]
        if c in goods:
            g = near.sel(src=parts, dst=parts).values * s[:, None] * d[None, :]
            single = [i for i, p in enumerate(parts) if p in facts["single"]]
            g[single, single] = 0.0
            prior.loc[{"comm": c, "src": parts, "dst": parts}] = g / g.sum() * inner
    estimate, gaps, report = _estimate(prior, known, rest, countries, parts, totals, goods)
    keep = xr.zeros_like(out, dtype=bool)
    keep.loc[{"src": parts}] = True
    keep.loc[{"dst": parts}] = True
    return PartTrade(xr.where(keep, estimate, out).transpose(*out.dims), gaps, report)


def published_totals(macro: pd.DataFrame, facts: dict, to_rest: xr.DataArray, rest: str) -> pd.DataFrame:
    """Published merchandise trade of the parts at fob, without re-exports (million US$)."""
    re = facts["reexports"]
    taken = pd.Series({p: float(re.get(p, 0.0)) for p in macro.index})
    # Re-exported imports of a part whose published exports leave re-exports out already.
    bound = pd.Series({p: float(re.get(f"{p}_imports", 0.0)) for p in macro.index})
    cif = 1.0 + facts["margin"]["cif_over_fob"]
    return pd.DataFrame(
        {"exports": macro.exports - taken, "imports": (macro.imports - taken / re["markup"] - bound) / cif},
        index=macro.index,
    )


def _estimate(prior, known, rest, countries, parts, totals, goods):
    model = pyo.ConcreteModel()
    comm, eco = prior.comm.values.tolist(), prior.src.values.tolist()
    value = {
        (c, s, d): float(prior.loc[c, s, d])
        for c in comm
        for s in eco
        for d in eco
        if (s in parts or d in parts)
    }
    value = {k: v for k, v in value.items() if v > SMALLEST}
    model.x = pyo.Var(list(value), bounds=(0, None))
    soft = [(p, f) for p in parts for f in ("exports", "imports")]
    model.total = pyo.Var(soft, bounds=(0, None))
    rows: dict[tuple, list] = {}
    for c, s, d in value:
        if s in countries:
            rows.setdefault(("to", c, s), []).append((c, s, d))
        elif d in countries:
            rows.setdefault(("from", c, d), []).append((c, s, d))

    def hard(b, way, c, country):
        cell = {"src": country, "dst": rest} if way == "to" else {"src": rest, "dst": country}
        return sum(b.x[k] for k in rows[way, c, country]) == float(known.sel(comm=c, **cell))

    model.known_row = pyo.Constraint(list(rows), rule=hard)

    def published(b, p, f):
        at = 1 if f == "exports" else 2
        return sum(b.x[k] for k in value if k[0] in goods and k[at] == p) == b.total[p, f]

    model.published = pyo.Constraint(soft, rule=published)
    terms = [(model.x[k], v, 1.0) for k, v in value.items()]
    terms += [(model.total[p, f], float(totals.at[p, f]), SOFT_WEIGHT) for p, f in soft]
    entropy_objective(model, terms)
    solution = solve_entropy(model)
    estimate = xr.zeros_like(prior)
    for c, s, d in value:
        estimate.loc[c, s, d] = pyo.value(model.x[c, s, d])
    gaps = pd.DataFrame(
        [(p, f, totals.at[p, f], pyo.value(model.total[p, f])) for p, f in soft],
        columns=["part", "flow", "published", "estimate"],
    )
    gaps["ratio"] = gaps.estimate / gaps.published
    return estimate, gaps, solution.report | compare_with_ras(model, solution)
