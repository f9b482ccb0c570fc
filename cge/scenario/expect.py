"""What theory expects of a scenario, in words that a program can check: the list ``expect`` of a scenario file.

::

    [[expect]]
    scenario = "M"              # may be left out where the file has one scenario only
    of = "wage"                 # a measure (MEASURES) or any variable of the model
    skill = "UnskLab"           # which cells: labels or groups of the benchmark, by dimension
    reg = "USA"
    sign = "-"                  # + - 0, or > < beside `than`
    why = "newcomers compete with those who have the same skill"

``than`` is a number, the name of another scenario, or a table of what differs (``{ reg = "MEX" }``).
Money and people are summed over the cells chosen; what is in percent must have the sign in each of them,
or in ``at_least`` so many. ``cells = "each"`` or ``"sum"`` says otherwise. ``within`` is how far from
zero a value may be that counts as ``0``. What is measured is counted from the scenario's reference.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model import table
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, number, table_of, text_of


@dataclass(frozen=True)
class Measure:
    """Something that an expectation may be about.

    Attributes
    ----------
    dims : tuple of str
        Dimensions by which cells are chosen.
    unit, what : str
    summed : bool
        Whether cells are taken together by default; else each has to have the sign.
    """

    dims: tuple[str, ...]
    unit: str
    what: str
    summed: bool = True


_BN, _PAIR = "bn US$", ("skill", "home", "host")
#: Measures by name; beside them any variable of the model may be named, of which the change is taken.
MEASURES = {
    "world": Measure((), _BN, "gain of the world, all groups of people"),
    "residents": Measure(("reg",), _BN, "gain of permanent residents"),
    "home": Measure(("reg",), _BN, "gain of the people of a region, wherever they live"),
    "host": Measure(("reg",), _BN, "gain of the people who live in a region"),
    "earlier migrants": Measure(_PAIR, _BN, "gain of earlier migrants"),
    "new movers": Measure(_PAIR, _BN, "gain of new movers"),
    "new movers with sent": Measure(_PAIR, _BN, "gain of new movers, what they send counted as theirs"),
    "residents without sent": Measure(("reg",), _BN, "gain of permanent residents less what new movers send them"),
    "percent": Measure(("reg",), "% of income", "gain of permanent residents over their benchmark income", False),
    "movers": Measure(_PAIR, "thousand", "number of new movers"),
    "remittances": Measure(("reg",), _BN, "change of remittances received"),
    "rents": Measure(_PAIR, _BN, "rents of caps"),
    "payments": Measure(("reg",), _BN, "transfers between regional households received"),
    "tariff revenue": Measure(("reg",), _BN, "change of tariff revenue"),
    "wage": Measure(("skill", "reg"), "%", "change of the real wage", False),
    "wage gap": Measure(_PAIR, "%", "change of the real wage in the host over that at home", False),
    "capital": Measure(("reg",), "%", "change of the real return to capital", False),
    "terms of trade": Measure(("reg",), "%", "change of the terms of trade", False),
    "trade": Measure(("comm", "src", "dst"), "%", "change of the volume of exports between regions"),
    "output": Measure(("acts", "reg"), "%", "change of the volume of output"),
}
_SELECTORS = {"skill", "reg", "home", "host", "comm", "acts", "endw", "src", "dst", "marg", "bloc", "tie"}
_KEYS = {"scenario", "of", "sign", "than", "cells", "at_least", "within", "why"} | _SELECTORS
_SIGNS = ("+", "-", "0", ">", "<")
_AGAINST_NOTHING = {"+": "> 0", "-": "< 0", "0": "= 0", "": ""}
_NOTHING = 1e-6


@dataclass(frozen=True)
class Expectation:
    """One expected sign.

    Attributes
    ----------
    scenario, of, sign, why : str
    where : mapping of str to label or list of labels
        Cells, by dimension; all where a dimension is not named.
    than : float or Expectation, optional
        What the value is compared with under ``>`` and ``<``.
    summed : bool
        Whether cells are taken together.
    at_least : float, optional
        Number of cells that must have the sign, or below one the part of them; all if not given.
    within : float
        Distance from zero that counts as none, in the measure's unit.
    """

    scenario: str
    of: str
    sign: str
    why: str
    where: Mapping[str, Any] = field(default_factory=dict)
    than: float | Expectation | None = None
    summed: bool = True
    at_least: float | None = None
    within: float = _NOTHING

    @property
    def unit(self) -> str:
        """Unit of what is measured."""
        return measure(self.of, "expect").unit

    def __str__(self) -> str:
        """The expectation in one line."""
        what = f"{self.of}{_cells(self.where)}"
        if isinstance(self.than, Expectation):
            other = self.than
            same = other.of == self.of and other.where == self.where
            than = f"in {other.scenario}" if same else f"{other.of}{_cells(other.where)}"
            if not same and other.scenario != self.scenario:
                than += f" in {other.scenario}"
            return f"{what} {self.sign} {than}"
        if self.than is not None:
            return f"{what} {self.sign} {self.than:g}"
        return f"{what} {_AGAINST_NOTHING[self.sign]}"


def _cells(where: Mapping[str, Any]) -> str:
    given = [v if isinstance(v, str) else "+".join(v) for v in where.values()]
    return f" ({', '.join(given)})" if given else ""


def measure(name: str, where: str) -> Measure:
    """The measure of that name, or the change of a variable of the model.

    Raises
    ------
    ScenarioError
        Neither exists; the nearest name is given.
    """
    if name in MEASURES:
        return MEASURES[name]
    symbol = table.symbols.get(name)
    if symbol is None:
        near = difflib.get_close_matches(name, [*MEASURES, *table.symbols], 1)
        raise ScenarioError(f"{where}: of = '{name}' is no measure ({', '.join(MEASURES)}) and no variable of the model"
                            + (f"; did you mean '{near[0]}'?" if near else "; `cge symbols` lists them"))
    index = symbol.positive and symbol.unit.startswith("index")
    return Measure(symbol.dims, "%" if index else symbol.unit, symbol.long_name, not index)


def read_expectations(entries: Any, scenarios: Sequence[str], path: str) -> tuple[Expectation, ...]:
    """Expectations of a file.

    Parameters
    ----------
    entries : list of mapping
        The key ``expect`` of the file.
    scenarios : sequence of str
        Names of its scenarios.
    path : str
        For messages.

    Raises
    ------
    ScenarioError
        Unknown key, measure, scenario or sign; a value of the wrong kind; no reason given.
    """
    if not isinstance(entries, (list, tuple)):
        raise ScenarioError(f"{path}: expect is a list; write [[expect]] above each expectation")
    return tuple(_read(e, scenarios, f"{path}, expect {k}") for k, e in enumerate(entries, 1))


def _read(entry: Any, scenarios: Sequence[str], where: str) -> Expectation:
    check_keys(table_of(entry, where), _KEYS, where)
    for key in ("of", "sign", "why"):
        if not text_of(entry.get(key, ""), f"{where}, {key}"):
            raise ScenarioError(f"{where}: '{key}' is missing; each expectation says of what, which sign, and why")
    scenario = text_of(entry.get("scenario", scenarios[0] if len(scenarios) == 1 else ""), f"{where}, scenario")
    if not scenario:
        raise ScenarioError(f"{where}: 'scenario' is missing, and the file has several; name one of "
                            f"{', '.join(scenarios)}")
    _known(scenario, scenarios, where)
    of, sign = entry["of"], entry["sign"]
    kind = measure(of, where)
    if sign not in _SIGNS:
        raise ScenarioError(f"{where}: sign = \"{sign}\" is not known; use one of {' '.join(_SIGNS)}")
    chosen = _where(entry, kind, of, where)
    if (sign in "><") != ("than" in entry):
        raise ScenarioError(f"{where}: the signs > and < need `than` (a number, a scenario, or a table), and the "
                            "others take none")
    number(entry.get("within", 0.0), f"{where}, within")
    if entry.get("cells", "sum") not in ("each", "sum"):
        raise ScenarioError(f"{where}: cells = {entry['cells']!r} is not known; write \"each\" or \"sum\"")
    if entry.get("cells") == "sum" and not kind.summed:
        raise ScenarioError(f"{where}: '{of}' is in {kind.unit} by cell and has no sum; leave cells out")
    least = entry.get("at_least")
    if least is not None and (isinstance(least, bool) or not isinstance(least, (int, float)) or not (
            0 < least < 1 or least == int(least) >= 1)):
        raise ScenarioError(f"{where}: at_least is a number of cells, 1 or more, or a part of them, as 0.5, not "
                            f"{least!r}")
    summed = kind.summed and entry.get("cells") != "each" and least is None
    return Expectation(scenario, of, sign, entry["why"], chosen, _than(entry, scenario, scenarios, summed, where),
                       summed, least, entry.get("within", _NOTHING))


def _than(entry: Mapping[str, Any], scenario: str, scenarios: Sequence[str], summed: bool, where: str
          ) -> float | Expectation | None:
    """The other side of a comparison: a number, or the same measure with what differs."""
    than = entry.get("than")
    if than is None:
        return None
    if isinstance(than, (int, float)):
        number(than, f"{where}, than")
        return float(than)
    if isinstance(than, str):
        than = {"scenario": than}
    check_keys(table_of(than, f"{where}, than"), {"scenario", "of"} | _SELECTORS, f"{where}, than")
    other, of = than.get("scenario", scenario), than.get("of", entry["of"])
    _known(text_of(other, f"{where}, than"), scenarios, f"{where}, than")
    kind = measure(text_of(of, f"{where}, than, of"), f"{where}, than")
    if kind.unit != measure(entry["of"], where).unit:
        raise ScenarioError(f"{where}, than: '{of}' is in {kind.unit} and '{entry['of']}' is not; compare what has one "
                            "unit")
    given = {k: v for k, v in than.items() if k in _SELECTORS}
    if of == entry["of"]:
        given = {**{k: v for k, v in entry.items() if k in _SELECTORS}, **given}
    return Expectation(other, of, "", "", _where(given, kind, of, f"{where}, than"), summed=summed)


def _where(entry: Mapping[str, Any], kind: Measure, of: str, where: str) -> dict[str, Any]:
    """Cells by dimension, in the order of the measure's dimensions."""
    for key in _SELECTORS & set(entry):
        labels(entry[key], f"{where}, {key}")
        if key not in kind.dims:
            raise ScenarioError(f"{where}: '{of}' has no dimension {key}; its own are ({', '.join(kind.dims)})")
    return {d: entry[d] for d in kind.dims if d in entry}


def _known(name: str, scenarios: Sequence[str], where: str) -> None:
    if name not in scenarios:
        raise ScenarioError(f"{where}: '{name}' is not a scenario of the file; it has {', '.join(scenarios)}")


def check_labels(expectations: Sequence[Expectation], bench: Benchmark, path: str) -> None:
    """Refuse expectations about elements that the benchmark does not have.

    Raises
    ------
    ScenarioError
        With the nearest name.
    """
    for k, e in enumerate(expectations, 1):
        for one in (e, *([e.than] if isinstance(e.than, Expectation) else [])):
            for dim, wanted in one.where.items():
                if dim not in ("bloc", "tie"):
                    positions(bench, dim, wanted, f"{path}, expect {k}")
