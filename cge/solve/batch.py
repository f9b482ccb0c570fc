"""Many counterfactuals in one compiled loop: draws side by side, the points of each path side by side with them.

A residual of the table is thousands of small array operations; evaluated for several draws
at once each operation has more to do, and the product with the inverse Jacobian turns from
matrix-vector into matrix-matrix. Points of the path are solved in single precision, as
exactly as the integrals of the indices need, the end point after that in double. The
compiled function does for every draw what :class:`cge.solve.path.Path` does for one:
chord iterations (`cge.solve.chord`) at the points of the path, line integrals of the
Divisia indices, and a last solve of the end point with them. Draws are padded to one
fixed width, so that compilation happens once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.model.closure import NUMERAIRE
from cge.model.logsum import quickly
from cge.model.named import Named
from cge.model.ops import level, total
from cge.solve.chord import DEPTH, GROWTH, LARGE, REGULAR
from cge.solve.jaxsetup import jax_modules
from cge.solve.newton import ACCEPTABLE, SINGLE_TOLERANCE
from cge.solve.path import _SMALL_MONEY as SMALL_MONEY
from cge.solve.path import NODE_LOOSE as NODE
from cge.solve.path import RATE_TOLERANCE
from cge.solve.quadrature import integration, lobatto

if TYPE_CHECKING:
    from cge.solve.model import Model

#: Largest residual aimed at, a tenth of what a certificate accepts.
TOLERANCE = SINGLE_TOLERANCE
#: Parts of every path, fewest first: how many points are solved for each draw.
PARTS = (2, 3)
#: Most residuals at the points of a path, and at the end point afterwards: what needs more is solved alone.
_LIMIT, _LAST_LIMIT = 30, 20


class Batch:
    """Compiled solver of a fixed number of draws.

    Parameters
    ----------
    model : Model
        With the ``newton`` engine and a system small enough for one dense inverse.
    varying : mapping of str to tuple of str
        Per tree of the data (``coef``, ``exo``, ``target``) the arrays of which every draw has its own.
    outputs : tuple of str
        Symbols evaluated at every end point.
    parts : int
        One of `PARTS`.
    """

    def __init__(self, model: Model, varying: dict[str, tuple[str, ...]], outputs: tuple[str, ...], parts: int):
        self.model, self.varying, self.outputs = model, varying, outputs
        self.times = times_of(parts)
        self._rules = _rules(self.times)
        self._terms = model.rate_dims()
        jax, _ = jax_modules()
        # Draws with sums that nearly vanish come out unsolved, and are solved alone.
        self._run = jax.jit(quickly(self._traced))

    def run(self, x: Any, inverse: Any, level: Any, fall: float, shared: dict, varied: dict) -> dict[str, Any]:
        """Solve one batch.

        Parameters
        ----------
        x : array (points, unknown)
            Where the points of every path start; the last is the end point.
        inverse : array (unknown, row)
            Approximate inverse of the Jacobian at all of them.
        level : array (unknown,)
            What a higher numeraire does to the unknowns (zero where the closure holds none).
        fall : float
            Error of the integrals over their change by the last point, at most; one where nothing is known of it.
        shared, varied : dict
            Data tree of the benchmark; full shocks and coefficients of the draws, with a leading draw axis.

        Returns
        -------
        dict
            ``x`` (draw, points, unknown), ``residual`` and ``node`` (draw: largest at the end point and at the other
            points), ``error`` (draw: estimated, of the Divisia indices), ``gap`` (draw: how far the indices moved in
            the last solve), ``count`` (draw: residuals evaluated), ``acc`` (path state of the end point), ``out``.
        """
        return self._run(x, inverse, level, fall, shared, varied)

    # -- traced -----------------------------------------------------------
    def _traced(self, x: Any, inverse: Any, unit: Any, fall: Any, shared: dict, varied: dict) -> dict[str, Any]:
        jax, jnp = jax_modules()
        draws = jax.tree.leaves(varied)[0].shape[0]
        start = shared["rates"]
        wide = jnp.broadcast_to(x[:, None], (x.shape[0], draws, x.shape[1]))
        rough, own, first = (_as(jnp.float32, tree) for tree in (shared, varied, start))
        x, norm, count, states = _as(jnp.float64, solve_side_by_side(
            lambda z: self._points(z, self.times[1:], rough, own, first, None),
            _as(jnp.float32, inverse), _as(jnp.float32, wide), NODE, _LIMIT))
        found, *rougher = (self._integrals(states, start, q) for q in self._rules)
        gap = self._largest(found, rougher[0])
        error = gap * fall
        if len(rougher) > 1:  # changes fall geometrically with the points, and so do errors
            last = self._largest(*rougher)
            error = jnp.minimum(error, gap * gap / jnp.where(last > 0, last, 1.0))
        shift = {k: found[k] - states[k]["acc"][-1] + start[k]["acc"] for k in found}
        price = (shift[NUMERAIRE] - start[NUMERAIRE]["acc"]).reshape(draws, 1)
        guess = x[-1] - price * unit  # the price level makes up for the correction
        z, last_norm, more, final = solve_side_by_side(
            lambda z: self._points(z, self.times[-1:], shared, varied, start, shift), inverse, guess[None],
            TOLERANCE, _LAST_LIMIT)
        states = jax.tree.map(lambda a, b: jnp.concatenate([a[:-1], b]), states, final)
        again = self._integrals(states, start, self._rules[0])
        moved = self._largest(again, {k: s["acc"][0] for k, s in final.items()})
        return {"x": jnp.swapaxes(x.at[-1].set(z[0]), 0, 1), "residual": last_norm[0], "node": norm.max(0),
                "error": error, "gap": moved, "count": count.sum(0) + more[0], "acc": shift,
                "out": self._outputs(z[0], shared, varied, start, shift)}

    def _points(self, x: Any, times: tuple[float, ...], shared: dict, varied: dict, start: dict, shift: dict | None
                ) -> Any:
        """Residuals and path states of points x draws, evaluated as one long row: a second batch axis costs double."""
        jax, jnp = jax_modules()

        def one(z, t, own, acc):
            data = self._data(shared, own, t, start, acc)
            view = self.model.system.view(z, data)
            f = self.model.system.residual(z, data, view)
            return f, view.rate_state(self.model.system.rates)

        points, draws, n = x.shape
        own, acc = jax.tree.map(lambda a: jnp.tile(a, (points,) + (1,) * (a.ndim - 1)), (varied, shift))
        found = jax.vmap(one)(x.reshape(points * draws, n), jnp.repeat(jnp.asarray(times, x.dtype), draws), own, acc)
        return jax.tree.map(lambda a: a.reshape(points, draws, *a.shape[1:]), found)

    def _outputs(self, x: Any, shared: dict, varied: dict, start: dict, shift: dict) -> dict[str, Any]:
        jax, jnp = jax_modules()

        def one(z, own, acc):
            view = self.model.system.view(z, self._data(shared, own, 1.0, start, acc))
            values = {n: getattr(view, n) for n in self.outputs}
            return {n: jnp.broadcast_to(v.level(), self.model.system.shape(n)) for n, v in values.items()}

        return jax.vmap(one)(x, varied, shift) if self.outputs else {}

    def _data(self, shared: dict, own: dict, t: Any, start: dict, acc: dict | None) -> dict:
        """The data tree of one draw at the fraction ``t`` of its shock, as :meth:`Model.data_at` makes it."""
        _, jnp = jax_modules()
        out = {"coef": {**shared["coef"], **own["coef"]}, "masks": shared["masks"], "scales": shared["scales"]}
        out["rates"] = start if acc is None else {k: {**s, "acc": acc[k]} for k, s in start.items()}
        for tree in ("exo", "target"):
            out[tree] = dict(shared[tree])
            for name, end in own[tree].items():
                base = shared[tree][name]
                if self.model.system.table.symbols[name].positive:
                    out[tree][name] = jnp.log(jnp.exp(base) + t * (jnp.exp(end) - jnp.exp(base)))
                else:
                    out[tree][name] = base + t * (end - base)
        return out

    def _integrals(self, states: dict, start: dict, rule: np.ndarray) -> dict[str, Any]:
        """Integrals of all rates of every draw: :func:`cge.solve.quadrature.integrate`, traced, to the end point."""
        jax, jnp = jax_modules()
        rule = jnp.asarray(rule)

        def one(draw):
            out = {}
            for name, (own, terms) in self._terms.items():
                acc = Named((), jnp.asarray(0.0))
                for k, (of_weight, of_variable) in enumerate(terms):
                    first = start[name]["x"][k]
                    weights = jnp.concatenate([start[name]["w"][k][None], draw[name]["w"][k]])
                    weights = jnp.tensordot(rule.T, weights, 1)
                    for j in range(1, len(self.times)):
                        step = Named(of_weight, weights[j]) * Named(of_variable, draw[name]["x"][k][j - 1] - first)
                        acc = level(acc + total(level(step), *[d for d in step.dims if d not in own]))
                value = acc.transposed(own).val if set(acc.dims) == set(own) else acc.val
                out[name] = start[name]["acc"] + value
            return out

        return jax.vmap(one, in_axes=1)(states)

    def _largest(self, a: dict[str, Any], b: dict[str, Any]) -> Any:
        """Largest difference between two sets of integrals by draw, as `Path` measures it."""
        _, jnp = jax_modules()
        worst = 0.0
        for name, value in a.items():
            axes = tuple(range(1, value.ndim))
            gap = jnp.abs(value - b[name])
            gap = jnp.where(jnp.isfinite(gap), gap, jnp.inf).max(axes, initial=0.0)
            world = self.model.system.money(name)
            if world is not None:
                gap = gap / jnp.maximum(jnp.abs(value).max(axes, initial=0.0), SMALL_MONEY / RATE_TOLERANCE * world)
            worst = jnp.maximum(worst, gap)
        return worst


def _as(kind: Any, tree: Any) -> Any:
    """The tree with its floating-point arrays in another precision."""
    jax, jnp = jax_modules()

    def one(a: Any) -> Any:
        return jnp.asarray(a, kind) if jnp.issubdtype(jnp.asarray(a).dtype, jnp.floating) else a

    return jax.tree.map(one, tree)


def times_of(parts: int) -> tuple[float, ...]:
    """Fractions of the shock that are solved, the benchmark first."""
    return tuple(float(t) for t in lobatto(parts))


def _rules(times: tuple[float, ...]) -> list[np.ndarray]:
    """Weights of the integral through all points, and through fewer and fewer of them."""
    out = []
    for fewer in range(len(times) - 1):
        chosen = [0, *range(1 + fewer, len(times))]
        q = np.zeros((len(times), len(times)))
        q[np.ix_(chosen, chosen)] = integration(tuple(times[i] for i in chosen), 1.0)
        out.append(q)
    return out


def solve_side_by_side(points: Callable[[Any], tuple[Any, Any]], inverse: Any, x: Any, goal: float, limit: int
                       ) -> tuple[Any, Any, Any, Any]:
    """Chord iterations of many systems at once (traced): each mixes its own steps and rests when it is solved.

    Parameters
    ----------
    points : callable
        Array (point, draw, n) to residuals of that shape and a tree of further arrays (point, draw, ...).
    inverse : array (n, n)
        Approximate inverse Jacobian.
    x : array (point, draw, n)
    goal : float
        Largest residual at which a system rests; also below 1e-9 where rounding keeps it from falling.
    limit : int
        Most residuals to evaluate.

    Returns
    -------
    x : array (point, draw, n)
    norm : array (point, draw)
        Largest residual; of a system that went astray, infinity or the last one.
    count : int array (point, draw)
        Residuals until it rested.
    aux
        The further arrays at ``x``.
    """
    jax, jnp = jax_modules()

    def largest(f):
        return jnp.where(jnp.isfinite(f).all(-1), jnp.abs(f).max(-1), jnp.inf)

    def step(f):
        return -jnp.einsum("ij,pdj->pdi", inverse, jnp.where(jnp.isfinite(f), f, 0.0))

    def going(state):
        return (state["k"] < limit) & state["active"].any()

    def body(s):
        # The only place where the systems are evaluated: a second one would double the time of compilation.
        on, x, later = s["active"], s["trial"], s["k"] > 0
        f, aux = points(x)
        norm, g, slot = largest(f), step(f), s["k"] % DEPTH
        dx = s["dx"].at[slot].set(x - s["x"])
        dg = s["dg"].at[slot].set(jnp.where(later, g - s["g"], 0.0))
        first = jnp.where(later, s["first"], norm)
        stuck = later & (norm < ACCEPTABLE) & (norm > 0.5 * s["norm"])
        astray = (norm > GROWTH * first) | (norm > LARGE)
        going_on = on & (norm >= goal) & ~stuck & ~astray
        size = jnp.linalg.norm(dg, axis=-1)
        size = jnp.where(size > 0, size, 1.0)
        unit = (dg / size[..., None]).astype(float)
        gram = jnp.einsum("kpdn,lpdn->pdkl", unit, unit)
        gram = gram + jnp.where(gram == 0.0, 1.0, REGULAR) * jnp.eye(DEPTH)
        mix = jnp.linalg.solve(gram, jnp.einsum("kpdn,pdn->pdk", unit, g)[..., None])[..., 0]
        mixed = jnp.einsum("pdk,kpdn->pdn", (mix / jnp.moveaxis(size, 0, -1)).astype(x.dtype), dx + dg)
        new = x + g - mixed
        return {"k": s["k"] + 1, "x": x, "trial": jnp.where(going_on[..., None], new, x), "g": g, "norm": norm,
                "first": first, "aux": aux, "dx": dx, "dg": dg, "active": going_on, "count": s["count"] + on}

    none = jnp.zeros(x.shape[:2], x.dtype)
    mixed = jnp.zeros((DEPTH, *x.shape), x.dtype)
    aux = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(points, x)[1])
    end = jax.lax.while_loop(going, body, {
        "k": 0, "x": x, "trial": x, "g": jnp.zeros(x.shape, x.dtype), "norm": none, "first": none, "aux": aux,
        "dx": mixed, "dg": mixed, "active": none == 0.0, "count": jnp.zeros(x.shape[:2], int)})
    return end["x"], end["norm"], end["count"], end["aux"]
