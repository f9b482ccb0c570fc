"""Value added by factor: a sector pattern, shifted until each region's labour share is the published one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import brentq

from calibration.balance.nlp import BalanceError
from calibration.digits import rounded

PATTERN = Path(__file__).resolve().parent / "factor_pattern.csv"


def pattern(acts: list[str]) -> pd.DataFrame:
    """Pattern of factor shares by activity: columns labour, land, natres (fractions).

    Raises
    ------
    BalanceError
        If an activity has no row.
    """
    table = pd.read_csv(PATTERN, comment="#").set_index("act")
    missing = [a for a in acts if a not in table.index]
    if missing:
        raise BalanceError(
            f"{PATTERN.name} has no row for {', '.join(missing)}; add one and say where it comes from"
        )
    return table.loc[acts, ["labour", "land", "natres"]].astype(float)


def labour_payments(va: xr.DataArray, wages: pd.Series) -> tuple[xr.DataArray, pd.Series]:
    """Wage bill by activity.

    The odds of the labour share of every activity are multiplied by one number in each region, so that
    shares keep their order, stay between 0 and 1, and the region's wage bill is met.

    Parameters
    ----------
    va : DataArray (acts, reg)
        Factor payments, million US$.
    wages : Series
        Wage bill by region, million US$.

    Returns
    -------
    DataArray (acts, reg)
    Series
        Log of the number by region: 0 means that the pattern fits as it is.

    Raises
    ------
    BalanceError
        If a region's wage bill is not below its value added.
    """
    acts = va.acts.values.tolist()
    share = pattern(acts)["labour"].to_numpy()
    odds = np.log(share / (1 - share))
    out, shift = xr.zeros_like(va), {}
    for r in va.reg.values.tolist():
        added = va.sel(reg=r).values
        if not 0 < wages[r] < added.sum():
            raise BalanceError(
                f"{r}: wage bill {wages[r]:.0f} against value added {added.sum():.0f} million US$"
            )

        def gap(s, added=added, goal=wages[r]):
            return float((added / (1 + np.exp(-(odds + s)))).sum() / goal - 1)

        shift[r] = brentq(gap, -20, 20, xtol=1e-15, rtol=1e-15)
        out.loc[{"reg": r}] = added / (1 + np.exp(-(odds + shift[r])))
    return out, pd.Series(shift, name="shift")


def factor_payments(
    va: xr.DataArray, labour: xr.DataArray, skills: xr.DataArray, endowments: list[str]
) -> xr.DataArray:
    """Factor payments (endw, acts, reg) that sum to value added, capital taking the remainder.

    All but capital are rounded (`calibration.balance.closure`), so that no digit depends on the machine.

    Parameters
    ----------
    va, labour : DataArray (acts, reg)
    skills : DataArray (acts, skill, reg)
        Share of each activity's wage bill by skill.
    endowments : list of str
        Land, the skills, Capital, NatRes in the order of the benchmark.

    Returns
    -------
    DataArray (endw, acts, reg)
    """
    table = pattern(va.acts.values.tolist())
    rest = va - labour
    parts = {s: labour * skills.sel(skill=s, drop=True) for s in skills.skill.values.tolist()}
    for name, column in (("Land", "land"), ("NatRes", "natres")):
        share = xr.DataArray(table[column].to_numpy(), dims="acts", coords={"acts": va.acts})
        parts[name] = rest * share
    parts = {k: rounded(v.transpose("acts", "reg")) for k, v in parts.items()}
    parts["Capital"] = va - sum(parts.values())
    out = xr.concat([parts[e] for e in endowments], dim="endw").assign_coords(endw=endowments)
    return out.transpose("endw", "acts", "reg")
