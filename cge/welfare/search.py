"""Policies whose size is found by solving: equal to another in somebody's gain, or with payments that harm nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import CGEError, SolveFailed
from cge.scenario.elements import positions
from cge.scenario.scaled import scaled
from cge.scenario.shocks import shocks_of
from cge.scenario.sought import GAINS, Equal, SidePayments
from cge.scenario.spec import Scenario
from cge.solve.model import Model, Solution

_STEPS = 15
#: Gap of the search, in million US$ or of the gain sought, whichever is larger.
_MONEY, _PART = 1e-2, 1e-6


@dataclass(frozen=True)
class Paid:
    """Side payments found.

    Attributes
    ----------
    before, payment, after : dict of str to float
        Gain without payments, payment received (negative: made) and gain with them of each party, million US$.
    covered : bool
        Whether what the gainers gain exceeds what the losers lose.
    """

    before: dict[str, float]
    payment: dict[str, float]
    after: dict[str, float]
    covered: bool

    @property
    def bill(self) -> float:
        """Sum of the payments made, million US$."""
        return sum(p for p in self.payment.values() if p > 0)


def equal_size(model: Model, scenario: Scenario, equal: Equal, other: Solution, labour: Mapping[str, float],
               ) -> tuple[float, Solution]:
    """Size of a scenario at which a gain is that of another solution, by secant steps from its full size.

    Parameters
    ----------
    model : Model
    scenario : Scenario
        The policy at size one; sizes are taken as :func:`cge.scenario.scaled.scaled` does.
    equal : Equal
    other : Solution
        What the gain is to be equal to.
    labour : mapping
        Options of the file.

    Returns
    -------
    size : float
    Solution

    Raises
    ------
    SolveFailed
        No size is found.
    """
    cells = positions(model.bench, "reg", equal.reg, "equal")

    def gain(s: Solution) -> float:
        value = s[GAINS[equal.of]].values
        return float(value if value.ndim == 0 else value[cells].sum())

    goal = gain(other)
    a, fa, b = 0.0, -goal, 1.0
    for _ in range(_STEPS):
        try:
            solution = model.solve(*shocks_of(scaled(scenario, b), model, labour))
        except CGEError as err:
            raise SolveFailed(f"scenario '{scenario.name}' at {b:.4g} times its size, where it should do to {equal.of} "
                              f"what '{equal.to}' does: {err}") from None
        fb = gain(solution) - goal
        if abs(fb) <= max(_MONEY, _PART * abs(goal)):
            return b, solution
        if fb == fa:
            break
        a, fa, b = b, fb, b - fb * (b - a) / (fb - fa)
    raise SolveFailed(f"scenario '{scenario.name}': no size of it does to {equal.of} what '{equal.to}' does "
                      f"({goal:.6g} million US$; nearest gap {fb:.3g}); name another gain or other regions")


def parties_of(payments: SidePayments, bench: Benchmark) -> dict[str, np.ndarray]:
    """Positions of the regions of each party; each region by itself where none are named."""
    named = payments.parties or {r: r for r in bench.labels("reg")}
    return {n: positions(bench, "reg", r, "side_payments") for n, r in named.items()}


def with_payments(model: Model, solve: Callable[[np.ndarray], Solution], payments: SidePayments, plain: Solution
                  ) -> tuple[Paid, Solution]:
    """Transfers after which no party loses: losers are made whole, gainers pay in proportion to what they gain.

    Inside a party of several regions a payment is shared by benchmark income.

    Parameters
    ----------
    model : Model
    solve : callable
        Receives the transfers (reg), million US$; returns the solution of the policy with them.
    payments : SidePayments
    plain : Solution
        The policy without payments.

    Returns
    -------
    Paid
        Where gains do not cover losses nothing is paid, and ``covered`` is false.
    Solution

    Raises
    ------
    SolveFailed
        Payments do not settle.
    """
    parties, income = parties_of(payments, model.bench), model.cal.data["INCOME"][1]
    share = np.array([np.where(np.isin(np.arange(len(income)), r), income, 0.0) / income[r].sum()
                      for r in parties.values()])

    def gains(s: Solution) -> np.ndarray:
        value = s[GAINS[payments.gain]].values
        return np.array([value[r].sum() for r in parties.values()])

    before = gains(plain)
    lose, gain = before < 0, np.maximum(before, 0.0)
    covered = bool(before.sum() > 0)
    pay, after, solution = np.zeros(len(before)), before, plain
    for _ in range(_STEPS):
        if not covered or not lose.any() or np.abs(after[lose]).max() <= _MONEY:
            break
        pay[lose] -= after[lose]
        pay[~lose] = -pay[lose].sum() * gain[~lose] / gain.sum()
        solution = solve(pay @ share)
        after = gains(solution)
        covered = bool((after[~lose] > 0).all())
    else:
        raise SolveFailed("side payments do not settle: losses left "
                          f"{', '.join(f'{x:.3g}' for x in after[lose])} million US$; name larger parties")
    names = list(parties)
    found = [dict(zip(names, map(float, a), strict=True)) for a in (before, pay, after)]
    return Paid(found[0], found[1], found[2], covered), solution
