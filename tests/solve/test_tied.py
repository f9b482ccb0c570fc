"""Movers tied to a sector: slack and binding ties, floors, accounts by hand, both engines, group gains, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.scenario import Scenario, layout_of, shocks_of, ties_of
from cge.scenario.parts import parts_of
from cge.scenario.scaled import scaled
from cge.solve.model import Model
from tests import cases
from tests.engine import plain
from tests.solve.test_ipopt import agree

QUOTA = [{"rate": 0.15, "homes": ["R1", "R3"], "hosts": ["R2"], "skills": ["UnskLab"]}]
SVC = {"to": ["Svc"]}  # 9% of the unskilled labour of R2
STEPS = 4  # what is tested holds at any number
WEDGE = [{"instrument": "employer wedge", "share": 0.1, "to": "employer"}]


def scenario(name, tied=(), **more):
    return Scenario(name, quota=QUOTA, tied=tied, **more)


SCENARIOS = {s.name: s for s in (
    scenario("free"),
    scenario("few", [{**SVC, "share": 0.5}]),
    scenario("all", [SVC]),
    scenario("set", [{"to": ["Agr", "Svc"]}]),
    scenario("shares", [{**SVC, "share": 0.9}, {"to": ["Agr"], "share": 0.1}]),
    scenario("prevailing", [{**SVC, "floor": 1.0}]),
    scenario("floor", [{**SVC, "floor": 0.95}]),
    scenario("no floor", [{**SVC, "floor": 0.3}]),
    scenario("employer", [SVC], terms=WEDGE),
    scenario("untaxed", [SVC], labour={"taxmov": 0.0, "rho": 0.3}, shock=[
        {"variable": "wfloor", "value": 0.9, "where": {"reg": "R2"}}]),
)}
BENCH = synthetic_benchmark(3, 3, seed=1)


@pytest.fixture(scope="module")
def m():
    return plain(Model(BENCH, ties=ties_of(SCENARIOS.values(), BENCH)))


@pytest.fixture(scope="module")
def solved(m):
    kept = {}

    def solve(name):
        if name not in kept:
            kept[name] = m.solve(*shocks_of(SCENARIOS[name], m), steps=STEPS)
        return kept[name]

    return solve


def at(s, name, acts=None):
    """A variable of unskilled labour in R2, and of the tie to Svc where it has ties."""
    x = s[name].isel(tie=list(s.model.ties.acts).index("Svc")) if "tie" in s[name].dims else s[name]
    x = x.sel(endw="UnskLab") if "endw" in x.dims else x.sel(skill="UnskLab")
    return float((x.sel(acts=acts) if acts else x).sel(reg="R2"))


def work(s, acts):
    """Unskilled labour in activities of R2, thousand efficiency units: quantities times the base year's wage bill."""
    base = s["EVOS"].sel(endw="UnskLab", reg="R2")
    used = (base * s["qfe"].sel(endw="UnskLab", reg="R2")).sel(acts=acts).sum()
    return float(used / base.sum() * s["EFF0"].sel(skill="UnskLab", reg="R2"))


def came(s):
    """New unskilled movers in R2, thousand efficiency units."""
    return float((s["AN"] * s["mov"]).sel(skill="UnskLab", host="R2").sum())


# -- the default and a tie that is slack ------------------------------------------------------------------------


def test_without_ties_nothing_is_added():
    plain_model = cases.model(seed=1)
    assert plain_model.system.n == 62  # regression guard: what this benchmark had before the option existed
    assert not {"tiefall", "TIEPART", "tiekept", "tieloss"} & (plain_model.system.used | plain_model.system.evaluated)


def test_nobody_tied_is_the_model_without_ties(solved):
    base = cases.model(seed=1)
    one, two = solved("free"), base.solve(*shocks_of(SCENARIOS["free"], base), steps=STEPS)
    for name in ("y", "pes", "qo", "qfe", "wnet", "wgross", "EV", "EVnew", "gcap", "gnat", "taxtotal"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-10, atol=1e-10 * np.abs(two[name]).max(), err_msg=name)


@pytest.mark.parametrize("name", ["few", "set"])
def test_a_slack_tie_changes_nothing(m, solved, name):
    """Where free labour works beside them, tied movers earn what they would earn anywhere."""
    one, two = solved(name), solved("free")
    assert float(one["tiedlab"].max()) > 100 and float(np.abs(one["tiegap"]).max()) < 1e-12
    for v in ("y", "pes", "qo", "qfe", "wnet", "ynew", "EV", "EVnew", "EVearl"):
        np.testing.assert_allclose(one[v], two[v], rtol=1e-10, atol=1e-10 * np.abs(two[v]).max(), err_msg=v)


# -- a tie that binds -------------------------------------------------------------------------------------------


def test_tied_movers_fill_the_sector_and_free_labour_works_elsewhere(solved):
    s, free = solved("all"), solved("free")
    assert s.certificate.worst < 1e-9
    assert work(s, ["Svc"]) == pytest.approx(came(s), rel=1e-9)
    others = float((s["natives"] + s["EARL0"]).sel(skill="UnskLab", reg="R2"))
    assert work(s, ["Agr", "Man1"]) == pytest.approx(others, rel=1e-9)  # as if nobody had come
    assert at(s, "pes", "Svc") < 0.65 * at(s, "pes", "Agr")
    assert at(s, "pes", "Agr") == pytest.approx(at(s, "pes", "Man1"), rel=1e-12)
    assert at(s, "realwage") > at(free, "realwage")
    assert at(s, "realtied") < at(free, "realwage")
    assert float(s["EVnew"].sum()) < float(free["EVnew"].sum())


def test_the_wage_of_the_tied_is_their_marginal_product(solved):
    """CES value added: pay in the sector from its own first-order condition, by hand."""
    s = solved("all")
    cell = dict(acts="Svc", reg="R2")
    sigma = float(s["ESUBVA"].sel(cell))
    demand = at(s, "qfe", "Svc") / float(s["qva"].sel(cell))
    price = at(s, "pes", "Svc") * at(s, "tinc", "Svc") * at(s, "tfe", "Svc")
    assert price == pytest.approx(float(s["pva"].sel(cell)) * demand ** (-1.0 / sigma), rel=1e-9)


def test_pay_taxes_and_remittances_follow_the_wage_of_the_sector(solved):
    s = solved("all")
    pay = float((s["EVOS"] * s["pes"] * s["qfe"]).sel(endw="UnskLab", acts="Svc", reg="R2"))
    assert float(s["ynew"].sum()) == pytest.approx(pay, rel=1e-9)
    assert float(s["remnew"].sum()) == pytest.approx(0.2 * pay, rel=1e-9)
    free = float((s["EVOS"] * s["pes"] * s["qfe"]).sel(endw="UnskLab", acts=["Agr", "Man1"], reg="R2").sum())
    assert at(s, "wnet") * float((s["natives"] + s["EARL0"]).sel(skill="UnskLab", reg="R2")) == pytest.approx(free)
    owners = float((s["EVOS"] * s["pes"] * s["qfe"]).sel(endw=["Land", "Capital", "NatRes"], reg="R2").sum())
    net = owners - float((s["VDEP"] * s["pinv"] * s["kb"]).sel(reg="R2"))
    base = float(s["EVOS"].sel(endw=["Land", "Capital", "NatRes"], reg="R2").sum() - s["VDEP"].sel(reg="R2"))
    assert float(s["gcap"].sel(reg="R2")) == pytest.approx(net / float(s["ppriv"].sel(reg="R2")) - base, rel=1e-8)


def test_fixed_shares_are_several_ties(solved):
    """Nine tenths in one activity, a tenth in the other: the first fills its own, the second is slack."""
    s = solved("shares")
    assert work(s, ["Svc"]) == pytest.approx(0.9 * came(s), rel=1e-9)
    assert at(s, "tiegap") > 0.1 and float(s["tiegap"].isel(tie=list(s.model.ties.acts).index("Agr")).max()) < 1e-12
    kept = 0.1 + 0.9 * np.exp(-at(s, "tiegap"))
    assert float(s["ynew"].sum()) == pytest.approx(kept * at(s, "wnet") * came(s), rel=1e-9)


def test_the_employer_keeps_a_part_of_the_wage_and_nothing_else_changes_there(solved):
    """Monopsony as a tie beside the employer wedge: a tenth goes from movers to the host's residents."""
    s, without = solved("employer"), solved("all")
    paid = 0.1 * float(s["ynew"].sum())
    assert float(s["termsin"].sel(reg="R2")) == pytest.approx(paid, rel=1e-9)
    assert float(s["spendnew"].sum()) == pytest.approx(0.8 * 0.9 * float(s["ynew"].sum()), rel=1e-9)
    assert at(s, "tiegap") == pytest.approx(at(without, "tiegap"), abs=1e-3)


# -- floors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "floor"), [("prevailing", 1.0), ("floor", 0.95)])
def test_under_a_floor_some_of_the_tied_have_no_work(solved, name, floor):
    s = solved(name)
    assert s.certificate.worst < 1e-9
    assert np.exp(-at(s, "tiegap")) == pytest.approx(floor, abs=1e-12)
    idle = at(s, "tieidle")
    assert 0.01 < idle < 0.9
    assert work(s, ["Svc"]) == pytest.approx((1.0 - idle) * came(s), rel=1e-9)
    assert float(s["ynew"].sum()) == pytest.approx(floor * at(s, "wnet") * (1.0 - idle) * came(s), rel=1e-9)


def test_a_floor_that_does_not_bind_changes_nothing(solved):
    one, two = solved("no floor"), solved("all")
    assert at(one, "tieidle") == 0.0
    for name in ("y", "qfe", "EV"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-9, err_msg=name)


def test_floor_of_all_wages_is_of_the_market(solved):
    """Unemployment under a floor of real wages is everybody's, tied or not; untaxed movers keep the tax."""
    s = solved("untaxed")
    assert s.certificate.worst < 1e-9
    jobs = 1.0 - at(s, "unemp")
    assert at(s, "realwage") == pytest.approx(0.9, abs=1e-9) and jobs < 1.0
    assert work(s, ["Svc"]) == pytest.approx(jobs * came(s), rel=1e-9)
    pay = np.exp(-at(s, "tiegap")) * at(s, "wgross") * jobs * came(s)
    assert float(s["ynew"].sum()) == pytest.approx(pay, rel=1e-9)


# -- engines, accounts, welfare ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["few", "all", "shares", "prevailing", "untaxed"])
def test_both_engines_agree(m, solved, name):
    agree(solved(name), m.solve(*shocks_of(SCENARIOS[name], m), STEPS, "ipopt"))


@pytest.mark.long
def test_the_default_engine_finds_the_same():
    s = SCENARIOS["all"]
    fast = Model(BENCH, ties=ties_of([s], BENCH))
    slow = plain(Model(BENCH, ties=ties_of([s], BENCH)))
    agree(fast.solve(*shocks_of(s, fast)), slow.solve(*shocks_of(s, slow)))


def test_doubling_the_numeraire_changes_nothing_real(m, solved):
    shocks, coefficients = shocks_of(SCENARIOS["floor"], m)
    one, two = solved("floor"), m.solve({**shocks, "pfactwld": 2.0}, coefficients, STEPS)
    for name in ("qo", "qfe", "tiegap", "tieidle", "EV", "EVnew", "realwage"):
        a = one[name].values
        np.testing.assert_allclose(two[name], a, rtol=0, atol=5e-6 * max(1.0, np.abs(a).max()), err_msg=name)


@pytest.mark.parametrize("name", ["all", "prevailing"])
def test_group_gains_add_up_where_the_tie_binds(solved, name):
    """Against the independent total: what is left is of second order, no more than where nobody is tied.

    Pay of the tied at the market's wage, an error of first order, would leave a hundred times as much.
    """
    def gap(s):
        return float(s["WEV"] - s["absorb"].sum()) / float(np.abs(s["EV"]).sum() + np.abs(s["EVnew"]).sum())

    assert abs(gap(solved("free"))) < 2e-3
    assert abs(gap(solved(name))) < 1.5 * abs(gap(solved("free")))
    lost = float(solved(name)["tieloss"].sum() + (solved(name)["idlelab"] * solved(name)["wnet"]).sum())
    assert lost > 50 * abs(float(solved(name)["WEV"] - solved(name)["absorb"].sum()))


def test_contributions_to_welfare_add_up(m):
    s = m.solve(*shocks_of(SCENARIOS["all"], m), steps=32)
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-5 * float(np.abs(s["EV"]).max()))


def test_movers_for_wages_see_the_wage_of_their_sector():
    """The logit counts pay in the tied sector: fewer come than would come untied, as many as its closed form says."""
    move = [{"cost": 0.2, "hosts": ["R2"], "skills": ["UnskLab"]}]
    s = Scenario("W", mobility=move, tied=[SVC])
    model = plain(Model(BENCH, mobility=layout_of([s], BENCH), ties=ties_of([s], BENCH)))
    tied, free = (model.solve(*shocks_of(x, model), steps=STEPS) for x in (s, Scenario("F", mobility=move)))
    assert at(tied, "tiegap") > 0.01
    assert float(tied["mov"].sum()) < float(free["mov"].sum())
    pay = (tied["wnet"] / tied["WNET0"] / tied["ppriv"]).sel(skill="UnskLab")
    stock = tied["LABOFF"].sel(skill="UnskLab", host="R2")
    stay = (tied["natives"] / tied["NAT0"]).sel(skill="UnskLab")
    for home in ("R1", "R3"):
        ratio = float(pay.sel(reg="R2")) * np.exp(-at(tied, "tiegap")) / float(pay.sel(reg=home)) / 0.2
        grown = 1.0 + float(tied["mov"].sel(skill="UnskLab", home=home, host="R2") / stock.sel(home=home))
        assert grown == pytest.approx(ratio**1.5 * float(stay.sel(reg=home)), rel=1e-8)


# -- scenario ---------------------------------------------------------------------------------------------------


def test_parts_and_fractions_keep_the_tie(m):
    parts, coefficients = parts_of(SCENARIOS["all"], m)
    assert set(parts) == {"quota UnskLab"} and coefficients["TIEPART"].any()
    assert scaled(SCENARIOS["all"], 0.5).tied == [SVC]


WRONG = {
    "unknown activity": ([{"to": ["Srv"]}], "activity 'Srv' is not in benchmark .* did you mean 'Svc'"),
    "unknown region": ([{**SVC, "hosts": ["R9"]}], "region 'R9' is not in benchmark"),
    "no activity": ([{"share": 0.5}], "'to' is missing"),
    "empty list": ([{"to": []}], "the list is empty"),
    "key": ([{**SVC, "part": 0.5}], "key 'part' is not known"),
    "share above one": ([{**SVC, "share": 1.5}], "share = 1.5 is out of range"),
    "share of none": ([{**SVC, "share": 0.0}], "share = 0.0 is out of range"),
    "floor above one": ([{**SVC, "floor": 2}], "floor = 2 is out of range"),
    "shares above one": ([{**SVC, "share": 0.6}, {"to": ["Agr"], "share": 0.6}], "120% of the UnskLab movers"),
    "no movers there": ([{**SVC, "hosts": ["R1"]}], "no new mover of these skills and homes"),
    "shared activity": ([{**SVC, "share": 0.5}, {"to": ["Svc", "Agr"], "share": 0.5}],
                        r"the ties Svc and Agr\+Svc of UnskLab in R2 share Svc"),
}


@pytest.mark.parametrize(("tied", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_ties_are_refused_by_name(m, tied, says):
    def asked():
        s = scenario("S", tied)
        ties_of([s], BENCH)
        return shocks_of(s, m)

    with pytest.raises(ScenarioError, match=says):
        asked()


def test_an_activity_without_workers_takes_none():
    quota = [{"rate": 0.02, "homes": ["R2"], "hosts": ["R1"]}]  # Agr employs nobody skilled there
    s = Scenario("S", quota=quota, tied=[{"to": ["Agr"]}])
    with pytest.raises(ScenarioError, match="Agr employs no SkLab in R1"):
        shocks_of(s, Model(BENCH, ties=ties_of([s], BENCH)))


def test_ties_need_movers_a_model_and_mobile_labour():
    with pytest.raises(ScenarioError, match="admits no new mover who could be tied"):
        Scenario("S", tied=[SVC])
    with pytest.raises(ScenarioError, match="not made for movers tied to Svc; make it with"):
        shocks_of(SCENARIOS["all"], cases.model(seed=1))
    slow = BENCH.replace(meta={"mobility": {**BENCH.mobility, "UnskLab": "sluggish"}})
    with pytest.raises(ScenarioError, match="UnskLab is sluggish in benchmark"):
        ties_of([SCENARIOS["all"]], slow)


def test_ties_and_natives_and_migrants_apart_do_not_go_together():
    with pytest.raises(ScenarioError, match="perfect substitution; leave out tied, or sigma_native_migrant"):
        Model(BENCH, ties=ties_of(SCENARIOS.values(), BENCH), labour={"sigma_native_migrant": 20.0})
