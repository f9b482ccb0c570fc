"""Other definitions of skill: which share of workers changes class in each region, with which share of pay.

The benchmark counts as skilled those with completed tertiary education (``college``). Besides:

- ``tertiary``: some tertiary education, completed or not;
- ``secondary``: completed secondary school or more;
- ``occupation``: managers, professionals, technicians and associate professionals, major groups 1 to 3 of the
  International Standard Classification of Occupations. GTAP's skilled labour is of that kind (managers,
  administrators, professionals, para-professionals: Liu, van Leeuwen, Vo, Tyers and Hertel 1998, GTAP Technical Paper
  11). Shares of employment: facts/<year>/occupations.csv.

Schooling: Barro and Lee (2013), version 3, population of 15 to 64, interpolated to the base year.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.config import Config
from calibration.digits import DIGITS
from calibration.satellites.macro import country_table
from calibration.satellites.names import to_iso
from calibration.satellites.skills import country_skills, region_skills
from calibration.satellites.sources import facts, raw_file
from cge.benchmark import Benchmark, redefine_skill, skill_definitions

#: Definitions by schooling; the first is the benchmark's own.
COLLEGE, TERTIARY, SECONDARY, OCCUPATION = "college", "tertiary", "secondary", "occupation"
DEFINITIONS = (COLLEGE, TERTIARY, SECONDARY, OCCUPATION)
#: Years that Barro and Lee count for tertiary education that was begun and not completed, and completed.
BEGUN, COMPLETED = 2.0, 4.0
_COLUMNS = {"none": "No Schooling", "primary": "Primary Total", "primary_completed": "Primary Completed",
            "secondary": "Secondary Total", "secondary_completed": "Secondary Completed", "tertiary": "Tertiary Total",
            "tertiary_completed": "Tertiary Completed", "years": "Avg. Years of Total Schooling",
            "years_primary": "Avg. Years of Primary Schooling", "years_secondary": "Avg. Years of Secondary Schooling",
            "years_tertiary": "Avg. Years of Tertiary Schooling"}


@lru_cache(maxsize=4)
def attainment(raw: Path, year: int) -> pd.DataFrame:
    """Schooling of the population of 15 to 64 by ISO3, interpolated between the five-year columns of Barro-Lee.

    Parameters
    ----------
    raw : Path
    year : int

    Returns
    -------
    DataFrame
        Shares by highest level attended: none, primary, secondary, tertiary (they sum to 1); of these completed:
        primary_completed, secondary_completed, tertiary_completed; mean years: years, years_primary, ...
    """
    table = pd.read_csv(raw_file(raw, "macro/BL_v3_MF1564.csv"))
    table["Country"] = table["Country"].ffill()  # the file names a country in its first row only
    table = table[table["Year"].notna()].copy()
    table["Year"] = pd.to_numeric(table["Year"]).astype(int)
    table["iso"], _ = to_iso(list(table["Country"]), raw)
    table = table[table.iso.notna()]
    low, high = table.Year[table.Year <= year].max(), table.Year[table.Year >= year].min()
    weight = 0.0 if low == high else (year - low) / (high - low)
    at = {y: table[table.Year == y].set_index("iso")[list(_COLUMNS.values())].astype(float) for y in (low, high)}
    found = ((1 - weight) * at[low] + weight * at[high]).rename(columns={v: k for k, v in _COLUMNS.items()})
    shares = [name for name in found if not str(name).startswith("years")]
    found[shares] /= 100
    return found


def moved_by_schooling(people: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Who of those without a degree counts as skilled, and how much longer they went to school than the others.

    A year of school is a year in which the course was attended: whoever left a course early has half of it, which is
    how Barro and Lee count. So the length of primary and secondary school follows from the mean years and the shares.

    Parameters
    ----------
    people : DataFrame
        As `attainment` returns it.
    definition : str
        ``tertiary`` or ``secondary``.

    Returns
    -------
    DataFrame
        Index ISO3; columns share (of those without completed tertiary education), longer (years of schooling of those
        who move less those of those who stay).
    """
    p = people
    begun = p.tertiary - p.tertiary_completed
    left = 0.5 * (p.primary - p.primary_completed), 0.5 * (p.secondary - p.secondary_completed)
    school = p.years_primary / (p.primary_completed + p.secondary + p.tertiary + left[0])
    school += p.years_secondary / (p.secondary_completed + p.tertiary + left[1])
    graduates = p.secondary_completed if definition == SECONDARY else 0.0 * begun
    moved, rest = begun + graduates, 1 - p.tertiary_completed
    years = graduates * school + begun * (school + BEGUN)
    stay = p.years - years - p.tertiary_completed * (school + COMPLETED)
    return pd.DataFrame({"share": moved / rest, "longer": years / moved - stay / (rest - moved)})


def schooling_return(year: int) -> float:
    """Rise of the logarithm of pay per year of schooling (facts/schooling_return.csv)."""
    return float(facts("schooling_return").set_index("year").value.astype(float)[year])


def by_schooling(config: Config, raw: Path, skills: pd.DataFrame, definition: str) -> tuple[pd.DataFrame, list]:
    """Share of unskilled workers and of their pay that counts as skilled by country.

    Pay rises by facts/schooling_return.csv per year of schooling (in logarithms). Those who move earn no less than the
    mean of the unskilled and no more than the mean of the skilled: a bound where the pay ratio of graduates is small.

    Returns
    -------
    DataFrame
        Index ISO3; columns workers, pay.
    list of (region, what)
        Assumptions, by region.
    """
    returns = schooling_return(config.year)
    found = moved_by_schooling(attainment(raw, config.year), definition).reindex(skills.index)
    log = []
    missing = found.share.isna() | ~np.isfinite(found.longer)
    weight = (skills.emp * (1 - skills.workers)).where(~missing)
    for column in found:
        mean = (found[column] * weight).groupby(skills.region).sum() / weight.groupby(skills.region).sum()
        found[column] = found[column].where(~missing, skills.region.map(mean))
    lacking = (skills.emp.where(missing, 0.0).groupby(skills.region).sum() / skills.emp.groupby(skills.region).sum())
    log += [(r, f"not in Barro-Lee: {100 * v:.0f}% of workers (mean of the region)")
            for r, v in lacking.items() if v >= 0.005]
    more = np.exp(returns * found.longer)
    relative = more / (found.share * more + 1 - found.share)  # pay of those who move over the mean of the unskilled
    bounded = relative.clip(1.0, skills.ratio.clip(lower=1.0))
    at_bound = (skills.emp.where((bounded < relative) & ~missing, 0.0).groupby(skills.region).sum()
                / skills.emp.groupby(skills.region).sum())
    log += [(r, f"bound: {100 * v:.0f}% of workers")
            for r, v in at_bound.items() if v >= 0.005]
    return pd.DataFrame({"workers": found.share, "pay": (found.share * bounded).clip(upper=1.0)}), log


def occupation_shares(config: Config, skills: pd.DataFrame) -> tuple[pd.Series, list]:
    """Share of employment in ISCO major groups 1 to 3 by region: mean of the countries with a figure.

    Returns
    -------
    Series
        Index reg.
    list of (region, what)
        How much of the region's employment has a figure, and how much of that one that was read.
    """
    table = facts("occupations", config.year).set_index("iso")
    share = table.share.astype(float).reindex(skills.index)
    weight = skills.emp.where(share.notna())
    known = weight.groupby(skills.region).sum()
    out = ((share * weight).groupby(skills.region).sum() / known).reindex(config.reg)
    if out.isna().any():
        raise ValueError(f"facts/{config.year}/occupations.csv has no country of {', '.join(out.index[out.isna()])}")
    covered = known / skills.emp.groupby(skills.region).sum()
    read = weight.where(table.status.reindex(skills.index) == "verified").groupby(skills.region).sum() / known
    log = [(r, f"{100 * out[r]:.1f}% in groups 1 to 3; figures cover {100 * covered[r]:.0f}% of workers, read: "
               f"{100 * read[r]:.0f}% of these")
           for r in config.reg]
    return out, log


def definitions_of_skill(config: Config, raw: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table ``labour/SKILLDEF.csv`` of a benchmark and the assumptions behind it.

    By occupation only the net difference to the college share changes class, up or down; those who do earn the
    geometric mean of the two classes' pay per worker (an assumption: neither class's pay is known by occupation).

    Returns
    -------
    DataFrame
        Columns definition, from, to, reg, workers, pay: the share of the workers of a class who count as the other, and
        the share of the class's pay that goes with them.
    DataFrame
        Columns definition, region, assumption.
    """
    unskilled, skilled = config.skills
    countries, _ = country_skills(config, raw, country_table(config, raw)[0])
    regions = region_skills(config, countries)
    rows = [(COLLEGE, unskilled, skilled, r, 0.0, 0.0) for r in config.reg]
    notes = []
    people, bill = countries.emp * (1 - countries.workers), countries.wagebill * (1 - countries.wages)
    for name in (TERTIARY, SECONDARY):
        part, log = by_schooling(config, raw, countries, name)
        notes += [(name, *entry) for entry in log]
        workers, pay = ((part[c] * w).groupby(countries.region).sum() / w.groupby(countries.region).sum()
                        for c, w in (("workers", people), ("pay", bill)))
        for r in config.reg:
            rows.append((name, unskilled, skilled, r, workers[r],
                         workers[r] * float(np.clip(pay[r] / workers[r], 1.0, regions.ratio[r]))))
    share, log = occupation_shares(config, countries)
    notes += [(OCCUPATION, *entry) for entry in log]
    for r in config.reg:
        college, between = regions.workers[r], float(np.sqrt(regions.ratio[r]))
        if share[r] >= college:
            moved = (share[r] - college) / (1 - college)
            rows.append((OCCUPATION, unskilled, skilled, r, moved, moved * between))
        else:
            moved = 1 - share[r] / college
            rows.append((OCCUPATION, skilled, unskilled, r, moved, moved / between))
    table = pd.DataFrame(rows, columns=["definition", "from", "to", "reg", "workers", "pay"])
    for column in ("workers", "pay"):
        table[column] = [float(f"{v:.{DIGITS - 1}e}") for v in table[column]]
    return table, pd.DataFrame(notes, columns=["definition", "region", "assumption"])


def skilled_shares(bench: Benchmark) -> pd.DataFrame:
    """Skilled share of workers and of pay under every definition of a benchmark, percent.

    Returns
    -------
    DataFrame
        Columns region and, by definition, workers, pay.
    """
    out = pd.DataFrame({"region": list(bench.sets["reg"])})
    _, skilled = bench.sets["skill"]
    for name in skill_definitions(bench).definition.unique():
        b = redefine_skill(bench, str(name))
        people, pay = b["LAB"].sum("home"), b["EVFB"].sel(endw=list(bench.sets["skill"])).sum("acts")
        out[f"{name}: workers"] = 100 * (people.sel(skill=skilled) / people.sum("skill")).values
        out[f"{name}: pay"] = 100 * (pay.sel(endw=skilled) / pay.sum("endw")).values
    return out


def assumptions_by_region(notes: pd.DataFrame, regions: list[str]) -> pd.DataFrame:
    """The second table of `definitions_of_skill`, a row per region.

    Returns
    -------
    DataFrame
        Columns region, tertiary, secondary, occupation.
    """
    names = (TERTIARY, SECONDARY, OCCUPATION)
    text = notes.groupby(["definition", "region"]).assumption.agg("; ".join).to_dict()
    return pd.DataFrame([(r, *(text.get((n, r), "") for n in names)) for r in regions], columns=["region", *names])
