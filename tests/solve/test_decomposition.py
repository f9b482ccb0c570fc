"""Welfare decomposition, indices of trade and GDP, terms of trade: adding up on random benchmarks."""

import numpy as np
import pytest

from cge.model.closure import Closure, Swap
from cge.solve.model import Model
from tests.cases import model, no_tariffs, quota
from tests.engine import plain

SHOCKS = {
    "no tariffs": None, "aoall": 1.02, "afall": 0.98, "afeall": 1.03, "atall": 1.1, "ams": 1.02, "qe": 1.03,
    "pop": 1.02, "tinc": 1.05, "txs": 0.95, "tpdall": 1.1, "to": 1.03, "dpsave": 1.1, "au": 1.02,
}


def shock(m, name):
    return no_tariffs(m) if SHOCKS[name] is None else {name: SHOCKS[name]}


def adds_up(s):
    world = s.model.cal.data["INCWLD"][1]
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=2e-8 * world)


@pytest.mark.parametrize("rordelta", [0.0, 1.0])
@pytest.mark.parametrize("migrants", [False, True])
@pytest.mark.parametrize("name", SHOCKS)
def test_contributions_add_up_to_the_equivalent_variation(name, migrants, rordelta):
    m = two_rules(migrants, rordelta)
    s = m.solve(shock(m, name))
    if name not in ("au", "tinc"):  # neither buys anything: a scale of utility, a tax given back to those who pay it
        assert np.abs(s["EV"]).max() > 1.0
    adds_up(s)
    if not migrants:
        np.testing.assert_allclose(s["CNTmigr"], 0.0, atol=1e-9)
        np.testing.assert_allclose(s["CNTremr"], 0.0, atol=1e-9)


_MADE: dict = {}


def two_rules(migrants, rordelta):
    key = migrants, rordelta
    if key not in _MADE:
        _MADE[key] = plain(Model(model(seed=1 + (not migrants), **({} if migrants else {"migrants": False})).bench,
                                 rordelta=rordelta))
    return _MADE[key]


@pytest.mark.parametrize("options", [{}, {"taxshare": 1.0}, {"taxmov": 0.0, "ctaxmov": 0.0}, {"family": 1.0}])
def test_movers_terms_complete_the_decomposition(options):
    m = plain(Model(model(seed=1).bench, labour=options))
    shocks, coefficients = quota(m)
    s = m.solve({**shocks, **no_tariffs(m, 0.5)}, coefficients)
    adds_up(s)
    # Leavers are a loss of residents; migrants' pay is taken from residents' income in the host.
    assert s["CNTpop"].values[0] == pytest.approx(0.0, abs=1e-6) and (s["CNTpop"].values[1:] < 0.0).all()
    assert s["CNTmigr"].values[0] < 0.0
    assert (s["CNTremr"].values[1:] > 0.0).all()


def test_a_held_trade_balance_leaves_the_sum():
    held = np.array([True, True, False])
    m = plain(Model(model(seed=3, joint=True).bench, Closure((Swap("del_tbalry", "dpsave", held),))))
    s = m.solve(no_tariffs(m))
    adds_up(s)
    assert np.abs(s["CNTdpar"]).max() > 0.0


KINDS = {"aoall": "output", "afeall": "primfac", "avaall": "v_added", "afall": "ininput", "aintall": "ininput",
         "atall": "transp", "ams": "import"}


@pytest.mark.parametrize("name", KINDS)
def test_technical_change_is_booked_by_its_kind(name):
    m = model(seed=1)
    kinds = np.abs(m.solve({name: 1.02}, steps=2)["CNTtechr"]).max("reg")
    assert kinds.sel(techtype=KINDS[name]) > 1.0
    assert float(kinds.sum()) == float(kinds.sel(techtype=KINDS[name]))


def test_cells_add_up_to_their_sums():
    m = model(seed=3, joint=True)
    s = m.solve(no_tariffs(m))
    alleff = s["CNTalleffr"]
    for sums, kind in (("CNTqor", "prodtax"), ("CNTqfer", "pfacttax"), ("CNTqxsr", "xtax"), ("CNTqmsr", "mtax")):
        np.testing.assert_allclose(s[sums], alleff.sel(ctax=kind), err_msg=kind)
    for sums, kind in (("CNTqfr", "inputtax"), ("CNTqpr", "contax"), ("CNTqgr", "govtax"), ("CNTqia", "invtax")):
        np.testing.assert_allclose(s[sums].sum("dir"), alleff.sel(ctax=kind), err_msg=kind)
    goods = alleff.drop_sel(ctax=["prodtax", "pfacttax", "inctax"]).sum("ctax")
    np.testing.assert_allclose(s["CNTalleffcr"].sum("comm"), goods, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(s["CNTendw"].sum("endw") + s["CNTkb"], s["CNTendwr"])
    assert s["WEV_ALT"].item() == pytest.approx(s["EV_ALT"].sum().item())


@pytest.mark.parametrize("case", [dict(seed=1), dict(seed=3, joint=True), dict(regions=4, sectors=2, seed=5)])
def test_values_are_prices_times_volumes_and_gdp_has_two_sides(case):
    m = model(**case)
    shocks, coefficients = quota(m)
    s = m.solve({**shocks, **no_tariffs(m), "aoall": 1.02}, coefficients)
    np.testing.assert_allclose(s["gdp"], s["gdpinc"], rtol=1e-9)
    for value, price, volume in (
        ("vgdp", "pgdp", "qgdp"), ("vxwfob", "pxw", "qxw"), ("vxwreg", "pxwreg", "qxwreg"),
        ("vxwcom", "pxwcom", "qxwcom"), ("vxwwld", "pxwwld", "qxwwld"), ("vmwcif", "pmw", "qmw"),
        ("vmwreg", "pmwreg", "qmwreg"),
        ("vmwcom", "pmwcom", "qmwcom"), ("valuew", "pw", "qow"), ("y", "p", None),
    ):
        right = s[price] * (s[volume] if volume else s["y"] / s["p"])
        np.testing.assert_allclose(s[value], right, rtol=2e-6, err_msg=value)
    np.testing.assert_allclose(s["tot2"], s["tot"], rtol=2e-6)
    np.testing.assert_allclose(s["del_tbalc"].sum("comm"), s["del_tbal"], atol=1e-6)
    np.testing.assert_allclose(s["del_tbal"].sum(), 0.0, atol=1e-6 * m.cal.data["INCWLD"][1])


def test_reporting_rates_do_not_depend_on_the_number_of_passes():
    m = model(seed=1)
    refined, fine = m.solve(no_tariffs(m)), m.solve(no_tariffs(m), steps=64)
    assert refined.path.post_error != refined.path.post_error  # nothing integrated yet
    for name in ("qgdp", "pxw", "CNTtotr", "CNTqms"):
        scale = max(1.0, np.abs(fine[name]).max())
        np.testing.assert_allclose(refined[name], fine[name], atol=2e-4 * scale, err_msg=name)
    assert refined.path.post_error < 1e-6


def test_a_reporting_rate_that_a_closure_holds_takes_part_in_the_solve():
    m = model(seed=1)
    other = plain(Model(m.bench, Closure((Swap("pxwwld", "pfactwld"),))))
    assert "pxwwld" in other.system.rates and "pxwwld" in m.system.post
    one, two = m.solve(no_tariffs(m)), other.solve(no_tariffs(m))
    assert two["pxwwld"].item() == pytest.approx(1.0, abs=1e-10)
    for name in ("qo", "qgdp", "EV", "CNTtotr"):
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5, atol=1e-6 * np.abs(two[name]).max(), err_msg=name)


def test_the_updated_data_base_is_an_equilibrium_from_which_the_rest_of_the_path_goes_on():
    m = model(seed=3, joint=True)
    half = m.solve({"tms": 1.05})
    bench = half.updated()
    middle = plain(Model(bench))
    assert middle.base().certificate.worst < 1e-9
    rest, whole = middle.solve({"tms": 1.10 / 1.05}), m.solve({"tms": 1.10})
    for name in ("qo", "qxs", "pds", "y", "psave", "qgdp"):
        np.testing.assert_allclose(half[name] * rest[name], whole[name], rtol=1e-5, err_msg=name)
    assert "dropped" in bench.meta["updated"] or not any(n.startswith("TMS") for n in m.bench.arrays)
