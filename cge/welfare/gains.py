"""Gains by group, region and concept, arranged from the equivalent variations that the table computes.

The groups are permanent residents, earlier migrants and new movers. The *home*
concept counts the people of a region wherever they live, the *host* concept
those who live in it. A scenario with a reference is counted from it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

GROUPS = ("permanent residents", "earlier migrants", "new movers")
_MUSD = "million US$"


def add_gains(ds: xr.Dataset) -> xr.Dataset:
    """Add the gain variables to a result Dataset.

    Adds
    ----
    gain_by_host, gain_by_home (scenario, group, reg)
        Equivalent variation, million US$, migrants booked where they live / whence they come.
    gain_world, gain_independent (scenario)
        Sum over all groups, and the independent total: change of consumption,
        government and saving at benchmark prices.
    gain_percent (scenario, concept, reg)
        Residents' / home / host gain in percent of residents' benchmark income.
    gain_per_head (scenario, reg)
        US$ per permanent resident.
    gain_per_mover (scenario, skill, reg)
        US$ per new mover, by home.
    movers, movers_from (scenario, skill, reg)
        New movers by host and by home, thousand workers.
    """
    earlier, movers = ds["EVearl"].sum("skill"), ds["EVnew"].sum("skill")
    by_host = xr.concat([ds["EV"], _reg(earlier.sum("home"), "host"), _reg(movers.sum("home"), "host")],
                        dim=_group())
    by_home = xr.concat([ds["EV"], _reg(earlier.sum("host"), "home"), _reg(movers.sum("host"), "home")],
                        dim=_group())
    world, independent = ds["WEV"], ds["absorb"].sum("reg")
    by_host, by_home, world, independent = (_counted(ds, a) for a in (by_host, by_home, world, independent))
    order = ("scenario", "group", "reg")
    ds["gain_by_host"] = _tag(by_host.transpose(*order), "equivalent variation, migrants booked where they live", _MUSD)
    ds["gain_by_home"] = _tag(by_home.transpose(*order), "equivalent variation, migrants booked at home", _MUSD)
    ds["gain_world"] = _tag(world, "equivalent variation, world, all groups", _MUSD)
    ds["gain_independent"] = _tag(independent, "change of consumption, government, saving at benchmark prices", _MUSD)
    residents = by_host.isel(group=0, drop=True)
    concepts = xr.concat([residents, by_home.sum("group"), by_host.sum("group")],
                         dim=xr.DataArray(["residents", "home", "host"], dims="concept", name="concept"))
    ds["gain_percent"] = _tag((100 * concepts / ds["INCOME"]).transpose("scenario", "concept", "reg"),
                              "gain in percent of permanent residents' benchmark income", "%")
    ds["gain_per_head"] = _tag(residents / ds["POPRES"], "residents' gain per permanent resident", "US$")
    ds["movers"] = _tag(_reg(ds["mov"].sum("home"), "host"), "new movers by host", "thousand workers")
    ds["movers_from"] = _tag(_reg(ds["mov"].sum("host"), "home"), "new movers by home", "thousand workers")
    ds["group"].attrs["long_name"] = "group of people"
    ds["concept"].attrs["long_name"] = "whose gain: residents, people of the region (home), people in it (host)"
    heads = ds["mov"].sum("host")
    per_mover = _reg((1e3 * ds["EVnew"].sum("host") / heads.where(heads > 0)), "home")
    ds["gain_per_mover"] = _tag(per_mover, "equivalent variation per new mover, by home and skill", "US$")
    return ds


def _group() -> xr.DataArray:
    return xr.DataArray(list(GROUPS), dims="group", name="group")


def _reg(a: xr.DataArray, dim: str) -> xr.DataArray:
    return a.rename({dim: "reg"})


def _tag(a: xr.DataArray, what: str, unit: str) -> xr.DataArray:
    a.attrs = {"long_name": what, "units": unit}
    return a


def _counted(ds: xr.Dataset, a: xr.DataArray) -> xr.DataArray:
    """Subtract the reference scenario where there is one."""
    out = a.copy()
    names = list(ds["scenario"].values)
    for i, reference in enumerate(ds["reference"].values):
        if reference != "benchmark":
            out[{"scenario": i}] = a.isel(scenario=i).values - a.isel(scenario=names.index(reference)).values
    return out


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
    """Gains of one scenario by region, a pandas table for printing (billion US$, %, US$)."""
    import pandas as pd

    by_host, by_home = (ds[f"gain_by_{k}"].sel(scenario=scenario) for k in ("host", "home"))
    pct = ds["gain_percent"].sel(scenario=scenario)
    real = 100 * (ds["realwage"].sel(scenario=scenario) - 1)
    capital = 100 * (ds["rental"].sel(scenario=scenario) / ds["ppriv"].sel(scenario=scenario) - 1)
    remittances = ds["remin"].sel(scenario=scenario)
    frame = pd.DataFrame({
        "residents": by_host.sel(group=GROUPS[0]) / 1e3,
        "earlier": by_host.sel(group=GROUPS[1]) / 1e3,
        "movers": by_host.sel(group=GROUPS[2]) / 1e3,
        "host": by_host.sum("group") / 1e3,
        "home": by_home.sum("group") / 1e3,
        "res %": pct.sel(concept="residents"),
        "home %": pct.sel(concept="home"),
        "$/head": ds["gain_per_head"].sel(scenario=scenario),
        **{f"w {s[:4]} %": real.sel(skill=s) for s in ds["skill"].values},
        "rK %": capital,
        "remit.in": remittances / 1e3,
    }, index=list(ds["reg"].values))
    total = frame.sum()
    income = float(ds["INCOME"].sum())
    total["res %"] = 1e5 * total["residents"] / income
    total["home %"] = 1e5 * total["home"] / income
    total["$/head"] = 1e3 * total["residents"] / float(ds["POPRES"].sum())
    for key in frame.columns:
        if key.startswith(("w ", "rK")):
            total[key] = np.nan
    frame.loc["world"] = total
    return frame
