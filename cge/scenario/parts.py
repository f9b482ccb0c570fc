"""The parts of a scenario: what `cge decompose` reports one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cge.scenario.shocks import shocks_of
from cge.scenario.spec import Scenario
from cge.solve.model import Model


def parts_of(scenario: Scenario, model: Model, labour: Mapping[str, float] | None = None, by: str = ""
             ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Shocks of each part of a scenario, and the coefficients of the whole.

    Tariffs, export taxes, the quota of each skill and each shocked variable are
    parts of their own; with ``by="comm"`` (or ``"dst"``) tariffs are taken apart by
    commodity (or importer).

    Returns
    -------
    parts : dict of str to dict of str to array
    coefficients : dict of str to array

    Raises
    ------
    ScenarioError
        As :func:`cge.scenario.shocks_of`.
    """
    _, coefficients = shocks_of(scenario, model, labour)
    parts: dict[str, dict[str, np.ndarray]] = {}

    def only(**kept: object) -> dict[str, np.ndarray]:
        bare = replace(scenario, tariffs=(), export_taxes="", quota=(), shock=())
        return shocks_of(replace(bare, **kept), model, labour)[0]  # type: ignore[arg-type]

    if scenario.tariffs:
        power = only(tariffs=scenario.tariffs)["tms"]
        if by:
            axis = ("comm", "src", "dst").index(by)
            for i, label in enumerate(model.bench.labels(by)):
                piece = np.ones_like(power)
                index = tuple(i if a == axis else slice(None) for a in range(3))
                piece[index] = power[index]
                if (piece != 1.0).any():
                    parts[f"tariffs {label}"] = {"tms": piece}
        else:
            parts["tariffs"] = {"tms": power}
    if scenario.export_taxes:
        parts["export taxes"] = only(export_taxes=scenario.export_taxes)
    if scenario.quota:
        quota = only(quota=scenario.quota)["quota"]
        for s, skill in enumerate(model.bench.labels("skill")):
            piece = np.zeros_like(quota)
            piece[s] = quota[s]
            if piece.any():
                parts[f"quota {skill}"] = {"quota": piece}
    for i, entry in enumerate(scenario.shock, 1):
        parts[f"shock {i} {entry['variable']}"] = only(shock=[entry])
    return parts, coefficients
