"""Who gains and from what: gains of groups by column, home and host concept, movers at purchasing-power parity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import CGEError

#: Columns: what a gain is made of. Money is at world factor prices, and transfers cancel over the world.
PARTS = {
    "productivity": "from the wage at home to the mover's in the host, before tax, at benchmark wages",
    "wages": "change of wages before tax", "employment": "pay lost to unemployment",
    "capital": "income of capital, land and resources, after tax and depreciation, of whoever owns it",
    "taxes": "labour tax of those who pay it, revenue of the government, revenue shared",
    "remittances": "sent (minus) and received", "payments": "terms of movement, rents, escrow, transfers",
    "prices": "consumer prices: purchasing power at benchmark prices less money at world factor prices",
    "services": "public services that migrants use", "other": "sharing among fewer people, preferences, slacks",
}
_HOUSEHOLD = "household"


def _members(ds: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
    """Per group its gain and columns, over scenario and region or home and host."""
    world = ds.get("pfactwld", 1.0)  # left out of a file in which it stays one
    skills = [str(s) for s in ds["skill"].values]
    out: dict[str, dict[str, xr.DataArray]] = {}

    def of(name: str, skill: str | None = None) -> xr.DataArray:
        if name not in ds:  # terms of movement that no scenario has
            return ds["EV"] * 0.0
        return ds[name] if skill is None else ds[name].sel(skill=skill)

    for s in skills:
        columns = {"wages": of("natwage", skill=s), "employment": of("natemploy", skill=s),
                   "taxes": of("nattax", skill=s)}
        gain = of("EVnat", skill=s)
        out[f"natives {s}"] = {"gain": gain, **columns, "prices": gain - sum(columns.values())}
    capital = of("yown") / world - ds["OWNED0"]
    out["owners"] = {"gain": of("SRCown"), "capital": capital, "prices": of("SRCown") - capital}
    taxes, fees = of("ytax") / world - ds["TAX0"], of("ygovpay") / world
    out["government"] = {"gain": of("EVgov"), "taxes": taxes, "payments": fees, "prices": of("EVgov") - taxes - fees}
    # The gain of the household is what residents' own equivalent variation leaves, so that a gap would show.
    rest = ds["EV"] - sum(g["gain"] for g in out.values())
    received, paid = of("remin") / world - ds["REMIN0"], of("ypaid") / world - ds["PAID0"]
    out[_HOUSEHOLD] = {"gain": rest, "remittances": received, "payments": paid,
                       "prices": of("SRCrem") + of("SRCpaid") - received - paid, "services": of("CNTserv"),
                       "other": of("SRCpop") + of("CNTdpar") + of("SRCother")}
    names = {"wages": "wage", "employment": "employ", "capital": "cap", "taxes": "tax", "remittances": "rem",
             "payments": "paid", "prices": "price"}
    for label, stem, more in (("earlier", "earl", {}), ("movers", "new", {"productivity": "prod"})):
        for s in skills:
            out[f"{label} {s}"] = {"gain": ds[f"EV{stem}"].sel(skill=s),
                                   **{k: of(stem + n, skill=s) for k, n in {**more, **names}.items()}}
    return out


def group_table(ds: xr.Dataset, scenario: str, reg: str | None = None, concept: str = "host") -> pd.DataFrame:
    """Gains of all groups of a region, or of the world, and what they are made of, million US$.

    Parameters
    ----------
    ds : xarray.Dataset
        Results (:func:`cge.results.to_dataset`). A scenario with a reference is counted from it.
    scenario : str
    reg : str, optional
        Region; the world by default.
    concept : str
        ``host``: migrants where they live; ``home``: whence they come.

    Returns
    -------
    pandas.DataFrame
        Rows: natives by skill, owners, government, household (what remittances and payments bring), which together
        are the permanent residents; earlier migrants and new movers by skill; all. Columns: ``gain``, those of
        :data:`PARTS`, and ``residual``: the gain less its parts, which nothing forces to be zero.

    Raises
    ------
    CGEError
        No such scenario, region or concept, or a file written without these variables.
    """
    for what, name, known in (("scenario", scenario, ds["scenario"].values), ("region", reg, ds["reg"].values),
                              ("concept", concept, ("host", "home"))):
        if name is not None and name not in known:
            raise CGEError(f"the results have no {what} '{name}'; they have {', '.join(map(str, known))}")
    if "SRCown" not in ds or "TAX0" not in ds:
        raise CGEError("the results hold no gains by source of income; make them anew with `cge run`")
    reference = str(ds["reference"].sel(scenario=scenario).values)

    def number(a: xr.DataArray) -> float:
        if reg is not None:
            a = a.sel({concept if concept in a.dims else "reg": reg})
        change = a.sel(scenario=scenario)
        if reference != "benchmark":
            change = change - a.sel(scenario=reference)
        return float(change.sum())

    rows = {name: {k: number(a) for k, a in columns.items()} for name, columns in _members(ds).items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=["gain", *PARTS]).fillna(0.0)
    frame["residual"] = frame["gain"] - frame[list(PARTS)].sum(axis=1)
    frame.loc["all"] = frame.sum()
    return frame


def movers_at_ppp(ds: xr.Dataset, price_level: Mapping[str, float]) -> xr.Dataset:
    """New movers' gains with what they spend in the host at the prices of home; memo lines, in no total.

    Benchmark prices are one everywhere, so that gains at market rates are blind to what a dollar buys.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with gains (:func:`cge.welfare.add_gains`).
    price_level : mapping of str to float
        Price level of private consumption by region, base year (Penn World Table: ``pl_c``), in any unit.

    Returns
    -------
    xarray.Dataset
        ``EVnewppp`` (scenario, skill, home, host), million US$ of home: real spending in the host times the price
        level of home over the host's, less the wage left. ``gain_per_mover_ppp``, ``memo_per_mover_ppp`` (scenario,
        skill, reg), US$ of home, the memo with what is sent, at home's consumer prices.

    Raises
    ------
    CGEError
        A region lacks a price level above zero.
    """
    regs = [str(r) for r in ds["reg"].values]
    if lacking := [r for r in regs if not price_level.get(r, 0.0) > 0.0]:
        raise CGEError(f"no price level of {', '.join(lacking)}; give one above zero for every region")
    level = np.array([price_level[r] for r in regs])
    ratio = xr.DataArray(level[:, None] / level[None, :], dims=("home", "host"), coords={"home": regs, "host": regs})
    spent = ds["spendnew"] / ds["ppriv"].rename(reg="host")
    gain = (spent * ratio - ds["mov"] * ds["WNET0"].rename(reg="home")).transpose(*ds["EVnew"].dims)
    number = ds["mov"].sum("host")
    number = number.where(number > 1e-6)
    sent = (ds["remnew"] / ds["ppriv"].rename(reg="home")).sum("host")
    each = (1e3 * gain.sum("host") / number).rename(home="reg")
    memo = (1e3 * (gain.sum("host") + sent) / number).rename(home="reg")
    out = xr.Dataset({"EVnewppp": gain, "gain_per_mover_ppp": each.transpose(*ds["gain_per_mover"].dims),
                      "memo_per_mover_ppp": memo.transpose(*ds["gain_per_mover"].dims)})
    for name, what, unit in (("EVnewppp", "equivalent variation of new movers at purchasing-power parity of home",
                              "million US$ at home prices"),
                             ("gain_per_mover_ppp", "gain per new mover at purchasing-power parity of home", "US$"),
                             ("memo_per_mover_ppp", "memo: the same including what they send, at home prices", "US$")):
        out[name].attrs = {"long_name": what, "units": unit, "counted_from": "benchmark"}
    return out
