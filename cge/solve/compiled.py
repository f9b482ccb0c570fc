"""The compiled functions of one form of a system, made once and shared by all that solve it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.model.logsum import quickly
from cge.solve.chord import chord
from cge.solve.jaxsetup import jax_modules
from cge.solve.krylov import gmres

_CHORD_LIMIT = 40
_RESTART = 60
_CHUNK = 64


class Compiled:
    """Residuals, products and iterations of a form.

    Parameters
    ----------
    form : cge.solve.frame.Plain or cge.solve.frame.Frame
    precondition : callable
        Factors and vector to vector, traced.
    """

    def __init__(self, form: Any, precondition: Any):
        jax, jnp = jax_modules()
        self.form = form

        def krylov(product, factors, rhs, tol, most):
            return gmres(product, lambda w: precondition(factors, w), rhs, restart=min(_RESTART, form.n), tol=tol,
                         most=most)

        def jacobian(x, data):
            _, jvp = jax.linearize(lambda z: form.residual(z, data), x)
            blocks = -(-form.n // _CHUNK)
            eye = jnp.eye(blocks * _CHUNK, form.n).reshape(blocks, _CHUNK, form.n)
            cols = jax.lax.map(jax.vmap(jvp), eye)
            return cols.reshape(blocks * _CHUNK, form.n)[: form.n].T

        self.rates = jax.jit(lambda x, data: form.view(x, data).rate_state(form.rates))
        # Residuals and product are one compiled function, which the Krylov solver and the blocks share.
        self.linear = jax.jit(lambda x, data: jax.linearize(lambda z: form.residual(z, data), x))
        self._krylov, self.jacobian = jax.jit(krylov), jax.jit(jacobian)
        self.compile(exact=False)

    def krylov(self, product: Any, factors: Any, rhs: Any, tol: Any, most: int = _RESTART) -> tuple[Any, Any, Any]:
        """One cycle of GMRES of at most ``most`` products: solution, products, part of the right side that is left."""
        return self._krylov(product, factors, rhs, tol, np.int32(most))

    def compile(self, exact: bool) -> None:
        """Residuals in double precision: in the quick form until a solve meets sums that it cannot take."""
        jax, _ = jax_modules()
        form, self.exact = self.form, exact

        def both(x, data):
            view = form.view(x, data)
            return form.residual(x, data, view), view.rate_state(form.rates)

        def chord_and_rates(x, data, inverse, goal):
            """Chord iterations, and the path state where they end, without another dispatch."""
            best, norm, count = chord(lambda z: form.residual(z, data), inverse, x, goal, _CHORD_LIMIT)
            return best, norm, count, form.view(best, data).rate_state(form.rates)

        def written(f):
            return jax.jit(f if exact else quickly(f))

        self.residual, self.both, self.chord = written(form.residual), written(both), written(chord_and_rates)
