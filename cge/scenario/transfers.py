"""Transfers between regional households as a scenario file gives them: ``transfers = [{ total, from, to }]``.

Payers give in proportion to their benchmark income, receivers get in proportion to their population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.scenario.elements import positions
from cge.scenario.words import check_keys, labels, number

_KEYS = {"total", "from", "to"}


def check_transfers(entries: Sequence[Mapping[str, Any]], where: str) -> None:
    """Refuse entries without an amount, a payer and a receiver.

    Raises
    ------
    ScenarioError
    """
    for entry in entries:
        check_keys(entry, _KEYS, f"{where}, transfers")
        for key in sorted(_KEYS):
            if key not in entry:
                raise ScenarioError(f"{where}, transfers: '{key}' is missing; write {{ total = 1000.0, from = \"USA\", "
                                    "to = \"MEX\" }, million US$ a year")
        number(entry["total"], f"{where}, transfers, total")
        for key in ("from", "to"):
            labels(entry[key], f"{where}, transfers, {key}")


def transfer_of(entries: Sequence[Mapping[str, Any]], bench: Benchmark, income: np.ndarray, where: str) -> np.ndarray:
    """Transfer that each region receives, million US$ (reg); sums to zero.

    Parameters
    ----------
    entries : sequence of mapping
    bench : Benchmark
    income : array (reg)
        Benchmark income of regional households, million US$.
    where : str
        For messages.

    Raises
    ------
    ScenarioError
        Unknown region; a region that pays and receives in one entry.
    """
    out, heads = np.zeros(len(bench.labels("reg"))), bench["POP"].values
    for entry in entries:
        payers, takers = (positions(bench, "reg", entry[key], f"{where}, transfers") for key in ("from", "to"))
        both = set(payers) & set(takers)
        if both:
            raise ScenarioError(f"{where}, transfers: {bench.labels('reg')[min(both)]} both pays and receives; name it "
                                "on one side")
        out[payers] -= entry["total"] * income[payers] / income[payers].sum()
        out[takers] += entry["total"] * heads[takers] / heads[takers].sum()
    return out
