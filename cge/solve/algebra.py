"""The equation table written out as algebra: a Pyomo model of labelled variables and labelled constraints.

The third way of running the same equations (after NumPy and JAX). Nothing is
condensed: every active cell of every symbol is a variable and every row of the
table a constraint, named after GTAP's habit ``E_<variable>`` for definitions and
``E_<condition>`` for conditions. Exogenous cells are fixed variables, so that a
closure is changed by ``fix`` and ``unfix``; a value that the closure holds (the
numeraire) is fixed too. A Divisia index is written for the last sub-step of the
path (see `cge.model.table`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo

from cge.errors import TableError
from cge.model.closure import active_cells
from cge.model.named import Named
from cge.model.ops import corners, level
from cge.model.table import Row, View
from cge.solve.system import System


def algebra(system: System, data: dict[str, Any] | None = None, *, only: Sequence[str] | None = None
            ) -> pyo.ConcreteModel:
    """Write a system out as a square Pyomo model.

    Parameters
    ----------
    system : System
    data : dict, optional
        Data tree (coefficients, exogenous values, held values, path state), for
        instance that of a `Solution`; the benchmark by default.
    only : sequence of str, optional
        Names of the rows to write, for reading them; the model is then not square.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Variables stand at their benchmark values (`set_values` moves them). The
        suffix ``scaling_factor`` holds one over each constraint's size at the
        benchmark; the objective is constant. Weights and logarithms of the Divisia
        indices at the last point of the path are mutable parameters ``last_<index>``.
        Two lists help an engine: ``state_cells`` (what stands where in the data tree's
        path state) and ``corners`` (constraint, slack, rent of each complementarity).

    Notes
    -----
    To ask a question of your own, unfix what is to be chosen, add constraints and an
    objective, and call :func:`cge.solve.program.optimise`; docs/engines.md has examples.
    """
    data = system.base_data() if data is None else data
    base = system.view(np.zeros(system.n), system.base_data())
    model = pyo.ConcreteModel(name="equation table")
    model.scaling_factor = pyo.Suffix(direction=pyo.Suffix.EXPORT)
    given = _coefficients(system, data)
    reports = system.reports()  # integrated over the path after a solve: no equations of a single point
    for name in system.table.symbols:
        if name not in reports:
            given[name] = _variable(model, system, data, name, base)
    model.corners, model.state_cells = [], []
    rates = _state(model, system, View(system.table, given, system.cal.masks, {}, system.cal.positions), data["rates"])
    view = View(system.table, given, system.cal.masks, rates, system.cal.positions)
    for row in system.table.definitions.values():
        if row.name in reports or (only is not None and row.name not in only):
            continue
        with corners() as found:
            value = row.fn(view) if row.kind == "define" else view._chain(row)
        cells = active_cells(row.name, system.table, system.cal)
        own = given[row.name].val
        _constrain(model, system, row, cells, own, _cells(value, row, own.shape), base)
        for part, _ in found:  # own = max(0, part), which is the corner min(own, own - part) = 0
            _note_corners(model, system, row, cells, own, own - _cells(part, row, own.shape))
    for row in system.table.conditions.values():
        if only is not None and row.name not in only:
            continue
        cells = active_cells(row.pairs, system.table, system.cal)
        with corners() as found:
            lhs, rhs = (_cells(side, row, cells.shape) for side in view.condition(row))
        _constrain(model, system, row, cells, lhs, rhs, base)
        for slack, rent in found:
            if rent is None:
                raise TableError(f"condition '{row.name}' uses positive_part, which is the whole of a definition; "
                                 "define its value first")
            _note_corners(model, system, row, cells, _cells(slack, row, cells.shape), _cells(rent, row, cells.shape))
    model.objective = pyo.Objective(expr=0.0)
    return model


def set_values(model: pyo.ConcreteModel, solution: Any) -> None:
    """Move every variable of the model to a solution of the same system.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
        From :func:`algebra`.
    solution : cge.solve.model.Solution
    """
    for name in solution.model.system.table.symbols:
        variable = model.component(name)
        if variable is None:
            continue
        values = solution[name]
        for key, cell in variable.items():
            cell.set_value(float(values if key is None else values.loc[_tuple(key)]), skip_validation=True)


def worst_residual(model: pyo.ConcreteModel) -> tuple[float, str]:
    """Largest residual of the constraints, over their size at the benchmark, and the constraint's name."""
    worst, where = 0.0, ""
    for con in model.component_data_objects(pyo.Constraint, active=True):
        size = abs(pyo.value(con.body) - pyo.value(con.upper)) * model.scaling_factor[con]
        if not size <= worst:
            worst, where = size, con.name
    return worst, where


def count(model: pyo.ConcreteModel) -> tuple[int, int]:
    """Numbers of free variables and of constraints; a square model has them equal."""
    free = sum(not v.fixed for v in model.component_data_objects(pyo.Var))
    return free, sum(1 for _ in model.component_data_objects(pyo.Constraint, active=True))


def _coefficients(system: System, data: dict[str, Any]) -> dict[str, Named]:
    """Coefficients as numbers, in the forms that the system gives the equations."""
    view = system.view(np.zeros(system.n), {**system.base_data(), "coef": data["coef"]})
    return {name: getattr(view, name) for name in system.cal.data}


def _variable(model: pyo.ConcreteModel, system: System, data: dict[str, Any], name: str, base: View) -> Named:
    """Declare the active cells of a symbol; inactive cells are the number one (index) or zero (signed)."""
    symbol = system.table.symbols[name]
    cells = active_cells(name, system.table, system.cal)
    labels = [tuple(system.cal.sets[d][i] for d, i in zip(symbol.dims, where, strict=True))
              for where in np.argwhere(cells)]
    start = np.broadcast_to(getattr(base, name).level(), cells.shape)
    held = _held(system, data, name, cells)
    keys = [_key(k) for k in labels]
    variable = pyo.Var(keys) if symbol.dims else pyo.Var()
    if not cells.any():
        return Named(symbol.dims, np.full(cells.shape, 1.0 if symbol.positive else 0.0, dtype=object))
    model.add_component(name, variable)
    out = np.full(cells.shape, 1.0 if symbol.positive else 0.0, dtype=object)
    for where, key in zip(map(tuple, np.argwhere(cells)), keys, strict=True):
        cell = variable[key] if symbol.dims else variable
        if symbol.positive:
            cell.setlb(0.0)
        cell.set_value(float(start[where]))
        if not np.isnan(held[where]):
            cell.fix(float(held[where]))
        out[where] = cell
    return Named(symbol.dims, out)


def _state(model: pyo.ConcreteModel, system: System, view: View, rates: dict[str, Any]) -> dict[str, Any]:
    """Path state of the rates with mutable parameters where a cell is an expression, numbers elsewhere."""
    out: dict[str, Any] = {}
    for name in system.rates:
        view._chain(system.table.definitions[name])
        terms = view.rate_terms(name)
        symbolic = {"acc": [np.ones(np.shape(rates[name]["acc"]), bool)],
                    "w": [_symbolic(w.val) for w, _ in terms], "x": [_symbolic(x.val) for _, x in terms]}
        out[name] = {}
        for part, masks in symbolic.items():
            numbers = [rates[name]["acc"]] if part == "acc" else rates[name][part]
            arrays = [_parameters(model, f"last_{name}_{part}{k}", (name, part, k), np.asarray(a), m)
                      for k, (a, m) in enumerate(zip(numbers, masks, strict=True))]
            out[name][part] = arrays[0] if part == "acc" else arrays
    return out


def _symbolic(values: np.ndarray) -> np.ndarray:
    """Cells that hold an expression instead of a number."""
    return np.array([not isinstance(e, (int, float)) for e in values.reshape(-1)], bool).reshape(values.shape)


def _parameters(model: pyo.ConcreteModel, label: str, what: tuple[str, str, int], numbers: np.ndarray,
                mask: np.ndarray) -> np.ndarray:
    """A mutable parameter for the masked cells of an array of numbers."""
    shape = np.broadcast_shapes(numbers.shape, mask.shape)
    numbers, mask = np.broadcast_to(numbers, shape), np.broadcast_to(mask, shape)
    out = numbers.astype(object)
    cells = np.flatnonzero(mask)
    if not len(cells):
        return out
    parameter = pyo.Param(cells.tolist(), mutable=True, initialize=dict(zip(cells.tolist(), numbers.reshape(-1)[cells]
                                                                            .tolist(), strict=True)))
    model.add_component(label, parameter)
    for cell in cells.tolist():
        out.reshape(-1)[cell] = parameter[cell]
    model.state_cells.append((what, shape, cells, [parameter[c] for c in cells.tolist()]))
    return out


def _note_corners(model: pyo.ConcreteModel, system: System, row: Row, cells: np.ndarray, slack: np.ndarray,
                  rent: np.ndarray) -> None:
    constraint = model.component(f"E_{row.name}")
    for where in map(tuple, np.argwhere(cells)):
        key = _key(tuple(system.cal.sets[d][i] for d, i in zip(row.dims, where, strict=True)))
        model.corners.append((constraint[key] if row.dims else constraint, slack[where], rent[where]))


def _held(system: System, data: dict[str, Any], name: str, cells: np.ndarray) -> np.ndarray:
    """Given values (level) of a symbol's cells; not a number where the cell is solved for."""
    symbol = system.table.symbols[name]
    held = np.full(cells.shape, np.nan)
    if name in data["exo"]:
        value = data["exo"][name]
        held[...] = np.exp(value) if symbol.positive else value
        held.reshape(-1)[system.free_cells(name)] = np.nan
    elif name in system.fixed:
        value = data["target"][name]
        idx = system.fixed[name]
        held.reshape(-1)[idx] = (np.exp(value) if symbol.positive else value).reshape(-1)[idx]
    return held


def _cells(value: Named, row: Row, shape: tuple[int, ...]) -> np.ndarray:
    """Expressions of a side over the row's dimensions, those that it lacks repeated."""
    value = level(value)
    missing = tuple(d for d in row.dims if d not in value.dims)
    wide = Named(value.dims + missing, value.val.reshape(value.val.shape + (1,) * len(missing)))
    return np.broadcast_to(wide.transposed(row.dims).val, shape)


def _constrain(model: pyo.ConcreteModel, system: System, row: Row, cells: np.ndarray, lhs: np.ndarray,
               rhs: np.ndarray, base: View) -> None:
    """Add ``lhs == rhs`` for every active cell of a row."""
    if not cells.any():
        return
    constraint = pyo.Constraint(pyo.Any) if row.dims else pyo.Constraint()
    model.add_component(f"E_{row.name}", constraint)
    size = np.broadcast_to(_size(system, row, base), cells.shape)
    for where in map(tuple, np.argwhere(cells)):
        key = _key(tuple(system.cal.sets[d][i] for d, i in zip(row.dims, where, strict=True)))
        con = constraint.add(key if row.dims else None, (lhs[where] - rhs[where], 0.0))
        model.scaling_factor[con] = 1.0 / float(size[where])


def _size(system: System, row: Row, base: View) -> np.ndarray:
    """Benchmark size of a row: its scale, its value, or one where that is smaller."""
    if row.scale:
        size = system.cal.data[row.scale][1]
    else:
        side = getattr(base, row.name) if row.kind != "condition" else base.condition(row)[0]
        shape = tuple(len(system.cal.sets[d]) for d in row.dims)
        size = _cells(Named(side.dims, np.asarray(side.level())), row, shape).astype(float)
    return np.maximum(np.abs(size), 1.0)


def _key(labels: tuple[str, ...]) -> Any:
    """Pyomo's index of one cell."""
    return labels[0] if len(labels) == 1 else labels or None


def _tuple(key: Any) -> tuple[str, ...]:
    return key if isinstance(key, tuple) else (key,)
