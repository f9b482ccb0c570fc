"""Workers who move for wages: the logit against its closed form, caps and rents, free movement, both engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.scenario import Scenario, layout_of, shocks_of
from cge.scenario.parts import parts_of
from cge.solve.certificate import certify
from cge.solve.model import Model
from cge.solve.subtotals import subtotals
from tests import cases
from tests.solve.test_ipopt import agree

CHEAPER = [{"cost": 0.9}]
TO_R1 = [{"cost": 0.9, "hosts": ["R1"]}]
SCENARIOS = {s.name: s for s in (
    Scenario("wages", mobility=CHEAPER),
    Scenario("cheaper", mobility=[{"cost": 0.9 * (1 - 1e-5)}]),
    Scenario("slack", mobility=CHEAPER, caps=[{"growth": 1.0, "per": "pair"}, {"rate": 0.5}]),
    Scenario("host", mobility=CHEAPER, caps=[{"growth": 0.02, "hosts": ["R1"]}]),
    Scenario("mixed", mobility=CHEAPER, caps=[
        {"growth": 0.01, "per": "pair", "homes": ["R3"], "hosts": ["R1"]}, {"rate": 0.5, "hosts": ["R2"]},
        {"growth": 0.01, "hosts": ["R1"], "skills": ["SkLab"]}, {"growth": 0.5, "per": "pair", "homes": ["R1"]}]),
    Scenario("bloc", mobility=CHEAPER, caps=[{"growth": 0.02, "bloc": "B", "hosts": ["R1", "R2"]}]),
    Scenario("nobody", mobility=CHEAPER, caps=[{"growth": 0.0, "per": "pair"}]),
    Scenario("no host", mobility=CHEAPER, caps=[{"workers": 0.0}]),
    Scenario("free", mobility=[{"cost": 0.98, "hosts": ["R1"], "free": True}]),
    Scenario("elastic", mobility=[{"cost": 0.98, "hosts": ["R1"], "elasticity": 15}]),
    Scenario("twice as elastic", mobility=[{"cost": 0.98, "hosts": ["R1"], "elasticity": 30}]),
    Scenario("free, capped", mobility=[{"cost": 0.98, "hosts": ["R1"], "free": True}], caps=[
        {"growth": 0.01, "hosts": ["R1"], "skills": ["SkLab"]}, {"workers": 0.0, "hosts": ["R1"],
                                                                 "skills": ["UnskLab"]}]),
)}


@pytest.fixture(scope="module")
def model():
    bench = synthetic_benchmark(3, 3, seed=1)
    return Model(bench, mobility=layout_of(SCENARIOS.values(), bench))


@pytest.fixture(scope="module")
def solved(model):
    kept = {}

    def solve(name, rent="host"):
        if (name, rent) not in kept:
            s = SCENARIOS[name]
            scenario = Scenario(s.name, mobility=s.mobility, caps=s.caps, rent=rent)
            kept[name, rent] = model.solve(*shocks_of(scenario, model))
        return kept[name, rent]

    return solve


def pairs(model):
    return model.cal.data["MOVES"][1] > 0


def pay_ratio(s):
    """Real after-tax pay per worker in the host over that at home, relative to the base year: from incomes."""
    pay = s["wnet"] / s.model.cal.data["WNET0"][1] / s["ppriv"]
    return (pay.rename(reg="host") / pay.rename(reg="home")).transpose("skill", "home", "host").values


def same(one, two, names):
    """Variables agree to 1e-8: money over world income, other levels as they are.

    Divisia indices come from points of the path that are solved to 1e-7 only, each engine stopping where it does.
    """
    world = float(one.model.cal.data["INCWLD"][1])
    for name in names:
        size = world if one[name].attrs["units"] == "million US$" else np.maximum(1.0, np.abs(two[name]))
        np.testing.assert_allclose((one[name] - two[name]) / size, 0.0, atol=1e-8, err_msg=name)


# -- the default ------------------------------------------------------------------------------------------------


def test_without_the_option_nothing_is_added(model):
    plain = cases.model(seed=1)
    assert plain.system.n == 62  # regression guard: what this benchmark had before the option existed
    for name, symbol in plain.system.table.symbols.items():
        if symbol.block == "mobility" and symbol.dims != ("reg",) and name != "realpay":
            assert not plain.cal.masks[name].any(), name
    assert model.system.n > plain.system.n


def test_a_quota_is_the_same_in_a_model_that_could_let_workers_move(model):
    plain = cases.model(seed=1)
    scenario = Scenario("M", quota=[{"rate": 0.02}])
    one, two = plain.solve(*shocks_of(scenario, plain)), model.solve(*shocks_of(scenario, model))
    same(two, one, ("mov", "y", "pes", "EV", "EVnew", "natives"))


def test_base_year_is_an_equilibrium(model):
    assert model.base().certificate.worst < 1e-12
    still = model.solve(*shocks_of(Scenario("still", mobility=[{}]), model))
    np.testing.assert_allclose(still["mov"], 0.0, atol=1e-9)
    np.testing.assert_allclose(still["y"], 1.0, atol=1e-10)


# -- the logit --------------------------------------------------------------------------------------------------


def test_odds_follow_pay_as_incomes_give_it(model, solved):
    """Odds over those of the base year are relative pay over cost to the power 1.5, unless somebody would return."""
    s, here = solved("wages"), pairs(model)
    odds = (pay_ratio(s) / 0.9) ** 1.5
    stay = (s["natives"] / model.cal.data["NAT0"][1]).values[:, :, None]
    stock = np.where(here, model.cal.data["LABOFF"][1], 1.0)
    grown = 1.0 + s["mov"].values / stock
    np.testing.assert_allclose(grown[here], np.maximum(1.0, odds * stay)[here], rtol=1e-9)
    assert (s["mov"].values[here] > 0).any()


def test_shares_of_destinations_are_the_closed_form_of_the_logit(model, solved):
    """Share at home: base stocks weighted by relative pay over cost to the power of the elasticity."""
    s = solved("wages")
    go = s["mov"].values > 0
    stock, natives = model.cal.data["LABOFF"][1] * go, model.cal.data["NAT0"][1]
    weight = stock * (pay_ratio(s) / 0.9) ** 1.5
    closed = (natives + stock.sum(2)) / (natives + weight.sum(2))
    np.testing.assert_allclose(s["natives"].values / natives, closed, rtol=1e-9)


def test_marginal_cut_of_costs_against_the_linearised_logit(model, solved):
    """``dlog stock = elasticity (dlog pay - dlog cost - sum over places of share times the same)``, home included."""
    one, two = solved("wages"), solved("cheaper")
    go = one["mov"].values > 0
    stock = np.where(go, model.cal.data["LABOFF"][1] + one["mov"].values, 0.0)
    everybody = one["natives"].values + stock.sum(2)
    gain = np.log(pay_ratio(two) / pay_ratio(one)) - np.log(1 - 1e-5)
    mean = (stock * gain).sum(2) / everybody
    change = np.divide(two["mov"].values - one["mov"].values, stock, out=np.zeros_like(stock), where=go)
    np.testing.assert_allclose(change[go], 1.5 * (gain - mean[:, :, None])[go], rtol=1e-4)


def test_nobody_returns_and_nobody_is_lost(model, solved):
    for name in ("wages", "mixed", "bloc"):
        s = solved(name)
        assert float(s["mov"].min()) >= 0.0
        assert (s["mov"].values[~pairs(model)] == 0.0).all()
        assert float(s["people"].sum()) == pytest.approx(float(model.base()["people"].sum()), rel=1e-12)


def test_more_move_where_the_elasticity_is_higher(model, solved):
    low = model.solve(*shocks_of(Scenario("low", mobility=[{"cost": 0.9, "elasticity": 0.5}]), model))
    assert 0.0 < float(low["mov"].sum()) < float(solved("wages")["mov"].sum())


# -- caps -------------------------------------------------------------------------------------------------------


def test_slack_caps_change_nothing(solved):
    one, two = solved("wages"), solved("slack")
    np.testing.assert_array_equal(two["rentrate"], 0.0)
    same(two, one, ("mov", "y", "EV"))


def test_a_binding_cap_of_a_host_is_met_exactly_and_has_a_rent(model, solved):
    free, s = solved("wages"), solved("host")
    to_r1 = s["mov"].sum("home").sel(host="R1").values
    np.testing.assert_allclose(to_r1, 0.02 * model.cal.data["LABOFF"][1].sum(1)[:, 0], rtol=1e-9)
    assert (free["mov"].sum("home").sel(host="R1").values > to_r1).all()
    assert (s["renthost"].sel(reg="R1") > 0.01).all()
    np.testing.assert_array_equal(s["renthost"].sel(reg=["R2", "R3"]), 0.0)


def test_some_caps_bind_and_some_do_not(model, solved):
    s, stock = solved("mixed"), model.cal.data["LABOFF"][1]
    assert float(s["mov"].sel(skill="UnskLab", home="R3", host="R1")) == pytest.approx(0.01 * stock[0, 2, 0], rel=1e-9)
    assert float(s["rentpair"].sel(skill="UnskLab", home="R3", host="R1")) > 0.01
    assert float(s["mov"].sum("home").sel(skill="SkLab", host="R1")) == pytest.approx(0.01 * stock[1, :, 0].sum(),
                                                                                      rel=1e-9)
    np.testing.assert_array_equal(s["rentpair"].sel(home="R1"), 0.0)
    for rent, room in (("rentpair", s["cappair"] - stock * s["morewish"]),
                       ("renthost", s["caphost"] - s["mov"].sum("home").rename(host="reg"))):
        asked = model.cal.masks[rent]
        assert float(room.values[asked].min()) > -1e-8 and float(s[rent].min()) >= 0.0  # hundreds of thousand workers
        np.testing.assert_allclose((room * s[rent]).values[asked], 0.0, atol=1e-8)


def test_cap_of_a_bloc_counts_all_its_hosts(model, solved):
    s, stock = solved("bloc"), model.cal.data["LABOFF"][1]
    np.testing.assert_allclose(s["mov"].sel(host=["R1", "R2"]).sum(["home", "host"]),
                               0.02 * stock[:, :, :2].sum((1, 2)), rtol=1e-9)
    assert (s["rentbloc"] > 0.01).all()
    rate = s["rentrate"].values
    assert (rate[:, :, 2] == 0.0).all()
    same = np.broadcast_to(s["rentbloc"].values[:, :, None], rate[:, :, :2].shape)
    inside = pairs(model)[:, :, :2]
    np.testing.assert_allclose(rate[:, :, :2][inside], same[inside])


@pytest.mark.parametrize("name", ["nobody", "no host"])
def test_caps_at_the_base_stock_leave_the_base_year_with_the_rent_that_the_cost_gave_up(model, solved, name):
    """Nothing else moves, so the rent is what keeps the first mover at home: minus the logarithm of the cost."""
    s, here = solved(name), pairs(model)
    np.testing.assert_allclose(s["mov"], 0.0, atol=1e-8)
    np.testing.assert_allclose(s["y"], 1.0, atol=1e-10)
    np.testing.assert_allclose(s["rentrate"].values[here], -np.log(0.9), rtol=1e-9)
    assert np.isfinite(s["EV"]).all() and s.certificate.worst < 1e-9


# -- rents are money --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rent", ["host", "home", "movers"])
def test_walras_and_accounts_hold_whoever_has_the_rent(model, solved, rent):
    s = solved("host", rent)
    assert s.certificate.worst < 1e-10
    value = s["rent"].values
    by_hand = s["ynew"].values * -np.expm1(-s["rentrate"].values)
    np.testing.assert_allclose(value, by_hand, rtol=1e-12, atol=1e-12)
    got = {"host": value.sum((0, 1)), "home": value.sum((0, 2)), "movers": np.zeros(3)}[rent]
    np.testing.assert_allclose(s["renthere"] + s["renthome"], got, rtol=1e-12, atol=1e-12)
    assert float(s["rentout"].sum()) == pytest.approx(got.sum(), rel=1e-12)
    # Movers spend what they earn less rent paid and what they send.
    paid = value if rent != "movers" else 0.0
    np.testing.assert_allclose(s["spendnew"], (s["ynew"] - paid) * (1 - 0.2), rtol=1e-10, atol=1e-10)


def test_rents_go_from_movers_to_whom_they_are_given(solved):
    host, home, movers = (solved("host", r) for r in ("host", "home", "movers"))
    assert float(host["EV"].sel(reg="R1")) > float(movers["EV"].sel(reg="R1"))
    assert float(home["EV"].sum()) > float(movers["EV"].sum())
    assert float(movers["EVnew"].sum()) > max(float(host["EVnew"].sum()), float(home["EVnew"].sum()))


def test_movers_who_keep_the_rent_are_those_of_a_quota(model, solved):
    """The same people under the older rule, in a model without the option and on another engine: one solution.

    Up to the Divisia indices, whose paths differ: the number of movers is not linear along the shock of costs.
    """
    s, plain = solved("host", "movers"), cases.model(seed=1)
    mov, force = s["mov"].values, plain.cal.data["LF0"][1]
    admitted = mov.sum(1)
    share = np.divide(mov, admitted[:, None, :], out=np.zeros_like(mov), where=admitted[:, None, :] > 0)
    q = plain.solve({"quota": admitted / force}, {"MSHR": share})
    world = float(plain.cal.data["INCWLD"][1])
    for name in ("y", "pes", "wnet", "natives", "popres"):
        np.testing.assert_allclose(s[name], q[name], rtol=2e-6, err_msg=name)
    for name in ("remin", "spendnew", "EV", "EVearl", "EVnew"):
        np.testing.assert_allclose(s[name] / world, q[name] / world, rtol=0, atol=1e-8, err_msg=name)


def test_contributions_to_welfare_add_up_with_rents(solved):
    for rent in ("host", "home"):
        s = solved("host", rent)
        scale = float(np.abs(s["EV"]).max())
        np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=2e-6 * scale)


def test_certificate_sees_a_rent_that_nobody_receives(model, solved):
    s = solved("host")
    data = {**s.data, "coef": {**s.data["coef"], "RENTHOST": np.asarray(0.9), "RENTHOME": np.asarray(0.0)}}
    assert certify(model.system, s.x, data, model.system.view(s.x, data)).worst > 1e-7


# -- free movement ----------------------------------------------------------------------------------------------


def test_free_movement_leaves_no_gain_and_is_the_limit_of_the_logit(solved):
    s = solved("free")
    come = s["mov"].values > 1e-6
    assert come[:, :, 0].any() and not come[:, :, 1:].any()
    np.testing.assert_allclose(pay_ratio(s)[come], 0.98, rtol=1e-9)
    assert s.certificate.worst < 1e-9
    # What the logit lacks of it falls as one over the elasticity.
    far, near = (np.log(s["mov"].values[come] / solved(n)["mov"].values[come]) for n in ("elastic", "twice as elastic"))
    assert (far > 0).all() and (near > 0).all()
    np.testing.assert_allclose(far / near, 2.0, rtol=0.15)


def test_free_movement_under_caps(model, solved):
    s, stock = solved("free, capped"), model.cal.data["LABOFF"][1]
    assert float(s["mov"].sel(skill="SkLab", host="R1").sum()) == pytest.approx(0.01 * stock[1, :, 0].sum(), rel=1e-9)
    assert float(s["mov"].sel(skill="UnskLab", host="R1").sum()) == pytest.approx(0.0, abs=1e-9)
    assert (s["rentrate"].values[:, :, 0][pairs(model)[:, :, 0]] > 1e-3).all()
    assert s.certificate.worst < 1e-9


def test_a_circle_of_falling_costs_is_refused():
    bench = synthetic_benchmark(3, 3, seed=1)
    s = Scenario("X", mobility=[{"cost": 0.98, "free": True}])
    m = Model(bench, mobility=layout_of([s], bench))
    with pytest.raises(ScenarioError, match=r"SkLab workers would move for ever between R1, R2"):
        shocks_of(s, m)


# -- the second engine ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mixed", "nobody", "free, capped"])
def test_agreement_of_the_engines_with_caps_binding_and_slack(model, solved, name):
    one = solved(name)
    two = model.solve(*shocks_of(SCENARIOS[name], model), engine="ipopt")
    assert two.certificate.worst < 1e-9
    corner = ("morestock", "movwage", "mov", "rentpair", "renthost", "rentrate", "qfree", "morewish", "movegain")
    agree(one, two, degenerate=corner if name != "mixed" else ())


@pytest.mark.long  # compiles the route of large systems; Ipopt finds the same corners above
def test_regional_blocks_find_the_same_corners(model, solved, monkeypatch):
    """Caps binding and slack, caps at the base stocks, open borders: the route of large systems."""
    monkeypatch.setattr("cge.solve.newton.DENSE", 10)
    blocks = Model(model.bench, mobility=layout_of(SCENARIOS.values(), model.bench))
    for name in ("mixed", "nobody", "free"):
        two = blocks.solve(*shocks_of(SCENARIOS[name], blocks))
        assert two.report.products > 0
        assert two.certificate.worst < 1e-9
        np.testing.assert_allclose(two.x, solved(name).x, atol=1e-8, err_msg=name)


def test_a_model_is_rebased_with_those_who_move_for_wages(model):
    """On its own benchmark, as draws of the data base are: the same solution."""
    again = model.rebased(model.bench)
    given = shocks_of(SCENARIOS["host"], model)
    assert again.mobility is model.mobility
    np.testing.assert_allclose(again.solve(*given)["mov"], model.solve(*given)["mov"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["wages", "host", "free, capped"])
def test_parts_of_movement_add_up(model, name):
    scenario = replace(SCENARIOS[name], tariffs=[{"scale": 0.5}])
    parts, coefficients = parts_of(scenario, model)
    found = subtotals(model, parts, ["EV", "EVnew"], coefficients)
    assert set(found.data["part"].values) == {"tariffs", "movement of workers"} and found.gap < 1e-3


def test_a_quota_is_not_taken_apart_beside_caps(model):
    with pytest.raises(ScenarioError, match="decompose it with a model made without"):
        parts_of(Scenario("Q", quota=[{"rate": 0.02, "homes": ["R2"], "hosts": ["R1"]}]), model)
