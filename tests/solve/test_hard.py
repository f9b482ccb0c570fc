"""Hard cases on both routes of the newton engine: a certificate below 1e-9, or an error that names the cause."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cge.errors import SolveFailed
from cge.model.closure import Closure, Swap
from cge.solve.failure import largest_residual
from cge.solve.model import Model
from tests.cases import fast, model
from tests.hard_cases import (
    CASES,
    CERTIFIED,
    NO_RETURN,
    ROUTES,
    elasticities,
    outcome,
    reform,
    regional_blocks,
    rough,
    scaled,
    shipped,
    small,
    wall,
)

#: What the second integration of the certificate, by splines over the same points, may differ by.
INDICES = 3e-5


def solved(case, m):
    s = m.solve(*case.policy(m))
    assert s.certificate.worst < CERTIFIED
    assert s.certificate.rates < INDICES
    if case.holds is not None:
        case.holds(s)
    return s


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_dense(case):
    if case.fails:
        with pytest.raises(SolveFailed, match=case.fails):
            small("dense").solve(*case.policy(small("dense")))
    else:
        solved(case, small("dense"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_regional_blocks(case):
    """The same outcome, and the same solution as the dense route finds by another method."""
    if case.fails:
        with pytest.raises(SolveFailed, match=case.fails):
            small("blocks").solve(*case.policy(small("blocks")))
        return
    s, other = solved(case, small("blocks")), small("dense").solve(*case.policy(small("dense")))
    # The price level is that of integrated indices, each within 1e-6 of the truth on its own points.
    np.testing.assert_allclose(s["qo"], other["qo"], rtol=1e-5)
    np.testing.assert_allclose(s["pds"], other["pds"], rtol=1e-5)


def test_both_routes_find_the_same_gains():
    """Points inside the path are solved loosely on large systems; what is left of that in a gain (2e-6 once)."""
    one, two = (small(route).solve(*reform(small(route))) for route in ROUTES)
    np.testing.assert_allclose(two["EV"], one["EV"], rtol=3e-7)


# -- limits that theory gives -----------------------------------------------------------------------------------------

def test_welfare_tends_to_that_of_autarky():
    """Behind ever higher tariffs the loss converges: each factor of ten adds a fraction of what the last one added."""
    m = small("dense")
    loss = np.array([m.solve(wall(m, rate, 0))["EV"].values[0] for rate in (1e1, 1e2, 1e3, 1e4)])
    added = np.diff(loss)
    assert (added < 0).all()
    assert (np.abs(added[1:]) < 0.5 * np.abs(added[:-1])).all()


@pytest.mark.parametrize("name", ["ESUBVA", "ESUBD", "ESUBM", "ESUBC"])
def test_an_elasticity_of_one_is_the_limit_from_both_sides(name):
    m = small("dense")
    shocks, coefficients = reform(m)
    below, at, above = (m.solve(shocks, {**coefficients, **elasticities(v, name)}).x for v in (1 - 1e-7, 1.0, 1 + 1e-7))
    np.testing.assert_allclose(at, 0.5 * (below + above), atol=1e-9)
    assert 0.0 < np.abs(above - below).max() < 1e-5  # one elasticity was moved, and by little


@pytest.mark.parametrize("route", ROUTES)
def test_a_flow_of_a_millionth_changes_nothing_else(route):
    """Against the same world without it, in other units of money: the numbers of all other cells, and the effort."""
    bare, m = fast(3, 3, 1), small(route)
    one, two = (w.solve(*reform(w)) for w in (bare, m))
    for name in ("pds", "qo", "y", "up", "qpa", "pms"):
        np.testing.assert_allclose(two[name], one[name], rtol=1e-9 if route == "dense" else 1e-6, err_msg=name)
    tiny = (m.bench["VMSB"].values > 0) & (bare.bench["VMSB"].values == 0)
    assert tiny.sum() == 1 and m.bench["VMSB"].values.max() > 1e7
    np.testing.assert_allclose(two["qxs"].values[~tiny], one["qxs"].values[~tiny],
                               rtol=1e-9 if route == "dense" else 1e-6)
    assert 0.1 < two["qxs"].values[tiny].item() < 10.0  # it trades like any other
    if route == "dense":
        assert two.report.iterations == one.report.iterations


# -- units and the price level ----------------------------------------------------------------------------------------

@pytest.mark.long  # each compiles a model of its own; above, the factor is a thousand
@pytest.mark.parametrize("factor", [1e6, 1e-3])
@pytest.mark.parametrize("route", ROUTES)
def test_the_unit_of_money_changes_neither_effort_nor_indices(route, factor):
    m, other = small(route), Model(scaled(rough(), factor))
    if route == "blocks":
        with regional_blocks():
            assert not other.newton.has_inverse
    one, two = (w.solve(*reform(w)) for w in (m, other))
    assert two.report.iterations == one.report.iterations
    assert abs(two.report.products - one.report.products) <= 1
    assert two.certificate.worst < CERTIFIED
    np.testing.assert_allclose(two.x, one.x, atol=1e-9 if route == "dense" else 1e-6)
    np.testing.assert_allclose(two["EV"], factor * one["EV"], rtol=1e-6)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("level", [2.0, 1e-3])
def test_the_price_level_changes_neither_effort_nor_quantities(route, level):
    m = small(route)
    shocks, coefficients = reform(m)
    one, two = m.solve(shocks, coefficients), m.solve({**shocks, "pfactwld": level}, coefficients)
    if route == "dense":
        # Differences are measured against benchmark flows: a thousandth of the level asks for three more digits.
        assert abs(two.report.iterations - one.report.iterations) <= (1 if level == 2.0 else 4)
    assert two.steps == one.steps
    assert two.certificate.worst < CERTIFIED
    np.testing.assert_allclose(two["qo"], one["qo"], atol=1e-6)
    made = m.cal.masks["pds"]
    np.testing.assert_allclose(two["pds"].values[made], level * one["pds"].values[made], rtol=2e-6)


# -- failures in words ------------------------------------------------------------------------------------------------

def test_a_failure_says_how_far_the_shock_was_solved():
    m = small("dense")
    case = next(c for c in CASES if c.fails == NO_RETURN)
    with pytest.raises(SolveFailed, match=NO_RETURN) as failure:
        m.solve(*case.policy(m))
    part = float(str(failure.value).split("% of the shock had a solution")[0].split()[-1]) / 100.0
    shocks, coefficients = case.policy(m)
    near = {name: 1.0 + part * (np.asarray(value) - 1.0) for name, value in shocks.items()}
    assert m.solve(near, coefficients).certificate.worst < CERTIFIED


@pytest.mark.parametrize(("held", "freed", "says"), [
    ("del_tbalry", "dpsave", r"one equation follows .* among 'del_tbalry' in all 3 regions, .*nothing determines "
     r"'dpsave' in all 3 regions, .*leave one out: dpsave\(r\) = del_tbalry\(r\) except R3"),
    ("walraslack", "pfactwld", "among 'walraslack', .*nothing determines .*The price level is free"),
    ("popres", "incomeslack", "singular with foreign prices given: R1, R2, R3; .*'popres' at R1.*'incomeslack' at R1"),
])
@pytest.mark.long
def test_a_singular_closure_of_a_large_system_names_rows_and_unknowns(held, freed, says):
    bad = Model(model(seed=1).bench, Closure((Swap(held, freed),)))
    with regional_blocks(), pytest.raises(SolveFailed, match=says):
        bad.newton  # noqa: B018


# -- the shipped benchmark --------------------------------------------------------------------------------------------

@pytest.mark.long
@pytest.mark.parametrize("case", [c for c in CASES if not c.fails], ids=lambda c: c.name)
def test_shipped_benchmark(case):
    """A solution, or words: what fails there is listed in docs/engines.md."""
    found = outcome(case, shipped("dense"))
    if found["solved"]:
        assert found["certificate"] < CERTIFIED
    else:
        assert re.search("has come to|has no value|did not settle|% of the shock had a solution", found["message"])


@pytest.mark.parametrize("beyond", [np.nan, np.inf, 1e200])
def test_a_residual_whose_square_has_no_value_is_no_measure(beyond):
    """Newton expects the next residual from the square of this one; Leontief everywhere has met 1e250."""
    assert np.isnan(largest_residual(np.array([beyond, 0.0])))
    assert largest_residual(np.array([-2.0, 1.0])) == 2.0
