"""A second, slow and plain engine for tests: NumPy only, complex-step Jacobian, chord iterations.

It shares the equation table with the fast engine and nothing else: no JAX, no
Krylov solver, no compilation, so that a test may solve many small benchmarks.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from cge.errors import SolveFailed
from cge.solve.model import Model


def complex_step_jacobian(system, x, data):
    """Exact Jacobian by the complex step: no difference is taken, so no digits are lost."""
    columns = []
    for j in range(system.n):
        z = np.asarray(x, complex).copy()
        z[j] += 1e-30j
        columns.append(system.residual(z, data).imag / 1e-30)
    return np.array(columns).T


class ChordEngine:
    """Drop-in for `cge.solve.newton.Newton` on one system."""

    def __init__(self, system, data):
        self.system, self._lu = system, None
        self._base = data

    def price_level(self):
        return None

    def rate_state(self, x, data):
        return self.system.view(np.asarray(x), data).rate_state(self.system.rates)

    def solve(self, x, data, report, tolerance=None, rough=False):
        if self._lu is None:
            self._lu = lu_factor(complex_step_jacobian(self.system, np.zeros(self.system.n), self._base))
        lu, last = self._lu, np.inf
        for _ in range(60):
            f = self.system.residual(x, data)
            report.residual = float(np.abs(f).max())
            if report.residual < (tolerance or 1e-11):
                return x
            if not np.isfinite(report.residual) or report.residual > 1e3:
                break
            if report.residual > 0.3 * last:  # slow: a fresh Jacobian
                lu = lu_factor(complex_step_jacobian(self.system, x, data))
            last = report.residual
            x = x - lu_solve(lu, f)
            report.iterations += 1
        raise SolveFailed("the plain engine did not converge")


def plain(model: Model) -> Model:
    """The same model on the plain engine."""
    model._newton = ChordEngine(model.system, model._base)
    return model
