"""Why a solve failed, in words: the worst residual, what has no value, what has moved too far, and what to try."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.solve.system import System

#: A logarithm of an index this far from zero is worth a word when no solution is found.
_FAR = 1.5
#: A residual, relative to benchmark flows, beyond which a point is as good as without a value.
_BEYOND = 1e100
#: What to say of an index that moves without end, by its name.
_REASONS = {
    "qinv": "under rordelta = 1 investment follows expected returns, and would have to be negative there; "
            "try rordelta = 0 (fixed shares)",
    "rorg": "no return on capital is left; try a smaller shock, or one that leaves capital its return",
    "rorc": "the return on capital no longer covers depreciation there, and its logarithm has no value",
    **dict.fromkeys(("peb", "pes", "pesf", "pem", "pfe"),
                    "the factor is no longer scarce there, or cannot be replaced; try larger elasticities of "
                    "substitution (ESUBVA, ESUBD, ESUBM), or a smaller shock"),
}


def explain(system: System, x: np.ndarray, data: dict[str, Any]) -> str:
    """One sentence on a point that an engine could not improve.

    Parameters
    ----------
    system : System
    x : array (n,)
        Point of the smallest residual found.
    data : dict
        Data tree there.

    Returns
    -------
    str
        Block, row and element of the worst residual; the first variable without a value, or the index that has moved
        most; what to try.
    """
    with np.errstate(all="ignore"):  # the point may lie where an index is zero
        view = system.view(np.asarray(x), data)
        f = np.asarray(system.residual(np.asarray(x), data, view))
        lost = _undefined(system, view)
    bad = ~np.isfinite(f)
    worst = int(np.argmax(bad)) if bad.any() else int(np.argmax(np.abs(f)))
    name, moved = lost if bad.any() and lost[0] else _furthest(system, np.asarray(x))
    words = [f"no solution found: the worst residual ({f[worst]:.2e}) is in {describe(system, worst)}", moved,
             _REASONS.get(name, "try a smaller shock, or more steps")]
    return "; ".join(w for w in words if w)


def describe(system: System, position: int) -> str:
    """Row, block and element of a residual, in words."""
    block, row, element = system.locate(position)
    return f"'{row}' of block {block}" + (f" at {', '.join(element)}" if element else "")


def _undefined(system: System, view: Any) -> tuple[str, str]:
    """The definition that first loses its value: those that it is made of come before it."""
    for name, value in view.__dict__["_memo"].items():
        bad = np.argwhere(~np.isfinite(np.broadcast_to(value.log if value.is_positive else value.val, value.shape)))
        if len(bad):
            return name, _where(system, name, tuple(system.cal.sets[d][i] for d, i in zip(value.dims, bad[0]))
                                ) + " has no value: it would have to be zero or negative"
    return "", ""


def _furthest(system: System, x: np.ndarray) -> tuple[str, str]:
    """The index that has moved most: one that goes to zero means that no equilibrium is left there."""
    symbols = system.table.symbols
    logs = np.concatenate([np.where(symbols[name].positive, np.abs(x[cells]), 0.0)
                           for name, _, cells in system.unknown])
    j = int(np.argmax(logs))
    if not np.isfinite(logs[j]) or logs[j] < _FAR:
        return "", ""
    name, element = system.locate_unknown(j)
    with np.errstate(over="ignore"):
        times = np.exp(x[j])
    return name, (f"{_where(system, name, element)} has come to {times:.2g} times its benchmark value, where there "
                  "may be no equilibrium")


def _where(system: System, name: str, element: tuple[str, ...]) -> str:
    of = f" of {', '.join(element)}" if element else ""
    return f"'{name}'{of} ({system.table.symbols[name].long_name})"


def largest_residual(f: Any) -> float:
    """Largest residual, NaN where one is NaN or so large that its square has no value.

    The maximum is taken here, for compiled maxima may pass over NaN.
    """
    largest = float(np.abs(np.asarray(f)).max())
    return largest if largest < _BEYOND else np.nan
