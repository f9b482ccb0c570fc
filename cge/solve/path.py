"""The path of a shock: sub-steps, Romberg integration of the Divisia indices, continuation.

The chained trapezoid rule (Tornqvist) errs by even powers of the step, so the
results of 1, 2, 4, ... sub-steps are extrapolated as Romberg (1955) does. The
extrapolated correction is put into the path state and the end point is solved
again: closure, indices and certificate stay consistent. Points solved once
start every later pass, so that a refinement costs little more than its new points.

Rates that only report (welfare decomposition, trade indices) are left out of all
this. They are integrated when asked for, over the points of every pass that the
solve made, and extrapolated in the same way; more passes are made if they need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cge.errors import SolveFailed

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.newton import NewtonReport

#: Largest estimated error of a Divisia index (fraction): 1e-4 percentage points. Money: of its largest cell.
RATE_TOLERANCE = 1e-6
#: Largest estimated error accepted after the last doubling; it is written with the solution.
_ACCEPTABLE = 1e-4
#: Errors of money below this fraction of world income do not count.
_SMALL_MONEY = 1e-10
#: Residual demanded of interior points; their error enters the indices only.
_INTERIOR = 1e-8
#: Key of the end point itself among the values that are extrapolated.
_END = "x"
_MAX_STEPS = 64
_MAX_HALVINGS = 8


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
        self._post: dict[str, np.ndarray] | None = None
        self.post_error = float("nan")

    def refine(self) -> tuple[np.ndarray, dict, int, float]:
        """Double the sub-steps until the extrapolated Divisia indices settle.

        Returns
        -------
        x, data
            End point and its data tree, the corrected path state included.
        steps : int
        error : float
            Estimated error of the indices (fraction).

        Raises
        ------
        SolveFailed
        """
        n = 1
        row: list[dict[str, np.ndarray]] = []
        while True:
            x, data = self.walk(n)
            row = _romberg(row, {**self._rates(x, data), _END: x}) if self._even(n) else []
            if len(row) > 1:
                error = self._largest(row[-1], row[-2])
                if error < RATE_TOLERANCE or (n >= _MAX_STEPS and error < _ACCEPTABLE):
                    x, data = self._corrected(data, row[-1])
                    return x, data, n, error
            if n >= _MAX_STEPS:
                raise SolveFailed(f"the price and quantity indices did not settle in {n} steps along the shock; "
                                  "try a smaller shock, or give it in two parts")
            n *= 2

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
        return self._post[name]

    def _integrate(self) -> dict[str, np.ndarray]:
        self.report = type(self.report)()  # the count of the solve itself is closed
        if 1 not in self.passes:  # a fixed number of sub-steps: nothing to extrapolate from
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

    def _along(self, n: int) -> dict[str, np.ndarray]:
        """Trapezoid integrals of the reporting rates over the points of one pass."""
        system = self.model.system
        state = self.model.base_post()
        for t, x, rates in self.passes[n]:
            data = self.model.data_at(self.goal, t, rates)
            state = system.view(x, {**data, "rates": {**rates, **state}}).rate_state(system.post)
        return {name: s["acc"] for name, s in state.items()}

    def _corrected(self, data: dict, best: dict) -> tuple[np.ndarray, dict]:
        """Put the extrapolated indices into the path state and solve the end point with it.

        The correction is taken at the extrapolated end point: an index that the closure holds (the numeraire) is
        right at every number of sub-steps by construction, and shows its error in the price level instead.
        """
        x = best[_END]
        here = self._rates(x, data)
        rates = {k: {**state, "acc": state["acc"] + best[k] - here[k]} for k, state in data["rates"].items()}
        data = {**data, "rates": rates}
        return self.model.newton.solve(x, data, self.report), data

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
                x = model.newton.solve(self._start(to), data, self.report, None if to == 1.0 else _INTERIOR)
            except SolveFailed:
                halvings += 1
                if halvings > _MAX_HALVINGS:
                    raise
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
        if len(near) == 1:
            return self.points[near[0]]
        x = np.zeros_like(self.points[0.0])
        for t in near:
            weight = np.prod([(to - s) / (t - s) for s in near if s != t])
            x = x + weight * self.points[t]
        return x

    def _rates(self, x: np.ndarray, data: dict) -> dict[str, np.ndarray]:
        """Accumulated value of every Divisia index (logarithm, or level where signed)."""
        view = self.model.system.view(x, data)
        values = {k: getattr(view, k) for k in self.model.system.rates}
        return {k: np.broadcast_to(v.log if v.is_positive else v.val, v.shape) for k, v in values.items()}

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
