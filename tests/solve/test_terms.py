"""Terms of movement: money paid is money received, budgets by hand, equivalent instruments, welfare adds up."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.model.closure import Closure, Swap
from cge.model.terms_data import DEFAULTS, TERMS
from cge.scenario import Scenario, layout_of, read_scenarios, shocks_of
from cge.scenario.parts import parts_of
from cge.scenario.terms_spec import INSTRUMENTS, RECIPIENTS
from cge.solve.model import Model
from cge.solve.subtotals import subtotals
from tests import cases
from tests.engine import plain
from tests.solve.test_ipopt import agree
from tests.solve.test_mobility import pay_ratio

QUOTA = [{"rate": 0.02, "homes": ["R2", "R3"], "hosts": ["R1"]}]
#: The size of each instrument: about a tenth of pay (per head: of a mover's base-year pay, which `head` supplies).
ENTRIES = {
    "status wedge": {"share": 0.2},
    "employer wedge": {"share": 0.1},
    "entry fee": {"share": 0.05, "per_mover": "head"},
    "screening cost": {"per_mover": "head"},
    "exit tax": {"share": 0.05, "per_mover": "head"},
    "withheld": {"share": 0.15, "returned": 0.8},
    "transfer cost": {"share": 0.1, "migrants": "new"},
}
ALL = list(ENTRIES)
REAL = ("qo", "qfe", "qxs", "qpa", "qgd", "qinv", "qsave", "up", "ug", "u", "EV", "EVearl", "EVnew", "absorb",
        "realwage", "natives")


@pytest.fixture(scope="module")
def m():
    return cases.model(seed=1)


def head(m):
    """A tenth of the smallest after-tax pay that a new mover would have in R1."""
    pay = m.cal.data["AN"][1] * m.cal.data["WNET0"][1][:, None, :]
    return 0.1 * float(pay[:, 1:, 0].min())


def entry(m, name, **more):
    given = {k: head(m) if v == "head" else v for k, v in ENTRIES[name].items()}
    return {"instrument": name, **given, **more}


def solve(m, *entries, size=1.0, **options):
    quota = [{**q, "rate": q["rate"] * size} for q in QUOTA]
    return m.solve(*shocks_of(Scenario("S", quota=quota, terms=entries, **options), m))


@pytest.fixture(scope="module")
def everything(m):
    """All instruments at once, an entry of each."""
    return solve(m, *(entry(m, n) for n in ALL if n != "transfer cost"), entry(m, "transfer cost", migrants="all"))


# -- money ------------------------------------------------------------------------------------------------------


def test_every_dollar_paid_is_received_or_used_up(everything):
    s = everything
    paid = s["charges"].sum() + s["sendcost"].sum()
    assert float(paid) > 0
    assert float(s["termsin"].sum() + s["termslost"].sum()) == pytest.approx(float(paid), rel=1e-12)
    assert s.certificate.worst < 1e-9


def test_budgets_by_hand(m, everything):
    """Each charge from its definition; movers spend what is left of it after remittances."""
    s, h = everything, head(m)
    y, host = s["ynew"], s["ppriv"].sel(reg="R1").item()
    fee = h * s["mov"] * host
    exit_fee = h * s["mov"] * s["ppriv"].rename(reg="home")
    by_hand = (0.2 + 0.1 + 0.05 + 0.05 + 0.15) * y + 2 * fee + exit_fee
    np.testing.assert_allclose(s["charges"], by_hand.transpose(*y.dims), rtol=1e-12)
    np.testing.assert_allclose(s["spendnew"], (y - by_hand).transpose(*y.dims) * 0.8, rtol=1e-10)
    np.testing.assert_allclose(s["escrow"], 0.8 * 0.15 * y, rtol=1e-12)


def test_defaults_name_one_recipient_each_and_revenue_is_what_governments_get(m, everything):
    assert sorted(t for terms in DEFAULTS.values() for t in terms) == sorted(TERMS)
    assert {i.term for i in INSTRUMENTS.values() if i.to} == set(TERMS)
    assert set(RECIPIENTS.values()) == set(DEFAULTS)
    for i in (i for i in INSTRUMENTS.values() if i.to):
        assert i.term in DEFAULTS[RECIPIENTS[i.to]]
    s = everything
    np.testing.assert_allclose(s["taxtotal"] - s["indtax"] - s["taxrinc"] + s["refund"], s["termsgov"], rtol=1e-9,
                               atol=1e-9 * float(s["taxtotal"].max()))
    kept = s["heldpaid"] - s["escrow"]
    revenue = np.array([float((s["feepaid"] + kept).sum()), *s["exitpaid"].sum(["skill", "host"]).values[1:]])
    np.testing.assert_allclose(s["termsgov"], revenue, rtol=1e-12)


def test_remittances_sent_are_received_and_the_cost_of_transfer(everything):
    s = everything
    assert float(s["sendcost"].sum()) > 0.09 * float(s["remearl"].sum())
    assert float(s["remout"].sum()) == pytest.approx(float(s["remin"].sum() + s["sendcost"].sum()), rel=1e-12)
    np.testing.assert_allclose(s["sendcost"], 0.1 * (s["remearl"] + s["remnew"]), rtol=1e-12)


@pytest.mark.parametrize("to", ["host", "home", "lost"])
def test_current_account_with_terms_and_transfer_costs(m, to):
    """Saving less investment is the trade balance plus net remittances and payments, transfer costs kept at home."""
    s = solve(m, entry(m, "transfer cost", migrants="all", to=to), entry(m, "exit tax"), entry(m, "withheld"))
    lending = s["SAVE"] * s["ysave"] - s["pinv"] * s["qnetinv"]
    cost = s["sendcost"].sum("skill")
    abroad = (s["remnew"] + s["remearl"] + s["exitpaid"] + s["escrow"]).sum("skill")
    abroad = abroad if to == "home" else abroad - cost  # what a transfer costs in the host stays there
    net = abroad.sum("host").values - abroad.sum("home").values
    np.testing.assert_allclose(lending, s["tbal"] + net, atol=1e-8 * float(np.abs(s["INCOME"]).max()))


def test_trade_balance_swap_holds_escrow_too(m):
    held = plain(Model(m.bench, Closure((Swap("del_tbalry", "dpsave", np.array([True, True, False])),))))
    s = solve(held, entry(held, "withheld"), entry(held, "exit tax"), entry(held, "screening cost"))
    base = held.base()
    world = float((s["INCOME"] * s["y"]).sum())
    abroad = (s["remnew"] + s["remearl"] + s["exitpaid"] + s["escrow"]).sum("skill")
    ratio = (s["tbal"] + abroad.sum("host").values - abroad.sum("home").values) / world
    sent = base["remearl"].sum("skill")
    before = (base["tbal"] + sent.sum("host").values - sent.sum("home").values) / float(s["INCOME"].sum())
    np.testing.assert_allclose(ratio[:2], before[:2], atol=1e-10)
    assert s.certificate.worst < 1e-9


# -- instruments that are one thing under two names ----------------------------------------------------------------


def alike(one, two, names=("y", "pds", "qo", "spendnew", "EV", "EVnew", "EVearl", "absorb"), atol=1e-9):
    world = float(one.model.cal.data["INCWLD"][1])
    for name in names:
        size = world if one[name].attrs["units"] == "million US$" else 1.0
        np.testing.assert_allclose(one[name] / size, two[name] / size, rtol=0, atol=atol, err_msg=name)


@pytest.mark.parametrize("name", ["withheld", "exit tax"])
def test_pay_sent_home_by_rule_is_a_remittance(m, name):
    """An escrow paid out in full, or an exit tax, of w is a remittance rate of ``w + rho (1 - w)``.

    Up to the Divisia indices, whose paths differ: a rate that grows along the path beside one that is constant.
    """
    given = {"share": 0.15, **({"returned": 1.0} if name == "withheld" else {})}
    one = solve(m, {"instrument": name, **given})
    alike(one, solve(m, labour={"rho": 0.15 + 0.2 * 0.85}), atol=1e-6)


def test_a_wedge_kept_by_the_host_is_a_labour_tax_on_movers(m):
    """The employer's wedge and a fee of the same size leave one solution; only revenue differs."""
    one = solve(m, {"instrument": "status wedge", "share": 0.2})
    two = solve(m, {"instrument": "entry fee", "share": 0.2})
    alike(one, two)
    assert float((two["taxtotal"] - one["taxtotal"])[0]) == pytest.approx(float(two["feepaid"].sum()), rel=1e-6)


def test_cost_of_transfer_that_the_home_gets_changes_nothing(m):
    one = solve(m, {"instrument": "transfer cost", "share": 0.1, "to": "home"})
    alike(one, solve(m))
    assert float(one["remin"].sum()) < float(solve(m)["remin"].sum())


def test_doubling_the_numeraire_changes_nothing_real(m):
    shocks, coefficients = shocks_of(Scenario("S", quota=QUOTA, terms=[entry(m, n) for n in ALL]), m)
    one, two = m.solve(shocks, coefficients), m.solve({**shocks, "pfactwld": 2.0}, coefficients)
    for name in REAL:
        a, b = one[name].values, two[name].values
        np.testing.assert_allclose(b, a, rtol=0, atol=2e-6 * max(1.0, np.abs(a).max()), err_msg=name)
    np.testing.assert_allclose(two["feepaid"], 2 * one["feepaid"], rtol=1e-5)


# -- welfare ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [None, "host government", "home government", "lost"])
@pytest.mark.parametrize("name", ALL)
def test_group_gains_add_up_under_each_instrument(m, name, to):
    """Sum of equivalent variations against the independent total: a quarter of the gap at half the movers."""
    gap = []
    for size in (1.0, 0.5):
        s = solve(m, entry(m, name, **({"to": to} if to else {})), size=size)
        assert s.certificate.worst < 1e-9
        gap.append(float(s["WEV"] - s["absorb"].sum()))
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize("to", ["host", "lost"])
def test_group_gains_add_up_with_a_cost_of_earlier_transfers(m, to):
    gap = []
    for share in (0.1, 0.05):
        terms = [{"instrument": "transfer cost", "share": share, "migrants": "earlier", "to": to}]
        s = m.solve(*shocks_of(Scenario("S", terms=terms), m), steps=4)
        gap.append(float(s["WEV"] - s["absorb"].sum()))
        assert abs(gap[-1]) < 0.02 * float(s["sendcost"].sum())
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.5)


def test_movers_pay_what_recipients_get_to_first_order(m):
    """Gains with a fee less gains without: movers lose it, the host's residents have it, net of prices that move."""
    free, fee = solve(m, size=0.05), solve(m, entry(m, "entry fee", share=0.1), size=0.05)
    paid = float(fee["feepaid"].sum())
    assert float((fee["EVnew"] - free["EVnew"]).sum()) == pytest.approx(-0.8 * paid, rel=0.01)  # and send less of it
    assert float((fee["EV"] - free["EV"]).sel(reg="R1")) == pytest.approx(paid, rel=0.05)
    assert float((fee["EV"] - free["EV"]).sum()) == pytest.approx(0.8 * paid, rel=0.05)


def test_contributions_to_welfare_add_up(everything):
    s = everything
    scale = float(np.abs(s["EV"]).max())
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=2e-6 * scale)


# -- workers who move for wages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wages():
    bench = synthetic_benchmark(3, 3, seed=1)
    plainly = Scenario("S", mobility=[{"cost": 0.9}])
    capped = Scenario("C", mobility=[{"cost": 0.9}], caps=[{"growth": 0.02, "hosts": ["R1"]}])
    return Model(bench, mobility=layout_of([plainly, capped], bench))


def test_odds_count_what_is_left_of_pay(wages):
    """Odds follow relative pay as incomes give it, less charges from the accounts, plus what the escrow pays out."""
    terms = [{"instrument": "entry fee", "share": 0.02, "per_mover": 0.2 * head(wages)},
             {"instrument": "withheld", "share": 0.1, "returned": 0.9},
             {"instrument": "exit tax", "per_mover": 0.1 * head(wages)}]
    scenario = Scenario("S", mobility=[{"cost": 0.9}], terms=terms)
    s = wages.solve(*shocks_of(scenario, wages))
    free = wages.solve(*shocks_of(Scenario("F", mobility=[{"cost": 0.9}]), wages))
    came = s["mov"].values > 1e-9
    assert came.any()
    assert float(s["mov"].sum()) < float(free["mov"].sum())
    y = np.where(came, s["ynew"].values, 1.0)
    left = (s["ynew"] - s["charges"] + s["escrow"]).values / y
    stock = np.where(came, wages.cal.data["LABOFF"][1], 1.0)
    stay = (s["natives"] / wages.cal.data["NAT0"][1]).values[:, :, None]
    odds = (pay_ratio(s) * left / 0.9) ** 1.5 * stay
    np.testing.assert_allclose((1.0 + s["mov"].values / stock)[came], odds[came], rtol=1e-8)
    assert s.certificate.worst < 1e-9


def test_a_fee_takes_the_rent_of_a_cap(wages):
    """Where a cap of the host binds, a fee in proportion to pay leaves numbers and lowers the rent by itself."""
    caps = [{"growth": 0.02, "hosts": ["R1"]}]
    make = dict(mobility=[{"cost": 0.9}], caps=caps)
    one = wages.solve(*shocks_of(Scenario("C", **make), wages))
    fee = [{"instrument": "entry fee", "share": 0.05, "hosts": ["R1"]}]
    two = wages.solve(*shocks_of(Scenario("D", terms=fee, **make), wages))
    assert (two["renthost"].sel(reg="R1") > 0.01).all()
    np.testing.assert_allclose(two["mov"].sel(host="R1"), one["mov"].sel(host="R1"), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(np.exp(-two["renthost"].sel(reg="R1")) * 0.95, np.exp(-one["renthost"].sel(reg="R1")),
                               rtol=1e-7)
    world = float(wages.cal.data["INCWLD"][1])
    np.testing.assert_allclose(two["EV"] / world, one["EV"] / world, atol=1e-8)
    assert two.certificate.worst < 1e-9


def test_agreement_of_the_engines_and_of_the_default_engine(wages):
    quick = {n: (entry(wages, n) if n != "transfer cost" else entry(wages, n, migrants="all")) for n in ALL}
    draw = shocks_of(Scenario("S", quota=QUOTA, terms=list(quick.values())), wages)
    one = wages.solve(*draw)
    assert one.certificate.worst < 1e-9
    agree(one, wages.solve(*draw, engine="ipopt"))


# -- scenario ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_contributions_of_terms_add_up():
    """`cge decompose`: parts of a scenario sum to the whole, and the fee's part of the hosts' gain is half of it."""
    m = cases.fast(seed=1)
    scenario = Scenario("S", quota=QUOTA, terms=[entry(m, "entry fee"), entry(m, "withheld")])
    parts, coefficients = parts_of(scenario, m)
    found = subtotals(m, parts, ("EV", "feepaid"), coefficients)
    assert found.gap < 1e-4
    fee = found.data["EV"].sel(part="terms 1 entry fee", reg="R1")
    paid = float(found.data["total_feepaid"].sum())
    # Fee times movers, both growing with the path: half of the product belongs to each.
    assert float(fee) == pytest.approx(0.5 * paid, rel=0.15)


def test_terms_are_parts_of_a_scenario(m):
    scenario = Scenario("S", quota=QUOTA, terms=[entry(m, "entry fee"), entry(m, "withheld")])
    parts, coefficients = parts_of(scenario, m)
    assert set(parts) == {"quota UnskLab", "quota SkLab", "terms 1 entry fee", "terms 2 withheld"}
    assert set(parts["terms 2 withheld"]) == {"withheld", "returned"}
    assert coefficients["TOHOSTGOV"][TERMS.index("fee")] == 1.0
    cells = parts["terms 1 entry fee"]["entryrate"]
    assert (cells[:, 1:, 0] == 0.05).all() and cells[:, :, 1:].max() == 0.0  # where movers are, and nowhere else


def test_the_example_of_the_manual_is_read_and_every_instrument_is_in_it(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")
    example = next(block for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "terms = [" in block)
    path = tmp_path / "s.toml"
    path.write_text(f'benchmark = "ww1997"\n{example}', encoding="utf-8")
    assert [e["instrument"] for e in read_scenarios(path).scenarios["S"].terms] == ["entry fee", "withheld",
                                                                                    "transfer cost"]
    for name, instrument in INSTRUMENTS.items():
        assert f"`{name}`" in text
        assert all(f"`{v}" in text for v in instrument.keys.values())
    path.write_text('benchmark = "ww1997"\n[scenario.S]\nterms = { instrument = "exit tax", share = 0.1 }')
    with pytest.raises(ScenarioError, match="terms must be a list of tables"):
        read_scenarios(path)


WRONG = {
    "unknown": ([{"instrument": "exit fee", "share": 0.1}],
                "instrument 'exit fee' is not known; did you mean 'entry fee'"),
    "share above one": ([{"instrument": "withheld", "share": 15}], "share = 15 is above one"),
    "returned above one": ([{"instrument": "withheld", "share": 0.1, "returned": 2}], "returned = 2 is above one"),
    "negative fee": ([{"instrument": "entry fee", "per_mover": -1}], "per_mover = -1 is below zero"),
    "no size": ([{"instrument": "entry fee"}], "no size is given; add per_mover = ... or share = ..."),
    "text": ([{"instrument": "entry fee", "per_mover": "two"}], "is not a number"),
    "key": ([{"instrument": "entry fee", "fee": 2}], "key 'fee' is not known"),
    "recipient": ([{"instrument": "entry fee", "share": 0.1, "to": "goverment"}],
                  "recipient 'goverment' is not known; did you mean 'home government'|did you mean 'host government'"),
    "two recipients": ([{"instrument": "entry fee", "share": 0.1}, {"instrument": "entry fee", "share": 0.2,
                                                                    "to": "lost"}], "one recipient in a scenario"),
    "whose": ([{"instrument": "transfer cost", "share": 0.1, "migrants": "old"}], "migrants = 'old' is not known"),
    "host": ([{"instrument": "entry fee", "share": 0.1, "hosts": ["R9"]}], "region 'R9' is not in benchmark"),
    "no movers there": ([{"instrument": "entry fee", "share": 0.1, "hosts": ["R2"]}], "no new mover of these skills"),
    "more than pay": ([{"instrument": "status wedge", "share": 0.6}, {"instrument": "withheld", "share": 0.5}],
                      "together they take 110% of the after-tax pay"),
    "fee above pay": ([{"instrument": "entry fee", "per_mover": 1e6}], "lower a share or fee until something is left"),
}


@pytest.mark.parametrize(("terms", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_terms_are_refused_by_name(m, terms, says):
    with pytest.raises(ScenarioError, match=says):
        solve(m, *terms)


def test_terms_need_movers(m):
    with pytest.raises(ScenarioError, match="admits no new mover who could pay it; add a quota"):
        Scenario("S", terms=[{"instrument": "entry fee", "share": 0.1}])
    with pytest.raises(ScenarioError, match="both terms = .* and a shock of the variable entryrate"):
        Scenario("S", quota=QUOTA, terms=[{"instrument": "entry fee", "share": 0.1}],
                 shock=[{"variable": "entryrate", "value": 0.1}])
    with pytest.raises(ScenarioError, match="take all of the after-tax pay"):
        m.solve({**cases.quota(m)[0], "statuswedge": 1.5}, cases.quota(m)[1])
