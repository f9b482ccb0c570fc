"""Gains by group, region and concept, arranged from the equivalent variations that the table computes.

The groups are permanent residents, earlier migrants and new movers. The *home*
concept counts the people of a region wherever they live, the *host* concept
those who live in it. A scenario with a reference is counted from it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.results.dataset import label_coordinates
from cge.welfare.counting import BENCHMARK, GROUPS, MUSD, NOBODY, as_reg, counted, group_dimension, tagged
from cge.welfare.ppp import PRICE_LEVEL, movers_at_ppp

CONCEPTS = ("residents", "earlier migrants", "home", "host")


def add_gains(ds: xr.Dataset) -> xr.Dataset:
    """Add the gain variables to a result Dataset.

    Attribute ``counted_from`` of each says whether the base is the scenario's reference or the benchmark.

    Adds
    ----
    gain_by_host, gain_by_home (scenario, group, reg)
        Equivalent variation, million US$, migrants booked where they live / whence they come.
    gain_world, gain_independent (scenario)
        Sum over all groups, and the independent total: change of consumption,
        government and saving at benchmark prices.
    base_income (scenario, concept, reg), heads (scenario, concept, reg)
        Benchmark income (million US$) and number (million persons) of the people whose gain it is: residents who
        stay, earlier migrants where they live, people of the region (home), people in it (host).
    gain_percent, gain_per_head (scenario, concept, reg)
        Gain of those people in percent of their benchmark income, and US$ per head.
    gain_per_mover, memo_per_mover (scenario, skill, reg)
        US$ per new mover, by home; the memo counts what they send as if they spent it, and is in no total.
    escrow_per_mover (scenario, skill, reg)
        Only with terms of movement: US$ per new mover paid out of the escrow at home, at base prices there; a memo too.
    movers, movers_from (scenario, skill, reg)
        New movers by host and by home, thousand workers.
    base_per_mover (skill, reg), gain_per_mover_percent (scenario, skill, reg)
        After-tax wage at home in the benchmark, which a mover leaves, US$ a year; gain per mover in percent of it.

    Where the benchmark has price levels (array PRICELEVEL), also what :func:`cge.welfare.movers_at_ppp` gives.
    """
    earlier, movers = ds["EVearl"].sum("skill"), ds["EVnew"].sum("skill")
    by_host = xr.concat([ds["EV"], as_reg(earlier.sum("home"), "host"), as_reg(movers.sum("home"), "host")],
                        dim=group_dimension())
    by_home = xr.concat([ds["EV"], as_reg(earlier.sum("host"), "home"), as_reg(movers.sum("host"), "home")],
                        dim=group_dimension())
    world, independent = ds["WEV"], ds["absorb"].sum("reg")
    by_host, by_home, world, independent = (counted(ds, a) for a in (by_host, by_home, world, independent))
    order = ("scenario", "group", "reg")
    ds["gain_by_host"] = tagged(by_host.transpose(*order), "equivalent variation, migrants booked where they live",
                                MUSD)
    ds["gain_by_home"] = tagged(by_home.transpose(*order), "equivalent variation, migrants booked at home", MUSD)
    ds["gain_world"] = tagged(world, "equivalent variation, world, all groups", MUSD)
    ds["gain_independent"] = tagged(independent, "change of consumption, government, saving at benchmark prices",
                                    MUSD)
    gains = _concepts(by_host.isel(group=0, drop=True), by_host.isel(group=1, drop=True), by_home.sum("group"),
                      by_host.sum("group"))
    income, heads = _base_income(ds), _heads(ds)
    ds["base_income"] = tagged(income, "benchmark income of the people whose gain is counted", MUSD, BENCHMARK)
    ds["heads"] = tagged(heads, "people whose gain is counted", "million persons", BENCHMARK)
    ds["gain_percent"] = tagged(100 * gains / income.where(income > 0),
                                "gain in percent of the benchmark income of the people whose gain it is", "%")
    ds["gain_per_head"] = tagged(gains / heads.where(heads > 0), "gain per head of the people whose gain it is", "US$")
    ds["movers"] = tagged(as_reg(ds["mov"].sum("home"), "host"), "new movers by host", "thousand workers", BENCHMARK)
    ds["movers_from"] = tagged(as_reg(ds["mov"].sum("host"), "home"), "new movers by home", "thousand workers",
                               BENCHMARK)
    number = ds["mov"].sum("host")
    number = number.where(number > NOBODY)
    # At prices of the host, where it would have been spent.
    sent = (ds["remnew"] * ds["spendpower"].rename(reg="host") / ds["ppriv"].rename(reg="host")).sum("host")
    gain = ds["EVnew"].sum("host")
    ds["gain_per_mover"] = tagged(as_reg(1e3 * gain / number, "home"),
                                  "equivalent variation per new mover, by home and skill", "US$", BENCHMARK)
    ds["memo_per_mover"] = tagged(as_reg(1e3 * (gain + sent) / number, "home"),
                                  "memo: gain per new mover including what they send, by home and skill", "US$",
                                  BENCHMARK)
    base = as_reg(1e3 * ds["WNET0"].rename(reg="home"), "home")
    ds["base_per_mover"] = tagged(base, "benchmark after-tax wage at home that a new mover leaves, by home and skill",
                                  "US$", BENCHMARK)
    ds["gain_per_mover_percent"] = tagged(100 * ds["gain_per_mover"] / base.where(base > 0),
                                          "gain per new mover in percent of the wage left at home", "%", BENCHMARK)
    if "escrow" in ds:
        back = (ds["escrow"] / ds["ppriv"].rename(reg="home")).sum("host")
        ds["escrow_per_mover"] = tagged(as_reg(1e3 * back / number, "home"),
                                        "memo: escrow paid out at home per new mover, by home and skill", "US$",
                                        BENCHMARK)
    if PRICE_LEVEL in ds:
        ds.update(movers_at_ppp(ds))
    label_coordinates(ds)
    return ds


def _concepts(residents: xr.DataArray, earlier: xr.DataArray, home: xr.DataArray, host: xr.DataArray) -> xr.DataArray:
    """Four ways to count, stacked along ``concept``."""
    dim = xr.DataArray(list(CONCEPTS), dims="concept", name="concept")
    parts = [a.reset_coords(drop=True) for a in (residents, earlier, home, host)]
    return xr.concat(parts, dim=dim).transpose("scenario", "concept", "reg")


def _base_income(ds: xr.Dataset) -> xr.DataArray:
    """Benchmark income of the people of each concept, million US$ (scenario, concept, reg): those who leave take
    their benchmark after-tax wage with them."""
    earlier = ds["SPENDE0"].sum("skill")
    away, here = as_reg(earlier.sum("host"), "home"), as_reg(earlier.sum("home"), "host")
    left = (ds["mov"] * ds["WNET0"].rename(reg="home")).sum("skill")
    stay = ds["INCOME"] - as_reg(left.sum("host"), "home")
    return _concepts(stay, here.broadcast_like(stay), (ds["INCOME"] + away).broadcast_like(stay),
                     stay + here + as_reg(left.sum("home"), "host"))


def _heads(ds: xr.Dataset) -> xr.DataArray:
    """People of each concept, million persons (scenario, concept, reg); new movers with their dependants."""
    stay = ds["POPRES"] * ds["popres"]
    here = ds["POP"] - ds["POPRES"]
    away = as_reg(ds["MPOP"].sum("host"), "home") / 1e3 if "MPOP" in ds else 0.0 * here
    moved = ds["mov"].sum("skill") * (1.0 + ds["FAMILY"]) / 1e3
    return _concepts(stay, here.broadcast_like(stay), stay + away + as_reg(moved.sum("host"), "home"),
                     stay + here + as_reg(moved.sum("home"), "host"))


def first_order(ds: xr.Dataset, scenario: str, beta: float) -> float:
    """First-order world gain of a movement of workers, million US$.

    ``beta * sum over skills, homes, hosts of movers * (W_host - W_home)`` with
    wages gross of labour tax: the productivity gap that movers close, times
    their number. For a pool this is ``beta * sum q N_host (W_host - mean W_home)``.
    """
    mov, wage = ds["mov"].sel(scenario=scenario), ds["WAGE0"]
    gap = wage.rename(reg="host") - wage.rename(reg="home")
    return float(beta * (mov * gap).sum())


def share_of(ds: xr.Dataset, scenario: str, regions: list[str], concept: str = "home") -> float:
    """Share of a group of regions in the world gain of a scenario."""
    gain = ds[f"gain_by_{concept}"].sel(scenario=scenario).sum("group")
    return float(gain.sel(reg=regions).sum() / gain.sum())


def region_table(ds: xr.Dataset, scenario: str):
    """What one scenario changes by region, a pandas table for printing (billion US$, %, US$).

    Every column is counted from the scenario's reference, or from the benchmark where it has none. With capital owned
    abroad the last column is capital income received less paid.
    """
    import pandas as pd

    def of(a: xr.DataArray) -> xr.DataArray:
        return a.sel(scenario=scenario)

    by_host, by_home = (of(ds[f"gain_by_{k}"]) for k in ("host", "home"))
    pct, head = of(ds["gain_percent"]), of(ds["gain_per_head"])
    real = 100 * (of(counted(ds, ds["realwage"], index=True)) - 1)
    capital = 100 * (of(counted(ds, ds["rental"] / ds["ppriv"], index=True)) - 1)
    frame = pd.DataFrame({
        "residents": by_host.sel(group=GROUPS[0]) / 1e3,
        "earlier": by_host.sel(group=GROUPS[1]) / 1e3,
        "movers": by_host.sel(group=GROUPS[2]) / 1e3,
        "host": by_host.sum("group") / 1e3,
        "home": by_home.sum("group") / 1e3,
        "res %": pct.sel(concept="residents"),
        "home %": pct.sel(concept="home"),
        "$/head": head.sel(concept="residents"),
        **{f"w {s[:4]} %": real.sel(skill=s) for s in ds["skill"].values},
        "rK %": capital,
        "d remit": of(counted(ds, ds["remin"] - ds["REMIN0"])) / 1e3,
        **({"d cap.": of(counted(ds, ds["capin"] - ds["capout"] - ds["CAPNET0"])) / 1e3} if "CAPNET0" in ds else {}),
    }, index=list(ds["reg"].values))
    total = frame.sum()
    income, heads = (of(ds[n]).sum("reg") for n in ("base_income", "heads"))
    total["res %"] = 1e5 * total["residents"] / float(income.sel(concept="residents"))
    total["home %"] = 1e5 * total["home"] / float(income.sel(concept="home"))
    total["$/head"] = 1e3 * total["residents"] / float(heads.sel(concept="residents"))
    for key in frame.columns:
        if key.startswith(("w ", "rK")):
            total[key] = np.nan
    frame.loc["world"] = total
    return frame


def people_table(ds: xr.Dataset, scenario: str):
    """Who gains how much by region, and what happens to trade: a pandas table for printing.

    Gains in percent of benchmark income and US$ per head, of earlier migrants (where they live), people of the region
    (home) and people in it (host); volumes of exports and imports, %; tariff revenue, billion US$. Counted as
    :func:`region_table` does, the level of tariff revenue excepted.
    """
    import pandas as pd

    def of(a: xr.DataArray) -> xr.DataArray:
        return a.sel(scenario=scenario)

    columns: dict[str, xr.DataArray] = {}
    world: dict[str, float] = {}
    income, heads = of(ds["base_income"]), of(ds["heads"])
    for concept in CONCEPTS[1:]:
        name = concept.split()[0]
        percent, head = (of(ds[f"gain_{k}"]).sel(concept=concept) for k in ("percent", "per_head"))
        columns |= {f"{name} %": percent, f"{name} $/head": head}
        gain = float((percent * income.sel(concept=concept)).sum())
        world |= {f"{name} %": gain / max(float(income.sel(concept=concept).sum()), 1e-12),
                  f"{name} $/head": gain / 100 / max(float(heads.sel(concept=concept).sum()), 1e-12)}
    for name, variable in (("exports %", "qxwreg"), ("imports %", "qmwreg")):
        columns[name] = 100 * (of(counted(ds, ds[variable], index=True)) - 1)
    world["exports %"] = 100 * (float(of(counted(ds, ds["qxwwld"], index=True))) - 1)
    columns |= {"tariffs": of(ds["taxrimp"]) / 1e3, "d tariffs": of(counted(ds, ds["taxrimp"] - ds["TAXRIMP0"])) / 1e3}
    frame = pd.DataFrame(columns, index=list(ds["reg"].values))
    world |= {k: float(frame[k].sum()) for k in ("tariffs", "d tariffs")}
    frame.loc["world"] = pd.Series(world)
    return frame
