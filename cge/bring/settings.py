"""Settings of an import: the user's TOML file, what is missing in it, and a record of everything done to the "
"numbers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from cge.errors import BenchmarkError, short

DATA = Path(__file__).resolve().parent / "data"

SATELLITES: dict[str, str] = {
    "factor_shares": "sector, reg, labour, skilled, land, natres (fractions)",
    "taxes": "reg, labour, capital (rates of income tax)",
    "capital": "reg, stock, depreciation (million US$)",
    "population": "reg, population (million persons)",
    "tariffs": "sector, src, dst, rate (fraction of the cif value)",
    "workers": "reg, skill, workers (thousand)",
    "migrants": "home, host, skill, workers (thousand workers) or persons (thousand persons of all ages)",
    "remittances": "home, host, skill, value (million US$)",
    "elasticities": "sector, esubva, esubd, esubm",
    "price_levels": "reg, level (of household consumption at market exchange rates; USA = 1)",
}
"""Files beside the table, and their columns; `reg`, `skill` may be left out where the reader says so."""

COMMON = ("title", "year", "missing", "groups", "files", "options", "like", "sources", "long_names")


@cache
def data(name: str) -> dict[str, Any]:
    """A table of the package's own data folder: ``oecd`` or ``classes``."""
    return tomllib.loads((DATA / f"{name}.toml").read_text())


def number(name: str) -> float:
    """A default number of ``classes.toml``."""
    return float(data("classes")["number"][name])


def first_line(path: Path) -> str:
    """Head line of a text file."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        return text.readline()


def refuse_separator(path: Path, line: str) -> None:
    """Refuse a head line whose cells are separated by something else than commas.

    Raises
    ------
    BenchmarkError
        Naming the separator and the repair.
    """
    bare = re.sub('"[^"]*"', "", line)  # a quoted label may hold any of them
    for mark, name in ((";", "';'"), ("\t", "a tabulator"), ("|", "'|'")):
        if bare.count(mark) > bare.count(","):
            raise BenchmarkError(
                f"{path}: the separator is {name}; save it with ',' between the cells and '.' in the "
                "numbers (1234.5, not 1234,5)"
            )


@dataclass
class Log:
    """What was assumed and changed on the way to a benchmark; nothing is done that is not in it.

    Attributes
    ----------
    defaults : list of str
        Satellites that the user did not give, each with the default taken.
    notes : list of str
        Facts of the table and of its reading.
    rows : list of tuple
        Rows of adjustments.csv: kind, flow, item, agent, reg, before, after (million US$, or the unit of the flow).
    """

    defaults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[tuple] = field(default_factory=list)

    def adjust(self, kind: str, flow: str, item: str, agent: str, reg: str, before: float, after: float) -> None:
        """Record a change of one number."""
        self.rows.append((kind, flow, item, agent, reg, float(before), float(after)))

    def adjustments(self) -> pd.DataFrame:
        """All changes, largest first inside each kind; the columns of the shipped benchmarks' adjustments.csv."""
        frame = pd.DataFrame(self.rows, columns=["kind", "flow", "item", "agent", "reg", "before", "after"])
        frame["change"] = frame["after"] - frame["before"]
        frame["ratio"] = (frame["after"] / frame["before"].where(frame["before"] != 0)).round(9)
        frame["size"] = frame["change"].abs()
        frame = frame.sort_values(["kind", "size"], ascending=[True, False], kind="stable").drop(columns="size")
        return frame.reset_index(drop=True)

    def totals(self) -> list[str]:
        """One line per kind of change: count and sum of absolute changes."""
        frame = self.adjustments()
        out = []
        for kind, part in frame.groupby("kind", sort=True):
            out.append(f"{kind}: {len(part)} numbers, {part['change'].abs().sum():,.6g} in all")
        return out


@dataclass
class Settings:
    """A user's settings file.

    Attributes
    ----------
    path : Path
        File paths in it are relative to its folder.
    table : dict
        As read.
    log : Log
    """

    path: Path
    table: dict[str, Any]
    log: Log = field(default_factory=Log)

    def option(self, name: str, default: Any) -> Any:
        """A value of the table [options]."""
        value = self.table.get("options", {}).get(name, default)
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if isinstance(default, float) and not good:
            raise BenchmarkError(f"{self.path}: options.{name} = {value!r} is not a number; write one")
        return float(value) if isinstance(default, float) else value

    def fraction(self, name: str, default: float) -> float:
        """An option between 0 and 1."""
        value = self.option(name, default)
        if not 0 <= value <= 1:
            raise BenchmarkError(f"{self.path}: options.{name} = {value} is not between 0 and 1; correct it")
        return value

    def file(self, name: str) -> Path | None:
        """Path of a satellite file, or None where the user gives none and accepts the default."""
        given = self.table.get("files", {}).get(name)
        return None if given is None else self.path.parent / given

    def default(self, name: str, text: str) -> None:
        """Note that the default of a satellite is taken."""
        self.log.defaults.append(f"{name}: {text}")

    def refuse_missing(self, needed: Mapping[str, str] | None = None) -> None:
        """Refuse satellites that the user neither gives nor leaves to their default.

        Raises
        ------
        BenchmarkError
            Naming each of them and the file that would supply it.
        """
        rule = self.table.get("missing", "default")
        rules = rule if isinstance(rule, dict) else {"all": rule}
        known = needed or SATELLITES
        for key, value in rules.items():
            if key not in ("all", *known) or value not in ("default", "refuse"):
                raise BenchmarkError(
                    f'{self.path}: missing.{key} = {value!r}; write "default" or "refuse" for all or '
                    f"for one of {', '.join(known)}"
                )
        given = self.table.get("files", {})
        gone = [n for n in known if n not in given and rules.get(n, rules.get("all", "default")) == "refuse"]
        if gone:
            wanted = "; ".join(f"{n} (a CSV with the columns {known[n]})" for n in gone)
            raise BenchmarkError(
                f"{self.path}: missing and refused: {wanted}; name each file in [files], or write "
                f'missing = {{ {gone[0]} = "default" }} to accept its documented default'
            )


def read_settings(
    path: str | Path, sections: tuple[str, ...], options: tuple[str, ...], needed: Mapping[str, str] | None = None
) -> Settings:
    """Read a settings file and refuse what it may not have.

    Parameters
    ----------
    path : path
    sections : tuple of str
        Tables and keys allowed besides those of every import.
    options : tuple of str
        Names allowed in [options].
    needed : mapping of str to str, optional
        Satellites of this kind of table and their columns; default all.

    Raises
    ------
    BenchmarkError
        No file, bad TOML, unknown key, a satellite file that does not exist, a missing satellite that is refused.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise BenchmarkError(f"{path}: {error.strerror or error}; give a settings file (.toml)") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{path}: {error}; mend the file") from None
    known = (*COMMON, *sections)
    stray = [k for k in table if k not in known]
    if stray:
        raise BenchmarkError(f"{path}: unknown key {short(stray[0])!r}; known keys are {', '.join(known)}")
    for key in ("groups", "files", "options", "like", "sources", "long_names"):
        if not isinstance(table.get(key, {}), dict):
            raise BenchmarkError(f"{path}: {key} is no table; write [{key}] and a line below it for each entry")
    stray = [k for k in table.get("options", {}) if k not in options]
    if stray:
        raise BenchmarkError(f"{path}: unknown option {short(stray[0])!r}; known options are {', '.join(options)}")
    files = needed or SATELLITES
    for name, value in table.get("files", {}).items():
        if name not in files:
            raise BenchmarkError(f"{path}: files.{short(name)}: no satellite has this name; one of {', '.join(files)}")
        if not isinstance(value, str) or not (path.parent / value).is_file():
            raise BenchmarkError(
                f"{path}: files.{name} = {value!r}: no such file in {path.parent}; correct the name, or "
                "leave the line out"
            )
    year = table.get("year")
    if not isinstance(year, int) or isinstance(year, bool):
        raise BenchmarkError(f"{path}: year = {year!r} is no year; add a line such as year = 2014")
    settings = Settings(path, table)
    settings.refuse_missing(files)
    return settings
