"""Closures in words: swap statements as the field writes them, and a library of named closures.

A statement exchanges the status of two variables, element by element or whole::

    swap dpsave(r) = del_tbalry(r) except USA
    swap tms(Tex, CHN, importers) = qxs(Tex, CHN, importers)
    swap qe(UnskLab, r) = realwage(UnskLab, r)

An index is a label, a group of regions, or a free letter (or ``*``) for all
elements. Which side is freed follows from the status of the two.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ClosureError, ScenarioError
from cge.model import table
from cge.model.closure import NUMERAIRE, Swap
from cge.scenario.shocks import positions

_SIDE = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*")

#: Named closures: what they hold fixed, and their swap statements. ``{home}`` is the region left out of a
#: condition that holds for all regions but one (its own follows from the world's).
LIBRARY: dict[str, tuple[str, tuple[str, ...]]] = {
    "trade_balance": (
        "trade balances (with net remittances) fixed in relation to world income; saving propensities adjust",
        ("dpsave(r) = del_tbalry(r) except {home}",)),
    "real_wage": (
        "real wage of unskilled workers fixed; employment adjusts (for a floor shock wfloor instead)",
        ("qe({unskilled}, r) = realwage({unskilled}, r)",)),
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


def parse_swap(text: str, bench: Benchmark) -> Swap:
    """Read one swap statement.

    Parameters
    ----------
    text : str
        ``A(i, j) = B(i, j) [except LABEL, ...]``, with or without the word ``swap``.
    bench : Benchmark
        Gives the labels.

    Raises
    ------
    ClosureError
        The statement cannot be read, a variable or element is unknown, or both
        sides have the same status.
    """
    body, _, left_out = text.strip().removeprefix("swap ").rstrip("; ").partition(" except ")
    sides = body.split("=")
    found = [_SIDE.fullmatch(s) for s in sides]
    if len(sides) != 2 or not all(found):
        raise ClosureError(f"swap statement '{text}' cannot be read; write it as: dpsave(r) = del_tbalry(r) except USA")
    names = [m.group(1) for m in found if m]
    masks = [_mask(m.group(1), m.group(2), left_out, bench, text) for m in found if m]
    free = [_given(name) for name in names]
    if free[0] == free[1]:
        status = "exogenous" if free[0] else "endogenous"
        raise ClosureError(f"swap '{text}': '{names[0]}' and '{names[1]}' are both {status}; a swap exchanges "
                           "one of each")
    i, j = (0, 1) if free[0] else (1, 0)
    return Swap(exogenous=names[j], endogenous=names[i], where=masks[i], where_held=masks[j])


def _given(name: str) -> bool:
    """Whether the default closure gives the variable."""
    return name == NUMERAIRE or table.symbols[name].role == "exogenous"


def _mask(name: str, indices: str | None, left_out: str, bench: Benchmark, text: str) -> np.ndarray:
    symbol = table.symbols.get(name)
    if symbol is None:
        near = difflib.get_close_matches(name, table.symbols, 1)
        raise ClosureError(f"swap '{text}': '{name}' is not a variable of the model"
                           + (f"; did you mean '{near[0]}'?" if near else "; `cge symbols` lists them"))
    dims = symbol.dims
    given = [w.strip() for w in indices.split(",")] if indices and indices.strip() else ["*"] * len(dims)
    if len(given) != len(dims):
        raise ClosureError(f"swap '{text}': '{name}' has the dimensions ({', '.join(dims)}), not {len(given)}")
    picked = []
    for dim, word in zip(dims, given, strict=True):
        everything = word == "*" or word.lower() == dim or (len(word) == 1 and word.islower())
        try:
            chosen = positions(bench, dim, None if everything else [word], f"swap '{text}'")
            gone = [w.strip() for w in left_out.split(",") if w.strip()]
            if everything and gone and dim in ("reg", "src", "dst", "home", "host"):
                chosen = np.setdiff1d(chosen, positions(bench, dim, gone, f"swap '{text}'"))
        except ScenarioError as err:
            raise ClosureError(str(err)) from None
        picked.append(chosen)
    mask = np.zeros([len(bench.labels(d)) for d in dims], bool)
    mask[np.ix_(*picked)] = True
    return mask


def closure_swaps(spec: Mapping[str, Any], bench: Benchmark) -> tuple[Swap, ...]:
    """Swaps of a ``[closure]`` section: named closures (``use``) first, then single statements (``swap``).

    Raises
    ------
    ClosureError
        Unknown named closure, or a statement that cannot be read.
    """
    swaps: list[Swap] = []
    for name in _words(spec.get("use", ())):
        if name not in LIBRARY:
            near = difflib.get_close_matches(name, LIBRARY, 1)
            raise ClosureError(f"closure '{name}' is not in the library ({', '.join(LIBRARY)})"
                               + (f"; did you mean '{near[0]}'?" if near else ""))
        skills = bench.labels("skill")
        words = {"home": spec.get("home", bench.labels("reg")[0]), "unskilled": skills[0] if skills else "labour",
                 **{k: spec[k] for k in ("comm", "src", "dst") if k in spec}}
        try:
            swaps += [parse_swap(s.format(**words), bench) for s in LIBRARY[name][1]]
        except KeyError as missing:
            raise ClosureError(f"closure '{name}' needs {missing.args[0]}; add {missing.args[0]} = \"...\" to the "
                               "closure section") from None
    _check_words(spec, bench)
    swaps += [parse_swap(s, bench) for s in _words(spec.get("swap", ()))]
    return tuple(swaps)


def _check_words(spec: Mapping[str, Any], bench: Benchmark) -> None:
    """Refuse words for the named closures that none in use takes, and a home that is no region."""
    used = [name for name in _words(spec.get("use", ())) if name in LIBRARY]
    for key in ("home", "comm", "src", "dst"):
        takers = [name for name, (_, statements) in LIBRARY.items() if any(f"{{{key}}}" in s for s in statements)]
        if key in spec and not set(takers) & set(used):
            raise ClosureError(f"closure: {key} = {spec[key]!r} has no effect, for it is a word of the named closure "
                               f"{' or '.join(takers)}; add use = [\"{takers[0]}\"], or leave {key} out")
    if "home" in spec and spec["home"] not in bench.labels("reg"):
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
