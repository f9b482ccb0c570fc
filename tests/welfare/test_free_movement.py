"""Free movement and the return of earlier migrants in the whole model: on small worlds, and gate 18 beside its closed
form on the shipped benchmark (long)."""

from __future__ import annotations

import numpy as np
import pytest

import cge
from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.solve.model import Model
from cge.welfare.free_movement import EQUAL, FreeWorld, one_labour
from cge.welfare.returns import earlier_return
from tests.cases import model, plain


@pytest.fixture(scope="module")
def small():
    return FreeWorld(synthetic_benchmark(3, 3, seed=1))


@pytest.mark.long
def test_wages_are_equal_and_nobody_is_lost(small):
    found = small.solve(1.0)
    assert not found.bound.any() and found.worst < 1e-9
    assert np.ptp(np.log(found.pay_after)) < EQUAL < 0.1 < np.ptp(np.log(found.pay_before))
    units = small.model.cal.data["EFF0"][1][0]
    assert (units * found.workers).sum() == pytest.approx(units.sum(), rel=1e-6)
    poorest, richest = found.pay_before.argmin(), found.pay_before.argmax()
    assert found.workers[poorest] < 1 < found.workers[richest]
    assert found.gain > 0 and found.residents + found.movers + found.earlier == pytest.approx(found.gain, rel=1e-9)


def test_one_kind_of_labour_keeps_the_accounts():
    bench = cge.open_benchmark("ww1997")
    one = one_labour(bench)
    assert one.labels("skill") == ("Labour",)
    assert float(one["LAB"].sum()) == pytest.approx(float(bench["LAB"].sum()), rel=1e-12)
    gross = float((bench["SAVE"] + bench["VDEP"]).sum())
    assert float(one["SAVE"].sum()) == pytest.approx(gross, rel=1e-5) and float(one["VDEP"].sum()) == 0.0


def test_earlier_migrants_who_return_take_along_what_they_did():
    """Nobody's wage depends on who is who: labour supply falls by the efficiency units of those who went."""
    m = model(seed=1)
    found = earlier_return(m, 0.001, hosts=["R1"], homes=["R2", "R3"])
    force = m.cal.data["LF0"][1][:, 0]
    assert found.gone == pytest.approx(0.001 * force.sum(), rel=1e-9)
    assert found.remaining[0] > 0 > found.residents[0]
    with pytest.raises(ScenarioError, match="fewer than the 99.00% that would go; lower the rate"):
        earlier_return(m, 0.99, hosts=["R1"], homes=["R2", "R3"])
    with pytest.raises(ScenarioError, match="above 0"):
        earlier_return(m, 0.0)


def test_a_model_made_for_imperfect_substitutes_gives_the_same_return():
    """More go than came recently (a fifth of them): with perfect substitutes who is recent says nothing."""
    pooled, nests = model(seed=1), plain(Model(synthetic_benchmark(3, 3, seed=1), labour={"nests": True}))
    earlier, force = pooled.cal.data["LABOFF"][1].sum(1), pooled.cal.data["LF0"][1]
    rate = 0.5 * float((earlier / force)[:, 0].min())
    a, b = (earlier_return(m, rate, hosts=["R1"], homes=["R2", "R3"]) for m in (pooled, nests))
    assert b.gone == pytest.approx(a.gone, rel=1e-9) and b.world == pytest.approx(a.world, rel=1e-8)
    np.testing.assert_allclose(b.residents, a.residents, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(b.remaining, a.remaining, rtol=1e-7, atol=1e-9)


@pytest.mark.long
def test_gain_on_the_shipped_benchmark_is_below_the_closed_form_and_in_the_published_range():
    """Hamilton and Whalley (1984): +67 to +147% of world GDP; one good has no terms of trade to lose."""
    found = FreeWorld(cge.open_benchmark("ww1997")).solve(1.0)
    assert 67 < found.percent < 147 and found.apart < EQUAL
    assert 0.6 < found.percent / 100 / found.closed.gain < 1.0
