"""Optimal policies: two routes find the same, theory gives sign and size, and no neighbour is better."""

import numpy as np
import pyomo.environ as pyo
import pytest

from cge.benchmark import check_benchmark, synthetic_benchmark
from cge.benchmark.textbook import small_country
from cge.errors import CGEError, ScenarioError, SolveFailed
from cge.solve.algebra import algebra, set_values
from cge.solve.model import Model
from cge.solve.policy import Lever, optimal_policy
from cge.solve.program import optimise
from tests.cases import quota

CAP = 0.1


def small(sigma, size=1e-3):
    return Model(small_country(sigma, size), rordelta=0.0)


def own_tariff(m):
    """The uniform tariff of the small country that maximises its EV, on the written-out table."""
    written = algebra(m.system)
    for cell in written.tm["Agr", "Small"], written.tm["Svc", "Small"]:
        cell.unfix()
        cell.setlb(0.5)
        cell.setub(5.0)
    written.uniform = pyo.Constraint(expr=written.tm["Agr", "Small"] == written.tm["Svc", "Small"])
    written.objective.deactivate()
    written.gain = pyo.Objective(expr=written.EV["Small"], sense=pyo.maximize)
    return written, optimise(written)


def test_the_textbook_world_passes_every_check():
    check_benchmark(small_country())
    assert Model(small_country()).base().certificate.worst < 1e-12


@pytest.mark.parametrize("sigma", [3.0, 4.0, 6.0])
def test_optimal_tariff_of_a_small_country(sigma):
    """1 / (sigma - 1) is the limit from above; the country's own share in the world's demand is not quite nil."""
    written, found = own_tariff(small(sigma))
    rate = written.tm["Agr", "Small"].value - 1.0
    assert rate == pytest.approx(1.0 / (sigma - 1.0), rel=0.04)
    assert rate < 1.0 / (sigma - 1.0)
    assert found.objective > 0.0 > written.EV["Large"].value
    assert written.EV["Small"].value + written.EV["Large"].value < 0.0  # a tariff is a loss to the world


def test_a_large_country_sets_a_higher_tariff():
    """Foreign supply is less than perfectly elastic, which adds to the optimal tariff (Johnson 1953)."""
    assert own_tariff(small(4.0, 0.5))[0].tm["Agr", "Small"].value > own_tariff(small(4.0))[0].tm["Agr", "Small"].value


@pytest.mark.long  # compiles a model for it; quotas below take the same route
def test_the_reduced_route_finds_the_same_tariff():
    m = small(4.0)
    written, full = own_tariff(m)
    lever = Lever("tm", 0.5, 5.0, {"reg": "Small"})
    reduced = optimal_policy(m, [lever], "EV", {"reg": "Small"})
    assert reduced.values["tm(Small)"] == pytest.approx(written.tm["Agr", "Small"].value, abs=1e-6)
    assert reduced.objective == pytest.approx(full.objective, rel=1e-8)
    # No neighbouring tariff is better, by the fast engine alone.
    best = float(m.solve(reduced.shocks, steps=1)["EV"].sel(reg="Small"))
    assert best == pytest.approx(reduced.objective, rel=1e-8)
    for other in (0.99, 1.01):
        power = reduced.shocks["tm"].copy()
        power[:, 0] *= other
        assert float(m.solve({"tm": power}, steps=1)["EV"].sel(reg="Small")) < best


@pytest.fixture(scope="module")
def world():
    m = Model(synthetic_benchmark(3, 3, seed=3))
    return m, quota(m, 0.03, (0, 1))[1]


def quotas(m, coefficients, payments):
    """The quotas into R1 and R2 of greatest world gain without a loss to any region's residents."""
    written = algebra(m.system, {**m.base().data, "coef": m._goal({}, coefficients)["coef"]})
    for s in m.bench.labels("skill"):
        for r in ("R1", "R2"):
            written.quota[s, r].unfix()
            written.quota[s, r].setlb(0.0)
            written.quota[s, r].setub(CAP)
    regions = m.bench.labels("reg")
    if payments:
        for r in regions:
            written.transfer[r].unfix()
        written.zero_sum = pyo.Constraint(expr=sum(written.transfer[r] for r in regions) == 0.0)
    written.nobody_loses = pyo.Constraint(regions, rule=lambda _, r: written.EV[r] >= 0.0)
    written.objective.deactivate()
    written.gain = pyo.Objective(expr=written.WEV, sense=pyo.maximize)
    return written, optimise(written)


def levers(m, payments):
    out = [Lever("quota", 0.0, CAP, {"skill": s, "reg": r}) for s in m.bench.labels("skill") for r in ("R1", "R2")]
    return out + [Lever("transfer", -1e4, 1e4, {"reg": r}) for r in m.bench.labels("reg")] * payments


def test_the_quota_that_harms_nobody(world):
    m, coefficients = world
    written, found = quotas(m, coefficients, payments=False)
    gains = {r: written.EV[r].value for r in m.bench.labels("reg")}
    assert min(gains.values()) > -1e-4
    assert gains["R3"] == pytest.approx(0.0, abs=1e-4)  # the home of the movers holds the quota back
    # What the constraint costs the world, against a second optimum with a floor of 10 million US$ instead of nil.
    written.ask_more = pyo.Constraint(expr=written.EV["R3"] >= 10.0)
    price = (optimise(written).objective - found.objective) / 10.0
    assert price < 0.0
    assert found.duals["nobody_loses[R3]"] == pytest.approx(price, rel=0.02)
    written.ask_more.deactivate()
    found = optimise(written)
    chosen = [v.value for v in written.quota.values() if not v.fixed]
    assert any(1e-3 < q < CAP - 1e-3 for q in chosen)
    # The fast engine confirms the gains at the chosen quotas, and a larger quota harms R3.
    q = np.zeros((2, 3))
    q[:, :2] = np.array([[written.quota[s, r].value for r in ("R1", "R2")] for s in m.bench.labels("skill")])
    solution = m.solve({"quota": q}, coefficients, steps=1)
    assert float(solution["WEV"]) == pytest.approx(found.objective, rel=1e-8)
    assert float(m.solve({"quota": 1.05 * q}, coefficients, steps=1)["EV"].sel(reg="R3")) < 0.0


def test_side_payments_raise_the_gain_of_the_world(world):
    m, coefficients = world
    (_, without), (written, with_them) = (quotas(m, coefficients, payments=p) for p in (False, True))
    assert with_them.objective > 1.01 * without.objective
    paid = [v.value for v in written.transfer.values()]
    assert sum(paid) == pytest.approx(0.0, abs=1e-6)
    assert written.transfer["R3"].value > 0.0 and written.EV["R3"].value > -1e-4


@pytest.mark.parametrize("payments", [False, True])
def test_the_reduced_route_finds_the_same_quotas(world, payments):
    m, coefficients = world
    written, full = quotas(m, coefficients, payments)
    reduced = optimal_policy(m, levers(m, payments), "WEV", at_least={"EV": 0.0}, coefficients=coefficients,
                             balanced=["transfer"] if payments else [])
    assert reduced.objective == pytest.approx(full.objective, rel=1e-6)
    for s in m.bench.labels("skill"):
        for r in ("R1", "R2"):
            assert reduced.values[f"quota({s}, {r})"] == pytest.approx(written.quota[s, r].value, abs=1e-4)


def test_transfers_keep_the_accounts(world):
    """What one household receives another gives: Walras' law and every account hold, and the gains add up."""
    m, _ = world
    given = np.array([-500.0, 100.0, 400.0])
    s = m.solve({"transfer": given})
    assert s.certificate.worst < 1e-9
    assert (np.sign(s["EV"]) == np.sign(given)).all()
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-6 * np.abs(s["EV"]).max())
    with pytest.raises(ScenarioError, match=r"transfers sum to 100 million US\$ over regions"):
        m.solve({"transfer": np.array([100.0, 0.0, 0.0])})
    with pytest.raises(ScenarioError, match="no updated benchmark"):
        s.updated()


def test_a_transfer_without_distortions_is_worth_nothing_to_the_world():
    """Terms of trade move for the receiver as against the giver: the sum of gains is of second order."""
    m = small(4.0)
    one, ten = (m.solve({"transfer": np.array([t, -t])})["EV"] for t in (1.0, 10.0))
    assert float(one.sel(reg="Small")) > 1.0  # spending at home raises the price of home goods
    assert abs(float(one.sum())) < 1e-3
    assert float(ten.sum()) == pytest.approx(100.0 * float(one.sum()), rel=0.1)


def test_refusals(world):
    m, _ = world
    with pytest.raises(ScenarioError, match="'qxs' is not an exogenous variable"):
        optimal_policy(m, [Lever("qxs", 0.5, 2.0)], "WEV")
    with pytest.raises(ScenarioError, match="'EV_ALT' only reports"):
        optimal_policy(m, [Lever("tm", 0.5, 2.0)], "EV_ALT")
    with pytest.raises(ScenarioError, match="'tm' has no cells reg = R9"):
        optimal_policy(m, [Lever("tm", 0.5, 2.0, {"reg": "R9"})], "WEV")
    written = algebra(m.system)
    written.second = pyo.Objective(expr=written.WEV)
    with pytest.raises(CGEError, match="2 active objectives"):
        optimise(written)


def test_an_impossible_demand_is_named():
    m = small(4.0)
    written = algebra(m.system)
    written.dream = pyo.Constraint(expr=written.EV["Small"] >= 1e6)
    with pytest.raises(SolveFailed, match=r"Ipopt found no optimum .*; the most violated constraint is "):
        optimise(written, {"max_iter": 40})


def test_a_start_from_a_solution():
    m = small(4.0)
    solution = m.solve({"tm": 1.1}, steps=1)
    written = algebra(m.system, solution.data)
    set_values(written, solution)
    start = {v.name: v.value for v in written.component_data_objects(pyo.Var)}
    optimise(written)
    assert all(abs(v.value - start[v.name]) <= 1e-7 * max(1.0, abs(v.value))
               for v in written.component_data_objects(pyo.Var))
    assert written.EV["Small"].value == pytest.approx(float(solution["EV"].sel(reg="Small")), rel=1e-9)
