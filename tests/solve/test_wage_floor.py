"""The real-wage floor: a complementarity between floor and unemployment."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.solve.model import Model


@pytest.fixture(scope="module")
def model():
    return Model(synthetic_benchmark(3, 3, seed=1))


def test_no_floor_no_unemployment(model):
    s = model.solve({"tm": 1.1})
    np.testing.assert_allclose(s["unemp"], 0.0, atol=1e-12)


def test_floor_at_the_benchmark_wage_replicates(model):
    """A floor that equals the benchmark wage is the corner itself: nothing moves, and no NaN."""
    s = model.solve({"wfloor": 1.0})
    np.testing.assert_allclose(s["unemp"], 0.0, atol=1e-9)
    np.testing.assert_allclose(s["y"], 1.0, atol=1e-9)


@pytest.mark.parametrize("floor", [1.0, 0.99])
def test_floor_binds_where_the_wage_would_fall_and_is_slack_elsewhere(model, floor):
    free = model.solve({"tm": 1.15})
    held = model.solve({"tm": 1.15, "wfloor": floor})
    assert held.certificate.worst < 1e-9
    slack, idle = held["realwage"] - floor, held["unemp"]
    assert float(slack.min()) > -1e-9
    assert float(idle.min()) > -1e-9
    assert float(np.abs(slack * idle).max()) < 1e-9
    assert (free["realwage"] < floor).any()
    assert (idle.values[free["realwage"].values < floor - 0.01] > 0).all()


def test_unemployment_costs_income(model):
    free, held = model.solve({"tm": 1.15}), model.solve({"tm": 1.15, "wfloor": 1.0})
    assert float(held["WEV"]) < float(free["WEV"])
