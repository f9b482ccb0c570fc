"""Elements of a benchmark by the names that scenario files give them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError

#: What the elements of a dimension are called in messages.
_KINDS = {"comm": "sector", "acts": "activity", "endw": "endowment", "marg": "margin commodity", "skill": "skill"}


def positions(bench: Benchmark, dim: str, wanted: Any, where: str) -> np.ndarray:
    """Positions of the named elements of a dimension; groups of regions may be named.

    Raises
    ------
    ScenarioError
        An element that the benchmark does not have, with the nearest name.
    """
    labels = list(bench.labels(dim))
    if wanted is None or wanted == "all":
        return np.arange(len(labels))
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    groups: Mapping[str, Any] = bench.meta.get("groups", {}) if dim in ("src", "dst", "home", "host", "reg") else {}
    out: list[int] = []
    for name in wanted:
        if name in groups:
            out += [labels.index(r) for r in groups[name]]
        elif name in labels:
            out.append(labels.index(name))
        else:
            near = difflib.get_close_matches(str(name), [*labels, *groups], 1)
            kind = _KINDS.get(dim, "region")
            raise ScenarioError(f"{where}: {kind} '{name}' is not in benchmark {bench.name}; "
                                + (f"did you mean '{near[0]}'? " if near else "")
                                + f"It has {', '.join([*labels, *groups])}")
    return np.array(sorted(set(out)), dtype=int)
