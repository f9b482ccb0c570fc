"""The records of a HAR file: lengths checked, grouped by header, numbers and text taken out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from cge.benchmark.har.array import HarError

REPAIR = "the file is damaged or cut short: take a fresh copy, or open it with GEMPACK's ViewHAR and save it again"


class Reader:
    """The records of a file, their lengths checked, grouped by header."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self.data, self.header, self.offset = path, data, "", 0
        self.order = "<"
        if not data:
            self.fail("the file is empty")
        if len(data) >= 12 and struct.unpack("<i", data[:4])[0] != 4:
            if struct.unpack(">i", data[:4])[0] != 4:
                raise HarError(f"{path}: not a GEMPACK header-array file (its first record is not a header name of "
                               "4 characters); give a .har or .prm file of GEMPACK 6 or later (text and GDX files, "
                               "compressed files and those of the Lahey LF90 compiler have another form)")
            self.order = ">"  # written on a big-endian machine

    def fail(self, what: str, repair: str = REPAIR) -> NoReturn:
        where = f"header {self.header!r}, " if self.header else ""
        raise HarError(f"{self.path}, {where}byte {self.offset}: {what}; {repair}")

    def _marker(self, at: int) -> int:
        return struct.unpack_from(self.order + "i", self.data, at)[0]

    def headers(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Yield (name, records); a record is (offset of its first byte, length)."""
        at, end = 0, len(self.data)
        name = ""
        records: list[tuple[int, int]] = []
        while at < end:
            self.offset = at
            if at + 8 > end:
                self.fail("the file ends inside a record")
            length = self._marker(at)
            if length < 0 or at + 8 + length > end:
                self.fail(f"a record of {length} bytes does not fit into the file ({end - at - 8} bytes are left)")
            if self._marker(at + 4 + length) != length:
                self.fail(f"the record's length is {length} at its start and "
                          f"{self._marker(at + 4 + length)} at its end")
            if length == 4 and self.data[at + 4 : at + 8].strip():
                if records:
                    yield name, records
                self.header, self.offset = "", at
                name = self.text(at + 4, 4, strict=True)
                self.header = name
                records = []
            elif not name:
                self.fail("the file does not start with a header name")
            else:
                records.append((at + 4, length))
                at += 8 + length
                continue
            at += 8 + length
            if at >= end:
                self.fail("the file ends after the name of a header")
            if self._peek_is_name(at):
                self.fail("the header has no records")
        if records:
            yield name, records

    def _peek_is_name(self, at: int) -> bool:
        return at + 8 <= len(self.data) and self._marker(at) == 4 and bool(self.data[at + 4 : at + 8].strip())

    def text(self, at: int, length: int, strict: bool = False) -> str:
        """Latin-1 text without trailing blanks (some writers pad with zero bytes); strict: plain ASCII only."""
        text = self.data[at : at + length].decode("latin-1").replace("\0", " ").rstrip()
        if strict and not (text.isascii() and text.isprintable() and text == text.lstrip()):
            self.offset = at
            self.fail(f"the name {text!r} is not plain text")
        return text

    def ints(self, at: int, count: int) -> tuple[int, ...]:
        return struct.unpack_from(f"{self.order}{count}i", self.data, at)

    def array(self, at: int, count: int, code: str) -> np.ndarray:
        kind = np.dtype(f"{self.order}{code}4")
        return np.frombuffer(self.data, dtype=kind, count=count, offset=at).astype(kind.newbyteorder("="))
