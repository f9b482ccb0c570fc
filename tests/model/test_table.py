"""The equation table: cycles, undeclared symbols, rates, pairing."""

import numpy as np
import pytest

from cge.errors import TableError
from cge.model import table as model_table
from cge.model.named import Named
from cge.model.table import Table, View


def view_of(table, **given):
    return View(table, given, {}, {}, None)


@pytest.fixture
def chain():
    """x = a * y, y = a * z, z = a * x: a cycle of three."""
    table = Table()

    @table.define("reg")
    def x(v):
        """First."""
        return v.a * v.y

    @table.define("reg")
    def y(v):
        """Second."""
        return v.a * v.z

    @table.define("reg")
    def z(v):
        """Third."""
        return v.a * v.x

    return table


def index(*values):
    return Named(("reg",), coef=np.ones(len(values)), log=np.log(np.array(values)))


def test_a_cycle_names_itself(chain):
    with pytest.raises(TableError, match="cycle: y -> z -> x -> y; make one of them an unknown"):
        _ = view_of(chain, a=index(1.0, 2.0)).y


def test_an_unknown_in_the_cycle_cuts_it(chain):
    view = view_of(chain, a=index(1.0, 2.0), z=index(1.0, 3.0))
    np.testing.assert_allclose(view.x.level(), [1.0, 12.0])


def test_an_error_does_not_spoil_the_view(chain):
    view = view_of(chain, a=index(1.0))
    for _ in range(2):
        with pytest.raises(TableError, match="x -> y -> z -> x"):
            _ = view.x


def test_a_definition_is_evaluated_once():
    table, calls = Table(), []

    @table.define("reg")
    def x(v):
        """Counted."""
        calls.append(1)
        return v.a * v.a

    view = view_of(table, a=index(2.0))
    assert view.x is view.x
    assert len(calls) == 1


def test_an_undeclared_symbol_is_named(chain):
    with pytest.raises(TableError, match="asks for 'w', which is neither data nor a symbol"):
        _ = view_of(chain).w


def test_a_symbol_cannot_be_declared_twice(chain):
    with pytest.raises(TableError, match="symbol 'x' is declared twice"):
        chain.unknown("x", "reg", long_name="again")


def test_a_condition_must_have_a_partner_that_exists(chain):
    @chain.clears("nobody", "reg")
    def market(v):
        return v.x, v.y

    with pytest.raises(TableError, match="condition 'market' is paired with 'nobody'"):
        chain.check()


def test_a_condition_with_a_stray_dimension_is_an_error(chain):
    @chain.clears("x", "reg")
    def market(v):
        return v.b, v.a

    stray = Named(("dst",), np.ones(2))
    with pytest.raises(TableError, match=r"condition 'market' is declared over \('reg',\) but a side has"):
        view_of(chain, a=index(1.0), b=stray).condition(chain.conditions["market"])


def rate_table(weight):
    table = Table()

    @table.rate()
    def p(v):
        """Divisia index."""
        return [(weight(v), v.x)]

    return table


def test_a_rate_with_constant_weights_is_exact_in_one_step():
    weights = Named(("reg",), np.array([0.3, 0.7]))
    view = view_of(rate_table(lambda v: weights), x=index(2.0, 0.5))
    np.testing.assert_allclose(view.p.level(), 2.0**0.3 * 0.5**0.7, rtol=1e-14)


def test_a_rate_is_chained_and_converges_with_the_square_of_the_step():
    """Integral of x dlog x from 1 to 2 is 1: the weight moves along the path."""
    table = rate_table(lambda v: v.x)
    errors = []
    for steps in (8, 16):
        state = {}
        for k in range(steps + 1):
            view = View(table, {"x": index(1.0 + k / steps)}, {}, state, None)
            state = view.rate_state(["p"])
        errors.append(abs(view.p.log.item() - 1.0))
    assert errors[0] < 2e-3
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.02)


def test_the_path_does_not_depend_on_where_it_is_cut():
    """Constant weights: one step or three give the same index."""
    weights = Named(("reg",), np.array([0.3, 0.7]))
    table = rate_table(lambda v: weights)
    state = {}
    for x in ((1.0, 1.0), (1.3, 0.7), (1.9, 0.6), (2.0, 0.5)):
        view = View(table, {"x": index(*x)}, {}, state, None)
        state = view.rate_state(["p"])
    np.testing.assert_allclose(view.p.level(), 2.0**0.3 * 0.5**0.7, rtol=1e-14)


def test_every_row_of_the_model_is_documented():
    for symbol in model_table.symbols.values():
        assert symbol.long_name, symbol.name
        assert symbol.unit, symbol.name
        assert symbol.block, symbol.name
        assert symbol.role in {"unknown", "exogenous", "define", "rate", "reported"}
    for row in [*model_table.conditions.values(), *model_table.definitions.values()]:
        assert row.fn.__doc__, row.name
        assert "def " + row.name in row.text


def test_every_unknown_of_the_model_has_one_condition_but_the_world_return():
    partners = [row.pairs for row in model_table.conditions.values()]
    assert len(partners) == len(set(partners))
    unknowns = {s.name for s in model_table.symbols.values() if s.role == "unknown"}
    assert unknowns - set(partners) == {"rorg"}  # it stands against the numeraire (Walras' law)
