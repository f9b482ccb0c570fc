"""Payoffs of a game of policies: what each player gains under each combination, best replies, Nash equilibria."""

from __future__ import annotations

import json

import pandas as pd
import xarray as xr

from cge.scenario.games import Game
from cge.welfare.gains import GROUPS

#: Ways to count a player's gain: people who stay, people of the regions wherever they live, people who live there.
WAYS = ("residents", "home", "host")


def payoffs(ds: xr.Dataset, game: Game) -> pd.DataFrame:
    """Gain of each player under each combination of strategies, bn US$.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of all combinations, with gains.
    game : Game

    Returns
    -------
    pandas.DataFrame
        One row per combination, indexed by the players' strategies. Columns: for each player and way of counting
        (:data:`WAYS`) the gain, and ``best``, whether the strategy is a best reply to the others' by the way that the
        game names; ``world``; ``Nash``, whether it is a best reply of every player (pure strategies).
    """
    groups = json.loads(ds.attrs["groups"])
    rows = {}
    for choice, name in game.profiles.items():
        by_host, by_home = (ds[f"gain_by_{k}"].sel(scenario=name) / 1e3 for k in ("host", "home"))
        row: dict[tuple[str, str], float] = {}
        for player, regions in game.players.items():
            named = [regions] if isinstance(regions, str) else regions
            chosen = [r for r in ds["reg"].values if r in {x for n in named for x in groups.get(n, [n])}]
            values = (by_host.sel(group=GROUPS[0]), by_home.sum("group"), by_host.sum("group"))
            row |= {(player, way): float(v.sel(reg=chosen).sum()) for way, v in zip(WAYS, values, strict=True)}
        rows[choice] = row | {("world", ""): float(ds["gain_world"].sel(scenario=name)) / 1e3}
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(list(rows), names=list(game.players))
    for k, player in enumerate(game.players):
        others = [i for i in range(len(game.players)) if i != k]
        own = frame[(player, game.gain)]
        frame[(player, "best")] = own >= own.groupby(level=others).transform("max") - 1e-9
    frame[("Nash", "")] = frame[[(p, "best") for p in game.players]].all(axis=1)
    frame.columns = pd.MultiIndex.from_tuples(frame.columns)
    return frame
