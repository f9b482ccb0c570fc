"""Which activities new movers may be tied to, where: cells and coefficients of block ``tied``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

#: Largest fall (logarithm) of the wage of tied movers where it has no floor: a number that no wage reaches.
NO_FLOOR = 100.0


@dataclass(frozen=True)
class Ties:
    """Sets of activities to which a model can tie new movers; a solve says whom it ties.

    Attributes
    ----------
    acts : dict of str to int array
        Positions of the activities of each tie, by name.
    where : bool array (skill, reg, tie)
        Skills and hosts of each.
    """

    acts: Mapping[str, np.ndarray]
    where: np.ndarray


def tied_data(add: Callable, evos: np.ndarray, effective: np.ndarray, homes: int, ties: Ties | None) -> None:
    """Coefficients and active cells of block ``tied``.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    evos : array (skill, acts, reg)
        Labour income after tax, million US$: its shares are those of labour, whose wage is one in all activities.
    effective : array (skill, reg)
        Labour, thousand efficiency units.
    homes : int
        Number of regions.
    ties : Ties, optional
        None: nobody is tied, no cell is active.
    """
    skills, acts, regs = evos.shape
    names = list(ties.acts) if ties else []
    member = np.zeros((len(names), acts))
    for t, name in enumerate(names):
        member[t, ties.acts[name]] = 1.0  # type: ignore[union-attr]
    paid = evos.sum(1, keepdims=True)
    work = np.divide(evos, paid, out=np.zeros_like(evos), where=paid > 0) * effective[:, None, :]
    use = np.einsum("ta,sar->srt", member, work)
    add("LABACT", ("skill", "acts", "reg"), work)
    add("TIEACTS", ("tie", "acts"), member)
    add("TIES", ("skill", "reg", "tie"), (use > 0) & ties.where if ties else use > 0)
    add("TIEUSE0", ("skill", "reg", "tie"), np.where(use > 0, use, 1.0))
    add("TIEPART", ("skill", "home", "host", "tie"), np.zeros((skills, homes, regs, len(names))))
    add("TIEMOST", ("skill", "reg", "tie"), np.full(use.shape, NO_FLOOR))
