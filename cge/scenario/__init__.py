"""Scenario files and what they mean for a model."""

from cge.scenario.shocks import positions, shocks_of
from cge.scenario.spec import Scenario, ScenarioFile, read_scenarios

__all__ = ["Scenario", "ScenarioFile", "positions", "read_scenarios", "shocks_of"]
