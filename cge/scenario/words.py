"""Checks of single values of a scenario file: keys, texts, labels, numbers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from cge.errors import ScenarioError, short


def check_keys(given: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse an unknown key, naming the nearest known one."""
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise ScenarioError(f"{where}: key '{key}' is not known; "
                                + (f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(known))}"))


def table_of(value: Any, where: str) -> Mapping[str, Any]:
    """Refuse anything that is not a table of keys."""
    if not isinstance(value, Mapping):
        raise ScenarioError(f"{where}: {value!r} is not a table; write it as {{ key = value }}")
    return value


def text_of(value: Any, where: str) -> str:
    """Refuse anything that is not a text."""
    if not isinstance(value, str):
        raise ScenarioError(f'{where}: {short(repr(value))} is not a text; write one text in quotes, as "T"')
    return value


def labels(value: Any, where: str) -> None:
    """Refuse anything that is not a label or a list of labels, one at least."""
    listed = [value] if isinstance(value, str) or value is None else value
    if isinstance(listed, (list, tuple)) and not listed:
        raise ScenarioError(f"{where}: the list is empty, so that nothing is chosen; name at least one, or leave the "
                            "key out")
    if not isinstance(listed, (list, tuple)) or not all(isinstance(v, str) or v is None for v in listed):
        raise ScenarioError(f'{where}: {value!r} is not a name or a list of names; write it as ["USA", "CAN"]')


def number(value: Any, where: str) -> None:
    """Refuse anything that is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) == float("inf"):
        raise ScenarioError(f"{where}: {value!r} is not a number; write it without quotes, as 0.03")
