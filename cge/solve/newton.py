"""The fast engine: Newton with exact Jacobian-vector products and a base-point factorisation.

The Jacobian at the benchmark is formed once and inverted; that inverse
preconditions GMRES for every shock of the same system. A step that does not lower
the largest residual is halved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.errors import SolveFailed
from cge.solve.jaxsetup import jax_modules
from cge.solve.krylov import gmres
from cge.solve.structure import check_structure
from cge.solve.system import System

#: Largest residual aimed at.
TOLERANCE = 1e-11
#: Largest residual accepted where rounding keeps Newton from the aim; the certificate shows what was reached.
ACCEPTABLE = 1e-9
_MAX_HALVINGS = 12
_RESTART = 60
_MAX_ITERATIONS = 40
_CHUNK = 64
#: A logarithm of an index this far from zero is worth a word when no solution is found.
_FAR = 1.5


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

        def direction(x, data, inverse, tol, goal):
            f, jvp = jax.linearize(lambda z: residual(z, data), x)
            norm = jnp.abs(f).max()
            # At the solution, or outside the domain, there is nothing to solve: a zero right side costs no product.
            rhs = jnp.where((norm < goal) | ~jnp.isfinite(norm), 0.0, -f)
            dx, products, _ = gmres(jvp, lambda w: inverse @ w, rhs, restart=min(_RESTART, system.n), tol=tol)
            return norm, dx, products

        def jacobian(x, data):
            _, jvp = jax.linearize(lambda z: residual(z, data), x)
            blocks = -(-system.n // _CHUNK)
            eye = jnp.eye(blocks * _CHUNK, system.n).reshape(blocks, _CHUNK, system.n)
            cols = jax.lax.map(jax.vmap(jvp), eye)
            return cols.reshape(blocks * _CHUNK, system.n)[: system.n].T

        self._direction = jax.jit(direction)
        self._jacobian = jax.jit(jacobian)

    def jacobian(self, x: np.ndarray, data: dict) -> np.ndarray:
        """Dense Jacobian of the residuals at ``x`` (rows, unknowns)."""
        return np.asarray(self._jacobian(self._jnp.asarray(x), data))

    def factorise(self, data: dict) -> None:
        """Form and invert the Jacobian at the benchmark.

        Raises
        ------
        ClosureError
            A condition has no unknown left for it: the message names both.
        SolveFailed
            The Jacobian is singular: the message names the rows and unknowns involved.
        """
        jac = self.jacobian(np.zeros(self.system.n), data)
        if not np.isfinite(jac).all():
            row = int(np.argwhere(~np.isfinite(jac))[0][0])
            raise SolveFailed(f"the Jacobian at the benchmark is not finite in {self.describe(row)}; "
                              "a coefficient or elasticity there is out of range")
        check_structure(self.system, jac)
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
        # Compile the step now, so that no solve bears it: at the benchmark there is nothing to solve.
        self._direction(self._jnp.zeros(self.system.n), data, self._inverse, 1e-3, TOLERANCE)

    @property
    def inverse(self) -> np.ndarray:
        """Inverse of the benchmark Jacobian (unknowns, rows)."""
        return np.asarray(self._inverse)

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
        if self._inverse is None:
            raise RuntimeError("factorise first")
        goal, tol = tolerance or TOLERANCE, 1e-3
        at = trial = self._jnp.asarray(x)
        best, step, move, halvings = np.inf, 1.0, None, 0
        for _ in range(_MAX_ITERATIONS):
            # One compiled call gives the residual of the trial point and the step from there.
            f_norm, dx, products = self._direction(trial, data, self._inverse, tol, goal)
            report.products += int(products)
            f_norm = float(f_norm)
            if f_norm < goal:
                report.residual = f_norm
                return np.asarray(trial)
            if not (np.isfinite(f_norm) and f_norm < (1.0 - 1e-4 * step) * best):
                if best < ACCEPTABLE:
                    break  # rounding, not the step, holds the residual up
                halvings += 1
                if move is None or halvings > _MAX_HALVINGS:
                    break
                step *= 0.5
                trial = at + step * move
                continue
            report.iterations += 1
            # Solve the linear system the more tightly the faster Newton converges (Eisenstat and Walker 1996).
            tol = float(np.clip(0.5 * (f_norm / best) ** 2, 1e-8, 1e-3)) if np.isfinite(best) else 1e-3
            at, best, move, step, halvings = trial, f_norm, dx, 1.0, 0
            trial = at + move
        report.residual = best
        if best < ACCEPTABLE:
            return np.asarray(at)
        raise SolveFailed(self.explain(at, data))

    def explain(self, x: Any, data: dict) -> str:
        """One sentence on the worst residual at ``x``."""
        with np.errstate(all="ignore"):  # the point may lie where an index is zero
            f = np.asarray(self.system.residual(np.asarray(x), data))
        bad = ~np.isfinite(f)
        worst = int(np.argmax(bad)) if bad.any() else int(np.argmax(np.abs(f)))
        return (f"no solution found: the worst residual ({f[worst]:.2e}) is in {self.describe(worst)}; "
                f"{self._furthest(np.asarray(x))}try a smaller shock, or more steps")

    def _furthest(self, x: np.ndarray) -> str:
        """The index that has moved most, in words: one that goes to zero means that no equilibrium is left there."""
        symbols = self.system.table.symbols
        logs = np.concatenate([np.where(symbols[name].positive, np.abs(x[cells]), 0.0)
                               for name, _, cells in self.system.unknown])
        j = int(np.argmax(logs))
        if not np.isfinite(logs[j]) or logs[j] < _FAR:
            return ""
        name, element = self.system.locate_unknown(j)
        where = f" of {', '.join(element)}" if element else ""
        return (f"'{name}'{where} ({symbols[name].long_name}) has come to {np.exp(x[j]):.2g} times its benchmark "
                "value, where there may be no equilibrium; ")

    def describe(self, position: int) -> str:
        """Row, block and element of a residual, in words."""
        block, row, element = self.system.locate(position)
        return f"'{row}' of block {block}" + (f" at {', '.join(element)}" if element else "")
