"""Earlier migrants without legal status, public services that migrants use, networks that lower the cost of moving."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import BenchmarkError, ScenarioError
from cge.model.mobility_data import NETWORK_SOURCE, NETWORK_SUGGESTED
from cge.scenario import Scenario, layout_of, shocks_of
from cge.scenario.labour import base_options
from cge.solve.model import Model
from tests import cases
from tests.engine import plain
from tests.solve.test_mobility import pay_ratio

QUOTA = [{"rate": 0.02, "homes": ["R2", "R3"], "hosts": ["R1"]}]
REGULAR = {"instrument": "regularisation", "share": 1.0}


@pytest.fixture(scope="module")
def bench():
    return cases.model(seed=1).bench


def without_status(bench, **labour):
    given = {"nostatus": [{"value": 0.3, "hosts": ["R1"]}], "statusgap": 0.1, **labour}
    return plain(Model(bench, labour=base_options(given, bench)))


@pytest.fixture(scope="module")
def lawless(bench):
    return {informal: without_status(bench, informal=informal) for informal in (0.0, 1.0)}


# -- legal status of earlier migrants ------------------------------------------------------------------------------


@pytest.mark.parametrize("informal", [0.0, 1.0])
def test_base_year_is_an_equilibrium_whatever_the_share(lawless, bench, informal):
    """Replicates; pay by hand, remittances as in the data, and residents' income is what the accounts leave."""
    m, known = lawless[informal], cases.model(seed=1)
    base, before = m.base(), known.base()
    assert base.certificate.worst < 1e-10
    net = before["yearl"].sel(host="R1")
    tax = 1 - (bench["EVOS"].sum("acts") / bench["EVFB"].sum("acts")).sel(reg="R1", endw=list(bench.sets["skill"]))
    untaxed = net / (1 - tax.rename(endw="skill").drop_vars("reg")) if informal else net
    by_hand = 0.7 * net + 0.3 * 0.9 * untaxed
    np.testing.assert_allclose(base["yearl"].sel(host="R1"), by_hand.transpose(*net.dims), rtol=1e-10)
    np.testing.assert_allclose(base["yearl"].sel(host=["R2", "R3"]), before["yearl"].sel(host=["R2", "R3"]), rtol=1e-12)
    np.testing.assert_allclose(base["remearl"], before["remearl"], rtol=1e-12)
    lost = float(net.sum() - by_hand.sum())
    assert float((base["INCOME"] - before["INCOME"]).sel(reg="R1")) == pytest.approx(lost, rel=1e-9)


@pytest.mark.parametrize("informal", [0.0, 1.0])
def test_regularisation_gives_pay_back_and_collects_tax(lawless, informal):
    m = lawless[informal]
    s, base = m.solve(*shocks_of(Scenario("S", terms=[REGULAR]), m)), m.base()
    assert s.certificate.worst < 1e-9
    np.testing.assert_allclose(s["exempt"], 0.0, atol=1e-12)
    np.testing.assert_allclose(s["statuslost"], 0.0, atol=1e-12)
    assert float(base["statuslost"].sum()) > 0
    # All are paid as lawful workers are.
    pay = (s["wnet"].rename(reg="host") * s["AE"] * s["LABOFF"]).transpose(*s["yearl"].dims)
    np.testing.assert_allclose(s["yearl"], pay, rtol=1e-12)
    change = float((s["yearl"] - base["yearl"]).sum())
    assert (change > 0) == (informal == 0.0)  # an exemption from tax is worth more here than the wedge
    collected = float((s["taxtotal"] - base["taxtotal"]).sel(reg="R1"))
    exempt = float(base["exempt"].sum())
    assert collected == pytest.approx(exempt, abs=0.05 * float(base["statuslost"].sum() + exempt))


@pytest.mark.parametrize("informal", [0.0, 1.0])
def test_group_gains_add_up_under_regularisation(lawless, informal):
    m, gap = lawless[informal], []
    for share in (0.4, 0.2):
        s = m.solve(*shocks_of(Scenario("S", terms=[{**REGULAR, "share": share}]), m), steps=8)
        gap.append(float(s["WEV"] - s["absorb"].sum()))
        assert abs(gap[-1]) < 0.02 * float(np.abs(s["EVearl"]).sum())
        np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-5 * float(np.abs(s["EV"]).max()))
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.25)


def test_a_share_without_a_wedge_changes_nothing(bench):
    m, known = without_status(bench, statusgap=0.0), cases.model(seed=1)
    one, two = (x.solve(*shocks_of(Scenario("M", quota=QUOTA), x)) for x in (m, known))
    for name in ("y", "EV", "EVearl", "EVnew"):
        np.testing.assert_array_equal(one[name], two[name])


def test_status_is_refused_where_it_means_nothing(bench):
    known = cases.model(seed=1)
    with pytest.raises(ScenarioError, match="nobody .* without legal status: give .labour. nostatus"):
        shocks_of(Scenario("S", terms=[REGULAR]), known)
    with pytest.raises(ScenarioError, match="nostatus is of earlier migrants and part of the base year"):
        Scenario("S", labour={"nostatus": 0.1})
    with pytest.raises(ScenarioError, match="did you mean 'hosts'|key 'to' is not known"):
        Scenario("S", terms=[{**REGULAR, "to": "host"}])
    with pytest.raises(BenchmarkError, match="nostatus = .* neither a number nor an array"):
        Model(bench, labour={"nostatus": {"SkLab": 0.1}})
    with pytest.raises(BenchmarkError, match="would send .* under the labour options nostatus"):
        Model(bench, labour={"nostatus": 1.0, "statusgap": 0.99})


# -- public services -----------------------------------------------------------------------------------------------


def solve(m, *terms, size=1.0, **options):
    quota = [{**q, "rate": q["rate"] * size} for q in QUOTA]
    return m.solve(*shocks_of(Scenario("S", quota=quota, terms=terms, **options), m))


def test_services_by_hand_and_who_bears_them():
    """Half of the average per head for each mover and dependant; the hosts' residents lose it, to first order."""
    m = cases.model(seed=1)
    cost = {"instrument": "service cost", "share": 0.5, "hosts": ["R1"]}
    free, s = (solve(m, *t, labour={"family": 1.0}) for t in ((), (cost,)))
    b = m.bench
    average = float((b["VDGP"] + b["VMGP"]).sum("comm").sel(reg="R1") / b["POP"].sel(reg="R1"))
    movers = float(s["mov"].sum()) / 1000
    assert float(s["services"].sel(reg="R1")) == pytest.approx(0.5 * average * 2 * movers, rel=1e-12)
    assert float(s["services"].sum()) == pytest.approx(float(s["services"].sel(reg="R1")))
    lost = float((free["EV"] - s["EV"]).sel(reg="R1"))
    assert lost == pytest.approx(float(s["services"].sum()), rel=0.05)
    np.testing.assert_allclose(s["qo"], free["qo"], rtol=1e-10)  # the government buys what it did
    np.testing.assert_allclose(s["EVnew"], free["EVnew"], rtol=1e-9, atol=1e-9)
    scale = float(np.abs(s["EV"]).max())
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=2e-6 * scale)
    np.testing.assert_allclose(s["CNTserv"].sel(reg=["R2", "R3"]), 0.0, atol=1e-9)


@pytest.mark.parametrize("whose", ["new", "earlier", "all"])
def test_group_gains_add_up_with_services(whose):
    m, gap = cases.model(seed=1), []
    for size in (1.0, 0.5):
        # The cost of new movers halves with their number, that of earlier migrants with the share.
        new = {"instrument": "service cost", "share": 0.6}
        earlier = {"instrument": "service cost", "share": 0.3 * size, "migrants": "earlier"}
        terms = {"new": [new], "earlier": [earlier], "all": [new, earlier]}[whose]
        s = solve(m, *terms, size=size)
        gap.append(float(s["WEV"] - s["absorb"].sum()))
        assert s.certificate.worst < 1e-9
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.2)


def test_services_that_leave_nothing_are_refused():
    with pytest.raises(ScenarioError, match=r"migrants in R1 would use .* of what its government provides"):
        solve(cases.model(seed=1), {"instrument": "service cost", "share": 1e5})


# -- networks ------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_costs_fall_with_the_stock():
    """Odds are relative pay over ``cost * ((L0 + mov) / L0) ** -network``, from incomes and stocks of the solution."""
    bench = synthetic_benchmark(3, 3, seed=1)
    made = Scenario("N", mobility=[{"cost": 0.95, "network": NETWORK_SUGGESTED}])
    m = Model(bench, mobility=layout_of([made], bench))
    s = m.solve(*shocks_of(made, m))
    none = m.solve(*shocks_of(Scenario("W", mobility=[{"cost": 0.95}]), m))
    came = s["mov"].values > 1e-9
    assert came.any()
    assert float(s["mov"].sum()) > float(none["mov"].sum())
    grown = 1.0 + s["mov"].values / np.where(came, m.cal.data["LABOFF"][1], 1.0)
    stay = (s["natives"] / m.cal.data["NAT0"][1]).values[:, :, None]
    odds = (pay_ratio(s) / (0.95 * grown**-NETWORK_SUGGESTED)) ** 1.5 * stay
    np.testing.assert_allclose(grown[came], odds[came], rtol=1e-8)
    assert s.certificate.worst < 1e-9
    still = m.solve(*shocks_of(Scenario("still", mobility=[{"network": 0.5}]), m))
    np.testing.assert_allclose(still["mov"], 0.0, atol=1e-9)
    # At given wages a small cut moves 1 / (1 - network elasticity) times as many; wages that answer leave fewer.
    few = []
    for network in (0.0, NETWORK_SUGGESTED):
        small = Scenario("S", mobility=[{"cost": 1 - 1e-5, "network": network, "homes": ["R3"], "hosts": ["R1"]}])
        few.append(float(m.solve(*shocks_of(small, m))["mov"].sum()))
    assert 1.0 < few[1] / few[0] < 1 / (1 - 1.5 * NETWORK_SUGGESTED)
    assert "[recalled]" in NETWORK_SOURCE


@pytest.mark.parametrize(("given", "says"), [
    ({"network": -0.1}, "network = -0.1 is below zero"), ({"network": 0.7}, "is 1.05; from one on"),
    ({"network": 0.1, "free": True}, "which a network cannot add to"), ({"network": "some"}, "not a number")])
def test_networks_out_of_range_are_refused(given, says):
    with pytest.raises(ScenarioError, match=says):
        Scenario("S", mobility=[given])
