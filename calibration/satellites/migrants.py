"""Migrants of the base year: people, workers by skill, and those whom moved borders made migrants."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import Config
from calibration.satellites.labour import as_the_host, labour_facts, skill_employment
from calibration.satellites.macro import country_table
from calibration.satellites.matrices import interpolated_stock
from calibration.satellites.names import to_iso
from calibration.satellites.remittances import remittances
from calibration.satellites.skills import IER_CODES, country_skills, locations_2010
from calibration.satellites.sources import facts, raw_file, read_r
from cge.errors import BenchmarkError


def migration_accounts(config: Config, raw: Path, EVFB: xr.DataArray, EVOS: xr.DataArray) -> dict:
    """Migrants, their workers, and the remittances of earlier migrants.

    Parameters
    ----------
    config : Config
    raw : Path
    EVFB, EVOS : DataArray
        Factor payments at basic prices and after income tax; dimensions endw, acts, reg; million US$.

    Returns
    -------
    dict
        ``LAB`` (skill, home, host; thousand workers), ``MPOP`` (home, host; thousand persons), ``REMIT``
        (skill, home, host; million US$), ``LABSTAT`` (home, host; thousand persons whom moved
        borders made migrants; those off the diagonal are part of ``MPOP``, those on it were folded in),
        ``beta_earlier`` (float) and ``report`` (dict of DataFrames and Series).

    Raises
    ------
    BenchmarkError
        If migrants fill a work force, or a name in a raw file belongs to no country.
    """
    stocks, report = people_and_workers(config, raw)
    lab, skill_report = labour_by_home(config, raw, stocks)
    beta = float(parameters()["beta_earlier"])
    remit, remit_report = remittances(
        config, raw, lab, EVFB, EVOS, beta, float(parameters()["remittance_cap"])
    )
    mpop = stocks["people"].copy()
    np.fill_diagonal(mpop.values, 0.0)
    return {
        "LAB": lab,
        "MPOP": mpop,
        "REMIT": remit,
        "LABSTAT": stocks["statistical"],
        "beta_earlier": beta,
        "report": report | skill_report | remit_report,
    }


def parameters() -> pd.Series:
    """Values of facts/migrant_parameters.csv by name."""
    return facts("migrant_parameters").set_index("name").value.astype(float)


@lru_cache(maxsize=4)
def stock_2000(raw: Path) -> pd.DataFrame:
    """World Bank Global Bilateral Migration Database 2000: persons, home in rows, host in columns, ISO3."""
    matrix = read_r(raw_file(raw, "migrants_remittances/migration.world_2000.RData")).to_pandas()
    return _coded(matrix, raw, "migration.world_2000.RData")


def base_stock(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Migrants by pair of countries (persons) as the configuration's ``migrants.stocks`` says, and the cells' fate.

    ``bank_2000``: the Global Bilateral Migration Database of 2000, to be brought to the base year.
    ``interpolate``: two matrices of the World Bank around the base year (`calibration.satellites.matrices`).

    Raises
    ------
    BenchmarkError
        If ``migrants.stocks`` is another word.
    """
    method = config.migrants["stocks"]
    if method == "interpolate":
        return interpolated_stock(config, raw)
    if method != "bank_2000":
        raise BenchmarkError(f"{config.name}: migrants.stocks = {method!r}; use bank_2000 or interpolate")
    stock = stock_2000(raw)
    total = float(stock.to_numpy().sum())
    return stock, pd.Series({"named": total, "unnamed": 0.0, "lost": 0.0, "world": total})


@lru_cache(maxsize=4)
def stock_un(raw: Path, year: int) -> pd.DataFrame:
    """UN DESA migrant stock 2019 revision: persons, home in rows, host in columns, ISO3."""
    name = "UN_MigrantStockByOriginAndDestination_2019_clean.csv"
    # A dash, two dots or a blank: nil or not known, taken as nil (only changes over time are used).
    table = pd.read_csv(
        raw_file(raw, f"migrants_un2019/{name}"), encoding="utf-8", na_values=["-", ".."], thousands=","
    )
    table = table[table.Year == year].set_index("Dest").drop(columns="Year").fillna(0.0)
    areas = {"Caribbean", "South America", "Melanesia", "Micronesia", "Polynesia"}  # sums of their countries
    return _coded(table[~table.index.isin(areas)].T, raw, name)


def _coded(matrix: pd.DataFrame, raw: Path, where: str) -> pd.DataFrame:
    homes, lost = to_iso(list(matrix.index), raw)
    hosts, lost_hosts = to_iso(list(matrix.columns), raw)
    if lost or lost_hosts:
        names = ", ".join(sorted({*lost, *lost_hosts}))
        raise BenchmarkError(f"{where}: unknown country names: {names}; add them to facts/country_names.csv")
    matrix = matrix.astype(float)
    matrix.index, matrix.columns = homes, hosts
    return matrix.groupby(level=0).sum().T.groupby(level=0).sum().T


def by_region(matrix: pd.DataFrame, config: Config) -> xr.DataArray:
    """Sum a country matrix to regions (dimensions home, host); countries of no region are left out."""
    region = config.country_region()
    sums = matrix.groupby(region).sum().T.groupby(region).sum().T
    return _array(sums.reindex(index=config.reg, columns=config.reg).fillna(0.0), config)


def _array(frame: pd.DataFrame, config: Config) -> xr.DataArray:
    return xr.DataArray(frame.to_numpy(float), {"home": config.reg, "host": config.reg}, ("home", "host"))


def change_to_base_year(config: Config, raw: Path) -> xr.DataArray:
    """Factor from the stock of 2000 to the base year, by region pair, from the UN table.

    The UN stock is interpolated linearly between its years. Pairs below ``smallest_un_stock`` persons take
    the factor of the whole host (its own region's people included).

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataArray
        Dimensions home, host.
    """
    year, stock_year = config.year, config.migrant_stock_year
    low, high = year - year % 5, year - year % 5 + 5
    weight = (year - low) / 5
    start, end = (by_region(stock_un(raw, y), config) for y in (low, high))
    now = (1 - weight) * start + weight * end
    then = by_region(stock_un(raw, stock_year), config)
    host = now.sum("home") / then.sum("home")
    enough = then >= parameters()["smallest_un_stock"]
    return xr.where(enough, now / then.where(enough, 1.0), host).transpose("home", "host")


def people_and_workers(config: Config, raw: Path) -> tuple[dict, dict]:
    """Migrants and migrant workers by region pair in the base year.

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    dict
        ``people`` and ``workers`` (home, host; thousand; the diagonal holds migrants between countries of
        one region), ``statistical`` (home, host; thousand persons whom moved borders made
        migrants) and ``statistical_workers`` (thousand workers among them), ``by_host_country`` (DataFrame,
        home region by host ISO3, thousand workers).
    dict
        ``migrants_total`` (Series, million), ``host_countries`` (DataFrame: workers,
        employment, kept, share), ``blocks`` (DataFrame of moved borders and of the partition of India,
        million persons).
    """
    stock, cells = base_stock(config, raw)
    region = config.country_region()
    table, _ = country_table(config, raw)
    rate = table.emp / table["pop"] / 1e3
    rate.update(facts("participation", config.year).set_index("iso").value.astype(float))
    outside = sorted((set(stock.index) | set(stock.columns)) - set(region))
    inside = stock.loc[[i for i in stock.index if i in region], [c for c in stock.columns if c in region]]
    fallback = (
        table.emp.groupby(table.region).sum() / table["pop"].groupby(table.region).sum() / 1e3
    ).to_dict()
    per_host = pd.Series({c: rate.get(c, fallback[region[c]]) for c in inside.columns})
    factor = 1.0
    if config.migrants["stocks"] == "bank_2000":
        change = change_to_base_year(config, raw).to_pandas()
        factor = change.loc[[region[i] for i in inside.index], [region[c] for c in inside.columns]].to_numpy()
    people = inside * factor / 1e3
    workers, cut = _below_work_force(people * per_host, table, float(parameters()["largest_migrant_share"]))
    blocks = _blocks(people, "statistical_migrants")
    moved = pd.DataFrame(0.0, people.index, people.columns)
    for members in blocks.values():
        moved.loc[people.index.isin(members), people.columns.isin(members)] = 1.0
    stocks = {
        "people": by_region(people, config),
        "workers": by_region(workers, config),
        "statistical": by_region(moved * people, config),
        "statistical_workers": by_region(moved * workers, config),
        "by_host_country": workers.groupby(region).sum().reindex(config.reg),
    }
    report = {
        "migrants_total": _totals(config, stock, inside, outside, stocks),
        "migrants_cells": cells,
        "host_countries": cut,
        "blocks": pd.DataFrame(
            [
                (name, people.loc[people.index.isin(m), people.columns.isin(m)].to_numpy().sum() / 1e3)
                for name, m in {**blocks, **_blocks(people, "partition")}.items()
            ],
            columns=["block", "million persons"],
        ).set_index("block"),
    }
    return stocks, report


def _blocks(people: pd.DataFrame, name: str) -> dict[str, list[str]]:
    return {
        row.block: [c for c in row.countries.split() if c in people.index] for row in facts(name).itertuples()
    }


def _below_work_force(
    workers: pd.DataFrame, table: pd.DataFrame, limit: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scale down the migrants of host countries where they would exceed ``limit`` of employment."""
    total = workers.sum()
    room = limit * table.emp.reindex(total.index).fillna(0.0)
    scale = (room / total.where(total > 0)).clip(upper=1.0).fillna(1.0)
    frame = pd.DataFrame({"workers": total, "employment": table.emp.reindex(total.index), "kept": scale})
    frame["share"] = frame.workers / frame.employment
    return workers * scale, frame[(frame.workers > 0) & (frame.share > 0.3)].sort_values(
        "share", ascending=False
    )


def _totals(
    config: Config, stock: pd.DataFrame, inside: pd.DataFrame, outside: list[str], stocks: dict
) -> pd.Series:
    people, workers = stocks["people"], stocks["workers"]
    own_people, own_workers = np.trace(people.values) / 1e3, np.trace(workers.values) / 1e3
    moved, moved_workers = stocks["statistical"], stocks["statistical_workers"]
    out = pd.Series(
        {
            f"file {config.migrant_stock_year}": stock.to_numpy().sum() / 1e6,
            f"both ends in the regions {config.migrant_stock_year}": inside.to_numpy().sum() / 1e6,
            "lost: an end in no region": (stock.to_numpy().sum() - inside.to_numpy().sum()) / 1e6,
            "base year, all": float(people.sum()) / 1e3,
            "base year, between countries of one region (folded in)": own_people,
            "base year, between regions": float(people.sum()) / 1e3 - own_people,
            "workers, between countries of one region (folded in)": own_workers,
            "workers, between regions": float(workers.sum()) / 1e3 - own_workers,
            "statistical people, folded in": np.trace(moved.values) / 1e3,
            "statistical people, between regions": (float(moved.sum()) - np.trace(moved.values)) / 1e3,
            "statistical workers, folded in": np.trace(moved_workers.values) / 1e3,
            "statistical workers, between regions": (
                float(moved_workers.sum()) - np.trace(moved_workers.values)
            )
            / 1e3,
        },
        name="million",
    )
    out.attrs["outside"] = outside
    return out


def skill_of_migrants(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """College share of migrant workers by home region and host country.

    Hosts in the 2010 file: the odds of college among migrants of that home relative to the host's residents
    in 2010 are kept, and applied to the host's workers of the base year (Barro-Lee). This pulls the shares
    back to the base year and to its definition of skill at once. Other hosts, and homes without movers in
    the file: the home region's own share of workers, that is no selection (assumption). A region whose
    countries the file lacks takes another's movers (facts/movers_proxy.csv).

    Parameters
    ----------
    config : Config
    raw : Path

    Returns
    -------
    DataFrame
        Index home region, columns host ISO3; share of workers.
    DataFrame
        Bool of the same shape: taken from data.
    """
    shares, _ = labour_facts(config, raw)
    countries, _ = country_skills(config, raw, country_table(config, raw)[0])
    region = config.country_region()
    movers = pd.read_csv(raw_file(raw, "migrants_by_skill_2010/Movers_IER.csv"))
    movers["home"] = movers.isoo.replace(IER_CODES).map(region)
    movers["host"] = movers.isod.replace(IER_CODES)
    movers = movers[(movers.dums == 0) & movers.home.notna()]
    sums = movers.groupby(["home", "host"])[["Nijl", "Nijh"]].sum().unstack("host")
    low, high = sums["Nijl"].reindex(config.reg), sums["Nijh"].reindex(config.reg)
    residents = locations_2010(raw)["share"].reindex(high.columns)
    host_workers = countries.workers.reindex(high.columns)
    level = host_workers / (1 - host_workers) / (residents / (1 - residents))
    # Below 1,000 people of 25 and over in 2010 a share is noise.
    known = (low + high >= 1000) & (high > 0) & (low > 0)
    odds = (high / low).where(known) * level
    data = odds / (1 + odds)
    for row in facts("movers_proxy").itertuples():
        data.loc[row.region] = data.loc[row.like]
    hosts = list(region)
    out = pd.DataFrame(dict.fromkeys(hosts, shares.workers)).reindex(config.reg)
    taken = pd.DataFrame(False, index=config.reg, columns=hosts)
    for c in data.columns.intersection(hosts):
        good = data[c].notna()
        out.loc[good, c] = data.loc[good, c]
        taken.loc[good, c] = True
    return out, taken


def labour_by_home(config: Config, raw: Path, stocks: dict) -> tuple[xr.DataArray, dict]:
    """Workers by skill, home and host, summing over home to employment by skill.

    Parameters
    ----------
    config : Config
    raw : Path
    stocks : dict
        As `people_and_workers` returns it.

    Returns
    -------
    DataArray
        Dimensions skill, home, host; thousand workers.
    dict
        ``migrant_share`` (DataFrame, host by skill), ``skill_from_data`` (share of migrant workers whose
        skill comes from data).
    """
    share, taken = skill_of_migrants(config, raw)
    region = config.country_region()
    workers = stocks["by_host_country"]
    share, taken = share[workers.columns], taken[workers.columns]
    share = as_the_host(config, raw, share, workers)
    skilled = (workers * share).T.groupby(region).sum().T.reindex(columns=config.reg).fillna(0.0)
    total = workers.T.groupby(region).sum().T.reindex(columns=config.reg).fillna(0.0)
    employment = skill_employment(config, raw)
    values = np.stack([(total - skilled).to_numpy(), skilled.to_numpy()])
    limit = float(parameters()["largest_migrant_share"])
    for k, skill in enumerate(config.skills):
        np.fill_diagonal(values[k], 0.0)
        emp = employment.sel(skill=skill).to_numpy()
        for j in np.flatnonzero(values[k].sum(axis=0) > limit * emp):
            raise BenchmarkError(
                f"migrants are {values[k][:, j].sum() / emp[j]:.0%} of {skill} in {config.reg[j]}, "
                f"above {limit:.0%}; "
                "lower facts/participation.csv or the skill shares there"
            )
        np.fill_diagonal(values[k], emp - values[k].sum(axis=0))
    lab = xr.DataArray(
        values,
        {"skill": list(config.skills), "home": config.reg, "host": config.reg},
        ("skill", "home", "host"),
    )
    away = (workers * _other_region(config, workers.columns)).to_numpy()
    diagonal = np.stack([np.diag(v) for v in values])
    migrants = pd.DataFrame(
        (1 - diagonal / employment.to_numpy()).T,
        index=config.reg,
        columns=[f"share of {s}" for s in config.skills],
    )
    migrants["college share of migrants"] = (values[1].sum(axis=0) - diagonal[1]) / (
        values.sum(axis=(0, 1)) - diagonal.sum(axis=0)
    )
    report = {
        "migrant_share": migrants.rename_axis("host"),
        "skill_from_data": pd.Series(
            {"share of migrant workers": (away * taken.to_numpy()).sum() / away.sum()}, name="skill from data"
        ),
    }
    return lab, report


def _other_region(config: Config, hosts: pd.Index) -> pd.DataFrame:
    region = config.country_region()
    return pd.DataFrame({c: [float(r != region[c]) for r in config.reg] for c in hosts}, index=config.reg)
