"""Reporting rates of large systems: their line integrals by quadrature along the interpolated path.

The unknowns are interpolated by the polynomial through the solved points of the path,
and the differentials ``sum w dlog x`` of all rates are taken at Chebyshev-Lobatto points by
one compiled function (Clenshaw and Curtis 1960): no point is solved for them, and none is
kept. The rules of half and a quarter of them, which need no others, give the estimated error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.model.logsum import quickly
from cge.model.named import Named, constant
from cge.model.ops import level, log, total
from cge.model.table import Row, View
from cge.solve.jaxsetup import jax_modules
from cge.solve.quadrature import bent, clenshaw_curtis, geometric, lagrange, lobatto, pace

if TYPE_CHECKING:
    from cge.solve.device import Device
    from cge.solve.system import System


#: Most parts of the rule.
_MOST = 64


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

    def integrate(self, times: tuple[float, ...], points: list[np.ndarray], base: dict, goal: dict, known: Any,
                  largest: Callable[[dict, dict], float], tolerance: float) -> tuple[dict[str, np.ndarray], float]:
        """Integrals of all reporting rates over the path, by Clenshaw and Curtis's rule of ever more points.

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
        largest : callable
            Largest difference of two sets of integrals.
        tolerance : float
            Largest error that is aimed at.

        Returns
        -------
        integrals : dict of str to array
            Logarithms of indices, levels of signed rates.
        error : float
            Their estimated error, of the rule on this path.
        """
        jnp = jax_modules()[1]
        bend = goal.get("bend", 0.0)
        base, goal = self._trees(base), self._trees(goal)

        def speed(s: float) -> dict[str, np.ndarray]:
            value, slope = lagrange(np.array(times), s)
            x, dx = (np.tensordot(c, np.stack(points), 1) for c in (value, slope))
            return self._speed(jnp.asarray(s), jnp.asarray(bent(s, bend)), jnp.asarray(pace(s, bend)), x, dx, base,
                               goal, known(s))

        n = max(4, len(times) - 1)
        sums: dict[int, dict[str, np.ndarray]] = {}
        while True:
            if n in sums:
                fresh = lobatto(n)[1::2]
            else:  # the rule of twice as many points is begun with this one, which shares half of them
                fresh, sums = lobatto(n), {k: {r: np.zeros(self.system.shape(r)) for r in self.system.post}
                                           for k in (n // 4, n // 2, n, 2 * n)}
            for s in fresh.tolist():
                rates = speed(s)
                for k, out in sums.items():
                    weight = clenshaw_curtis(k).get(s, 0.0)
                    for r, a in rates.items() if weight else ():
                        out[r] += weight * a
            error = geometric(largest(sums[n], sums[n // 2]), largest(sums[n // 2], sums[n // 4]))
            if error < tolerance or n >= _MOST:
                return sums[n], error
            n *= 2

    def _trees(self, data: dict) -> dict:
        held = self.device.held({k: data[k] for k in ("coef", "exo", "masks")})
        return {**held, "rates": {}}
