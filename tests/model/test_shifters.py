"""A shock to every exogenous variable of GTAP v7 moves what it should, and by how much where that is known."""

import numpy as np
import pytest

from cge.model import table
from cge.model.ops import at, level, put, total
from tests.cases import model

UP = 1.02
#: Exogenous variables of labour mobility, tested with migration.
MOBILITY = {"quota", "rhoshift", "rhoeshift"}


@pytest.fixture(scope="module")
def m():
    return model(seed=2, migrants=False)


def solve(m, **shocks):
    return m.solve(shocks, steps=1)


def one(m, name, *, fill=UP, **where):
    """An array of ones with ``fill`` where the named dimensions have the given positions."""
    dims = table.symbols[name].dims
    value = np.ones(m.system.shape(name))
    value[tuple(where.get(d, slice(None)) for d in dims)] = fill
    return value


# Two ways of writing the same shock: the shifter, and the cells that it stands for.
SAME = [
    (dict(aosec=dict(acts=1)), dict(aoall=dict(acts=1))),
    (dict(aoreg=dict(reg=1)), dict(aoall=dict(reg=1))),
    (dict(avasec=dict(acts=1)), dict(avaall=dict(acts=1))),
    (dict(avareg=dict(reg=1)), dict(avaall=dict(reg=1))),
    (dict(aintsec=dict(acts=1)), dict(aintall=dict(acts=1))),
    (dict(aintreg=dict(reg=1)), dict(aintall=dict(reg=1))),
    (dict(afcom=dict(comm=0)), dict(afall=dict(comm=0))),
    (dict(afsec=dict(acts=1)), dict(afall=dict(acts=1))),
    (dict(afreg=dict(reg=1)), dict(afall=dict(reg=1))),
    (dict(afecom=dict(endw=2)), dict(afeall=dict(endw=2))),
    (dict(afesec=dict(acts=1)), dict(afeall=dict(acts=1))),
    (dict(afereg=dict(reg=1)), dict(afeall=dict(reg=1))),
    (dict(atm=dict(marg=0)), dict(atall=dict(marg=0))),
    (dict(atf=dict(comm=1)), dict(atall=dict(comm=1))),
    (dict(ats=dict(src=1)), dict(atall=dict(src=1))),
    (dict(atd=dict(dst=1)), dict(atall=dict(dst=1))),
    (dict(tx=dict(comm=1, reg=0)), dict(txs=dict(comm=1, src=0))),
    (dict(tm=dict(comm=1, reg=0)), dict(tms=dict(comm=1, dst=0))),
    (dict(tpreg=dict(reg=0)), dict(tpdall=dict(reg=0), tpmall=dict(reg=0))),
    # Technical change of a nest is that of all its inputs.
    (dict(aoall=dict(acts=0, reg=0)), dict(avaall=dict(acts=0, reg=0), aintall=dict(acts=0, reg=0))),
    (dict(avaall=dict(acts=0, reg=0)), dict(afeall=dict(acts=0, reg=0))),
    (dict(aintall=dict(acts=0, reg=0)), dict(afall=dict(acts=0, reg=0))),
]


@pytest.mark.parametrize(("left", "right"), SAME, ids=lambda shock: " ".join(shock))
def test_a_shifter_equals_the_cells_it_stands_for(m, left, right):
    a, b = (solve(m, **{n: one(m, n, **where) for n, where in shock.items()}) for shock in (left, right))
    assert np.abs(a.x).max() > 1e-6
    for name in ("qo", "pds", "qxs", "y", "up", "EV"):
        np.testing.assert_allclose(a[name], b[name], rtol=1e-9, err_msg=name)


def test_a_better_endowment_is_worth_more_of_it(m):
    """Labour 2% more productive everywhere: every quantity is that of 2% more workers."""
    labour = m.bench.sets["endw"].index(m.bench.sets["skill"][0])
    better = solve(m, afeall=one(m, "afeall", endw=labour))
    more = solve(m, qe=one(m, "qe", endw=labour))
    for name in ("qo", "qxs", "qpa", "u", "EV"):
        np.testing.assert_allclose(better[name], more[name], rtol=1e-7, err_msg=name)


#: Exact effects: the shock, and a ratio of variables that it multiplies by the given factor in the shocked cells.
EXACT = {
    "to": ("pca", "ps", UP), "tfe": ("pfe", "peb", UP), "tfd": ("pfd", "pds", UP), "tfm": ("pfm", "pms", UP),
    "tpdall": ("ppd", "pds", UP), "tpmall": ("ppm", "pms", UP), "tgd": ("pgd", "pds", UP), "tgm": ("pgm", "pms", UP),
    "tid": ("pid", "pds", UP), "tim": ("pim", "pms", UP), "tinc": ("peb", "pes", UP), "txs": ("pfob", "pds", UP),
    "tms": ("pmds", "pcif", UP), "atall": ("qtmfsd", "qxs", 1 / UP),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_tax_or_margin_shifter_sets_its_wedge(m, name):
    upper, lower, factor = EXACT[name]
    s = solve(m, **{name: UP})
    a, b = getattr(s.view, upper), getattr(s.view, lower)
    if name == "txs":
        b = at(b, reg="src")
    ratio = (a / b).level()
    active = np.broadcast_to(m.cal.masks.get(upper, True), ratio.shape)
    np.testing.assert_allclose(ratio[active], factor, rtol=1e-12)


#: Signs: shock of the whole variable, what is seen, and its sign (all cells, or the sum where marked).
SIGNS = {
    "aoall": ("EV", +1), "avaall": ("EV", +1), "aintall": ("EV", +1), "afall": ("EV", +1), "afeall": ("EV", +1),
    "to": ("taxrout", +1), "tfe": ("taxrfu", +1), "tfd": ("taxriu", +1), "tfm": ("taxriu", +1),
    "tpdall": ("taxrpc", +1), "tpmall": ("taxrpc", +1), "tgd": ("taxrgc", +1), "tgm": ("taxrgc", +1),
    "tid": ("taxric", +1), "tim": ("taxric", +1), "tinc": ("taxrinc", +1), "txs": ("taxrexp", +1),
    "tms": ("taxrimp", +1), "atall": ("qtm", -1), "qe": ("qgdp", +1), "qesf": ("qgdp", +1),
    "dppriv": ("yp", +1), "dpgov": ("yg", +1), "dpsave": ("ysave", +1),
}


@pytest.mark.parametrize("name", SIGNS)
def test_the_sign_of_a_shock(m, name):
    seen, sign = SIGNS[name]
    change = solve(m, **{name: UP})[seen].values - m.base()[seen].values
    assert (sign * change.reshape(-1) > 0).all(), (seen, change)


def test_import_augmenting_change_is_a_cheaper_source(m):
    """One source 2% better: its effective price falls, the mix shifts towards it if goods substitute well."""
    shock = one(m, "ams", comm=0, src=1, dst=0)
    s = solve(m, ams=shock)
    assert s["pms"].values[0, 0] < 1.0
    share = m.bench["VMSB"].values[0, 1, 0] / m.bench["VMSB"].values[0, :, 0].sum()
    own = s["pms"].values[0, 0] / (s["pmds"].values[0, :, 0] ** (m.bench["VMSB"].values[0, :, 0]
                                                                / m.bench["VMSB"].values[0, :, 0].sum())).prod()
    assert own == pytest.approx(UP**-share, rel=2e-3)
    assert s["CNTtechr"].sel(techtype="import").values[0] == pytest.approx(
        m.bench["VMSB"].values[0, 1, 0] * np.log(UP), rel=0.05)


def test_distribution_parameters_and_utility_shifters(m):
    shift = solve(m, dppriv=UP, dpgov=UP, dpsave=UP)
    np.testing.assert_allclose(shift["dpsum"], UP, rtol=1e-12)
    for name in ("yp", "yg", "ysave", "qo"):
        np.testing.assert_allclose(shift[name], 1.0, atol=1e-10, err_msg=name)
    better = solve(m, au=UP)
    np.testing.assert_allclose(better["u"], UP, rtol=1e-12)
    np.testing.assert_allclose(better["EV"], 0.0, atol=1e-6)
    np.testing.assert_allclose(better["qo"], 1.0, atol=1e-10)


def test_more_people_share_the_same_income(m):
    s = m.solve({"pop": UP})
    np.testing.assert_allclose(s["pop"], UP)
    np.testing.assert_allclose(s["popres"], UP)
    assert (s["u"].values < 1.0).all()
    np.testing.assert_allclose(s["EV_ALT"], s["EV"], atol=1e-6 * m.cal.data["INCWLD"][1])
    assert (s["CNTpop"].values > 0.0).all()


SLACKS = {
    "profitslack": lambda s: profit(s), "tradslack": lambda s: market(s),
    "incomeslack": lambda s: income(s), "cgdslack": lambda s: s["rore"] / s["rorg"],
    "endwslack": lambda s: endowment(s), "psaveslack": lambda s: s["psave"],
}


def profit(s):
    ratio = s["po"] * s["ao"] / s["pcost"]
    return np.where(s.model.bench["MAKS"].sum("comm") > 0, ratio, UP)


def market(s):
    v = s.view
    sold = v.VDB * v.qds + at(total(v.VXSB * v.qxs, "dst"), src="reg")
    sold = sold + put(v.VST * v.qst, "marg", v.sets.margins, "comm", v.sets.n_comm, fill=0.0)
    made = v.VOB * v.qc
    return np.where(s.model.bench["MAKB"].sum("acts") > 0, (made / sold).level(), UP)


def income(s):
    v = s.view
    return (level(v.INCOME * v.y) / (v.facincome + v.indtax - v.ymig + v.remin)).val


def endowment(s):
    v = s.view
    ratio = (total(v.EVOS, "acts") * v.qendw / total(v.EVOS * v.qfe, "acts")).level()
    mobile = s.model.cal.data["MOBILE"][1] > 0
    return ratio[mobile]


@pytest.mark.parametrize("name", [n for n in SLACKS if n != "psaveslack"])
def test_a_slack_opens_its_condition(m, name):
    np.testing.assert_allclose(SLACKS[name](solve(m, **{name: UP})), UP, rtol=1e-9)


def test_slack_of_the_price_of_saving(m):
    s = solve(m, psaveslack=UP)
    netinv = m.cal.data["NETINV"][1]
    weight = (netinv - m.bench["SAVE"].values) / netinv.sum()
    pinv = np.log(s["pinv"].values)
    np.testing.assert_allclose(np.log(s["psave"].values), pinv + weight @ pinv + np.log(UP), atol=1e-3)


def test_every_exogenous_variable_is_tested():
    named = {n for pair in SAME for side in pair for n in side} | set(EXACT) | set(SIGNS) | set(SLACKS) | MOBILITY
    named |= {"ams", "au", "pop", "wfloor", "taxearl",
              "transfer"}  # test_wage_floor.py, test_sensitivity_options.py, test_policy.py
    named |= {"migcost", "cappair", "caphost", "capbloc"}  # test_mobility.py
    named |= {"statuswedge", "employwedge", "entryrate", "entryfee", "screencost", "exitrate", "exitfee", "withheld",
              "returned", "remcostnew", "remcostearl"}  # test_terms.py
    named |= {"regular", "servnew", "servearl"}  # test_status.py
    assert {s.name for s in table.symbols.values() if s.role == "exogenous"} - named == set()
