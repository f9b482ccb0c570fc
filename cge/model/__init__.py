"""The equation table of the model: importing this package builds it."""

from cge.model import (  # noqa: F401  (each block registers its rows)
    compensation,
    decomposition,
    decomposition_technology,
    demand,
    endowments,
    group_gains,
    income,
    indicators,
    investment,
    labour_nest,
    migration,
    mobility,
    ownership,
    prices,
    production,
    shifters,
    terms,
    terms_of_trade,
    tied,
    trade,
    trade_indices,
    welfare,
)
from cge.model.calibrate import LABOUR_DEFAULTS, Calibration, calibrate
from cge.model.mobility_data import Layout
from cge.model.ownership_data import Ownership
from cge.model.registry import table
from cge.model.tied_data import Ties

table.check()
__all__ = ["LABOUR_DEFAULTS", "Calibration", "Layout", "Ownership", "Ties", "calibrate", "table"]
