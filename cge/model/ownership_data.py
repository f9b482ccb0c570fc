"""Who owns capital in the base year: shares and income flows of block ``ownership``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import BenchmarkError

_PAIR = ("skill", "home", "host")


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


def ownership_data(add: Callable, bench: Benchmark, capinc: np.ndarray, n: Mapping[str, np.ndarray],
                   own: Ownership | None) -> np.ndarray:
    """Coefficients of block ``ownership``, and what it takes from residents' consumption and adds to their saving.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    bench : Benchmark
        Names elements in messages.
    capinc : array (reg,)
        Capital income after tax and depreciation, million US$.
    n : mapping of str to array
        Coefficients so far: those of earlier migrants and owners (SPENDE0, YMIG0, OWNED0) are replaced, where the
        option changes them.
    own : Ownership, optional

    Returns
    -------
    array (reg,)
        Saving of the base year with capital income from abroad.

    Raises
    ------
    BenchmarkError
        Shares of the wrong shape, below zero or above one, a region that owns its own capital abroad; residents who
        would save or consume nothing.
    """
    own = own or Ownership()
    regs = bench.sets["reg"]
    size = len(regs)
    foreign = np.zeros((size, size)) if own.foreign is None else np.asarray(own.foreign, float)
    hold = None
    if np.size(own.migrants) in (1, size):
        hold = np.broadcast_to(np.asarray(own.migrants, float), (size,))
    if hold is None or foreign.shape != (size, size):
        raise BenchmarkError(f"ownership of benchmark {bench.name!r}: migrants is a number or one by region, foreign "
                             f"one by home and host ({size} regions); their shapes are {np.shape(own.migrants)} and "
                             f"{foreign.shape}")
    for what, values in (("migrants", hold), ("settled", np.array([own.settled])), ("foreign", foreign)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise BenchmarkError(f"ownership of benchmark {bench.name!r}: {what} has the value {np.min(values):g}; a "
                                 "share of capital is 0 or more")
    for h in np.flatnonzero((foreign.sum(0) > 1.0 + 1e-9) | (np.diag(foreign) > 0)):
        raise BenchmarkError(f"ownership of benchmark {bench.name!r}: {foreign[:, h].sum():.0%} of the capital of "
                             f"{regs[h]} would be owned from abroad, {foreign[h, h]:.0%} by {regs[h]} itself; name "
                             "other owners, and shares that sum to at most 1")
    stock = n["LABOFF"]
    workers = n["NAT0"].sum(0) + hold * stock.sum((0, 1))
    head = np.divide(1.0, workers, out=np.zeros(size), where=workers > 0)
    add("OWNF", ("home", "host"), foreign)
    add("CAPHEAD", ("reg",), head)
    add("MIGHOLD", ("reg",), hold)
    add("SETTLED", (), own.settled)
    save, received, paid = n["SAVE"], foreign @ capinc, foreign.sum(0) * capinc
    for r in np.flatnonzero((save + received - paid <= 0) & (paid > 0)):
        raise BenchmarkError(f"ownership of benchmark {bench.name!r}: {regs[r]} would pay {(paid - received)[r]:.4g} "
                             f"million US$ of capital income to owners abroad (net) out of saving of {save[r]:.4g}; "
                             f"lower the foreign share of its capital, {foreign[:, r].sum():.1%}: "
                             f"{max(save[r] + received[r], 0.0) / capinc[r]:.1%} would take all")
    return _accounts(add, n, hold * head * (1.0 - foreign.sum(0)) * capinc * stock, received, paid)


def _accounts(add, n, earlier, received, paid) -> np.ndarray:
    """Capital income of earlier migrants comes out of residents' consumption, that of owners abroad out of saving."""
    add("OWNE0", _PAIR, earlier)
    add("CAPNET0", ("reg",), received - paid)
    if earlier.any():
        add("SPENDE0", _PAIR, n["SPENDE0"] + earlier)
        add("YMIG0", ("reg",), n["YMIG0"] + earlier.sum((0, 1)))
    if earlier.any() or (received - paid).any():
        add("OWNED0", ("reg",), n["OWNED0"] + received - paid - earlier.sum((0, 1)))
    if not (received - paid).any():
        return n["SAVE"]
    return add("SAVE", ("reg",), n["SAVE"] + received - paid)
