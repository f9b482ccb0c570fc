"""Movers and earlier migrants at purchasing-power parity of their homes: memo lines beside gains at market rates.

Benchmark prices are one everywhere, so that gains at market exchange rates are blind to what a dollar buys. Here what
people spend in the host is multiplied by the price level of home over that of the host, and what is sent home counts
at the prices of home (docs/model.md, section Welfare). The money is then that of home, as that of those who stayed is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import CGEError
from cge.welfare.counting import BENCHMARK, NOBODY, as_reg, check_choice, counted, group_dimension, tagged

#: The benchmark array of price levels.
PRICE_LEVEL = "PRICELEVEL"
_HOME_USD, _HOME_MUSD = "US$ at prices of home", "million US$ at prices of home"
_US_USD = "US$ at prices of the United States"


def movers_at_ppp(ds: xr.Dataset, price_level: Mapping[str, float] | None = None) -> xr.Dataset:
    """Gains with what migrants spend in the host at the prices of home; memo lines, in no other total.

    Parameters
    ----------
    ds : xarray.Dataset
        Results (:func:`cge.results.to_dataset`).
    price_level : mapping of str to float, optional
        Price level of private consumption by region, base year, United States = 1 (the unit matters for
        ``base_per_mover_ppp`` only). By default array PRICELEVEL of the benchmark (Penn World Table: ``pl_c``).

    Returns
    -------
    xarray.Dataset
        ``EVnewppp``, ``EVearlppp`` (scenario, skill, home, host), million US$ at prices of home: real spending in the
        host times the price level of home over the host's, less the wage left (less the same in the benchmark).
        ``gain_per_mover_ppp``, ``memo_per_mover_ppp`` (scenario, skill, reg), the same US$ per mover by home; the memo
        with what they send and arrives, at home's consumer prices. ``gain_per_mover_ppp_percent`` (scenario, skill,
        reg): in percent of the wage left. ``base_per_mover_ppp`` (skill, reg): that wage, US$ at prices of the United
        States. ``gain_by_home_ppp`` (scenario, group, reg), ``gain_world_ppp`` (scenario): residents, earlier migrants
        and movers of each home, million US$ at its prices; sum over homes. These two are counted from the
        scenario's reference, the others from the benchmark.

    Raises
    ------
    CGEError
        The benchmark has no price levels and none are given; a region lacks one above zero.
    """
    if price_level is None:
        if PRICE_LEVEL not in ds:
            raise CGEError(no_price_levels(ds))
        price_level = {str(r): float(p) for r, p in zip(ds["reg"].values, ds[PRICE_LEVEL].values, strict=True)}
    level = _levels(ds, price_level)
    ratio = level.rename(reg="home") / level.rename(reg="host")
    cell, each = ds["EVnew"].dims, ("scenario", "skill", "reg")
    spent, before = _new(ds)
    gain = (spent * ratio - before).transpose(*cell)
    earlier = (ds["EVearl"] * ratio).transpose(*cell)
    number = ds["mov"].sum("host")
    number = number.where(number > NOBODY)
    per_mover = as_reg(1e3 * gain.sum("host") / number, "home").transpose(*each)
    memo = as_reg(1e3 * (gain + _arrives(ds)).sum("host") / number, "home").transpose(*each)
    wage = 1e3 * ds["WNET0"]
    by_home = xr.concat([ds["EV"], as_reg(earlier.sum(("skill", "host")), "home"),
                         as_reg(gain.sum(("skill", "host")), "home")], dim=group_dimension())
    by_home = counted(ds, by_home.transpose("scenario", "group", "reg"))
    at = "at purchasing-power parity of home"
    return xr.Dataset({
        "EVnewppp": tagged(gain, f"equivalent variation of new movers {at}", _HOME_MUSD, BENCHMARK),
        "EVearlppp": tagged(earlier, f"equivalent variation of earlier migrants {at}", _HOME_MUSD, BENCHMARK),
        "gain_per_mover_ppp": tagged(per_mover, f"gain per new mover {at}, by home and skill", _HOME_USD, BENCHMARK),
        "memo_per_mover_ppp": tagged(memo, f"memo: gain per new mover {at} including what they send and arrives, at "
                                     "home's consumer prices", _HOME_USD, BENCHMARK),
        "gain_per_mover_ppp_percent": tagged(100 * per_mover / wage.where(wage > 0),
                                             f"gain per new mover {at} in percent of the wage left", "%", BENCHMARK),
        "base_per_mover_ppp": tagged((wage / level).transpose("skill", "reg"), "benchmark after-tax wage at home that "
                                     "a new mover leaves, purchasing-power parity", _US_USD, BENCHMARK),
        "gain_by_home_ppp": tagged(by_home, f"memo: gains by home, migrants {at}", _HOME_MUSD),
        "gain_world_ppp": tagged(by_home.sum(("group", "reg")), f"memo: world gain, migrants {at}", _HOME_MUSD)})


def no_price_levels(ds: xr.Dataset) -> str:
    """Why results hold nothing at purchasing-power parity, and the repair."""
    return (f"nothing is at purchasing-power parity: benchmark '{ds.attrs.get('benchmark', '')}' of these results has "
            f"no array {PRICE_LEVEL} (price level of household consumption by region); add labour/{PRICE_LEVEL}.csv "
            "and run again")


def mover_table(ds: xr.Dataset, scenario: str, reg: str | None = None, concept: str = "home") -> pd.DataFrame:
    """What new movers leave and gain each, US$ a year, counted from the benchmark.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with gains (:func:`cge.welfare.add_gains`).
    scenario : str
    reg : str, optional
        Movers from it (``concept="home"``) or to it (``"host"``); all by default.
    concept : str

    Returns
    -------
    pandas.DataFrame
        Rows: skills with movers; all, where there are several. Columns: ``movers`` (thousand), ``left`` (benchmark
        after-tax wage at home), ``gain``, ``gain %`` (of what is left), ``memo`` (with what is sent, at the host's
        prices), and with price levels ``gain PPP``, ``gain PPP %``, ``memo PPP`` (US$ at prices of home, as ``left``
        is), ``left int.`` and ``gain int.`` (the wage left and the gain at PPP in international dollars, US$ at prices
        of the United States). Empty where nobody moves.

    Raises
    ------
    CGEError
        No such scenario, region or concept.
    """
    check_choice(ds, scenario, reg, concept)
    here = ds.sel(scenario=scenario)
    before, power = _new(here)[1], here["spendpower"] / here["ppriv"]
    sums = {"movers": here["mov"], "left": before, "gain": here["EVnew"],
            "memo": here["EVnew"] + here["remnew"] * power.rename(reg="host")}
    if "EVnewppp" in here:
        gain = here["EVnewppp"]
        sums |= {"gain PPP": gain, "memo PPP": gain + _arrives(here)}
        if PRICE_LEVEL in here:
            home = here[PRICE_LEVEL].rename(reg="home")
            sums |= {"left int.": before / home, "gain int.": gain / home}
    chosen = {n: (a if reg is None else a.sel({concept: reg})) for n, a in sums.items()}
    frame = pd.DataFrame({n: a.sum([d for d in a.dims if d != "skill"]).to_series() for n, a in chosen.items()})
    frame = frame[frame["movers"] > NOBODY]
    if len(frame) > 1:
        frame.loc["all"] = frame.sum()
    number = frame["movers"]
    out = 1e3 * frame.drop(columns="movers").div(number, axis=0)
    out.insert(0, "movers", number)
    out.insert(3, "gain %", 100 * frame["gain"] / frame["left"])
    if "gain PPP" in out:
        out.insert(out.columns.get_loc("gain PPP") + 1, "gain PPP %", 100 * frame["gain PPP"] / frame["left"])
    return out.rename_axis(None)


def _levels(ds: xr.Dataset, price_level: Mapping[str, float]) -> xr.DataArray:
    regs = [str(r) for r in ds["reg"].values]
    if lacking := [r for r in regs if not (price_level.get(r, 0.0) > 0.0 and np.isfinite(price_level[r]))]:
        raise CGEError(f"no price level of {', '.join(lacking)}; give one above zero for every region")
    return xr.DataArray([price_level[r] for r in regs], dims="reg", coords={"reg": regs})


def _new(ds: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Real spending of new movers in the host, and the benchmark wages they left, million US$."""
    return ds["spendnew"] / ds["ppriv"].rename(reg="host"), ds["mov"] * ds["WNET0"].rename(reg="home")


def _arrives(ds: xr.Dataset) -> xr.DataArray:
    """What new movers send and arrives, at home's consumer prices, million US$."""
    kept = 1.0 - ds["remcostnew"] if "remcostnew" in ds else 1.0
    return ds["remnew"] * kept / ds["ppriv"].rename(reg="home")
