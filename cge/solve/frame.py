"""One compiled form for every closure: slots for what a swap frees, and for what it holds.

Which cells are unknown is structure where they are packed into a vector one by one: another
closure is then another program. Here the standard closure stays as it is and is bordered. A
*free slot* is an unknown that is written into any one cell of the exogenous variables; a
*held slot* is a condition that any one cell of the endogenous ones has a given value. Where
the slots point is data, so that swaps compile nothing. Slots that a closure does not need
are unknowns that a condition of their own keeps at zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.errors import TableError
from cge.solve.jaxsetup import jax_modules
from cge.solve.system import System

#: Numbers of free slots that are compiled: a closure takes the least that it fits into.
SLOTS = (32, 128, 512)
#: Largest symbols that a slot may point into (cells), and largest of those that no condition uses: evaluating all of
#: them would take longer than the conditions.
_LARGEST, _LARGEST_ASIDE = 20_000, 2_000


class Plain:
    """A system as it stands: the form of the standard closure, of large systems, and of what fits into no frame."""

    def __init__(self, system: System):
        self.system, self.n, self.rates = system, system.n, system.rates
        self.view, self.residual, self.trimmed = system.view, system.residual, system.trimmed
        self.rows = self.columns = np.arange(system.n)

    def bound(self, tree: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """The tree on the device with what the form adds to it."""
        return tree

    def pad(self, x: np.ndarray, data: dict[str, Any]) -> np.ndarray:
        """The point in the unknowns of the form."""
        return x

    def unpad(self, x: np.ndarray) -> np.ndarray:
        """The point in the unknowns of the system."""
        return x


class Frame:
    """The standard closure of one model shape with slots; shared by all closures that fit into it.

    Parameters
    ----------
    standard : System
        Without swaps.
    slots : int
        Free slots; there is one held slot more, for the numeraire.
    """

    def __init__(self, standard: System, slots: int):
        self.standard, self.slots, self.rates = standard, slots, standard.rates
        self.n = standard.n + slots
        self._conditions = [r for r in standard.rows if r["kind"] == "condition"]
        self.conditions = sum(len(r["idx"]) for r in self._conditions)
        #: Compiled functions of this frame, put here by the engine that first needs them.
        self.code: Any = None
        self._look()

    def _look(self) -> None:
        """Symbols that slots may point into, where their cells start, and the data that they need."""
        std, table = self.standard, self.standard.table
        small = [n for n, s in table.symbols.items() if 0 < int(np.prod(std.shape(n))) <= _LARGEST]
        reports = std.reports()
        std._noted = set()
        view = std.view(np.zeros(std.n), std.base_data())
        held = []
        for name in small:
            aside = name in table.definitions and name not in std.evaluated
            if (table.symbols[name].role == "exogenous" or name in reports
                    or (aside and int(np.prod(std.shape(name))) > _LARGEST_ASIDE)):
                continue
            getattr(view, name)
            held.append(name)
        used, std._noted = frozenset(std._noted) | std.used, None
        self.used = used
        self.free_at, self.free_cells = _starts(
            [n for n in small if table.symbols[n].role == "exogenous" and n in used], std)
        self.held_at, self.held_cells = _starts(held, std)

    def trimmed(self, data: dict[str, Any]) -> dict[str, Any]:
        """The data tree without what neither conditions nor slots use."""
        std = self.standard
        return {**data, "masks": {k: a for k, a in data["masks"].items()
                                  if k in self.used or k in std.table.definitions},
                "coef": {k: a for k, a in data["coef"].items() if k in self.used}, "target": {},
                "scales": {k: a for k, a in data["scales"].items() if not k.startswith("held ")},
                "exo": {k: a for k, a in data["exo"].items() if k in self.used or k in std._unknown_at}}

    def view(self, x: Any, data: dict[str, Any]) -> Any:
        """What the equations see, with free slots written into the exogenous variables."""
        _, jnp = jax_modules()
        exo = dict(data["exo"])
        flat = jnp.concatenate([exo[n].reshape(-1) for n in self.free_at])
        flat = flat.at[data["slots"]["free"]].set(x[self.standard.n:], mode="drop")
        for name, start in self.free_at.items():
            shape = self.standard.shape(name)
            exo[name] = flat[start:start + int(np.prod(shape))].reshape(shape)
        return self.standard.view(x[:self.standard.n], {**data, "exo": exo})

    def residual(self, x: Any, data: dict[str, Any], view: Any = None) -> Any:
        """Residuals of the conditions, then of the held slots; of those not needed, the free slot before."""
        _, jnp = jax_modules()
        view = self.view(x, data) if view is None else view
        parts = [self.standard._row_residual(row, view, data, jnp) for row in self._conditions]
        values = []
        for name in self.held_at:
            value = getattr(view, name)
            value = jnp.broadcast_to(value.log if value.is_positive else value.val, self.standard.shape(name))
            values.append(value.reshape(-1))
        slots = data["slots"]
        here = jnp.take(jnp.concatenate(values), slots["held"], mode="clip")
        idle = jnp.concatenate([jnp.zeros(1, x.dtype), x[self.standard.n:]])
        parts.append(jnp.where(slots["on"], (here - slots["target"]) / slots["scale"], idle))
        return jnp.concatenate(parts)


class Framed:
    """A closure in a frame: where its slots point, and where its unknowns and rows stand.

    Parameters
    ----------
    system : System
    frame : Frame
    """

    def __init__(self, system: System, frame: Frame):
        self.system, self.frame, self.n, self.rates = system, frame, frame.n, frame.rates
        self.view, self.residual, self.trimmed = frame.view, frame.residual, frame.trimmed
        std = frame.standard
        kept = np.zeros(std.n, bool)
        free: list[int] = []
        columns: list[np.ndarray] = []
        for name, idx, _ in system.unknown:
            if name in std._places:
                place = std._places[name][1][idx]
                kept[place] = True
                columns.append(place)
            elif len(idx):
                columns.append(std.n + len(free) + np.arange(len(idx)))
                free += list(frame.free_at[name] + idx)
        self.columns = np.concatenate(columns).astype(int)
        self._held: list[tuple[str, str, np.ndarray]] = []
        scales = []
        for row in system.rows:
            if row["kind"] == "fixed":
                signed = not system.table.symbols[row["name"]].positive
                self._held.append(("target", row["name"], row["idx"]))
                scales.append(np.broadcast_to(row["scale"], row["shape"]).reshape(-1)[row["idx"]] if signed
                              else np.ones(len(row["idx"])))
        self.rows = np.arange(frame.conditions + sum(len(i) for _, _, i in self._held))
        #: Unknowns of the standard closure that this one holds.
        self._given: list[tuple[str, np.ndarray, np.ndarray]] = []
        for name, idx, cells in std.unknown:
            out = ~kept[cells]
            if out.any():
                self._given.append((name, idx[out], np.arange(cells.start, cells.stop)[out]))
                self._held.append(("exo", name, idx[out]))
                scales.append(np.ones(int(out.sum())))
        where = np.concatenate([frame.held_at[n] + i for _, n, i in self._held])
        rest = frame.slots + 1 - len(where)
        if len(free) != len(where) - 1 or rest < 0:
            raise TableError("the closure does not fit into its frame")
        self._slots = {
            "free": np.array(free + [frame.free_cells] * (frame.slots - len(free)), np.int32),
            "held": np.concatenate([where, np.zeros(rest)]).astype(np.int32),
            "on": np.arange(frame.slots + 1) < len(where),
            "scale": np.concatenate([*scales, np.ones(rest)])}

    def bound(self, tree: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """The tree on the device with where the slots point, and the values that are held."""
        goal = np.zeros(self.frame.slots + 1)
        goal[self._slots["on"]] = np.concatenate([np.asarray(data[t][n], float).reshape(-1)[i]
                                                  for t, n, i in self._held])
        return {**tree, "slots": {**self._slots, "target": goal}}

    def pad(self, x: np.ndarray, data: dict[str, Any]) -> np.ndarray:
        """The point in the unknowns of the frame."""
        out = np.zeros(self.n)
        out[self.columns] = x
        for name, idx, place in self._given:
            out[place] = np.asarray(data["exo"][name], float).reshape(-1)[idx]
        return out

    def unpad(self, x: np.ndarray) -> np.ndarray:
        """The point in the unknowns of the system."""
        return np.asarray(x)[self.columns]


def fitting(system: System, frames: dict[int, Frame], standard: Any, most: int) -> Framed | None:
    """The closure in the smallest frame that holds it; None where there is none.

    Parameters
    ----------
    system : System
        Of the closure.
    frames : dict
        Frames of the model shape by their number of slots; one that is missing is made.
    standard : callable
        Gives the system of the standard closure.
    most : int
        Most unknowns of a frame.
    """
    std = standard()
    names = [n for n, _, _ in system.unknown]
    freed = sum(len(i) for n, i, _ in system.unknown if n not in std._places)
    slots = next((s for s in SLOTS if s >= freed), None)
    if slots is None or std.n + slots > most or system.rates != std.rates:
        return None
    if slots not in frames:
        frames[slots] = Frame(std, slots)
    frame = frames[slots]
    fits = all(n in std._places or n in frame.free_at for n in names if len(system.free_cells(n)))
    fits = fits and all(r["name"] in frame.held_at for r in system.rows if r["kind"] == "fixed")
    given = [n for n, idx, _ in std.unknown if len(idx) > len(system.free_cells(n))]
    return Framed(system, frame) if fits and all(n in frame.held_at for n in given) else None


def _starts(names: list[str], system: System) -> tuple[dict[str, int], int]:
    """Where the cells of each symbol start in one long row, and its length."""
    out, at = {}, 0
    for name in names:
        out[name] = at
        at += int(np.prod(system.shape(name)))
    return out, at
