"""A library of named closures, and the ``[closure]`` section of a scenario file.

A named closure is a list of swap statements (:mod:`cge.scenario.statements`), a change of
mobility, or a shock that goes with every scenario of the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from cge.benchmark import Benchmark
from cge.errors import ClosureError
from cge.model.closure import Swap
from cge.scenario.statements import parse_swap, spelled

__all__ = ["LIBRARY", "closure_shocks", "closure_swaps", "parse_swap", "with_mobility"]

#: Named closures: what they hold fixed, and their swap statements. ``{home}`` is the region left out of a
#: condition that holds for all regions but one (its own follows from the world's), ``{skill}`` a kind of labour.
LIBRARY: dict[str, tuple[str, tuple[str, ...]]] = {
    "trade_balance": (
        "trade balances (with net remittances) fixed in relation to world income; saving propensities adjust",
        ("dpsave(r) = del_tbalry(r) except {home}",)),
    "real_wage": (
        "real wage of {skill} fixed, up and down; employment adjusts",
        ("qe({skill}, r) = realwage({skill}, r)",)),
    "real_wage_floor": (
        "real wage of {skill} not below the benchmark's; unemployment where it would fall (a shock of wfloor)", ()),
    "revenue_neutral": (
        "tax revenue in relation to income fixed; a uniform tax on private consumption adjusts",
        ("tpreg(r) = del_ttaxr(r)",)),
    "import_quota": (
        "volume of imports of {comm} from {src} into {dst} fixed; the tariff becomes its rent (shock qxs to change it)",
        ("tms({comm}, {src}, {dst}) = qxs({comm}, {src}, {dst})",)),
    "specific_capital": ("capital specific to its activity, the short run", ()),
    "investment_fixed": (
        "real investment fixed by region; the slack of its allocation adjusts",
        ("cgdslack(r) = qinv(r) except {home}",)),
}


#: The key of the section that each placeholder of a statement asks for, and what it is.
_NEEDS = {"home": "the region left out", "skill": "the kind of labour", "comm": "the commodity",
          "src": "the exporting region", "dst": "the importing region"}
#: Parts of labels that mean unskilled labour in GTAP data bases (UnSkLab, unsklab, ag_othlowsk).
_UNSKILLED = ("unsk", "lowsk")


def closure_swaps(spec: Mapping[str, Any], bench: Benchmark) -> tuple[Swap, ...]:
    """Swaps of a ``[closure]`` section: named closures (``use``) first, then single statements (``swap``).

    Raises
    ------
    ClosureError
        Unknown named closure, or a statement that cannot be read.
    """
    swaps: list[Swap] = []
    bench = with_mobility(bench, spec)  # the subsets of endowments follow from it
    used = _used(spec)
    _check_words(spec, bench)
    for name in used:
        for statement in LIBRARY[name][1]:
            for words in _choices(name, statement, spec, bench):
                swaps.append(parse_swap(statement.format(**words), bench))
    swaps += [parse_swap(s, bench) for s in _words(spec.get("swap", ()))]
    return tuple(swaps)


def closure_shocks(spec: Mapping[str, Any], bench: Benchmark) -> list[dict[str, Any]]:
    """Shocks that a ``[closure]`` section gives every scenario, as entries of ``shock``.

    Raises
    ------
    ClosureError
        The kind of labour is not clear, or the benchmark does not have it.
    """
    if "real_wage_floor" not in _used(spec):
        return []
    where: dict[str, Any] = {"skill": _skills("real_wage_floor", spec, bench)}
    if "hosts" in spec:
        where["reg"] = spec["hosts"]
    return [{"variable": "wfloor", "value": 1.0, "where": where}]


def _used(spec: Mapping[str, Any]) -> list[str]:
    """Names of the closures used, all of them in the library."""
    names = list(_words(spec.get("use", ())))
    for name in names:
        if name not in LIBRARY:
            near = difflib.get_close_matches(name, LIBRARY, 1)
            raise ClosureError(f"closure '{name}' is not in the library ({', '.join(LIBRARY)})"
                               + (f"; did you mean '{near[0]}'?" if near else ""))
    return names


def _choices(name: str, statement: str, spec: Mapping[str, Any], bench: Benchmark) -> list[dict[str, str]]:
    """Words for the placeholders of a statement, once for each kind of labour it is about."""
    wanted = [key for key in _NEEDS if f"{{{key}}}" in statement]
    words = {}
    for key in wanted:
        if key == "skill":
            continue
        if key not in spec:
            dim = "reg" if key == "home" else key
            raise ClosureError(f"closure '{name}' needs {key}, {_NEEDS[key]}; add {key} = \"...\" to the closure "
                               f"section, one of {', '.join(bench.labels(dim))}")
        words[key] = spec[key]
    return [{**words, "skill": s} for s in _skills(name, spec, bench)] if "skill" in wanted else [words]


def _skills(name: str, spec: Mapping[str, Any], bench: Benchmark) -> list[str]:
    """Kinds of labour that a closure is about: as given, or the one whose name says that it is unskilled."""
    known = bench.labels("skill")
    if "skill" in spec:
        given = list(_words(spec["skill"]))
        found = [spelled(s, known) for s in given]
        if not given or None in found:
            raise ClosureError(f"closure '{name}': skill = {spec['skill']!r} is not a kind of labour of benchmark "
                               f"{bench.name}; it has {', '.join(known) or 'none'}")
        return [s for s in found if s]
    likely = [s for s in known if any(part in s.lower().replace("_", "") for part in _UNSKILLED)]
    found_one = likely if len(likely) == 1 else list(known) if len(known) == 1 else []
    if not found_one:
        raise ClosureError(f"closure '{name}' needs skill, {_NEEDS['skill']}, which the names do not tell; add skill = "
                           f"\"...\" to the closure section, one of {', '.join(known) or '(the benchmark has none)'}")
    return found_one


def _check_words(spec: Mapping[str, Any], bench: Benchmark) -> None:
    """Refuse words for the named closures that none in use takes, and a home that is no region."""
    used = _used(spec)
    for key in (*_NEEDS, "hosts"):
        takers = [name for name, (_, statements) in LIBRARY.items() if any(f"{{{key}}}" in s for s in statements)]
        takers += ["real_wage_floor"] if key in ("skill", "hosts") else []
        if key in spec and not set(takers) & set(used):
            raise ClosureError(f"closure: {key} = {spec[key]!r} has no effect, for it is a word of the named closure "
                               f"{' or '.join(takers)}; add use = [\"{takers[0]}\"], or leave {key} out")
    if "home" in spec and spelled(str(spec["home"]), bench.labels("reg")) is None:
        near = difflib.get_close_matches(str(spec["home"]), bench.labels("reg"), 1)
        raise ClosureError(f"closure: home = {spec['home']!r} is no region of benchmark {bench.name}; "
                           + (f"did you mean '{near[0]}'? " if near else "")
                           + f"It has {', '.join(bench.labels('reg'))}")


def _words(value: Any) -> Iterable[str]:
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise ClosureError('closure: write use = ["trade_balance"] and swap = ["dpsave(r) = del_tbalry(r) except USA"]')
    return value


def with_mobility(bench: Benchmark, spec: Mapping[str, Any]) -> Benchmark:
    """The benchmark with the mobility of endowments that a ``[closure]`` section asks for.

    ``mobility = { Capital = "fixed" }`` makes capital specific to its activity.

    Raises
    ------
    BenchmarkError
        Unknown endowment, or a mobility other than mobile, sluggish, fixed.
    """
    wanted = spec.get("mobility", {})
    if not isinstance(wanted, Mapping):
        raise ClosureError('closure: write mobility = { Capital = "fixed" }')
    if "specific_capital" in _words(spec.get("use", ())):
        capital = {e: "fixed" for e in bench.labels("endw") if e.lower() == "capital"}
        if not capital:
            raise ClosureError(f"closure 'specific_capital': benchmark {bench.name} has no endowment called capital "
                               f"({', '.join(bench.labels('endw'))}); write mobility = {{ NAME = \"fixed\" }} instead")
        wanted = {**capital, **wanted}
    if not wanted:
        return bench
    return bench.replace(meta={"mobility": {**bench.meta.get("mobility", {}), **wanted}})
