"""Structural squareness: can every condition be matched with an unknown of its own?

A closure may have as many conditions as unknowns and still be impossible: a held
value that no unknown moves, an unknown that no condition feels. A maximum
matching on the pattern of the Jacobian (Duff 1981) finds them without a solve.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from cge.errors import ClosureError
from cge.solve.system import System

_SHOWN = 3


def check_structure(system: System, jacobian: np.ndarray) -> None:
    """Refuse a closure whose Jacobian is singular by its pattern alone.

    Parameters
    ----------
    system : System
    jacobian : array (rows, unknowns)
        At the benchmark.

    Raises
    ------
    ClosureError
        Names conditions (or held values) that no unknown is left for, and
        unknowns that no condition is left for.
    """
    pattern = csr_matrix(jacobian != 0.0)
    unknown_of_row = maximum_bipartite_matching(pattern, perm_type="column")
    rows = np.flatnonzero(unknown_of_row < 0)
    if not len(rows):
        return
    columns = np.setdiff1d(np.arange(system.n), unknown_of_row)
    over = [_words(*system.locate(int(i))[1:]) for i in rows]
    under = [_words(*system.locate_unknown(int(j))) for j in columns]
    raise ClosureError(
        f"the closure cannot be solved: nothing is left to meet {_some(over)}, and nothing determines "
        f"{_some(under)}; swap variables that move each other")


def _words(name: str, element: tuple[str, ...]) -> str:
    return f"'{name}'" + (f" at {', '.join(element)}" if element else "")


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more
