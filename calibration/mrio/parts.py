"""National tables of the parts of the rest of the world: borrowed technology, own trade, own size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from calibration.mrio.clean import FINAL
from calibration.mrio.table import Economies

# Least share of domestic supply in the absorption of a commodity (assumption): where borrowed demand is too
# small for the imports that partners report, demand for the commodity is raised until this holds.
LEAST_DOMESTIC = 0.10
# First guess of final demand at basic prices over GDP at market prices; only the pattern of the table
# depends on it, since its level is rescaled to published GDP with the tax rates (assumption).
BASIC_OVER_MARKET = 0.92
BOUND = 4.0


@dataclass(frozen=True)
class PartTables:
    """Tables of the parts and the report.

    Attributes
    ----------
    tables : Economies
        Parts only; ``trade`` is not set here (an empty array).
    report : DataFrame
        By part: agriculture, industry, services in value added, published and reached; commodities whose row
        multiplier is at its bound.
    """

    tables: Economies
    report: pd.DataFrame


def part_tables(
    explicit: Economies,
    trade: xr.DataArray,
    macro: pd.DataFrame,
    facts: dict,
    groups: dict[str, list[str]],
    margin: pd.Series,
) -> PartTables:
    """Build a table for each part.

    Total input coefficients and the composition of final demand are unweighted means over the comparable
    countries. Output solves x = A x + F + X - M with the part's own trade. Rows of A and F are then scaled,
    columns kept at their sums, until value added by agriculture, industry and services has its published
    shares and no commodity is imported beyond `LEAST_DOMESTIC` of its absorption. Import shares are the
    same for all users.

    Parameters
    ----------
    explicit : Economies
        Explicit countries.
    trade : DataArray (comm, src, dst)
        As `split_trade` returns it.
    macro : DataFrame
        Index part; gdp (million US$), cons_share, gov_share, inv_share.
    facts : dict
        ``part`` -> technology, value_added (percent: agriculture, industry, services).
    groups : dict of str to list of str
        agriculture, industry, services -> commodities.
    margin : Series
        Supply of international margins by part (million US$), from the last commodity of ``transport``.

    Returns
    -------
    PartTables
    """
    comm = explicit.zd.comm.values.tolist()
    transport = groups["transport"][0]
    zd, zm, fd, fm, rows = [], [], [], [], []
    for part in macro.index:
        out_x = trade.sel(src=part).sum("dst").values.copy()
        out_x[comm.index(transport)] += margin[part]
        bought = trade.sel(dst=part).sum("src").values
        coef, comp = _technology(explicit, facts["part"][part]["technology"])
        spend = macro.loc[part, ["cons_share", "gov_share", "inv_share"]].to_numpy(float)
        total = macro.at[part, "gdp"] * BASIC_OVER_MARKET - out_x.sum() + bought.sum()
        spend = spend / spend.sum() * total
        target = np.array(facts["part"][part]["value_added"], dtype=float)
        members = [np.array([c in groups[g] for c in comm]) for g in ("agriculture", "industry", "services")]
        a, f, x, mult = _solve(coef, comp * spend, out_x, bought, members, target / target.sum())
        use = a @ x + f.sum(1)
        share = np.minimum(bought / use, 1.0)
        z = a * x
        zd.append(z * (1 - share)[:, None])
        zm.append(z * share[:, None])
        fd.append(f * (1 - share)[:, None])
        fm.append(f * share[:, None])
        added = x * (1 - a.sum(0))
        got = [added[m].sum() / added.sum() for m in members]
        edge = " ".join(c for c, k in zip(comm, mult, strict=True) if not 1.01 / BOUND < k < BOUND / 1.01)
        rows.append((part, *(target / target.sum()).round(3), *np.round(got, 3), edge))
    eco = list(macro.index)
    names = {"comm": comm, "acts": comm, "use": list(FINAL), "eco": eco}

    def array(values, *dims):
        return xr.DataArray(np.stack(values, axis=-1), dims=dims, coords={d: names[d] for d in dims})

    report = pd.DataFrame(
        rows,
        columns=[
            "part",
            "agriculture_published",
            "industry_published",
            "services_published",
            "agriculture",
            "industry",
            "services",
            "at_bound",
        ],
    )
    supply = xr.DataArray(margin.reindex(eco).to_numpy(float), dims="eco", coords={"eco": eco})
    tables = Economies(
        array(zd, "comm", "acts", "eco"),
        array(zm, "comm", "acts", "eco"),
        array(fd, "comm", "use", "eco"),
        array(fm, "comm", "use", "eco"),
        trade.isel(comm=slice(0, 0)),
        supply,
    )
    return PartTables(tables, report)


def _technology(explicit: Economies, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean total input coefficients (comm, acts) and composition of final uses (comm, use).

    A country that does not make a product has no coefficients for it; the others' mean stands in.
    """
    coef, comp = [], []
    for c in names:
        z = (explicit.zd + explicit.zm).sel(eco=c).values
        f = (explicit.fd + explicit.fm).sel(eco=c).values
        sold = explicit.zd.sel(eco=c).sum("acts") + explicit.fd.sel(eco=c).sum("use")
        out = (sold + explicit.trade.sel(src=c).sum("dst")).values
        coef.append(np.divide(z, out, out=np.full_like(z, np.nan), where=out > 0))
        comp.append(f / f.sum(0))
    mean = np.nanmean if np.isnan(coef).any() else np.mean
    return mean(coef, axis=0), np.mean(comp, axis=0)


def _solve(coef, final, sold, bought, members, target):
    """Row multipliers by damped fixed point; returns coefficients, final demand, output, multipliers."""
    mult = np.ones(len(sold))
    columns, totals = coef.sum(0), final.sum(0)
    least = 1.0 / (1.0 - LEAST_DOMESTIC)
    for _ in range(400):
        a = coef * mult[:, None]
        a = a * (columns / a.sum(0))
        f = final * mult[:, None]
        f = f * (totals / f.sum(0))
        x = np.linalg.solve(np.eye(len(sold)) - a, f.sum(1) + sold - bought)
        use = a @ x + f.sum(1)
        short = np.maximum(bought * least / np.maximum(use, 1e-6 * bought), 1.0)
        added = x * (1 - columns)
        step = short**0.5
        for m, t in zip(members, target, strict=True):
            step[m] *= np.clip(t / max(added[m].sum() / added.sum(), 1e-3), 0.5, 2.0) ** 0.2
        mult = np.clip(mult * step, 1.0 / BOUND, BOUND)
    # After the cap a commodity still short of demand is produced at the least share, demand rising to
    # imports.
    f[:, 2] += np.maximum(bought * least - use, 0.0)
    x = np.linalg.solve(np.eye(len(sold)) - a, f.sum(1) + sold - bought)
    return a, f, x, mult
