"""Behavioural parameters of a benchmark, from tables of published values in ``facts/``."""

from calibration.elasticities.parameters import demand_report, parameters

__all__ = ["demand_report", "parameters"]
