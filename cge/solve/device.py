"""Data trees on the device: what the benchmark shares is put there once, in each precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.solve.frame import Framed, Plain
from cge.solve.jaxsetup import jax_modules
from cge.solve.system import System

#: Cells up to which an array is handed to compiled functions as it is.
_SMALL = 100_000


class Device:
    """Keeps the arrays of one benchmark on the device.

    Parameters
    ----------
    system : System, or a form of one (:mod:`cge.solve.frame`)
        Says which arrays its conditions use; no other is put there.
    """

    def __init__(self, system: System | Plain | Framed):
        self.system = system
        self._held: dict[int, tuple[Any, Any]] = {}
        self._single: dict[int, tuple[Any, Any]] = {}

    def hold(self, data: dict[str, Any]) -> None:
        """Keep the arrays of a tree (the benchmark's), so that later trees move only what they change."""
        jax, jnp = jax_modules()
        for leaf in jax.tree.leaves(self.system.trimmed(data)):
            self._held[id(leaf)] = (leaf, jnp.asarray(leaf))

    def double(self, data: dict[str, Any]) -> dict[str, Any]:
        """The tree in double precision; small arrays stay where they are, since one call takes them there faster."""
        jax, jnp = jax_modules()

        def one(a: Any) -> Any:
            held = self._held.get(id(a))
            if held is not None:
                return held[1]
            return jnp.asarray(a) if np.size(a) > _SMALL else a

        return jax.tree.map(one, self.system.trimmed(data))

    def held(self, tree: dict[str, Any]) -> dict[str, Any]:
        """Any tree in double precision, arrays of the benchmark from the device where they are there."""
        jax, _ = jax_modules()
        return jax.tree.map(lambda a: self._held[id(a)][1] if id(a) in self._held else a, tree)

    def single(self, data: dict[str, Any]) -> dict[str, Any]:
        """The tree in single precision; active sets stay as they are."""
        jax, jnp = jax_modules()

        def one(a: Any) -> Any:
            if id(a) in self._single:
                return self._single[id(a)][1]
            out = jnp.asarray(a if np.asarray(a).dtype == bool else np.asarray(a, np.float32))
            if id(a) in self._held:
                self._single[id(a)] = (a, out)
            return out

        return jax.tree.map(one, self.system.trimmed(data))
