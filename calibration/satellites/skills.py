"""Share of workers and of the wage bill with completed tertiary education, by country.

Attainment: Barro and Lee (2013), Journal of Development Economics 104, version 3, completed tertiary in the
population of 15 to 64, interpolated between 1995 and 2000. College premium: ratio of the wages of college
graduates to those of others in the replication files of Cha'ngom, Deuster, Docquier, Machado,
"Selective Emigration and Economic Development" (International Economic Review), year 2010, ratios only.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config
from calibration.satellites.names import to_iso
from calibration.satellites.sources import facts, raw_file

IER_CODES = {"ROM": "ROU", "ZAR": "COD"}


@lru_cache(maxsize=4)
def barro_lee(raw: Path) -> pd.DataFrame:
    """Completed tertiary education, share of the population of 15 to 64: index ISO3, columns years."""
    table = pd.read_csv(raw_file(raw, "macro/BL_v3_MF1564.csv"))
    table["Country"] = table["Country"].ffill()  # the file names a country in its first row only
    table = table[table["Year"].notna()].copy()
    table["Year"] = pd.to_numeric(table["Year"]).astype(int)
    table["iso"], _ = to_iso(list(table["Country"]), raw)
    shares = table[table.iso.notna()].pivot_table(index="iso", columns="Year", values="Tertiary Completed") / 100
    return shares


def interpolated(shares: pd.DataFrame, year: int) -> pd.Series:
    """Linear interpolation between the five-year columns of `barro_lee`."""
    low, high = max(c for c in shares if c <= year), min(c for c in shares if c >= year)
    weight = 0.0 if low == high else (year - low) / (high - low)
    return (1 - weight) * shares[low] + weight * shares[high]


@lru_cache(maxsize=4)
def locations_2010(raw: Path) -> pd.DataFrame:
    """College wage ratio (``ratio``) and college share of residents of 25 and over (``share``) in 2010, by ISO3."""
    table = pd.read_csv(raw_file(raw, "migrants_by_skill_2010/Location_charac_IER.csv"))
    table["iso"] = table.isoo.replace(IER_CODES)
    return table.set_index("iso")[["WR_data", "Hr_data"]].rename(columns={"WR_data": "ratio", "Hr_data": "share"})


def country_skills(config: Config, raw: Path, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Skill of workers and pay ratio of every country of the macro table.

    A country without Barro-Lee figures takes its college share of 2010 times the ratio, over the countries
    of its region that have both (weights: employment), of Barro-Lee in the base year to the 2010 file; one
    with neither, the region's mean. Workers are more educated than people: the share is raised by the
    ratio of employment rates (facts/labour_parameters.csv).

    Parameters
    ----------
    config : Config
    raw : Path
    table : DataFrame
        As `calibration.satellites.macro.country_table` returns it.

    Returns
    -------
    DataFrame
        Index ISO3; columns region, people (share of population 15 to 64), workers (share of workers),
        ratio (pay), wages (share of the wage bill).
    DataFrame
        Columns country, variable, how: what was not read directly.
    """
    attained = interpolated(barro_lee(raw), config.year)
    replaced = facts("attainment_replaced").set_index("iso").like
    attained = attained.drop([i for i in replaced.index if i in attained.index])
    for iso, like in replaced[replaced != ""].items():
        attained[iso] = attained[like]
    loc = locations_2010(raw)
    out = pd.DataFrame({"region": table.region, "emp": table.emp, "wagebill": table.wages})
    out["people"] = attained.reindex(out.index)
    log = [(iso, "attainment", f"as {like}") for iso, like in replaced.items() if like and iso in out.index]
    both = out.people.notna() & out.index.isin(loc.index)
    pool = pd.DataFrame({"region": out.region, "x": out.emp * out.people, "y": out.emp * loc.share.reindex(out.index)})
    back = pool[both].groupby("region")[["x", "y"]].sum()
    back = back.x / back.y
    world = pool[both].x.sum() / pool[both].y.sum()
    for iso in out.index[out.people.isna() & out.index.isin(loc.index)]:
        # A region of one country that is itself replaced (South Africa) borrows its neighbours' ratio.
        region = "SSA" if iso == "ZAF" else out.region[iso]
        factor = back.get(region, world)
        out.at[iso, "people"] = loc.share[iso] * factor
        log.append((iso, "attainment", f"college share of 2010 {loc.share[iso]:.3f} times {factor:.2f}"))
    mean = (out.people * out.emp).groupby(out.region).sum() / out.emp[out.people.notna()].groupby(out.region).sum()
    for iso in out.index[out.people.isna()]:
        out.at[iso, "people"] = mean[out.region[iso]]
        log.append((iso, "attainment", "mean of the region"))
    premium = facts("college_premium").set_index("iso").ratio.astype(float)
    out["ratio"] = premium.reindex(out.index).fillna(loc.ratio.reindex(out.index))
    log += [(iso, "college premium", "facts/college_premium.csv") for iso in premium.index if iso in out.index]
    known = out.ratio.notna()
    weighted = (out.ratio * out.emp)[known].groupby(out.region).sum() / out.emp[known].groupby(out.region).sum()
    for iso in out.index[~known]:
        out.at[iso, "ratio"] = weighted[out.region[iso]]
        log.append((iso, "college premium", "mean of the region"))
    gap = facts("labour_parameters").set_index("name").value.astype(float)["tertiary_participation_ratio"]
    out["workers"] = gap * out.people / (1 + (gap - 1) * out.people)
    out["wages"] = out.ratio * out.workers / (1 + (out.ratio - 1) * out.workers)
    how = pd.DataFrame(log, columns=["country", "variable", "how"])
    return out, how


def region_skills(config: Config, skills: pd.DataFrame) -> pd.DataFrame:
    """Skilled share of workers and of the wage bill by region.

    Parameters
    ----------
    config : Config
    skills : DataFrame
        As `country_skills` returns it.

    Returns
    -------
    DataFrame
        Index reg; columns people, workers, wages (shares of the skilled) and ratio (skilled over unskilled pay).
    """
    emp, pay = skills.emp.groupby(skills.region).sum(), skills.wagebill.groupby(skills.region).sum()
    out = pd.DataFrame(
        {
            "people": (skills.emp * skills.people).groupby(skills.region).sum() / emp,
            "workers": (skills.emp * skills.workers).groupby(skills.region).sum() / emp,
            "wages": (skills.wagebill * skills.wages).groupby(skills.region).sum() / pay,
        }
    ).reindex(config.reg)
    odds_pay, odds_workers = out.wages / (1 - out.wages), out.workers / (1 - out.workers)
    out["ratio"] = odds_pay / odds_workers
    assert np.isfinite(out.to_numpy()).all()
    return out.rename_axis("reg")
