"""Options of single scenarios: closure of capital, elasticities, tax revenue shared with earlier migrants."""

from __future__ import annotations

import numpy as np
import pytest

from cge.scenario import Scenario, shocks_of
from cge.solve.model import Model
from tests.cases import model, no_tariffs, quota
from tests.engine import plain


@pytest.fixture(scope="module")
def m():
    return model(seed=1)


def test_fixed_shares_of_one_scenario_are_those_of_the_closure(m):
    shocks = no_tariffs(m)
    one = m.solve(shocks, shocks_of(Scenario("T", rordelta=0), m)[1])
    whole = plain(Model(m.bench, rordelta=0.0)).solve(shocks)
    for name in ("EV", "qinv", "rore", "pfd"):
        np.testing.assert_allclose(one[name], whole[name], rtol=1e-8, atol=1e-6)


def test_fixed_shares_move_net_investment_alike_everywhere(m):
    """What the closure says: each region keeps its part of the world's real net investment; by returns it does not."""
    shocks = no_tariffs(m)
    fixed, by_return = (m.solve(shocks, shocks_of(Scenario("T", rordelta=k), m)[1]) for k in (0, 1))
    part = [s["qnetinv"].values / m.cal.data["NETINV"][1] for s in (fixed, by_return)]
    np.testing.assert_allclose(part[0], part[0][0], rtol=1e-9)
    assert np.ptp(part[1]) > 1e-4
    assert np.ptp(by_return["rore"].values) < 1e-9 < np.ptp(fixed["rore"].values)


def test_scaled_elasticities_are_those_of_another_benchmark(m):
    scenario = Scenario("T", elasticities={"ESUBM": 1.5, "ESUBD": 1.5})
    one = m.solve(no_tariffs(m), shocks_of(scenario, m)[1])
    other = plain(Model(m.bench.replace(ESUBM=1.5 * m.bench["ESUBM"], ESUBD=1.5 * m.bench["ESUBD"])))
    np.testing.assert_allclose(one["EV"], other.solve(no_tariffs(m))["EV"], rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("part", [0.3, 1.0])
def test_tax_revenue_shared_with_earlier_migrants(m, part):
    """Each earlier migrant gets the part of the average per head; residents pay; accounts and decomposition close."""
    shocks, coefficients = quota(m)
    s = m.solve({**shocks, "taxearl": part}, {**coefficients, "TAXSHARE": 1.0, "RHON": 0.2})
    assert s.certificate.worst < 1e-9
    head = s["taxtotal"] / s["people"]  # million US$ per million persons
    received = s["shareearl"].sum(("skill", "home")).values
    there = m.bench["MPOP"].sum("home").values / 1e3
    np.testing.assert_allclose(received, part * head.values * there, rtol=1e-9)
    assert received.min() > 0
    with_tax = s["spendearl"] - (s["yearl"] - s["remearl"])
    np.testing.assert_allclose(with_tax, s["shareearl"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-4 * float(abs(s["EV"]).max()))


def test_sharing_with_earlier_migrants_moves_income_to_them(m):
    """A small transfer: to first order, what earlier migrants gain residents lose, up to the taxes it moves."""
    s = m.solve({"taxearl": 1e-3})
    given, earned = float(s["shareearl"].sum()), float(s["EVearl"].sum())
    assert earned == pytest.approx(given, rel=0.05)
    assert float(s["EV"].sum()) == pytest.approx(-given, rel=0.25)
    before = m.base()
    assert float(abs(before["shareearl"]).max()) == 0.0
