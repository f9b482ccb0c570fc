"""Regional blocks: the preconditioner of large systems, derived from the equation table.

With the links between regions cut (`cge.model.ops.links_cut`) the Jacobian falls
apart into one block per region. All regions are probed at once: the k-th unknown
of every region together takes one Jacobian-vector product. Unknowns and conditions
of the world as a whole (the global rate of return, the numeraire) border the blocks;
their rows and columns are exact. What the blocks miss, a small space corrects
(`cge.solve.deflation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.errors import SolveFailed
from cge.model.ops import links_cut
from cge.solve.deflation import SIZE, arnoldi, correction
from cge.solve.jaxsetup import jax_modules
from cge.solve.structure import explain_block
from cge.solve.system import System

_OWNER = ("reg", "dst", "host", "src", "home")


@dataclass(frozen=True)
class Partition:
    """Which region each unknown and each condition belongs to.

    Attributes
    ----------
    unknowns, rows : int array (regions, block)
        Positions, padded with ``n`` where a region has fewer.
    place : int array (n,)
        Position of each unknown among the padded ones; one past their end where it belongs to no region.
    world_unknowns, world_rows : int array
        Positions of those of no region.
    """

    unknowns: np.ndarray
    rows: np.ndarray
    place: np.ndarray
    world_unknowns: np.ndarray
    world_rows: np.ndarray


def partition(system: System) -> Partition | None:
    """Unknowns and conditions by region; None where a region has more of the one than of the other."""
    symbols = system.table.symbols
    of_unknown = [_owner(symbols[name].dims, system.shape(name), idx) for name, idx, _ in system.unknown]
    of_row = [_owner(row["row"].dims if row["row"] is not None else symbols[row["name"]].dims, row["shape"], row["idx"])
              for row in system.rows]
    unknown, row = np.concatenate(of_unknown), np.concatenate(of_row)
    regions = len(system.cal.sets["reg"])
    count = np.bincount(unknown + 1, minlength=regions + 1)
    if (count != np.bincount(row + 1, minlength=regions + 1)).any():
        return None
    width = int(count[1:].max())

    def padded(owner: np.ndarray) -> np.ndarray:
        out = np.full((regions, width), system.n, np.int32)  # 32-bit positions serve either precision
        for r in range(regions):
            mine = np.flatnonzero(owner == r)
            out[r, : len(mine)] = mine
        return out

    unknowns = padded(unknown)
    place = np.full(system.n + 1, unknowns.size, np.int32)
    place[unknowns.ravel()] = np.arange(unknowns.size)
    return Partition(unknowns, padded(row), place[:-1], np.flatnonzero(unknown < 0).astype(np.int32),
                     np.flatnonzero(row < 0).astype(np.int32))


def _owner(dims: tuple[str, ...], shape: tuple[int, ...], idx: np.ndarray) -> np.ndarray:
    for d in _OWNER:
        if d in dims:
            return np.unravel_index(idx, shape)[dims.index(d)]
    return np.full(len(idx), -1)


class RegionBlocks:
    """Approximate inverse of the benchmark Jacobian.

    Parameters
    ----------
    system : System
    part : Partition
    """

    def __init__(self, system: System, part: Partition):
        self.system, self.part = system, part
        jax, _ = jax_modules()

        def cut(x, data):
            with links_cut():
                return jax.linearize(lambda z: system.residual(z, data), x)[1]

        def rows(product, units):
            back = jax.linear_transpose(product, units[0])
            return jax.lax.map(lambda u: back(u)[0], units)

        def space(product, factors, start):
            return arnoldi(lambda w: product(self._bordered(factors, w)), start, min(SIZE, system.n))

        self._cut, self._rows, self._space = jax.jit(cut), jax.jit(rows), jax.jit(space)
        self._columns = jax.jit(lambda product, probes: jax.lax.map(product, probes))

    def factorise(self, x: Any, data: dict, product: Any) -> dict[str, Any]:
        """Inverse blocks and borders at a point, as arrays for :func:`apply`.

        Parameters
        ----------
        x : array (n,)
        data : dict
            Data tree on the device, single precision.
        product : callable
            Jacobian-vector product at ``x``.

        Raises
        ------
        SolveFailed
            A block is singular; names the region.
        """
        part, n = self.part, self.system.n
        regions, width = part.unknowns.shape
        blocks = np.zeros((regions, width, width))
        here = np.arange(regions)
        for k in range(width):
            blocks[here, k, k] = (part.unknowns[:, k] == n) * 1.0
        probes = np.zeros((width, n + 1), np.float32)
        for k in range(width):
            probes[k, part.unknowns[:, k]] = 1.0
        probes = probes[:, :n]
        got = np.asarray(self._columns(self._cut(x, data), probes))
        got = np.concatenate([got, np.zeros((width, 1), got.dtype)], axis=1)
        blocks += np.moveaxis(got[:, part.rows], 0, 2)
        try:
            inverse = np.linalg.inv(blocks)
        except np.linalg.LinAlgError:
            inverse = np.full_like(blocks, np.nan)
        if not np.isfinite(inverse).all():
            raise SolveFailed(self._singular(blocks))
        size = len(part.world_unknowns)
        probes = np.zeros((size, n), np.float32)
        probes[np.arange(size), part.world_unknowns] = 1.0
        columns = np.asarray(self._columns(product, probes), float).T
        units = np.zeros((size, n), np.float32)
        units[np.arange(size), part.world_rows] = 1.0
        rows = np.asarray(self._rows(product, units), float)
        corner = columns[part.world_rows]
        inner = _blockwise(inverse, part, n, columns)
        inner[part.world_unknowns] = 0.0
        rows[:, part.world_unknowns] = 0.0
        try:
            schur = np.linalg.inv(corner - rows @ inner)
        except np.linalg.LinAlgError:
            names = dict.fromkeys(self.system.locate(int(i))[1] for i in part.world_rows)
            raise SolveFailed("the equations of the world as a whole are singular: "
                              f"{', '.join(names)}; check the closure") from None
        single = {"blocks": inverse, "inner": inner.T, "rows": rows, "schur": schur, "unit": probes}
        factors = {k: jax_modules()[1].asarray(np.asarray(v, np.float32)) for k, v in single.items()}
        start = np.random.default_rng(0).normal(size=n).astype(np.float32)
        basis, image = self._space(product, factors, start)
        return {**factors, "space": basis, "gain": jax_modules()[1].asarray(correction(image), np.float32)}

    def _singular(self, blocks: np.ndarray) -> str:
        """Which regions' equations are singular, and which equations and unknowns of the first of them."""
        part, labels = self.part, self.system.cal.sets["reg"]
        if len(lost := np.flatnonzero(~np.isfinite(blocks).all((1, 2)))):
            return (f"the Jacobian at the benchmark is not finite in {', '.join(labels[r] for r in lost[:3])}; "
                    "a coefficient or elasticity there is out of range")
        bad = [r for r, b in enumerate(blocks) if np.linalg.matrix_rank(b) < len(b)]
        words = explain_block(self.system, blocks[bad[0]], part.rows[bad[0]], part.unknowns[bad[0]]) if bad else ""
        return ("the equations of these regions are singular with foreign prices given: "
                f"{', '.join(labels[r] for r in bad[:3])}; {words}; check the closure and their accounts")

    def apply(self, factors: dict[str, Any], w: Any) -> Any:
        """The approximate inverse times a vector (traced)."""
        return self._bordered(factors, w + (factors["gain"] @ (factors["space"] @ w)) @ factors["space"])

    def _bordered(self, factors: dict[str, Any], w: Any) -> Any:
        """Blocks and borders alone."""
        part = self.part
        jnp = jax_modules()[1]
        wide = jnp.concatenate([w, jnp.zeros(1, w.dtype)])
        local = jnp.einsum("rkl,rl->rk", factors["blocks"], jnp.take(wide, part.rows, mode="clip"))
        wide = jnp.concatenate([local.reshape(-1), jnp.zeros(1, w.dtype)])
        out = jnp.take(wide, part.place, mode="clip")
        world = factors["schur"] @ (jnp.take(w, part.world_rows, mode="clip") - factors["rows"] @ out)
        return out - world @ factors["inner"] + world @ factors["unit"]


def _blockwise(inverse: np.ndarray, part: Partition, n: int, columns: np.ndarray) -> np.ndarray:
    wide = np.concatenate([columns, np.zeros((1, columns.shape[1]))])
    out = np.zeros((n + 1, columns.shape[1]))
    out[part.unknowns.ravel()] = np.einsum("rkl,rlc->rkc", inverse, wide[part.rows]).reshape(-1, columns.shape[1])
    return out[:n]
