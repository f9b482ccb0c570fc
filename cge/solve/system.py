"""A table, a calibration and a closure as one square system of equations.

The system packs the unknown cells into a vector, evaluates the residuals of
all conditions for it, and unpacks any symbol from it. The same code runs on
NumPy arrays (replication, certificate, reporting) and on traced JAX arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cge.errors import CGEError, ScenarioError
from cge.model.calibrate import Calibration
from cge.model.closure import Closure
from cge.model.named import Named, constant, namespace
from cge.model.table import Table, View


class System:
    """The square system of one model shape and closure.

    Parameters
    ----------
    table : Table
    cal : Calibration
        Gives shapes, active sets and the benchmark coefficients.
    closure : Closure

    Attributes
    ----------
    n : int
        Number of unknowns.
    unknown : list of (name, flat positions, slice)
    rows : list of dict
        Conditions and fixed values in residual order.
    rates : list of str
        Divisia indices integrated with the solve: those that an equation or a held value needs, and those that
        the table does not mark ``post``.
    post : list of str
        The other rates, integrated over the stored path on request.
    evaluated : frozenset of str
        Definitions that the conditions use.
    used : frozenset of str
        Coefficients and exogenous variables that the conditions use.
    """

    def __init__(self, table: Table, cal: Calibration, closure: Closure | None = None):
        self.table, self.cal, self.closure = table, cal, closure or Closure()
        unknown, fixed = self.closure.partition(table, cal)
        self.unknown: list[tuple[str, np.ndarray, slice]] = []
        start = 0
        for name, mask in unknown.items():
            idx = np.flatnonzero(mask)
            self.unknown.append((name, idx, slice(start, start + len(idx))))
            start += len(idx)
        self.n = start
        self.fixed = {k: np.flatnonzero(m).astype(np.int32) for k, m in fixed.items() if m.any()}
        self._unknown_at = {name: (idx, sl) for name, idx, sl in self.unknown if len(idx)}
        self._places = {name: _places(idx, sl, self.shape(name)) for name, (idx, sl) in self._unknown_at.items()}
        self._noted: set[str] | None = None
        self._indices: frozenset[str] = frozenset()
        self._forms = {k: ("param" if self._is_param(k, a) else "flow") for k, (_, a) in cal.data.items()}
        self._noted = set()
        self.rows, needed = self._scan_rows()
        self.used, self._noted = frozenset(self._noted), None
        # Data, not constants of the compiled functions: those then serve every benchmark of the same active cells.
        self.scales = {_scale_of(r): np.asarray(r["scale"], float) for r in self.rows if r["scale"] is not None}
        self.rates = [n for n in table.rates() if n in needed or not table.definitions[n].post]
        self.post = [n for n in table.rates() if n not in self.rates]

    # -- data -------------------------------------------------------------
    @staticmethod
    def _is_param(name: str, a: np.ndarray) -> bool:
        """Data held as plain levels: what equations use in exponents, shares or signed sums."""
        return name in _LEVEL_DATA

    def shape(self, name: str) -> tuple[int, ...]:
        """Lengths of a symbol's dimensions."""
        return tuple(len(self.cal.sets[d]) for d in self.table.symbols[name].dims)

    def base_data(self) -> dict[str, Any]:
        """The data tree at the benchmark: coefficients, exogenous and fixed values, rate states, scales of rows."""
        exo = {}
        for s in self.table.symbols.values():
            if s.role == "exogenous" or s.role == "unknown":
                exo[s.name] = np.zeros(self.shape(s.name)) if s.positive else np.full(self.shape(s.name), s.base)
        data: dict[str, Any] = {"coef": {k: a for k, (_, a) in self.cal.data.items()}, "exo": exo, "target": {},
                                "rates": {}, "masks": self.cal.masks, "scales": self.scales}
        view = self.view(np.zeros(self.n), data)
        for name in self.fixed:
            value = getattr(view, name)
            base = value.log if value.is_positive else value.val
            data["target"][name] = np.array(np.broadcast_to(base, value.shape))
        data["rates"] = view.rate_state(self.rates)
        return data

    # -- evaluation -------------------------------------------------------
    def view(self, x: Any, data: dict[str, Any], post: Callable[[str], Any] | None = None,
             kind: type[View] = View) -> View:
        """What the equations see at the point ``x``; ``post`` gives the integrals of reporting rates by name."""
        xp = namespace(x)
        given: dict[str, Named] = _Noting(self._noted) if self._noted is not None else {}
        for name, a in data["coef"].items():
            dims = self.cal.data[name][0]
            given[name] = (Named(dims, a) if self._forms[name] == "param"
                           else Named(dims, coef=a, log=constant(0.0, len(dims), a)))
        for name, value in data["exo"].items():
            s = self.table.symbols[name]
            if name in self._unknown_at:
                idx, sl = self._unknown_at[name]
                flat = value.reshape(-1)
                if xp is np:
                    flat = flat.astype(np.result_type(flat, x))  # x may be complex: complex-step derivatives
                    flat[idx] = x[sl]
                else:
                    mask, position = self._places[name]
                    flat = xp.where(mask, xp.take(x, position, mode="clip"), flat)
                value = flat.reshape(self.shape(name))
            given[name] = (Named(s.dims, coef=constant(1.0, len(s.dims), value), log=value) if s.positive
                           else Named(s.dims, value))
        return kind(self.table, given, data["masks"], data["rates"], self.cal.positions, post, self._indices)

    def reports(self) -> set[str]:
        """Symbols that the solve does not know: reporting rates, reported unknowns, and definitions made of them."""
        view = self.view(np.zeros(self.n), self.base_data())
        uses = view.trace()
        found = set(self.post) | {n for n, s in self.table.symbols.items() if s.role == "reported"}
        while more := {n for n, used in uses.items() if n not in found and used & found}:
            found |= more
        return found

    def money(self, name: str) -> float | None:
        """Size against which errors of a variable in money count (world income); None for other variables."""
        unit = self.table.symbols[name].unit if name in self.table.symbols else ""
        return float(self.cal.data["INCWLD"][1]) if unit.partition(",")[0] == "million US$" else None

    def trimmed(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data tree without what no condition uses: what an engine needs to hold."""
        masks = {k: a for k, a in data["masks"].items() if k in self.used or k in self.table.definitions}
        return {**data, "masks": masks, "coef": {k: a for k, a in data["coef"].items() if k in self.used},
                "exo": {k: a for k, a in data["exo"].items() if k in self.used or k in self._unknown_at}}

    def residual(self, x: Any, data: dict[str, Any], view: View | None = None) -> Any:
        """Residuals of all rows at ``x``: log ratios, or differences over the benchmark flow.

        ``view``, where there is one of the same point, saves evaluating the table again.
        """
        view = self.view(x, data) if view is None else view
        xp = namespace(x)
        parts = []
        for row in self.rows:
            parts.append(self._row_residual(row, view, data, xp))
        return xp.concatenate(parts)

    def _row_residual(self, row: dict, view: View, data: dict, xp: Any) -> Any:
        size = data.get("scales", self.scales).get(_scale_of(row))
        if row["kind"] == "fixed":
            value = getattr(view, row["name"])
            goal = data["target"][row["name"]]
            arr = value.log if value.is_positive else value.val / size
            goal = goal if value.is_positive else goal / size
            return xp.take((xp.broadcast_to(arr, row["shape"]) - goal).reshape(-1), row["idx"], mode="clip")
        lhs, rhs = view.condition(row["row"])
        lhs, rhs = (_expand(s, row["row"].dims, xp) for s in (lhs, rhs))
        if row["mode"] == "log":
            ratio = xp.where((lhs.coef > 0) & (rhs.coef > 0), lhs.coef / xp.where(rhs.coef == 0, 1.0, rhs.coef), 1.0)
            out = lhs.log - rhs.log + xp.log(ratio)
        else:
            out = (lhs.level() - rhs.level()) / size
        return xp.take(xp.broadcast_to(out, row["shape"]).reshape(-1), row["idx"], mode="clip")

    def _scan_rows(self) -> tuple[list[dict], set[str]]:
        """Order, active cells, form and scale of every row, and the rates used: found by evaluating the benchmark."""
        rows: list[dict] = []
        probe = {"coef": {k: a for k, (_, a) in self.cal.data.items()},
                 "exo": {s.name: (np.zeros(self.shape(s.name)) if s.positive else np.full(self.shape(s.name), s.base))
                         for s in self.table.symbols.values() if s.role in ("exogenous", "unknown")},
                 "rates": {}, "target": {}, "masks": self.cal.masks}
        view = self.view(np.zeros(self.n), probe)
        for row in self.table.conditions.values():
            partner = self.table.symbols[row.pairs]
            shape = tuple(len(self.cal.sets[d]) for d in row.dims)
            mask = self.cal.masks.get(row.pairs, np.ones(self.shape(row.pairs), bool))
            if partner.dims != row.dims:
                raise CGEError(f"condition '{row.name}' over {row.dims} is paired with '{row.pairs}' over "
                               f"{partner.dims}")
            idx = np.flatnonzero(mask).astype(np.int32)
            if not len(idx):
                continue
            lhs, rhs = view.condition(row)
            positive = lhs.is_positive and rhs.is_positive and row.scale is None
            scale = self.cal.data[row.scale][1] if row.scale else (
                None if positive else np.abs(_expand(lhs, row.dims, np).level()))
            if scale is not None:
                scale = np.where(np.broadcast_to(scale, shape) == 0, 1.0, np.broadcast_to(scale, shape))
            rows.append({"kind": "condition", "name": row.name, "row": row, "idx": idx, "shape": shape,
                         "mode": "log" if positive else "diff", "scale": scale})
        for name, idx in self.fixed.items():
            s = self.table.symbols[name]
            income = self.cal.data["INCOME"][1]
            size: Any = 1.0
            if s.unit == "million US$":
                size = income if s.dims == ("reg",) else income.mean()
            rows.append({"kind": "fixed", "name": name, "idx": idx, "shape": self.shape(name), "scale": size,
                         "mode": "fixed", "row": None})
            getattr(view, name)
        needed = view.rates_used()
        self.evaluated = view.evaluated()
        self._indices = view.indices()
        for name in self.table.rates():
            if name in needed or not self.table.definitions[name].post:
                getattr(view, name)
        return rows, needed

    def locate(self, position: int) -> tuple[str, str, tuple[str, ...]]:
        """Block, row and element labels of one residual position."""
        for row in self.rows:
            if position < len(row["idx"]):
                where = np.unravel_index(row["idx"][position], row["shape"]) if row["shape"] else ()
                dims = row["row"].dims if row["row"] is not None else self.table.symbols[row["name"]].dims
                block = row["row"].block if row["row"] is not None else self.table.symbols[row["name"]].block
                return block, row["name"], tuple(self.cal.sets[d][i] for d, i in zip(dims, where))
            position -= len(row["idx"])
        raise IndexError(position)

    def free_cells(self, name: str) -> np.ndarray:
        """Flat positions of a symbol's cells that are unknowns of the system."""
        return self._unknown_at[name][0] if name in self._unknown_at else np.array([], int)

    def locate_unknown(self, position: int) -> tuple[str, tuple[str, ...]]:
        """Symbol and element labels of one unknown."""
        for name, idx, cells in self.unknown:
            if cells.start <= position < cells.stop:
                where = np.unravel_index(idx[position - cells.start], self.shape(name)) if self.shape(name) else ()
                dims = self.table.symbols[name].dims
                return name, tuple(self.cal.sets[d][i] for d, i in zip(dims, where, strict=True))
        raise IndexError(position)

    def set_exogenous(self, data: dict, name: str, value: np.ndarray) -> None:
        """Put a given value (level: index or signed) into the data tree.

        Given are the exogenous variables and the endogenous ones that the closure holds (the numeraire among
        them). A scalar goes to all cells that the closure gives; an array must leave the freed ones alone.

        Raises
        ------
        ScenarioError
            The symbol, or a cell of it, is not given in this closure, or an index is not positive.
        """
        s = self.table.symbols.get(name)
        if s is None:
            raise ScenarioError(f"'{name}' cannot be shocked: it is not a variable of the model")
        tree = data["target" if name in self.fixed else "exo"]
        given = np.zeros(self.shape(name), bool)
        if name in self.fixed:
            given.reshape(-1)[self.fixed[name]] = True
        elif s.role in ("exogenous", "unknown"):
            given[...] = self.cal.masks.get(name, True)
            given.reshape(-1)[self.free_cells(name)] = False
        if not given.any():
            raise ScenarioError(f"'{name}' cannot be shocked: it is endogenous in this closure; shock an exogenous "
                                f"variable, or hold '{name}' by a swap")
        asked = np.asarray(value, float)
        if not np.isfinite(asked).all():
            raise ScenarioError(f"'{name}' would be {asked[~np.isfinite(asked)].flat[0]} in some cell; give finite "
                                "numbers")
        new = np.broadcast_to(asked, self.shape(name))
        if s.positive and not (new > 0).all():
            raise ScenarioError(f"'{name}' is an index and must stay positive; the smallest value asked "
                                f"is {new.min():.4g}")
        new = np.log(new) if s.positive else new
        wrong = np.argwhere(~given & (np.abs(new - tree[name]) > 1e-12))
        if asked.ndim and len(wrong):
            cell = ", ".join(self.cal.sets[d][i] for d, i in zip(s.dims, wrong[0], strict=True))
            raise ScenarioError(f"'{name}' cannot be shocked at {cell}: it is endogenous there in this closure")
        tree[name] = np.where(given, new, tree[name])


#: Data that equations use as plain numbers (exponents, weights of either sign).
_LEVEL_NAMES = (
    "ESUBT ESUBC ESUBVA ESUBD ESUBM ESUBQ ETRAQ ETRAE ESUBG ESUBI ESUBS SUBPAR INCPAR RORFLEX RORDELTA "
    "SLUGGISH MOBILE BPRIV_E BGOV_E BSAVE_E DEPR TBAL0 TBALRY0 MSHR LF0 AN WNET0 SPENDE0 TAXMOV CTAXMOV "
    "FAMILY LAB REMIT MPOP LABSTAT DPSM TMSFARM TMS1993 NETINV SAVE TAXSHARE TAXHEAD0 INCHEAD0 POP_LEVEL OWNED0 "
    "TAXROUT0 TAXRFU0 TAXRIU0 TAXRPC0 TAXRGC0 TAXRIC0 TAXREXP0 TAXRIMP0 TAXRINC0 FY0 GDP0 ISCAP EXPORTED "
    "EPSNM EPSEN RECENT NESTED ELASM FREEM RENTHOST RENTHOME BLOC STOCKHOST STOCKBLOC "
    "TIEACTS TIEPART TIEMOST TIEUSE0 YEARL0 STATUSLOST0 OWNF CAPHEAD MIGHOLD SETTLED OWNE0"
)
_LEVEL_DATA = frozenset(_LEVEL_NAMES.split())


def _places(idx: np.ndarray, cells: slice, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Which cells of a symbol are unknowns, and where in the vector of unknowns; 32-bit for either precision."""
    mask, position = np.zeros(int(np.prod(shape)), bool), np.zeros(int(np.prod(shape)), np.int32)
    mask[idx], position[idx] = True, np.arange(cells.start, cells.stop)
    return mask, position


class _Noting(dict):
    """A mapping that notes which of its keys are read."""

    def __init__(self, noted: set[str]) -> None:
        super().__init__()
        self.noted = noted

    def __getitem__(self, key: str) -> Any:
        self.noted.add(key)
        return super().__getitem__(key)


def _expand(s: Named, dims: tuple[str, ...], xp: Any) -> Named:
    """The value with all of the row's dimensions, those it lacks having length one."""
    if s.dims == dims:
        return s
    order = [s.dims.index(d) for d in dims if d in s.dims]

    def one(a):
        a = a.transpose(order)
        it = iter(a.shape)
        return a.reshape([next(it) if d in s.dims else 1 for d in dims])

    return s._map(dims, one)


def _scale_of(row: dict) -> str:
    """Name of a row among the scales: a variable that is held may share the name of a condition."""
    return ("held " if row["kind"] == "fixed" else "") + row["name"]
