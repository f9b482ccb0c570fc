"""Base-year wages by skill and region when migrants earn less than the host's workers.

Source: after Walmsley and Winters (2005): a mover closes
the share beta of the productivity gap between home and host.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.errors import BenchmarkError

_MAX_ITERATIONS = 500
_TOLERANCE = 1e-13


def base_wages(
    LAB: xr.DataArray, wagebill: xr.DataArray, beta_e: float | xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray]:
    """Wages and relative efficiencies consistent with labour stocks and wage bills.

    Solves, for every skill s and host r,

        W_r sum_h a_hr L_hr = B_r,
        a_hr = min(1, [W_h + beta (W_r - W_h)] / W_r),  a_rr = 1,

    which is piecewise linear in W: W_r a_hr = min(W_r, beta W_r + (1 - beta) W_h).
    Semismooth Newton steps (one linear system per skill) with a fallback on
    the one-region-at-a-time solution, which exists and is unique.

    Parameters
    ----------
    LAB : xarray.DataArray (skill, home, host)
        Workers, thousand.
    wagebill : xarray.DataArray (skill, reg)
        Labour cost at basic prices, gross of labour tax, million US$.
    beta_e : float or xarray.DataArray
        Share of the wage gap closed by earlier migrants, in [0, 1]; an array
        may have any of the dimensions skill, home, host.

    Returns
    -------
    W : xarray.DataArray (skill, reg)
        Wage of a host worker gross of labour tax, million US$ per thousand
        workers; 0 where a region has neither workers nor a wage bill.
    a : xarray.DataArray (skill, home, host)
        Efficiency relative to a host worker, in (0, 1].

    Raises
    ------
    BenchmarkError
        Negative stocks or bills, a bill without workers or workers without a
        bill, no workers of the host's own, beta outside [0, 1], or no convergence.
    """
    LAB = LAB.transpose("skill", "home", "host")
    wagebill = wagebill.transpose("skill", "reg")
    skills, regions = wagebill.coords["skill"].values, wagebill.coords["reg"].values
    stock = LAB.values.astype(float)
    bill = wagebill.values.astype(float)
    beta = np.broadcast_to(
        beta_e.broadcast_like(LAB).transpose("skill", "home", "host").values
        if isinstance(beta_e, xr.DataArray)
        else np.float64(beta_e),
        stock.shape,
    )
    _check_inputs(stock, bill, beta, skills, regions)
    wage = _solve(stock, bill, beta, skills, regions)
    host, home = wage[:, None, :], wage[:, :, None]
    ratio = np.divide(home, host, out=np.ones_like(stock), where=host > 0)
    a = np.minimum(1.0, beta + (1.0 - beta) * ratio)
    a[:, np.arange(len(regions)), np.arange(len(regions))] = 1.0
    coords = {"skill": LAB.coords["skill"].values, "home": regions, "host": regions}
    return (
        xr.DataArray(
            wage,
            dims=("skill", "reg"),
            coords={"skill": skills, "reg": regions},
            name="W",
            attrs={
                "units": "million US$ per thousand workers",
                "long_name": "base-year wage of a host worker, gross of labour tax",
            },
        ),
        xr.DataArray(
            a,
            dims=("skill", "home", "host"),
            coords=coords,
            name="a",
            attrs={"units": "1", "long_name": "efficiency of an earlier migrant relative to a host worker"},
        ),
    )


def _check_inputs(stock, bill, beta, skills, regions) -> None:
    """Refuse stocks and bills for which no wage exists."""
    if not (np.isfinite(stock).all() and np.isfinite(bill).all()):
        raise BenchmarkError(
            "base wages: LAB or the wage bill has cells that are not finite numbers; mend them"
        )
    if (stock < 0).any():
        s, h, r = np.argwhere(stock < 0)[0]
        raise BenchmarkError(
            f"LAB({skills[s]},{regions[h]},{regions[r]}) = {stock[s, h, r]:g} is negative; "
            "a number of workers is zero or more"
        )
    if ((beta < 0) | (beta > 1) | np.isnan(beta)).any():
        raise BenchmarkError("the productivity of earlier migrants (beta) must be between 0 and 1")
    own = np.einsum("shh->sh", stock)
    total = stock.sum(axis=1)
    for wrong, what in (
        (bill < 0, "the wage bill (sum of EVFB over acts) is negative; make it positive"),
        (
            (bill > 0) & (total <= 0),
            "there is a wage bill but no workers; add workers to LAB or move the bill",
        ),
        (
            (bill <= 0) & (total > 0),
            "there are workers but no wage bill; add EVFB or take the workers out of LAB",
        ),
        ((total > 0) & (own <= 0), "all workers are migrants; add workers of the region's own (home = host)"),
    ):
        if wrong.any():
            s, r = np.argwhere(wrong)[0]
            raise BenchmarkError(
                f"base wages, skill {skills[s]}, region {regions[r]}: {what} "
                f"(bill {bill[s, r]:g}, workers {total[s, r]:g})"
            )


def _solve(stock, bill, beta, skills, regions) -> np.ndarray:
    """Wages (skill, reg): Newton on the active set; exact one-region solves where it stalls."""
    n = len(regions)
    eye = np.eye(n, dtype=bool)
    live = bill > 0
    wage = np.divide(bill, stock.sum(axis=1), out=np.zeros_like(bill), where=live)

    def cost(wage):
        """Wage bill implied by wages, and its Jacobian in wages (skill, host, of-region)."""
        host, home = wage[:, None, :], wage[:, :, None]
        poor = (home < host) & ~eye
        matrix = np.where(poor, (1.0 - beta) * stock, 0.0).transpose(0, 2, 1)
        matrix = matrix + eye * np.where(poor, beta * stock, stock).sum(axis=1)[:, :, None]
        return np.einsum("srh,sh->sr", matrix, wage), matrix

    def residual(wage):
        implied, matrix = cost(wage)
        return np.divide(implied - bill, bill, out=np.zeros_like(bill), where=live), matrix

    error, matrix = residual(wage)
    for _ in range(_MAX_ITERATIONS):
        worst = np.abs(error).max(axis=1, initial=0.0)
        if (worst <= _TOLERANCE).all():
            return wage
        # Regions without the skill keep a wage of zero: a unit row.
        rows = np.where(live[:, :, None], matrix, eye)
        try:
            newton = np.linalg.solve(rows, np.where(live, bill, 0.0)[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            newton = np.full_like(wage, np.nan)
        trial = np.where(np.isfinite(newton).all(axis=1, keepdims=True), newton, wage)
        trial_error, trial_matrix = residual(trial)
        better = (
            (np.abs(trial_error).max(axis=1, initial=0.0) < worst)
            & ((trial > 0) | ~live).all(axis=1)
            & np.isfinite(newton).all(axis=1)
        )
        if not (better | (worst <= _TOLERANCE)).all():
            fallback = 0.5 * (wage + _one_region_at_a_time(wage, stock, bill, beta, live))
            trial = np.where(better[:, None], trial, fallback)
            trial_error, trial_matrix = residual(trial)
        change = np.abs(trial - wage).max(initial=0.0)
        wage, error, matrix = trial, trial_error, trial_matrix
        if change == 0.0:
            break
    worst = np.abs(error)
    if (
        worst.max(initial=0.0) <= 1e-11
    ):  # rounding of a badly scaled row; far below the balance of the accounts
        return wage
    s, r = np.unravel_index(int(worst.argmax()), worst.shape)
    raise BenchmarkError(
        f"base wages did not converge: skill {skills[s]}, region {regions[r]}, relative gap "
        f"{worst[s, r]:.1e} between wages x workers and the wage bill; check LAB and EVFB there (very many "
        "migrants from a richer region, or beta near 0, make the wages ill-determined)"
    )


def _one_region_at_a_time(wage, stock, bill, beta, live) -> np.ndarray:
    """Wage of each region that meets its bill, the others' wages given.

    g(w) = sum_h L_h min(w, beta_h w + (1 - beta_h) W_h) increases in w with
    kinks at the homes' wages, so the right piece is found by evaluating g there.
    """
    out = wage.copy()
    for s, r in np.argwhere(live):
        home, people, b = wage[s].copy(), stock[s, :, r], beta[s, :, r]
        home[r] = np.inf  # the host's own workers always earn w
        kinks = np.sort(home[np.isfinite(home)])
        bills = np.where(
            home >= kinks[:, None],
            people * kinks[:, None],
            people * (b * kinks[:, None] + (1 - b) * np.where(np.isinf(home), 0, home)),
        ).sum(axis=1)
        below = kinks[bills <= bill[s, r]]
        low = below[-1] if below.size else 0.0
        poor = home <= low
        slope = people[~poor].sum() + (b * people)[poor].sum()
        level = ((1 - b[poor]) * people[poor] * home[poor]).sum()
        out[s, r] = (bill[s, r] - level) / slope
    return out


def migrant_accounts(bench: Benchmark) -> dict[str, xr.DataArray]:
    """Wages, incomes, remittances and consumption of earlier migrants.

    Parameters
    ----------
    bench : Benchmark
        With labour stocks (LAB).

    Returns
    -------
    dict
        ``W`` (skill, reg), ``a`` (skill, home, host), ``tax`` (skill, reg: labour
        tax rate 1 - EVOS/EVFB), ``income`` (skill, home, host: after-tax wages of
        migrants, million US$, diagonal 0), ``remit`` (skill, home, host) and
        ``consumption`` (home, host): income less remittances..
    """
    regions = list(bench.sets["reg"])
    skills = list(bench.sets["skill"])
    gross = bench["EVFB"].sel(endw=skills).sum("acts").rename(endw="skill")
    net = bench["EVOS"].sel(endw=skills).sum("acts").rename(endw="skill")
    lab = bench["LAB"]
    wage, a = base_wages(lab, gross, bench.beta_earlier)
    keep = (net / gross.where(gross > 0)).fillna(1.0)
    away = xr.DataArray(
        1.0 - np.eye(len(regions)), dims=("home", "host"), coords={"home": regions, "host": regions}
    )
    income = (lab * a * (wage * keep).rename(reg="host") * away).transpose("skill", "home", "host")
    remit = bench["REMIT"]
    return {
        "W": wage,
        "a": a,
        "tax": 1.0 - keep,
        "income": income,
        "remit": remit,
        "consumption": (income - remit).sum("skill"),
    }
