"""Elasticities between natives and migrants, and between settled and recent ones: defaults, sources, coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: Options of the nest and the coefficient that holds each. An elasticity is held as its inverse: infinite is zero.
NEST: dict[str, str] = {"sigma_native_migrant": "EPSNM", "sigma_earlier_new": "EPSEN", "recent": "RECENT"}
#: Value of each option where nobody gives one, and its source.
NEST_DEFAULTS: dict[str, tuple[float, str]] = {
    "sigma_native_migrant": (np.inf, "perfect substitutes; 20 after Ottaviano and Peri (2012), Journal of the European "
                                     "Economic Association 10(1), 7.8 after Manacorda, Manning and Wadsworth (2012), "
                                     "the same 10(1) [both numbers recalled]"),
    "sigma_earlier_new": (np.inf, "perfect substitutes; D'Amuri, Ottaviano and Peri (2010), European Economic Review "
                                  "54(4), find old and new migrants closer to each other than to natives"),
    "recent": (0.2, "assumption: part of earlier migrants who came so recently that new movers are like them"),
}

#: What each option is.
NEST_NAMES = {"sigma_native_migrant": "elasticity of substitution between natives and migrants",
              "sigma_earlier_new": "elasticity of substitution between settled and recent migrants",
              "recent": "part of earlier migrants with whom new movers are one kind"}


def inverse(option: str, value: Any) -> np.ndarray:
    """The coefficient of an option: one over an elasticity, zero where it is infinite; ``recent`` as it is."""
    value = np.asarray(value, float)
    with np.errstate(divide="ignore"):
        return value if option == "recent" else 1.0 / value


def with_nests(options: Mapping[str, Any]) -> bool:
    """Whether labour options ask for the nest: an elasticity that is finite, or ``nests``."""
    return bool(options.get("nests")) or any(
        np.any(np.isfinite(options[k])) for k in ("sigma_native_migrant", "sigma_earlier_new") if k in options)


def nest_data(add: Callable, earlier: np.ndarray, units: np.ndarray, options: Mapping[str, Any], mobility: bool
              ) -> bool:
    """Coefficients of block ``labour_nest``.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    earlier, units : array (skill, reg)
        Earlier migrants, and all workers, thousand efficiency units.
    options : mapping
        Labour options; those of the nest are numbers or arrays over skill and reg.
    mobility : bool
        Whether workers respond to wages.

    Returns
    -------
    bool
        Whether the model has the nest.
    """
    on = with_nests(options)
    for option, name in NEST.items():
        value = options.get(option, NEST_DEFAULTS[option][0])
        add(name, ("skill", "reg"), np.broadcast_to(inverse(option, value), earlier.shape).copy())
    add("NESTED", ("skill", "reg"), earlier > 0)
    add("NESTMOVES", ("skill", "reg"), (units > 0) & (on and mobility))
    return on
