"""Errors a user can meet. Each message names what is wrong, where, and the repair."""

from __future__ import annotations


class CGEError(Exception):
    """Base of every error raised for a wrong input or a failed computation.

    The command line prints it as one line and exits with a non-zero code; it
    never shows a traceback for it.
    """


class BenchmarkError(CGEError):
    """A benchmark or SAM that is unbalanced, incomplete or malformed."""


class ScenarioError(CGEError):
    """A scenario that names unknown elements or asks for an infeasible policy."""


class ClosureError(CGEError):
    """A closure that is not square, or swaps symbols that cannot be swapped."""


class TableError(CGEError):
    """An equation table that is inconsistent (undeclared dimension, cycle, ...)."""


class SolveFailed(CGEError):
    """No solution found. The message names block, element and region of the worst residual."""


def short(text: object, limit: int = 60) -> str:
    """Text of a user for a message, cut where it is too long to read.

    A wrong delimiter or quotation mark can make one name of a whole line or file.
    """
    line = " ".join(str(text).split())
    return line if len(line) <= limit else f"{line[:limit - 3]}..."
