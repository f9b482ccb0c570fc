"""Price levels of household consumption of a user's file, for results at purchasing-power parity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.bring.satellites import between, labelled
from cge.bring.settings import Settings

LEVELS = (0.01, 20.0)
"""Lowest and highest level taken, the United States being 1; outside is a percentage or a rate of exchange."""


def price_levels(
    settings: Settings, regions: dict[str, list[str]], consumption: Mapping[str, float] | None = None
) -> np.ndarray | None:
    """Price levels ``PRICELEVEL`` (reg), or None where the user gives no file.

    Levels of countries are averaged with consumption in volumes as weights (nominal over real consumption), as
    `cge.benchmark.aggregate` does. No equation of the model reads them.

    Parameters
    ----------
    settings : Settings
    regions : dict
        Countries of each region.
    consumption : mapping of str to float, optional
        Household consumption by country at purchaser prices, million US$; default one number for all.

    Raises
    ------
    BenchmarkError
        A level outside `LEVELS`, a region or country without a line, regions and countries mixed.
    """
    if settings.file("price_levels") is None:
        settings.default("price_levels", "none; no results at purchasing-power parity are given")
        return None
    frame, direct = labelled(settings, "price_levels", {"level": True}, regions)
    between(settings, "price_levels", frame, "level", *LEVELS, "a level is a ratio (0.45), the United States being 1")
    level = dict(zip(frame["reg"], frame["level"]))
    if direct:
        return np.array([level[r] for r in regions])
    nominal = {c: 1.0 if consumption is None else consumption[c] for some in regions.values() for c in some}

    def mean(some: list[str]) -> float:
        if len(some) == 1:
            return level[some[0]]
        return sum(nominal[c] for c in some) / sum(nominal[c] / level[c] for c in some)

    return np.array([mean(some) for some in regions.values()])
