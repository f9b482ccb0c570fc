"""Closures: swaps element by element, and refusal of what is not square."""

from types import SimpleNamespace

import numpy as np
import pytest

from cge.errors import ClosureError, SolveFailed
from cge.model import table
from cge.model.closure import Closure, Swap, active_cells
from cge.model.table import Table
from cge.solve.frame import Plain
from cge.solve.model import Model
from cge.solve.newton import Newton
from cge.solve.structure import check_structure
from tests.cases import model
from tests.engine import complex_step_jacobian, plain

FIRST = np.array([True, False, False])


def partition(*swaps):
    return Closure(swaps).partition(table, model(seed=1).cal)


def test_the_default_closure_holds_the_numeraire():
    unknown, fixed = partition()
    assert list(fixed) == ["pfactwld"]
    assert {"qo", "pds", "y", "up"} <= set(unknown)


def test_a_swap_moves_the_cells_it_names():
    unknown, fixed = partition(Swap("del_tbalry", "dpsave", FIRST))
    assert unknown["dpsave"].tolist() == FIRST.tolist()
    assert fixed["del_tbalry"].tolist() == FIRST.tolist()
    whole, _ = partition(Swap("up", "tpreg"))
    assert whole["tpreg"].all()
    assert not whole["up"].any()


def test_swaps_add_up_cell_by_cell():
    unknown, _ = partition(Swap("del_tbalry", "dpsave", FIRST), Swap("del_tbalry", "dpsave", FIRST[::-1]))
    assert unknown["dpsave"].tolist() == [True, False, True]


def test_swapping_there_and_back_gives_the_default():
    unknown, fixed = partition(Swap("ywld", "pfactwld"), Swap("pfactwld", "ywld"))
    assert [n for n, m in fixed.items() if m.any()] == ["pfactwld"]
    assert set(unknown) == set(partition()[0])


@pytest.mark.parametrize(
    ("swap", "message"),
    [
        (Swap("del_tbalry", "nothing"), "swap nothing = del_tbalry: 'nothing' is not a symbol"),
        (Swap("del_tbalry", "pds"), "'pds' is endogenous already; name an exogenous variable to free"),
        (Swap("tm", "dpsave", FIRST), "1 cells are freed but 3 fixed; both sides"),
        (Swap("dpgov", "dpsave"), "'dpgov' is exogenous already; name an endogenous variable to fix"),
        (Swap("pds", "dpsave"), "3 cells are freed but [0-9]+ fixed; both sides of a swap must have the same"),
        (Swap("del_tbalry", "dpsave", np.ones(4, bool)), r"mask has shape \(4,\) but 'dpsave' has cells \(3,\)"),
    ],
)
def test_an_impossible_swap_is_refused(swap, message):
    with pytest.raises(ClosureError, match=message):
        partition(swap)


def test_a_cell_cannot_be_freed_or_held_twice():
    with pytest.raises(ClosureError, match="'dpsave' is free already at R1"):
        partition(Swap("del_tbalry", "dpsave", FIRST), Swap("up", "dpsave", FIRST))
    with pytest.raises(ClosureError, match="'del_tbalry' is held already at R1"):
        partition(Swap("del_tbalry", "dpsave", FIRST), Swap("del_tbalry", "dpgov", FIRST))
    with pytest.raises(ClosureError, match="'up' is held already at R1"):
        partition(Swap("up", "dpsave", FIRST), Swap("up", "dpgov", FIRST))


def test_a_table_that_is_not_square_says_what_is_missing():
    small = Table()
    small.unknown("price", "reg", long_name="price")
    small.unknown("stray", "reg", long_name="nothing determines it")
    small.unknown("level", long_name="against the numeraire")

    @small.clears("price", "reg")
    def market(v):
        return v.price, v.price

    with pytest.raises(ClosureError, match=r"not square, 3 unknowns more than .*under-determined.*stray"):
        Closure().partition(small, model(seed=1).cal)


def test_a_held_value_that_nothing_moves_is_named():
    m = model(seed=2, migrants=False)
    bad = Model(m.bench, Closure((Swap("popres", "dppriv", FIRST),)))
    jacobian = complex_step_jacobian(bad.system, np.zeros(bad.system.n), bad._base)
    with pytest.raises(ClosureError, match="nothing is left to meet 'popres' at R1, and nothing determines '"):
        check_structure(bad.system, jacobian)


def test_structure_of_good_closures():
    for closure in (Closure(), Closure((Swap("del_tbalry", "dpsave", FIRST),)), Closure((Swap("up", "tpreg"),))):
        m = Model(model(seed=1).bench, closure)
        check_structure(m.system, complex_step_jacobian(m.system, np.zeros(m.system.n), m._base))


def test_a_held_unknown_keeps_its_value_and_can_be_shocked():
    """Private utility held: the consumption tax that it takes is found."""
    m = plain(Model(model(seed=1).bench, Closure((Swap("up", "tpreg", FIRST),))))
    s = m.solve({"up": np.array([1.01, 1.0, 1.0])})
    assert s["up"].values[0] == pytest.approx(1.01, abs=1e-10)
    assert s["tpreg"].values[0] < 1.0
    assert (s["tpreg"].values[1:] == 1.0).all()
    assert s.certificate.worst < 1e-9


def test_trade_balance_swap_holds_the_balance():
    held = np.array([True, True, False])
    m = plain(Model(model(seed=1).bench, Closure((Swap("del_tbalry", "dpsave", held),))))
    s = m.solve({"tm": 0.9})
    np.testing.assert_allclose(s["del_tbalry"].values, 0.0, atol=1e-10)
    assert (s["dpsave"].values[:2] != 1.0).all()
    assert s["dpsave"].values[2] == 1.0


def test_money_can_be_held():
    """The trade balance in US$: its scale is regional income, not one dollar."""
    held = np.array([True, True, False])
    m = plain(Model(model(seed=1).bench, Closure((Swap("tbal", "dpsave", held),))))
    np.testing.assert_allclose(m.solve({"tm": 0.9})["tbal"][:2], m.base()["tbal"][:2], rtol=1e-8)


HOLES = {"seed": 1, "migrants": False}


@pytest.mark.parametrize(("held", "freed"), [("qxs", "tms"), ("pfe", "tinc"), ("qfm", "tfm"), ("qpm", "tpmall"),
                                             ("ps", "to"), ("qc", "tradslack")])
def test_a_swap_of_whole_variables_leaves_absent_flows_alone(held, freed):
    m = model(**HOLES)
    active = active_cells(held, table, m.cal)
    assert active.any()
    assert not active.all()
    unknown, fixed = Closure((Swap(held, freed),)).partition(table, m.cal)
    np.testing.assert_array_equal(unknown[freed], active)
    np.testing.assert_array_equal(fixed[held], active)


def test_specific_supply_against_its_price_where_resources_are_used():
    m = model(**HOLES)
    resources = np.zeros(m.system.shape("pes"), bool)
    resources[m.bench.labels("endw").index("NatRes")] = True
    s = plain(Model(m.bench, Closure((Swap("pes", "qesf", resources),)))).solve({"tm": 1.1})
    used = resources & m.cal.masks["pes"]
    assert used.any()
    np.testing.assert_allclose(s["pes"].values[used], 1.0, atol=1e-9)
    assert (np.abs(s["qfe"].values[used] - 1.0) > 1e-6).all()
    np.testing.assert_array_equal(s["qesf"].values[~used], 1.0)


def test_elements_of_different_dimensions_are_paired_in_order():
    """Output of one commodity held by the tax on it, region by region; one region does not make it."""
    m = model(**HOLES)
    made = active_cells("qc", table, m.cal)
    c = int(np.flatnonzero(~made.all(1))[0])
    tax, output = np.zeros(m.system.shape("to"), bool), np.zeros(made.shape, bool)
    tax[c, c], output[c] = True, True
    unknown, fixed = Closure((Swap("qc", "to", tax, output),)).partition(table, m.cal)
    np.testing.assert_array_equal(unknown["to"][c, c], made[c])
    np.testing.assert_array_equal(fixed["qc"][c], made[c])


def test_a_swap_of_absent_flows_only_is_refused():
    m = model(**HOLES)
    absent = ~active_cells("qxs", table, m.cal)
    with pytest.raises(ClosureError, match="none of these cells has a flow"):
        Closure((Swap("qxs", "tms", absent),)).partition(table, m.cal)


@pytest.mark.parametrize(("freed", "held", "says"), [
    ("dpsave", "del_tbalry", r"one equation follows .* among 'del_tbalry' in all 3 regions; and nothing determines "
     r"'dpsave' in all 3 regions, .*leave one out: dpsave\(r\) = del_tbalry\(r\) except R3"),
    ("pfactwld", "walraslack", "among 'walraslack', .*nothing determines .*'pem' in 9 cells.*The price level is free"),
])
def test_a_closure_that_is_singular_by_its_numbers_is_explained(freed, held, says):
    bad = Model(model(seed=1).bench, Closure((Swap(held, freed),)))
    jacobian = complex_step_jacobian(bad.system, np.zeros(bad.system.n), bad._base)
    check_structure(bad.system, jacobian)
    with pytest.raises(SolveFailed, match=says):
        Newton._inverted(SimpleNamespace(system=bad.system, _form=Plain(bad.system)), jacobian)
