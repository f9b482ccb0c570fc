"""The command scenarios, and shipped scenario files by their names."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path
from typing import Any

from cge.errors import CGEError

_WIDTH = 80


def add(sub: Any) -> None:
    """Declare the commands of this module."""
    c = sub.add_parser("scenarios", help="list the scenario library and the shipped files, or explain one scenario")
    c.add_argument("number", nargs="?", help="explain this one: S9")
    c.set_defaults(run=_scenarios)


def scenario_path(name: str) -> Path:
    """A path as given, a scenario of the library by its number, or a shipped file by name (with or without .toml).

    Raises
    ------
    CGEError
        A folder, a number that the library lacks, or no such file.
    """
    from cge._paths import shipped
    from cge.scenario.library import entry, is_number

    path = Path(name)
    if path.is_dir():
        raise CGEError(f"{name} is a folder; name a scenario file (.toml)")
    if path.is_file() or (path.suffix == ".toml" and path.parent != Path(".")):
        return path
    if is_number(name):
        return entry(name).path
    return shipped("runs", path.name if path.suffix == ".toml" else f"{path.name}.toml")


def _scenarios(args: argparse.Namespace) -> int:
    from cge._paths import shipped, shipped_names
    from cge.scenario import read_scenarios
    from cge.scenario.library import library

    if args.number:
        return _explain(args.number)
    for one in library():
        print(one.line)
    print()
    for name in shipped_names("runs"):
        file = read_scenarios(shipped("runs", name))
        print(f"{name}: {file.title} (benchmark {file.benchmark}; {len(file.scenarios)} scenarios)")
    print("\n`cge scenarios S9` explains one, `cge run S9` runs it")
    return 0


def _explain(number: str) -> int:
    from cge.scenario import read_scenarios
    from cge.scenario.library import entry

    one = entry(number)
    file = read_scenarios(one.path)
    print(f"{one.id}: {one.title}\n")
    for part, text in one.head.items():
        print(textwrap.fill(f"{part.capitalize()}: {text}", _WIDTH, subsequent_indent="  "))
    print("\nScenarios")
    for name, s in file.scenarios.items():
        print(textwrap.fill(f"{name}: {s.title}", _WIDTH, initial_indent="  ", subsequent_indent="    "))
    print("\nExpected")
    for e in file.expect:
        said = f"{e.scenario}: {e}, because {e.why}"
        print(textwrap.fill(said, _WIDTH, initial_indent="  ", subsequent_indent="    "))
    print(f"\n{one.path}")
    return 0
