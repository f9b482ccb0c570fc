"""The path of a shock: points on it, line integrals of the Divisia indices, continuation.

The end point and a few points on the way are solved each by itself, and the indices
are integrated through them (`cge.solve.quadrature`). More points are added until the
integrals settle; the result is put into the path state and the end point is solved
again: closure, indices and certificate stay consistent.

Rates that only report (welfare decomposition, trade indices) are left out of all
this. They are integrated when asked for, in 1, 2, 4, ... sub-steps chained by the
trapezoid rule (Tornqvist), whose results are extrapolated as Romberg (1955) does. A
fixed number of sub-steps is chained likewise.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.errors import SolveFailed
from cge.model.closure import NUMERAIRE
from cge.solve.quadrature import bent, geometric, integrate, lagrange, lobatto

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.newton import NewtonReport

#: Largest estimated error of a Divisia index (fraction): 1e-4 percentage points. Money: of its largest cell.
RATE_TOLERANCE = 1e-6
#: Largest estimated error accepted after the last doubling; it is written with the solution.
_ACCEPTABLE = 1e-4
#: Errors of money below this fraction of world income do not count.
_SMALL_MONEY = 1e-10
#: Residual demanded of interior points: in sub-steps, and by themselves, where their error enters the indices only
#: times how far weights move (measured: a thousandth of it and less); of large systems and batches.
_INTERIOR, _NODE, NODE_LOOSE = 1e-8, 1e-7, 1e-5
_MAX_STEPS = 64
#: Part of the error of reporting rates that the points of the path may have; error over squared distance of paths.
_PATH_SHARE, _SQUARES = 0.5, 4.0
_MAX_HALVINGS = 8
_MAX_SWEEPS = 12
#: Speed of an unknown before a failure, over its average speed until then, that is worth a word.
_TURNING = 3.0
#: Speed between two points, over that beside them, from which they lie on different branches of solutions.
_LEAP = 5.0


class Path:
    """The straight line from the benchmark to a shock, and the points solved on it.

    Parameters
    ----------
    model : Model
    goal : dict
        Data tree with the full shock.
    report : NewtonReport
        Collects iterations and products.
    """

    def __init__(self, model: Model, goal: dict[str, Any], report: NewtonReport):
        self.model, self.goal, self.report = model, goal, report
        self.points: dict[float, np.ndarray] = {0.0: np.zeros(model.system.n)}
        #: Points of every pass by its number of sub-steps: fraction of the shock, unknowns, path state before.
        self.passes: dict[int, list[tuple[float, np.ndarray, dict]]] = {}
        #: Path state at points solved by themselves, and the starting state they were given where not the benchmark's.
        self.nodes: dict[float, dict] = {}
        self.shifted: dict[float, dict] = {}
        #: The end point with its integrated indices, once it is solved.
        self.end: np.ndarray | None = None
        self._polished: set[float] = set()
        self._post: dict[str, np.ndarray] | None = None
        self.post_error = float("nan")

    def refine(self) -> tuple[np.ndarray, dict, int, float]:
        """Solve the end point with Divisia indices integrated through more and more points of the path.

        Every point is solved by itself, its indices in one trapezoid from the benchmark. What the integral through
        all points adds to that is put into the path state of the end point, which is then solved again.

        Returns
        -------
        x, data
            End point and its data tree, the corrected path state included.
        steps : int
            Parts into which the points divide the shock.
        error : float
            Estimated error of the indices (fraction).

        Raises
        ------
        SolveFailed
        """
        start = self.model.base().data["rates"]
        self.nodes[0.0] = start
        self._node(1.0)
        m, found = 1, self._integral((0.0, 1.0), 1.0)
        gap = np.inf
        least = abs(self.goal.get("bend", 0.0)) / np.log(2.0)  # points a doubling apart, lest all lie beyond the change
        while True:
            m *= 2
            times = tuple(lobatto(m))
            for t in times:
                self._node(t)
            before, found = found, self._integral(times, 1.0)
            last, gap = gap, self._largest(found, before)
            # Changes fall geometrically as the points double, and so do errors: known from the second change on.
            error = gap * min(1.0, gap / last) if 0.0 < last < np.inf else gap
            if error < RATE_TOLERANCE and m >= least:
                break
            if m >= _MAX_STEPS:
                if (leap := self._leap()) or not error < _ACCEPTABLE:  # no index is defined across a leap
                    raise SolveFailed(f"the price and quantity indices did not settle in {m} steps along the shock; "
                                      f"{leap or 'try a smaller shock, or give it in two parts'}")
                break
        x, data = self._settle(times, found)
        self.end = x
        return x, data, m, error

    def _integral(self, times: tuple[float, ...], to: float) -> dict[str, np.ndarray]:
        return integrate(times, [self.nodes[t] for t in times], self.model.rate_dims(), to)

    def spaced(self) -> list[float]:
        """Fractions of the shock at which the solve knows a point; two more are solved where there are only three."""
        if len(self.nodes) == 3:
            for t in (0.25, 0.75):
                self._node(t)
        return sorted(self.nodes)

    def _node(self, t: float, halvings: int = 0, fine: bool = False) -> None:
        """Solve the point at the fraction ``t``, from points between where it cannot be reached at once."""
        if t in self.nodes:
            return
        model = self.model
        data = model.data_at(self.goal, t, self.shifted.get(t, self.nodes[0.0]))
        try:
            loose = getattr(model.newton, "reporting", None) is not None
            # Differences are measured against benchmark flows: they are smaller at a lower price level.
            goal = (NODE_LOOSE if loose else _NODE) * min(1.0, np.exp(self._numeraire(t)))
            if fine or t in self.shifted:  # again: what is left open at a point must not move the integral
                goal = min(goal, _INTERIOR)
            x = model.newton.solve(self._start(t), data, self.report, goal, rough=True)
        except SolveFailed as err:
            if halvings == _MAX_HALVINGS:
                raise self._stuck(err, t) from err
            self._node(0.5 * (t + max(s for s in self.points if s < t)), halvings + 1, fine)
            self._node(t, halvings + 1, fine)
            return
        self.points[t] = x
        self.nodes[t] = model.newton.rate_state(x, data)
        if fine:
            self._polished.add(t)

    def _stuck(self, error: SolveFailed, t: float) -> SolveFailed:
        """The failure with what was reached before it; where nothing was, whether elasticities make it singular."""
        last = max(s for s in self.points if s < t)
        words = str(error)
        if last > 0.0:
            part = 100.0 * bent(last, self.goal.get("bend", 0.0))
            return SolveFailed(f"{words}. {part:.3g}% of the shock had a solution{self._turning(last)}")
        if (why := getattr(self.model.newton, "why_singular", None)) is not None:
            data = self.model.data_at(self.goal, 0.0, self.model.base().data["rates"])
            if found := why(self.points[0.0], data):
                words += f"; with these coefficients {found}"
        return SolveFailed(words)

    def _turning(self, last: float) -> str:
        """The unknown that moves ever faster towards the last point: where paths of solutions turn back."""
        before = max((s for s in self.points if 0.0 < s < last), default=0.0)
        if before == 0.0:
            return ""
        speed = np.abs(self.points[last] - self.points[before]) / (last - before)
        j = int(np.argmax(speed))
        if speed[j] < _TURNING * abs(self.points[before][j]) / before:
            return ""
        name, element = self.model.system.locate_unknown(j)
        return (f", to which '{name}'{' of ' + ', '.join(element) if element else ''} moves ever faster: the path of "
                "solutions may turn back there, with no equilibrium beyond; try rordelta = 0 or other elasticities")

    def _leap(self) -> str:
        """Where the points leap to another branch of solutions, in words: far faster there than on either side."""
        times = sorted(self.points)
        moved = [np.abs(self.points[b] - self.points[a]) / (b - a) for a, b in pairwise(times)]
        fast = np.array([v.max() for v in moved])
        beside = [np.median(np.append(fast[k - 2:k], fast[k + 1:k + 3])) for k in range(2, len(fast) - 2)]
        over = fast[2:-2] / np.maximum(beside, 1e-12)
        if not len(over) or over.max() < _LEAP:
            return ""
        k = int(np.argmax(over >= _LEAP)) + 2  # the first of them
        before, after = (100.0 * bent(t, self.goal.get("bend", 0.0)) for t in times[k:k + 2])
        name, element = self.model.system.locate_unknown(int(np.argmax(moved[k])))
        which = f"'{name}'{' of ' + ', '.join(element) if element else ''}"
        return (f"between {before:.3g}% and {after:.3g}% of it {which} leaps: there are several equilibria there, and "
                "the path does not lead from the benchmark to the one found; try rordelta = 0, a smaller shock, or "
                "other elasticities")

    def _settle(self, times: tuple[float, ...], found: dict[str, np.ndarray]) -> tuple[np.ndarray, dict]:
        """Solve the end point with its integrated indices; all points again where those move the solution itself.

        In most closures only the price level and what is reported hang on the indices: the integral then stays what
        it was. Where it does not (a real wage or a price index held), the points are solved again until it does.
        """
        model, start = self.model, self.nodes[0.0]
        for _ in range(_MAX_SWEEPS):
            shift = {k: found[k] - self.nodes[1.0][k]["acc"] + self.shifted.get(1.0, start)[k]["acc"] for k in found}
            data = model.data_at(self.goal, 1.0, {k: {**start[k], "acc": v} for k, v in shift.items()})
            guess = self.points[1.0]
            if (level := model.newton.price_level()) is not None:  # the price level makes up for the correction
                guess = guess - level * float(shift[NUMERAIRE] - self.shifted.get(1.0, start)[NUMERAIRE]["acc"])
            x = model.newton.solve(guess, data, self.report)
            end = model.newton.rate_state(x, data)
            states = [self.nodes[t] for t in times[:-1]] + [end]
            again = integrate(times, states, model.rate_dims(), 1.0)
            if self._largest(again, {k: s["acc"] for k, s in end.items()}) < RATE_TOLERANCE:
                return x, data
            for t in times[1:]:
                here = self._integral(times, t)
                self.shifted[t] = {k: {**start[k], "acc": here[k] - self.nodes[t][k]["acc"]
                                       + self.shifted.get(t, start)[k]["acc"]} for k in here}
            for t in times[1:]:
                del self.nodes[t]
                self._node(t)
            found = self._integral(times, 1.0)
        raise SolveFailed("the price and quantity indices that the closure holds did not settle; try a smaller shock, "
                          "or give it in two parts")

    def _even(self, n: int) -> bool:
        """Whether a pass kept to equal sub-steps: one with halved steps says nothing about the order of the error."""
        return len(self.passes[n]) == n

    def integral(self, name: str) -> np.ndarray:
        """Integral of a reporting rate over the path: the logarithm of an index, the level of a signed one.

        All reporting rates are integrated together at the first call. ``post_error`` then holds their estimated
        error (fraction; of money, over the largest cell), or NaN for a path walked in a fixed number of sub-steps.
        """
        if self._post is None:
            self._post = self._integrate()
            if self.post_error > _ACCEPTABLE:
                warnings.warn(f"reporting rates (welfare decomposition, trade indices) did not settle along the shock; "
                              f"their estimated error is {self.post_error:.1g} of the largest cell: give the shock in "
                              "parts", stacklevel=3)
        return self._post[name]

    def _integrate(self) -> dict[str, np.ndarray]:
        self.report = type(self.report)()  # the count of the solve itself is closed
        if self.end is not None and getattr(self.model.newton, "reporting", None) is not None:
            return self._by_quadrature(self.model.newton.reporting)
        if self.passes and 1 not in self.passes:  # a fixed number of sub-steps: nothing to extrapolate from
            return self._along(max(self.passes))
        n = 1
        row: list[dict[str, np.ndarray]] = []
        while True:
            if n not in self.passes:
                self.walk(n)
            along = self._along(n)
            row = _romberg(row, along) if self._even(n) else []
            if len(row) > 1:
                self.post_error = self._largest(row[-1], row[-2])
                if (self.post_error < RATE_TOLERANCE and n >= max(self.passes)) or n >= _MAX_STEPS:
                    return row[-1]
            elif n >= _MAX_STEPS:
                self.post_error = float("inf")
                return along
            n *= 2

    def _by_quadrature(self, reporting: Any) -> dict[str, np.ndarray]:
        """Integrals of the reporting rates along the polynomial through enough points of the path."""
        base, start = self.model.base().data, self.nodes[0.0]
        m, gap, left = 1, self._bow((0.0,), (0.0, 1.0)), np.inf
        while left > _PATH_SHARE * RATE_TOLERANCE and m < _MAX_STEPS:
            m *= 2
            coarse, times = tuple(lobatto(m // 2)), tuple(lobatto(m))
            for t in times:
                self._node(t, fine=True)
                self._polish(t)
            last, gap = gap, self._bow(coarse, times)
            # What a path through these points gets wrong swings about zero between them: it enters the integrals
            # times how far weights do the same. Measured on synthetic worlds: up to three times the square.
            left = _SQUARES * geometric(gap, last) ** 2
        found, error = reporting.integrate(
            times, [self._leveled(t, times) for t in times], base, self.goal,
            lambda s: {k: v for k, v in self._integral(times, s).items() if k in start}, self._largest, RATE_TOLERANCE)
        self.post_error = error + left + _INTERIOR
        return found

    def _bow(self, coarse: tuple[float, ...], times: tuple[float, ...]) -> float:
        """Largest distance of the path through fewer points from the points of a finer one, in logarithms."""
        table, worst = self.model.system.table.symbols, 0.0
        logs = np.concatenate([np.full(cells.stop - cells.start, table[name].positive)
                               for name, _, cells in self.model.system.unknown])
        for t in times:
            if t not in coarse:
                between = sum(w * self.points[s] for w, s in zip(lagrange(np.array(coarse), t)[0], coarse, strict=True))
                worst = max(worst, float(np.abs(between - self.points[t])[logs].max(initial=0.0)))
        return worst

    def _polish(self, t: float) -> None:
        """Solve an interior point as far as contributions to welfare need, whose weights may move by their own size."""
        if t not in (0.0, 1.0) and t not in self._polished:
            newton, data = self.model.newton, self.model.data_at(self.goal, t, self.shifted.get(t, self.nodes[0.0]))
            self.points[t] = newton.solve(self.points[t], data, self.report, _INTERIOR)
            self.nodes[t] = newton.rate_state(self.points[t], data)
            self._polished.add(t)

    def _leveled(self, t: float, times: tuple[float, ...]) -> np.ndarray:
        """The point at ``t`` with the price level of the integrated numeraire: it was solved with its own."""
        if t == 1.0 and self.end is not None:
            return self.end
        level = self.model.newton.price_level()
        if t == 0.0 or level is None:
            return self.points[t]
        return self.points[t] - level * float(self._integral(times, t)[NUMERAIRE] - self.nodes[t][NUMERAIRE]["acc"])

    def _along(self, n: int) -> dict[str, np.ndarray]:
        """Trapezoid integrals of the reporting rates over the points of one pass."""
        system = self.model.system
        state = self.model.base_post()
        for t, x, rates in self.passes[n]:
            data = self.model.data_at(self.goal, t, rates)
            state = system.view(x, {**data, "rates": {**rates, **state}}).rate_state(system.post)
        return {name: s["acc"] for name, s in state.items()}

    def walk(self, n: int) -> tuple[np.ndarray, dict]:
        """Follow the shock in ``n`` sub-steps, halving one that fails; return the end point and its data tree."""
        model = self.model
        rates = model.base().data["rates"]
        x, data = self.points[0.0], self.goal
        done, width, halvings = 0.0, 1.0 / n, 0
        points: list[tuple[float, np.ndarray, dict]] = []
        while done < 1.0 - 1e-12:
            to = 1.0 if done + width > 1.0 - 1e-9 else done + width
            data = model.data_at(self.goal, to, rates)
            try:
                x = model.newton.solve(self._start(to), data, self.report, None if to == 1.0 else _INTERIOR,
                                       len(self.points) < 3)
            except SolveFailed as err:
                halvings += 1
                if halvings > _MAX_HALVINGS:
                    raise self._stuck(err, to) from err
                width /= 2.0
                continue
            self.points[to] = x
            points.append((to, x, rates))
            done = to
            if done < 1.0:
                rates = model.newton.rate_state(x, data)
        self.passes[n] = points
        return x, data

    def _start(self, to: float) -> np.ndarray:
        """The point solved there before, or the polynomial through the nearest solved points."""
        if to in self.points:
            return self.points[to]
        near = sorted(self.points, key=lambda t: abs(t - to))[:4]
        x = np.zeros_like(self.points[0.0])
        for t in near:
            weight = np.prod([(to - s) / (t - s) for s in near if s != t])
            x = x + weight * self._repriced(self.points[t], -self._numeraire(t))
        return self._repriced(x, self._numeraire(to))

    def _numeraire(self, t: float) -> float:
        """Logarithm of the numeraire at a point of the path."""
        goal, base = self.goal["target"].get(NUMERAIRE), self.model.base().data["target"].get(NUMERAIRE)
        if goal is None or goal is base:
            return 0.0
        return float(np.log1p(bent(t, self.goal.get("bend", 0.0)) * np.expm1(goal - base)))

    def _repriced(self, x: np.ndarray, change: float) -> np.ndarray:
        """A point at another price level: what a shock of the numeraire does by itself, so that it costs nothing."""
        if change == 0.0 or (level := self.model.newton.price_level()) is None:
            return x
        symbols = self.model.system.table.symbols
        money = np.zeros(len(x), bool)
        for name, _, cells in self.model.system.unknown:
            money[cells] = not symbols[name].positive
        # Signed unknowns are changes in money: what they are at the benchmark is what a price level does to them.
        signed = np.where(np.abs(level) > 1e-4, x * np.exp(change) + level * np.expm1(change), x)
        return np.where(money, signed, x + level * change)

    def _largest(self, a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> float:
        """Largest difference between two sets of integrals (money over its size), the end point included."""
        worst = 0.0
        for name, value in a.items():
            gap = float(np.max(np.abs(value - b[name]), initial=0.0))
            world = self.model.system.money(name)
            if world is not None:
                gap /= max(float(np.max(np.abs(value), initial=0.0)), _SMALL_MONEY / RATE_TOLERANCE * world)
            worst = max(worst, gap)
        return worst


def _romberg(previous: list[dict[str, np.ndarray]], raw: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """The next row of Romberg's table from the row before and the results of twice as many sub-steps."""
    row = [raw]
    for k, coarse in enumerate(previous):
        weight = 4.0 ** (k + 1) - 1.0
        row.append({name: row[k][name] + (row[k][name] - coarse[name]) / weight for name in raw})
    return row
