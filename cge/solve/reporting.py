"""Reporting rates of large systems: their line integrals by quadrature along the interpolated path.

The unknowns are interpolated by the polynomial through the solved points of the path,
and the differentials ``sum w dlog x`` of all rates are taken at Gauss-Legendre points by
one compiled function: no point is solved for them, and none is kept. The integrals of
fewer points give the estimated error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cge.model.logsum import quickly
from cge.model.named import Named, constant
from cge.model.ops import level, log, total
from cge.model.table import Row, View
from cge.solve.jaxsetup import jax_modules
from cge.solve.quadrature import bent, pace

if TYPE_CHECKING:
    from cge.solve.device import Device
    from cge.solve.system import System


class DifferentialView(View):
    """A view in which every rate has a given value, and the tangent of its own terms at that point."""

    def _chain(self, row: Row) -> Named:
        from jax.lax import stop_gradient

        assert self._post is not None
        acc = Named(row.dims, self._post(row.name))
        for weight, x, *form in row.fn(self):
            w, lx = level(weight), level(x) if form else log(x)
            step = Named(w.dims, stop_gradient(w.val)) * (lx - Named(lx.dims, stop_gradient(lx.val)))
            acc = level(acc + total(level(step), *[d for d in step.dims if d not in row.dims]))
        acc = acc.transposed(row.dims)
        if not self._table.symbols[row.name].positive:
            return acc
        return Named(row.dims, coef=constant(1.0, len(row.dims), acc.val), log=acc.val)


class Reporting:
    """Differentials of the reporting rates of one system, compiled once.

    Parameters
    ----------
    system : System
    device : Device
        Holds the arrays of the benchmark.
    """

    def __init__(self, system: System, device: Device):
        self.system, self.device = system, device
        self._compile(exact=False)

    def _compile(self, exact: bool) -> None:
        """Differentials with sums in the quick form until one is met that it cannot take."""
        self._exact = exact
        self._traced = jax_modules()[0].jit(self._differentials if exact else quickly(self._differentials))

    def _speed(self, *args: Any) -> dict[str, np.ndarray]:
        found = {n: np.asarray(a) for n, a in self._traced(*args).items()}
        if self._exact or all(np.isfinite(a).all() for a in found.values()):
            return found
        self._compile(exact=True)
        return {n: np.asarray(a) for n, a in self._traced(*args).items()}

    def _differentials(self, t: Any, part: Any, pace: Any, x: Any, slope: Any, base: dict, goal: dict,
                       known: dict) -> dict[str, Any]:
        """Derivative of every reporting rate with respect to the fraction of the path (traced).

        ``part`` is the fraction of the shock there, ``pace`` its derivative.
        """
        jax, jnp = jax_modules()
        symbols = self.system.table.symbols
        zeros = {n: jnp.zeros(self.system.shape(n)) for n in self.system.post}

        def integrals(s):
            # The shock is a straight line in levels, as in `Model.data_at`.
            now = part + (s - t) * pace
            exo = {name: (jnp.log(jnp.exp(start) + now * (jnp.exp(goal["exo"][name]) - jnp.exp(start)))
                          if symbols[name].positive else start + now * (goal["exo"][name] - start))
                   for name, start in base["exo"].items()}
            view = self.system.view(x + (s - t) * slope, {**goal, "exo": exo}, lambda n: {**zeros, **known}[n],
                                    DifferentialView)
            return {n: getattr(view, n) for n in self.system.post}

        def values(s):
            return {n: (v.log if v.is_positive else v.val) for n, v in integrals(s).items()}

        _, speed = jax.jvp(values, (t,), (jnp.ones_like(t),))
        return {n: jnp.broadcast_to(a, self.system.shape(n)) for n, a in speed.items()}

    def integrate(self, times: tuple[float, ...], points: list[np.ndarray], base: dict, goal: dict,
                  known: Any) -> dict[str, np.ndarray]:
        """Integrals of all reporting rates over the path.

        Parameters
        ----------
        times : tuple of float
            Fractions of the path at which points are solved, the benchmark (0) first.
        points : list of array (n,)
            Unknowns there.
        base, goal : dict
            Data trees of the benchmark and of the full shock.
        known : callable
            Integrals of the rates of the solve at a fraction of the shock, by name.

        Returns
        -------
        dict of str to array
            Logarithms of indices, levels of signed rates.
        """
        jnp = jax_modules()[1]
        bend = goal.get("bend", 0.0)
        base, goal = self._trees(base), self._trees(goal)
        nodes, weights = np.polynomial.legendre.leggauss(len(times))
        out = {n: np.zeros(self.system.shape(n)) for n in self.system.post}
        for s, h in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
            value, slope = _lagrange(np.array(times), s)
            x, dx = (np.tensordot(c, np.stack(points), 1) for c in (value, slope))
            speed = self._speed(jnp.asarray(s), jnp.asarray(bent(s, bend)), jnp.asarray(pace(s, bend)), x, dx, base,
                                goal, known(s))
            for n, a in speed.items():
                out[n] += h * a
        return out

    def _trees(self, data: dict) -> dict:
        held = self.device.held({k: data[k] for k in ("coef", "exo", "masks")})
        return {**held, "rates": {}}


def _lagrange(times: np.ndarray, s: float) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes at ``s`` of the polynomials that are one at one of the times and zero at the others."""
    value, slope = np.ones(len(times)), np.zeros(len(times))
    for i, t in enumerate(times):
        other = np.delete(times, i)
        factors = (s - other) / (t - other)
        value[i] = factors.prod()
        slope[i] = sum(np.delete(factors, k).prod() / (t - other[k]) for k in range(len(other)))
    return value, slope
