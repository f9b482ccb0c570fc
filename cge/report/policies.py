"""Tables of what a scenario file asks beyond single scenarios: expected signs, payoffs, phases, sizes and payments."""

from __future__ import annotations

import json
import textwrap

import pandas as pd
import xarray as xr

from cge.scenario import ScenarioFile
from cge.scenario.games import Game
from cge.scenario.scaled import Phases
from cge.welfare.expect import Verdict, judge
from cge.welfare.gains import counted
from cge.welfare.payoffs import WAYS, payoffs

_WIDTH = 118


def print_policies(ds: xr.Dataset, file: ScenarioFile) -> list[Verdict]:
    """Print what the file asks for of payoffs, phases, equal sizes, side payments, and its expected signs.

    Returns
    -------
    list of Verdict
        Expected signs that are not met; empty where all are, or none are stated.
    """
    if file.phases:
        _print_phases(ds, file.phases)
    if file.game:
        _print_payoffs(ds, file.game)
    _print_sizes(ds, file)
    _print_payments(ds, file)
    return _print_expectations(ds, file)


def _print_payoffs(ds: xr.Dataset, game: Game) -> None:
    table = payoffs(ds, game)
    print("\n" + textwrap.fill(
        f"Payoffs, billion US$ (counted as residents (res.), home and host); * best reply to the others, by {game.gain}"
        "; Nash: best replies all", _WIDTH) + "\n")
    frame = pd.DataFrame(index=[" / ".join(i) for i in table.index])
    frame.index.name = " / ".join(game.players)
    for player in game.players:
        best = ["*" if b else " " for b in table[(player, "best")]]
        for way in WAYS:
            mark = best if way == game.gain else [""] * len(best)
            column = f"{player} {'res.' if way == 'residents' else way}"
            frame[column] = [f"{_plain(x)}{m}" for x, m in zip(table[(player, way)], mark, strict=True)]
    frame["world"] = [_plain(x) for x in table[("world", "")]]
    frame[""] = ["Nash" if n else "" for n in table[("Nash", "")]]
    print(frame.to_string())


def _plain(x: float) -> str:
    """Two decimals, and no sign where they are zero."""
    return f"{round(x, 2) + 0.0:.2f}"


def _print_phases(ds: xr.Dataset, phases: Phases) -> None:
    at = ds.sel(scenario=list(phases.names))
    gain = at["gain_by_host"].sum("reg") / 1e3
    movers = counted(ds, ds["movers"].sum(("skill", "reg"))).sel(scenario=list(phases.names)) / 1e3
    frame = pd.DataFrame({"share": phases.share, "movers (m)": movers.values}, index=list(phases.years))
    for group in gain["group"].values:
        frame[str(group)] = gain.sel(group=group).values
    frame["world"] = at["gain_world"].values / 1e3
    reference = str(at["reference"].values[0])
    print(f"\nPhases of {phases.scenario}: each year an equilibrium of its own; changes from "
          + ("the benchmark" if reference == "benchmark" else f"scenario {reference}") + ", billion US$\n")
    print(frame.to_string(float_format=lambda x: f"{x:.2f}"))


def _print_sizes(ds: xr.Dataset, file: ScenarioFile) -> None:
    for name, size in json.loads(ds.attrs.get("sizes", "{}")).items():
        one = file.equal[name]
        who = "" if one.reg is None else f" of {one.reg if isinstance(one.reg, str) else ', '.join(one.reg)}"
        moved = abs(ds["transfer"].sel(scenario=name)).sum() / 2e3 if "transfer" in ds else 0.0
        money = f", which is {float(moved):.2f} billion US$ of transfers" if file.scenarios[name].transfers else ""
        print("\n" + textwrap.fill(f"{name} does to the gain ({one.of}{who}) what {one.to} does at {size:.4g} times "
                                   f"the size it is written with{money}", _WIDTH))


def _print_payments(ds: xr.Dataset, file: ScenarioFile) -> None:
    for name, found in json.loads(ds.attrs.get("payments", "{}")).items():
        assert file.payments is not None
        gains = sum(found["before"].values()) / 1e3
        print(f"\n{name}: who must pay whom so that nobody loses ({file.payments.gain}), billion US$\n")
        frame = pd.DataFrame({"without": found["before"], "payment": found["payment"], "with": found["after"]}) / 1e3
        print(frame.to_string(float_format=lambda x: f"{x:.3f}"))
        print(f"\nsum of gains {gains:.2f}; payments {found['bill'] / 1e3:.2f}: " + (
            "the gainers can pay and still gain" if found["covered"] else
            "what the gainers gain does not cover what the losers lose; nothing is paid"))


def _print_expectations(ds: xr.Dataset, file: ScenarioFile) -> list[Verdict]:
    if not file.expect:
        return []
    verdicts = judge(ds, file.expect)
    failed = [v for v in verdicts if not v.met]
    print("\nExpected signs, stated from theory, and what came out\n")
    for v in verdicts:
        print(textwrap.fill(str(v), _WIDTH, subsequent_indent=" " * 9))
        print(textwrap.fill(f"because {v.expectation.why}", _WIDTH, initial_indent=" " * 9,
                            subsequent_indent=" " * 9))
    print(f"\n{len(verdicts) - len(failed)} of {len(verdicts)} expectations met")
    return failed
