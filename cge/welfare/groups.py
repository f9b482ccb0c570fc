"""Who gains and from what: gains of groups by column, home and host concept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import CGEError
from cge.welfare.counting import BENCHMARK, check_choice

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


def _number(ds: xr.Dataset, a: xr.DataArray, scenario: str, reg: str | None, concept: str) -> float:
    """A gain or column of one scenario, counted from its reference, of a region or the world."""
    if reg is not None:
        a = a.sel({concept if concept in a.dims else "reg": reg})
    change, reference = a.sel(scenario=scenario), str(ds["reference"].sel(scenario=scenario).values)
    if reference != BENCHMARK:
        change = change - a.sel(scenario=reference)
    return float(change.sum())


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
        :data:`PARTS`, and ``residual``: the gain less its parts. It tests the rows of household and migrants; for
        natives, owners and government ``prices`` is what the others leave.

    Raises
    ------
    CGEError
        No such scenario, region or concept, or a file written without these variables.
    """
    check_choice(ds, scenario, reg, concept)
    if "SRCown" not in ds or "TAX0" not in ds:
        raise CGEError("the results hold no gains by source of income; make them anew with `cge run`")
    rows = {name: {k: _number(ds, a, scenario, reg, concept) for k, a in columns.items()}
            for name, columns in _members(ds).items()}
    frame = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=["gain", *PARTS]).fillna(0.0)
    frame["residual"] = frame["gain"] - frame[list(PARTS)].sum(axis=1)
    frame.loc["all"] = frame.sum()
    return frame


def variation_table(ds: xr.Dataset, scenario: str, reg: str | None = None, concept: str = "host") -> pd.DataFrame:
    """Equivalent beside compensating variation by group, of a region or of the world, million US$.

    Parameters
    ----------
    ds, scenario, reg, concept
        As for :func:`group_table`.

    Returns
    -------
    pandas.DataFrame
        Rows: permanent residents, earlier migrants and new movers by skill, all. Columns: ``EV`` (benchmark prices),
        ``CV`` (new prices, dollars of the numeraire), ``CV - EV``, and with price levels ``EV PPP`` (migrants at
        purchasing-power parity of home, :func:`cge.welfare.movers_at_ppp`). Where the scenario has a reference ``CV``
        is migrants' real gain over it at the scenario's prices, and NaN for residents and all.

    Raises
    ------
    CGEError
        No such scenario, region or concept, or a file written without compensating variations.
    """
    check_choice(ds, scenario, reg, concept)
    if "CV" not in ds:
        raise CGEError("the results hold no compensating variations; make them anew with `cge run`")
    columns = {"EV": "{}", "CV": "{}", "EV PPP": "{}ppp"} if "EVnewppp" in ds else {"EV": "{}", "CV": "{}"}
    rows = {"permanent residents": {k: ds[k[:2]] for k in columns}}
    for label, stem in (("earlier", "earl"), ("movers", "new")):
        for s in ds["skill"].values:
            rows[f"{label} {s}"] = {k: ds[form.format(k[:2] + stem)].sel(skill=s) for k, form in columns.items()}
    frame = pd.DataFrame.from_dict({name: {k: _number(ds, a, scenario, reg, concept) for k, a in arrays.items()}
                                    for name, arrays in rows.items()}, orient="index")
    if str(ds["reference"].sel(scenario=scenario).values) != BENCHMARK:
        # Variations at the new prices of two scenarios have no difference that means anything. Migrants' is their real
        # gain over the reference at the scenario's prices; residents' would need utility of the reference at them.
        frame["CV"] = np.nan
        prices = ds["ppriv"].rename(reg="host")
        for name, arrays in rows.items():
            if name == "permanent residents":
                continue
            frame.loc[name, "CV"] = _number(ds, arrays["EV"] * prices.sel(scenario=scenario, drop=True), scenario, reg,
                                            concept)
    frame.insert(2, "CV - EV", frame["CV"] - frame["EV"])
    frame.loc["all"] = frame.sum(skipna=False)
    return frame
