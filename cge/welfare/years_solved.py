"""The comparison solved on both base years, and with the tariffs and the exporters of the other year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import xarray as xr

from cge._paths import shipped
from cge.benchmark import Benchmark
from cge.scenario import Scenario, read_scenarios
from cge.welfare.compare import compare
from cge.welfare.gains import first_order
from cge.welfare.years import AS_1997, BETA, LEFT, QUOTA, Years, as_1997, narrow, rates

#: Scenario files of the two years.
FILES = {1997: "walmsley_winters.toml", 2014: "walmsley_winters_2014.toml"}
_KEPT = ("T", "T-", "M", "MU", "MS")
#: Exporters of the other year; tariffs of the other year put back, and removed from there.
OTHER_HOMES, OTHER_TARIFFS, FROM_OTHER = "M homes", "P other", "T other"


@dataclass(frozen=True)
class Solved:
    """World gains of the model, million US$.

    Attributes
    ----------
    gain : dict of int to dict of str to float
        Year of the benchmark, scenario: T, T-, M, MU, MS, :data:`OTHER_HOMES`, :data:`FROM_OTHER`.
    rule : dict of int to dict of str to float
        First-order rule of M and of :data:`OTHER_HOMES`, of the movers that were solved for.
    """

    gain: dict[int, dict[str, float]]
    rule: dict[int, dict[str, float]]


def other_homes(bench: Benchmark, year: int) -> list[str]:
    """Exporters as the other year has them: of 1997 without those that stand aside in 2014, of 2014 with them."""
    if year == min(FILES):
        return narrow(bench)
    back = [r for name in LEFT for r in AS_1997.get(name, (name,))]
    return [*bench.meta["groups"]["exporters"], *back]


def with_other_tariffs(bench: Benchmark, other: Benchmark) -> Benchmark:
    """The benchmark with the other year's tariffs in the array TMS1993, which scenarios can put back.

    Rates of a region that only one of the years has are those of the region that holds it in 1997; on trade that the
    other year lacks, the rate is zero.
    """
    applied, farm = rates(other)
    total = applied + farm
    merged = {part: name for name, parts in AS_1997.items() for part in parts}
    back = [r if r in other.labels("reg") else merged[r] for r in bench.labels("reg")]
    regs = list(bench.labels("reg"))
    # The scenario adds the benchmark's own farm layer to this array.
    spread = total.sel(src=back, dst=back).assign_coords(src=regs, dst=regs) - rates(bench)[1]
    return bench.replace(TMS1993=spread.where(bench["VCIF"] > 0, 0.0))


def solve_years(years: Years, progress: Callable[[str], None] | None = None) -> Solved:
    """Solve T, M and what is exchanged between the years; two models are compiled.

    Parameters
    ----------
    years : Years
    progress : callable, optional

    Raises
    ------
    SolveFailed
    """
    gain, rule = {}, {}
    first, second = sorted(years.bench)
    # Regions that each year's can take its tariffs from.
    other = {first: as_1997(years.bench[second]), second: years.bench[first]}
    for year, bench in years.bench.items():
        file = read_scenarios(shipped("runs", FILES[year]))
        quota = {"rate": QUOTA, "hosts": ["importers"], "supply": "pool", "homes": other_homes(bench, year)}
        scenarios = {n: file.scenarios[n] for n in _KEPT} | {
            OTHER_HOMES: Scenario(OTHER_HOMES, quota=[quota]),
            OTHER_TARIFFS: Scenario(OTHER_TARIFFS, tariffs=[{"rate": "1993"}]),
            FROM_OTHER: Scenario(FROM_OTHER, tariffs=[{"remove": "all"}], reference=OTHER_TARIFFS)}
        ds = compare(replace(file, scenarios=scenarios, breakeven=[], expect=()),
                     benchmark=with_other_tariffs(bench, other[year]), progress=progress, detail=False)
        gain[year] = _world(ds, [*_KEPT, OTHER_HOMES, FROM_OTHER])
        rule[year] = {n: first_order(ds, n, BETA) for n in ("M", OTHER_HOMES)}
    return Solved(gain, rule)


def _world(ds: xr.Dataset, names: list[str]) -> dict[str, float]:
    return {n: float(ds["gain_world"].sel(scenario=n)) for n in names}
