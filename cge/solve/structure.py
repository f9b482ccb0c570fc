"""Structural squareness: can every condition be matched with an unknown of its own?

A closure may have as many conditions as unknowns and still be impossible: a held
value that no unknown moves, an unknown that no condition feels. A maximum
matching on the pattern of the Jacobian (Duff 1981) finds them without a solve.
What depends on the numbers (trade balances held in all regions, of which the last follows)
shows in the null vectors of the Jacobian: the left ones are the equations that depend on
each other, the right ones the unknowns that nothing determines.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from cge.errors import ClosureError
from cge.model.closure import NUMERAIRE
from cge.solve.system import System

_SHOWN = 3
_FACTOR_PRICES = {"peb", "pes", "pesf", "pem"}
#: Groups of a null vector that are named; parts of its largest element, and of the largest singular value, that count.
_GROUPS, _PART, _ZERO = 4, 0.1, 1e-10
#: Cycles of GMRES where one does not do, as in the search for null directions.
CYCLES = 6


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


def explain_singular(system: System, jacobian: np.ndarray) -> str:
    """Why a square Jacobian is singular, in words.

    Parameters
    ----------
    system : System
    jacobian : array (rows, unknowns)

    Returns
    -------
    str
        Equations that depend on each other and unknowns that nothing determines, by name and in how many cells, values
        held and variables freed by the closure first; and what to change in the usual cases.
    """
    left, sizes, right = np.linalg.svd(jacobian)
    null = max(1, int((sizes < _ZERO * sizes[0]).sum()))
    return explain_null(system, left[:, -null:], right[-null:].T)


def null_directions(product: Callable[[np.ndarray], np.ndarray], solve: Callable[[np.ndarray], np.ndarray], n: int
                    ) -> tuple[np.ndarray, np.ndarray] | None:
    """A left and a right null direction of a Jacobian known by its products only; None where it is regular.

    A known point is looked for in its image under the Jacobian: what is not found again is a direction that no
    equation feels, and what no point has for its image is an equation that follows from the others.

    Parameters
    ----------
    product : callable
        Jacobian times a vector (unknowns) to (rows).
    solve : callable
        One cycle of an iterative solver: an approximate solution for a right side.
    n : int
        Unknowns.

    Returns
    -------
    left : array (rows)
    right : array (unknowns)
    """
    rng = np.random.default_rng(0)

    def left(rhs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Solution as far as there is one, and what remains of the right side."""
        z, rest = np.zeros(n), rhs
        for _ in range(CYCLES):
            z = z + solve(rest)
            rest = rhs - product(z)
            if not np.linalg.norm(rest) > 1e-10 * np.linalg.norm(rhs):
                break
        return z, rest

    known, rhs = rng.normal(size=n), rng.normal(size=n)
    image = product(known)
    if not np.isfinite(image).all():
        return None
    found, rest = left(image)
    free, over = known - found, left(rhs)[1]
    if (np.linalg.norm(rest) < 1e-8 * np.linalg.norm(image) and np.abs(free).max() > 1e-3
            and np.linalg.norm(over) > 1e-5 * np.linalg.norm(rhs)):
        return over, free
    return None


def explain_null(system: System, left: np.ndarray, right: np.ndarray, where: str = "at the benchmark") -> str:
    """The same from null vectors of the Jacobian.

    Parameters
    ----------
    system : System
    left : array (rows, vectors)
    right : array (unknowns, vectors)
    where : str
        The point, in words.
    """
    null = left.shape[1]
    rows, unknowns = np.abs(left).max(1), np.abs(right).max(1)
    symbols = system.table.symbols
    held = _groups(rows, [system.locate(i)[1:] for i in range(len(rows))], lambda n: n in system.fixed)
    free = _groups(unknowns, [system.locate_unknown(j) for j in range(len(unknowns))],
                   lambda n: symbols[n].role == "exogenous")
    count = "one equation follows" if null == 1 else f"{null} equations follow"
    return (f"the system is singular {where}: {count} from the others, among {_named(system, held)}; "
            f"and nothing determines {_named(system, free)}. " + _advice(system, held, free, right.T))


def _groups(size: np.ndarray, places: list[tuple[str, tuple[str, ...]]], first: Callable[[str], bool]
            ) -> dict[str, list[tuple[str, ...]]]:
    """Elements of a null vector that count, by name: those of the closure first, then the largest."""
    largest: dict[str, float] = {}
    cells: dict[str, list[tuple[str, ...]]] = {}
    for i in np.flatnonzero(size > _PART * size.max()):
        name, element = places[i]
        cells.setdefault(name, []).append(element)
        largest[name] = max(largest.get(name, 0.0), float(size[i]))
    order = sorted(cells, key=lambda n: (not first(n), -round(largest[n] / size.max(), 3)))
    return {n: cells[n] for n in order}


def _named(system: System, groups: dict[str, list[tuple[str, ...]]]) -> str:
    words = []
    for name, elements in list(groups.items())[:_GROUPS]:
        dims = (system.table.conditions[name] if name in system.table.conditions else system.table.symbols[name]).dims
        everywhere = len(elements) == int(np.prod([len(system.cal.sets[d]) for d in dims]))
        if dims == ("reg",) and everywhere:
            words.append(f"'{name}' in all {len(elements)} regions")
        elif len(elements) > _SHOWN:
            words.append(f"'{name}' in {len(elements)} cells")
        else:
            words.append(f"'{name}'" + (f" at {'; '.join(', '.join(e) for e in elements)}" if dims else ""))
    return ", ".join(words) + (f" and {len(groups) - _GROUPS} more" if len(groups) > _GROUPS else "")


def _advice(system: System, dependent: dict[str, list[tuple[str, ...]]], free: dict[str, list[tuple[str, ...]]],
            null: np.ndarray) -> str:
    """What to change: hold a price level; leave a region out of what the world's total gives."""
    prices = next((cells for name, _, cells in system.unknown if name == "pds"), slice(0))
    for vector in null:
        moves = vector[prices]
        if len(moves) and np.abs(moves).max() > _PART * np.abs(vector).max() and np.ptp(moves) < 1e-6:
            return (f"The price level is free: all prices may move together. Hold '{NUMERAIRE}' or another price, "
                    "not a quantity or a balance in its place")
    for name, elements in dependent.items():
        symbol = system.table.symbols.get(name)
        if symbol is None or name not in system.fixed or "reg" not in symbol.dims:
            continue
        if len(elements) == int(np.prod(system.shape(name))):
            partner = next((s.endogenous for s in system.closure.swaps if s.exogenous == name), "...")
            index = f"({', '.join(d[0] for d in symbol.dims)})"
            return (f"'{name}' is held in every region, and the last follows from the others; leave one out: "
                    f"{partner}{index} = {name}{index} except {system.cal.sets['reg'][-1]}")
    if _FACTOR_PRICES & set(free):
        return ("Prices of endowments are not determined, as where nothing substitutes for them and there are more of "
                "them than activities; give larger elasticities (ESUBVA), or swap variables that move each other")
    return "Swap variables that move each other"


def explain_block(system: System, block: np.ndarray, rows: np.ndarray, unknowns: np.ndarray) -> str:
    """Equations and unknowns of a singular regional block, by name.

    Parameters
    ----------
    system : System
    block : array (rows, unknowns)
    rows, unknowns : int array
        Positions in the system, ``n`` where the block is padded.
    """
    left, _, right = np.linalg.svd(block)
    own_rows, own_unknowns = rows < system.n, unknowns < system.n
    held = _groups(np.abs(left[own_rows, -1]), [system.locate(int(i))[1:] for i in rows[own_rows]],
                   lambda n: n in system.fixed)
    free = _groups(np.abs(right[-1, own_unknowns]), [system.locate_unknown(int(j)) for j in unknowns[own_unknowns]],
                   lambda n: system.table.symbols[n].role == "exogenous")
    return f"one equation follows from the others among {_named(system, held)}; nothing determines " \
           f"{_named(system, free)}"


def _words(name: str, element: tuple[str, ...]) -> str:
    return f"'{name}'" + (f" at {', '.join(element)}" if element else "")


def _some(items: list[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more
