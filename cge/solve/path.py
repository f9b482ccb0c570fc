"""The path of a shock: sub-steps, Romberg integration of the Divisia indices, continuation.

The chained trapezoid rule (Tornqvist) errs by even powers of the step, so the
results of 1, 2, 4, ... sub-steps are extrapolated as Romberg (1955) does. The
extrapolated correction is put into the path state and the end point is solved
again: closure, indices and certificate stay consistent. Points solved once
start every later pass, so that a refinement costs little more than its new points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cge.errors import SolveFailed

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.newton import NewtonReport

#: Largest estimated error of a Divisia index (fraction): 1e-4 percentage points.
RATE_TOLERANCE = 1e-6
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
        self.points_of_pass: list[float] = []

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
            if len(self.points_of_pass) != n:
                # Halved steps: the pass is not of the even grid that the extrapolation needs.
                if n >= _MAX_STEPS:
                    return x, data, n, float("inf")
                row = []
                n *= 2
                continue
            raw = {**self._rates(x, data), _END: x}
            previous, row = row, [raw]
            for k, coarse in enumerate(previous):
                weight = 4.0 ** (k + 1) - 1.0
                row.append({name: row[k][name] + (row[k][name] - coarse[name]) / weight for name in raw})
            if previous:
                error = _largest(row[-1], row[-2])
                if error < RATE_TOLERANCE or n >= _MAX_STEPS:
                    x, data = self._corrected(data, row[-1])
                    return x, data, n, error
            n *= 2

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
        self.points_of_pass = []
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
            self.points_of_pass.append(to)
            done = to
            if done < 1.0:
                rates = model.newton.rate_state(x, data)
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


def _largest(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> float:
    """Largest difference between two sets of indices (logarithms), the end point's unknowns included."""
    return max((float(np.max(np.abs(a[k] - b[k]), initial=0.0)) for k in a), default=0.0)
