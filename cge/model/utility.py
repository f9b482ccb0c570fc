"""Utility of the regional household, once for demand, equivalent and compensating variation (McDougall 2003)."""

from __future__ import annotations

from cge.model.ops import coefficient, index, level, log, share, total


def expenditure_elasticity(v, kernel):
    """Elasticity of private expenditure with respect to private utility at a CDE kernel, relative to the benchmark."""
    return total(share(v.VPP * kernel, "comm") * coefficient(v.INCPAR), "comm") / v.UEPRIV0


def utility_elasticity(v, private):
    """Elasticity of the cost of utility at that of private expenditure, relative to the benchmark."""
    inv = level(v.BPRIV * v.dppriv / (v.UEPRIV0 * private)) + level(v.BGOV * v.dpgov) + level(v.BSAVE * v.dpsave)
    return index(1.0 / inv, v.UELAS0)


def log_utility(v, private, public, saving):
    """Logarithm of utility from its three parts (Cobb-Douglas)."""
    return (v.BPRIV_E * level(v.dppriv) * log(private) + v.BGOV_E * level(v.dpgov) * log(public)
            + v.BSAVE_E * level(v.dpsave) * log(saving))
