"""A small TOML writer: the standard library only reads TOML."""

from __future__ import annotations

import json
import re
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_\-]+")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON strings are TOML basic strings, but TOML wants DEL escaped as well.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (list, tuple)):
        items = [_value(item) for item in value]
        line = "[" + ", ".join(items) + "]"
        return line if len(line) <= 100 else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    raise TypeError(
        f"cannot write {type(value).__name__} {value!r} to TOML; use text, numbers, lists or tables"
    )


def dumps(data: dict[str, Any], prefix: str = "") -> str:
    """TOML text of nested dicts of text, numbers, booleans, lists and dicts.

    Keys keep their order, except that plain values come before sub-tables
    (as TOML requires). None is not a TOML value and raises TypeError.
    """
    plain = {k: v for k, v in data.items() if not isinstance(v, dict)}
    tables = {k: v for k, v in data.items() if isinstance(v, dict)}
    text = "".join(f"{_key(k)} = {_value(v)}\n" for k, v in plain.items())
    for key, table in tables.items():
        path = f"{prefix}{_key(key)}"
        body = dumps(table, path + ".")
        only_tables = table and all(isinstance(v, dict) for v in table.values())
        text += ("\n" if text else "") + ("" if only_tables else f"[{path}]\n") + body
    return text
