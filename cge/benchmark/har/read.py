"""Decode the headers of a HAR file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from cge.benchmark.har.array import HarArray, HarError
from cge.benchmark.har.records import REPAIR, Reader

MAX_CELLS = 1_000_000_000
TYPES = ("1C", "2I", "2R", "RE", "RL")


def read_har(path: str | Path, names: Sequence[str] | None = None) -> dict[str, HarArray]:
    """Read a HAR file.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        Headers to decode; default all. The structure of records is checked
        throughout the file in any case.

    Returns
    -------
    dict of str to HarArray
        By header name (trailing blanks removed), in the order of the file.

    Raises
    ------
    HarError
        No such file, not a HAR file, a type of header that is not supported,
        a header that `names` asks for and the file lacks, a damaged file.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HarError(f"{path}: {error.strerror or error}; give the name of a HAR file") from None
    return decode_har(data, path, names)


def decode_har(data: bytes, path: str | Path, names: Sequence[str] | None = None) -> dict[str, HarArray]:
    """Headers in the bytes of a HAR file; `path` is for messages. See :func:`read_har`."""
    path = Path(path)
    wanted = None if names is None else {n.strip().upper() for n in names}
    out: dict[str, HarArray] = {}
    reader = Reader(path, data)
    for name, records in reader.headers():
        if name in out:
            reader.fail("the header comes twice")
        if wanted is None or name.upper() in wanted:
            out[name] = _Decoder(reader, records).decode()
    missing = sorted((wanted or set()) - {n.upper() for n in out})
    if missing:
        raise HarError(f"{path}: no header {', '.join(missing)}; take the file that has it")
    return out


class _Decoder:
    """One header's records, taken one after the other."""

    def __init__(self, reader: Reader, records: list[tuple[int, int]]) -> None:
        self.reader, self.records, self.next = reader, records, 0
        self.listed, self.singles = 0, list[str]()  # sets whose elements follow; single elements, named at once

    def fail(self, what: str, repair: str = REPAIR) -> NoReturn:
        self.reader.fail(what, repair)

    def take(self, what: str, least: int, exactly: bool = False) -> tuple[int, int]:
        """Offset and length of the next record, after its 4 blanks."""
        if self.next == len(self.records):
            self.fail(f"the records end where {what} should come")
        at, length = self.records[self.next]
        self.next += 1
        self.reader.offset = at
        if length < least + 4 or (exactly and length != least + 4):
            self.fail(f"the record of {what} has {length} bytes, expected {'' if exactly else 'at least '}{least + 4}")
        if self.reader.data[at : at + 4] != b"    ":
            self.fail(f"the record of {what} does not start with four blanks")
        return at + 4, length - 4

    def decode(self) -> HarArray:
        at, length = self.take("type and dimensions", 80)
        text = self.reader.text
        kind, storage, long_name = text(at, 2), text(at + 2, 4), text(at + 6, 70)
        if kind not in TYPES or storage not in ("FULL", "SPSE") or (storage == "SPSE" and kind not in ("RE", "RL")):
            self.fail(f"type {(kind + storage)!r} is not supported (only {', '.join(TYPES)}; sparse for RE and RL)",
                      "if the file is sound, open it with GEMPACK's ViewHAR and save it as a plain HAR file")
        (ndim,) = self.reader.ints(at + 76, 1)
        if ndim != (7 if kind in ("RE", "RL") else 2) or length != 80 + 4 * ndim:
            self.fail(f"a header of type {kind} cannot have {ndim} dimensions in a record of {length + 4} bytes")
        dims = self.reader.ints(at + 80, ndim)
        if min(dims) < 0 or np.prod(dims, dtype=object) > MAX_CELLS:
            self.fail(f"impossible dimensions {dims}")
        if kind == "1C":
            values = np.array(self._strings(dims[0], dims[1], False), dtype=f"<U{max(dims[1], 1)}")
            out = HarArray(values, long_name, kind=kind)
        elif kind in ("2I", "2R"):
            out = HarArray(self._matrix(dims, "i" if kind == "2I" else "f"), long_name, kind=kind)
        else:
            out = self._real(dims, kind, storage, long_name)
        if self.next != len(self.records):
            self.reader.offset = self.records[self.next][0]
            self.fail(f"{len(self.records) - self.next} records more than the header announces")
        return out

    def _strings(self, count: int, width: int, strict: bool) -> list[str]:
        """Texts in one or more records: records left, total, number here, the texts."""
        out: list[str] = []
        first = True
        while first or len(out) < count:  # an empty set has one empty record
            at, length = self.take("text", 12)
            _, total, here = self.reader.ints(at, 3)
            if total != count or here < min(count, 1) or len(out) + here > count or length != 12 + here * width:
                self.fail(f"{here} texts of {total} in {length - 12} bytes do not fit {count} texts "
                          f"of {width} characters")
            out += [self.reader.text(at + 12 + i * width, width, strict) for i in range(here)]
            first = False
        return out

    def more(self) -> bool:
        """Whether records are left.

        The blocks also count down to 1, but not all writers start the count
        alike; that every cell is given once and no record is left over says more.
        """
        return self.next < len(self.records)

    def _matrix(self, dims: tuple[int, ...], code: str) -> np.ndarray:
        """Integer or real matrix: records left, rows, columns, first and last row, first and last column, values."""
        grid = _Grid(self, dims, code)
        while grid.empty or self.more():
            at, length = self.take("a matrix block", 28)
            _, rows, columns, *box = self.reader.ints(at, 7)
            if (rows, columns) != dims:
                self.fail(f"a block of a {rows} x {columns} matrix in a header of {dims[0]} x {dims[1]}")
            grid.put(box, at + 28, length - 28)
        return grid.complete()

    def _real(self, dims: tuple[int, ...], kind: str, storage: str, long_name: str) -> HarArray:
        coefficient, sets, status = self._set_record(dims) if kind == "RE" else ("", (), "")
        # A header without set names keeps its dimensions up to the last one above 1.
        rank = len(sets) or max((i + 1 for i, n in enumerate(dims) if n != 1), default=0)
        sets, status = sets or ("",) * rank, status or "u" * rank
        elements = self._elements(dims, sets, status)
        values = self._full(dims) if storage == "FULL" else self._sparse(dims)
        return HarArray(values.reshape(dims[:rank], order="F"), long_name, sets, elements, coefficient, kind, status)

    def _set_record(self, dims: tuple[int, ...]) -> tuple[str, tuple[str, ...], str]:
        """Coefficient, set names and status of each dimension; keeps the single elements named here."""
        at, length = self.take("the sets", 32)
        self.listed, _, count = self.reader.ints(at, 3)
        if not 0 <= count <= 7 or length < 32 + 17 * count:
            self.fail(f"{count} sets do not fit the record")
        coefficient = self.reader.text(at + 12, 12, strict=True)
        at += 28
        sets = tuple(self.reader.text(at + 12 * i, 12, strict=True) for i in range(count))
        status = self.reader.text(at + 12 * count, count)
        at += 17 * count
        (singles,) = self.reader.ints(at, 1)
        if len(status) != count or set(status) - set("kue"):
            self.fail(f"unknown status {status!r} of the dimensions")
        if singles != status.count("e") or length != 32 + 17 * count + 12 * singles:
            self.fail(f"{singles} single elements do not fit the record")
        self.singles = [self.reader.text(at + 4 + 12 * i, 12, strict=True) for i in range(singles)]
        if count and any(n != 1 for n in dims[count:]):
            self.fail(f"{count} sets for the dimensions {dims}")
        return coefficient, sets, status

    def _elements(self, dims, sets, status) -> tuple[tuple[str, ...] | None, ...]:
        """Element names of each dimension; a set that comes twice is written once."""
        known: dict[str, tuple[str, ...]] = {}
        named = iter(self.singles)
        out: list[tuple[str, ...] | None] = []
        if self.listed != len({name for name, s in zip(sets, status) if s == "k"}):
            self.fail(f"{self.listed} sets with elements announced, the dimensions have status {status!r}")
        for size, name, state in zip(dims, sets, status, strict=False):
            if state == "k":
                if name not in known:
                    known[name] = tuple(self._strings(size, 12, True))
                if len(known[name]) != size:
                    self.fail(f"set {name} has {len(known[name])} elements, the dimension {size}")
                out.append(known[name])
            elif state == "e":
                if size != 1:
                    self.fail(f"a single element of set {name} in a dimension of {size}")
                out.append((next(named),))
            else:
                out.append(None)
        return tuple(out)

    def _full(self, dims: tuple[int, ...]) -> np.ndarray:
        """Blocks of two records: the range of each dimension, the values."""
        at, _ = self.take("the dimensions of the values", 36, exactly=True)
        _, ndim, *stated = self.reader.ints(at, 9)
        if ndim != 7 or tuple(stated) != dims:
            self.fail(f"dimensions {tuple(stated)} of the values, {dims} of the header")
        grid = _Grid(self, dims, "f")
        while grid.empty or self.more():
            at, _ = self.take("a range of indices", 60, exactly=True)
            _, *box = self.reader.ints(at, 15)
            at, length = self.take("values", 4)
            grid.put(box, at + 4, length - 4)
        return grid.complete()

    def _sparse(self, dims: tuple[int, ...]) -> np.ndarray:
        """Positions and values of the cells that are not zero, positions increasing."""
        at, _ = self.take("the number of values", 92, exactly=True)
        count, int_size, real_size = self.reader.ints(at, 3)
        size = int(np.prod(dims, dtype=object))
        if (int_size, real_size) != (4, 4) or not 0 <= count <= size:
            self.fail(f"{count} values of {real_size} bytes at positions of {int_size} bytes, for {size} cells")
        values = np.zeros(size, dtype=np.float32)
        found = last = 0
        while self.more():  # none at all where every cell is zero
            at, length = self.take("positions and values", 12)
            _, total, here = self.reader.ints(at, 3)
            if (total not in (count, 0) or here < 0 or found + here > count or length != 12 + 8 * here
                    or (total == 0 and here)):
                self.fail(f"{here} values of {total}, {length - 12} bytes, do not fit {count} values")
            if here:
                position = self.reader.array(at + 12, here, "i")
                if position[0] <= last or position[-1] > size or (np.diff(position) <= 0).any():
                    self.fail("positions are not increasing or lie beyond the dimensions")
                last = int(position[-1])
                values[position - 1] = self.reader.array(at + 12 + 4 * here, here, "f")
            found += here
        if found != count:
            self.fail(f"{found} values, {count} announced")
        return values


class _Grid:
    """An array filled block by block, every cell exactly once."""

    def __init__(self, decoder: _Decoder, dims: tuple[int, ...], code: str) -> None:
        self.decoder, self.dims, self.code = decoder, dims, code
        self.size = int(np.prod(dims, dtype=object))
        if 4 * self.size > len(decoder.reader.data):
            decoder.fail(f"{self.size} cells do not fit the file")
        self.values = np.zeros(dims, dtype=np.float32 if code == "f" else np.int32, order="F")
        self.empty = True
        self.done = np.zeros(dims, dtype=bool, order="F")

    def put(self, box: Sequence[int], at: int, length: int) -> None:
        """Place a block; `box` is the first and last index of each dimension, from 1."""
        self.empty = False
        ranges = list(zip(box[::2], box[1::2], self.dims, strict=True))
        if any(not (1 <= low <= high <= n) for low, high, n in ranges) and self.size:
            self.decoder.fail(f"a block {list(box)} outside the dimensions {self.dims}")
        shape = [high - low + 1 for low, high, _ in ranges]
        count = int(np.prod(shape, dtype=object)) if self.size else 0
        if length != 4 * count:
            self.decoder.fail(f"{length} bytes of values, {4 * count} expected for the block {list(box)}")
        if not count:
            return
        where = tuple(slice(low - 1, high) for low, high, _ in ranges)
        if self.done[where].any():
            self.decoder.fail(f"the block {list(box)} gives cells a second time")
        self.values[where] = self.decoder.reader.array(at, count, self.code).reshape(shape, order="F")
        self.done[where] = True

    def complete(self) -> np.ndarray:
        if not self.done.all():
            self.decoder.fail(f"{int((~self.done).sum())} of {self.size} cells have no value")
        return self.values
