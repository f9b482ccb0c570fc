"""The equation table: symbols and rows, written once and read by every engine.

Rows are of three kinds. A *definition* gives a variable as an explicit function
of others. A *condition* returns ``(lhs, rhs)`` and names the variable paired
with it. A *rate* is known by its differential only (a Divisia index): it returns
``(weight, variable)`` terms, and is chained along the path of the shock by the
trapezoid rule on logarithms (Tornqvist); a term ``(weight, variable, LEVEL)``
stands for ``weight * d variable`` of a signed variable.

How engines treat a rate: within one sub-step of the path a rate is a
definition, ``log R = log R' + sum (w' + w)/2 * (log x - log x')``, in which the
primed values are those of the previous sub-step and enter through the data
tree. The Newton engine differentiates it like any definition, an algebraic
engine writes it out, and the certificate re-evaluates it for the last sub-step.

A rate marked ``post`` only reports: unless a closure holds it, or an equation of
the system needs it, it takes no part in the solve and is integrated over the
stored points of the path when somebody asks for it (`cge.solve.path`).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cge.errors import TableError
from cge.model.named import Named, as_named, constant, is_object, namespace
from cge.model.ops import level, log, total, where_active
from cge.model.reported import solve_reported

#: Marks a rate's term that integrates a level instead of a logarithm.
LEVEL = "level"
#: A benchmark value within this of one is one.
_UNITY = 1e-12
#: Modules whose functions are the words that rows are written in, and not shown with a row.
_WORDS = ("cge.model.ops", "cge.model.kernels", "cge.model.named")


@dataclass(frozen=True)
class Symbol:
    """Metadata of one variable of the model.

    Attributes
    ----------
    name : str
        GTAP v7 name where the variable exists there.
    dims : tuple of str
        Dimension names.
    role : str
        ``unknown``, ``exogenous``, ``define``, ``rate``, or ``reported`` (found after a solve when asked for).
    unit : str
        ``index, base = 1`` for positive variables unless stated.
    long_name, block : str
        What it is, and the file of the table that holds its row.
    positive : bool
        Held in logarithms (True) or levels (False).
    active : callable or None
        Function of the benchmark data returning the mask of active cells.
    base : float
        Benchmark value: 1 for indices, 0 for signed changes, unless given.
    detail : bool
        One cell among many: written to result files only when asked for.
    """

    name: str
    dims: tuple[str, ...]
    role: str
    unit: str = "index, base = 1"
    long_name: str = ""
    block: str = ""
    positive: bool = True
    active: Callable[[Mapping[str, np.ndarray]], np.ndarray] | None = None
    base: float = 1.0
    detail: bool = False


@dataclass(frozen=True)
class Row:
    """One equation block: its function and what it determines."""

    name: str
    kind: str
    fn: Callable[[Any], Any]
    dims: tuple[str, ...]
    pairs: str
    scale: str | None = None
    block: str = ""
    post: bool = False

    @property
    def text(self) -> str:
        """Source of the row and of what it shares with other rows, for ``cge equation``."""
        called = [self.fn.__globals__.get(n) for n in self.fn.__code__.co_names]
        shared = [inspect.getsource(f) for f in called if inspect.isfunction(f) and f.__module__ not in _WORDS]
        return "\n\n".join([inspect.getsource(self.fn), *shared])


@dataclass
class Table:
    """Symbols and rows of a model; blocks register themselves on it."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    definitions: dict[str, Row] = field(default_factory=dict)
    conditions: dict[str, Row] = field(default_factory=dict)
    reported: dict[str, Row] = field(default_factory=dict)

    def _add(self, symbol: Symbol) -> None:
        if symbol.name in self.symbols:
            raise TableError(f"symbol '{symbol.name}' is declared twice; give the second another name")
        self.symbols[symbol.name] = symbol

    def unknown(self, name: str, *dims: str, long_name: str, unit: str = "index, base = 1",
                active: Any = None, positive: bool = True, base: float | None = None,
                reported: bool = False) -> None:
        """Declare a variable that the engine solves for; a condition must be paired with it.

        ``reported``: an index over regions that no equation of the model needs, found after a solve when asked for
        (:mod:`cge.model.reported`).
        """
        self._declare("reported" if reported else "unknown", name, dims, long_name, unit, active, positive, base)

    def exogenous(self, name: str, *dims: str, long_name: str, unit: str = "index, base = 1",
                  active: Any = None, positive: bool = True, base: float | None = None) -> None:
        """Declare a variable that a scenario may shock, or a closure may free."""
        self._declare("exogenous", name, dims, long_name, unit, active, positive, base)

    def _declare(self, role, name, dims, long_name, unit, active, positive, base):
        self._add(Symbol(name, dims, role, unit, long_name, _block(2), positive, active,
                         (1.0 if positive else 0.0) if base is None else base))

    def define(self, *dims: str, unit: str = "index, base = 1", active: Any = None, positive: bool = True,
               detail: bool = False) -> Callable:
        """Register a definition; the function's name is the variable's, its docstring the long name."""

        def register(fn: Callable) -> Callable:
            name = fn.__name__
            self._add(Symbol(name, dims, "define", unit, _first_line(fn), _block_of(fn), positive, active,
                             1.0 if positive else 0.0, detail))
            self.definitions[name] = Row(name, "define", fn, dims, name, block=_block_of(fn))
            return fn

        return register

    def rate(self, *dims: str, unit: str = "index, base = 1", active: Any = None, positive: bool = True,
             post: bool = False, detail: bool = False) -> Callable:
        """Register a rate row; the function returns a list of (weight, variable) terms.

        A positive rate integrates ``sum weight * dlog(variable)`` into its
        logarithm; a signed one (money) integrates it into its level. ``post``
        and ``detail``: see the module's text and `Symbol`.
        """

        def register(fn: Callable) -> Callable:
            name = fn.__name__
            self._add(Symbol(name, dims, "rate", unit, _first_line(fn), _block_of(fn), positive, active,
                             1.0 if positive else 0.0, detail))
            self.definitions[name] = Row(name, "rate", fn, dims, name, block=_block_of(fn), post=post)
            return fn

        return register

    def clears(self, variable: str, *dims: str, scale: str | None = None, reported: bool = False) -> Callable:
        """Register a condition ``lhs = rhs`` paired with ``variable``, an unknown or a reported one."""

        def register(fn: Callable) -> Callable:
            name = fn.__name__
            if name in self.conditions or name in self.reported:
                raise TableError(f"condition '{name}' is declared twice")
            rows = self.reported if reported else self.conditions
            rows[name] = Row(name, "condition", fn, dims, variable, scale, _block_of(fn))
            return fn

        return register

    def rates(self) -> Iterable[str]:
        """Names of the rate rows."""
        return [n for n, r in self.definitions.items() if r.kind == "rate"]

    def check(self) -> None:
        """Raise TableError for a condition whose partner or dimensions do not exist."""
        for row in (*self.conditions.values(), *self.reported.values()):
            if row.pairs and row.pairs not in self.symbols:
                raise TableError(f"condition '{row.name}' is paired with '{row.pairs}', which is not declared")


def _first_line(fn: Callable) -> str:
    return (inspect.getdoc(fn) or fn.__name__).split("\n")[0].rstrip(".")


def _block(depth: int) -> str:
    # Not inspect.stack(), which reads the source of every caller: two seconds over all the blocks.
    return sys._getframe(depth + 1).f_globals["__name__"].rsplit(".", 1)[-1]


def _block_of(fn: Callable) -> str:
    return fn.__module__.rsplit(".", 1)[-1]


class View:
    """What an equation sees: every symbol and coefficient by name, resolved when asked for.

    Parameters
    ----------
    table : Table
    given : mapping of str to Named
        Unknowns, exogenous variables and coefficients.
    masks : mapping of str to bool array
        Active cells; a symbol without a mask is active everywhere.
    rates : mapping of str to dict
        Previous sub-step of every rate: ``log`` (array), ``w`` and ``x`` (lists
        of arrays). Without an entry the rate is at its benchmark value.
    sets : object
        Positions of subsets, read by ``put`` and ``take``.
    post : callable, optional
        Gives the integrated value (logarithm, or level where signed) of a rate
        that has no entry in ``rates``, by name.
    indices : set of str
        Definitions known to be one at the benchmark (see :meth:`indices`): their coefficients are left out.
    """

    def __init__(self, table: Table, given: Mapping[str, Named], masks: Mapping[str, np.ndarray],
                 rates: Mapping[str, Any], sets: Any, post: Callable[[str], Any] | None = None,
                 indices: frozenset[str] = frozenset()):
        self._table, self._given, self._masks, self._rates, self.sets = table, given, masks, rates, sets
        self._post, self._indices = post, indices
        self._memo: dict[str, Named] = {}
        self._terms: dict[str, list] = {}
        self._open: list[str] = []

    def __getattr__(self, name: str) -> Named:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._given:
            return self._given[name]
        if name in self._memo:
            return self._memo[name]
        row = self._table.definitions.get(name)
        if row is None and name in self._table.symbols and self._table.symbols[name].role == "reported":
            self._memo.update(solve_reported(self, View))
            return self._memo[name]
        if row is None:
            raise TableError(f"an equation asks for '{name}', which is neither data nor a symbol of the table")
        if name in self._open:
            cycle = " -> ".join(self._open[self._open.index(name):] + [name])
            raise TableError(f"the definitions form a cycle: {cycle}; make one of them an unknown with a condition")
        self._open.append(name)
        try:
            value = row.fn(self) if row.kind == "define" else self._chain(row)
        finally:
            self._open.pop()
        symbol = self._table.symbols[name]
        if set(value.dims) != set(symbol.dims):
            raise TableError(f"'{name}' is declared over {symbol.dims} but its row gives {value.dims}; "
                             "a dimension is misnamed or not summed")
        value = value.transposed(symbol.dims)
        if name in self._indices and value.is_positive:
            value = Named(value.dims, coef=constant(1.0, len(value.dims), value.log), log=value.log)
        if name in self._masks:
            value = where_active(value, self._masks[name])
        self._memo[name] = value
        return value

    def _chain(self, row: Row) -> Named:
        """Value of a rate after the current sub-step (see the module's text)."""
        prev = self._rates.get(row.name)
        if prev is None and self._post is not None:
            return self._rate_value(row, Named(row.dims, self._post(row.name)))
        terms = row.fn(self)
        acc: Named | None = None
        self._terms[row.name] = []
        for k, (weight, x, *form) in enumerate(terms):
            w, lx = level(weight), level(x) if form else log(x)
            full = lx.dims + tuple(d for d in w.dims if d not in lx.dims)
            self._terms[row.name].append((w, lx))
            if prev is not None:
                w = (w + Named(w.dims, prev["w"][k])) * 0.5
                lx = lx - Named(lx.dims, prev["x"][k])
            elif form:
                lx = lx - lx  # no sub-step yet: nothing has changed
            step = level(w) * level(lx)
            step = total(step, *[d for d in full if d not in row.dims])
            if not set(step.dims) <= set(row.dims):
                raise TableError(f"rate '{row.name}' is declared over {row.dims} but a term has {step.dims}")
            acc = step if acc is None else acc + step
        assert acc is not None
        acc = level(acc)
        if prev is not None:
            acc = acc + Named(row.dims, prev["acc"])
        return self._rate_value(row, acc.transposed(row.dims) if acc.dims != row.dims else acc)

    def _rate_value(self, row: Row, acc: Named) -> Named:
        """A rate from its integral: the exponential for an index, the level itself for a signed one."""
        if not self._table.symbols[row.name].positive:
            return acc
        if acc.val.dtype == object:
            from cge.model.ops import exp
            return exp(acc)
        return Named(row.dims, coef=constant(1.0, len(row.dims), acc.val), log=acc.val)

    def rate_state(self, names: Iterable[str]) -> dict[str, dict]:
        """Weights and variables of the rates at this point, the next sub-step's starting values."""
        out = {}
        for name in names:
            value = getattr(self, name)
            acc = value.log if value.is_positive else value.val
            acc = namespace(acc).broadcast_to(acc, value.shape)
            out[name] = {"acc": acc, "w": [w.val for w, _ in self._terms[name]],
                         "x": [x.val for _, x in self._terms[name]]}
        return out

    def rate_terms(self, name: str) -> list[tuple[Named, Named]]:
        """Weights and logarithms (levels of signed variables) of the terms of one rate at this point."""
        getattr(self, name)
        return self._terms[name]

    def rates_used(self) -> set[str]:
        """Names of the rates that have been evaluated so far."""
        return set(self._terms)

    def evaluated(self) -> frozenset[str]:
        """Names of the definitions that have been evaluated so far."""
        return frozenset(self._memo)

    def indices(self) -> frozenset[str]:
        """Definitions evaluated so far whose benchmark values are one in all cells, to rounding.

        Their coefficients say nothing, and an engine that knows it need not carry them along.
        """
        return frozenset(
            name for name, x in self._memo.items()
            if x.is_positive and not is_object(x.coef) and np.abs(x.coef - 1.0).max(initial=0.0) < _UNITY)

    def trace(self) -> dict[str, set[str]]:
        """Evaluate every definition; the names that each of them uses."""
        tracer = _Tracer(self._table, self._given, self._masks, self._rates, self.sets)
        for name in self._table.definitions:
            getattr(tracer, name)
        return tracer._uses

    def condition(self, row: Row) -> tuple[Named, Named]:
        """Left and right side of a condition, each over the row's dimensions."""
        sides = []
        for side in row.fn(self):
            side = as_named(side)
            if not set(side.dims) <= set(row.dims):
                raise TableError(f"condition '{row.name}' is declared over {row.dims} but a side has {side.dims}")
            sides.append(side)
        return sides[0], sides[1]


class _Tracer(View):
    """A view that notes which names each definition uses."""

    def __init__(self, *args: Any):
        self._uses: dict[str, set[str]] = {}
        super().__init__(*args)

    def __getattr__(self, name: str) -> Named:
        if not name.startswith("_") and self._open:
            self._uses.setdefault(self._open[-1], set()).add(name)
        return super().__getattr__(name)
