"""Options of movers: people are conserved, revenue is what is paid, a wrong index does not pass the certificate."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.model.calibrate import LABOUR_DEFAULTS, mover_coefficients
from cge.scenario import Scenario, shocks_of
from cge.solve.certificate import certify
from cge.solve.model import Model
from cge.solve.newton import NewtonReport


@pytest.fixture(scope="module")
def model():
    bench = synthetic_benchmark(3, 3, seed=1)
    regs = bench.sets["reg"]
    return Model(bench.replace(meta={"groups": {"importers": [regs[0]], "exporters": list(regs[1:])}}))


def solve(model, **labour):
    return model.solve(*shocks_of(Scenario("M", quota=[{"rate": 0.02}], labour=labour), model))


@pytest.mark.parametrize("family", [0.0, 1.0, 2.5])
def test_nobody_is_lost(model, family):
    moved = solve(model, family=family)
    assert float(moved["people"].sum()) == pytest.approx(float(model.base()["people"].sum()), rel=1e-12)


def test_revenue_is_net_of_what_exempt_movers_do_not_pay(model):
    paying, exempt = solve(model), solve(model, taxmov=0.0, ctaxmov=0.0)
    assert float(paying["refund"].sum()) == pytest.approx(0.0, abs=1e-9)
    host = model.bench.labels("reg")[0]
    lost = float((paying["taxtotal"] - exempt["taxtotal"]).sel(reg=host))
    assert lost == pytest.approx(float(exempt["refund"].sel(reg=host)), rel=0.05)


def test_budget_of_movers_by_hand(model):
    """Spending is after-tax pay less remittances plus the consumption tax given back on that spending."""
    s = solve(model, ctaxmov=0.0)
    host = s["ctax"].rename(reg="host")
    np.testing.assert_allclose(s["spendnew"] * (1 - host), (s["ynew"] - s["remnew"]).transpose(*s["spendnew"].dims),
                               rtol=1e-10)


@pytest.mark.parametrize("index", ["psave", "ppriv"])
def test_certificate_sees_a_wrong_index(model, index):
    s = solve(model)
    assert s.certificate.rates < 1e-6
    rates = {**s.data["rates"], index: {**s.data["rates"][index], "acc": s.data["rates"][index]["acc"] + 0.01}}
    data = {**s.data, "rates": rates}
    x = model.newton.solve(s.x, data, NewtonReport())
    wrong = certify(model.system, x, data, model.system.view(x, data), s.path)
    assert wrong.rates == pytest.approx(0.01, rel=1e-3)
    assert wrong.rates_where == index


def test_every_option_of_movers_is_documented():
    assert all(source for _, source in LABOUR_DEFAULTS.values())
    wages = np.array([[2.0, 1.0]])
    options = {k: v for k, (v, _) in LABOUR_DEFAULTS.items()}
    np.testing.assert_allclose(mover_coefficients(wages, options)["AN"][0], [[1.0, 1.0], [0.75, 1.0]])
