"""Share of workers and of the wage bill with completed tertiary education, by country.

College share of residents and ratio of the wages of college graduates to those of others in 2010:
replication files of Cha'ngom, Deuster, Docquier, Machado, "Selective Emigration and Economic
Development" (International Economic Review); of the wages only the ratios are used. Change over time:
Barro and Lee (2013), Journal of Development Economics 104, version 3, completed tertiary education in the
population of 15 to 64, interpolated between 1995 and 2000.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config
from calibration.satellites.names import to_iso
from calibration.satellites.sources import facts, raw_file

LOCATION_YEAR = 2010
# Ratio of the base year to 2010, for a base year before it; after it, the reciprocals.
PLAUSIBLE_CHANGE = (0.3, 1.0)
LARGEST_FALL = 1.5
IER_CODES = {"ROM": "ROU", "ZAR": "COD"}


@lru_cache(maxsize=4)
def barro_lee(raw: Path) -> pd.DataFrame:
    """Completed tertiary education, share of the population of 15 to 64: index ISO3, columns years."""
    table = pd.read_csv(raw_file(raw, "macro/BL_v3_MF1564.csv"))
    table["Country"] = table["Country"].ffill()  # the file names a country in its first row only
    table = table[table["Year"].notna()].copy()
    table["Year"] = pd.to_numeric(table["Year"]).astype(int)
    table["iso"], _ = to_iso(list(table["Country"]), raw)
    shares = (
        table[table.iso.notna()].pivot_table(index="iso", columns="Year", values="Tertiary Completed") / 100
    )
    return shares


def interpolated(shares: pd.DataFrame, year: int) -> pd.Series:
    """Linear interpolation between the five-year columns of `barro_lee`."""
    low, high = max(c for c in shares if c <= year), min(c for c in shares if c >= year)
    weight = 0.0 if low == high else (year - low) / (high - low)
    return (1 - weight) * shares[low] + weight * shares[high]


@lru_cache(maxsize=4)
def locations_2010(raw: Path) -> pd.DataFrame:
    """Pay ratio (``ratio``) and share (``share``) of college graduates of 25 and over in 2010, by ISO3."""
    table = pd.read_csv(raw_file(raw, "migrants_by_skill_2010/Location_charac_IER.csv"))
    table["iso"] = table.isoo.replace(IER_CODES)
    return table.set_index("iso")[["WR_data", "Hr_data"]].rename(
        columns={"WR_data": "ratio", "Hr_data": "share"}
    )


def country_skills(config: Config, raw: Path, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Skill of workers and pay ratio of every country of the macro table.

    The college share of 2010 is pulled to the base year with Barro-Lee: times the ratio of completed tertiary education
    in the base year to 2010. So shares, pay ratios and the skills of movers have one definition; the
    levels of Barro-Lee are far below it in some rich countries (Germany 11% against 26%). A ratio above 1
    or below 0.3 is noise of the panel, a missing one is not there: the region's mean ratio stands in.
    Countries outside the 2010 file take the level of Barro-Lee, or the region's mean.

    Parameters
    ----------
    config : Config
    raw : Path
    table : DataFrame
        As `calibration.satellites.macro.country_table` returns it.

    Returns
    -------
    DataFrame
        Index ISO3; columns region, people (college share of population), workers (share of workers),
        ratio (pay), wages (share of the wage bill).
    DataFrame
        Columns country, variable, how: what was not read directly.
    """
    loc = locations_2010(raw)
    out = pd.DataFrame({"region": table.region, "emp": table.emp, "wagebill": table.wages})
    replaced = facts("attainment_replaced", config.year).set_index("iso").value.astype(float)
    usable = [i for i in out.index if i not in replaced.index]
    now = interpolated(barro_lee(raw), config.year).reindex(usable).reindex(out.index)
    later = barro_lee(raw)[LOCATION_YEAR].reindex(usable).reindex(out.index)
    factor, log = _pull_back(out, now, later, config.year > LOCATION_YEAR)
    out["people"] = (loc.share.reindex(out.index) * factor).fillna(now)
    log += [
        (i, "attainment", "level of Barro-Lee")
        for i in out.index[out.people.notna() & ~out.index.isin(loc.index)]
    ]
    for iso in replaced.index.intersection(out.index):
        out.at[iso, "people"] = replaced[iso]
        log.append((iso, "attainment", f"{replaced[iso]:.3f}: facts/attainment_replaced.csv"))
    mean = (out.people * out.emp).groupby(out.region).sum() / out.emp[out.people.notna()].groupby(
        out.region
    ).sum()
    for iso in out.index[out.people.isna()]:
        out.at[iso, "people"] = mean[out.region[iso]]
        log.append((iso, "attainment", "mean of the region"))
    premium = facts("college_premium", config.year).set_index("iso").ratio.astype(float)
    out["ratio"] = premium.reindex(out.index).fillna(loc.ratio.reindex(out.index))
    log += [
        (iso, "college premium", "facts/college_premium.csv") for iso in premium.index if iso in out.index
    ]
    known = out.ratio.notna()
    weighted = (out.ratio * out.emp)[known].groupby(out.region).sum() / out.emp[known].groupby(
        out.region
    ).sum()
    for iso in out.index[~known]:
        out.at[iso, "ratio"] = weighted[out.region[iso]]
        log.append((iso, "college premium", "mean of the region"))
    gap = facts("labour_parameters").set_index("name").value.astype(float)["tertiary_participation_ratio"]
    out["workers"] = gap * out.people / (1 + (gap - 1) * out.people)
    out["wages"] = out.ratio * out.workers / (1 + (out.ratio - 1) * out.workers)
    how = pd.DataFrame(log, columns=["country", "variable", "how"])
    return out, how


def _pull_back(
    out: pd.DataFrame, now: pd.Series, later: pd.Series, forward: bool = False
) -> tuple[pd.Series, list]:
    """Ratio of attainment in the base year to 2010 by country, and where the region's mean stands in."""
    own = now / later.where(later > 0)
    plausible = tuple(sorted(1 / x for x in PLAUSIBLE_CHANGE)) if forward else PLAUSIBLE_CHANGE
    falls = own.between(1 / LARGEST_FALL, 1.0, inclusive="left") if forward else own.between(
        1.0, LARGEST_FALL, inclusive="right"
    )
    log = [(i, "attainment", f"ratio {own[i]:.2f} taken as 1") for i in out.index[falls]]
    own = own.mask(falls, 1.0)
    clean = own.between(*plausible)
    sums = pd.DataFrame({"region": out.region, "now": now * out.emp, "later": later * out.emp})[clean]
    totals = sums.groupby("region")[["now", "later"]].sum()
    means = (totals.now / totals.later).to_dict()
    world = totals.now.sum() / totals.later.sum()
    factor = own.where(clean)
    for iso in out.index[~clean]:
        factor[iso] = means.get(out.region[iso], world)
        why = "no ratio in Barro-Lee" if np.isnan(own[iso]) else f"ratio {own[iso]:.2f} not plausible"
        log.append((iso, "attainment", f"{why}: {factor[iso]:.2f} of the region"))
    return factor, log


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
        Index reg; columns people, workers, wages (skilled shares), ratio (skilled over unskilled pay).
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
