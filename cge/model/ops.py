"""The operations that equations may use, all by dimension name.

Each works on NumPy, on traced JAX arrays and on object arrays of symbolic
expressions. Kernels guard their *arguments* where a flow is absent, so that
neither a value nor a derivative of an inactive cell can become NaN.
"""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Iterator
from contextvars import ContextVar

import numpy as np

from cge.errors import TableError
from cge.model.logsum import log_index, log_sum
from cge.model.named import Named, align, as_named, constant, guard, is_object, namespace

#: Smoothing of complementarities in symbolic form.
_SMOOTH = 1e-16
#: Where the arguments of symbolic complementarities are noted; see `corners`.
_noted: list[tuple[Named, Named | None]] | None = None

#: Dimensions on which a region reads what belongs to others, and on which it gathers from others.
_READ, _GATHERED = frozenset(("dst", "home")), frozenset(("src", "host", "reg"))
_links_cut: ContextVar[bool] = ContextVar("links_cut", default=False)

__all__ = [
    "at",
    "ces_price",
    "coefficient",
    "complement",
    "corners",
    "diagonal",
    "exp",
    "index",
    "join",
    "level",
    "links_cut",
    "log",
    "minimum",
    "positive_part",
    "put",
    "share",
    "take",
    "total",
    "weighted_log",
    "where_active",
]


@contextlib.contextmanager
def links_cut() -> Iterator[None]:
    """Differentiate as if every region were alone; values stay what they are.

    While an equation is traced here, a value that other regions own counts as
    given: what is read from importers (``dst``) or countries of origin
    (``home``), and what is summed over exporters, hosts or all regions. What
    a region's own prices do to its exports is kept. Solvers derive the
    regional blocks of their preconditioner from it.
    """
    before = _links_cut.set(True)
    try:
        yield
    finally:
        _links_cut.reset(before)


def _given(x: Named, link: bool) -> Named:
    """The value without its derivative, where it crosses a link that is cut."""
    if not (_links_cut.get() and link):
        return x
    from jax.lax import stop_gradient

    return Named(x.dims, stop_gradient(x.val)) if not x.is_positive else Named(
        x.dims, coef=stop_gradient(x.coef), log=stop_gradient(x.log))


def _axes(x: Named, dims: tuple[str, ...]) -> tuple[int, ...]:
    for d in dims:
        if d not in x.dims:
            raise TableError(f"cannot reduce over '{d}': the value has dimensions {x.dims}")
    return tuple(x.dims.index(d) for d in dims)


def _object_sum(a: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    keep = [i for i in range(a.ndim) if i not in axes]
    # The length is given, since none can be inferred where there is nothing to sum.
    size = int(np.prod([a.shape[i] for i in axes]))
    moved = a.transpose(keep + list(axes)).reshape([a.shape[i] for i in keep] + [size])
    out = np.empty(moved.shape[:-1], dtype=object)
    for idx in np.ndindex(out.shape):
        terms = [t for t in moved[idx] if not (isinstance(t, (int, float)) and t == 0)]
        out[idx] = functools.reduce(operator.add, terms) if terms else 0.0
    return out


def total(x: Named, *dims: str) -> Named:
    """Sum over the named dimensions.

    A positive value stays positive: the coefficient is the benchmark sum and
    the logarithm is the share-weighted log-sum ``log1p(sum share*expm1(log))``.
    """
    axes = _axes(x, dims)
    rest = tuple(d for d in x.dims if d not in dims)
    if not axes:
        return x
    x = _given(x, not _GATHERED.isdisjoint(dims))
    if not x.is_positive:
        if is_object(x.val):
            return Named(rest, _object_sum(x.val, axes))
        return Named(rest, x.val.sum(axis=axes))
    xp = namespace(x.coef, x.log)
    if all(x.shape[i] == 1 for i in axes):  # a sum of one term is that term
        return Named(rest, coef=xp.squeeze(x.coef, axes), log=xp.squeeze(x.log, axes))
    coef = xp.broadcast_to(x.coef, x.shape)
    tot = coef.sum(axis=axes, keepdims=True)
    moved = log_sum(coef / guard(tot), x.log, axes, xp)
    return Named(rest, coef=tot.reshape(moved.shape), log=moved)


def at(x: Named, **renames: str) -> Named:
    """Rename dimensions: ``at(x, src="reg")`` reads the value of region ``reg`` as a source."""
    for old, new in renames.items():
        if old not in x.dims:
            raise TableError(f"cannot rename '{old}': the value has dimensions {x.dims}")
        if new in x.dims and new not in renames:
            raise TableError(f"cannot rename '{old}' to '{new}', which the value already has; take the diagonal")
    x = _given(x, any(d == "reg" and new in _READ for d, new in renames.items()))
    return x._map(tuple(renames.get(d, d) for d in x.dims), lambda a: a)


def take(x: Named, dim: str, positions: np.ndarray, new: str) -> Named:
    """Select elements of ``dim`` by position and call the result's dimension ``new``."""
    (axis,) = _axes(x, (dim,))
    dims = tuple(new if d == dim else d for d in x.dims)

    def pick(a):
        return a if a.shape[axis] == 1 and x.shape[axis] != 1 else namespace(a).take(a, positions, axis=axis)

    return x._map(dims, pick)


def put(x: Named, dim: str, positions: np.ndarray, new: str, size: int, fill: float = 1.0) -> Named:
    """Place the elements of ``dim`` into a longer dimension ``new``; the rest is ``fill``.

    ``fill`` must be 0 or 1. A positive value filled with one keeps its form.
    """
    (axis,) = _axes(x, (dim,))
    dims = tuple(new if d == dim else d for d in x.dims)
    where = np.full(size, len(positions))
    where[positions] = np.arange(len(positions))

    def place(a, blank):
        xp = namespace(a)
        pad_shape = list(a.shape)
        pad_shape[axis] = 1
        if is_object(a):
            return np.take(np.concatenate([a, np.full(pad_shape, blank, dtype=object)], axis), where, axis=axis)
        return xp.take(xp.concatenate([a, xp.full(pad_shape, blank, dtype=a.dtype)], axis=axis), where, axis=axis)

    if x.is_positive:
        xp = namespace(x.coef, x.log)
        return Named(dims, coef=place(xp.broadcast_to(x.coef, x.shape), fill),
                     log=place(xp.broadcast_to(x.log, x.shape), 0.0))
    return Named(dims, place(x.val, fill))


def diagonal(x: Named, first: str, second: str, new: str) -> Named:
    """Elements whose positions on ``first`` and ``second`` agree, along dimension ``new``."""
    i, j = x.dims.index(first), x.dims.index(second)
    n = x.shape[i]
    rest = tuple(d for d in x.dims if d not in (first, second))

    def diag(a):
        xp = np if is_object(a) else namespace(a)
        full = xp.broadcast_to(a, x.shape)
        return xp.moveaxis(full, (i, j), (-2, -1))[..., np.arange(n), np.arange(n)]

    return x._map(rest + (new,), diag)


def share(x: Named, *over: str) -> Named:
    """Share of ``x`` in its total over the named dimensions."""
    return x / total(x, *over)


def level(x: Named) -> Named:
    """The value as a signed level (benchmark units), whatever its form."""
    return x if not x.is_positive else Named(x.dims, x.level())


def coefficient(x: Named) -> Named:
    """A parameter as a positive coefficient (it has no change of its own)."""
    return x if x.is_positive else Named(x.dims, coef=x.val, log=constant(0.0, len(x.dims), x.val))


def index(x: Named, base: Named) -> Named:
    """A level expression as a positive index, ``x / base``; ``base`` is its benchmark value.

    Where the benchmark value is zero the index is one.
    """
    dims, a, b = align(level(x), level(base))
    if is_object(a.val) or is_object(b.val):
        blank = np.asarray(b.val == 0) if not is_object(b.val) else np.zeros((1,) * len(dims), bool)
        return Named(dims, np.where(blank, 1.0, a.val / guard(b.val)))
    xp = namespace(a.val, b.val)
    ratio = xp.where(b.val == 0, 1.0, a.val / guard(b.val))
    return Named(dims, coef=constant(1.0, len(dims), ratio), log=xp.log(ratio))


def log(x: Named) -> Named:
    """Natural logarithm, as a signed level."""
    if x.is_positive:
        xp = namespace(x.coef, x.log)
        return Named(x.dims, xp.broadcast_to(x.log + xp.log(guard(x.coef)), x.shape))
    if is_object(x.val):
        return Named(x.dims, _elementwise("log", x.val))
    return Named(x.dims, namespace(x.val).log(x.val))


def exp(x: Named) -> Named:
    """Exponential of a signed level, as a positive value."""
    val = level(x).val
    if is_object(val):
        return Named(x.dims, _elementwise("exp", val))
    return Named(x.dims, coef=constant(1.0, len(x.dims), val), log=val)


def _elementwise(name: str, a: np.ndarray) -> np.ndarray:
    """Apply a symbolic function through the elements' own method or Pyomo's intrinsic."""
    from pyomo.environ import exp as pexp
    from pyomo.environ import log as plog

    fallback = {"log": plog, "exp": pexp}[name]
    out = np.empty(a.shape, dtype=object)
    for idx in np.ndindex(a.shape):
        e = a[idx]
        out[idx] = getattr(e, name)() if hasattr(e, name) and callable(getattr(e, name)) else fallback(e)
    return out


def ces_price(value: Named, price: Named, sigma: Named, *over: str) -> Named:
    """Unit-cost (CES) or unit-revenue (CET) index over the named dimensions.

    ``P = (sum_i theta_i p_i**(1-sigma))**(1/(1-sigma))`` with benchmark shares
    ``theta`` from ``value``; at ``sigma = 1`` the Cobb-Douglas index, at 0 the
    Leontief one, negative ``sigma`` the CET index (GTAP's ESUB* and ETRA*).
    ``value`` may be zero in some or all cells: such a cell has no weight, and
    an index without any cell is one.

    Parameters
    ----------
    value : Named
        Benchmark values (million US$), the weights.
    price : Named
        Price indices, benchmark = 1.
    sigma : Named
        Elasticity; must not vary over the reduced dimensions.
    """
    price = _given(price, not _GATHERED.isdisjoint(over))
    theta = level(share(Named(value.dims, coef=value.coef,
                              log=constant(0.0, len(value.dims), value.coef)), *over))
    e = level(as_named(1.0) - sigma)
    if not price.is_positive:
        return _ces_price_object(theta, price, e, over)
    dims, th, p = align(theta, price)
    _, ee, _ = align(e, Named(dims, coef=p.coef, log=p.log))
    ee = _reorder(ee, dims)
    xp = namespace(th.val, p.log, ee.val)
    axes = _axes(Named(dims, th.val), over)
    rest = tuple(d for d in dims if d not in over)
    _refuse_varying(ee, over)
    out = log_index(th.val, p.log, ee.val, axes, xp)
    return Named(rest, coef=constant(1.0, len(rest), out), log=out)


def _reorder(x: Named, dims: tuple[str, ...]) -> Named:
    return x.transposed(dims) if x.dims != dims else x


def _refuse_varying(sigma: Named, over: tuple[str, ...]) -> None:
    for d, n in zip(sigma.dims, sigma.val.shape):
        if d in over and n != 1:
            raise TableError(f"the elasticity varies over '{d}', over which the index is taken; "
                             "an index needs one elasticity for all its parts")


def _ces_price_object(theta: Named, price: Named, e: Named, over: tuple[str, ...]) -> Named:
    dims, th, p = align(theta, price)
    _, _, ee = align(Named(dims, p.val), e)
    _refuse_varying(ee, over)
    axes = _axes(Named(dims, p.val), over)
    shape = np.broadcast_shapes(th.val.shape, p.val.shape, ee.val.shape)
    th_v, p_v, e_v = (np.broadcast_to(x, shape) for x in (th.val, p.val, ee.val))
    keep = [i for i in range(len(dims)) if i not in axes]
    out = np.empty([shape[i] for i in keep], dtype=object)

    def rows(a):
        return a.transpose(keep + list(axes)).reshape([shape[i] for i in keep] + [-1])

    th_v, p_v, e_v = rows(th_v), rows(p_v), rows(e_v)
    for idx in np.ndindex(out.shape):
        cells = [k for k in range(th_v.shape[-1]) if th_v[idx][k] != 0]
        ex = float(e_v[idx][0]) if e_v.shape[-1] else 1.0
        if not cells:
            out[idx] = 1.0
        elif abs(ex) < 1e-9:
            logs = _elementwise("log", np.array([p_v[idx][k] for k in cells], dtype=object))
            mean = sum(th_v[idx][k] * g for k, g in zip(cells, logs, strict=True))
            out[idx] = _elementwise("exp", np.array(mean, dtype=object))[()]
        else:
            out[idx] = sum(th_v[idx][k] * p_v[idx][k] ** ex for k in cells) ** (1.0 / ex)
    return Named(tuple(dims[i] for i in keep), out)


def minimum(x: Named, y: Named) -> Named:
    """Elementwise smaller value, as a signed level."""
    dims, a, b = align(level(x), level(y))
    return Named(dims, namespace(a.val, b.val).minimum(a.val, b.val))


def complement(slack: Named, rent: Named) -> Named:
    """Residual of ``0 <= slack _|_ rent >= 0`` on scaled arguments (semismooth ``min``).

    At a tie the derivative is that of ``slack``, a valid element of the
    generalised Jacobian, so a cap equal to the base stock gives no NaN.
    Symbolic values get the smoothed Fischer-Burmeister function, which an
    algebraic engine can differentiate; its error is 1e-8 at the corner.
    """
    dims, a, b = align(level(slack), level(rent))
    if is_object(a.val) or is_object(b.val):
        if _noted is not None:
            _noted.append((a, b))
        return Named(dims, a.val + b.val - (a.val**2 + b.val**2 + _SMOOTH) ** 0.5)
    xp = namespace(a.val, b.val)
    return Named(dims, xp.where(a.val <= b.val, a.val, b.val))


def positive_part(x: Named) -> Named:
    """The value where it is above zero, else zero (semismooth); at zero the derivative is zero.

    The whole of a definition's right side. Symbolic values get the smooth root of ``y (y - x) = 2.5e-17``, and the
    engine that ends on the exact form is told by a corner without a rent.
    """
    a = level(x)
    if is_object(a.val):
        if _noted is not None:
            _noted.append((a, None))
        return Named(a.dims, 0.5 * (a.val + (a.val**2 + _SMOOTH) ** 0.5))
    xp = namespace(a.val)
    return Named(a.dims, xp.where(a.val > 0, a.val, 0.0))


@contextlib.contextmanager
def corners() -> Iterator[list[tuple[Named, Named | None]]]:
    """Note slack and rent of the symbolic complementarities written inside, for an engine that ends on the exact form.
    """
    global _noted
    before, _noted = _noted, []
    try:
        yield _noted
    finally:
        _noted = before


def where_active(x: Named, mask: np.ndarray) -> Named:
    """Pin inactive cells: one (positive form) or zero (signed form)."""
    if x.is_positive:
        xp = namespace(x.coef, x.log)
        known = isinstance(x.coef, np.ndarray) and x.coef.size == 1 and x.coef.item() == 1.0
        return Named(x.dims, coef=x.coef if known else xp.where(mask, x.coef, 1.0), log=xp.where(mask, x.log, 0.0))
    if is_object(x.val):
        return x
    xp = namespace(x.val, mask)
    return Named(x.dims, xp.where(mask, x.val, 0.0))


def join(new: str, *parts: Named) -> Named:
    """Signed levels over the same dimensions, side by side along a new last dimension."""
    dims = parts[0].dims
    values = [level(p).transposed(dims).val for p in parts]
    shape = np.broadcast_shapes(*[a.shape for a in values])
    xp = namespace(*values)
    return Named(dims + (new,), xp.stack([xp.broadcast_to(a, shape) for a in values], axis=-1))


def weighted_log(weight: Named, x: Named, *over: str) -> Named:
    """``sum weight * log(x)`` over the named dimensions, a signed level."""
    return total(level(weight) * log(x), *over)
