"""The scenario library: shipped files that each answer one question, by number.

A file of the library begins with a comment that says what it is for::

    # Question: Who gains when the United States admit workers from Mexico for a time?
    # Mechanism: Workers go from where their work is worth less to where it is worth more. ...

The question is one line. Any other word with a colon and a capital letter (``Simplified:``,
``Finding:``, ``Source:``) begins a further part.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from cge._paths import shipped, shipped_names
from cge.errors import ScenarioError

_ID = re.compile(r"s0*(\d+)(?:\.toml)?", re.IGNORECASE)
_PART = re.compile(r"([A-Z][a-z ]+): +(.*)")
FOLDER = "runs/scenarios"


@dataclass(frozen=True)
class Entry:
    """One scenario file of the library.

    Attributes
    ----------
    id : str
        ``S9``.
    path : Path
    title : str
    head : dict of str to str
        Parts of the comment at the top, by lower-case name: ``question``, ``mechanism``, ...
    """

    id: str
    path: Path
    title: str
    head: dict[str, str]

    @property
    def line(self) -> str:
        """Number, title and question in one line."""
        return f"{self.id:<4} {self.title}: {self.head.get('question', '')}"


def head_of(text: str) -> dict[str, str]:
    """Parts of the comment at the top of a file, by lower-case name.

    Parameters
    ----------
    text : str
        The whole file.
    """
    parts: dict[str, str] = {}
    name = ""
    for line in text.lstrip("\ufeff").splitlines():
        if not line.startswith("#"):
            break
        words = line.lstrip("# ").rstrip()
        begun = _PART.fullmatch(words)
        if begun:
            name = begun.group(1).lower()
            parts[name] = begun.group(2)
        elif name and words:
            parts[name] += f" {words}"
    return parts


def library() -> list[Entry]:
    """All shipped scenarios in the order of their numbers.

    Raises
    ------
    ScenarioError
        A shipped file cannot be read.
    """
    return sorted((_entry(shipped(FOLDER, n)) for n in shipped_names(FOLDER)), key=lambda e: int(e.id[1:]))


def _entry(path: Path) -> Entry:
    text = path.read_text(encoding="utf-8")
    try:
        title = str(tomllib.loads(text).get("title", path.stem))
    except tomllib.TOMLDecodeError as err:
        raise ScenarioError(f"{path} is not valid TOML: {err}; install the package anew") from None
    number = _ID.fullmatch(path.name)
    if number is None:
        raise ScenarioError(f"{path} is no scenario of the library, whose files are called S09.toml; move it elsewhere")
    return Entry(f"S{number.group(1)}", path, title, head_of(text))


def is_number(name: str) -> bool:
    """Whether a name is the number of a scenario of the library: ``S9``, ``s09``."""
    return _ID.fullmatch(name) is not None


def entry(name: str) -> Entry:
    """The scenario of a number.

    Parameters
    ----------
    name : str
        ``S9``, ``s9``, ``S09``.

    Raises
    ------
    ScenarioError
        There is none; the message gives the numbers that there are.
    """
    found = _ID.fullmatch(name)
    if found:
        for one in library():
            if one.id == f"S{found.group(1)}":
                return one
    have = ", ".join(e.id for e in library()) or "none"
    raise ScenarioError(f"the library has no scenario {name} (it has {have}); `cge scenarios` says what each is about")
