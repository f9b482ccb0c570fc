"""Named arrays: the carrier on which every equation of the table is written.

A value knows its dimensions by name ("comm", "reg", ...), so equations
broadcast and sum by name and never touch an axis number. Two forms exist:

* **positive** values are kept as ``coef * exp(log)``. The coefficient is the
  benchmark value; the logarithm is the change since the benchmark. Products
  and powers act on logarithms and a sum becomes a share-weighted log-sum: the
  percentage-change form of the GTAP literature, in exact levels.
* **signed** values (taxes, saving, balances, rents) are plain ``val`` levels.

The arrays inside may be NumPy, JAX (also traced) or object arrays (Pyomo or
CasADi expressions). Object arrays always use the signed form, which keeps the
generated algebra readable.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.errors import TableError
from cge.model.logsum import log_index_two

Array = Any


def namespace(*arrays: Array) -> Any:
    """Return the array module (``numpy`` or ``jax.numpy``) that fits the arrays."""
    for a in arrays:
        if a is not None and not isinstance(a, (np.ndarray, np.generic, float, int)):
            return a.__array_namespace__()
    return np


def is_object(a: Array) -> bool:
    """True for arrays of symbolic expressions (Pyomo, CasADi)."""
    return isinstance(a, np.ndarray) and a.dtype == object


class Named:
    """An array with named dimensions; see the module's text for the two forms.

    Parameters
    ----------
    dims : tuple of str
        Names of the dimensions, in the order of the axes.
    val : array, optional
        Level, for the signed form.
    coef, log : array, optional
        Benchmark value and log-change, for the positive form. Both have one
        axis per dimension; an axis of length one broadcasts.
    """

    __slots__ = ("coef", "dims", "log", "val")
    __array_ufunc__ = None  # let Python call our reflected operators

    def __init__(self, dims: tuple[str, ...], val: Array = None, *, coef: Array = None, log: Array = None):
        self.dims, self.val, self.coef, self.log = tuple(dims), _boxed(val), coef, log

    # -- construction -----------------------------------------------------
    @classmethod
    def positive(cls, dims: tuple[str, ...], coef: Array, log: Array) -> Named:
        """A positive value ``coef * exp(log)``; scalars broadcast over ``dims``."""
        n = len(dims)
        xp = namespace(coef, log)
        coef, log = xp.asarray(coef), xp.asarray(log)
        return cls(dims, coef=coef.reshape(coef.shape or (1,) * n), log=log.reshape(log.shape or (1,) * n))

    @property
    def is_positive(self) -> bool:
        """True when the value is held as ``coef * exp(log)``."""
        return self.val is None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes after broadcasting."""
        if self.is_positive:
            return np.broadcast_shapes(self.coef.shape, self.log.shape)
        return self.val.shape

    def level(self) -> Array:
        """The bare array of levels, one axis per dimension (million US$ for flows)."""
        if not self.is_positive:
            return self.val
        xp = namespace(self.coef, self.log)
        return xp.broadcast_to(self.coef * xp.exp(self.log), self.shape)

    def transposed(self, dims: tuple[str, ...]) -> Named:
        """The same value with its axes in the order of ``dims``."""
        if dims == self.dims:
            return self
        if set(dims) != set(self.dims):
            raise TableError(f"dimensions {self.dims} cannot be reordered to {dims}")
        axes = [self.dims.index(d) for d in dims]
        return self._map(dims, lambda a: a.transpose(axes))

    def _map(self, dims: tuple[str, ...], f: Any) -> Named:
        if self.is_positive:
            return Named(dims, coef=f(self.coef), log=f(self.log))
        return Named(dims, f(self.val))

    def __repr__(self) -> str:
        form = "coef*exp(log)" if self.is_positive else "level"
        return f"<Named {dict(zip(self.dims, self.shape))} {form}>"

    # -- arithmetic -------------------------------------------------------
    def __mul__(self, other: Any) -> Named:
        dims, a, b = align(self, other)
        if a.is_positive and b.is_positive:
            return Named(dims, coef=a.coef * b.coef, log=a.log + b.log)
        return Named(dims, _lv(a) * _lv(b))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Named:
        dims, a, b = align(self, other)
        if a.is_positive and b.is_positive:
            return Named(dims, coef=a.coef / guard(b.coef), log=a.log - b.log)
        return Named(dims, _lv(a) / guard(_lv(b)))

    def __rtruediv__(self, other: Any) -> Named:
        return as_named(other) / self

    def __pow__(self, power: Any) -> Named:
        dims, a, b = align(self, power)
        if not a.is_positive:
            return Named(dims, _lv(a) ** _lv(b))
        p = _lv(b)
        unit = namespace(a.coef).where(a.coef == 0, 1.0, a.coef)
        # An index has coefficient one: keep it exactly one under any power.
        return Named(dims, coef=unit**p, log=a.log * p)

    def __add__(self, other: Any) -> Named:
        dims, a, b = align(self, other)
        if a.is_positive and b.is_positive:
            coef = a.coef + b.coef
            xp = namespace(coef, a.log, b.log)
            one = constant(1.0, len(dims), a.log)
            return Named(dims, coef=coef, log=log_index_two(a.coef / guard(coef), a.log, b.log, one, xp))
        return Named(dims, _lv(a) + _lv(b))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Named:
        dims, a, b = align(self, other)
        return Named(dims, _lv(a) - _lv(b))

    def __rsub__(self, other: Any) -> Named:
        return as_named(other) - self

    def __neg__(self) -> Named:
        return Named(self.dims, -_lv(self))


def _boxed(val: Array) -> Array:
    """Put a single expression back into an array: NumPy unwraps object arrays without dimensions."""
    if val is None or hasattr(val, "shape"):
        return val
    if isinstance(val, (int, float)):
        return _number(float(val))
    box = np.empty((), dtype=object)
    box[()] = val
    return box


def constant(value: float, ndim: int, like: Array) -> np.ndarray:
    """A number with ``ndim`` axes of length one, in the precision of ``like`` (single or double)."""
    single = getattr(like, "dtype", None) == np.float32
    return np.full((1,) * ndim, value, np.float32 if single else np.float64)


def _number(x: float) -> np.ndarray:
    """A number that leaves the precision of what it meets alone: single where that is exact."""
    return np.asarray(x, np.float32 if float(np.float32(x)) == x else np.float64)


def guard(a: Array) -> Array:
    """Replace exact zeros by one: the divisor of an inactive cell."""
    if is_object(a):
        out = a.copy()
        for i in np.ndindex(a.shape):
            if isinstance(a[i], (int, float)) and a[i] == 0:
                out[i] = 1.0
        return out
    xp = namespace(a)
    return xp.where(a == 0, 1.0, a)


def as_named(x: Any) -> Named:
    """Wrap a number as a dimensionless value; leave a Named as it is.

    A positive number becomes a positive value, any other number a signed level.
    """
    if isinstance(x, Named):
        return x
    if isinstance(x, (int, float, np.integer, np.floating)):
        a = _number(float(x))
        return Named((), coef=a, log=_number(0.0)) if x > 0 else Named((), a)
    raise TableError(f"an equation mixed a named value with a bare {type(x).__name__}; name its dimensions")


def align(x: Any, y: Any) -> tuple[tuple[str, ...], Named, Named]:
    """Bring two operands to common dimensions by inserting axes of length one."""
    a, b = as_named(x), as_named(y)
    if a.dims == b.dims:
        return a.dims, a, b
    dims = a.dims + tuple(d for d in b.dims if d not in a.dims)
    return dims, _spread(a, dims), _spread(b, dims)


def _spread(a: Named, dims: tuple[str, ...]) -> Named:
    if a.dims == dims:
        return a
    order = [a.dims.index(d) for d in dims if d in a.dims]

    def one(arr: Array) -> Array:
        arr = arr.transpose(order)
        shape, it = [], iter(arr.shape)
        for d in dims:
            shape.append(next(it) if d in a.dims else 1)
        return arr.reshape(shape)

    return a._map(dims, one)


def _lv(a: Named) -> Array:
    return a.level()
