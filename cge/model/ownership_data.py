"""Who owns capital in the base year: shares and income flows of block ``ownership``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import BenchmarkError


@dataclass(frozen=True)
class Ownership:
    """Shares of capital that are not residents'; a part of the base year. By default there are none.

    Attributes
    ----------
    migrants : float or array (reg,)
        Capital of an earlier migrant over that of a resident worker of the host; 0: they own none.
    settled : float
        The same of a new mover.
    foreign : array (home, host), optional
        Part of a host's capital that residents of another region (home) own.
    source : str
        Where the shares come from.
    """

    migrants: float | np.ndarray = 0.0
    settled: float = 0.0
    foreign: np.ndarray | None = None
    source: str = field(default="", compare=False)


def ownership_data(add: Callable, bench: Benchmark, capinc: np.ndarray, stock: np.ndarray, natives: np.ndarray,
                   own: Ownership | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients of block ``ownership``, and its income flows of the base year.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    bench : Benchmark
        Names elements in messages.
    capinc : array (reg,)
        Capital income after tax and depreciation, million US$.
    stock : array (skill, home, host)
        Earlier migrants, thousand workers.
    natives : array (skill, reg)
        Permanent residents at work, thousand.
    own : Ownership, optional

    Returns
    -------
    earlier : array (skill, home, host)
        Capital income of earlier migrants.
    received, paid : array (reg,)
        Capital income from abroad and to owners abroad.

    Raises
    ------
    BenchmarkError
        Shares of the wrong shape, below zero or above one, a region that owns its own capital abroad, owners
        without anything to own.
    """
    own = own or Ownership()
    regs = bench.sets["reg"]
    n = len(regs)
    foreign = np.zeros((n, n)) if own.foreign is None else np.asarray(own.foreign, float)
    hold = np.broadcast_to(np.asarray(own.migrants, float), (n,)) if np.size(own.migrants) in (1, n) else None
    if hold is None or foreign.shape != (n, n):
        raise BenchmarkError(f"ownership of benchmark {bench.name!r}: migrants is a number or one by region, foreign one "
                             f"by home and host ({n} regions); they have the shapes {np.shape(own.migrants)} and "
                             f"{foreign.shape}")
    for what, values in (("migrants", hold), ("settled", np.array([own.settled])), ("foreign", foreign)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise BenchmarkError(f"ownership of benchmark {bench.name!r}: {what} has the value {np.min(values):g}; a "
                                 "share of capital is 0 or more")
    for h in np.flatnonzero((foreign.sum(0) > 1.0 + 1e-9) | (np.diag(foreign) > 0)):
        raise BenchmarkError(f"ownership of benchmark {bench.name!r}: {foreign[:, h].sum():.0%} of the capital of "
                             f"{regs[h]} would be owned from abroad, {foreign[h, h]:.0%} by {regs[h]} itself; name other "
                             "owners, and shares that sum to at most 1")
    workers = natives.sum(0) + hold * stock.sum((0, 1))
    head = np.divide(1.0, workers, out=np.zeros(n), where=workers > 0)
    add("OWNF", ("home", "host"), foreign)
    add("CAPHEAD", ("reg",), head)
    add("MIGHOLD", ("reg",), hold)
    add("SETTLED", (), own.settled)
    paid = foreign.sum(0) * capinc
    return hold * head * (capinc - paid) * stock, foreign @ capinc, paid
