"""Other definitions of skill: the table ``labour/SKILLDEF.csv`` of a benchmark, and the benchmark under one of them.

A definition says, for each region, which share of the workers of one class counts as the other, and which share of the
pay of the class goes with them. They do so in every activity and whatever their home, so that all flows are regrouped
linearly: totals over skill, taxes and the accounts of the SAM stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import MAX_REMIT
from cge.benchmark.wages import migrant_accounts
from cge.errors import BenchmarkError

#: Name of the table: a file of the group ``labour``, kept in the metadata of a benchmark.
SKILLDEF = "SKILLDEF"
#: Entry of the metadata of a benchmark under another definition: name, and what became of remittances.
CHOSEN = "skill_definition"
_COLUMNS = ("definition", "from", "to", "reg", "workers", "pay")
_PAID = ("EVFB", "EVFP", "EVOS")
_CENT = 1e-9  # million US$


def read_definitions(path: Path, sets: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Rows of a file SKILLDEF.csv, checked against the sets of its benchmark.

    Raises
    ------
    BenchmarkError
        Wrong columns, an unknown region or skill, a share that is none, a region twice or not at all.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, skipinitialspace=True, dtype=str)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{path}: {error}; the file has the columns {', '.join(_COLUMNS)}") from None
    if tuple(table.columns) != _COLUMNS:
        raise BenchmarkError(f"{path}: columns are {', '.join(table.columns)}; should be {', '.join(_COLUMNS)}")
    for line, row in enumerate(table.itertuples(index=False, name=None), start=2):
        cell = dict(zip(_COLUMNS, row, strict=True))
        for key, allowed in (("from", sets["skill"]), ("to", sets["skill"]), ("reg", sets["reg"])):
            if cell[key] not in allowed:
                raise BenchmarkError(f"{path}, line {line}: {key} {cell[key]!r} is not in set "
                                     f"{'reg' if key == 'reg' else 'skill'} ({', '.join(allowed)}); correct the label")
        if cell["from"] == cell["to"]:
            raise BenchmarkError(f"{path}, line {line}: from and to are both {cell['to']!r}; name two skills")
    for key in ("workers", "pay"):
        share = pd.to_numeric(table[key], errors="coerce")
        if bad := [i for i, v in enumerate(share) if not 0.0 <= v < 1.0]:
            raise BenchmarkError(f"{path}, line {bad[0] + 2}: {key} {table[key].iloc[bad[0]]!r} is not a share; give "
                                 "a number from 0 to below 1")
        table[key] = share.astype(float)
    if bad := [i for i, (w, p) in enumerate(zip(table.workers, table.pay, strict=True)) if (w > 0) != (p > 0)]:
        raise BenchmarkError(f"{path}, line {bad[0] + 2}: workers and pay must both be zero or both above zero; nobody "
                             "changes class without pay")
    for name, rows in table.groupby("definition", sort=False):
        twice, absent = rows.reg[rows.reg.duplicated()].tolist(), [r for r in sets["reg"] if r not in set(rows.reg)]
        if twice or absent:
            raise BenchmarkError(f"{path}, definition {name!r}: " + (
                f"region {twice[0]} is given twice; keep one line" if twice else
                f"no line for region {absent[0]}; give zeros where nobody changes class"))
    return table.to_dict("records")


def definitions_text(rows: list[dict[str, Any]]) -> str:
    """Text of a file SKILLDEF.csv; shortest decimals that read back to the same float64."""
    lines = [",".join(_COLUMNS)]
    lines += [",".join(repr(float(row[c])) if c in ("workers", "pay") else str(row[c]) for c in _COLUMNS)
              for row in rows]
    return "\n".join(lines) + "\n"


def skill_definitions(bench: Benchmark) -> pd.DataFrame:
    """Definitions of skill that a benchmark has.

    Returns
    -------
    pandas.DataFrame
        Columns definition, from, to, reg, workers, pay (shares of class ``from`` that count as ``to``); no rows where
        the benchmark has none.
    """
    return pd.DataFrame(bench.meta.get(SKILLDEF, []), columns=list(_COLUMNS))


def redefine_skill(bench: Benchmark, definition: str) -> Benchmark:
    """The benchmark under another definition of skill.

    In each region the same share of one class's workers, whatever their home, counts as the other class, with one
    share of what every activity pays the class (EVFB, EVFP, EVOS) and of what its migrants send (REMIT). Sums over
    skill stay, and with them taxes and the accounts of the SAM. Wages and productivities of migrants follow from the
    new classes as they do in any benchmark, so that what is theirs and what is natives' of a region's pay shifts.
    Where a class's remittances then pass half of its after-tax income, the limit of every benchmark, the excess is
    booked on the other class of the same migrants, then on other hosts of the same home, whose SAVE follows; what finds
    no room is dropped. The amounts (million US$) are in the metadata, ``skill_definition``.

    Parameters
    ----------
    bench : Benchmark
        With a table of definitions (:func:`skill_definitions`).
    definition : str
        One of the table. The benchmark's own comes back as it is.

    Returns
    -------
    Benchmark

    Raises
    ------
    BenchmarkError
        No table, one of other skills or regions, an unknown definition, no labour stocks, a benchmark that is already
        under another definition, a class that would change places with the other in pay per worker.
    """
    table, name = skill_definitions(bench), bench.name
    if CHOSEN in bench.meta:
        now = bench.meta[CHOSEN]["name"]
        if now == definition:
            return bench
        raise BenchmarkError(f"benchmark {name!r} is already under the definition of skill '{now}'; open it anew to "
                             f"have '{definition}'")
    if table.empty:
        raise BenchmarkError(f"benchmark {name!r} has no other definition of skill than its own (no "
                             f"labour/{SKILLDEF}.csv); leave skill_definition out, or add the file - a benchmark that "
                             "was aggregated has none: choose the definition before aggregating, by redefine_skill in "
                             "Python")
    rows = table[table.definition == definition]
    if rows.empty:
        raise BenchmarkError(f"benchmark {name!r} has no definition of skill '{definition}'; it has "
                             f"{', '.join(dict.fromkeys(table.definition))}")
    if not bench.has_labour:
        raise BenchmarkError(f"benchmark {name!r} has no labour stocks (LAB), so nobody could change class; leave "
                             "skill_definition out")
    for key, known in (("from", bench.sets["skill"]), ("to", bench.sets["skill"]), ("reg", bench.sets["reg"])):
        if strange := [str(x) for x in rows[key] if x not in known]:
            raise BenchmarkError(f"benchmark {name!r}: definition of skill '{definition}' is of {strange[0]!r}, which "
                                 f"is not among its labels ({', '.join(known)}); give it a table of its own")
    rows = rows[rows.workers > 0]
    if rows.empty:
        return bench
    meta = {k: v for k, v in bench.meta.items() if k != SKILLDEF}
    arrays = dict(bench.arrays)
    for name, dim in (("LAB", "skill"), ("REMIT", "skill"), *((n, "endw") for n in _PAID)):
        if name in arrays:
            arrays[name] = _regrouped(arrays[name], rows, dim, "workers" if name == "LAB" else "pay")
    names = {s: {**bench.meta.get("long_names", {}).get(s, {}),
                 **{k: f"{k}, skill by the definition '{definition}'" for k in bench.sets["skill"]}}
             for s in ("skill", "endw")}
    new = Benchmark(bench.name, bench.sets, arrays, {
        **meta, "long_names": {**bench.meta.get("long_names", {}), **names}, CHOSEN: {"name": definition}})
    _refuse_reversed_pay(bench, new, definition)
    if "REMIT" not in arrays:
        return new
    return _within_income(new, definition)


def _refuse_reversed_pay(old: Benchmark, new: Benchmark, definition: str) -> None:
    def gap(bench: Benchmark) -> np.ndarray:
        paid = bench["EVFB"].sum("acts").sel(endw=list(bench.sets["skill"])).transpose("endw", "reg").values
        workers = bench["LAB"].sum("home").transpose("skill", "host").values
        pay = np.divide(paid, workers, out=np.full_like(paid, np.nan), where=workers > 0)
        return pay - pay[:1]

    turned = (gap(old) * gap(new) < 0).any(0)
    if turned.any():
        where = ", ".join(r for r, t in zip(new.sets["reg"], turned, strict=True) if t)
        raise BenchmarkError(f"benchmark {new.name!r}, definition of skill '{definition}': in {where} the class that "
                             "is paid more per worker would be paid less than the other; correct the shares of workers "
                             f"and pay in labour/{SKILLDEF}.csv")


def _regrouped(array: xr.DataArray, rows: pd.DataFrame, dim: str, share: str) -> xr.DataArray:
    """Array with a share of one class (dim) booked on the other, by region or host."""
    place = "host" if "host" in array.dims else "reg"
    values = array.transpose(dim, ..., place).values.copy()
    classes, regions = array[dim].values.tolist(), array[place].values.tolist()
    for row in rows.to_dict("records"):
        a, b, r = classes.index(row["from"]), classes.index(row["to"]), regions.index(row["reg"])
        moved = row[share] * values[a, ..., r]
        values[a, ..., r] -= moved
        values[b, ..., r] += moved
    return array.transpose(dim, ..., place).copy(data=values).transpose(*array.dims)


def _within_income(bench: Benchmark, definition: str) -> Benchmark:
    """Remittances at or below half of the after-tax income of those who send them."""
    limit = MAX_REMIT * migrant_accounts(bench)["income"]
    remit = bench["REMIT"]
    order = ("skill", "home", "host")
    cap, sent = limit.transpose(*order).values, remit.transpose(*order).values.copy()
    excess = np.maximum(sent - cap, 0.0)
    if excess.sum() <= _CENT:
        return bench
    amounts = {}
    for what, axes in (("other_class", 0), ("other_hosts", (0, 2))):
        excess = np.maximum(sent - cap, 0.0)
        room = np.maximum(cap - sent, 0.0)
        space, wanted = room.sum(axis=axes, keepdims=True), excess.sum(axis=axes, keepdims=True)
        part = np.divide(np.minimum(wanted, space), space, out=np.zeros_like(space), where=space > 0)
        kept = np.divide(np.minimum(wanted, space), wanted, out=np.zeros_like(wanted), where=wanted > 0)
        sent = sent - excess * kept + room * part
        amounts[what] = float((excess * kept).sum())
    final = np.minimum(sent, cap)
    amounts["dropped"] = float((sent - final).sum())
    fitted = remit.transpose(*order).copy(data=final).transpose(*remit.dims)
    change = (fitted - remit).sum("skill")
    net = change.sum("host").rename(home="reg") - change.sum("home").rename(host="reg")
    save = bench["SAVE"] + net if float(np.abs(net).max()) > _CENT else bench["SAVE"]
    return bench.replace(meta={CHOSEN: {"name": definition, **amounts}}, REMIT=fitted, SAVE=save)
