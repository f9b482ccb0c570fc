"""Aggregate a benchmark over regions, commodities, activities and endowments.

Flows, stocks and people add up exactly. Trade between regions that become one
is kept as trade inside the aggregate (cells with src = dst), as GTAP does, so
every accounting identity holds. Elasticities are weighted means
(:data:`WEIGHTS`), policy layers (tariff rates) are weighted by cif imports.

People who moved between regions that become one are at home in the aggregate
(MODEL.md section 2): LAB and LABSTAT move them to the diagonal by adding up;
their entries in MPOP and REMIT are dropped and reported. Remittances inside
the aggregate are paid and received by the same household, so its account
balances without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark.aggregate_labour import fit_remittances, fold_diagonal
from cge.benchmark.checks import check_benchmark
from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS, SETS, USD
from cge.benchmark.identities import spending
from cge.benchmark.skill_definitions import SKILLDEF
from cge.errors import BenchmarkError

REST = "*"
"""In a mapping: all elements that are not named elsewhere."""

MAPPED = ("reg", "comm", "acts", "endw")

Map = Mapping[str, Sequence[str]]
Groups = dict[str, dict[str, tuple[str, ...]]]


def _total_use(b: Benchmark) -> xr.DataArray:
    agents = [b[f"V{o}{a}P"] for o in "DM" for a in "PGI"]
    return (b["VDFP"] + b["VMFP"]).sum("acts") + sum(agents)


WEIGHTS: dict[str, tuple[str, Callable[[Benchmark], xr.DataArray]]] = {
    "ESUBT": ("output", lambda b: b["MAKS"].sum("comm")),
    "ESUBC": ("intermediate inputs", lambda b: (b["VDFP"] + b["VMFP"]).sum("comm")),
    "ESUBVA": ("value added", lambda b: b["EVFP"].sum("endw")),
    "ESUBD": ("total use, domestic and imported", _total_use),
    "ESUBM": ("imports at purchaser prices", lambda b: b["VMFP"].sum("acts") + b["VMPP"] + b["VMGP"] + b["VMIP"]),
    "ESUBQ": ("supply of the commodity", lambda b: b["MAKB"].sum("acts")),
    "ETRAQ": ("output", lambda b: b["MAKS"].sum("comm")),
    "ETRAE": ("payments to the endowment", lambda b: b["EVFB"].sum("acts")),
    "ESUBG": ("government consumption", lambda b: spending(b, "G")),
    "ESUBI": ("gross investment", lambda b: spending(b, "I")),
    "ESUBS": ("supply of margin services", lambda b: b["VST"].sum("reg")),
    "SUBPAR": ("private consumption", lambda b: b["VDPP"] + b["VMPP"]),
    "INCPAR": ("private consumption", lambda b: b["VDPP"] + b["VMPP"]),
    "RORFLEX": ("capital stock", lambda b: b["VKB"]),
    "DPSM": ("private, government spending and saving",
             lambda b: spending(b, "P") + spending(b, "G") + np.maximum(b["SAVE"], 0.0)),
    "PRICELEVEL": ("private consumption in volumes, so that the mean is nominal over real consumption",
                   lambda b: (b["VDPP"] + b["VMPP"]).sum("comm") / b["PRICELEVEL"]),
    "TMSFARM": ("cif imports", lambda b: b["VCIF"]),
    "TMS1993": ("cif imports", lambda b: b["VCIF"]),
}
"""Weight of each array that is not a sum, over the array's own dimensions.

GTAP's aggregation program FlexAgg weights elasticities by the flow that they act on.
Its own files (aggpar.tab) were not at hand; the weights of ESUBT (total cost, which is
output), ESUBC, ESUBVA, ESUBD, ESUBM, ESUBG, ESUBI, ESUBQ, ETRAQ, INCPAR and SUBPAR follow
their description in the open R package teems (repository teemsphere/teems-R, file
data-raw/teems_data-raw.R, list GTAPv7_weights). Two things differ from what it says:
FlexAgg gives ESUBD, ESUBM, ESUBC and ESUBVA one value for the world, weighted with world
totals, where each new region has its own mean here; and it does not weight ETRAE. The
weights of ETRAE, ESUBS, RORFLEX, DPSM and PRICELEVEL are this project's choice. Where all weights
are zero the plain mean is taken.
"""


@dataclass(frozen=True)
class Aggregation:
    """An aggregated benchmark, and what the sums do not tell.

    Attributes
    ----------
    benchmark : Benchmark
    notes : tuple of str
    """

    benchmark: Benchmark
    notes: tuple[str, ...]

    def text(self) -> str:
        """The report, a few lines of plain text."""
        b = self.benchmark
        return "\n".join([f"{b.name}: " + ", ".join(f"{len(b.sets[s])} {s}" for s in SETS), *self.notes])


def aggregate(bench: Benchmark, *, reg: Map | None = None, comm: Map | None = None, acts: Map | None = None,
              endw: Map | None = None, mobility: Mapping[str, str] | None = None,
              name: str | None = None) -> Aggregation:
    """Aggregate a benchmark.

    Parameters
    ----------
    bench : Benchmark
    reg, comm, acts, endw : mapping of str to sequence of str, optional
        New element to the old ones it is made of; every old element exactly
        once. ``["*"]`` stands for all that are not named. A set without a
        mapping stays as it is; but where activities have the names of the
        commodities, the mapping of commodities holds for both.
    mobility : mapping of str to str, optional
        Mobility of new endowments; needed where those put together differ.
    name : str, optional
        Name of the result; default the old one with ``-aggregated``.

    Returns
    -------
    Aggregation
        Its benchmark has passed every check. Margin commodities are the new
        commodities that contain one; labour endowments those made of labour.

    Raises
    ------
    BenchmarkError
        An element that is unknown, left out or given twice; labour together
        with other endowments where there are labour stocks; mobility that
        differs and is not given.
    """
    given: dict[str, Map | None] = {"reg": reg, "comm": comm, "acts": acts, "endw": endw}
    if acts is None and comm is not None and bench.sets["acts"] == bench.sets["comm"]:
        given["acts"] = comm
    groups: Groups = {s: _group(s, bench.sets[s], given[s]) for s in MAPPED}
    notes: list[str] = []
    groups["marg"] = _subset(groups["comm"], bench.sets["marg"])
    groups["skill"] = _labour_groups(bench, groups["endw"], notes)
    sets = {s: tuple(groups[s]) for s in SETS}
    arrays = {n: _reduce(a, groups) if n not in WEIGHTS else _mean(n, a, bench, groups) for n, a in bench.arrays.items()
              if n != "RORDELTA"}
    if "RORDELTA" in bench:
        arrays["RORDELTA"] = bench["RORDELTA"]
    fold_diagonal(arrays, notes)
    meta = _meta(bench, groups, mobility or {}, notes)
    out = Benchmark(name or f"{bench.name}-aggregated", sets, arrays, meta)
    if out.has_labour and "REMIT" in out:
        out = fit_remittances(bench, out, groups["reg"], notes)
    check_benchmark(out)
    return Aggregation(out, tuple(notes))


def _group(name: str, labels: tuple[str, ...], given: Map | None) -> dict[str, tuple[str, ...]]:
    """New element to old elements, checked to be a partition."""
    if given is None:
        return {x: (x,) for x in labels}
    out: dict[str, tuple[str, ...]] = {}
    for new, old in given.items():
        if isinstance(old, str) or not isinstance(old, Sequence) or not all(isinstance(x, str) for x in old):
            raise BenchmarkError(f"mapping of {name}, {new}: expected a list of names, as {new} = [\"{labels[0]}\"]")
        out[str(new)] = tuple(old)
    named = [x for old in out.values() for x in old]
    rest = [new for new, old in out.items() if REST in old]
    if len(rest) > 1:
        raise BenchmarkError(f"mapping of {name}: {' and '.join(rest)} both take the rest (\"*\"); only one can")
    unknown = sorted({x for x in named if x not in labels and x != REST})
    if unknown:
        raise BenchmarkError(f"mapping of {name}: {', '.join(unknown)} not in the benchmark ({', '.join(labels)})")
    doubled = sorted({x for x in named if named.count(x) > 1 and x != REST})
    if doubled:
        raise BenchmarkError(f"mapping of {name}: {', '.join(doubled)} given twice; every element belongs to one")
    missing = tuple(x for x in labels if x not in named)
    if missing and not rest:
        raise BenchmarkError(f"mapping of {name}: {', '.join(missing)} left out; give every element, or one \"*\"")
    if rest:
        out[rest[0]] = tuple(x for x in labels if x in out[rest[0]] or x in missing)
    empty = [new for new, old in out.items() if not old]
    if empty:
        raise BenchmarkError(f"mapping of {name}: {', '.join(empty)} made of nothing; name elements or take it out")
    return out


def _subset(groups: dict[str, tuple[str, ...]], part: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The groups that contain elements of a subset, with those elements only."""
    out = {new: tuple(x for x in old if x in part) for new, old in groups.items()}
    return {new: old for new, old in out.items() if old}


def _labour_groups(bench: Benchmark, endw: dict[str, tuple[str, ...]], notes: list[str]) -> dict[str, tuple[str, ...]]:
    """Labour endowments of the result: the groups made of labour only."""
    out = {}
    for new, old in _subset(endw, bench.sets["skill"]).items():
        if old == endw[new]:
            out[new] = old
        elif bench.has_labour:
            raise BenchmarkError(f"mapping of endw: {new} puts labour ({', '.join(old)}) together with other "
                                 "endowments; the benchmark has labour stocks: keep labour apart")
        else:
            notes.append(f"endowment {new}: labour ({', '.join(old)}) and others together, does not count as labour")
    if not any(new.lower() == "capital" for new in endw):
        notes.append(f"no endowment is called Capital ({', '.join(endw)}); the model needs one of that name")
    return out


def _reduce(array: xr.DataArray, groups: Groups, how: Callable[..., np.ndarray] = np.sum) -> xr.DataArray:
    """The array reduced over the members of each group, along all its dimensions."""
    values, coords = array.values, {}
    for axis, dim in enumerate(str(d) for d in array.dims):
        members, old = groups[DIM_SET[dim]], [str(x) for x in array.coords[dim].values]
        parts = [how(values.take([old.index(x) for x in group], axis), axis=axis) for group in members.values()]
        values = np.stack(parts, axis) if parts else values.take([], axis)
        coords[dim] = list(members)
    return xr.DataArray(values, dims=array.dims, coords=coords)


def _mean(name: str, array: xr.DataArray, bench: Benchmark, groups: Groups) -> xr.DataArray:
    """Weighted mean; the plain mean where all weights are zero."""
    weight = WEIGHTS[name][1](bench).transpose(*array.dims)
    total = _reduce(weight, groups)
    weighted = _reduce(weight * array, groups) / total.where(total > 0)
    out = weighted.where(total > 0, _reduce(array, groups) / _reduce(xr.ones_like(array), groups))
    # Rounding does not take a mean beyond its parts: equal numbers keep their value exactly.
    return out.clip(_reduce(array, groups, np.min), _reduce(array, groups, np.max))


def _meta(bench: Benchmark, groups: Groups, mobility: Mapping[str, str],
          notes: list[str]) -> dict[str, Any]:
    """Metadata of the result: mobility, groups of regions, long names, where it comes from."""
    meta = {k: v for k, v in bench.meta.items() if k != SKILLDEF}  # of the old regions and skills
    stray = sorted(set(mobility) - set(groups["endw"]))
    if stray:
        raise BenchmarkError(f"mobility: {', '.join(stray)} not among the new endowments ({', '.join(groups['endw'])})")
    kinds = {}
    for new, old in groups["endw"].items():
        found = sorted({bench.mobility[e] for e in old})
        if new not in mobility and len(found) > 1:
            parts = ", ".join(f"{e} ({bench.mobility[e]})" for e in old)
            raise BenchmarkError(f"mapping of endw: {new} is made of {parts}; say which it is: "
                                 f"[mobility] {new} = \"{found[0]}\"")
        kinds[new] = mobility.get(new, found[0])
    meta["mobility"] = kinds
    if "groups" in meta:
        meta["groups"] = {g: [new for new, old in groups["reg"].items() if set(old) <= set(members)]
                          for g, members in meta["groups"].items()}
        mixed = [new for new in groups["reg"] if not any(new in members for members in meta["groups"].values())]
        if mixed:
            notes.append(f"regions in no group, for their parts are in different ones: {', '.join(mixed)}")
    if "long_names" in meta:
        names = {s: bench.meta["long_names"].get(s, {}) for s in SETS}
        meta["long_names"] = {s: {new: "; ".join(names[s].get(x, x) for x in old) for new, old in groups[s].items()}
                              for s in SETS if names[s]}
    meta["title"] = f"{meta.get('title', bench.name)}, aggregated"
    meta["aggregated_from"] = bench.name
    return meta


def sums(bench: Benchmark) -> dict[str, float]:
    """World total of every flow, stock and count of people, for comparison."""
    return {n: float(a.sum()) for n, a in bench.arrays.items()
            if n not in WEIGHTS and (HEADERS[n].unit == USD or HEADERS[n].group in ("flows", "labour"))}
