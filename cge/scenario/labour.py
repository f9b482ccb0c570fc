"""Options of new movers in a scenario file: numbers, or productivity and remittances by skill and by pair.

::

    [labour]
    beta = { UnskLab = 0.5, SkLab = 0.4 }
    rho = "pair"                                  # what earlier migrants of the pair send, where there are any

    [scenario.S]
    labour = { beta = [{ value = 0.8, homes = ["MEX"], hosts = ["USA"], skills = ["SkLab"] }] }

Where entries meet, the later one counts; what none names keeps the value of the file, or the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model.labour_nest_data import NEST
from cge.scenario.elements import positions
from cge.scenario.labour_nest import asks_for_nest, check_nest
from cge.scenario.words import check_keys, labels, number, table_of

if TYPE_CHECKING:
    from cge.solve.model import Model

#: Options of earlier migrants: part of the base year, so that they are the file's and not a scenario's.
BASE = ("nostatus", "statusgap", "informal")
_KEYS = {"beta", "rho", "family", "taxmov", "ctaxmov", "taxshare"}
#: Options that may differ by skill, home and host.
BY_PAIR = ("beta", "rho", "nostatus")
_ENTRY = {"value", "skills", "homes", "hosts"}
#: The word for the rate at which earlier migrants of the pair remit in the base year.
PAIR = "pair"


def check_labour(given: Mapping[str, Any], where: str, file: bool = False) -> None:
    """Refuse labour options out of range: all are fractions between 0 and 1, family at least 0.

    Raises
    ------
    ScenarioError
        Unknown key, a value that is none of number, table by skill and list of entries, a number out of range.
    """
    for key in BASE:
        if not file and key in table_of(given, f"{where}, labour"):
            raise ScenarioError(f"{where}, labour: {key} is of earlier migrants and part of the base year; set it in "
                                "the file's [labour] section, for all scenarios")
    check_keys(table_of(given, f"{where}, labour"), _KEYS | set(BASE) | set(NEST), f"{where}, labour")
    if "nostatus" in given and not ("statusgap" in given or "informal" in given):
        raise ScenarioError(f"{where}, labour: nostatus alone has no effect; say what lack of legal status costs, with "
                            "statusgap = 0.06 (part of pay) or informal = 1 (no labour tax)")
    for key in ("statusgap", "informal"):
        if key in given and "nostatus" not in given:
            raise ScenarioError(f"{where}, labour: {key} has no effect where nobody lacks legal status; add nostatus, "
                                "the share of earlier migrants who do")
    for key, value in given.items():
        here = f"{where}, labour, {key}"
        if key in NEST:
            check_nest(key, value, here)
        elif key in BY_PAIR and isinstance(value, Mapping):
            if not value:
                raise ScenarioError(f"{here}: the table is empty; give a number by skill, as {{ SkLab = 0.4 }}")
            for skill, part in value.items():
                _check_value(key, part, f"{here}, {skill}", f"{where}, labour: {key} of {skill}")
        elif key in BY_PAIR and isinstance(value, (list, tuple)):
            for entry in value:
                check_keys(table_of(entry, here), _ENTRY, here)
                if "value" not in entry:
                    raise ScenarioError(f"{here}: 'value' is missing; write each entry as {{ value = 0.4, homes = "
                                        "[...], hosts = [...] }")
                _check_value(key, entry["value"], f"{here}, value", f"{where}, labour: {key}")
                for dim in ("skills", "homes", "hosts"):
                    labels(entry.get(dim), f"{here}, {dim}")
        else:
            _check_value(key, value, here, f"{where}, labour: {key}")


def _check_value(key: str, value: Any, where: str, what: str) -> None:
    if key == "rho" and value == PAIR:
        return
    if isinstance(value, str):
        raise ScenarioError(f"{where}: {value!r} is not a number; write it without quotes, as 0.3"
                            + (f', or {key} = "{PAIR}" for what earlier migrants of the pair send'
                               if key == "rho" else ""))
    number(value, where)
    if value < 0 or (key != "family" and value > 1):
        raise ScenarioError(f"{what} = {value} is out of range; give a number between 0 and 1")


def mover_options(layers: Iterable[Mapping[str, Any]], model: Model, where: str) -> tuple[dict[str, Any], np.ndarray]:
    """Options of new movers, later layers over earlier ones.

    Parameters
    ----------
    layers : iterable of mapping
        Defaults, options of the file, options of the scenario.
    model : Model
    where : str
        The scenario, for messages.

    Returns
    -------
    options : dict
        Numbers; beta and rho also as arrays (skill, home, host).
    unrated : bool array (skill, home, host)
        Pairs for which ``rho = "pair"`` was asked and that have no earlier migrants: they keep the value beneath.

    Raises
    ------
    ScenarioError
        An element that the benchmark does not have.
    """
    options: dict[str, Any] = {}
    shape = model.cal.data["AN"][1].shape
    unrated = np.zeros(shape, bool)
    for layer in layers:
        for key, value in layer.items():
            here = f"{where}, labour, {key}"
            if key in BASE or key in NEST:
                continue
            if key not in BY_PAIR or (not isinstance(value, (str, Mapping)) and np.ndim(value) == 0):
                options[key] = value
                unrated &= key != "rho"
                continue
            array = np.array(np.broadcast_to(options[key], shape), float)
            for entry in _entries(value):
                asked = np.zeros(shape, bool)
                asked[np.ix_(*(positions(model.bench, d, entry.get(f"{d}s"), here)
                               for d in ("skill", "home", "host")))] = True
                if entry["value"] == PAIR:
                    known = model.cal.data["LABOFF"][1] > 0
                    array[asked & known] = model.cal.data["RHOE"][1][asked & known]
                    unrated |= asked & ~known
                else:
                    array[asked] = entry["value"]
                    if key == "rho":
                        unrated &= ~asked
            options[key] = array
    return options, unrated


def base_options(labour: Mapping[str, Any], bench: Benchmark, others: Iterable[Mapping[str, Any]] = ()
                 ) -> dict[str, Any]:
    """Options of a file that a model is made with: numbers, and the share of earlier migrants without legal status.

    What differs by skill or pair otherwise goes with each scenario, for the base year hangs on none of it. ``others``
    are the labour options of scenarios: ``nests`` is set if any asks for imperfect substitutes.

    Raises
    ------
    ScenarioError
        An element that the benchmark does not have.
    """
    numbers = {k: v for k, v in labour.items() if isinstance(v, (int, float))}
    if any(asks_for_nest(options) for options in (labour, *others)):
        numbers["nests"] = True
    given = labour.get("nostatus", 0.0)
    if isinstance(given, (int, float)):
        return numbers
    dims = ("skill", "home", "host")
    share = np.zeros([len(bench.labels(d)) for d in dims])
    for entry in _entries(given):
        share[np.ix_(*(positions(bench, d, entry.get(f"{d}s"), "labour, nostatus") for d in dims))] = entry["value"]
    return {**numbers, "nostatus": share}


def _entries(value: Any) -> list[Mapping[str, Any]]:
    """A word, a table by skill or a list of entries, as entries."""
    if isinstance(value, str):
        return [{"value": value}]
    if isinstance(value, Mapping):
        return [{"value": part, "skills": skill} for skill, part in value.items()]
    return list(value)


def rates_missing(layers: Iterable[Mapping[str, Any]], model: Model, movers: np.ndarray, where: str) -> str:
    """How many pairs with new movers have no remittance rate of their own, in words; empty where none asks for it."""
    unrated = mover_options(layers, model, where)[1] & movers
    if not unrated.any():
        return ""
    first = zip(("skill", "home", "host"), np.argwhere(unrated)[0], strict=True)
    s, c, h = (model.bench.labels(d)[i] for d, i in first)
    return (f'{where}: rho = "{PAIR}" has no rate for {int(unrated.sum())} of {int(movers.sum())} pairs with new '
            f"movers (no earlier migrants; the first is {s} from {c} in {h}), which take the default")
