"""Workers who move for wages: what a scenario file asks for, as cells of the model, shocks and coefficients.

::

    [scenario.W]
    mobility = [{ cost = 0.9, homes = ["exporters"], hosts = ["importers"] }]
    caps = [
        { rate = 0.03, hosts = ["importers"] },                    # of each host, by skill
        { growth = 0.5, per = "pair", homes = ["MEX"], hosts = ["USA"] },
        { workers = 500, bloc = "Europe", hosts = ["DEU", "GBR", "XEU"], skills = ["SkLab"] },
    ]
    rent = "host"

``mobility``: who responds (``skills``, ``homes``, ``hosts``; all by default), with which ``elasticity``
(:data:`cge.model.mobility_data.ELASTICITY`) or ``free = true``, ``cost``, the factor on costs of moving, and
``network``, the elasticity by which they fall as the stock of the pair grows (none by default; one to try is
:data:`cge.model.mobility_data.NETWORK_SUGGESTED`). ``caps``: new movers at most, each skill by itself: ``workers``
(thousand), ``rate`` (over the work force of host or bloc), ``growth`` (over earlier migrants); ``per`` host
(default) or pair, or of a ``bloc``, a group of the benchmark or a name with its own ``hosts``. Where entries meet,
the later one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model.mobility_data import ELASTICITY, Layout
from cge.scenario.elements import positions
from cge.scenario.mobility_spec import AMOUNTS, RENT_TO

if TYPE_CHECKING:
    from cge.scenario.spec import Scenario
    from cge.solve.model import Model


@dataclass
class _Caps:
    """Caps in thousand workers; infinite where there is none."""

    pair: np.ndarray  # skill, home, host
    host: np.ndarray  # skill, reg
    blocs: dict[str, tuple[np.ndarray, np.ndarray]]  # name: members, cap by skill


def layout_of(scenarios: Iterable[Scenario], bench: Benchmark) -> Layout | None:
    """Cells that the caps and free movement of all these scenarios need; None where nobody moves for wages.

    Parameters
    ----------
    scenarios : iterable of Scenario
    bench : Benchmark

    Raises
    ------
    ScenarioError
        Unknown element or bloc, a benchmark without labour stocks, caps that touch nobody.
    """
    moving = [s for s in scenarios if s.mobility]
    if not moving:
        return None
    stock = _stocks(bench, moving[0])[0]
    layout = Layout.plain(stock.shape[0], stock.shape[1])
    blocs: dict[str, np.ndarray] = {}
    for s in moving:
        caps = _caps(s, bench)
        np.logical_or(layout.pairs, np.isfinite(caps.pair), out=layout.pairs)
        np.logical_or(layout.hosts, np.isfinite(caps.host), out=layout.hosts)
        np.logical_or(layout.free, _response(s, bench)[1] > 0, out=layout.free)
        for name, (members, _) in caps.blocs.items():
            if not np.array_equal(blocs.setdefault(name, members), members):
                raise ScenarioError(f"scenario '{s.name}', caps: bloc '{name}' has other hosts than in an earlier "
                                    "scenario; give it another name")
    return Layout(layout.pairs, layout.free, layout.hosts, blocs)


def movement(scenario: Scenario, model: Model) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Shocks and coefficients of a scenario's mobility and caps; caps out of reach where it has none.

    Raises
    ------
    ScenarioError
        As :func:`layout_of`; a model that was made without these movers or caps.
    """
    layout = model.mobility
    if layout is None:
        if not scenario.mobility:
            return {}, {}
        raise ScenarioError(f"scenario '{scenario.name}' lets workers move for wages, for which the model was not "
                            "made; make it with Model(benchmark, mobility=layout_of([scenario], benchmark))")
    natives = model.cal.data["NAT0"][1]
    everybody = natives.sum(1)
    shocks = {"cappair": np.repeat(natives[:, :, None], natives.shape[1], 2),
              "caphost": np.repeat(everybody[:, None], natives.shape[1], 1),
              "capbloc": np.repeat(everybody[:, None], len(layout.blocs), 1)}
    if not scenario.mobility:
        return _active(shocks, model), {}
    caps = _caps(scenario, model.bench)
    lacks = (np.isfinite(caps.pair) & ~layout.pairs).any() or (np.isfinite(caps.host) & ~layout.hosts).any()
    lacks |= any(not np.array_equal(layout.blocs.get(n, np.array([])), m) for n, (m, _) in caps.blocs.items())
    elasticity, free, cost = _response(scenario, model.bench)
    if lacks or ((free > 0) & ~layout.free).any():
        raise ScenarioError(f"scenario '{scenario.name}' has caps or free movement for which the model was not "
                            "made; make it with Model(benchmark, mobility=layout_of(scenarios, benchmark)), this one "
                            "among them")
    free = free * model.cal.data["MOVES"][1]
    _refuse_circles(scenario, model.bench, np.where(free > 0, cost, np.inf), caps)
    shocks["migcost"] = cost
    shocks["cappair"] = np.minimum(shocks["cappair"], caps.pair)
    shocks["caphost"] = np.minimum(shocks["caphost"], caps.host)
    for i, name in enumerate(layout.blocs):
        if name in caps.blocs:
            shocks["capbloc"][:, i] = np.minimum(everybody, caps.blocs[name][1])
    to_host, to_home = RENT_TO[scenario.rent]
    return _active(shocks, model), {"ELASM": elasticity, "FREEM": free, "RENTHOST": to_host, "RENTHOME": to_home,
                                     "NETWORK": _network(scenario, model.bench)}


def _active(shocks: dict[str, np.ndarray], model: Model) -> dict[str, np.ndarray]:
    """Shocks with the benchmark's values in cells that the model does not have; without those that have none."""
    masks = model.cal.masks
    return {n: np.where(masks[n], a, 1.0 if n == "migcost" else 0.0) for n, a in shocks.items() if masks[n].any()}


def _stocks(bench: Benchmark, scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Earlier migrants whose homes have workers to follow them (skill, home, host); work forces (skill, host)."""
    if not bench.has_labour:
        raise ScenarioError(f"scenario '{scenario.name}': benchmark {bench.name} has no labour stocks by home and host "
                            "(array LAB), so there is nobody to move")
    lab = bench["LAB"].transpose("skill", "home", "host").values
    at_home = np.einsum("shh->sh", lab)
    here = np.eye(lab.shape[1], dtype=bool)
    return np.where(here | (at_home <= 0)[:, :, None], 0.0, lab), lab.sum(1)


def _cells(entry: Mapping[str, Any], bench: Benchmark, where: str) -> tuple[np.ndarray, ...]:
    """Positions of skills, homes and hosts of an entry, as an open mesh."""
    return np.ix_(positions(bench, "skill", entry.get("skills"), where),
                  positions(bench, "home", entry.get("homes"), where),
                  positions(bench, "host", entry.get("hosts"), where))


def _response(scenario: Scenario, bench: Benchmark) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Elasticity, free movement (1 or 0) and factor on costs by pair."""
    stock = _stocks(bench, scenario)[0]
    elasticity, free, cost = np.zeros(stock.shape), np.zeros(stock.shape), np.ones(stock.shape)
    where = f"scenario '{scenario.name}', mobility"
    for entry in scenario.mobility:
        cells = _cells(entry, bench, where)
        if not stock[cells].any():
            raise ScenarioError(f"{where}: nobody of these homes lives in these hosts in the base year, and only where "
                                "some do can more follow; name other pairs")
        free[cells] = float(entry.get("free", False))
        elasticity[cells] = 0.0 if entry.get("free") else entry.get("elasticity", ELASTICITY)
        cost[cells] = entry.get("cost", 1.0)
    return elasticity, free, cost


def _network(scenario: Scenario, bench: Benchmark) -> np.ndarray:
    """Elasticity of the cost of moving to the stock of the pair."""
    out = np.zeros(_stocks(bench, scenario)[0].shape)
    for entry in scenario.mobility:
        out[_cells(entry, bench, f"scenario '{scenario.name}', mobility")] = entry.get("network", 0.0)
    return out


def _refuse_circles(scenario: Scenario, bench: Benchmark, cost: np.ndarray, caps: _Caps) -> None:
    """Refuse free movement at costs that multiply to less than one around a circle of regions: no pay stops it."""
    capped = np.isfinite(caps.pair) | np.isfinite(caps.host)[:, None, :]
    for members, cap in caps.blocs.values():
        capped[:, :, members] |= np.isfinite(cap)[:, None, None]
    for s, skill in enumerate(bench.labels("skill")):
        way = np.log(np.where(capped[s], np.inf, cost[s]))
        for k in range(len(way)):
            way = np.minimum(way, way[:, k, None] + way[k])
        circle = np.flatnonzero(np.diag(way) < -1e-12)
        if len(circle):
            names = ", ".join(bench.labels("home")[r] for r in circle)
            raise ScenarioError(
                f"scenario '{scenario.name}', mobility: {skill} workers would move for ever between {names}, for the "
                "factors on costs of moving freely around them multiply to less than one; lower costs in one direction "
                "only, set a cap, or give an elasticity")


def _caps(scenario: Scenario, bench: Benchmark) -> _Caps:
    """Caps of a scenario without those that others imply, whose rents would be arbitrary."""
    stock, force = _stocks(bench, scenario)
    elasticity, free, _ = _response(scenario, bench)
    moving = np.where((elasticity > 0) | (free > 0), stock, 0.0)
    caps = _Caps(np.full(stock.shape, np.inf), np.full(force.shape, np.inf), {})
    where = f"scenario '{scenario.name}', caps"
    for entry in scenario.caps:
        if "bloc" in entry:
            _add_bloc(caps, entry, bench, stock, force, where)
            continue
        cells = _cells(entry, bench, where)
        if not moving[cells].any():
            raise ScenarioError(f"{where}: nobody would move between these homes and hosts (a pair needs mobility, and "
                                "migrants in the base year); name other pairs, or leave the entry out")
        pair = entry.get("per") == "pair"
        size = {"workers": 1.0, "rate": force[:, None, :], "growth": stock if pair else stock.sum(1)[:, None, :]}
        amount = _amount(entry, size, stock.shape)
        if pair:
            caps.pair[cells] = amount[cells]
        else:
            at = cells[0][:, 0], cells[2][0]
            caps.host[at] = amount[:, 0][at]
    return _without_implied(caps, moving)


def _amount(entry: Mapping[str, Any], size: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    (key,) = (k for k in AMOUNTS if k in entry)
    return np.array(np.broadcast_to(entry[key] * size[key], shape), float)


def _add_bloc(caps: _Caps, entry: Mapping[str, Any], bench: Benchmark, stock: np.ndarray, force: np.ndarray,
              where: str) -> None:
    name = entry["bloc"]
    groups = bench.meta.get("groups", {})
    if "hosts" not in entry and name not in groups and name not in caps.blocs:
        raise ScenarioError(f"{where}: bloc '{name}' is no group of benchmark {bench.name} ("
                            f"{', '.join(groups) or 'which has none'}); name its hosts, as hosts = [\"...\"]")
    members = caps.blocs[name][0] if "hosts" not in entry and name in caps.blocs else positions(
        bench, "host", entry.get("hosts", name), where)
    known, cap = caps.blocs.get(name, (members, np.full(len(force), np.inf)))
    if not np.array_equal(known, members):
        raise ScenarioError(f"{where}: bloc '{name}' is given twice with other hosts; give one of them another name")
    skills = positions(bench, "skill", entry.get("skills"), where)
    amount = _amount(entry, {"workers": 1.0, "rate": force[:, members].sum(1),
                             "growth": stock[:, :, members].sum((1, 2))}, cap.shape)
    cap[skills] = amount[skills]
    caps.blocs[name] = members, cap


def _without_implied(caps: _Caps, moving: np.ndarray) -> _Caps:
    """Leave out caps that cannot bind beside others, for at a tie the rent could be either's, and those of nobody.

    A host or bloc that admits nobody is a cap of zero on each of its pairs.
    """
    pair, host = caps.pair, caps.host
    for members, cap in caps.blocs.values():
        for s in np.flatnonzero(cap == 0.0):
            pair[s][:, members] = 0.0
    for s, h in np.argwhere(host == 0.0):
        pair[s, :, h] = 0.0
    pair[moving <= 0] = np.inf
    of_pairs = np.where(moving > 0, pair, 0.0).sum(1)
    host[of_pairs <= host] = np.inf
    pair[pair >= np.where(np.isfinite(host), host, np.inf)[:, None, :]] = np.inf
    reach = np.minimum(np.where(moving > 0, pair, 0.0).sum(1), host)
    for members, cap in caps.blocs.values():
        cap[reach[:, members].sum(1) <= cap] = np.inf
        for h in members:
            host[host[:, h] >= cap, h] = np.inf
            tight = np.isfinite(cap)[:, None] & (pair[:, :, h] >= cap[:, None])
            pair[:, :, h][tight] = np.inf
    return caps
