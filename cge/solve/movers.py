"""What no solve can take of new movers: refused by name before it starts."""

from __future__ import annotations

import numpy as np

from cge.benchmark import Benchmark
from cge.errors import ScenarioError
from cge.model.calibrate import Calibration
from cge.model.terms_data import largest_charge


def check_movers(bench: Benchmark, cal: Calibration, goal: dict) -> None:
    """Refuse quotas whose movers have no home, come from the host itself, or empty a region; caps below zero.

    Also two rules for the same movers, and terms of movement that leave nothing of their pay.

    Parameters
    ----------
    bench : Benchmark
    cal : Calibration
        Gives natives and work forces (skill, reg), thousand workers.
    goal : dict
        Data tree with the full shock.

    Raises
    ------
    ScenarioError
    """
    quota, coef = goal["exo"]["quota"], goal["coef"]
    shares = coef["MSHR"]
    skills, regions = bench.sets["skill"], bench.sets["reg"]
    for name in ("cappair", "caphost", "capbloc"):
        if np.any(goal["exo"][name] < 0.0):
            raise ScenarioError(f"'{name}' is a number of workers; the smallest asked is "
                                f"{goal['exo'][name].min():.4g} thousand - give 0 or more")
    if quota.any() and (coef["ELASM"].any() or coef["FREEM"].any()):
        raise ScenarioError("a quota and workers who move for wages are two rules for the same people; set quota "
                            "to zero, or ELASM and FREEM")
    homes, own = shares.sum(1), np.einsum("shh->sh", shares)
    for s, r in np.argwhere((quota != 0.0) & ((np.abs(homes - 1.0) > 1e-9) | (own != 0.0))):
        raise ScenarioError(
            f"the quota of {skills[s]} in {regions[r]} is {quota[s, r]:g}, but the shares MSHR of its movers "
            f"sum to {homes[s, r]:g} over homes, {own[s, r]:g} of it the host itself; give shares of other "
            "regions that sum to one")
    admitted = quota * cal.data["LF0"][1]
    leavers, natives = (shares * admitted[:, None, :]).sum(2), cal.data["NAT0"][1]
    for s, h in np.argwhere((leavers > 0.0) & (leavers >= natives)):
        raise ScenarioError(
            f"the quotas take {leavers[s, h]:.4g} thousand {skills[s]} from {regions[h]}, which has "
            f"{natives[s, h]:.4g} thousand natives at work; lower the quota or spread it over more homes")
    come = (shares * admitted[:, None, :] > 0.0) | ((coef["ELASM"] + coef["FREEM"]) * coef["MOVES"] > 0.0)
    for s, c, h in np.argwhere(come & (largest_charge(goal["exo"], coef) >= 1.0)):
        raise ScenarioError(
            f"the terms of movement take all of the after-tax pay of {skills[s]} from {regions[c]} in "
            f"{regions[h]}, or more, at base-year wages; lower a wedge or fee until something is left")
