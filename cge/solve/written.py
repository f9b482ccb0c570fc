"""Single equations as labelled algebra with their numbers, for reading."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from cge.errors import CGEError
from cge.model.table import Row
from cge.solve.algebra import algebra
from cge.solve.model import Model

#: Constraints printed when no element is named, and characters of one.
_FEW, _WIDTH, _LONG = 3, 110, 4000
_NUMBER = re.compile(r"(?<![\w.\[])\d+\.\d{5,}(?:e[+-]?\d+)?(?![\w\]])")


def written_rows(model: Model, rows: Sequence[Row], at: Sequence[str] = ()) -> Iterator[str]:
    """Constraints of some rows, one text each: label, equation with its data, benchmark values.

    Parameters
    ----------
    model : Model
    rows : sequence of Row
    at : sequence of str
        ``dim=label`` or ``dim=label,label``; without any, the first few constraints of a row.

    Yields
    ------
    str
        Numbers have seven digits here; the model has all of them.

    Raises
    ------
    CGEError
        A dimension or label that the row does not have, a row that is found after the solve only, or no
        active cell.
    """
    reports = model.system.reports()
    for row in rows:
        if {row.name, row.pairs} & reports:
            raise CGEError(f"'{row.name}' is found after the solve (integrated along the path of the shock, or solved "
                           "for by region): the model that is written out has no equation of it; its terms are "
                           "printed without --benchmark")
    wanted = [_wanted(model, row, at) for row in rows]
    # Only the rows asked for are written: the others would take most of the time.
    written = algebra(model.system, only=[row.name for row in rows])
    for row, chosen in zip(rows, wanted, strict=True):
        constraint = written.component(f"E_{row.name}")
        cells = [c for key, c in constraint.items() if _fits(row, key, chosen)] if constraint is not None else []
        if not cells:
            raise CGEError(f"'{row.name}' has no active cell there: the benchmark has no such flow; "
                           "leave out --at to see the first ones")
        for c in cells if at else cells[:_FEW]:
            text = _NUMBER.sub(lambda m: f"{float(m.group()):.7g}", str(c.expr))
            text = text if len(text) <= _LONG else f"{text[:_LONG]} ... ({len(text) - _LONG} more characters)"
            yield "\n".join([f"{c.name}:", *textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ",
                                                         break_long_words=False)])
        if not at and len(cells) > _FEW:
            yield f"# and {len(cells) - _FEW} more; choose with --at {' '.join(f'{d}=...' for d in row.dims)}"


def _wanted(model: Model, row: Row, at: Sequence[str]) -> dict[str, set[str]]:
    out: dict[str, set[str]] = {}
    for word in at:
        dim, found, names = word.partition("=")
        if not found or dim not in row.dims:
            raise CGEError(f"--at {word}: '{row.name}' has the dimensions ({', '.join(row.dims)}); write for instance "
                           f"{row.dims[-1] if row.dims else 'reg'}=...")
        labels = model.cal.sets[dim]
        for name in names.split(","):
            if name not in labels:
                raise CGEError(f"--at {word}: '{name}' is not among {', '.join(labels)}")
        out[dim] = set(names.split(","))
    return out


def _fits(row: Row, key: object, chosen: dict[str, set[str]]) -> bool:
    labels = key if isinstance(key, tuple) else (key,)
    return all(label in chosen[d] for d, label in zip(row.dims, labels, strict=False) if d in chosen)
