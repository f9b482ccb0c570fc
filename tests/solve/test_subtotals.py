"""Subtotals: contributions of the parts of a shock add up, and each is what it should be alone."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.scenario import Scenario, shocks_of
from cge.scenario.parts import parts_of
from cge.solve.model import Model
from cge.solve.subtotals import subtotals


@pytest.fixture(scope="module")
def model():
    bench = synthetic_benchmark(3, 3, seed=1)
    regs = bench.sets["reg"]
    return Model(bench.replace(meta={"groups": {"importers": [regs[0]], "exporters": list(regs[1:])}}))


def test_parts_add_up_to_the_whole(model):
    scenario = Scenario("X", tariffs=[{"scale": 0.5}], quota=[{"rate": 0.02}],
                        shock=[{"variable": "aoall", "value": 1.02, "where": {"reg": [model.bench.labels("reg")[2]]}}])
    parts, coefficients = parts_of(scenario, model)
    assert next(iter(parts)) == "tariffs"
    assert sum(name.startswith("quota") for name in parts) == 2
    found = subtotals(model, parts, ["EV", "y", "qo", "EVnew"], coefficients)
    assert found.gap < 1e-5
    for name in ("EV", "y", "qo", "EVnew"):
        total = found.data[f"total_{name}"]
        np.testing.assert_allclose(found.data[name].sum("part"), total, atol=1e-5 * float(np.abs(total).max()))


def test_overlapping_entries_are_what_the_run_solves(model):
    comm = list(model.bench.labels("comm"))
    scenario = Scenario("X", shock=[{"variable": "tm", "value": 1.1, "where": {"comm": comm[:2]}},
                                    {"variable": "tm", "value": 1.05, "where": {"comm": comm[1:2]}}])
    parts, coefficients = parts_of(scenario, model)
    solved = model.solve(*shocks_of(scenario, model))["EV"]
    found = subtotals(model, parts, ["EV"], coefficients)
    np.testing.assert_allclose(found.data["total_EV"], solved, rtol=1e-9)
    assert found.gap < 1e-5


def test_one_part_is_the_whole(model):
    found = subtotals(model, {"all": {"tm": 1.05}}, ["EV"])
    solved = model.solve({"tm": 1.05})["EV"]
    np.testing.assert_allclose(found.data["EV"].sel(part="all"), solved, atol=1e-5 * float(np.abs(solved).max()))


def test_an_empty_part_contributes_nothing(model):
    found = subtotals(model, {"cut": {"tm": 1.05}, "nothing": {"aoall": 1.0}}, ["EV", "y"])
    assert float(np.abs(found.data["EV"].sel(part="nothing")).max()) == 0.0


def test_small_parts_contribute_what_they_do_alone(model):
    """To first order a contribution is the effect of the part alone: the gap shrinks with the square of the shock."""
    gaps = []
    for size in (0.02, 0.01):
        parts = {"tariff": {"tm": 1 + size}, "technology": {"aoreg": 1 + size}}
        together = subtotals(model, parts, ["EV"]).data["EV"]
        alone = model.solve(parts["tariff"])["EV"]
        gaps.append(float(np.abs(together.sel(part="tariff") - alone).max()))
    assert gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.15)


def test_what_does_not_move_costs_no_steps(model):
    """The slack of the omitted market and the numeraire stay at rounding; the gap is not measured against that."""
    parts = {"tariff": {"tm": 1.1}, "technology": {"aoreg": 1.01}}
    alone = subtotals(model, parts, ["EV"])
    found = subtotals(model, parts, ["EV", "walraslack", "pfactwld"])
    assert found.steps == alone.steps
    assert found.gap < 1e-6
    np.testing.assert_array_equal(found.data["EV"], alone.data["EV"])


def test_tariffs_by_commodity(model):
    scenario = Scenario("T", tariffs=[{"remove": "all"}])
    parts, _ = parts_of(scenario, model, by="comm")
    assert {name.removeprefix("tariffs ") for name in parts} <= set(model.bench.labels("comm"))
    product = np.prod([p["tms"] for p in parts.values()], axis=0)
    np.testing.assert_allclose(product, parts_of(scenario, model)[0]["tariffs"]["tms"])


def test_wrong_names_are_refused(model):
    with pytest.raises(ScenarioError, match="nothing to decompose"):
        subtotals(model, {}, ["EV"])
    with pytest.raises(ScenarioError, match="not a variable"):
        subtotals(model, {"a": {"tm": 1.1}}, ["utility"])
    with pytest.raises(ScenarioError, match="along the path"):
        subtotals(model, {"a": {"tm": 1.1}}, ["CNTalleffr"])
