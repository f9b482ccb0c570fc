"""Substitution between natives and migrants, and between settled and recent ones, in a scenario file.

::

    [labour]
    sigma_native_migrant = 20

    [scenario.S]
    labour = { sigma_native_migrant = { UnskLab = 20, SkLab = 7.8 },
               sigma_earlier_new = [{ value = 60, hosts = ["USA"] }] }

Elasticities are above zero or ``inf`` (perfect substitutes, the default); ``recent`` is the part of earlier migrants
with whom new movers are one kind (:mod:`cge.model.labour_nest`). What none names keeps the value beneath.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.errors import ScenarioError
from cge.model.labour_nest_data import NEST, NEST_DEFAULTS, inverse
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, table_of

if TYPE_CHECKING:
    from cge.solve.model import Model

_ENTRY = {"value", "skills", "hosts"}


def check_nest(key: str, value: Any, where: str) -> None:
    """Refuse an option of the nest that is no number in range, table by skill or list of entries.

    Raises
    ------
    ScenarioError
    """
    if isinstance(value, (Mapping, list, tuple)) and not value:
        raise ScenarioError(f"{where}: the table or list is empty; give a number, or one by skill as {{ SkLab = 20 }}")
    if isinstance(value, (list, tuple)):
        for entry in value:
            check_keys(table_of(entry, where), _ENTRY, where)
            if "value" not in entry:
                raise ScenarioError(f"{where}: 'value' is missing; write each entry as {{ value = 20, hosts = [...] }}")
            for dim in ("skills", "hosts"):
                labels(entry.get(dim), f"{where}, {dim}")
    for entry in entries(value):
        number = entry["value"]
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ScenarioError(f"{where}: {number!r} is not a number; write it without quotes, as 20 or inf")
        if key == "recent" and not 0 < number <= 1:
            raise ScenarioError(f"{where}: {number} is out of range; give the part of earlier migrants who came "
                                "recently, above 0 and at most 1 (with none the first new mover's pay has no bound)")
        if not number > 0:
            raise ScenarioError(f"{where}: {number} is no elasticity of substitution; give a number above 0, or inf "
                                "for perfect substitutes")


def entries(value: Any) -> list[Mapping[str, Any]]:
    """A number, a table by skill or a list of entries, as entries."""
    if isinstance(value, Mapping):
        return [{"value": part, "skills": skill} for skill, part in value.items()]
    return list(value) if isinstance(value, (list, tuple)) else [{"value": value}]


def asks_for_nest(labour: Mapping[str, Any]) -> bool:
    """Whether labour options name an elasticity that is finite."""
    return any(np.isfinite(entry["value"]) for key in NEST if key != "recent" and key in labour
               for entry in entries(labour[key]))


def nest_coefficients(layers: Iterable[Mapping[str, Any]], model: Model, where: str) -> dict[str, np.ndarray]:
    """Coefficients of the nest, later layers of labour options over earlier ones; none in a model without it.

    Returns
    -------
    dict of str to array (skill, reg)
        EPSNM, EPSEN (inverse elasticities) and RECENT.

    Raises
    ------
    ScenarioError
        An element that the benchmark does not have; elasticities for a model that was made without the nest.
    """
    kept = list(layers)
    if not model.cal.positions.nests:
        if any(asks_for_nest(layer) for layer in kept):
            raise ScenarioError(f"{where}: labour asks for natives and migrants who are imperfect substitutes, for "
                                "which the model was not made; make it with Model(benchmark, labour={\"nests\": True})")
        return {}
    found = {}
    for key, name in NEST.items():
        array = np.full(model.cal.data[name][1].shape, NEST_DEFAULTS[key][0])
        for layer in kept:
            for entry in entries(layer[key]) if key in layer else ():
                here = f"{where}, labour, {key}"
                array[np.ix_(positions(model.bench, "skill", entry.get("skills"), here),
                             positions(model.bench, "host", entry.get("hosts"), here))] = entry["value"]
        found[name] = inverse(key, array)
    return found
