"""The certificate finds what is wrong, and where."""

import numpy as np
import pytest

from cge.solve.certificate import Certificate, certify, social_accounts
from tests.cases import model, no_tariffs


@pytest.fixture(scope="module")
def solution():
    m = model(seed=1)
    return m.solve(no_tariffs(m))


def certificate_at(solution, x):
    system = solution.model.system
    return certify(system, x, solution.data, system.view(x, solution.data))


def unknown(solution, name, element):
    """Position of one unknown."""
    system = solution.model.system
    return next(j for j in range(system.n) if system.locate_unknown(j) == (name, element))


def test_a_solution_passes(solution):
    assert certificate_at(solution, solution.x).worst < 1e-10


@pytest.mark.parametrize(
    ("name", "element", "rows"),
    [
        ("qo", ("Svc", "R2"), {"goods_market", "mobile_endowment_market", "specific_endowment_market"}),
        ("y", ("R3",), {"income_balance", "private_expenditure"}),
        ("up", ("R1",), {"cde_expenditure", "utility_ev"}),
    ],
)
def test_a_wrong_unknown_is_found(solution, name, element, rows):
    x = solution.x.copy()
    x[unknown(solution, name, element)] += 1e-6
    found = certificate_at(solution, x)
    assert 1e-8 < found.residual < 1e-4
    assert found.where.split()[0] in rows
    assert found.sam > 1e-9 or name == "up"


def test_the_accounts_see_what_the_conditions_do_not(solution):
    """Another spending by the household, its condition left out: the social accounts do not balance."""
    x = solution.x.copy()
    x[unknown(solution, "yp", ("R1",))] += 1e-3
    found = certificate_at(solution, x)
    assert found.sam > 1e-5
    assert "R1" in found.sam_where


def test_a_number_that_is_none_is_never_good():
    for bad in (dict(residual=np.nan), dict(walras=np.nan), dict(sam=np.nan)):
        good = dict(residual=0.0, where="", walras=0.0, sam=0.0, sam_where="")
        assert Certificate(**{**good, **bad}).worst == np.inf


def test_every_account_balances_at_the_benchmark():
    view = model(seed=3, joint=True).base().view
    accounts = social_accounts(view)
    assert set(accounts) == {"activity", "commodity", "imports", "cif", "margin pool", "household", "bank"}
    for row, column in accounts.values():
        np.testing.assert_allclose(row, column, rtol=1e-10, atol=1e-9)
