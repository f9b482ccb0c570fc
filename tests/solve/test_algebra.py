"""The table written out in Pyomo: square, labelled, and satisfied by what the other engines find."""

import numpy as np
import pyomo.environ as pyo
import pytest

from cge.model import table
from cge.model.closure import Closure, Swap, active_cells
from cge.solve.algebra import algebra, count, set_values, worst_residual
from cge.solve.model import Model
from tests.cases import elastic, model, no_tariffs, quota
from tests.engine import plain

HOLES = dict(seed=1)


@pytest.fixture(scope="module")
def written():
    return algebra(model(**HOLES).system)


def test_square(written):
    free, constraints = count(written)
    assert free == constraints > 1000


@pytest.mark.parametrize("case", [HOLES, dict(seed=3, joint=True), dict(regions=2, sectors=2, seed=4, migrants=False)])
def test_the_benchmark_satisfies_every_constraint(case):
    written = algebra(model(**case).system)
    free, constraints = count(written)
    assert free == constraints
    worst, where = worst_residual(written)
    assert worst < 1e-10, where


def test_a_solution_satisfies_every_constraint():
    m = model(**HOLES)
    shocks, coefficients = quota(m)
    solution = m.solve({**shocks, **no_tariffs(m)}, coefficients)
    written = algebra(m.system, solution.data)
    assert worst_residual(written)[0] > 1e-3  # the benchmark is no solution of the shocked model
    set_values(written, solution)
    worst, where = worst_residual(written)
    assert worst < 1e-8, where


def test_every_nest_is_written():
    m = elastic()
    solution = m.solve({"tm": 0.9})
    written = algebra(m.system, solution.data)
    set_values(written, solution)
    free, constraints = count(written)
    assert free == constraints
    worst, where = worst_residual(written)
    assert worst < 1e-8, where


def test_a_swapped_closure_is_written_too():
    held = np.array([True, True, False])
    m = plain(Model(model(**HOLES).bench, Closure((Swap("del_tbalry", "dpsave", held),))))
    solution = m.solve({"tm": 0.95})
    written = algebra(m.system, solution.data)
    set_values(written, solution)
    free, constraints = count(written)
    assert free == constraints
    assert not written.dpsave["R1"].fixed and written.dpsave["R3"].fixed
    assert written.del_tbalry["R1"].fixed and not written.del_tbalry["R3"].fixed
    worst, where = worst_residual(written)
    assert worst < 1e-8, where


def test_labels_are_those_of_the_benchmark(written):
    assert written.pds["Agr", "R1"].value == 1.0
    assert written.component("E_goods_market")["Agr", "R1"].equality
    assert written.pfactwld.fixed
    assert written.tms["Agr", "R1", "R2"].fixed


def test_absent_cells_have_neither_variable_nor_constraint(written):
    bench = model(**HOLES).bench
    commodity, source, host = (str(a) for a in _first_absent(bench["VMSB"]))
    assert (commodity, source, host) not in written.qxs
    assert (commodity, source, host) not in written.component("E_qxs")


def _first_absent(flows):
    where = np.argwhere(flows.values == 0)[0]
    return [flows[d].values[i] for d, i in zip(flows.dims, where, strict=True)]


def test_every_symbol_and_row_is_there(written):
    m = model(**HOLES)
    reports = m.system.reports()  # integrated after a solve
    assert "WEV" not in reports and "EV_ALT" in reports
    active = {name: active_cells(name, table, m.cal).any() and name not in reports for name in table.symbols}
    assert not active["rpca"]  # commodities are perfect substitutes whoever makes them (ESUBQ = 0)
    for name in table.symbols:
        assert (written.component(name) is not None) == active[name], name
    for row in [*table.definitions.values(), *table.conditions.values()]:
        assert (written.component(f"E_{row.name}") is not None) == active[row.pairs], row.name
    used = {v.name for c in written.component_data_objects(pyo.Constraint) for v in _variables(c)}
    free = {v.name for v in written.component_data_objects(pyo.Var) if not v.fixed}
    assert free <= used
    assert m.system.n < len(free)


def _variables(constraint):
    from pyomo.core.expr.visitor import identify_variables

    return identify_variables(constraint.body, include_fixed=False)
