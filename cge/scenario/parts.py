"""The parts of a scenario: what `cge decompose` reports one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cge.errors import ScenarioError
from cge.scenario.shocks import shocks_of
from cge.scenario.spec import Scenario
from cge.scenario.terms import terms_of
from cge.solve.model import Model


def parts_of(scenario: Scenario, model: Model, labour: Mapping[str, Any] | None = None, by: str = ""
             ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Shocks of each part of a scenario, and the coefficients of the whole.

    Tariffs, export taxes, the quota of each skill, movement for wages with its caps, each of the terms of
    movement and each shocked variable are parts of their own; with ``by="comm"`` (or ``"dst"``) tariffs are taken
    apart by commodity (or importer).

    Returns
    -------
    parts : dict of str to dict of str to array
    coefficients : dict of str to array

    Raises
    ------
    ScenarioError
        As :func:`cge.scenario.shocks_of`; a model made for workers who move for wages, where the scenario has none.
    """
    if model.mobility is not None and not scenario.mobility:
        raise ScenarioError(f"scenario '{scenario.name}' has nobody who moves for wages, and the model was made for "
                            "those who do: their caps, at zero in the base year, leave no slope to follow; decompose "
                            "it with a model made without")
    whole, coefficients = shocks_of(scenario, model, labour)
    parts: dict[str, dict[str, np.ndarray]] = {}
    bare = replace(scenario, tariffs=(), export_taxes="", quota=(), shock=(), mobility=(), caps=(),
                   transfers=(), terms=(), tied=())
    # Entries act in this order and a later one may overwrite an earlier one: a part is what it adds to those before.
    stages: list[tuple[str, dict[str, object]]] = []
    if scenario.tariffs:
        stages.append(("tariffs", {"tariffs": scenario.tariffs}))
    if scenario.export_taxes:
        stages.append(("export taxes", {"export_taxes": scenario.export_taxes}))
    for k, entry in enumerate(scenario.shock, 1):
        stages.append((f"shock {k} {entry['variable']}", {"shock": scenario.shock[:k]}))
    if scenario.mobility:  # a cost that falls and the caps on who comes for it are one policy
        stages.append(("movement of workers", {"mobility": scenario.mobility, "caps": scenario.caps}))
    if scenario.transfers:
        stages.append(("transfers", {"transfers": scenario.transfers}))
    before: dict[str, np.ndarray] = {}
    for name, kept in stages:
        bare = replace(bare, **kept)  # type: ignore[arg-type]
        now = shocks_of(bare, model, labour)[0]
        parts[name] = _added(model, before, now)
        before = now
    if by and "tariffs" in parts:
        parts = _apart(parts, model, by)
    if scenario.quota:
        before = {k: v for k, v in before.items() if k == "quota"}
        change = _added(model, before, {"quota": whole["quota"]})["quota"]
        for s, skill in enumerate(model.bench.labels("skill")):
            piece = np.zeros_like(change)
            piece[s] = change[s]
            if piece.any():
                parts[f"quota {skill}"] = {"quota": piece}
    before = {}
    for k, entry in enumerate(scenario.terms, 1):  # who moves is a matter of the whole scenario
        now = terms_of(replace(scenario, terms=scenario.terms[:k]), model, whole, coefficients)[0]
        if added := _added(model, before, now):
            parts[f"terms {k} {entry['instrument']}"] = added
        before = now
    return parts, coefficients


def _added(model: Model, before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Levels whose distance from the benchmark is what ``now`` adds to ``before``."""
    out = {}
    for name, value in now.items():
        base = model.base()[name].values
        change = value - before.get(name, base)
        if np.any(change):
            out[name] = base + change
    return out


def _apart(parts: dict[str, dict[str, np.ndarray]], model: Model, by: str) -> dict[str, dict[str, np.ndarray]]:
    """The part of tariffs taken apart by commodity or importer."""
    power = parts["tariffs"].get("tms")
    if power is None:
        return parts
    axis, pieces = ("comm", "src", "dst").index(by), {}
    for i, label in enumerate(model.bench.labels(by)):
        piece = np.ones_like(power)
        index = tuple(i if a == axis else slice(None) for a in range(3))
        piece[index] = power[index]
        if (piece != 1.0).any():
            pieces[f"tariffs {label}"] = {"tms": piece}
    return {**pieces, **{k: v for k, v in parts.items() if k != "tariffs"}}
