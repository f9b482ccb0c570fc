"""Scenario files and what they mean for a model."""

from cge.scenario.elements import positions
from cge.scenario.mobility import layout_of
from cge.scenario.shocks import shocks_of
from cge.scenario.spec import Scenario, ScenarioFile, read_scenarios
from cge.scenario.tied import ties_of

__all__ = ["Scenario", "ScenarioFile", "layout_of", "positions", "read_scenarios", "shocks_of", "ties_of"]
