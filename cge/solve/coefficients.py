"""Coefficients that a solve may change: which, and the range in which each means something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.errors import ScenarioError
from cge.model import Calibration

_MANY = float("inf")
#: Least and largest value of each. The benchmark equilibrium does not depend on any of them.
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("ESUBT", "ESUBC", "ESUBVA", "ESUBD", "ESUBM", "ESUBG", "ESUBI", "ESUBS"), (0.0, _MANY)),
    **dict.fromkeys(("ETRAE", "ETRAQ"), (-_MANY, 0.0)),
    **dict.fromkeys(("AN", "FAMILY", "RORFLEX", "ELASM", "NETWORK", "EPSNM", "EPSEN", "TIEMOST"), (0.0, _MANY)),
    **dict.fromkeys(("MSHR", "RHON", "TAXMOV", "CTAXMOV", "TAXSHARE", "RORDELTA", "FREEM", "RENTHOST", "RENTHOME",
                     "RECENT", "TIEPART", "TOHOSTGOV", "TOHOST", "TOHOMEGOV", "TOHOME", "TOLOST"), (0.0, 1.0)),
}


def changed(cal: Calibration, base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The benchmark's coefficients with those given in their place.

    Parameters
    ----------
    cal : Calibration
        Names the dimensions and elements of each.
    base : mapping of str to array
    given : mapping of str to array
        Over the dimensions of each, or broadcastable to them.

    Raises
    ------
    ScenarioError
        A coefficient that hangs together with the benchmark, a shape that does not fit, a value that is no number or
        out of range: names the coefficient and the cell.
    """
    out = dict(base)
    for name, value in given.items():
        if name not in RANGES:
            raise ScenarioError(f"'{name}' is not a coefficient that may change without a new benchmark; those are "
                                f"{', '.join(sorted(RANGES))}")
        if name in ("EPSNM", "EPSEN", "RECENT") and not cal.positions.nests:
            raise ScenarioError(f"coefficient '{name}' is of natives and migrants who are imperfect substitutes, for "
                                "which the model was not made; make it with Model(benchmark, labour={'nests': True})")
        dims, shape = cal.data[name][0], np.shape(base[name])
        try:
            new = np.broadcast_to(np.asarray(value, float), shape).copy()
        except (TypeError, ValueError):
            raise ScenarioError(f"coefficient '{name}' has the shape {shape} ({', '.join(dims) or 'one number'}), the "
                                f"value given {np.shape(value)}; give numbers of that shape, or one for all") from None
        least, most = RANGES[name]
        # What rounds to a bound is on it: shares come from divisions.
        wrong = np.argwhere(~(np.isfinite(new) & (new >= least - 1e-9) & (new <= most + 1e-9)))
        if len(wrong):
            cell = ", ".join(cal.sets[d][i] for d, i in zip(dims, wrong[0], strict=True))
            span = (f"between {least:g} and {most:g}" if np.isfinite(least) and np.isfinite(most)
                    else f"of {least:g} or more" if np.isfinite(least) else f"of {most:g} or less")
            where = f" at {cell}" if cell else ""
            raise ScenarioError(f"coefficient '{name}'{where} is {new[tuple(wrong[0])]:g}; give a number {span}")
        out[name] = new
    return out
