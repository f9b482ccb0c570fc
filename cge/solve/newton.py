"""The fast engine: chord iterations with a dense benchmark inverse, Newton with exact products and regional blocks.

Up to `DENSE` unknowns the Jacobian at the benchmark is formed and inverted once. That
inverse serves every shock: as the chord of accelerated iterations (`cge.solve.chord`),
and, where those do not converge, as preconditioner of Newton-GMRES. Above, the blocks
of regions precondition (`cge.solve.blocks`), and the linear systems are solved in single
precision against residuals in double precision, in double where that stalls. A step
that does not lower the largest residual is halved.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.errors import SolveFailed
from cge.model.closure import NUMERAIRE
from cge.solve.blocks import RegionBlocks, partition
from cge.solve.compiled import Compiled
from cge.solve.device import Device
from cge.solve.failure import describe, explain, largest_residual
from cge.solve.frame import Framed, Plain
from cge.solve.jaxsetup import jax_modules
from cge.solve.remembered import fingerprint, recall, remember
from cge.solve.reporting import Reporting
from cge.solve.structure import CYCLES, check_structure, explain_null, explain_singular, null_directions
from cge.solve.system import System

#: Largest residual aimed at.
TOLERANCE = 1e-11
#: The same where linear systems are solved in single precision: one more step would cost a tenth of the solve.
SINGLE_TOLERANCE = 1e-10
#: Largest residual accepted where rounding keeps Newton from the aim; the certificate shows what was reached.
ACCEPTABLE = 1e-9
#: Most unknowns for which the Jacobian is inverted as a whole: enough for 41 regions x 20 commodities.
DENSE = 4000
_MAX_HALVINGS = 12
_MAX_ITERATIONS = 40
#: Relative accuracy of the linear systems: at least and at most; in single precision.
LOOSEST, TIGHTEST, SINGLE_TOL = 1e-2, 1e-8, 1e-5
#: The same where the residual is not known yet.
_FIRST = 2e-3
#: A single-precision solve that leaves more than this of the right side is done again in double precision.
STALLED = 0.3
#: Residuals above this are taken in single precision: on the way to a tight goal, and to a loose one (above 1e-6).
_ROUGH, _ROUGHEST, _LOOSE = 1e-3, 2e-5, 1e-6
#: Below this a residual that does not fall in single precision is taken again in double.
_DOUBTFUL = 1e-2
#: Least ratio of a residual to the square of the one before that Newton is expected to reach.
_SHRINK = 0.1
#: Products by which a point solved to a loose goal is brought nearer to the solution.
_NEARER = 3


@dataclass
class NewtonReport:
    """What one solve cost.

    Attributes
    ----------
    iterations : int
        Newton iterations, and residuals of chord iterations.
    products : int
        Jacobian-vector products.
    residual : float
        Largest residual reached (relative).
    """

    iterations: int = 0
    products: int = 0
    residual: float = np.inf


class Newton:
    """Newton solver bound to one :class:`~cge.solve.system.System`.

    Compilation happens on the first call and serves every later one: shocks,
    parameters, coefficients, active sets and path state are traced inputs.
    """

    def __init__(self, system: System, form: Framed | None = None):
        self.system = system
        _, self._jnp = jax_modules()
        self._form: Framed | Plain = form or Plain(system)
        part = None if system.n <= DENSE else partition(system)
        self._blocks = RegionBlocks(system, part) if part is not None else None
        self._factors: Any = None
        self._base: dict | None = None
        self._level: np.ndarray | None = None
        self._lost = False
        self._device = Device(self._form)
        #: Integrates reporting rates where evaluating them point by point takes too long.
        self.reporting = Reporting(system, self._device) if part is not None else None
        #: What the last solve ended on: point, data tree, path state there (on the device).
        self._kept: tuple[np.ndarray, dict, Any] | None = None
        if form is None:
            self._code = Compiled(self._form, self._precondition)
        else:
            if form.frame.code is None:
                form.frame.code = Compiled(form.frame, lambda factors, w: factors @ w)
            self._code = form.frame.code

    def _precondition(self, factors: Any, w: Any) -> Any:
        return factors @ w if self._blocks is None else self._blocks.apply(factors, w)

    @property
    def has_inverse(self) -> bool:
        """Whether the benchmark Jacobian is inverted as a whole."""
        return self._blocks is None

    @property
    def inverse(self) -> np.ndarray:
        """Inverse of the benchmark Jacobian (unknowns, rows); of small systems only."""
        return np.asarray(self._factors)[np.ix_(self._form.columns, self._form.rows)]

    def _double(self, data: dict) -> dict:
        return self._form.bound(self._device.double(data), data)

    def price_level(self) -> np.ndarray | None:
        """What a higher numeraire does to the unknowns, to start from: one for logarithms of nominal ones.

        By homogeneity it is the same at every point, but for the few signed unknowns in money. None where the
        closure holds no numeraire.
        """
        if self._level is None:
            row, target = 0, -1
            for r in self.system.rows:
                if r["kind"] == "fixed" and r["name"] == NUMERAIRE:
                    target = row
                row += len(r["idx"])
            if target < 0 or self._base is None:
                return None
            if self._blocks is None:
                z = self.inverse[:, target]
            else:
                zero = np.zeros(self.system.n, np.float32)
                unit = zero.copy()
                unit[target] = 1.0
                _, product = self._code.linear(zero, self._device.single(self._base))
                z = np.asarray(self._code.krylov(product, self._factors, unit, np.float32(SINGLE_TOL))[0], float)
            self._level = np.where(np.abs(z - np.round(z)) < 1e-2, np.round(z), z)
        return self._level

    def jacobian(self, x: np.ndarray, data: dict) -> np.ndarray:
        """Dense Jacobian of the residuals at ``x`` (rows, unknowns)."""
        return self._whole(self._form.pad(x, data), data)[np.ix_(self._form.rows, self._form.columns)]

    def _whole(self, x: np.ndarray, data: dict) -> np.ndarray:
        """Dense Jacobian of the form."""
        return np.asarray(self._code.jacobian(self._jnp.asarray(x), self._double(data)))

    def rebased(self, system: System, data: dict) -> Newton:
        """The same compiled functions at another benchmark of the same shape, with the inverse of this one.

        The inverse is an approximation at the new benchmark, as it is at a shock; see :meth:`factorise` for an exact
        one.
        """
        other = copy.copy(self)
        other.system, other._kept = system, None
        other._form = Framed(system, self._form.frame) if isinstance(self._form, Framed) else Plain(system)
        other._device = Device(other._form)
        other._device.hold(data)
        other._base = data
        return other

    def rate_state(self, x: np.ndarray, data: dict) -> dict:
        """Path state of the Divisia indices at ``x``."""
        if self._kept is not None and x is self._kept[0] and data is self._kept[1]:
            found = self._kept[2]
        else:
            found = self._code.rates(self._jnp.asarray(self._form.pad(x, data)), self._double(data))
        return {name: {"acc": np.asarray(s["acc"]), "w": [np.asarray(a) for a in s["w"]],
                       "x": [np.asarray(a) for a in s["x"]]} for name, s in found.items()}

    def factorise(self, data: dict) -> None:
        """Form and invert the Jacobian at the benchmark, as a whole or by region.

        Raises
        ------
        ClosureError
            A condition has no unknown left for it: the message names both.
        SolveFailed
            The Jacobian is singular: the message names the rows and unknowns involved.
        """
        self._device.hold(data)
        self._base, self._level = data, None
        zero = np.zeros(self.system.n)
        if self._blocks is not None:
            x32, single = zero.astype(np.float32), self._device.single(data)
            self._factors = self._blocks.factorise(x32, single, self._code.linear(x32, single)[1])
            # No correction: the preconditioned Jacobian takes some direction to nothing, or nearly so.
            if not np.asarray(self._factors["gain"]).any() and (found := self.why_singular(zero, data)):
                raise SolveFailed(found)
        else:
            at, double = self._form.pad(zero, data), self._double(data)
            key = fingerprint(self._form, at, double)
            inverse = recall(key, self._form.n)
            if inverse is None:
                inverse = self._inverted(self._whole(at, data))
                remember(key, inverse)
            self._factors = self._jnp.asarray(inverse)
            # Compile the step now, so that no solve bears it: at the benchmark there is nothing to solve.
            self._code.chord(at, double, self._factors, TOLERANCE)

    def _inverted(self, whole: np.ndarray) -> np.ndarray:
        jac = whole[np.ix_(self._form.rows, self._form.columns)]
        if not np.isfinite(jac).all():
            row = int(np.argwhere(~np.isfinite(jac))[0][0])
            raise SolveFailed(f"the Jacobian at the benchmark is not finite in {describe(self.system, row)}; "
                              "a coefficient or elasticity there is out of range")
        check_structure(self.system, jac)
        try:
            inverse = np.linalg.inv(whole)
        except np.linalg.LinAlgError:
            inverse = None
        if inverse is None or not np.isfinite(inverse).all() or np.abs(inverse).max() > 1e13:
            raise SolveFailed(explain_singular(self.system, jac))
        return inverse

    def solve(self, x: np.ndarray, data: dict, report: NewtonReport, tolerance: float | None = None,
              rough: bool = False) -> np.ndarray:
        """Solve from the starting point ``x`` to a largest residual of ``tolerance`` (1e-11; large systems 1e-10).

        ``rough`` says that the starting point is no near guess.

        Raises
        ------
        SolveFailed
            No convergence; names block, row and element of the worst residual.
        """
        if self._factors is None:
            raise RuntimeError("factorise first")
        goal = tolerance or (TOLERANCE if self._blocks is None else SINGLE_TOLERANCE)
        start = self._form.pad(np.asarray(x, float), data)
        try:
            got = self._attempt(start, data, report, goal, tolerance, rough)
        except SolveFailed:
            if self._code.exact or not self._lost:
                raise
            self._code.compile(exact=True)
            got = self._attempt(start, data, report, goal, tolerance, rough)
        out = self._form.unpad(got)
        if self._kept is not None and self._kept[0] is got:
            self._kept = out, *self._kept[1:]
        return out

    def _attempt(self, x: np.ndarray, data: dict, report: NewtonReport, goal: float, tolerance: float | None,
                 rough: bool) -> np.ndarray:
        self._lost, self._kept = False, None  # what an earlier solve ended on is no point of this one
        if self._blocks is None:
            got, norm, count, state = self._code.chord(x, self._double(data), self._factors, goal)
            report.iterations += int(count)
            if float(norm) < goal or (float(norm) < ACCEPTABLE and tolerance is None):
                report.residual = float(norm)
                self._kept = np.asarray(got), data, state
                return self._kept[0]
        return self._newton(x, data, report, goal, rough)

    def _newton(self, x: np.ndarray, data: dict, report: NewtonReport, goal: float, rough: bool) -> np.ndarray:
        """Newton-GMRES with a line search, single precision first where the system is large.

        A large residual is as good in single precision, where it comes with the linearisation; a small one is
        taken in double precision, together with the state of the indices.
        """
        double, single = self._double(data), self._device.single(data) if self._blocks is not None else None
        at = trial = self._jnp.asarray(x)
        best, step, move, halvings = np.inf, 1.0, None, 0
        floor = _ROUGHEST if goal > _LOOSE else _ROUGH
        coarse, expected, shrink = rough and single is not None, np.inf, _SHRINK
        for _ in range(_MAX_ITERATIONS):
            f, next_move, norm = None, None, np.nan
            if coarse and expected > floor:
                tol = _FIRST if np.isinf(expected) else 0.1 * max(shrink * expected, goal / expected)
                next_move, norm = self._rough(trial, single, tol, report)
            if not norm > floor:
                f, norm = self._measure(trial, double, data)
                next_move = None
                if coarse:  # from here on in double precision, and where single precision led away, from `at` again
                    coarse, away, best = False, move is not None and not norm < best, np.inf
                    if away:
                        trial, step, move = at, 1.0, None
                        continue
            if f is not None and norm < goal:
                report.residual = norm
                if goal > _LOOSE and single is not None:
                    return self._nearer(trial, f, norm, single, report)
                return self._last(trial, data)
            if not (np.isfinite(norm) and norm < (1.0 - 1e-4 * step) * best):
                if best < ACCEPTABLE:
                    break  # rounding, not the step, holds the residual up
                if coarse and best < _DOUBTFUL:  # single precision may not tell a good step here
                    coarse, trial, best, step, move = False, at, np.inf, 1.0, None
                    continue
                halvings += 1
                if move is None or halvings > _MAX_HALVINGS:
                    break
                step *= 0.5
                trial = at + step * move
                continue
            report.iterations += 1
            # Newton squares the residual: solve the linear system as tightly as the next one will be small, and no
            # tighter than the goal asks (Eisenstat and Walker 1996).
            if np.isfinite(best):
                shrink = min(max(norm / best**2, _SHRINK), 1.0 / norm)
            tol, last = 0.1 * shrink * norm, 0.1 * goal / norm
            if single is not None and SINGLE_TOL * norm > 0.5 * goal:
                last = last**0.5  # the goal is out of reach of one step in single precision: two steps of equal work
            tol = float(np.clip(max(tol, last), TIGHTEST, LOOSEST))
            at, best, step, halvings = trial, norm, 1.0, 0
            move = next_move if next_move is not None else self._move(at, f, norm, double, single, tol, report)
            trial, expected = at + move, shrink * norm**2
        report.residual = best
        if best < ACCEPTABLE:
            return np.asarray(at)
        raise SolveFailed(explain(self.system, self._form.unpad(np.asarray(at)), data))

    def _rough(self, at: Any, single: dict | None, tol: float, report: NewtonReport) -> tuple[Any, float]:
        """Newton step and largest residual at a point, all in single precision."""
        f, product = self._code.linear(np.asarray(at, np.float32), single)
        norm = largest_residual(f)
        if not np.isfinite(norm) or norm == 0.0:
            return None, np.nan
        accuracy = np.float32(np.clip(tol, SINGLE_TOL, LOOSEST))
        dx, products, left = self._code.krylov(product, self._factors, f / -norm, accuracy)
        report.products += int(products)
        return norm * self._jnp.asarray(np.asarray(dx, float)), norm if float(left) < STALLED else np.nan

    def _measure(self, at: Any, double: dict, data: dict) -> tuple[Any, float]:
        """Residuals in double precision and the largest of them; large systems note the state of the indices."""
        if self._blocks is None:
            f = self._code.residual(at, double)
        else:
            f, rates = self._code.both(at, double)
            self._kept = (np.asarray(at), data, rates)
        norm = largest_residual(f)
        self._lost |= not np.isfinite(norm)
        return f, norm

    def _last(self, at: Any, data: dict) -> np.ndarray:
        return self._kept[0] if self._kept is not None and self._kept[1] is data else np.asarray(at)

    def _nearer(self, at: Any, f: Any, norm: float, single: dict, report: NewtonReport) -> np.ndarray:
        """A point solved to a loose goal, with what its residual says of its error taken off: a few products.

        Without this a loose point errs by as much as its goal where the Jacobian is soft (investment by rates of
        return), and by what rounding makes of it.
        """
        # Linearised anew: to keep the step's until here would take a tenth more memory.
        product = self._code.linear(np.asarray(at, np.float32), single)[1]
        dx, products, left = self._code.krylov(product, self._factors, np.asarray(f / -norm, np.float32),
                                               np.float32(0.0), _NEARER)
        report.products += int(products)
        self._kept = None  # the state of the indices is that of the point before
        return np.asarray(at) + norm * np.asarray(dx, float) if float(left) < STALLED else np.asarray(at)

    def _move(self, at: Any, f: Any, norm: float, double: dict, single: dict | None, tol: float,
              report: NewtonReport) -> Any:
        if single is not None:
            x32, rhs = np.asarray(at, np.float32), np.asarray(f / -norm, np.float32)
            dx, products, left = self._code.krylov(self._code.linear(x32, single)[1], self._factors, rhs,
                                                   np.float32(max(tol, SINGLE_TOL)))
            report.products += int(products)
            if float(left) < STALLED:
                return norm * self._jnp.asarray(np.asarray(dx, float))
        product = self._code.linear(at, double)[1]
        dx, products, left = self._code.krylov(product, self._factors, -f, tol)
        report.products += int(products)
        if not float(left) > 2.0 * tol:
            return dx
        # The benchmark is too far away to precondition.
        if self._blocks is None:
            jac = np.asarray(self._code.jacobian(at, double))
            report.products += self._form.n
            try:
                return self._jnp.asarray(np.linalg.solve(jac, -np.asarray(f)))
            except np.linalg.LinAlgError:
                return dx
        rest = float(left)
        for _ in range(CYCLES):
            if not rest > tol:
                break
            more, products, left = self._code.krylov(product, self._factors, -f - product(dx), tol / rest)
            report.products += int(products)
            dx, rest = dx + more, rest * float(left)
        return dx

    def why_singular(self, x: np.ndarray, data: dict) -> str:
        """What makes the Jacobian at the benchmark singular, in words; nothing where it is not."""
        linear = self._code.linear(self._jnp.asarray(self._form.pad(x, data)), self._double(data))[1]
        found = null_directions(
            lambda z: np.asarray(linear(self._jnp.asarray(z))),
            lambda rhs: np.asarray(self._code.krylov(linear, self._factors, self._jnp.asarray(rhs), 1e-10)[0]),
            self._form.n)
        if found is None:
            return ""
        over, free = found
        return explain_null(self.system, over[self._form.rows][:, None], free[self._form.columns][:, None])
