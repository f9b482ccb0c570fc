"""Natives and migrants as imperfect substitutes: limits, Euler, a closed form, gains to second order, both engines."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import base_wages, synthetic_benchmark
from cge.errors import ScenarioError
from cge.results import to_dataset
from cge.scenario import Scenario, layout_of, read_scenarios, shocks_of
from cge.solve.model import Model
from tests import cases
from tests.engine import plain
from tests.solve import test_closed_form as one_sector
from tests.solve.test_ipopt import agree

NAMES = ("qo", "y", "pes", "EV", "EVearl", "EVnew", "realwage", "absorb", "natives", "remin")
MOVES = (
    Scenario("cheaper", mobility=[{"cost": 0.9}], labour={"sigma_native_migrant": 5.0, "sigma_earlier_new": 8.0}),
    Scenario(
        "capped",
        mobility=[{"cost": 0.9}],
        caps=[{"growth": 0.02, "hosts": ["R1"]}],
        labour={"sigma_native_migrant": 5.0, "sigma_earlier_new": 8.0},
        terms=[{"instrument": "status wedge", "share": 0.02}],
    ),
)


@pytest.fixture(scope="module")
def nested():
    return plain(Model(synthetic_benchmark(3, 3, seed=1), labour={"nests": True}))


def apart(model, native_migrant, earlier_new=np.inf, share=0.03, **more):
    shocks, coefficients = cases.quota(model, share)
    return model.solve(
        {**shocks, **more}, {**coefficients, "EPSNM": 1.0 / native_migrant, "EPSEN": 1.0 / earlier_new}
    )


# -- the default ------------------------------------------------------------------------------------------------


def test_perfect_substitutes_are_the_model_without_the_option(nested):
    m = cases.model(seed=1)
    assert nested.system.n == m.system.n
    assert nested.base().certificate.worst < 1e-12
    one, two = m.solve(*cases.quota(m)), nested.solve(*cases.quota(nested))
    world = float(m.cal.data["INCWLD"][1])
    for name in NAMES:
        size = world if one[name].attrs["units"] == "million US$" else 1.0
        np.testing.assert_allclose((one[name] - two[name]) / size, 0.0, atol=1e-10, err_msg=name)


def test_the_base_year_is_an_equilibrium_at_any_elasticity(nested):
    still = nested.solve({"quota": 0.0}, {"EPSNM": 0.7, "EPSEN": 2.0})
    for name in ("y", "relnat", "relearl", "relnew", "qo"):
        np.testing.assert_allclose(still[name], 1.0, atol=1e-10, err_msg=name)


def test_a_model_without_the_nest_refuses_its_coefficients():
    m = cases.model(seed=1)
    with pytest.raises(ScenarioError, match="EPSNM.*nests"):
        m.solve({}, {"EPSNM": 0.1})
    with pytest.raises(ScenarioError, match="imperfect substitutes.*not made"):
        shocks_of(Scenario("M", labour={"sigma_native_migrant": 20}), m)


# -- limits, accounts, homogeneity ------------------------------------------------------------------------------


def test_the_distance_from_perfect_substitutes_falls_as_one_over_the_elasticity(nested):
    whole = nested.solve(*cases.quota(nested))
    for kinds in ((1.0, np.inf), (np.inf, 1.0), (1.0, 1.0)):
        gaps = [
            float((apart(nested, *(size * k for k in kinds))["EVearl"] - whole["EVearl"]).sum()) for size in (2e3, 2e4)
        ]
        assert abs(gaps[1]) > 1e-3  # of 145: far above the tolerance of a solve
        assert gaps[0] / gaps[1] == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize(("native_migrant", "earlier_new"), [(20.0, np.inf), (7.8, 20.0), (1.0, 1.0), (0.5, 3.0)])
def test_pay_by_kind_adds_up_to_the_wage_bill(nested, native_migrant, earlier_new):
    """Each kind paid its marginal product, employed at one rate: natives are left with their own, by Euler."""
    s = apart(nested, native_migrant, earlier_new, wfloor=np.array([[1.02, 0.5, 0.99], [0.5, 0.99, 0.5]]))
    assert s.certificate.worst < 1e-9
    bill = (s["pes"] * s["qfe"] * nested.bench["EVOS"]).sum("acts").sel(endw=list(nested.bench.labels("skill")))
    migrants = (s["yearl"] + s["ynew"]).sum("home").values
    natives = bill.transpose("endw", "reg").values - migrants
    own = s["natives"] * s["relnat"] * s["wnet"] * (1.0 - s["unemp"])
    np.testing.assert_allclose(natives, own.transpose("skill", "reg"), rtol=1e-12)
    real = natives / (s["natives"].values * s["ppriv"].values) - nested.cal.data["WNET0"][1]
    np.testing.assert_allclose(s["gnat"], s["natives"] * real, rtol=1e-9, atol=1e-8)
    assert (s["unemp"] > 1e-3).any()


def test_doubling_all_prices_changes_nothing_real(nested):
    one, two = apart(nested, 7.8, 20.0), apart(nested, 7.8, 20.0, pfactwld=2.0)
    for name in ("relnat", "relearl", "relnew", "qo", "realwage", "realearl", "realnew"):
        np.testing.assert_allclose(two[name], one[name], rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(two["wnet"], 2.0 * one["wnet"], rtol=1e-9)


def test_gains_of_groups_are_the_independent_total_to_second_order(nested):
    """As in section 3 of the economics: half the shock, a quarter of the gap, and little beside the gains."""
    gap = []
    for share in (0.02, 0.01):
        s = apart(nested, 7.8, 20.0, share)
        gap.append(float(s["WEV"] - s["absorb"].sum()))
        gains = float(np.abs(s["EV"]).sum() + np.abs(s["EVearl"]).sum() + np.abs(s["EVnew"]).sum())
        assert abs(gap[-1]) < 0.01 * gains
    assert gap[0] / gap[1] == pytest.approx(4.0, rel=0.1)


def test_the_decomposition_adds_up(nested):
    s = apart(nested, 7.8, 20.0)
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-4 * np.abs(s["EV"]).max())


# -- a closed form ----------------------------------------------------------------------------------------------

SETTLED = np.array([2.0, 1.0])  # thousand workers from Poor in Rich, by skill


@pytest.fixture(scope="module")
def economy():
    bench = one_sector.one_good()
    lab = bench["LAB"].copy()
    lab.loc[{"home": "Poor", "host": "Rich"}] = SETTLED
    return plain(Model(bench.replace(LAB=lab), labour={"beta": one_sector.BETA, "rho": 0.0, "nests": True}))


def wages(economy, movers, native_migrant, earlier_new, recent=0.2):
    """Real wages of natives, earlier and new in Rich (unskilled), base year 1, from the production function alone."""
    share, sigma = one_sector.SHARE, one_sector.SIGMA
    bill = economy.bench["EVFB"].sel(endw=list(one_sector.SKILL)).sum("acts").rename(endw="skill")
    _, a = base_wages(economy.bench["LAB"], bill, one_sector.BETA)
    units = a.values[0, 1, 0]  # unskilled from Poor in Rich; new movers are as productive, beta being the same
    natives, old, new = one_sector.WORKERS[0, 0], units * SETTLED[0], units * movers

    def labour(n, settled, late):
        def ces(parts, weights, s):
            if np.isinf(s):
                return parts.sum()
            return (weights ** (1 / s) * parts ** (1 - 1 / s)).sum() ** (s / (s - 1))

        weights = np.array([1 - recent, recent])
        m = ces(np.array([settled, late]), weights, earlier_new)
        return ces(np.array([n, m]), np.array([natives, old]) / (natives + old), native_migrant)

    def output(x):
        growth = labour(*x) / labour(natives, (1 - recent) * old, recent * old)
        inner = share[0, 0] * growth ** (1 - 1 / sigma) + 1 - share[0, 0]
        return inner ** (sigma / (sigma - 1))

    def products(x):
        return np.array([(output(x * np.exp(e)) - output(x * np.exp(-e))) for e in 1e-5 * np.eye(3)]) / (2e-5 * x)

    base = np.array([natives, (1 - recent) * old, recent * old])
    before, after = products(base), products(base + [0.0, 0.0, new])
    pay = after / before
    return np.array([pay[0], (1 - recent) * pay[1] + recent * pay[2], pay[2]])


def admitted(economy, movers, native_migrant, earlier_new):
    shares = np.zeros((2, 2, 2))
    shares[:, 1, 0] = 1.0
    force = economy.cal.data["LF0"][1][0, 0]
    return economy.solve(
        {"quota": np.array([[movers / force, 0.0], [0.0, 0.0]])},
        {"MSHR": shares, "EPSNM": 1.0 / native_migrant, "EPSEN": 1.0 / earlier_new},
    )


@pytest.mark.parametrize(("native_migrant", "earlier_new"), [(np.inf, np.inf), (20.0, np.inf), (7.8, 20.0), (0.7, 3.0)])
def test_wages_by_kind_are_marginal_products_of_a_one_sector_economy(economy, native_migrant, earlier_new):
    s = admitted(economy, 1.0, native_migrant, earlier_new)
    expected = wages(economy, 1.0, native_migrant, earlier_new)
    found = [float(s[n][0, 0] * s["ppriv"][0] / s["pds"][0, 0]) for n in ("realwage", "realearl", "realnew")]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_who_gains_turns_on_the_elasticities_as_theory_says(economy):
    """To first order natives' pay moves by ``k (1/sigma_nm - (1 - s)/sigma)``, ``k`` new over all units.

    ``s`` is the share of the skill in output: natives gain where migrants replace them less than capital does labour.
    """
    movers, s = 1e-4, one_sector.SHARE[0, 0]
    for sigma in (20.0, 7.8, 1.0):
        k = float(admitted(economy, movers, sigma, np.inf)["newunits"][0, 0]) / economy.cal.data["EFF0"][1][0, 0]
        pay = float(np.log(admitted(economy, movers, sigma, np.inf)["realwage"][0, 0]))
        assert pay == pytest.approx(k * (1 / sigma - (1 - s) / one_sector.SIGMA), rel=2e-3)
    natives, earlier, new = (
        [float(admitted(economy, 0.5, a, b)[n][0, 0]) for a, b in ((np.inf, np.inf), (7.8, np.inf), (7.8, 7.8))]
        for n in ("realwage", "realearl", "realnew")
    )
    assert natives[0] < natives[1] < 1  # hurt less by migrants who are unlike them
    assert earlier[1] < earlier[2] < 1 and earlier[1] < earlier[0]  # hurt most where only new ones are like them
    assert new[2] < new[1] == pytest.approx(earlier[1], rel=1e-12)


def test_without_earlier_migrants_new_ones_are_as_natives():
    m = plain(Model(one_sector.one_good(), labour={"beta": one_sector.BETA, "rho": 0.0, "nests": True}))
    one, two = (admitted(m, 1.0, s, s) for s in (np.inf, 2.0))
    np.testing.assert_allclose(two["qo"], one["qo"], rtol=1e-10)
    np.testing.assert_allclose(two["relnew"], 1.0, rtol=1e-10)


# -- both engines, movement for wages ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moving():
    bench = synthetic_benchmark(3, 3, seed=1)
    return Model(bench, labour={"nests": True}, mobility=layout_of(MOVES, bench))


def test_engines_agree_on_a_quota_with_floors(moving):
    quota = Scenario("M", quota=[{"rate": 0.02}], labour={"sigma_native_migrant": 7.8, "sigma_earlier_new": 20})
    shocks, coefficients = shocks_of(quota, moving)
    shocks["wfloor"] = np.array([[0.99, 0.5, 0.99], [0.5, 0.99, 0.5]])
    one, two = (moving.solve(shocks, coefficients, engine=e) for e in ("newton", "ipopt"))
    assert two.certificate.worst < 1e-9 and (one["unemp"] > 1e-3).any()
    agree(one, two)


@pytest.mark.parametrize("scenario", MOVES, ids=lambda s: s.name)
def test_engines_agree_where_workers_move_for_the_wage_of_new_movers(moving, scenario):
    wanted = shocks_of(scenario, moving)
    one, two = (moving.solve(*wanted, engine=e) for e in ("newton", "ipopt"))
    assert one.certificate.worst < 1e-9 and two.certificate.worst < 1e-9
    agree(one, two)
    assert one["mov"].sum() > 0 and (bool((one["renthost"] > 1e-4).any()) or not scenario.caps)
    nested = moving.cal.data["NESTMOVES"][1] > 0
    moved = (one["mov"] * one.data["coef"]["AN"]).sum("home").transpose("skill", "host").values
    np.testing.assert_allclose(one["newunits"].values[nested], moved[nested], atol=1e-6)


def test_movers_follow_the_pay_of_new_movers(moving):
    """Odds over those of the base year, from the incomes of movers and of natives, to the power 1.5."""
    s = moving.solve(*shocks_of(MOVES[0], moving))
    here = (moving.cal.data["MOVES"][1] > 0) & (s["mov"].values > 1e-6)
    each = s["ynew"].values / np.where(here, s["mov"].values * s.data["coef"]["AN"], 1.0) / s["ppriv"].values
    wage0 = moving.cal.data["WNET0"][1]
    at_home = (s["wnet"] * s["relnat"] / s["ppriv"]).values / wage0
    stay = s["natstay"].values
    wish = 1.0 + s["mov"].values / np.where(here, moving.cal.data["LABOFF"][1], 1.0)
    odds = (each / np.where(wage0 > 0, wage0, 1.0)[:, None, :] / at_home[:, :, None] / 0.9) ** 1.5 * stay[:, :, None]
    assert here.any()
    np.testing.assert_allclose(wish[here], odds[here], rtol=1e-7)


# -- scenario files ---------------------------------------------------------------------------------------------


def test_options_by_skill_and_host_reach_the_coefficients_and_the_results(nested, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        'title = "t"\nbenchmark = "ww1997"\n[labour]\nsigma_native_migrant = { SkLab = 10 }\n'
        '[scenario.A]\ntitle = "A"\n'
        'labour = { sigma_native_migrant = [{ value = inf, hosts = ["R2"] }], sigma_earlier_new = 4, recent = 0.5 }\n'
    )
    file = read_scenarios(path)
    coefficients = shocks_of(file.scenarios["A"], nested, file.labour)[1]
    np.testing.assert_allclose(coefficients["EPSNM"], [[0, 0, 0], [0.1, 0, 0.1]])
    np.testing.assert_allclose(coefficients["EPSEN"], 0.25)
    np.testing.assert_allclose(coefficients["RECENT"], 0.5)
    ds = to_dataset(file, nested, {"A": nested.solve({}, coefficients)})
    np.testing.assert_allclose(ds["sigma_native_migrant"][0], [[np.inf] * 3, [10, np.inf, 10]])
    assert "relnew" in ds and "relnew" not in to_dataset(
        file, cases.model(seed=1), {"A": cases.model(seed=1).solve({})}
    )


@pytest.mark.parametrize(
    ("labour", "says"),
    [
        ({"sigma_native_migrant": 0}, "0 is no elasticity.*above 0, or inf"),
        ({"sigma_earlier_new": float("nan")}, "no elasticity"),
        ({"sigma_native_migrant": "20"}, "without quotes"),
        ({"recent": 0}, "recent.*out of range"),
        ({"sigma_native_migrant": {}}, "empty"),
        ({"sigma_native_migrant": [{"hosts": ["R1"]}]}, "'value' is missing"),
        ({"sigma_native_migrant": [{"value": 2, "homes": ["R1"]}]}, "'homes' is not known"),
        ({"sigma_native_migrants": 20}, "did you mean 'sigma_native_migrant'"),
    ],
)
def test_options_out_of_range_are_refused_by_name(labour, says):
    with pytest.raises(ScenarioError, match=says):
        Scenario("M", labour=labour)


def test_an_unknown_host_is_refused(nested):
    scenario = Scenario("M", labour={"sigma_native_migrant": [{"value": 20, "hosts": ["Atlantis"]}]})
    with pytest.raises(ScenarioError, match="Atlantis"):
        shocks_of(scenario, nested)
