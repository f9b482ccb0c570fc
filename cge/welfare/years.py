"""What changed between two base years: the first-order rules of M and T, and a Shapley decomposition of each.

M, the quota of 3%: ``beta q sum over skills of N (W_hosts - W_homes)`` (:func:`cge.welfare.gains.first_order`, for a
pool). T, all tariffs removed: Harberger triangles, half of tariff times what imports grow by, where prices of the
sources fall by their tariffs, other prices stand and demand answers with the Armington elasticities of the benchmark.

Both are products of few factors, so that one factor at a time can be taken from the other year. A factor's part is its
contribution averaged over all orders in which factors can change (Shapley), hence the parts add up exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark import Benchmark, migrant_accounts, open_benchmark
from cge.benchmark.aggregate import aggregate
from cge.benchmark.identities import spending

#: The two benchmarks, and the two parameters of the experiment.
BENCHMARKS = {1997: "ww1997", 2014: "world2014"}
BETA, QUOTA = 0.5, 0.03
#: Regions of 2014 put together as in 1997. The Balkans stay with the successor states, where 2014 has them.
AS_1997 = {"EEU": ("POL", "EEU"), "FSU": ("RUS", "XEC"), "MNA": ("TUR", "MNA", "GCC")}
#: Exporters of 1997 that stand aside in 2014 (with the Gulf, a part of the Middle East of 1997).
LEFT = ("EEU", "XEA")
FARM_GOODS = ("Agr", "Food")
#: Factors of the two rules, in the order of the tables.
LABOUR_FACTORS = {"world GDP in current US$": "gdp", "importers' share of the world's workers": "workers",
                  "skilled share of importers' workers": "skills", "importers' pay over world GDP per worker": "pay",
                  "gap of pay, importers to exporters": "gap"}
TRADE_FACTORS = {"world GDP in current US$": "gdp", "imports over world GDP": "openness", "applied tariffs": "applied",
                 "farm layer": "farm", "who buys what, whence; import shares": "pattern"}


@dataclass(frozen=True)
class Labour:
    """Work forces and pay of a base year, as the rule of M takes them.

    Attributes
    ----------
    gdp : float
        World GDP at market prices, million US$.
    world, hosts : float
        Workers of the world, of the importing regions; thousand.
    skills : array (skill)
        Shares of the skills in the importers' workers.
    host_pay, home_pay : array (skill)
        Pay of a worker gross of labour tax, means over workers; US$ a year.
    """

    gdp: float
    world: float
    hosts: float
    skills: np.ndarray
    host_pay: np.ndarray
    home_pay: np.ndarray

    @property
    def factors(self) -> dict[str, Any]:
        """The factors of :func:`rule_of_m` by name."""
        return {"gdp": self.gdp, "workers": self.hosts / self.world, "skills": self.skills,
                "pay": self.host_pay * self.world / self.gdp / 1e3, "gap": 1.0 - self.home_pay / self.host_pay}


def workers_and_pay(bench: Benchmark) -> tuple[xr.DataArray, xr.DataArray]:
    """Work forces (thousand) and base-year wages (million US$ per thousand workers) by skill and region."""
    return bench["LAB"].sum("home").rename(host="reg"), migrant_accounts(bench)["W"]


def world_gdp(bench: Benchmark) -> float:
    """World GDP at market prices, million US$: spending of households, governments and on investment."""
    return float(sum(spending(bench, agent).sum() for agent in "PGI"))


def labour_of(bench: Benchmark, homes: Sequence[str]) -> Labour:
    """Work forces and pay of a benchmark; movers come from ``homes``, pro rata to work forces."""
    force, wage = workers_and_pay(bench)
    hosts = force.sel(reg=bench.meta["groups"]["importers"])
    pool = force.sel(reg=list(homes))

    def mean(weight: xr.DataArray) -> np.ndarray:
        return 1e3 * ((weight * wage).sum("reg") / weight.sum("reg")).values

    return Labour(world_gdp(bench), float(force.sum()), float(hosts.sum()), (hosts.sum("reg") / hosts.sum()).values,
                  mean(hosts), mean(pool))


def rule_of_m(f: Mapping[str, Any]) -> float:
    """First-order gain of the quota, million US$, of the factors of :attr:`Labour.factors`."""
    return BETA * QUOTA * f["gdp"] * f["workers"] * float((f["skills"] * f["pay"] * f["gap"]).sum())


def as_1997(bench: Benchmark) -> Benchmark:
    """The benchmark with the regions of 1997."""
    merged = {old for parts in AS_1997.values() for old in parts}
    if not merged <= set(bench.labels("reg")):
        return bench
    return aggregate(bench, reg={**{r: [r] for r in bench.labels("reg") if r not in merged},
                                 **{k: list(v) for k, v in AS_1997.items()}}).benchmark


def rates(bench: Benchmark) -> tuple[xr.DataArray, xr.DataArray]:
    """Applied tariffs and the farm layer (comm, src, dst), fractions of the cif value."""
    vcif = bench["VCIF"]
    total = (bench["VMSB"] / vcif.where(vcif > 0) - 1.0).fillna(0.0)
    farm = bench["TMSFARM"].where(vcif > 0, 0.0)
    return total - farm, farm


def trade_factors(bench: Benchmark) -> dict[str, Any]:
    """The factors of :func:`rule_of_t` by name."""
    applied, farm = rates(bench)
    vcif, gdp = bench["VCIF"], world_gdp(bench)
    use = [(bench[f"VD{a}P"], bench[f"VM{a}P"]) for a in "PGI"] + [(bench["VDFP"], bench["VMFP"])]
    bought = away = xr.zeros_like(bench["VMPP"])
    for domestic, imported in use:
        total = (domestic + imported).where(domestic + imported > 0, 1.0)
        over = [d for d in imported.dims if d == "acts"]
        bought, away = bought + imported.sum(over), away + (imported * domestic / total).sum(over)
    # Fall of the price of imports by one: how much more of them is bought instead of the domestic good.
    answer = bench["ESUBD"] * away / bought.where(bought > 0, 1.0)
    pattern = {"shares": vcif / vcif.sum(), "answer": answer.rename(reg="dst"),
               "source": bench["ESUBM"].rename(reg="dst")}
    return {"gdp": gdp, "openness": float(vcif.sum()) / gdp, "applied": applied, "farm": farm, "pattern": pattern}


def rule_of_t(f: Mapping[str, Any]) -> float:
    """First-order gain of the removal of all tariffs, million US$: Harberger triangles on the factors of
    :func:`trade_factors`."""
    rate, p = f["applied"] + f["farm"], f["pattern"]
    power = np.log1p(rate)
    weight = p["shares"] * (1.0 + rate)
    mean = (weight * power).sum("src") / weight.sum("src").where(weight.sum("src") > 0, 1.0)
    growth = p["source"] * (power - mean) + p["answer"] * mean
    return 0.5 * f["gdp"] * f["openness"] * float((p["shares"] * rate * growth).sum())


def shapley(value: Callable[[Mapping[str, Any]], float], old: Mapping[str, Any], new: Mapping[str, Any],
            names: Sequence[str]) -> dict[str, float]:
    """Part of each factor in ``value(new) - value(old)``, averaged over all orders; factors not named stay old.

    The parts add up to the whole exactly (Shapley 1953).
    """
    n, parts = len(names), {}
    for name in names:
        others = [x for x in names if x != name]
        parts[name] = 0.0
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for chosen in combinations(others, size):
                without = {**old, **{x: new[x] for x in chosen}}
                parts[name] += weight * (value({**without, name: new[name]}) - value(without))
    return parts


@dataclass(frozen=True)
class Steps:
    """One rule from the first year to the second.

    Attributes
    ----------
    first, second : float
        The rule in both years, million US$.
    share : tuple of float
        The same, % of world GDP.
    parts : dict of str to tuple of float
        Factor to its part: million US$, and percentage points of world GDP.
    """

    first: float
    second: float
    share: tuple[float, float]
    parts: dict[str, tuple[float, float]]


def _steps(value: Callable[[Mapping[str, Any]], float], old: Mapping[str, Any], new: Mapping[str, Any],
           factors: Mapping[str, str], before: Mapping[str, Any] | None = None) -> Steps:
    """Shapley parts in US$ and in % of GDP; ``before`` is the first year under its own list of exporters."""
    start = before or old
    keys = list(factors.values())
    money = shapley(value, old, new, keys)
    one_old, one_new = ({**f, "gdp": 100.0} for f in (old, new))
    share = {"gdp": 0.0, **shapley(value, one_old, one_new, [k for k in keys if k != "gdp"])}
    parts = {label: (money[k], share[k]) for label, k in factors.items()}
    if before:
        one = {**before, "gdp": 100.0}
        parts = {"who exports labour": (value(old) - value(before), value(one_old) - value(one)), **parts}
    return Steps(value(start), value(new), (100 * value(start) / start["gdp"], 100 * value(new) / new["gdp"]), parts)


@dataclass(frozen=True)
class Years:
    """Two base years side by side.

    Attributes
    ----------
    bench : dict of int to Benchmark
    labour : dict of str to Labour
        ``1997`` and ``2014`` with their own exporters, ``1997 narrow`` without those that stand aside in 2014.
    migration, trade : Steps
    same : dict of int to dict
        Factors of T on the regions of 1997.
    """

    bench: dict[int, Benchmark]
    labour: dict[str, Labour]
    migration: Steps
    trade: Steps
    same: dict[int, dict[str, Any]]


def narrow(bench: Benchmark) -> list[str]:
    """Exporters of 1997 without those that stand aside in 2014."""
    return [r for r in bench.meta["groups"]["exporters"] if r not in LEFT]


def two_years() -> Years:
    """Both benchmarks, their rules and what moved them; solves nothing."""
    bench = {year: open_benchmark(name) for year, name in BENCHMARKS.items()}
    (first, old), (second, new) = sorted(bench.items())
    labour = {str(y): labour_of(b, b.meta["groups"]["exporters"]) for y, b in bench.items()}
    labour[f"{first} narrow"] = labour_of(old, narrow(old))
    migration = _steps(rule_of_m, labour[f"{first} narrow"].factors, labour[str(second)].factors, LABOUR_FACTORS,
                       labour[str(first)].factors)
    same = {first: trade_factors(old), second: trade_factors(as_1997(new))}
    order = list(old.labels("reg"))
    for key in ("applied", "farm"):
        same[second][key] = same[second][key].sel(src=order, dst=order)
    return Years(bench, labour, migration, _steps(rule_of_t, same[first], same[second], TRADE_FACTORS), same)


def mean_tariffs(bench: Benchmark) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Trade-weighted tariffs of goods by whose imports from whom, and by goods.

    Returns
    -------
    dict
        (pair, goods) to applied tariff, farm layer (both %) and cif imports (% of world GDP). Pairs: ``world``, ``rich
        from poor`` and so on, rich the labour importers, poor all others; goods: ``all``, ``farm``, ``other``.
    """
    applied, farm = rates(bench)
    rich = list(bench.meta["groups"]["importers"])
    poor = [r for r in bench.labels("reg") if r not in rich]
    every = [*rich, *poor]
    goods = [c for c in bench.labels("comm") if c not in ("Util", "Cons", "Trade", "Transp", "Bus", "Dwe", "Gov")]
    kinds = {"all": goods, "farm": [c for c in goods if c in FARM_GOODS],
             "other": [c for c in goods if c not in FARM_GOODS]}
    pairs = {"world": (every, every), "rich from rich": (rich, rich), "rich from poor": (rich, poor),
             "poor from rich": (poor, rich), "poor from poor": (poor, poor)}
    gdp = world_gdp(bench)
    out: dict[tuple[str, str], tuple[float, float, float]] = {}
    for pair, (dst, src) in pairs.items():
        for kind, comm in kinds.items():
            at = {"comm": comm, "src": src, "dst": dst}
            v = bench["VCIF"].sel(at)
            duty, layer = (100 * float((v * t.sel(at)).sum() / v.sum()) for t in (applied, farm))
            out[pair, kind] = (duty, layer, 100 * float(v.sum()) / gdp)
    return out
