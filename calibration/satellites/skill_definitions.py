"""Other definitions of skill: which share of workers changes class in each region, with which share of pay.

The benchmark counts as skilled those with completed tertiary education (``college``). Besides:

- ``tertiary``: some tertiary education, completed or not;
- ``secondary``: completed secondary school or more;
- ``occupation``: managers, professionals, technicians and associate professionals, major groups 1 to 3 of the
  International Standard Classification of Occupations. GTAP's skilled labour is of that kind (managers,
  administrators, professionals, para-professionals: Liu, van Leeuwen, Vo, Tyers and Hertel 1998, GTAP Technical Paper
  11 [recalled]). Shares of employment: facts/<year>/occupations.csv.

Schooling: Barro and Lee (2013), version 3, population of 15 to 64, interpolated to the base year. The benchmark's
college share is not theirs (`calibration.satellites.skills`) and mostly the larger one, so that it holds many of those
whom they count as having left tertiary education early. Who moves is therefore what lies between the benchmark's
college share and their total of the wider class.
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
from cge.benchmark import Benchmark, migrant_accounts, redefine_skill, skill_definitions
from cge.benchmark.skill_definitions import SKILLDEF

#: Definitions by schooling; the first is the benchmark's own.
COLLEGE, TERTIARY, SECONDARY, OCCUPATION = "college", "tertiary", "secondary", "occupation"
DEFINITIONS = (COLLEGE, TERTIARY, SECONDARY, OCCUPATION)
#: Years that Barro and Lee count for tertiary education that was begun and not completed, and completed.
BEGUN, COMPLETED = 2.0, 4.0
#: Share of managers, professionals and associate professionals of one case of `first_order_shares`: a round number.
EVERY_HOST = 0.45
#: An assumption of `definitions_of_skill`: nobody moves, for want of room.
NO_ROOM = "college share not below Barro-Lee's total"
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
        primary_completed, secondary_completed, tertiary_completed; mean years: years, years_primary, ... As published,
        also where facts/<year>/attainment_replaced.csv has another figure of completed tertiary education: there is
        none of the other levels.
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


def moved_by_schooling(people: pd.DataFrame, definition: str, college: pd.Series) -> pd.DataFrame:
    """Who of those without a degree counts as skilled, and how much longer they went to school than the others.

    The benchmark's graduates are taken to be those with most schooling. So the others who belong to the wider class are
    its total less the college share: max(0, total - college) / (1 - college) of the others. As participation is that of
    graduates or that of all others (`skills.country_skills`), this is their share of the workers without a degree too.

    A year of school is a year in which the course was attended: whoever left a course early has half of it, which is
    how Barro and Lee count. So the length of primary and secondary school follows from the mean years and the shares.

    Parameters
    ----------
    people : DataFrame
        As `attainment` returns it.
    definition : str
        ``tertiary`` or ``secondary``.
    college : Series
        Index ISO3: the benchmark's college share of people (`skills.country_skills`, column people).

    Returns
    -------
    DataFrame
        Index ISO3; columns share (of those without a degree in the benchmark), longer (years of schooling of those who
        move less those of those who stay; 0 where nobody moves).
    """
    p, college = people, college.reindex(people.index)
    left = 0.5 * (p.primary - p.primary_completed), 0.5 * (p.secondary - p.secondary_completed)
    school = p.years_primary / (p.primary_completed + p.secondary + p.tertiary + left[0])
    school += p.years_secondary / (p.secondary_completed + p.tertiary + left[1])
    total, moved, years = 0.0 * school, 0.0 * school, 0.0 * school
    levels = [(p.tertiary_completed, school + COMPLETED), (p.tertiary - p.tertiary_completed, school + BEGUN)]
    levels += [(p.secondary_completed, school)] if definition == SECONDARY else []
    known = p.years
    for share, length in levels:  # from the top, where the graduates of the benchmark are
        total = total + share
        part = np.minimum(share, (total - college).clip(lower=0.0))
        moved, years, known = moved + part, years + part * length, known - share * length
    longer = (years / moved - known / (1 - total)).mask(moved <= 0, 0.0)
    return pd.DataFrame({"share": moved / (1 - college), "longer": longer})


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
    found = moved_by_schooling(attainment(raw, config.year), definition, skills.people).reindex(skills.index)
    missing = found.share.isna() | ~np.isfinite(found.longer)
    replaced = pd.Series(skills.index.isin(facts("attainment_replaced", config.year).iso), skills.index)

    def where(some: pd.Series, what: str) -> list[tuple[str, str]]:
        part = skills.emp.where(some, 0.0).groupby(skills.region).sum() / skills.emp.groupby(skills.region).sum()
        return [(r, f"{what}: {100 * v:.0f}% of workers") for r, v in part.items() if v >= 0.005]

    log = where(~missing & (found.share <= 0), NO_ROOM)
    log += where(~missing & replaced, "Barro-Lee's total, though its graduates are replaced")
    weight = (skills.emp * (1 - skills.workers)).where(~missing)
    for column in found:
        mean = (found[column] * weight).groupby(skills.region).sum() / weight.groupby(skills.region).sum()
        found[column] = found[column].where(~missing, skills.region.map(mean))
    log += [(r, f"{what} (mean of the region)") for r, what in where(missing, "not in Barro-Lee")]
    more = np.exp(returns * found.longer)
    relative = more / (found.share * more + 1 - found.share)  # pay of those who move over the mean of the unskilled
    bounded = relative.clip(1.0, skills.ratio.clip(lower=1.0))
    log += where((bounded < relative) & ~missing, "bound")
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


def net_difference(share: float, college: float, ratio: float) -> tuple[bool, float, float]:
    """Who changes class so that a share of workers is skilled: at the geometric mean of the two classes' pay.

    Parameters
    ----------
    share, college : float
        Skilled share of workers wanted, and the present one.
    ratio : float
        Pay per worker of the skilled over that of the unskilled.

    Returns
    -------
    bool
        Upward: of the unskilled; else of the skilled.
    float, float
        Share of the workers of that class, and of its pay.
    """
    moved = (share - college) / (1 - college) if share >= college else 1 - share / college
    return share >= college, moved, moved * float(np.sqrt(ratio)) ** (1 if share >= college else -1)


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
            relative = float(np.clip(pay[r] / workers[r], 1.0, regions.ratio[r])) if workers[r] > 0 else 0.0
            rows.append((name, unskilled, skilled, r, workers[r], workers[r] * relative))
    share, log = occupation_shares(config, countries)
    notes += [(OCCUPATION, *entry) for entry in log]
    for r in config.reg:
        up, workers, pay = net_difference(share[r], regions.workers[r], regions.ratio[r])
        rows.append((OCCUPATION, *((unskilled, skilled) if up else (skilled, unskilled)), r, workers, pay))
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


def regions_of(notes: pd.DataFrame, definition: str, what: str) -> str:
    """Regions of an assumption of `definitions_of_skill`, in words: name, and the share of workers where not all."""
    chosen = notes[(notes.definition == definition) & notes.assumption.str.startswith(what)]
    share = [text.removeprefix(f"{what}: ").split(" ")[0] for text in chosen.assumption]
    return ", ".join(r if s == "100%" else f"{r} ({s})" for r, s in zip(chosen.region, share, strict=True)) or "none"


def falls_by_occupation(shares: pd.DataFrame) -> str:
    """Regions of `skilled_shares` whose skilled share of workers is smaller by occupation, in words."""
    columns = ["region", f"{COLLEGE}: workers", f"{OCCUPATION}: workers"]
    return ", ".join(f"{r} ({a:.1f} to {b:.1f})" for r, a, b in shares[columns].itertuples(index=False) if b < a)


def with_occupation_shares(bench: Benchmark, shares: dict[str, float]) -> Benchmark:
    """The benchmark by occupation, where some regions have another share of workers in these occupations."""
    unskilled, skilled = bench.sets["skill"]
    people, pay = bench["LAB"].sum("home").rename(host="reg"), bench["EVFB"].sum("acts").rename(endw="skill")
    rows = []
    for row in bench.meta[SKILLDEF]:
        r = row["reg"]
        if row["definition"] == OCCUPATION and r in shares:
            n, w = ([float(x.sel(skill=k, reg=r)) for k in (unskilled, skilled)] for x in (people, pay))
            up, *part = net_difference(shares[r], n[1] / sum(n), w[1] / n[1] / (w[0] / n[0]))
            ends = (unskilled, skilled) if up else (skilled, unskilled)
            row = dict(zip(row, (OCCUPATION, *ends, r, *part), strict=True))
        rows.append(row)
    return redefine_skill(bench.replace(meta={SKILLDEF: rows}), OCCUPATION)


def first_order_share(bench: Benchmark) -> float:
    """Unskilled share of the world gain of a quota of the same percentage of either skill, by the first-order rule.

    The gain of a skill is in proportion to the sum over importers of workers times (wage less the mean wage of the
    exporters' natives); its mobility and the quota cancel out.
    """
    hosts, homes = (list(bench.meta["groups"][g]) for g in ("importers", "exporters"))
    wage, stock = migrant_accounts(bench)["W"], bench["LAB"]
    gain = {}
    for skill in bench.sets["skill"]:
        left = np.array([float(stock.sel(skill=skill, home=h, host=h)) for h in homes])
        sent = float(left @ wage.sel(skill=skill, reg=homes).values / left.sum())
        workers = stock.sel(skill=skill, host=hosts).sum("home").values
        gain[skill] = float(workers @ (wage.sel(skill=skill, reg=hosts).values - sent))
    return gain[bench.sets["skill"][0]] / sum(gain.values())


def first_order_shares(bench: Benchmark) -> dict[str, float]:
    """`first_order_share` by definition, and by occupation with two other assumptions on hosts.

    Returns
    -------
    dict
        By definition; ``japan``: Japan has Germany's share of managers, professionals and associate professionals;
        ``hosts``: every importer has `EVERY_HOST`.
    """
    out = {n: first_order_share(redefine_skill(bench, n)) for n in DEFINITIONS}
    people = redefine_skill(bench, OCCUPATION)["LAB"].sum("home").sel(host="DEU")
    germany = float(people.sel(skill=bench.sets["skill"][1]) / people.sum())
    out["japan"] = first_order_share(with_occupation_shares(bench, {"JPN": germany}))
    every = dict.fromkeys(bench.meta["groups"]["importers"], EVERY_HOST)
    return out | {"hosts": first_order_share(with_occupation_shares(bench, every))}


def words(bench: Benchmark, notes: pd.DataFrame, shares: pd.DataFrame) -> dict[str, str]:
    """Numbers of the README's text.

    Parameters
    ----------
    bench : Benchmark
    notes : DataFrame
        Second table of `definitions_of_skill`.
    shares : DataFrame
        As `skilled_shares` returns it.

    Returns
    -------
    dict
        Name in the template: text.
    """
    out = {f"no_room_{n}": regions_of(notes, n, NO_ROOM) for n in (TERTIARY, SECONDARY)}
    by_region = shares.set_index("region")[f"{SECONDARY}: workers"]
    out |= {f"{r.lower()}_secondary": f"{by_region[r]:.0f}" for r in ("GBR", "DEU", "USA")}
    out |= {f"first_order_{k}": f"{v:.3f}" for k, v in first_order_shares(bench).items()}
    return out | {"falls_by_occupation": falls_by_occupation(shares), "every_host": f"{100 * EVERY_HOST:.0f}%"}
