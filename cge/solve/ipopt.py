"""The second engine: the equation table as a Pyomo model, solved by Ipopt.

It shares the table with the Newton engine and nothing else: every variable and every
equation is there, derivatives come from the written-out expressions, linear algebra from MUMPS inside
Ipopt. It walks the same path (`cge.solve.path`), since that asks an engine for two things only:
solve at one point, and the state of the Divisia indices there.

Complementarities are smoothed for Ipopt and solved exactly by a last Newton step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo
from scipy.sparse import csr_matrix, vstack
from scipy.sparse.linalg import splu

from cge.errors import SolveFailed
from cge.model.closure import active_cells
from cge.solve.algebra import algebra
from cge.solve.derivatives import Tape
from cge.solve.program import Program
from cge.solve.system import System

if TYPE_CHECKING:
    from cge.solve.newton import NewtonReport

#: Largest residual (over the terms of its row) aimed at by the last Newton steps, and accepted.
_AIM, _ACCEPTABLE = 1e-12, 1e-9
#: From here on the last Newton steps take over.
_NEAR = 1e-6
_POLISHES = 4
# Newton's full step first: a line search on a thousand units of measure helps only where that fails.
_FULL_STEPS = {"accept_every_trial_step": "yes", "max_iter": 30}


class Ipopt:
    """Engine bound to one system; a drop-in for :class:`cge.solve.newton.Newton`.

    Parameters
    ----------
    system : System
    base : dict
        Data tree at the benchmark.

    Attributes
    ----------
    model : pyomo.environ.ConcreteModel
        The model last solved, its variables at the solution.
    """

    def __init__(self, system: System, base: dict[str, Any]):
        self.system = system
        self._base = base
        self._write(base)

    def _write(self, data: dict[str, Any]) -> None:
        """Write the model for the coefficients of a data tree."""
        self._coef = data["coef"]
        self.model = algebra(self.system, {**self._base, "coef": data["coef"]})
        self.program = program = Program(self.model)
        self._cells: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for name in self.system.table.symbols:
            variable = self.model.component(name)
            if variable is None:
                continue
            flat = np.flatnonzero(active_cells(name, self.system.table, self.system.cal))
            place = np.array([program.at.get(id(v), -1) for v in variable.values()])
            self._cells[name] = flat[place >= 0], place[place >= 0]
        self._state = [(what, shape, np.array([program.at.get(id(p), -1) for p in params]), cells)
                       for what, shape, cells, params in self.model.state_cells]
        rows = {id(c): k for k, c in enumerate(program.constraints)}
        self._corner_rows = np.array([rows[id(c)] for c, _, _ in self.model.corners], int)
        sides = [side for k in (1, 2) for side in (c[k] for c in self.model.corners)]
        self._corners = Tape(sides)
        self._sorted: tuple[np.ndarray, np.ndarray] | None = None
        self._corner_leaves = np.array([program.at[id(leaf)] for leaf in self._corners.leaves], int)

    def price_level(self) -> None:
        """No guess of what the price level does: Ipopt starts from the point as it is."""

    def rate_state(self, x: np.ndarray, data: dict) -> dict:
        """Path state of the Divisia indices at ``x``."""
        return self.system.view(np.asarray(x), data).rate_state(self.system.rates)

    def solve(self, x: np.ndarray, data: dict, report: NewtonReport, tolerance: float | None = None,
              rough: bool = False) -> np.ndarray:
        """Solve from the starting point ``x``.

        Parameters
        ----------
        x : array
            Unknowns of the system (logarithms of indices; levels where signed).
        data : dict
            Data tree: coefficients, given values, state of the Divisia indices.
        report : NewtonReport
            Collects Ipopt's iterations.
        tolerance : float, optional
            Largest residual asked of an interior point of the path.

        Raises
        ------
        SolveFailed
            Names the constraint with the worst residual.
        """
        if any(data["coef"][k] is not a and not np.array_equal(data["coef"][k], a) for k, a in self._coef.items()):
            self._write(data)
        program = self.program
        self._load(np.asarray(x, float), data)
        z, worst = program.leaves[program.free], np.inf
        for options in (_FULL_STEPS, {}):
            z, info = program.run(options, bounds=False)
            report.iterations += info["iterations"]
            worst = float(np.abs(program.residual(z)).max())
            if worst < _NEAR:
                break
        if worst < _NEAR:
            z, worst = self._polish(z, tolerance or _AIM, report)
        report.residual = worst
        if not worst < max(_ACCEPTABLE, tolerance or 0.0):
            f = np.abs(program.residual(z))
            k = int(np.argmax(np.where(np.isfinite(f), f, np.inf)))
            raise SolveFailed(f"no solution found by Ipopt: the worst residual ({f[k]:.2e}) is in "
                              f"{program.constraints[k].name}; try a smaller shock, more steps or engine = \"newton\"")
        program.leaves[program.free] = z
        return self._unknowns()

    def written(self) -> pyo.ConcreteModel:
        """The Pyomo model with its variables at the last solution."""
        self.program.write(self.program.leaves[self.program.free])
        return self.model

    def _load(self, x: np.ndarray, data: dict) -> None:
        """Put given values, path state and the starting point into the program."""
        leaves = self.program.leaves
        view = self.system.view(x, data)
        with np.errstate(all="ignore"):  # the start may lie outside the domain of a definition: Ipopt says so
            for name, (flat, place) in self._cells.items():
                value = getattr(view, name)
                leaves[place] = np.broadcast_to(value.level(), self.system.shape(name)).reshape(-1)[flat]
        for name, idx in self.system.fixed.items():
            goal = data["target"][name].reshape(-1)
            flat, place = self._cells[name]
            held = np.isin(flat, idx)
            value = goal[flat[held]]
            leaves[place[held]] = np.exp(value) if self.system.table.symbols[name].positive else value
        for (name, part, k), shape, place, cells in self._state:
            state = data["rates"][name][part]
            numbers = np.broadcast_to(state if part == "acc" else state[k], shape).reshape(-1)[cells]
            leaves[place[place >= 0]] = numbers[place >= 0]

    def _unknowns(self) -> np.ndarray:
        """The system's vector of unknowns from the program's variables."""
        out = np.zeros(self.system.n)
        for name, idx, sl in self.system.unknown:
            if len(idx):
                flat, place = self._cells[name]
                value = self.program.leaves[place[np.searchsorted(flat, idx)]]
                out[sl] = np.log(value) if self.system.table.symbols[name].positive else value
        return out

    def _polish(self, z: np.ndarray, aim: float, report: NewtonReport) -> tuple[np.ndarray, float]:
        """Newton steps on the exact complementarities ``min(slack, rent) = 0``."""
        program, best, out = self.program, np.inf, z
        for _ in range(_POLISHES + 1):
            f, jac = self._exact(z)
            worst = float(np.abs(f).max())
            if not worst < best:
                break
            best, out = worst, z
            if worst < aim:
                break
            z = z - self._lu_solve(jac, f)
            report.iterations += 1
        program.leaves[program.free] = out
        return out, best

    def _exact(self, z: np.ndarray) -> tuple[np.ndarray, csr_matrix]:
        """Scaled residuals and Jacobian with the exact form of the complementarities."""
        program = self.program
        v = program.values(z)
        scale = program._scale[:-1]
        f = (program.tape.body(v)[:-1] - program.lower) * scale
        jac = program.derivatives.matrix(v)[:-1].multiply(scale[:, None]).tocsr()
        if len(self._corner_rows):
            leaves = v[self._corner_leaves]
            w = self._corners.values(leaves)
            n = len(self._corner_rows)
            slack, rent = self._corners.body(w).reshape(2, n)
            f[self._corner_rows] = np.where(slack <= rent, slack, rent)
            free = np.full(len(program.leaves), -1)
            free[program.free] = np.arange(len(program.free))
            column = free[self._corner_leaves]
            part = self._corners.columns(np.flatnonzero(column >= 0))
            chosen = np.where(slack <= rent, np.arange(n), n + np.arange(n))
            exact = part.matrix(w)[chosen].tocoo()
            wide = csr_matrix((exact.data, (exact.row, column[column >= 0][exact.col])), shape=(n, len(z)))
            order = np.arange(len(f))
            order[self._corner_rows] = len(f) + np.arange(n)
            jac = vstack([jac, wide], format="csr")[order]
        return f, jac

    def _lu_solve(self, jac: csr_matrix, f: np.ndarray) -> np.ndarray:
        """Solve a linear system with definitions before what uses them.

        In that order the elimination of the definitions fills nothing below them, while an ordering
        by counts alone takes minutes for the rows that hold a whole world.
        """
        rows, cols = self._order(jac)
        lu = splu(jac[rows][:, cols].tocsc(), permc_spec="NATURAL", diag_pivot_thresh=1e-6)
        out = np.empty(len(f))
        out[cols] = lu.solve(f[rows])
        return out

    def _order(self, jac: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns: definitions by depth, then conditions and unknowns."""
        if self._sorted is not None:
            return self._sorted
        program, n = self.program, jac.shape[0]
        column = np.full(len(program.leaves), -1)
        column[program.free] = np.arange(len(program.free))
        own = np.full(n, -1)
        definitions = self.system.table.definitions
        for k, c in enumerate(program.constraints):
            name = c.parent_component().name.removeprefix("E_")
            if name in definitions:
                variable = self.model.component(name)
                place = program.at.get(id(variable[c.index()] if variable.is_indexed() else variable), -1)
                own[k] = column[place] if place >= 0 else -1
        owner = np.full(n, -1)
        owner[own[own >= 0]] = np.flatnonzero(own >= 0)
        coo = jac.tocoo()
        above, below = coo.row, owner[coo.col]
        link = (own[above] >= 0) & (below >= 0) & (below != above)
        above, below = above[link], below[link]
        depth = np.zeros(n, int)
        while True:
            deeper = depth.copy()
            np.maximum.at(deeper, above, depth[below] + 1)
            if (deeper == depth).all():
                break
            depth = deeper
        first = np.flatnonzero(own >= 0)
        first = first[np.argsort(depth[first], kind="stable")]
        rest = np.setdiff1d(np.arange(n), own[first])
        self._sorted = np.concatenate([first, np.flatnonzero(own < 0)]), np.concatenate([own[first], rest])
        return self._sorted
