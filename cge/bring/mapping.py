"""Countries to regions and industries to sectors, and the classes of sectors that defaults are taken from."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.bring.settings import Settings, data
from cge.errors import BenchmarkError, short


def groups_of(settings: Settings, key: str, labels: list[str]) -> dict[str, list[str]]:
    """Members of each region or sector among the labels of the table.

    Parameters
    ----------
    settings : Settings
    key : str
        ``regions`` or ``sectors``: a table, new label = list of old ones, ``["*"]`` for the rest; ``"oecd"`` for the
        ready mapping; ``"each"`` for no aggregation.
    labels : list of str
        Countries or industries of the table.

    Raises
    ------
    BenchmarkError
        A label that the table has not, one mapped twice, one left out, or a group without members.
    """
    given = settings.table.get(key)
    what = {"regions": "country", "sectors": "industry"}[key]
    if given == "each":
        return {label: [label] for label in labels}
    ready = given == "oecd"
    if ready:
        given = {g: [m for m in members if m in labels] for g, members in data("oecd")[key].items()}
        given = {g: members for g, members in given.items() if members}
    if not isinstance(given, dict) or not given:
        raise BenchmarkError(
            f'{settings.path}: {key} is missing; write [{key}] with lines such as EU = ["DEU", "FRA"], '
            f'or {key} = "oecd" for the ready mapping, or {key} = "each" for no aggregation'
        )
    found: dict[str, str] = {}
    rest = ""
    for group, members in given.items():
        for member in members if isinstance(members, list) else [members]:
            if member == "*":
                if rest:
                    raise BenchmarkError(
                        f'{settings.path}: {key}: both {rest} and {group} take the rest ("*"); keep one'
                    )
                rest = group
                continue
            if member not in labels:
                raise BenchmarkError(
                    f"{settings.path}: {key}.{group}: the table has no {what} {short(member)!r}; it has {_some(labels)}"
                )
            if member in found:
                raise BenchmarkError(
                    f"{settings.path}: {key}: {what} {member} is in {found[member]} and in {group}; keep it in one"
                )
            found[member] = group
    left = [label for label in labels if label not in found]
    if left and not rest:
        raise BenchmarkError(
            f"{settings.path}: {key}: {what} {left[0]} of the table is in no group ({len(left)} such); add "
            f'it, or a line such as ROW = ["*"] for the rest'
        )
    out = {g: [label for label in labels if found.get(label, rest) == g] for g in given}
    empty = [g for g, members in out.items() if not members]
    if empty:
        raise BenchmarkError(f"{settings.path}: {key}.{empty[0]} has no {what} of the table; take it out")
    return out


def sums(groups: dict[str, list[str]], labels: list[str]) -> np.ndarray:
    """Matrix (group, label) of zeros and ones."""
    return np.array([[1.0 if label in members else 0.0 for label in labels] for members in groups.values()])


def class_weights(
    settings: Settings, sectors: dict[str, list[str]], weight: dict[str, float]
) -> dict[str, dict[str, float]]:
    """Weights of the classes of ``classes.toml`` in each sector.

    A sector is of the class that [like] says, or that has its name; else its industries are, by the codes of the OECD,
    with their output as weights.

    Parameters
    ----------
    settings : Settings
    sectors : dict
        Members of each sector (empty lists where there are none, as in a SAM).
    weight : dict
        Output of each industry, million US$.

    Raises
    ------
    BenchmarkError
        A sector of which nothing says what it is like.
    """
    classes: dict[str, Any] = data("classes")["class"]
    code = {c: name for name, codes in data("oecd")["sectors"].items() for c in codes}
    like = settings.table.get("like", {})
    for sector, name in like.items():
        if sector not in sectors or name not in classes:
            raise BenchmarkError(
                f"{settings.path}: like.{short(sector)} = {name!r}; write a sector of the benchmark "
                f"({_some(list(sectors))}) and a class ({', '.join(classes)})"
            )
    out: dict[str, dict[str, float]] = {}
    for sector, members in sectors.items():
        own = like.get(sector, sector)
        unknown = [m for m in members if m not in code]
        if own in classes:
            out[sector] = {own: 1.0}
        elif members and not unknown:
            total = sum(weight[m] for m in members)
            shares = {m: weight[m] / total if total > 0 else 1 / len(members) for m in members}
            out[sector] = {}
            for m in members:
                out[sector][code[m]] = out[sector].get(code[m], 0.0) + shares[m]
        else:
            why = f"industry {unknown[0]} is no code of the OECD" if unknown else "its name is no class"
            raise BenchmarkError(
                f"{settings.path}: sector {sector}: nothing says what it is like ({why}); add a line "
                f'{sector} = "Bus" in [like], with one of {", ".join(classes)}'
            )
    return out


def class_mean(weights: dict[str, dict[str, float]], key: str) -> np.ndarray:
    """Weighted mean of a number of ``classes.toml`` by sector; one row per sector (income: three columns)."""
    classes = data("classes")["class"]
    return np.array(
        [sum(w * np.array(classes[c][key], dtype=float) for c, w in some.items()) for some in weights.values()]
    )


def _some(labels: list[str], most: int = 12) -> str:
    return ", ".join(labels[:most]) + (f" and {len(labels) - most} more" if len(labels) > most else "")
