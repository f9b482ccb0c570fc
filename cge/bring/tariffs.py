"""Tariffs of a user's file, averaged over the countries of a region with trade as weights."""

from __future__ import annotations

import numpy as np

from cge.bring.mapping import sums
from cge.bring.satellites import between, read_long
from cge.bring.settings import Settings

RATES = (-0.5, 3.0)
"""Lowest and highest rate taken; what is above is most often per cent typed for a fraction."""


def tariff_rates(
    settings: Settings, trade: np.ndarray, comm: list[str], regions: dict[str, list[str]], countries: list[str]
) -> np.ndarray:
    """Ad valorem rates (comm, src, dst) by region; none where the user gives no file.

    A line holds for a sector, a source and a destination; each may be ``*`` (all), source and destination a country
    of the table or a region. The line with fewer ``*`` wins, then the one with more countries.

    Parameters
    ----------
    settings : Settings
    trade : ndarray (comm, src country, dst country)
        Trade at the exporter's price, million US$; zero inside a country.
    comm : list of str
    regions : dict
        Countries of each region.
    countries : list of str

    Raises
    ------
    BenchmarkError
        A rate outside `RATES`, by file and line; what `cge.bring.satellites.read_long` refuses.
    """
    reg = list(regions)
    if settings.file("tariffs") is None:
        settings.default("tariffs", "none (every rate zero)")
        return np.zeros((len(comm), len(reg), len(reg)))
    places = [*reg, *(c for c in countries if c not in regions)]
    frame = read_long(
        settings,
        "tariffs",
        {"sector": False, "src": False, "dst": False},
        {"rate": True},
        {"sector": comm, "src": places, "dst": places},
    )
    between(settings, "tariffs", frame, "rate", *RATES, "a rate is a fraction (0.12 for 12%): correct it")
    position = {c: [i] for i, c in enumerate(countries)}
    position |= {r: [countries.index(c) for c in some] for r, some in regions.items()}
    everywhere = list(range(len(countries)))

    def wide(label: str) -> int:
        return len(everywhere) + 1 if label == "*" else len(position[label])

    frame["stars"] = (frame[["sector", "src", "dst"]] == "*").sum(axis=1)
    frame["size"] = frame["src"].map(wide) * frame["dst"].map(wide)
    rate = np.zeros((len(comm), len(countries), len(countries)))
    for row in frame.sort_values(["stars", "size"], ascending=False, kind="stable").itertuples():
        i = range(len(comm)) if row.sector == "*" else [comm.index(row.sector)]
        s = everywhere if row.src == "*" else position[row.src]
        d = everywhere if row.dst == "*" else position[row.dst]
        rate[np.ix_(i, s, d)] = row.rate
    by = sums(regions, countries)
    duty = np.einsum("csd,qs,rd->cqr", rate * trade, by, by, optimize=True)
    value = np.einsum("csd,qs,rd->cqr", trade, by, by, optimize=True)
    return np.divide(duty, value, out=np.zeros_like(duty), where=value > 0)
