"""Gains of groups by source and column: adding up, transfers that cancel over the world, first-order gains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import CGEError
from cge.model import Ownership
from cge.report import print_group_table
from cge.results import to_dataset
from cge.scenario import Scenario, ScenarioFile, layout_of, shocks_of, ties_of
from cge.solve.model import Model
from cge.welfare import add_gains, first_order, group_table, region_table, variation_table
from tests.cases import model, no_tariffs, quota
from tests.engine import plain
from tests.solve.test_terms import ALL, entry, solve


@pytest.fixture(scope="module")
def solved():
    """Every instrument at once; tariffs and movers who share taxes under a wage floor; the same from half of it."""
    m = model(seed=1)
    terms = solve(m, *(entry(m, n) for n in ALL if n != "transfer cost"), entry(m, "transfer cost", migrants="all"))
    return m, terms


@pytest.fixture(scope="module")
def shared():
    m = plain(Model(model(seed=1).bench, labour={"taxshare": 1.0, "taxmov": 0.5, "ctaxmov": 0.5, "family": 0.5,
                                                  "nostatus": 0.3, "statusgap": 0.06, "informal": 0.5}))
    shocks, coefficients = quota(m)
    floor = np.zeros(m.cal.data["NAT0"][1].shape)
    floor[0, 0] = 1.0
    given = {**shocks, **no_tariffs(m, 0.5), "wfloor": floor, "taxearl": 0.3, "servearl": 0.2, "regular": 0.5}
    # Unemployment sets in on the way: across the kink the refined path is good to 2e-6 only (EV_ALT too).
    return m, m.solve(given, coefficients, steps=64), m.solve({**shocks, "taxearl": 0.3}, coefficients)


def dataset(m, solutions, **reference):
    scenarios = {n: Scenario(n, reference=reference.get(n)) for n in solutions}
    return add_gains(to_dataset(ScenarioFile(Path("t.toml"), "", "t", "b", "t.nc", {}, {}, scenarios, {}, ()), m,
                                solutions))


@pytest.fixture(scope="module")
def ds(solved):
    return dataset(solved[0], {"S": solved[1]})


@pytest.fixture(scope="module")
def shared_ds(shared):
    return dataset(shared[0], {"S": shared[1], "half": shared[2], "more": shared[1]}, more="half")


def test_columns_add_up_to_every_groups_gain(ds, shared_ds):
    """The gain is the equivalent variation of `welfare`, solved from demand; the residual is quadrature."""
    for found in (ds, shared_ds):
        for scenario in found["scenario"].values:
            largest = 0.0
            for reg in (*found["reg"].values, None):
                for concept in ("host", "home"):
                    frame = group_table(found, scenario, reg, concept)
                    largest = max(largest, frame.drop(columns="residual").abs().max().max())
                    assert frame["residual"].abs().max() < 1e-6 * largest, (scenario, reg, concept)
                    np.testing.assert_allclose(frame.loc["all"], frame.drop("all").sum(), atol=1e-9 * largest)
        gain = found["gain_world"].sel(scenario="S").item()
        assert group_table(found, "S").loc["all", "gain"] == pytest.approx(gain, rel=1e-12)


OWN = Ownership(np.array([0.5, 1.0, 0.3]), 0.4, np.array([[0, 0.2, 0.1], [0.05, 0, 0.1], [0.02, 0.03, 0]]))


@pytest.fixture(scope="module", params=[
    "apart", "tied", "apart owned", pytest.param("tied owned", marks=pytest.mark.long)])
def kinds(request):
    """Wages that differ by kind of worker: natives and migrants apart, movers tied to a sector; capital of others."""
    own = OWN if "owned" in request.param else None
    if "apart" in request.param:
        m = plain(Model(model(seed=1).bench, labour={"sigma_native_migrant": 6.0, "sigma_earlier_new": 12.0},
                        ownership=own))
        shocks, coefficients = quota(m)
    else:
        bench = synthetic_benchmark(3, 3, seed=1)
        scenario = Scenario("T", tied=[{"to": ["Svc"], "floor": 0.7}], quota=[
            {"rate": 0.15, "homes": ["R1", "R3"], "hosts": ["R2"], "skills": ["UnskLab"]}])
        m = plain(Model(bench, ties=ties_of([scenario], bench), ownership=own))
        shocks, coefficients = shocks_of(scenario, m)
    return m, m.solve(shocks, coefficients, steps=64)


def test_columns_add_up_where_wages_differ_by_kind(kinds):
    m, s = kinds
    found = dataset(m, {"S": s})
    apart = m.cal.positions.nests
    assert float(np.abs(s["relnew"] / s["relnat"] - 1).max()) > 1e-3 if apart else float(s["tiegap"].max()) > 0.1
    for reg in (*found["reg"].values, None):
        frame = group_table(found, "S", reg)
        assert frame["residual"].abs().max() < 1e-6 * frame.drop(columns="residual").abs().max().max(), frame
    assert group_table(found, "S").loc["all", "gain"] == pytest.approx(float(s["WEV"]), rel=1e-9)


@pytest.fixture(scope="module")
def owned():
    """Capital of migrants and of owners abroad beside everything that changes what migrants are taxed and given."""
    m = plain(Model(model(seed=1).bench, ownership=OWN, labour={
        "taxshare": 1.0, "taxmov": 0.5, "ctaxmov": 0.5, "nostatus": 0.3, "statusgap": 0.06, "informal": 0.5}))
    shocks, coefficients = quota(m)
    return m, m.solve({**shocks, **no_tariffs(m, 0.5), "taxearl": 0.3, "servearl": 0.2}, coefficients, steps=64)


def test_capital_has_a_column_whoever_owns_it(owned):
    """It adds up for every group; over the world it is the world's income of capital, land and resources."""
    m, s = owned
    found, base = dataset(m, {"S": s}), m.base()
    for reg in (*found["reg"].values, None):
        for concept in ("host", "home"):
            frame = group_table(found, "S", reg, concept)
            assert frame["residual"].abs().max() < 1e-6 * frame.drop(columns="residual").abs().max().max(), frame
    assert (frame.loc[["owners", "earlier UnskLab", "movers SkLab"], "capital"].abs() > 0.1).all()
    abroad = region_table(found, "S")["d cap."]
    net = s["capin"] - s["capout"] - base["capin"] + base["capout"]
    np.testing.assert_allclose(abroad.drop("world"), net / 1e3, rtol=1e-9)
    assert abs(abroad["world"]) < 1e-9 and abs(abroad["R1"]) > 1e-4
    assert np.abs(s["yother"]).max() < 1e-9 * float(s["INCOME"].max())

    def owners(x):
        """Income of capital, land and resources after tax and depreciation of all regions, from the accounts."""
        paid = (x["EVOS"] * x["pes"] * x["qfe"]).drop_sel(endw=list(m.cal.sets["skill"]))
        return float(paid.sum() - (x["VDEP"] * x["pinv"] * x["kb"]).sum())

    assert frame.loc["all", "capital"] == pytest.approx(owners(s) - owners(base), rel=1e-8)
    assert float(found["OWNED0"].sum() + m.cal.data["OWNE0"][1].sum()) == pytest.approx(owners(base), rel=1e-12)


@pytest.mark.long
def test_columns_add_up_with_terms_of_movement_and_capital_of_others():
    m = plain(Model(model(seed=1).bench, ownership=OWN))
    found = dataset(m, {"S": solve(m, *(entry(m, n) for n in ALL))})
    for reg in (*found["reg"].values, None):
        frame = group_table(found, "S", reg)
        assert frame["residual"].abs().max() < 1e-6 * frame.drop(columns="residual").abs().max().max(), frame


@pytest.mark.long
def test_compensating_and_equivalent_variation_agree_to_second_order(owned):
    """With capital of migrants and owners abroad: a quarter of the gap at half the movers."""
    m = owned[0]
    gap = [float(s["WEV"] - s["WCV"]) for s in (m.solve(*quota(m, x), steps=16) for x in (0.02, 0.01))]
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.1)


def test_capital_abroad_is_the_owners(owned):
    """R2's owners by hand: what is theirs at home less migrants' part, and their part of the two other regions."""
    s, share = owned[1], OWN.foreign
    paid = (s["EVOS"] * s["pes"] * s["qfe"]).sum("acts")
    capital = (paid.sel(endw="Capital") - s["VDEP"] * s["pinv"] * s["kb"]).values
    rest = paid.drop_sel(endw=["Capital", *s.model.cal.sets["skill"]]).sum("endw").values[1]
    mine = rest + (1 - share[:, 1].sum()) * capital[1] - float((s["ownearl"] + s["ownnew"]).sel(host="R2").sum())
    assert float(s["yown"][1]) == pytest.approx(mine + share[1] @ capital, rel=1e-9)


@pytest.fixture(scope="module")
def moving():
    """Workers who move for wages, between them a cap that binds and one that does not; rents to the home."""
    bench = synthetic_benchmark(3, 3, seed=1)
    scenario = Scenario("W", mobility=[{"cost": 0.9}], rent="home", caps=[
        {"growth": 0.02, "hosts": ["R1"]}, {"growth": 1.0, "per": "pair", "homes": ["R1"], "hosts": ["R2"]}])
    m = Model(bench, mobility=layout_of([scenario], bench))  # rows with corners: the plain engine has no answer
    return m, m.solve(*shocks_of(scenario, m))


def test_columns_add_up_where_workers_move_for_wages_under_caps(moving):
    """Rents are a payment of movers that the homes' households receive; every row still adds up."""
    m, s = moving
    assert float(s["renthome"].sum()) > 1.0 and (s["mov"].sel(host="R2").sum() > 1.0)
    found = dataset(m, {"W": s})
    for reg in (*found["reg"].values, None):
        for concept in ("host", "home"):
            frame = group_table(found, "W", reg, concept)
            assert frame["residual"].abs().max() < 1e-6 * frame.drop(columns="residual").abs().max().max(), frame
    world = group_table(found, "W")
    assert world.loc["all", "gain"] == pytest.approx(float(s["WEV"]), rel=1e-9)
    paid = world.loc[["movers UnskLab", "movers SkLab"], "payments"].sum()
    assert paid == pytest.approx(-float(s["renthome"].sum() / s["pfactwld"]), rel=1e-9)
    assert world.loc["household", "payments"] == pytest.approx(-paid, rel=1e-9)


def test_both_variations_stand_side_by_side(shared_ds, shared):
    """From the solutions; over the benchmark rows add up to the world's, over a reference migrants' are by hand."""
    _, more, half = shared
    for reg, concept in ((None, "host"), ("R2", "host"), ("R2", "home")):
        table = variation_table(shared_ds, "more", reg, concept)
        pick = {} if reg is None else {concept: reg}
        residents = (more["EV"] - half["EV"]).sel({} if reg is None else {"reg": reg}).sum()
        assert table.loc["permanent residents", "EV"] == pytest.approx(float(residents))
        movers = (more["EVnew"] - half["EVnew"]).sel(skill="SkLab", **pick).sum()
        assert table.loc["movers SkLab", "EV"] == pytest.approx(float(movers))
        # What they could give up now and still buy what they bought: the difference of two CVs is not that.
        dearer = (more["ppriv"] / half["ppriv"]).rename(reg="host")
        assert abs(dearer - 1).max() > 1e-3
        by_hand = (more["spendearl"] - half["spendearl"] * dearer).sel(skill="SkLab", **pick).sum()
        assert table.loc["earlier SkLab", "CV"] == pytest.approx(float(by_hand))
        assert table.loc[["permanent residents", "all"], "CV"].isna().all()
    world = variation_table(shared_ds, "half")
    assert world.loc["all", "EV"] == pytest.approx(float(half["WEV"]))
    assert world.loc["all", "CV"] == pytest.approx(float(half["WCV"]))
    for stem, label in (("earl", "earlier"), ("new", "movers")):
        assert world.loc[f"{label} UnskLab", "CV"] == pytest.approx(float(half[f"CV{stem}"].sel(skill="UnskLab").sum()))
    assert world.loc["permanent residents", "CV"] == pytest.approx(float(half["CV"].sum()))
    with pytest.raises(CGEError, match="no compensating variations"):
        variation_table(shared_ds.drop_vars("CV"), "S")


@pytest.mark.parametrize("name", ["solved", "shared", "moving"])
def test_sources_are_all_of_residents_income(name, request):
    """Income that no source explains is nil whatever is on: a term that a source lacks would still add up, as other."""
    explained(request.getfixturevalue(name)[1])


def test_transfers_are_income_of_the_household():
    m = model(seed=1)
    given = np.array([-3.0, 1.0, 2.0]) * 1e-3 * float(m.cal.data["INCOME"][1].min())
    s = m.solve({"transfer": given}, steps=4)
    np.testing.assert_allclose(s["ypaid"], given, rtol=1e-9)
    explained(s)


@pytest.mark.parametrize("name", ["solved", "shared"])
def test_pay_by_kind_is_the_wage_bill(name, request):
    paid_by_activities(request.getfixturevalue(name)[1])


def test_sources_and_pay_where_wages_differ_by_kind(kinds):
    explained(kinds[1])
    paid_by_activities(kinds[1])


def explained(s):
    """No income of residents is without a source."""
    assert np.abs(s["yother"]).max() < 1e-9 * float(s["INCOME"].max())


def paid_by_activities(s):
    """Pay before labour tax of natives, earlier migrants and movers at work is what activities pay for labour."""
    skills = list(s.model.cal.sets["skill"])
    bill = (s["EVFB"] * s["peb"] * s["qfe"]).sel(endw=skills).sum("acts").rename(endw="skill")
    work = 1.0 - s["unemp"]
    kinds = s["ynatgross"] * work + ((s["earlgross"] + s["newgross"]).sum("home") * work.rename(reg="host")
                                     ).rename(host="reg")
    np.testing.assert_allclose(kinds.transpose("skill", "reg"), bill.transpose("skill", "reg"), rtol=1e-8)
    by_hand = s["ynatgross"] / s["pfactwld"] - s["natives"] * s["WAGE0"]
    np.testing.assert_allclose(s["natwage"], by_hand, atol=1e-9 * float(np.abs(s["ynatgross"]).max()))


def test_it_is_printed_within_the_width_and_refused_in_words(ds, capsys):
    print_group_table(ds, "S")
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 118
    assert "owners" in shown and "payments: terms of movement" in " ".join(shown.split())
    with pytest.raises(CGEError, match="no region 'X'; they have R1"):
        group_table(ds, "S", "X")
    with pytest.raises(CGEError, match="no gains by source of income"):
        group_table(ds.drop_vars("SRCown"), "S")


def test_a_region_is_its_people(ds):
    for concept in ("host", "home"):
        gain = ds[f"gain_by_{concept}"].sel(scenario="S").sum("group")
        for reg in ds["reg"].values:
            assert group_table(ds, "S", reg, concept).loc["all", "gain"] == pytest.approx(gain.sel(reg=reg).item())


def test_unemployment_has_a_column_of_its_own(shared):
    s = shared[1]
    assert s["unemp"].max() > 1e-3
    by_hand = -(s["unemp"] * s["wgross"] * s["natives"])
    np.testing.assert_allclose(s["natemploy"], by_hand, rtol=1e-9)


def test_what_one_group_pays_another_receives(ds, shared_ds):
    """Remittances and payments cancel over the world but for what is used up; labour taxes against the revenue."""
    for found, name in ((ds, "S"), (shared_ds, "S")):
        here, frame = found.sel(scenario=name), group_table(found, name).drop("all")
        lost = float((here["termslost"]).sum()) if "termslost" in here else 0.0
        size = frame[["remittances", "payments"]].abs().max().max()
        assert frame["remittances"].sum() + frame["payments"].sum() == pytest.approx(-lost, abs=1e-8 * size)


def test_taxes_of_workers_are_revenue(shared):
    """World sum of the tax column: taxes on goods, factor use and owners' income, for those on pay cancel."""
    m, s, _ = shared
    base, columns = m.base(), ("nattax", "earltax", "newtax")
    paid = sum(float(s[n].sum()) for n in columns) + float(s["ytax"].sum() - base["ytax"].sum())

    def not_on_labour(x):
        labour = [m.cal.sets["endw"].index(k) for k in m.cal.sets["skill"]]
        tax = x.view.EVFB * x.view.peb * x.view.qfe
        gross, net = tax.level(), (x.view.EVOS * x.view.pes * x.view.qfe).level()
        return float(x["indtax"].sum()) + float(np.delete(gross - net, labour, 0).sum())

    assert paid == pytest.approx(not_on_labour(s) - not_on_labour(base), rel=1e-8)
    assert abs(float(s["newtax"].sum())) > 1.0


def test_productivity_is_the_first_order_gain(ds, solved):
    assert group_table(ds, "S").loc["all", "productivity"] == pytest.approx(first_order(ds, "S", 0.5), rel=1e-9)
    assert (solved[1].model.cal.data["AN"][1] < 1.0).any()


def test_nothing_hangs_on_the_numeraire(solved):
    m = solved[0]
    shocks, coefficients = quota(m)
    one, two = m.solve(shocks, coefficients), m.solve({**shocks, "pfactwld": 1.5}, coefficients)
    for name in ("SRCnat", "SRCown", "SRCtax", "SRCrem", "natwage", "nattax", "earlwage", "earlrem", "newwage",
                 "newprice", "newrem", "newtax"):
        np.testing.assert_allclose(one[name], two[name], atol=1e-5 * float(np.abs(one["SRCown"]).max()), err_msg=name)


def test_sources_agree_with_the_factor_income_view_to_second_order(solved):
    """`gnat` deflates by consumer prices of the end point alone; both are the same for a small movement."""
    m = solved[0]
    gaps = []
    for size in (0.01, 0.005):
        s = m.solve(*quota(m, size))
        gaps.append(float(np.abs(s["EVnat"].sum("skill") + s["SRCown"] + s["EVgov"]
                                 - s["gnat"].sum("skill") - s["gcap"] - s["ggov"]).sum()))
        scale = float(np.abs(s["EVnat"]).sum())
    assert gaps[1] < 0.6 * gaps[0] and gaps[1] < 0.2 * scale
