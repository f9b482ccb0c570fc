"""All behavioural parameters of a benchmark under their GTAP names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.tables import FactsError, of_year, read_facts
from cge.bring import cde

FACTS = Path(__file__).resolve().parent / "facts"


def parameters(config, arrays: dict[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Behavioural parameters of the benchmark.

    Parameters
    ----------
    config : calibration.config.Config
    arrays : dict of DataArray
        Flows of the benchmark; ``VDPP``, ``VMPP`` (comm, reg; million US$, purchaser prices) and ``POP``
        (reg; million persons) are used.

    Returns
    -------
    dict of DataArray
        ESUBT, ESUBC, ESUBVA, ETRAQ (acts, reg); ESUBD, ESUBM, ESUBQ, SUBPAR, INCPAR (comm, reg);
        ETRAE (endw, reg); ESUBG, ESUBI, RORFLEX (reg); ESUBS (marg); RORDELTA (). All dimensionless.

    Raises
    ------
    FactsError
        If a fact is missing or private consumption of a region is not positive.
    """
    scalars = _scalars()
    sets = {
        "comm": list(config.comm),
        "acts": list(config.comm),
        "reg": list(config.reg),
        "endw": list(config.endowments),
        "marg": list(config.margins),
    }

    def constant(name: str, *dims: str) -> xr.DataArray:
        coords = {d: sets[d] for d in dims}
        return xr.DataArray(np.full([len(sets[d]) for d in dims], scalars[name]), coords=coords, dims=dims)

    sector = _sector_means(sets["comm"])
    everywhere = xr.DataArray(np.ones(len(sets["reg"])), coords={"reg": sets["reg"]}, dims=("reg",))

    def by_sector(name: str, dim: str) -> xr.DataArray:
        values = xr.DataArray(sector[name].to_numpy(), coords={dim: sets[dim]}, dims=(dim,))
        return (values * everywhere).transpose(dim, "reg")

    moves = [scalars[f"ETRAE_{config.mobility[e]}"] for e in sets["endw"]]
    etrae = xr.DataArray(np.array(moves), coords={"endw": sets["endw"]}, dims=("endw",)) * everywhere
    demand, _ = _demand(config, arrays)
    esubd = by_sector("esubd", "comm")
    return {
        "ESUBT": constant("ESUBT", "acts", "reg"),
        "ESUBC": constant("ESUBC", "acts", "reg"),
        "ESUBVA": by_sector("esubva", "acts"),
        "ESUBD": esubd,
        "ESUBM": scalars["ESUBM_over_ESUBD"] * esubd,
        "ESUBQ": constant("ESUBQ", "comm", "reg"),
        "ETRAQ": constant("ETRAQ", "acts", "reg"),
        "ETRAE": etrae,
        "ESUBG": constant("ESUBG", "reg"),
        "ESUBI": constant("ESUBI", "reg"),
        "ESUBS": constant("ESUBS", "marg"),
        "SUBPAR": demand["SUBPAR"],
        "INCPAR": demand["INCPAR"],
        "RORFLEX": constant("RORFLEX", "reg"),
        "RORDELTA": constant("RORDELTA"),
    }


def demand_report(config, arrays: dict[str, xr.DataArray]) -> pd.DataFrame:
    """Target and achieved demand elasticities.

    Returns
    -------
    DataFrame
        By region and commodity: budget share, target and achieved income elasticity, target and achieved
        compensated own-price elasticity, uncompensated own-price elasticity, SUBPAR, INCPAR.
    """
    return _demand(config, arrays)[1]


def _scalars() -> dict[str, float]:
    table = read_facts(FACTS / "scalars.csv", ("name", "value"), ("name",))
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


def _sector_means(comm: list[str]) -> pd.DataFrame:
    """Weighted means of the sectors that make up a commodity."""
    table = read_facts(
        FACTS / "sector_elasticities.csv", ("sector", "comm", "weight", "esubva", "esubd"), ("sector",)
    )
    lacking = [c for c in comm if c not in set(table["comm"])]
    if lacking:
        raise FactsError(f"sector_elasticities.csv: no sector of {', '.join(lacking)}; add one")
    weight = table["weight"] / table.groupby("comm")["weight"].transform("sum")
    means = table[["esubva", "esubd"]].mul(weight, axis=0).groupby(table["comm"]).sum()
    return means.loc[comm]


def _income_targets(comm: list[str], per_head: float, year: int) -> np.ndarray:
    """Income elasticities by commodity at a level of consumption per head (US$), before Engel aggregation."""
    groups = read_facts(of_year(FACTS, "income_groups.csv", year), ("group", "consumption_per_head"), ("group",))
    groups = groups.sort_values("consumption_per_head")
    table = read_facts(FACTS / "income_elasticities.csv", ("category", *groups["group"]), ("category",))
    table = table.set_index("category")
    place = np.log(groups["consumption_per_head"].to_numpy(float))
    by_category = {
        c: np.interp(np.log(per_head), place, table.loc[c, groups["group"]].to_numpy(float))
        for c in table.index
    }
    use = read_facts(FACTS / "category_map.csv", ("comm", "category", "weight"), ("comm", "category"))
    out = []
    for name in comm:
        rows = use[use["comm"] == name]
        unknown = sorted(set(rows["category"]) - set(by_category))
        if rows.empty or unknown:
            named = ", ".join(unknown) or "none given"
            raise FactsError(f"category_map.csv: {name} needs known categories; not known: {named}")
        values = np.array([by_category[c] for c in rows["category"]])
        weight = rows["weight"].to_numpy(float)
        out.append((values * weight).sum() / weight.sum())
    return np.array(out)


def _demand(config, arrays: dict[str, xr.DataArray]) -> tuple[dict[str, xr.DataArray], pd.DataFrame]:
    comm, reg = list(config.comm), list(config.reg)
    spending = (arrays["VDPP"] + arrays["VMPP"]).sel(comm=comm, reg=reg)
    frisch = (
        read_facts(FACTS / "price_response.csv", ("name", "value"), ("name",))
        .set_index("name")
        .at["frisch", "value"]
    )
    found = {name: np.zeros((len(comm), len(reg))) for name in ("SUBPAR", "INCPAR")}
    rows = []
    for j, region in enumerate(reg):
        value = spending.sel(reg=region).to_numpy().astype(float)
        if (value < 0).any() or value.sum() <= 0:
            raise FactsError(
                f"elasticities: private consumption of {region} must be >= 0 with a positive sum"
            )
        share = value / value.sum()
        per_head = value.sum() / float(arrays["POP"].sel(reg=region))
        raw_income = _income_targets(comm, per_head, config.year)
        income = raw_income / (share * raw_income).sum()
        own = cde.own_price_targets(share, income, float(frisch))
        subpar, incpar = cde.fit(share, income, own)
        found["SUBPAR"][:, j], found["INCPAR"][:, j] = subpar, incpar
        got_income = cde.income_elasticities(share, subpar, incpar)
        got_own = np.diag(cde.compensated_elasticities(share, subpar))
        for i, name in enumerate(comm):
            rows.append(
                {
                    "reg": region,
                    "comm": name,
                    "share": share[i],
                    "consumption_per_head": per_head,
                    "income_published": raw_income[i],
                    "income_target": income[i],
                    "income": got_income[i],
                    "own_target": own[i],
                    "own": got_own[i],
                    "own_uncompensated": got_own[i] - share[i] * got_income[i],
                    "SUBPAR": subpar[i],
                    "INCPAR": incpar[i],
                }
            )
    coords = {"comm": comm, "reg": reg}
    demand = {n: xr.DataArray(v, coords=coords, dims=("comm", "reg")) for n, v in found.items()}
    return demand, pd.DataFrame(rows)
