"""A benchmark of a square social accounting matrix of one or two regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cge.bring.finish import Brought, finish
from cge.bring.mapping import class_mean, class_weights
from cge.bring.sam_table import assign_roles, read_square
from cge.bring.sam_world import arrays, home_regions, rest_of_world
from cge.bring.satellites import by_sector_region
from cge.bring.settings import SATELLITES, Settings, read_settings
from cge.bring.tariffs import RATES
from cge.errors import BenchmarkError, short

SECTIONS = ("regions", "labour", "activities", "commodities", "factors", "accounts", "rest_of_world")
OPTIONS = ("tolerance", "sheet", "participation", "skilled_wage_ratio", "beta_earlier")
FILES = {k: v for k, v in SATELLITES.items() if k != "tariffs"} | {"factor_shares": "sector, reg, skilled (fractions)"}
_WORLD = ("name", "size", "tariff", "makes")


def bring_sam(table: str | Path, settings: str | Path, to: str | Path) -> Brought:
    """Make a benchmark folder of a square SAM; its rest-of-world account becomes a region.

    Parameters
    ----------
    table : path
        CSV or Excel; rows receive, columns pay; million US$.
    settings : path
        TOML file: title, year, regions, [activities], [commodities], [factors], ... (docs/bring_your_own.md).
    to : str or path
        Folder to write; its last part is the benchmark's name.

    Returns
    -------
    Brought

    Raises
    ------
    BenchmarkError
        Whatever is wrong with the table, the settings or a file, by name; nothing is then written.
    """
    table = Path(table)
    s = read_settings(settings, SECTIONS, OPTIONS, FILES)
    homes_named = s.table.get("regions")
    if (
        not isinstance(homes_named, list)
        or len(homes_named) not in (1, 2)
        or not all(isinstance(r, str) for r in homes_named)
    ):
        raise BenchmarkError(
            f'{s.path}: regions = {homes_named!r}; write the names of one or two regions, as regions = ["NOR"]'
        )
    square = assign_roles(table, read_square(table, s), s, homes_named)
    comm, acts, endw = (list(s.table[k]) for k in ("commodities", "activities", "factors"))
    if "Capital" not in endw:
        raise BenchmarkError(
            f"{s.path}: [factors] has no Capital; call the capital account so (it has {', '.join(endw)})"
        )
    own = s.table.get("labour", [])
    stray = [x for x in own if x not in endw] if isinstance(own, list) else [own]
    if stray:
        raise BenchmarkError(
            f"{s.path}: labour: {short(stray[0])!r} is no factor ({', '.join(endw)}); write a list of factors"
        )
    world = home_regions(square, s, homes_named, comm, acts, endw)
    reg = list(homes_named)
    outside = any(role == "rest_of_world" for _, role, _ in square.role.values())
    if not outside and len(reg) == 1:
        raise BenchmarkError(
            f"{s.path}: accounts.rest_of_world is missing; a region needs a partner: name the account, or give "
            "a SAM of two regions"
        )
    if outside:
        name = _world_name(s, reg)
        world.append(rest_of_world(world, s, comm, acts))
        reg.append(name)
    flows, income = arrays(world, comm, acts, endw)
    s.log.defaults += [
        "transport margins: none (a SAM has one border price)",
        "origin: every user of a commodity buys domestic and imported in the same proportion",
    ]
    weights = class_weights(s, {c: [] for c in dict.fromkeys([*comm, *acts])}, {})
    act_weights = {a: weights[a] for a in acts}
    factors = dict(zip(endw, flows["EVFB"]))
    names = [e for e in endw if e != "Labour"]
    if "Labour" in endw:
        names[endw.index("Labour") : endw.index("Labour")] = ["UnskLab", "SkLab"]
        skilled = _skilled(s, act_weights, acts, reg)
        factors |= {"UnskLab": (1 - skilled) * factors["Labour"], "SkLab": skilled * factors["Labour"]}
        where = [endw.index("Labour" if e in ("UnskLab", "SkLab") else e) for e in names]
        power = np.divide(flows["EVFP"], flows["EVFB"], out=np.ones_like(flows["EVFB"]), where=flows["EVFB"] > 0)
        flows["EVFP"] = np.stack([factors[e] * power[k] for e, k in zip(names, where)])
        income = income[where]
    else:
        s.log.notes.append("labour: the factor accounts as they are")
        s.log.notes += (
            [] if s.file("factor_shares") is None else ["factor_shares: not used, the SAM has no account Labour"]
        )
    regions = {r: [r] for r in reg}
    sets = {"reg": reg, "comm": comm, "acts": acts, "marg": []}
    return finish(
        s,
        flows,
        {e: factors[e] for e in names},
        sets,
        regions,
        {c: weights[c] for c in comm},
        act_weights,
        table,
        to,
        income,
    )


def _world_name(s: Settings, reg: list[str]) -> str:
    given = s.table.get("rest_of_world", {})
    stray = [k for k in given if k not in _WORLD] if isinstance(given, dict) else ["it"]
    if stray:
        raise BenchmarkError(f"{s.path}: rest_of_world.{short(stray[0])} is unknown; the table has {', '.join(_WORLD)}")
    for key, low in (("size", 0.0), ("tariff", -1.0)):
        value = given.get(key, 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= low:
            raise BenchmarkError(f"{s.path}: rest_of_world.{key} = {value!r}; write a number above {low:g}")
    duty = given.get("tariff", 0.0)
    if not RATES[0] <= duty <= RATES[1]:
        raise BenchmarkError(
            f"{s.path}: rest_of_world.tariff = {duty:g} is not between {RATES[0]:g} and {RATES[1]:g}; a rate is a "
            "fraction (0.12 for 12%): correct it"
        )
    name = given.get("name", "ROW")
    if name in reg:
        raise BenchmarkError(f"{s.path}: rest_of_world.name = {name!r} is a region of the SAM; choose another")
    return name


def _skilled(s: Settings, weights: dict[str, dict[str, float]], acts: list[str], reg: list[str]) -> np.ndarray:
    """Share of skilled workers in the wage bill (acts, reg)."""
    start = {"skilled": np.repeat(class_mean(weights, "skilled")[:, None], len(reg), axis=1)}
    if s.file("factor_shares") is None:
        s.default("factor_shares", "labour split into UnskLab and SkLab by class of sector (world means of world2014)")
        return start["skilled"]
    return by_sector_region(s, "factor_shares", ("skilled",), start, acts, reg)["skilled"]
