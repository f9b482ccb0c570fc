"""Compensating against equivalent variation: second order, closed form of homothetic demand, price level, absence."""

from __future__ import annotations

import numpy as np
import pytest

from cge.model import table
from cge.solve.model import Model
from tests.cases import model, no_tariffs, quota
from tests.engine import plain


def shocked(m, size=1.0):
    shocks, coefficients = quota(m, 0.03 * size)
    return m.solve({**shocks, **no_tariffs(m, 0.5 * size)}, coefficients)


@pytest.fixture(scope="module")
def m():
    return model(seed=1)


def test_both_variations_agree_to_second_order(m):
    """Gaps of all groups fall by four as tariffs and the quota halve; both variations are of first order."""
    whole, half = shocked(m, 0.2), shocked(m, 0.1)
    for cv, ev in (("CV", "EV"), ("CVearl", "EVearl"), ("CVnew", "EVnew")):
        gaps = [float(np.abs(s[cv] - s[ev]).sum()) for s in (whole, half)]
        assert gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.15), cv
        assert float(np.abs(whole[ev]).sum() / np.abs(half[ev]).sum()) == pytest.approx(2.0, rel=0.15), ev


@pytest.mark.parametrize("substitution", [0.2, 0.9])
def test_homothetic_demand_has_one_price_index(m, substitution):
    """A CDE of one SUBPAR and INCPAR one is a CES, and regional utility is then proportional to income: every utility
    costs more by the same index, so that CV is EV times it. The index is taken from CES and Cobb-Douglas formulas."""
    b = m.bench
    other = plain(Model(b.replace(SUBPAR=b["SUBPAR"].copy(data=np.full(b["SUBPAR"].shape, substitution)),
                                  INCPAR=b["INCPAR"].copy(data=np.ones(b["INCPAR"].shape)))))
    s = shocked(other)
    c = {n: a for n, (_, a) in other.cal.data.items()}
    weight = c["VPP"] / c["VPP"].sum(0)
    private = (weight * s["ppa"].values**substitution).sum(0) ** (1.0 / substitution)
    parts = np.stack([c["YPRES"], c["YG0"], c["SAVE"]]) / c["INCOME"]
    cost = np.exp((parts * np.log([private, s["pgov"].values, s["psave"].values])).sum(0))
    np.testing.assert_allclose(s["CV"], s["EV"] * cost, rtol=1e-7)
    assert (np.abs(cost - 1.0) > 1e-3).all()


def test_the_reported_rows_hold_at_the_solution(m):
    s = shocked(m)
    for row in table.reported.values():
        lhs, rhs = s.view.condition(row)
        np.testing.assert_allclose(lhs.level(), rhs.level(), atol=1e-10, err_msg=row.name)
    assert float(np.abs(s["ubase"] - 1.0).max()) > 1e-4  # those who stay are not the average of those before


def test_a_price_level_gives_nothing(m):
    s = m.solve({"pfactwld": 2.0})
    np.testing.assert_allclose(s["ycv"], 2.0, rtol=1e-9)
    np.testing.assert_allclose(s["CV"], 0.0, atol=1e-7 * m.cal.data["INCWLD"][1])


def test_services_used_up_are_paid_for(m):
    """Public services that migrants take: compensation at the new prices buys them back, as EV counts their loss."""
    shocks, coefficients = quota(m, 0.003)
    s = m.solve({**shocks, "servearl": 0.05}, coefficients)
    assert (s["CNTserv"].values < -0.1).any()
    np.testing.assert_allclose(s["CV"], s["EV"], rtol=0.02, atol=0.02 * float(np.abs(s["EV"]).max()))


def test_a_solve_knows_nothing_of_it(m):
    """No unknown, no row and no definition of the solve is one of the block."""
    block = {n for n, x in table.symbols.items() if x.block == "compensation"}
    assert not block & ({n for n, _, _ in m.system.unknown} | set(m.system.evaluated))
    assert {"CV", "ycv", "upcv", "WCV"} <= m.system.reports()
