"""Write HAR files."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark.har.array import HarArray, HarError

_REALS = 7996  # values per record: records stay below 32,000 bytes, which every GEMPACK program reads
_SPARSE_REALS = 3996
_MATRIX = 7991
_TEXT = 29996
_KINDS = {"U": ("1C",), "i": ("2I",), "u": ("2I",), "f": ("2R", "RE", "RL")}
_SPARSE_BELOW = 0.4  # share of cells that are not zero; a sparse cell takes twice the room of a full one


def write_har(path: str | Path, arrays: Mapping[str, HarArray | xr.DataArray | Any]) -> Path:
    """Write a HAR file, all or nothing; the same arrays always give the same bytes.

    Parameters
    ----------
    path : path
    arrays : mapping of str to HarArray, xarray.DataArray or array-like
        By header name (1 to 4 characters). Real arrays have at most 7
        dimensions and are stored as 32-bit numbers, as GEMPACK does; integer
        arrays at most 2; text arrays 1. The dimensions of a DataArray become
        its set names (upper case), its labels the elements, its attribute
        ``long_name`` the long name, its name the coefficient.

    Returns
    -------
    Path

    Raises
    ------
    HarError
        A name, label or number that a HAR file cannot hold.
    """
    path = Path(path)
    content = har_bytes(arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, work = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(work, 0o644)
        os.replace(work, path)
    except OSError as error:
        Path(work).unlink(missing_ok=True)
        raise HarError(f"{path}: {error.strerror or error}; choose a place that can be written") from None
    return path


def har_bytes(arrays: Mapping[str, HarArray | xr.DataArray | Any]) -> bytes:
    """The bytes of a HAR file; see :func:`write_har`."""
    out = bytearray()
    seen: set[str] = set()
    for name, array in arrays.items():
        if not 1 <= len(name) <= 4 or not name.isascii() or not name.isalnum():
            raise HarError(f"header {name!r}: a name has 1 to 4 letters or digits; choose another")
        if name.upper() in seen:
            raise HarError(f"header {name!r} comes twice (upper and lower case do not count); rename one")
        seen.add(name.upper())
        for record in _header(name, as_har(array)):
            marker = struct.pack("<i", len(record))
            out += marker + record + marker
    return bytes(out)


def as_har(array: HarArray | xr.DataArray | Any) -> HarArray:
    """A HarArray of a DataArray or of plain values."""
    if isinstance(array, HarArray):
        return array
    if isinstance(array, xr.DataArray):
        dims = [str(d) for d in array.dims]
        elements = tuple(tuple(str(x) for x in array.coords[d].values) if d in array.coords else None for d in dims)
        return HarArray(array.values, str(array.attrs.get("long_name", "")), tuple(d.upper() for d in dims), elements,
                        str(array.name or ""))
    values = np.asarray(array)
    return HarArray(values, sets=("",) * values.ndim, elements=(None,) * values.ndim)


def _pad(text: str, width: int, what: str) -> bytes:
    if len(text) > width or not text.isprintable():
        raise HarError(f"{what}: {text!r} must be plain text of at most {width} characters; shorten or rename it")
    try:
        return text.encode("latin-1").ljust(width)
    except UnicodeEncodeError:
        raise HarError(f"{what}: {text!r} has characters outside Latin-1; use plain letters") from None


def _ints(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def _header(name: str, array: HarArray) -> Iterator[bytes]:
    values = np.asarray(array.values)
    code = values.dtype.kind
    yield name.encode().ljust(4)
    if array.kind and array.kind not in _KINDS.get(code, ()):
        raise HarError(f"header {name}: values of type {values.dtype} cannot be a header of type {array.kind}; convert")
    long_name = _pad(array.long_name.rstrip(), 70, f"header {name}, long name")
    if code == "U":
        yield from _text_header(name, values, long_name)
    elif code in "iu":
        yield from _matrix_header(name, _integers(name, values), long_name, "2I")
    elif code == "f" and array.kind == "2R":
        yield from _matrix_header(name, _reals(name, values), long_name, "2R")
    elif code == "f":
        yield from _real_header(name, _reals(name, values), array, long_name)
    else:
        raise HarError(f"header {name}: values of type {values.dtype} cannot be written; use numbers or text")


def _integers(name: str, values: np.ndarray) -> np.ndarray:
    if values.size and (values.min() < -(2**31) or values.max() >= 2**31):
        raise HarError(f"header {name}: integers beyond 32 bits cannot be written; use a real header")
    return values.astype("<i4")


def _reals(name: str, values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        out = values.astype("<f4")
    wrong = ~np.isfinite(out) | ((out == 0) & (values != 0))
    if wrong.any():
        cell = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise HarError(f"header {name}, cell {cell}: {values[cell]} has no 32-bit number; HAR files hold nothing else: "
                       "correct the cell")
    return out


def _text_header(name: str, values: np.ndarray, long_name: bytes) -> Iterator[bytes]:
    if values.ndim != 1:
        raise HarError(f"header {name}: text of {values.ndim} dimensions cannot be written; use one dimension")
    width = max([len(str(v)) for v in values] + [values.dtype.itemsize // 4, 1])
    if width > _TEXT:
        raise HarError(f"header {name}: text of {width} characters cannot be written; at most {_TEXT}")
    yield b"    1CFULL" + long_name + _ints(2, len(values), width)
    yield from _texts([_pad(str(v), width, f"header {name}") for v in values], width)


def _texts(texts: list[bytes], width: int) -> Iterator[bytes]:
    per = max(_TEXT // width, 1)
    blocks = [texts[i : i + per] for i in range(0, len(texts), per)] or [[]]
    for i, block in enumerate(blocks):
        yield b"    " + _ints(len(blocks) - i, len(texts), len(block)) + b"".join(block)


def _matrix_header(name: str, values: np.ndarray, long_name: bytes, kind: str) -> Iterator[bytes]:
    if values.ndim > 2:
        raise HarError(f"header {name}: a header of type {kind} has at most 2 dimensions, not {values.ndim}; "
                       "write real numbers or split it")
    values = values.reshape(values.shape + (1,) * (2 - values.ndim))
    yield b"    " + kind.encode() + b"FULL" + long_name + _ints(2, *values.shape)
    boxes = _boxes(values.shape, _MATRIX)
    for i, box in enumerate(boxes):
        block = values[tuple(slice(low, high) for low, high in box)]
        yield b"    " + _ints(len(boxes) - i, *values.shape, *_from_one(box)) + block.tobytes(order="F")


def _boxes(dims: tuple[int, ...], most: int) -> list[list[tuple[int, int]]]:
    """Blocks of at most `most` cells, contiguous and in order (first index fastest)."""
    if 0 in dims:
        return [[(0, n) for n in dims]]
    axis, inner = 0, 1
    while axis < len(dims) and inner * dims[axis] <= most:
        inner *= dims[axis]
        axis += 1
    if axis == len(dims):
        return [[(0, n) for n in dims]]
    step = max(most // inner, 1)
    out = []
    for outer in np.ndindex(*reversed(dims[axis + 1 :])):
        for low in range(0, dims[axis], step):
            box = [(0, n) for n in dims[:axis]] + [(low, min(low + step, dims[axis]))]
            out.append(box + [(i, i + 1) for i in reversed(outer)])
    return out


def _from_one(box: list[tuple[int, int]]) -> list[int]:
    return [i for low, high in box for i in (low + 1, high)]


def _real_header(name: str, values: np.ndarray, array: HarArray, long_name: bytes) -> Iterator[bytes]:
    rank = values.ndim
    if rank > 7:
        raise HarError(f"header {name}: {rank} dimensions; a HAR file has at most 7: split the array")
    sets = array.sets or ("",) * rank
    elements = array.elements or (None,) * rank
    if len(sets) != rank or len(elements) != rank:
        raise HarError(f"header {name}: {len(sets)} sets and {len(elements)} element lists for {rank} dimensions; "
                       "give one of each per dimension")
    dims = values.shape + (1,) * (7 - rank)
    cells = prod(dims)
    # Sparse storage states the dimensions once only, so it is used where element names state them again.
    sparse = rank > 0 and None not in elements and np.count_nonzero(values) < _SPARSE_BELOW * cells
    kind = array.kind or "RE"
    yield b"    " + kind.encode() + (b"SPSE" if sparse else b"FULL") + long_name + _ints(7, *dims)
    if kind == "RE":
        yield from _set_records(name, array, sets, elements, values.shape)
    yield from (_sparse_blocks if sparse else _full_blocks)(values.reshape(dims, order="F"))


def _set_records(name, array, sets, elements, shape) -> Iterator[bytes]:
    status = array.status or "".join("u" if e is None else "k" for e in elements)
    if len(status) != len(sets) or set(status) - set("kue"):
        raise HarError(f"header {name}: status {array.status!r}; give one of k, u and e per dimension, or nothing")
    lists: dict[str, tuple[str, ...]] = {}
    singles = []
    for axis, (set_name, labels, state, size) in enumerate(zip(sets, elements, status, shape, strict=True)):
        if state == "u":
            continue
        if labels is None or len(labels) != size or (state == "e" and size != 1):
            raise HarError(f"header {name}, dimension {axis + 1}: {size} elements need {size} names; give them all")
        if len({label.lower() for label in labels}) != size:
            raise HarError(f"header {name}, set {set_name}: an element comes twice (upper and lower case do not count "
                           "in GEMPACK); rename one")
        if state == "e":
            singles.append(_pad(labels[0], 12, f"header {name}, set {set_name}"))
        elif lists.setdefault(set_name, tuple(labels)) != tuple(labels):
            raise HarError(f"header {name}: set {set_name} has different elements in two dimensions; give two names")
    count = len(sets)
    names = b"".join(_pad(s, 12, f"header {name}, set name") for s in sets)
    yield (b"    " + _ints(len(lists), 1, count) + _pad(array.coefficient, 12, f"header {name}, coefficient") + _ints(1)
           + names + status.encode() + _ints(*([0] * count), len(singles)) + b"".join(singles))
    for set_name, labels in lists.items():
        yield from _texts([_pad(x, 12, f"header {name}, set {set_name}") for x in labels], 12)


def _full_blocks(values: np.ndarray) -> Iterator[bytes]:
    boxes = _boxes(values.shape, _REALS)
    left = 2 * len(boxes) + 1
    yield b"    " + _ints(left, 7, *values.shape)
    for box in boxes:
        block = values[tuple(slice(low, high) for low, high in box)]
        yield b"    " + _ints(left - 1, *_from_one(box))
        yield b"    " + _ints(left - 2) + block.tobytes(order="F")
        left -= 2


def _sparse_blocks(values: np.ndarray) -> Iterator[bytes]:
    flat = values.ravel(order="F")
    position = np.flatnonzero(flat)
    count = len(position)
    yield b"    " + _ints(count, 4, 4) + b" " * 80
    starts = range(0, count, _SPARSE_REALS) or range(1)
    for i, start in enumerate(starts):
        cells = position[start : start + _SPARSE_REALS]
        yield (b"    " + _ints(len(starts) - i, count, len(cells)) + (cells + 1).astype("<i4").tobytes()
               + flat[cells].tobytes())
