"""Free movement of labour everywhere, workers alike: wages equal wherever anybody moves.

The experiment of Hamilton and Whalley (1984) in the whole model. Skills are put together into one kind of labour; a
mover is as productive as a worker of the host (``beta = 1``); all costs of the base year, which the gap of pay
measures, are gone. The rule (d) of ``mobility`` equalises pay pair by pair and only between pairs with migrants in the
base year; with equal pay everywhere only what each region gains or loses is determined, not who of them comes whence.
So the numbers by region are sought here instead, by steps on the quotas: from regions that lose workers to regions that
gain them, each home's part of the movers the same in every host.

What it takes besides: one elasticity of value added for all activities; at least ``stay`` of a region's natives stay
(otherwise regions would be left by nearly all); no depreciation (gross saving and investment), which the return to
capital would no longer cover where most workers leave; movers send nothing home; investment in fixed shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cge.benchmark import Benchmark, check_benchmark
from cge.benchmark.aggregate import aggregate
from cge.errors import SolveFailed
from cge.solve.model import Model, Solution
from cge.welfare.one_sector import OneSector, free_movement_one_sector

LABOUR = "Labour"
STAY = 0.05
#: Largest gap of log wages between regions that are not at the bound at which wages count as equal.
EQUAL = 0.01
_STEPS = 30
_CERTIFIED = 1e-9


@dataclass(frozen=True)
class FreeMovement:
    """What free movement does.

    Attributes
    ----------
    sigma : float
        Elasticity of substitution in value added.
    gain, independent : float
        World equivalent variation, and the change of consumption, government and saving at benchmark prices; million
        US$.
    gdp : float
        World GDP of the base year, million US$.
    moved : float
        Net movers, thousand workers.
    wage : float
        Real after-tax wage where workers moved, US$ a year at benchmark prices.
    apart : float
        Largest gap of log wages between regions that are not at the bound.
    workers, pay_before, pay_after : array (reg)
        Efficiency units of labour over those of the base year; after-tax real wage, US$ a year.
    bound : bool array (reg)
        Regions that only the bound ``stay`` keeps from losing more.
    residents, movers, earlier : float
        Equivalent variation of the groups, million US$.
    closed : OneSector
        The closed form on the same wage bills and work forces.
    worst : float
        Largest reading of the solution's certificate.
    """

    sigma: float
    gain: float
    independent: float
    gdp: float
    moved: float
    wage: float
    apart: float
    workers: np.ndarray
    pay_before: np.ndarray
    pay_after: np.ndarray
    bound: np.ndarray
    residents: float
    movers: float
    earlier: float
    closed: OneSector
    worst: float

    @property
    def percent(self) -> float:
        """World gain in percent of world GDP."""
        return 100.0 * self.gain / self.gdp


def one_labour(bench: Benchmark) -> Benchmark:
    """The benchmark with all kinds of labour put together and without depreciation.

    Saving is gross: it rises by the depreciation that net investment no longer bears.

    Raises
    ------
    BenchmarkError
        The benchmark has no labour, or the result fails a check.
    """
    skills = bench.labels("skill")
    endowments = {LABOUR: list(skills)} | {e: [e] for e in bench.labels("endw") if e not in skills}
    one = aggregate(bench, endw=endowments, name=f"{bench.name}-one-labour").benchmark
    one = one.replace(SAVE=one["SAVE"] + one["VDEP"], VDEP=0.0 * one["VDEP"])
    check_benchmark(one)
    return one


class FreeWorld:
    """A model made for free movement, compiled once for several elasticities.

    Parameters
    ----------
    bench : Benchmark
        With any number of skills; see :func:`one_labour`.
    stay : float
        Least part of a region's natives who stay.
    """

    def __init__(self, bench: Benchmark, stay: float = STAY):
        self.stay = stay
        self.model = Model(one_labour(bench), rordelta=0)
        data = {k: v for k, (_, v) in self.model.cal.data.items()}
        labour = self.model.cal.positions.labour
        self._bill, self._output = data["EVFB"][labour].sum((0, 1)), data["EVFB"].sum((0, 1))
        self._units, self._force, self._natives = (data[n][0] for n in ("EFF0", "LF0", "NAT0"))
        self._pay, self._shape, self._gdp = data["WNET0"][0], data["ESUBVA"].shape, float(data["GDP0"].sum())
        self._least = (self._units - (1.0 - stay) * self._natives) / self._units  # earlier migrants stay

    def solve(self, sigma: float, progress: Callable[[str], None] | None = None) -> FreeMovement:
        """Move workers until real after-tax wages are equal.

        Parameters
        ----------
        sigma : float
            Elasticity of substitution between labour, capital, land and natural resources in every activity.
        progress : callable, optional
            Receives one line per step.

        Raises
        ------
        SolveFailed
            A step has no solution, or wages are not equal after the last.
        """
        say = progress or (lambda line: None)
        closed = free_movement_one_sector(self._bill, self._output, self._force, sigma, self.stay)
        step = sigma / (1.0 - self._bill / self._output)  # of log workers on log wages, from the closed form
        damp, before = np.full(len(step), 0.6), np.zeros(len(step))
        x = self._balance(1.0 + 0.7 * (np.minimum(closed.workers, 20.0) - 1.0), np.ones(len(step)), 0.0 * step)
        for k in range(_STEPS):
            solution = self._solved(x, sigma)
            wage = self._pay * solution["realwage"].values[0]
            common = float(np.exp((np.log(wage) * self._units * x).sum() / (self._units * x).sum()))
            free = (x > 1.0001 * self._least) | (wage > common)
            gap = np.where(free, np.log(wage / common), 0.0)
            # The step of a region that passed its mark is shortened, of one that nears it slowly lengthened.
            damp = np.where(gap * before < 0, 0.4 * damp, np.minimum(1.3 * damp, 1.0))
            before, apart = gap, float(np.ptp(gap[free]))
            gain = 100 * float(solution["WEV"]) / self._gdp
            say(f"    step {k + 1}: wages {100 * apart:.1f}% apart, gain {gain:.1f}% of GDP")
            if apart < EQUAL:
                return self._result(sigma, x, solution, wage, common, apart, ~free, closed)
            x = self._balance(x, wage / common, damp * step)
        raise SolveFailed(f"free movement at sigma {sigma}: wages are still {100 * apart:.1f}% apart after {_STEPS} "
                          "steps; let more natives stay (stay)")

    def _balance(self, x: np.ndarray, ratio: np.ndarray, power: np.ndarray) -> np.ndarray:
        """Workers after a step, over those of the base year: not below the bound, as many in the world as before."""
        power = np.where(power > 0, power, 1.0) if (power > 0).any() else np.ones(len(x))
        low, high = -20.0, 20.0
        for _ in range(100):
            middle = 0.5 * (low + high)
            new = np.maximum(x * (ratio * np.exp(-middle)) ** power, self._least)
            low, high = (middle, high) if (self._units * new).sum() > self._units.sum() else (low, middle)
        return new

    def _solved(self, x: np.ndarray, sigma: float) -> Solution:
        net = self._units * (x - 1.0)
        came, left = np.maximum(net, 0.0), np.maximum(-net, 0.0)
        came *= left.sum() / came.sum()
        alike = np.ones((1, len(x), len(x)))
        share = np.where(came > 0, (left / left.sum())[:, None], 0.0) * alike
        solution = self.model.solve({"quota": (came / self._force)[None]},
                                    {"MSHR": share, "AN": alike, "RHON": 0.0 * alike,
                                     "ESUBVA": np.full(self._shape, sigma)})
        if not solution.certificate.worst <= _CERTIFIED:
            raise SolveFailed(f"free movement at sigma {sigma}: the solution fails its certificate "
                              f"({solution.certificate.worst:.1e})")
        return solution

    def _result(self, sigma: float, x: np.ndarray, solution: Solution, wage: np.ndarray, common: float, apart: float,
                bound: np.ndarray, closed: OneSector) -> FreeMovement:
        ev, movers, earlier = (float(solution[n].sum()) for n in ("EV", "EVnew", "EVearl"))
        return FreeMovement(
            sigma, float(solution["WEV"]), float(solution["absorb"].sum()), self._gdp, float(solution["mov"].sum()),
            1e3 * common, apart, x, 1e3 * self._pay, 1e3 * wage, bound, ev, movers, earlier, closed,
            float(solution.certificate.worst))
