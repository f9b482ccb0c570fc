"""Swap statements as the field writes them (TABLO and GEMPACK command files).

A statement exchanges the status of two variables, element by element or whole::

    swap dpsave(r) = del_tbalry(r) except USA;
    Swap tms("Tex", "CHN", REG) = qxs("Tex", "CHN", REG);
    swap qe(UnskLab, r) = realwage(UnskLab, r)

An index is an element (with quotes or without), a set or subset (``REG``, ``ENDWM``), a group of
regions of the benchmark, or a single letter (or ``*``) for all elements. Capitals do not
matter, as in GEMPACK. Which side is freed follows from the status of the two.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import numpy as np

from cge.benchmark import Benchmark
from cge.benchmark.headers import DIM_SET, SETS
from cge.errors import ClosureError, ScenarioError
from cge.model import table
from cge.model.closure import NUMERAIRE, Swap
from cge.scenario.elements import positions

_SIDE = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*")
_QUOTED = re.compile(r"""(["'])(.*)\1""")
_REGIONAL = ("reg", "src", "dst", "home", "host")
#: GTAP's subsets of endowments: the kinds of mobility they hold.
_MOBILITY = {"endwm": ("mobile",), "endws": ("sluggish",), "endwf": ("fixed",), "endwms": ("mobile", "sluggish")}


def parse_swap(text: str, bench: Benchmark) -> Swap:
    """Read one swap statement.

    Parameters
    ----------
    text : str
        ``A(i, j) = B(i, j) [except LABEL, ...]``, with or without the word ``swap``.
    bench : Benchmark
        Gives labels and sets.

    Raises
    ------
    ClosureError
        The statement cannot be read, a variable or element is unknown, or both
        sides have the same status.
    """
    body = re.sub(r"^swap\s+", "", text.strip().rstrip("; \t"), flags=re.IGNORECASE)
    body, *rest = re.split(r"\s+except\s+", body, maxsplit=1, flags=re.IGNORECASE)
    left_out = [w.strip() for w in rest[0].split(",") if w.strip()] if rest else []
    sides = body.split("=")
    found = [_SIDE.fullmatch(s) for s in sides]
    if len(sides) != 2 or not all(found):
        raise ClosureError(f"swap statement '{text}' cannot be read; write it as: dpsave(r) = del_tbalry(r) except USA")
    names = [_variable(m.group(1), text) for m in found if m]
    masks = [_mask(name, m.group(2), left_out, bench, text) for name, m in zip(names, found, strict=True) if m]
    free = [_given(name) for name in names]
    if free[0] == free[1]:
        status = "exogenous" if free[0] else "endogenous"
        raise ClosureError(f"swap '{text}': '{names[0]}' and '{names[1]}' are both {status}; a swap exchanges "
                           "one of each")
    i, j = (0, 1) if free[0] else (1, 0)
    return Swap(exogenous=names[j], endogenous=names[i], where=masks[i], where_held=masks[j])


def _given(name: str) -> bool:
    """Whether the default closure gives the variable."""
    return name == NUMERAIRE or table.symbols[name].role == "exogenous"


def _variable(word: str, text: str) -> str:
    """Name of a variable in the spelling of the table."""
    name = spelled(word, table.symbols)
    if name is None:
        near = difflib.get_close_matches(word, table.symbols, 1)
        raise ClosureError(f"swap '{text}': '{word}' is not a variable of the model"
                           + (f"; did you mean '{near[0]}'?" if near else "; `cge symbols` lists them"))
    return name


def spelled(word: str, known: Iterable[str]) -> str | None:
    """The known name that equals a word but for capitals; None where there is none, or more than one."""
    names = list(known)
    if word in names:
        return word
    same = [n for n in names if n.lower() == word.lower()]
    return same[0] if len(same) == 1 else None


def _mask(name: str, indices: str | None, left_out: list[str], bench: Benchmark, text: str) -> np.ndarray:
    dims = table.symbols[name].dims
    given = [w.strip() for w in indices.split(",")] if indices and indices.strip() else ["*"] * len(dims)
    if len(given) != len(dims):
        raise ClosureError(f"swap '{text}': '{name}' has the dimensions ({', '.join(dims)}), not {len(given)}")
    picked = []
    for dim, word in zip(dims, given, strict=True):
        try:
            chosen, everything = _chosen(word, dim, bench, text)
            if everything and left_out and dim in _REGIONAL:
                gone = [_element(w, dim, bench) for w in left_out]
                chosen = np.setdiff1d(chosen, positions(bench, dim, gone, f"swap '{text}'"))
        except ScenarioError as err:
            raise ClosureError(str(err)) from None
        picked.append(chosen)
    mask = np.zeros([len(bench.labels(d)) for d in dims], bool)
    mask[np.ix_(*picked)] = True
    return mask


def _chosen(word: str, dim: str, bench: Benchmark, text: str) -> tuple[np.ndarray, bool]:
    """Positions that an index names on a dimension, and whether it stands for the whole set."""
    everything = positions(bench, dim, None, "")
    if word == "*" or (len(word) == 1 and word.islower()):
        return everything, True
    element = _element(word, dim, bench)
    if _QUOTED.fullmatch(word) or element in bench.labels(dim) or element in bench.meta.get("groups", {}):
        return positions(bench, dim, [element], f"swap '{text}'"), False
    subset = _subset(word.lower(), dim, bench)
    if subset is not None:
        return subset, len(subset) == len(everything)
    if word.lower() in (*SETS, *_MOBILITY, "endwc"):
        raise ClosureError(f"swap '{text}': the set {word} does not belong to the dimension {dim}; its elements are "
                           f"{', '.join(bench.labels(dim))}")
    if len(word) == 1:
        return everything, True
    return positions(bench, dim, [element], f"swap '{text}'"), False


def _element(word: str, dim: str, bench: Benchmark) -> str:
    """The label (or group of regions) that a word names, in the benchmark's spelling; else the bare word."""
    quoted = _QUOTED.fullmatch(word)
    bare = quoted.group(2).strip() if quoted else word
    groups = bench.meta.get("groups", {}) if dim in _REGIONAL else {}
    return spelled(bare, bench.labels(dim)) or spelled(bare, groups) or bare


def _subset(word: str, dim: str, bench: Benchmark) -> np.ndarray | None:
    """Positions of a set of GTAP on a dimension; None where the word is no set of this dimension."""
    labels = bench.labels(dim)
    if word in (dim, DIM_SET[dim]):
        return np.arange(len(labels))
    if dim == "comm" and word == "marg":
        return np.array([labels.index(m) for m in bench.sets["marg"]], int)
    if dim == "endw" and word in _MOBILITY:
        return np.array([i for i, e in enumerate(labels) if bench.mobility[e] in _MOBILITY[word]], int)
    if dim == "endw" and word == "endwc":
        return np.array([i for i, e in enumerate(labels) if e.lower() == "capital"], int)
    if dim == "endw" and word == "skill":
        return np.array([labels.index(s) for s in bench.sets["skill"]], int)
    return None
