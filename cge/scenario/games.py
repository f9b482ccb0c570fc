"""Policies as a game: players who each choose among strategies; the section ``payoffs`` of a scenario file.

::

    [payoffs]
    gain = "residents"                       # what players care for: residents (default), home or host

    [payoffs.players.USA]
    regions = ["USA"]
    keep = {}                                # a strategy: what it does, as in a scenario
    raise = { shock = [{ variable = "tm", value = 1.1, where = { reg = "USA" } }] }

Every combination of strategies becomes a scenario, called after them in the order of the players: ``raise/keep``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, table_of

_MOVES = ("tariffs", "quota", "shock", "transfers")
_GAINS = ("residents", "home", "host")


@dataclass(frozen=True)
class Game:
    """Players, strategies and the scenario of each combination.

    Attributes
    ----------
    gain : str
        Measure that decides which reply is best.
    players : dict of str to list of str
        Regions (or groups) whose gain counts, by player.
    profiles : dict of tuple of str to str
        Scenario of each combination of strategies.
    """

    gain: str
    players: Mapping[str, Any]
    profiles: Mapping[tuple[str, ...], str]


def read_game(raw: Any, taken: Iterable[str], path: str) -> tuple[Game | None, dict[str, dict[str, Any]]]:
    """The section ``payoffs`` of a file, and the scenarios of all combinations of strategies, as sections of a file.

    Raises
    ------
    ScenarioError
        Fewer than two players, a player without regions or with fewer than two strategies, an unknown key.
    """
    if not raw:
        return None, {}
    where = f"{path}, payoffs"
    check_keys(raw, {"gain", "players"}, where)
    gain = raw.get("gain", "residents")
    if gain not in _GAINS:
        raise ScenarioError(f"{where}: gain = {gain!r} is not known; use one of {', '.join(_GAINS)}")
    players = table_of(raw.get("players", {}), f"{where}, players")
    if len(players) < 2:
        raise ScenarioError(f"{where}: a game has two players at least; add sections [payoffs.players.NAME]")
    strategies = {name: _strategies(name, body, where) for name, body in players.items()}
    taken = set(taken)
    scenarios: dict[str, dict[str, Any]] = {}
    profiles: dict[tuple[str, ...], str] = {}
    for choice in itertools.product(*strategies.values()):
        name = "/".join(choice)
        if name in taken or name in scenarios:
            raise ScenarioError(f"{where}: the combination {name} has the name of another scenario; rename a strategy")
        moves: dict[str, list] = {key: [] for key in _MOVES}
        for player, strategy in zip(strategies, choice, strict=True):
            for key, value in strategies[player][strategy].items():
                moves[key] += value
        title = "; ".join(f"{p}: {s}" for p, s in zip(strategies, choice, strict=True))
        scenarios[name] = {"title": title, **{k: v for k, v in moves.items() if v}}
        profiles[choice] = name
    return Game(gain, {n: body["regions"] for n, body in players.items()}, profiles), scenarios


def _strategies(player: str, body: Any, where: str) -> dict[str, dict[str, list]]:
    here = f"{where}, player '{player}'"
    body = table_of(body, here)
    if "regions" not in body:
        raise ScenarioError(f"{here}: 'regions' is missing; name those whose gain the player cares for")
    labels(body["regions"], f"{here}, regions")
    found = {k: table_of(v, f"{here}, {k}") for k, v in body.items() if k != "regions"}
    if len(found) < 2:
        raise ScenarioError(f"{here}: a player has two strategies at least; add one, as keep = {{}}")
    for name, moves in found.items():
        check_keys(moves, set(_MOVES), f"{here}, {name}")
        if "/" in name:
            raise ScenarioError(f"{here}: the strategy '{name}' has a / in its name, which parts players; rename it")
        for key, value in moves.items():
            if not isinstance(value, list) or not all(isinstance(e, dict) for e in value):
                raise ScenarioError(f"{here}, {name}: {key} must be a list of tables, {key} = [{{ ... }}]")
    return {k: dict(v) for k, v in found.items()}


def check_players(game: Game, bench: Benchmark, path: str) -> None:
    """Refuse players whose regions the benchmark does not have.

    Raises
    ------
    ScenarioError
    """
    for name, regions in game.players.items():
        positions(bench, "reg", regions, f"{path}, payoffs, player '{name}'")
