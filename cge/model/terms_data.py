"""Terms of movement: their names, who receives them by default, and what they take of pay in the base year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cge.errors import BenchmarkError

#: What a mover pays (or, for ``transfer``, what is kept of her remittance), in the order of dimension ``term``.
TERMS = ("status", "employer", "fee", "screening", "exit", "forfeited", "transfer")
#: Parts of each term by recipient; with ``TOLOST`` they add up to one. A scenario may name another recipient.
DEFAULTS = {
    "TOHOSTGOV": ("fee", "forfeited"),       # fees and what an escrow keeps are revenue of the host
    "TOHOST": ("status", "transfer"),        # the employer, and those who transfer money, are residents of the host
    "TOHOMEGOV": ("exit",),
    "TOHOME": (),
    "TOLOST": ("employer", "screening"),     # spent on real services
}
FRACTIONS = ("statuswedge", "employwedge", "entryrate", "exitrate", "withheld")
FEES = ("entryfee", "screencost", "exitfee")


def terms_data(add: Callable) -> None:
    """Coefficients of block ``terms``: one recipient per term.

    Parameters
    ----------
    add : callable
        Receives name, dimensions, values.
    """
    for name, terms in DEFAULTS.items():
        add(name, ("term",), [float(t in terms) for t in TERMS])


def earlier_pay(wnet: np.ndarray, wgross: np.ndarray, options: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """After-tax pay of earlier migrants per efficiency unit in the base year, and labour tax that none of them pays.

    Parameters
    ----------
    wnet, wgross : array (skill, reg)
        Labour income after and before labour tax, million US$ per thousand efficiency units.
    options : mapping
        nostatus (share without legal status), statusgap (part of pay that they lose), informal (part of the labour tax
        that they do not pay); see :data:`cge.model.LABOUR_DEFAULTS`.

    Returns
    -------
    pay, exempt : array (skill, home, host)

    Raises
    ------
    BenchmarkError
        An option that is no number or array, or not between 0 and 1.
    """
    for key in ("nostatus", "statusgap", "informal"):
        value = options[key]
        wrong = isinstance(value, (str, Mapping, list, tuple))
        if wrong or np.any(np.asarray(value) < 0) or np.any(np.asarray(value) > 1):
            raise BenchmarkError(f"labour: {key} = {value!r} is neither a number nor an array over skill, home, host, "
                                 "of values between 0 and 1; tables and lists are for scenario files")
    here, without = np.repeat(wnet[:, None, :], wnet.shape[1], 1), options["nostatus"]
    exempt = without * options["informal"] * (wgross - wnet)[:, None, :] + 0.0 * here
    return here + exempt - options["statusgap"] * (without * here + exempt), exempt


def largest_charge(given: Mapping[str, Any], coefficients: Mapping[str, np.ndarray]) -> np.ndarray:
    """Part of after-tax pay at base-year wages that the terms take, money in escrow included.

    Parameters
    ----------
    given : mapping of str to array (skill, home, host)
        Values of the variables of block ``terms``; zero where absent.
    coefficients : mapping of str to array
        AN, TAXMOV, WNET0, WAGE0 of the model.

    Returns
    -------
    array (skill, home, host)
    """
    c = coefficients
    pay = c["AN"] * (c["WNET0"] + (1.0 - c["TAXMOV"]) * (c["WAGE0"] - c["WNET0"]))[:, None, :]
    fees = np.asarray(sum(np.asarray(given.get(name, 0.0)) for name in FEES)) + 0.0 * pay
    share = np.divide(fees, pay, out=np.where(fees > 0, np.inf, 0.0), where=pay > 0)
    return np.asarray(share + sum(np.asarray(given.get(name, 0.0)) for name in FRACTIONS))
