"""Closures in a frame: the same solutions as compiled by themselves, and nothing compiled for the next one."""

import numpy as np
import pytest

from cge import Model, Scenario
from cge.errors import ClosureError, SolveFailed
from cge.model.closure import Closure, Swap
from cge.scenario import shocks_of
from cge.scenario.closures import closure_swaps
from cge.solve.newton import Newton
from tests.cases import model

SPECS = {
    "trade_balance": {"use": ["trade_balance"], "home": "R1"},
    "revenue_neutral": {"use": ["revenue_neutral"]},
    "investment_fixed": {"use": ["investment_fixed"], "home": "R1"},
    "instrument": {"swap": ["ug = dpgov"]},
    "numeraire": {"swap": ["ywld = pfactwld"]},
    "import_quota": {"use": ["import_quota"], "comm": "Agr", "src": "R2", "dst": "R1"},
}


@pytest.fixture(scope="module")
def standard():
    return Model(model(seed=3).bench)


def shocks(m):
    return shocks_of(Scenario("M", quota=[{"rate": 0.03}]), m)


def under(standard, spec):
    return standard.under(Closure(closure_swaps(spec, standard.bench)))


@pytest.mark.long  # compiles a model for each; Ipopt and the tests of closures hold them to other truths
@pytest.mark.parametrize("name", SPECS)
def test_agrees_with_code_of_its_own(standard, name):
    framed = under(standard, SPECS[name])
    alone = Model(standard.bench, framed.closure)
    alone._newton = Newton(alone.system)
    alone._newton.factorise(alone._base)
    a, b = framed.solve(*shocks(framed)), alone.solve(*shocks(alone))
    assert framed.newton._code.form is not alone.newton._code.form
    np.testing.assert_allclose(a.x, b.x, atol=1e-9)
    assert a.certificate.worst < 1e-9
    np.testing.assert_allclose(framed.newton.jacobian(a.x, a.data), alone.newton.jacobian(a.x, a.data), atol=1e-9)
    np.testing.assert_allclose(framed.newton.inverse, alone.newton.inverse, atol=1e-8)


def test_next_closure_compiles_nothing(standard):
    first = under(standard, SPECS["trade_balance"])
    first.solve(*shocks(first))
    code = first.newton._code
    count = code.chord._cache_size(), code.jacobian._cache_size()
    assert min(count) > 0
    for name in ("revenue_neutral", "investment_fixed", "instrument", "numeraire"):
        other = under(standard, SPECS[name])
        other.solve(*shocks(other))
        assert other.newton._code is code
    assert (code.chord._cache_size(), code.jacobian._cache_size()) == count


def test_held_value_is_shocked(standard):
    m = under(standard, SPECS["instrument"])
    rise = np.full(len(m.bench.sets["reg"]), 1.02)
    s = m.solve({"ug": rise})
    np.testing.assert_allclose(s["ug"], 1.02, atol=1e-10)
    np.testing.assert_allclose(standard.solve({"dpgov": s["dpgov"].values})["ug"], 1.02, atol=1e-7)


def test_singular_closure_is_still_explained(standard):
    m = standard.under(Closure((Swap("del_tbalry", "dpsave"),)))
    with pytest.raises(SolveFailed, match=r"leave one out: dpsave\(r\) = del_tbalry\(r\) except R3"):
        m.solve({})


def test_refusals_are_those_of_a_model(standard):
    with pytest.raises(ClosureError, match="not a symbol"):
        standard.under(Closure((Swap("nothing", "dpgov"),)))
