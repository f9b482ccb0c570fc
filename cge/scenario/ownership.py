"""The section ``[ownership]`` of a scenario file: capital that does not belong to residents, part of the base year.

::

    [ownership]
    migrants = 0.5                       # an earlier migrant owns half of a resident worker's capital
    settled = 0.0                        # and a new mover none
    foreign = [{ share = 0.1, hosts = ["exporters"], owners = ["importers"] }]
    source = "assumption"                # where the shares come from

``migrants`` is a number or a list by host, ``[{ value = 0.5, hosts = ["USA"] }]``, of which the later entry counts.
``foreign``: each entry gives ``share``, the part of the capital of ``hosts`` (all by default) that residents of
``owners`` (all by default) hold; several owners divide it by their income, nobody owns abroad what is at home. Shares
of several entries add up. By default residents own all capital.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model.ownership_data import Ownership
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, number, table_of, text_of

#: Largest capital of a migrant worker over that of a resident one; more would be a slip of the decimal point.
MOST = 3.0
_KEYS = {"migrants", "settled", "foreign", "source"}


def check_ownership(given: Any, where: str) -> None:
    """Refuse ownership of the wrong kind or size.

    Raises
    ------
    ScenarioError
        Unknown key, a number out of range, foreign shares without a source.
    """
    here = f"{where}, ownership"
    given = table_of(given, here)
    check_keys(given, _KEYS, here)
    text_of(given.get("source", ""), f"{here}, source")
    _check_number(given.get("settled", 0.0), f"{here}, settled", MOST)
    migrants = given.get("migrants", 0.0)
    if isinstance(migrants, list):
        for entry in migrants:
            check_keys(table_of(entry, f"{here}, migrants"), {"value", "hosts"}, f"{here}, migrants")
            if "value" not in entry:
                raise ScenarioError(f"{here}, migrants: 'value' is missing; write each entry as {{ value = 0.5, hosts "
                                    "= [...] }")
            _check_number(entry["value"], f"{here}, migrants, value", MOST)
            labels(entry.get("hosts"), f"{here}, migrants, hosts")
    else:
        _check_number(migrants, f"{here}, migrants", MOST)
    foreign = given.get("foreign", [])
    if not isinstance(foreign, list):
        raise ScenarioError(f"{here}: foreign must be a list of tables, foreign = [{{ share = 0.1, hosts = [...], "
                            "owners = [...] }]")
    for entry in foreign:
        check_keys(table_of(entry, f"{here}, foreign"), {"share", "hosts", "owners"}, f"{here}, foreign")
        if "share" not in entry:
            raise ScenarioError(f"{here}, foreign: 'share' is missing; it is the part of the hosts' capital, as 0.1")
        _check_number(entry["share"], f"{here}, foreign, share", 1.0)
        for key in ("hosts", "owners"):
            labels(entry.get(key), f"{here}, foreign, {key}")
    if given and not text_of(given.get("source", ""), f"{here}, source"):
        raise ScenarioError(f"{here}: 'source' is missing; say where the shares come from, or source = \"assumption\"; "
                            "benchmarks hold none")


def _check_number(value: Any, where: str, most: float) -> None:
    number(value, where)
    if value < 0 or value > most:
        raise ScenarioError(f"{where} = {value} is out of range; it is a number between 0 and {most:g}"
                            + (", capital per worker over that of a resident" if most == MOST else ""))


def ownership_of(given: Mapping[str, Any], bench: Benchmark) -> Ownership | None:
    """Shares of capital by region that a file's ``[ownership]`` gives; None where it gives none.

    Parameters
    ----------
    given : mapping
        The section, as :func:`check_ownership` accepts it.
    bench : Benchmark
        Its consumption and saving divide a share among several owners.

    Raises
    ------
    ScenarioError
        A region that the benchmark does not have; shares of one host above one; nobody to own, or nothing owned.
    """
    if not given:
        return None
    regs, where = bench.labels("reg"), "ownership"
    hold = np.zeros(len(regs))
    migrants = given.get("migrants", 0.0)
    for entry in migrants if isinstance(migrants, list) else [{"value": migrants}]:
        hold[positions(bench, "host", entry.get("hosts"), f"{where}, migrants")] = entry["value"]
    if (hold > 0).any() and not bench.has_labour:
        raise ScenarioError(f"{where}, migrants: benchmark {bench.name} has no labour stocks by home and host (array "
                            "LAB), so there are no migrants to own anything; leave migrants out")
    spent = [bench[name].sum("comm").values for name in ("VDPP", "VMPP", "VDGP", "VMGP")]
    income = bench["SAVE"].values + np.sum(spent, axis=0)
    foreign = np.zeros((len(regs), len(regs)))
    for entry in given.get("foreign", []):
        owners = positions(bench, "home", entry.get("owners"), f"{where}, foreign, owners")
        for h in positions(bench, "host", entry.get("hosts"), f"{where}, foreign, hosts"):
            weight = np.zeros(len(regs))
            weight[owners] = income[owners]
            weight[h] = 0.0
            if weight.sum() <= 0:
                raise ScenarioError(f"{where}, foreign: {regs[h]} alone is named as owner of its own capital abroad; "
                                    "name other owners, or leave the host out")
            foreign[:, h] += entry["share"] * weight / weight.sum()
    for h in np.flatnonzero(foreign.sum(0) > 1.0 + 1e-9):
        raise ScenarioError(f"{where}, foreign: {foreign[:, h].sum():.0%} of the capital of {regs[h]} would be owned "
                            "from abroad; lower the shares to a sum of at most 1")
    return Ownership(hold, float(given.get("settled", 0.0)), foreign, str(given.get("source", "")))
