"""The fast engine: Newton with exact Jacobian-vector products and a base-point factorisation.

The Jacobian at the benchmark is formed once and inverted; that inverse
preconditions GMRES for every shock of the same system. A step is accepted by a
line search on the largest residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.errors import SolveFailed
from cge.solve.jaxsetup import jax_modules
from cge.solve.krylov import gmres
from cge.solve.system import System

TOLERANCE = 1e-11
_RESTART = 60
_MAX_ITERATIONS = 40
_CHUNK = 64


@dataclass
class NewtonReport:
    """What one solve cost.

    Attributes
    ----------
    iterations, products : int
        Newton iterations and Jacobian-vector products.
    residual : float
        Largest residual reached (relative).
    """

    iterations: int = 0
    products: int = 0
    residual: float = np.inf


class Newton:
    """Newton solver bound to one :class:`~cge.solve.system.System`.

    Compilation happens on the first call and serves every later one: shocks,
    parameters, coefficients and path state are traced inputs.
    """

    def __init__(self, system: System):
        self.system = system
        jax, jnp = jax_modules()
        self._jnp = jnp
        self._inverse: Any = None

        def residual(x, data):
            return system.residual(x, data)

        def direction(x, data, inverse, tol):
            f, jvp = jax.linearize(lambda z: residual(z, data), x)
            dx, products, rel = gmres(jvp, lambda w: inverse @ w, -f, restart=min(_RESTART, system.n), tol=tol)
            return f, dx, products, rel

        def jacobian(x, data):
            _, jvp = jax.linearize(lambda z: residual(z, data), x)
            blocks = -(-system.n // _CHUNK)
            eye = jnp.eye(blocks * _CHUNK, system.n).reshape(blocks, _CHUNK, system.n)
            cols = jax.lax.map(jax.vmap(jvp), eye)
            return cols.reshape(blocks * _CHUNK, system.n)[: system.n].T

        self._residual = jax.jit(residual)
        self._direction = jax.jit(direction)
        self._jacobian = jax.jit(jacobian)

    def jacobian(self, x: np.ndarray, data: dict) -> np.ndarray:
        """Dense Jacobian of the residuals at ``x`` (rows, unknowns)."""
        return np.asarray(self._jacobian(self._jnp.asarray(x), data))

    def factorise(self, data: dict) -> None:
        """Form and invert the Jacobian at the benchmark.

        Raises
        ------
        SolveFailed
            The Jacobian is singular: the message names the rows and unknowns involved.
        """
        jac = self.jacobian(np.zeros(self.system.n), data)
        if not np.isfinite(jac).all():
            row = int(np.argwhere(~np.isfinite(jac))[0][0])
            raise SolveFailed(f"the Jacobian at the benchmark is not finite in {self.describe(row)}; "
                              "a coefficient or elasticity there is out of range")
        try:
            inverse = np.linalg.inv(jac)
        except np.linalg.LinAlgError:
            inverse = None
        if inverse is None or not np.isfinite(inverse).all() or np.abs(inverse).max() > 1e13:
            left = np.linalg.svd(jac)[0][:, -1]
            worst = np.argsort(-np.abs(left))[:3]
            raise SolveFailed("the system is singular at the benchmark: these conditions are dependent: "
                              + "; ".join(self.describe(int(i)) for i in worst)
                              + ". Check the closure (a market dropped twice, a price level without numeraire)")
        self._inverse = self._jnp.asarray(inverse)

    def rate_state(self, x: np.ndarray, data: dict) -> dict:
        """Path state of the Divisia indices at ``x``."""
        return self.system.view(np.asarray(x), data).rate_state(self.system.rates)

    def solve(self, x: np.ndarray, data: dict, report: NewtonReport, tolerance: float | None = None) -> np.ndarray:
        """Solve from the starting point ``x`` to a largest residual of ``tolerance`` (1e-11).

        Raises
        ------
        SolveFailed
            No convergence; names block, row and element of the worst residual.
        """
        jnp = self._jnp
        if self._inverse is None:
            raise RuntimeError("factorise first")
        goal = tolerance or TOLERANCE
        f_norm, tol = np.inf, 1e-3
        x = jnp.asarray(x)
        for _ in range(_MAX_ITERATIONS):
            f, dx, products, _rel = self._direction(x, data, self._inverse, tol)
            report.products += int(products)
            f_norm = float(jnp.abs(f).max())
            report.residual = f_norm
            if f_norm < goal:
                return np.asarray(x)
            report.iterations += 1
            x, f_new = self._line_search(x, dx, f_norm, data)
            if not f_new < np.inf:
                break
            # Solve the linear system the more tightly the faster Newton converges (Eisenstat and Walker 1996).
            tol = float(np.clip(0.5 * (f_new / f_norm) ** 2, 1e-8, 1e-3))
        raise SolveFailed(self.explain(x, data))

    def _line_search(self, x, dx, f_norm, data):
        step = 1.0
        for _ in range(12):
            trial = x + step * dx
            value = float(self._jnp.abs(self._residual(trial, data)).max())
            if np.isfinite(value) and (value < (1 - 1e-4 * step) * f_norm or value < TOLERANCE):
                return trial, value
            step *= 0.5
        return x, np.inf

    def explain(self, x: Any, data: dict) -> str:
        """One sentence on the worst residual at ``x``."""
        f = np.asarray(self._residual(x, data))
        bad = ~np.isfinite(f)
        worst = int(np.argmax(bad)) if bad.any() else int(np.argmax(np.abs(f)))
        return (f"no solution found: the worst residual ({f[worst]:.2e}) is in {self.describe(worst)}; "
                "try a smaller shock, or more steps")

    def describe(self, position: int) -> str:
        """Row, block and element of a residual, in words."""
        block, row, element = self.system.locate(position)
        return f"'{row}' of block {block}" + (f" at {', '.join(element)}" if element else "")
