"""Subtotals: what each part of a shock contributes to each result, along the straight line of the shock.

As in GEMPACK (Harrison, Horridge and Pearson 2000, Computational Economics 15): along
the path every result moves by the sum of what the parts of the shock do to it,
``dY = sum_k dY_k``, and each contribution is integrated. Contributions add up
to the whole; they depend on the path, which is the straight line in levels.

The tangent at a point solves ``J v_k = -dF/ds_k``. Derivatives are complex steps of
the NumPy table: exact to rounding, and nothing has to be compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.sparse.linalg import LinearOperator, gmres

from cge.errors import ScenarioError, SolveFailed
from cge.model import table
from cge.solve.model import Model, Solution
from cge.solve.newton import NewtonReport
from cge.solve.quadrature import pace

_STEP = 1e-30
#: Where caps and their rents are both zero in the base year there is no slope, but one just after it.
_JUST_AFTER = 1e-4
_TOLERANCE = 1e-6
_MAX_STEPS = 32
#: Errors that do not count, so that variables that do not move cost no steps: of world income for money, of one
#: for indices and ratios. Points and tangents are solved to about a tenth of that.
_ROUNDING = 1e-11


@dataclass(frozen=True)
class Subtotals:
    """Contributions of the parts of a shock.

    Attributes
    ----------
    data : xarray.Dataset
        Per variable its contribution by ``part`` (percentage points for
        indices, its own unit where signed), and ``total_<name>``: the whole
        change of the solution, computed apart from the contributions.
    gap : float
        Largest difference between the sum of contributions and the whole, over
        the largest change of the variable; a change below 1e-5 (of world income
        for money) counts as that much, since rounding would be all that is measured.
    steps : int
        Points of the integration less one.
    """

    data: xr.Dataset
    gap: float
    steps: int


def subtotals(model: Model, parts: Mapping[str, Mapping[str, Any]], names: Sequence[str],
              coefficients: Mapping[str, Any] | None = None) -> Subtotals:
    """Contributions of the parts of a shock to chosen variables.

    Parameters
    ----------
    model : Model
    parts : mapping of str to mapping of str to array
        Per part, levels of exogenous variables as for :meth:`Model.solve`. The
        whole shock is the sum of the parts' changes of levels.
    names : sequence of str
        Variables (not those that only report along the path, such as CNT...).
    coefficients : mapping, optional
        As for :meth:`Model.solve`.

    Raises
    ------
    ScenarioError
        No part, an unknown variable, or one that only reports.
    SolveFailed
    """
    if not parts:
        raise ScenarioError("there is nothing to decompose: the scenario has no part; give at least one shock")
    reports = model.system.reports()
    for name in names:
        if name not in table.symbols:
            raise ScenarioError(f"'{name}' is not a variable of the model; `cge symbols` lists them")
        if name in reports:
            raise ScenarioError(f"'{name}' is itself integrated along the path and has no subtotals; choose a variable "
                                "that the solve computes (EV, y, qo, ...)")
    base = model.base()
    whole: dict[str, np.ndarray] = {}
    for shocks in parts.values():
        for name, value in shocks.items():
            start = base[name].values
            whole[name] = whole.get(name, start) + (np.broadcast_to(np.asarray(value, float), start.shape) - start)
    solution = model.solve(whole, coefficients)
    integral, n = _integrate(model, solution, parts, names)
    return _collect(model, solution, list(parts), names, integral, n)


def _integrate(model: Model, solution: Solution, parts: Mapping, names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Romberg integration of the tangents: array (part, all cells of all variables)."""
    assert solution.path is not None
    slopes: dict[float, np.ndarray] = {}
    n = 1
    row: list[np.ndarray] = []
    total = _values(solution.view, names) - _values(model.base().view, names)
    scale = _scales(model, names, total)
    while True:
        for t in np.linspace(0.0, 1.0, n + 1):
            if t not in slopes:
                slopes[float(t)] = _slopes(model, solution, parts, names, float(t), n)
        weights = np.full(n + 1, 1.0 / n)
        weights[[0, -1]] /= 2.0
        raw = sum(w * slopes[float(t)] for w, t in zip(weights, np.linspace(0.0, 1.0, n + 1), strict=True))
        previous, row = row, [raw]
        for k, coarse in enumerate(previous):
            row.append(row[k] + (row[k] - coarse) / (4.0 ** (k + 1) - 1.0))
        gap = float(np.max(np.abs(row[-1].sum(0) - total) / scale, initial=0.0))
        if gap < _TOLERANCE or n >= _MAX_STEPS:
            return row[-1], n
        n *= 2


def _slopes(model: Model, solution: Solution, parts: Mapping, names: Sequence[str], t: float, n: int) -> np.ndarray:
    """Derivative of every chosen cell with respect to the fraction of the path of each part, at its point ``t``."""
    path = solution.path
    assert path is not None
    if t == 0.0:
        at = _JUST_AFTER if model.mobility is not None else 0.0
        x = np.zeros(model.system.n)
        data = model.data_at(path.goal, at, model.base().data["rates"])
        if at:
            x = model.newton.solve(x, data, NewtonReport())
    else:
        if n not in path.passes or len(path.passes[n]) != n:
            path.walk(n)
        _, x, rates = min(path.passes[n], key=lambda point: abs(point[0] - t))
        data = model.data_at(path.goal, t, rates)
    # Anchored at the point itself a rate has the derivative that defines it: sum of weights times dlog.
    data = {**data, "rates": model.newton.rate_state(x, data)}
    system = model.system

    def product(v: np.ndarray) -> np.ndarray:
        return system.residual(x + 1j * _STEP * v, data).imag / _STEP

    inverse = model.newton.inverse
    operator = LinearOperator((system.n, system.n), matvec=product, dtype=float)
    precondition = LinearOperator((system.n, system.n), matvec=lambda v: inverse @ v, dtype=float)
    out = []
    for name, shocks in parts.items():
        moved = {**data, "exo": {**data["exo"], **_direction(model, data, shocks)}}
        rhs = -system.residual(x.astype(complex), moved).imag / _STEP
        v, info = gmres(operator, rhs, M=precondition, rtol=1e-10, atol=0.0, restart=60, maxiter=10)
        if info:
            raise SolveFailed(f"the tangent of part '{name}' was not found at {t:.3g} of the shock; try fewer parts")
        out.append(_values(system.view(x + 1j * _STEP * v, moved), names).imag / _STEP)
    return pace(t, path.goal.get("bend", 0.0)) * np.array(out)


def _direction(model: Model, data: dict, shocks: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Exogenous values with an imaginary step in the direction of one part."""
    out = {}
    for name, value in shocks.items():
        symbol = table.symbols[name]
        start = model.base()[name].values
        change = np.broadcast_to(np.asarray(value, float), start.shape) - start
        here = data["exo"][name]
        # In logarithms the straight line of levels has the slope change / level.
        out[name] = here + 1j * _STEP * (change / np.exp(here) if symbol.positive else change)
    return out


def _values(view: Any, names: Sequence[str]) -> np.ndarray:
    """Levels of the chosen variables, indices in percent, in one vector."""
    cells = []
    for name in names:
        value = getattr(view, name)
        factor = 100.0 if table.symbols[name].unit.startswith("index") else 1.0
        cells.append(factor * np.broadcast_to(value.level(), value.shape).reshape(-1))
    return np.concatenate(cells)


def _scales(model: Model, names: Sequence[str], total: np.ndarray) -> np.ndarray:
    """Largest change of each variable, per cell of the vector; not less than where rounding reaches the tolerance."""
    out, start = np.ones_like(total), 0
    for name in names:
        size = int(np.prod(model.system.shape(name)))
        block = slice(start, start + size)
        unit = model.system.money(name) or (100.0 if table.symbols[name].unit.startswith("index") else 1.0)
        out[block] = max(float(np.max(np.abs(total[block]), initial=0.0)), _ROUNDING / _TOLERANCE * unit)
        start += size
    return out


def _collect(model: Model, solution: Solution, parts: list[str], names: Sequence[str], integral: np.ndarray,
             n: int) -> Subtotals:
    total = _values(solution.view, names) - _values(model.base().view, names)
    gap = float(np.max(np.abs(integral.sum(0) - total) / _scales(model, names, total), initial=0.0))
    ds, start = xr.Dataset(coords={"part": parts}), 0
    for name in names:
        symbol, shape = table.symbols[name], model.system.shape(name)
        size = int(np.prod(shape))
        coords = {d: list(model.cal.sets[d]) for d in symbol.dims}
        unit = "percentage points" if symbol.unit.startswith("index") else symbol.unit
        ds[name] = xr.DataArray(integral[:, start:start + size].reshape(len(parts), *shape),
                                dims=("part", *symbol.dims), coords={"part": parts, **coords},
                                attrs={"long_name": f"contribution to: {symbol.long_name}", "units": unit})
        ds[f"total_{name}"] = xr.DataArray(total[start:start + size].reshape(shape), dims=symbol.dims, coords=coords,
                                           attrs={"long_name": f"change: {symbol.long_name}", "units": unit})
        start += size
    return Subtotals(ds, gap, n)
