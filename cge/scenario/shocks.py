"""Scenarios made into shocked variables and coefficients of a model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model import LABOUR_DEFAULTS, table
from cge.model.calibrate import mover_coefficients
from cge.scenario.elements import positions
from cge.scenario.labour import mover_options
from cge.scenario.labour_nest import nest_coefficients
from cge.scenario.mobility import movement
from cge.scenario.spec import Scenario, percent_below
from cge.scenario.terms import moving, terms_of
from cge.scenario.tied import tied_of
from cge.scenario.transfers import transfer_of
from cge.solve.model import Model


def shocks_of(scenario: Scenario, model: Model, labour: Mapping[str, Any] | None = None
              ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Levels of exogenous variables and free coefficients that a scenario asks for.

    Parameters
    ----------
    scenario : Scenario
    model : Model
    labour : mapping, optional
        Labour options of the file; those of the scenario take precedence.

    Returns
    -------
    shocks, coefficients : dict of str to array

    Raises
    ------
    ScenarioError
        Unknown element or variable, infeasible quota, tariff below -100%.
    """
    shocks: dict[str, np.ndarray] = {}
    if scenario.tariffs:
        shocks["tms"] = _tariff_power(scenario, model.bench)
    if scenario.export_taxes == "remove":
        vxsb, vfob = model.bench["VXSB"].values, model.bench["VFOB"].values
        # txs is the power of the tax: fob = basic * txs, so removal undoes the benchmark ratio.
        shocks["txs"] = np.where(vfob > 0, vxsb / np.where(vfob > 0, vfob, 1.0), 1.0)
    for entry in scenario.shock:
        name = entry["variable"]
        symbol = table.symbols.get(name)
        # What the closure holds may be shocked too (the numeraire, an import quota, a trade balance).
        held = symbol is not None and (name in model.system.fixed or symbol.role == "unknown")
        if symbol is None or not (symbol.role == "exogenous" or held):
            known = [s.name for s in table.symbols.values() if s.role == "exogenous"]
            near = difflib.get_close_matches(name, known, 1)
            raise ScenarioError(f"scenario '{scenario.name}': '{name}' is not an exogenous variable"
                                + (f"; did you mean '{near[0]}'?" if near else "; `cge symbols` lists them"))
        value = shocks[name].copy() if name in shocks else np.array(model.base()[name].values)
        where = f"scenario '{scenario.name}', shock of {name}"
        index = [positions(model.bench, d, entry.get("where", {}).get(d), where) for d in symbol.dims]
        extra = set(entry.get("where", {})) - set(symbol.dims)
        if extra:
            raise ScenarioError(f"{where}: it has dimensions {', '.join(symbol.dims)}, "
                                f"not {', '.join(sorted(extra))}")
        value[np.ix_(*index)] = entry["value"]
        shocks[name] = value
    if scenario.transfers:
        shocks["transfer"] = transfer_of(scenario.transfers, model.bench, model.cal.data["INCOME"][1],
                                         f"scenario '{scenario.name}'")
    layers = labour_layers(scenario, model, labour)
    options, _ = mover_options(layers, model, f"scenario '{scenario.name}'")
    coefficients = mover_coefficients(model.cal.data["WAGE0"][1], options)
    coefficients |= nest_coefficients(layers, model, f"scenario '{scenario.name}'")
    if scenario.rordelta is not None:
        coefficients["RORDELTA"] = np.asarray(scenario.rordelta, float)
    for key, factor in scenario.elasticities.items():
        coefficients[key] = factor * model.cal.data[key][1]
    if scenario.quota:
        quota, share = _quota(scenario, model)
        shocks["quota"] = quota
        coefficients["MSHR"] = share
    moved, chosen = movement(scenario, model)
    shocks, coefficients = shocks | moved, coefficients | chosen
    if scenario.tied:
        coefficients |= tied_of(scenario, model, moving(model, shocks, coefficients))
    agreed, to = terms_of(scenario, model, shocks, coefficients)
    return shocks | agreed, coefficients | to


def labour_layers(scenario: Scenario, model: Model, labour: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Options of new movers from the default to the scenario's own, each over those before."""
    return [{k: v for k, (v, _) in LABOUR_DEFAULTS.items()}, dict(model.labour or {}), dict(labour or {}),
            scenario.labour]


def _tariff_power(scenario: Scenario, bench: Benchmark) -> np.ndarray:
    """Power of tariffs relative to the benchmark after all cuts of a scenario."""
    vcif, vmsb = bench["VCIF"].values, bench["VMSB"].values
    traded = vcif > 0
    total = np.where(traded, vmsb / np.where(traded, vcif, 1.0) - 1.0, 0.0)
    farm = np.where(traded, bench["TMSFARM"].values, 0.0)
    rate = total.copy()
    for cut in scenario.tariffs:
        where = f"scenario '{scenario.name}', tariffs"
        index = np.ix_(*(positions(bench, d, cut.get(d), where) for d in ("comm", "src", "dst")))
        mask = np.zeros(rate.shape, bool)
        mask[index] = True
        if "1993" in (cut.get("remove"), cut.get("rate")) and "TMS1993" not in bench:
            raise ScenarioError(f"{where}: benchmark {bench.name} carries no 1993 tariffs (array TMS1993); use "
                                'remove = "applied", or a benchmark that has them')
        if cut.get("remove") == "all":
            new = np.zeros_like(rate)
        elif cut.get("remove") in ("applied", "1993"):
            new = farm
        elif cut.get("remove") == "farm":
            new = rate - farm
            if (mask & (farm > 0) & (rate < farm - 1e-12)).any():
                raise ScenarioError(f"{where}: the farm layer cannot go after the tariff that holds it was cut; "
                                    "remove the farm layer first, or remove \"all\"")
        elif cut.get("rate") == "1993":
            new = bench["TMS1993"].values + farm
        elif "rate" in cut:
            new = np.full_like(rate, cut["rate"])
        else:
            new = rate * cut["scale"]
        rate = np.where(mask, new, rate)
    low = np.argwhere(traded & (rate <= -1))
    if len(low):
        c, s, d = (bench.labels(dim)[i] for dim, i in zip(("comm", "src", "dst"), low[0]))
        raise ScenarioError(f"scenario '{scenario.name}': the tariff on {c} from {s} into {d}: "
                            f"{percent_below(rate[tuple(low[0])])}; give a rate above -1")
    return np.where(traded, (1.0 + rate) / (1.0 + total), 1.0)


def _quota(scenario: Scenario, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Quota by skill and host, and the share of each home in the movers to a host."""
    bench = model.bench
    if not bench.has_labour:
        raise ScenarioError(f"scenario '{scenario.name}': benchmark {bench.name} has no labour stocks by home and host "
                            "(array LAB), so there is nobody to move")
    force, stock = model.cal.data["LF0"][1], model.cal.data["LABOFF"][1]
    natives = model.cal.data["NAT0"][1]
    skills, regs = bench.labels("skill"), bench.labels("reg")
    quota = np.zeros(force.shape)
    moved = np.zeros(stock.shape)
    for entry in scenario.quota:
        where = f"scenario '{scenario.name}', quota"
        homes = positions(bench, "home", entry.get("homes", "exporters"), where)
        hosts = positions(bench, "host", entry.get("hosts", "importers"), where)
        for s in positions(bench, "skill", entry.get("skills"), where):
            for h in hosts:
                weight = np.zeros(len(regs))
                weight[homes] = force[s, homes] if entry.get("supply", "pool") == "pool" else stock[s, homes, h]
                weight[h] = 0.0
                if weight.sum() <= 0:
                    raise ScenarioError(f"{where}: no {skills[s]} workers can come to {regs[h]} from "
                                        f"{', '.join(regs[i] for i in homes)} under the rule "
                                        f"'{entry.get('supply', 'pool')}'; name other homes or use supply = \"pool\"")
                movers = entry["rate"] * force[s, h] * weight / weight.sum()
                moved[s, :, h] += movers
                quota[s, h] += entry["rate"]
    gone = moved.sum(2)
    short = [(s, r) for s, r in np.argwhere(gone >= natives * (1 - 1e-9)) if gone[s, r] > 0]
    if short:
        s, r = max(short, key=lambda t: gone[t] / max(natives[t], 1e-12))
        raise ScenarioError(f"scenario '{scenario.name}': {gone[s, r]:,.0f} thousand {skills[s]} workers would leave "
                            f"{regs[r]}, which has {natives[s, r]:,.0f} thousand of its own; lower the quota below "
                            f"{_feasible(scenario, gone, natives):.3g}, or let more homes send")
    admitted = moved.sum(1)
    share = moved / np.where(admitted != 0, admitted, 1.0)[:, None, :]
    return quota, share


def _feasible(scenario: Scenario, gone: np.ndarray, natives: np.ndarray) -> float:
    """Largest common rate that leaves somebody everywhere (all entries scaled alike)."""
    ratio = np.max(gone / np.where(natives > 0, natives, np.inf))
    return max(entry["rate"] for entry in scenario.quota) / ratio
