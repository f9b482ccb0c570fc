"""Capital of migrants and of owners abroad: base year, accounts by hand, who gains, both engines, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import BenchmarkError, ScenarioError
from cge.model import Ownership
from cge.model.closure import Closure, Swap
from cge.results import open_results, to_dataset, write_netcdf
from cge.scenario import Scenario, ScenarioFile, layout_of, read_scenarios, shocks_of
from cge.scenario.ownership import ownership_of
from cge.solve.model import Model
from cge.solve.updated import updated
from cge.welfare import add_gains, region_table
from cge.welfare.compare import make_model
from cge.welfare.measures import check_measures
from tests import cases
from tests.engine import plain
from tests.solve.test_ipopt import agree

BENCH = synthetic_benchmark(3, 3, seed=1)
FOREIGN = np.array([[0.0, 0.2, 0.1], [0.05, 0.0, 0.1], [0.02, 0.03, 0.0]])  # home, host
HOLD = np.array([0.5, 1.0, 0.0])
KINDS = {"none": None, "migrants": Ownership(migrants=0.5), "settled": Ownership(settled=1.0),
         "foreign": Ownership(foreign=FOREIGN), "all": Ownership(HOLD, 0.5, FOREIGN)}
STEPS = 4


@pytest.fixture(scope="module")
def model():
    kept = {"none": cases.model(seed=1)}

    def of(kind):
        if kind not in kept:
            kept[kind] = plain(Model(BENCH, ownership=KINDS[kind]))
        return kept[kind]

    return of


@pytest.fixture(scope="module")
def solved(model):
    kept = {}

    def of(kind, size=1.0):
        if (kind, size) not in kept:
            kept[kind, size] = model(kind).solve(*draw(model(kind), size), steps=STEPS)
        return kept[kind, size]

    return of


def draw(m, size=1.0):
    """A quota of 2% in R1."""
    return cases.quota(m, 0.02 * size)


def capital(s):
    """Capital income after tax and depreciation by region, from the accounts."""
    paid = (s["EVOS"] * s["pes"] * s["qfe"]).sel(endw="Capital").sum("acts")
    return (paid - s["VDEP"] * s["pinv"] * s["kb"]).values


# -- the default and the base year ------------------------------------------------------------------------------


def test_without_the_option_nothing_is_added():
    m = cases.model(seed=1)
    assert m.system.n == 62  # regression guard: what this benchmark had before the option existed
    assert not {"capinc", "capabroad", "ownearl", "ownnew", "OWNF", "MIGHOLD"} & (m.system.evaluated | m.system.used)


def test_shares_of_zero_are_the_model_without_them(solved):
    m = plain(Model(BENCH, ownership=Ownership(0.0, 0.0, np.zeros((3, 3)))))
    assert m.system.evaluated == cases.model(seed=1).system.evaluated
    one, two = m.solve(*draw(m), steps=STEPS), solved("none")
    for name in ("y", "pds", "EV", "EVnew", "EVearl", "absorb"):
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


@pytest.mark.parametrize("kind", ["migrants", "settled", "foreign", "all"])
def test_base_year_is_an_equilibrium_with_the_same_flows(model, kind):
    m = model(kind)
    assert m.base().certificate.worst < 1e-12
    assert m.system.n == 62
    for name in ("YPALL", "YG0", "VPP", "REMOUT0", "GLOBINV"):
        np.testing.assert_allclose(m.cal.data[name][1], model("none").cal.data[name][1], rtol=1e-14, err_msg=name)


def test_capital_of_migrants_by_hand(model):
    """Per worker half of a resident's; residents' consumption and income fall by what migrants own, saving does not."""
    m, before = model("migrants"), model("none")
    base = m.base()
    stock, natives = m.cal.data["LABOFF"][1], m.cal.data["NAT0"][1]
    own = base["ownearl"].values
    for h in range(3):
        total, people = capital(base)[h], natives[:, h].sum()
        per_resident = (total - own[:, :, h].sum()) / people
        np.testing.assert_allclose(own[:, :, h], 0.5 * per_resident * stock[:, :, h], rtol=1e-12)
    taken = own.sum((0, 1))
    assert (taken > 0).all()
    for name in ("YPRES", "INCOME"):
        np.testing.assert_allclose(m.cal.data[name][1], before.cal.data[name][1] - taken, rtol=1e-12)
    np.testing.assert_array_equal(m.cal.data["SAVE"][1], before.cal.data["SAVE"][1])
    np.testing.assert_allclose(base["spendearl"], m.cal.data["SPENDE0"][1], rtol=1e-12)
    np.testing.assert_allclose(base["remearl"], before.base()["remearl"], rtol=1e-12)


def test_saving_is_the_residual_of_capital_income_from_abroad(model):
    m, before = model("foreign"), model("none")
    income = capital(m.base())
    net = FOREIGN @ income - FOREIGN.sum(0) * income
    assert abs(net.sum()) < 1e-9 * income.sum() and np.abs(net).max() > 0.01 * income.max()
    for name in ("SAVE", "INCOME"):
        np.testing.assert_allclose(m.cal.data[name][1], before.cal.data[name][1] + net, rtol=1e-12)
    np.testing.assert_array_equal(m.cal.data["YPRES"][1], before.cal.data["YPRES"][1])


# -- accounts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["foreign", "all"])
def test_income_paid_is_received_and_the_current_account_has_it(solved, kind):
    s = solved(kind)
    assert s.certificate.worst < 1e-9
    income = capital(s)
    np.testing.assert_allclose(s["capin"], FOREIGN @ income, rtol=1e-9)
    np.testing.assert_allclose(s["capout"], FOREIGN.sum(0) * income, rtol=1e-9)
    lending = s["SAVE"] * s["ysave"] - s["pinv"] * s["qnetinv"]
    sent = (s["remearl"] + s["remnew"]).sum("skill")
    net = sent.sum("host").values - sent.sum("home").values + FOREIGN @ income - FOREIGN.sum(0) * income
    np.testing.assert_allclose(lending, s["tbal"] + net, atol=1e-8 * float(s["INCOME"].max()))


def test_budgets_of_migrants_by_hand(model, solved):
    """All spend what they earn and own; those who settled own half of a resident worker's base-year part."""
    s, m = solved("all"), model("all")
    left = (1.0 - FOREIGN.sum(0)) * capital(s)
    stock, natives = m.cal.data["LABOFF"][1], m.cal.data["NAT0"][1]
    head = left / (natives.sum(0) + HOLD * stock.sum((0, 1)))
    np.testing.assert_allclose(s["spendearl"], s["yearl"] - s["remearl"] + HOLD * head * stock, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(s["spendnew"], s["netnew"] - s["remnew"] + 0.5 * head * s["mov"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(s["remearl"] / s["yearl"].where(s["yearl"] > 0),
                               m.base()["remearl"] / m.base()["yearl"].where(m.base()["yearl"] > 0), rtol=1e-9)
    np.testing.assert_allclose(s["refund"], 0.0, atol=1e-8)


def test_trade_balance_swap_holds_capital_income_too():
    swap = Swap("del_tbalry", "dpsave", np.array([True, True, False]))
    held = plain(Model(BENCH, Closure((swap,)), ownership=KINDS["foreign"]))
    s, base = held.solve(*draw(held)), held.base()

    def ratio(x):
        sent = (x["remearl"] + x["remnew"]).sum("skill")
        net = sent.sum("host").values - sent.sum("home").values + (x["capin"] - x["capout"]).values
        return (x["tbal"].values + net) / float((x["INCOME"] * x["y"]).sum())

    np.testing.assert_allclose(ratio(s)[:2], ratio(base)[:2], atol=1e-10)


# -- welfare and engines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["migrants", "settled", "foreign", "all"])
def test_group_gains_add_up(solved, kind):
    """Sum of equivalent variations against the independent total: a quarter of the gap at half the movers."""
    gap = [float(solved(kind, size)["WEV"] - solved(kind, size)["absorb"].sum()) for size in (1.0, 0.5)]
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.15)


def test_owners_gain_what_hosts_pay_them(model, solved):
    """To first order ownership is a transfer of its part of hosts' gains of capital: solved without it, with that."""
    one, two = solved("none", 0.05), solved("foreign", 0.05)
    gained = capital(two) - capital(two.model.base())
    transfer = FOREIGN @ gained - FOREIGN.sum(0) * gained
    assert gained[0] > 0 > transfer[0]
    shocks, coefficients = draw(model("none"), 0.05)
    given = model("none").solve({**shocks, "transfer": transfer - transfer.mean()}, coefficients, steps=STEPS)
    abroad = (two["EV"] - one["EV"]).values
    np.testing.assert_allclose(abroad, (given["EV"] - one["EV"]).values, atol=5e-3 * np.abs(abroad).max())


def test_migrants_share_the_hosts_gain_of_capital(solved):
    """What earlier migrants gain more than without capital, residents of the host gain less."""
    one, two = solved("none", 0.05), solved("migrants", 0.05)
    more = float((two["EVearl"] - one["EVearl"]).sel(host="R1").sum())
    assert more > 0
    assert float((two["EV"] - one["EV"]).sel(reg="R1")) == pytest.approx(-more, rel=0.05)


def test_contributions_to_welfare_add_up(model):
    m = model("all")
    s = m.solve(*draw(m), steps=16)
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=2e-6 * float(np.abs(s["EV"]).max()))


def test_doubling_the_numeraire_changes_nothing_real(model, solved):
    shocks, coefficients = draw(model("all"))
    one, two = solved("all"), model("all").solve({**shocks, "pfactwld": 2.0}, coefficients, STEPS)
    for name in ("qo", "qinv", "u", "EV", "EVearl", "EVnew"):
        a = one[name].values
        np.testing.assert_allclose(two[name], a, rtol=0, atol=5e-6 * max(1.0, np.abs(a).max()), err_msg=name)
    np.testing.assert_allclose(two["capabroad"], 2.0 * one["capabroad"], rtol=1e-5)


def test_both_engines_agree(model, solved):
    agree(solved("all"), model("all").solve(*draw(model("all")), STEPS, "ipopt"))


def test_both_engines_agree_where_natives_and_migrants_are_apart():
    m = plain(Model(BENCH, labour={"sigma_native_migrant": 6.0, "sigma_earlier_new": 12.0}, ownership=KINDS["all"]))
    assert m.base().certificate.worst < 1e-12
    agree(m.solve(*draw(m), STEPS), m.solve(*draw(m), STEPS, "ipopt"))


@pytest.mark.long
def test_those_who_move_for_wages_may_own_capital():
    """Group gains against the independent total: the gap is of second order in what moving costs less."""
    given = [Scenario(f"W{k}", mobility=[{"cost": 1.0 - x, "homes": ["R2", "R3"], "hosts": ["R1"]}])
             for k, x in enumerate((0.02, 0.01))]
    m = plain(Model(BENCH, mobility=layout_of(given, BENCH), ownership=KINDS["all"]))
    assert m.base().certificate.worst < 1e-12
    both = [m.solve(*shocks_of(s, m), steps=STEPS) for s in given]
    gap = [float(s["WEV"] - s["absorb"].sum()) for s in both]
    assert both[0]["mov"].sum() > 1.0 and gap[0] / gap[1] == pytest.approx(4.0, abs=0.3)
    assert max(s.certificate.worst for s in both) < 1e-9


@pytest.mark.long
def test_the_default_engine_finds_the_same(solved):
    fast = Model(BENCH, ownership=KINDS["all"])
    agree(fast.solve(*draw(fast), steps=STEPS), solved("all"))


# -- files and refusals -----------------------------------------------------------------------------------------


FILE = """benchmark = "b"
[ownership]
migrants = [{ value = 0.5 }, { value = 1.0, hosts = ["R2"] }]
foreign = [{ share = 0.1, hosts = ["R1", "R2"], owners = ["R2", "R3"] }, { share = 0.2, hosts = ["R1"], owners = "R3" }]
source = "assumption"
[scenario.M]
quota = [{ rate = 0.02, homes = ["R2", "R3"], hosts = ["R1"] }]
"""


def test_a_file_says_who_owns_what(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(FILE, encoding="utf-8")
    file = read_scenarios(path)
    own = ownership_of(file.ownership, BENCH)
    np.testing.assert_array_equal(own.migrants, [0.5, 1.0, 0.5])
    size = cases.model(seed=1).cal.data["YPALL"][1] + cases.model(seed=1).cal.data["YG0"][1] + BENCH["SAVE"].values
    part = size[1] / (size[1] + size[2])
    two, three = [0.1 * part, 0, 0], [0.2 + 0.1 * (1 - part), 0.1, 0]
    np.testing.assert_allclose(own.foreign, [[0, 0, 0], two, three], rtol=1e-12)
    m = make_model(BENCH, file)
    assert m.cal.positions.foreign and m.cal.positions.migcap and m.ownership.source == "assumption"
    assert m.base().certificate.worst < 1e-12
    path.write_text(FILE.replace("[ownership]", "[[ownership]]"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="ownership"):
        read_scenarios(path)


WRONG = {
    "key": ("migrants = [{", "migrant = [{", "key 'migrant' is not known; did you mean 'migrants'"),
    "a slip of the point": ("value = 0.5", "value = 50", "number between 0 and 3, capital per worker over that of"),
    "below zero": ("value = 0.5", "value = -0.5", "migrants, value = -0.5 is out of range"),
    "share above one": ("share = 0.1,", "share = 1.1,", "share = 1.1 is out of range"),
    "sum above one": ("share = 0.2", "share = 0.95", "105% of the capital of R1 would be owned from abroad"),
    "region": ('hosts = ["R2"]', 'hosts = ["R9"]', "region 'R9' is not in benchmark"),
    "no share": ("share = 0.2, ", "", "'share' is missing"),
    "own owner": ('owners = "R3"', 'owners = "R1"', "R1 alone is named as owner of its own capital abroad"),
    "no source": ('source = "assumption"', "", "'source' is missing"),
    "text": ("value = 0.5", 'value = "half"', "is not a number"),
}


@pytest.mark.parametrize(("old", "new", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_sections_are_refused_by_name(tmp_path, old, new, says):
    path = tmp_path / "s.toml"
    assert old in FILE
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match=says):
        ownership_of(read_scenarios(path).ownership, BENCH)


@pytest.mark.parametrize(("own", "says"), [
    (Ownership(foreign=np.eye(3)), "100% by R1 itself"),
    (Ownership(foreign=1.5 * (FOREIGN > 0)), "of the capital of R1 would be owned from abroad"),
    (Ownership(foreign=FOREIGN[:2]), r"their shapes are \(\) and \(2, 3\)"),
    (Ownership(migrants=-1.0), "migrants has the value -1"),
    (Ownership(foreign=np.array([[0, 0, 0], [0.9, 0, 0], [0, 0, 0]])), "R1 would pay .* out of saving of"),
], ids=["self", "above one", "shape", "negative", "saving"])
def test_wrong_shares_make_no_model(own, says):
    with pytest.raises(BenchmarkError, match=says):
        Model(BENCH, ownership=own)


def test_the_share_named_as_taking_all_saving_does():
    """The refusal's own number is the border: a little less makes a model, the number itself none."""
    share = np.array([[0, 0, 0], [1.0, 0, 0], [0, 0, 0]])
    most = float(BENCH["SAVE"][0]) / capital(cases.model(seed=1).base())[0]
    assert Model(BENCH, ownership=Ownership(foreign=0.999 * most * share)).base().certificate.worst < 1e-12
    with pytest.raises(BenchmarkError, match=f"{most:.1%} would take all"):
        Model(BENCH, ownership=Ownership(foreign=1.001 * most * share))


def test_results_say_who_owns_what_and_where_that_comes_from(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(FILE, encoding="utf-8")
    file = read_scenarios(path)
    m = plain(make_model(BENCH, file))
    ds = to_dataset(file, m, {"M": m.base()})
    back = open_results(write_netcdf(add_gains(ds), tmp_path / "s.nc"))
    np.testing.assert_array_equal(back["OWNF"], m.ownership.foreign)
    np.testing.assert_array_equal(back["MIGHOLD"], [0.5, 1.0, 0.5])
    assert back["OWNF"].attrs["source"] == "assumption" and "assumption" in back.attrs["ownership"]
    assert float(back["capabroad"].sum()) == pytest.approx(float(back["capin"].sum())) and back["ownearl"].sum() > 0
    assert region_table(back, "M")["d cap."].abs().max() < 1e-12  # the benchmark: nothing has changed
    other = to_dataset(ScenarioFile(Path("t.toml"), "", "t", "b", "t.nc", {}, {}, {"M": Scenario("M")}, {}, ()),
                       cases.model(seed=1), {"M": cases.model(seed=1).base()})
    assert not {"OWNF", "CAPNET0", "capinc", "ownearl", "earlcap"} & set(other.variables)


def test_an_expectation_about_capital_abroad_asks_for_the_section(tmp_path):
    path = tmp_path / "s.toml"
    asks = '\n[[expect]]\nscenario = "M"\nof = "capin"\nreg = "R2"\nsign = "+"\nwhy = "hosts pay owners"\n'
    bare = FILE[:FILE.index("[ownership]")] + FILE[FILE.index("[scenario.M]"):]
    path.write_text(bare + asks, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"give it a section \[ownership\]"):
        check_measures(read_scenarios(path).expect, cases.model(seed=1), str(path))


def test_income_across_borders_has_no_updated_data_base(model):
    s = model("foreign").solve({"tm": 0.99}, steps=1)
    with pytest.raises(ScenarioError, match="no updated benchmark"):
        updated(s)
