"""Values, sparse Jacobian and Hessian of Pyomo expressions, all at once by array operations.

Pyomo needs a compiled library that pip cannot bring for the derivatives of a model, and its
own differentiation works expression by expression. Here every expression is read once into a tape:
elementary operations sorted by height, so that each kind of operation at each height is one
array operation. A sub-expression that occurs twice in a row is read once (a price index in which each
share has the same total would otherwise grow with the square of its cells).

First derivatives are by the reverse mode (Griewank and Walther 2008, ch. 3): rows share no inner nodes,
so that one sweep over the tape gives the gradients of all of them. Second derivatives are
``sum_nodes adjoint * f''(children) grad(child) grad(child)'`` with gradients of inner nodes by the forward mode.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, vstack

from cge.solve.reader import ADD, DIV, EXP, LOG, MUL, POW, POWER, Reader


class Tape:
    """Expressions as one list of elementary operations.

    Parameters
    ----------
    expressions : sequence of Pyomo expressions
        One per row. Fixed variables and mutable parameters are read anew at each evaluation, so that
        fixing, unfixing and new parameter values need no new tape.

    Attributes
    ----------
    leaves : list
        Variables and mutable parameters, in the order of :meth:`values`' argument.
    rows : int

    Raises
    ------
    CGEError
        An expression has a function the tape does not know.
    """

    def __init__(self, expressions: Sequence[Any]):
        self.leaves: list[Any] = []
        self.rows = len(expressions)
        reader = Reader(self.leaves)
        roots, starts = [], [0]
        for e in expressions:
            roots.append(reader.row(e))
            starts.append(len(reader.op))
        self._sort(reader, np.array(roots, int), np.array(starts))

    def _sort(self, r: Reader, roots: np.ndarray, starts: np.ndarray) -> None:
        """Order nodes by height and operation; make the edges of each group contiguous."""
        n = len(r.op)
        op, height, const = np.array(r.op, int), np.array(r.height, int), np.array(r.const, float)
        first, count = np.array(r.first, int), np.array(r.count, int)
        child, coef = np.array(r.child, int), np.array(r.coef, float)
        order = np.lexsort((op, height))
        at = np.empty(n, int)
        at[order] = np.arange(n)
        fixed = len(self.leaves) + len(r.numbers)
        #: Numbers that occur beside leaves, after which inner nodes follow.
        self._numbers, self._offset, self._size = np.array(r.numbers, float), fixed, fixed + n
        # Edges in the new order of their parents.
        lengths = count[order]
        stops = np.cumsum(lengths)
        edge = np.repeat(first[order] - (stops - lengths), lengths) + np.arange(int(stops[-1]) if n else 0)
        kid = child[edge]
        leaf, number = kid < 0, kid <= -(1 << 40)
        pos = np.where(leaf, np.where(number, len(self.leaves) - (kid + (1 << 40)), -kid - 1), 0)
        pos[~leaf] = fixed + at[kid[~leaf]]
        self._child, self._coef = pos, coef[edge]
        self._parent = fixed + np.repeat(np.arange(n), lengths)
        self._const = const[order]
        rows = np.repeat(np.arange(self.rows), np.diff(starts))[order]
        self._row_of = rows
        self._roots = fixed + at[roots]
        self._groups: list[tuple[int, slice, slice, np.ndarray]] = []
        key = height[order] * 16 + op[order]
        cuts = np.flatnonzero(np.diff(key)) + 1 if n else np.array([], int)
        bounds = np.concatenate([[0], cuts, [n]]) if n else np.array([0])
        for lo, hi in itertools.pairwise(bounds):
            e_lo, e_hi = int(stops[lo] - lengths[lo]), int(stops[hi - 1])
            self._groups.append((int(op[order[lo]]), slice(int(lo), int(hi)), slice(e_lo, e_hi),
                                 (stops[lo:hi] - lengths[lo:hi] - e_lo)))

    # -- evaluation ---------------------------------------------------------
    def values(self, leaves: np.ndarray) -> np.ndarray:
        """Values of all nodes (leaves first) at the given values of the leaves."""
        v = np.empty(self._size)
        v[: len(leaves)] = leaves
        v[len(leaves): self._offset] = self._numbers
        with np.errstate(all="ignore"):  # the caller judges values outside the domain
            for op, nodes, edges, cut in self._groups:
                out = v[self._offset + nodes.start: self._offset + nodes.stop]
                kids, c = v[self._child[edges]], self._const[nodes]
                if op == ADD:
                    out[:] = np.add.reduceat(self._coef[edges] * kids, cut) + c
                elif op in (MUL, DIV, POW):
                    a, b = kids[::2], kids[1::2]
                    out[:] = a * b if op == MUL else a / b if op == DIV else a**b
                elif op == POWER:
                    out[:] = kids**c
                else:
                    out[:] = c * np.log(kids) if op == LOG else np.exp(kids) if op == EXP else np.abs(kids)
        return v

    def body(self, v: np.ndarray) -> np.ndarray:
        """Values of the rows, from :meth:`values`."""
        return v[self._roots]

    def _partials(self, v: np.ndarray) -> np.ndarray:
        """Derivative of the parent by the child, for every edge."""
        out = self._coef.copy()
        with np.errstate(all="ignore"):
            for op, nodes, edges, _ in self._groups:
                if op == ADD:
                    continue
                kids, c = v[self._child[edges]], self._const[nodes]
                z = v[self._offset + nodes.start: self._offset + nodes.stop]
                part = out[edges]
                if op in (MUL, DIV, POW):
                    a, b = kids[::2], kids[1::2]
                    if op == MUL:
                        part[::2], part[1::2] = b, a
                    elif op == DIV:
                        part[::2], part[1::2] = 1.0 / b, -z / b
                    else:
                        part[::2], part[1::2] = b * a ** (b - 1.0), z * np.log(np.where(a > 0, a, 1.0))
                elif op == POWER:
                    part[:] = c * kids ** (c - 1.0)
                else:
                    part[:] = c / kids if op == LOG else z if op == EXP else np.sign(kids)
        return out

    def _adjoints(self, partials: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Derivative of ``sum seed * row`` by every inner node; rows share none."""
        adj = np.zeros(self._size - self._offset)
        np.add.at(adj, self._roots - self._offset, seed)
        for _, _, edges, _ in reversed(self._groups):
            inner = self._child[edges] >= self._offset
            if inner.any():
                kids = self._child[edges][inner] - self._offset
                flow = adj[self._parent[edges][inner] - self._offset] * partials[edges][inner]
                low = int(kids.min())
                add = np.bincount(kids - low, weights=flow)
                adj[low: low + len(add)] += add
        return adj

    # -- derivatives ----------------------------------------------------------
    def columns(self, wanted: Sequence[int] | np.ndarray) -> Derivatives:
        """Derivatives by some of the leaves (their positions)."""
        return Derivatives(self, np.asarray(wanted, int))


class Derivatives:
    """Sparse derivatives of a tape by chosen leaves; the structure is found once.

    Attributes
    ----------
    row, col : int arrays
        Structure of the Jacobian: row of the tape, position among the chosen leaves.
    """

    def __init__(self, tape: Tape, wanted: np.ndarray):
        self.tape, self.n = tape, len(wanted)
        column = np.full(tape._offset, -1)
        column[wanted] = np.arange(len(wanted))
        leaf = tape._child < tape._offset
        leaf[leaf] = column[tape._child[leaf]] >= 0
        self._edges = np.flatnonzero(leaf)
        self._edge_column = column[tape._child[self._edges]]
        row = tape._row_of[tape._parent[self._edges] - tape._offset]
        key, self._slot = np.unique(row * max(self.n, 1) + self._edge_column, return_inverse=True)
        self.row, self.col = key // max(self.n, 1), key % max(self.n, 1)
        self._second: Any = None

    def jacobian(self, v: np.ndarray) -> np.ndarray:
        """Values of the Jacobian in the order of ``row`` and ``col``."""
        tape = self.tape
        part = tape._partials(v)
        adj = tape._adjoints(part, np.ones(tape.rows))
        flow = adj[tape._parent[self._edges] - tape._offset] * part[self._edges]
        return np.bincount(self._slot, weights=flow, minlength=len(self.row))

    def matrix(self, v: np.ndarray) -> csr_matrix:
        """The Jacobian (rows, chosen leaves)."""
        return csr_matrix((self.jacobian(v), (self.row, self.col)), shape=(self.tape.rows, self.n))

    def hessian_structure(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the lower triangle of the Hessian of a weighted sum of rows."""
        if self._second is None:
            parent, left, right = self._pairs()
            grads = self._gradients(np.ones(len(self.tape._child)))
            full = (grads[left].T @ grads[right]).tocoo()
            rows, cols = np.concatenate([full.row, full.col]), np.concatenate([full.col, full.row])
            low = rows >= cols
            self._second = (parent, left, right, np.unique(rows[low].astype(int) * self.n + cols[low]))
        key = self._second[3]
        return key // self.n, key % self.n

    def hessian(self, v: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Values of the lower triangle of the Hessian of ``sum weights * row``."""
        self.hessian_structure()
        parent, left, right, key = self._second
        tape = self.tape
        part = tape._partials(v)
        adj = tape._adjoints(part, weights)
        grads = self._gradients(part)
        curve = adj[parent - tape._offset] * self._curvature(v)
        mixed = (grads[left].T @ grads[right].multiply(curve[:, None]).tocsr()).tocoo()
        out = np.zeros(len(key))
        for r, c in ((mixed.row, mixed.col), (mixed.col, mixed.row)):  # each pair stands for both orders
            low = r >= c
            np.add.at(out, np.searchsorted(key, r[low].astype(int) * self.n + c[low]), 0.5 * mixed.data[low])
        return out

    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Parent and the two children of every second derivative; a mixed one stands for both orders."""
        tape = self.tape
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for op, _, edges, _ in tape._groups:
            kids, up = tape._child[edges], tape._parent[edges]
            if op in (MUL, DIV, POW):
                a, b, up = kids[::2], kids[1::2], up[::2]
                parts.append((up, a, b))
                if op != MUL:
                    parts.append((up, b, b))
                if op == POW:
                    parts.append((up, a, a))
            elif op in (POWER, LOG, EXP):
                parts.append((up, kids, kids))
        none = np.array([], int)
        return tuple(np.concatenate([p[k] for p in parts] or [none]) for k in range(3))  # type: ignore[return-value]

    def _curvature(self, v: np.ndarray) -> np.ndarray:
        """Second derivatives in the order of :meth:`_pairs`, mixed ones counted twice."""
        tape = self.tape
        out = []
        with np.errstate(all="ignore"):
            for op, nodes, edges, _ in tape._groups:
                kids, c = v[tape._child[edges]], tape._const[nodes]
                z = v[tape._offset + nodes.start: tape._offset + nodes.stop]
                a, b = kids[::2], kids[1::2]
                if op == MUL:
                    out.append(np.full(len(a), 2.0))
                elif op == DIV:
                    out += [-2.0 / b**2, 2.0 * z / b**2]
                elif op == POW:
                    log = np.log(np.where(a > 0, a, 1.0))
                    out += [2.0 * a ** (b - 1.0) * (1.0 + b * log), z * log**2, b * (b - 1.0) * a ** (b - 2.0)]
                elif op == POWER:
                    out.append(c * (c - 1.0) * kids ** (c - 2.0))
                elif op == LOG:
                    out.append(-c / kids**2)
                elif op == EXP:
                    out.append(z)
        return np.concatenate(out or [np.array([])])

    def _gradients(self, partials: np.ndarray) -> csr_matrix:
        """Gradient of every node by the chosen leaves, the leaves themselves included."""
        tape = self.tape
        column = np.full(tape._offset, -1)
        column[tape._child[self._edges]] = self._edge_column
        chosen = np.flatnonzero(column >= 0)
        parts = [coo_matrix((np.ones(len(chosen)), (chosen, column[chosen])), shape=(tape._offset, self.n)).tocsr()]
        done = tape._offset
        for block in self._levels():
            edges, width = block
            local = coo_matrix((partials[edges], (tape._parent[edges] - done, tape._child[edges])),
                               shape=(width, done)).tocsr()
            below = vstack(parts, format="csr") if len(parts) > 1 else parts[0]
            parts = [below, local @ below]
            done += width
        return vstack(parts, format="csr")

    def _levels(self) -> list[tuple[slice, int]]:
        """Edges and number of nodes of each run of groups whose children all lie below it."""
        out: list[tuple[slice, int]] = []
        start, width, first = 0, 0, 0
        for _, nodes, edges, _ in self.tape._groups:
            if width and self.tape._child[edges].max() >= self.tape._offset + first:
                out.append((slice(start, edges.start), width))
                start, width, first = edges.start, 0, nodes.start
            width += nodes.stop - nodes.start
        if width:
            out.append((slice(start, len(self.tape._child)), width))
        return out
