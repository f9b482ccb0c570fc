"""Notional changes of flows that do not exist: those of a flow that hardly exists."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.benchmark.har import read_har
from cge.model import table
from cge.results import har
from cge.results.har import solution_changes, write_har
from cge.solve.model import Model
from cge.solve.notional import notional
from tests.engine import plain

_TRACE = 1e-8


@pytest.fixture(scope="module")
def bench():
    """Land is sluggish, resources are specific; neither is used everywhere, nor is unskilled labour."""
    return synthetic_benchmark(3, 3, seed=1, migrants=False)


def solved(bench):
    return plain(Model(bench)).solve({"tm": 1.2})


@pytest.fixture(scope="module")
def solution(bench):
    return solved(bench)


def test_endowments_that_an_activity_lacks_have_the_prices_of_a_trace(bench, solution):
    runs = bench["EVFP"].sum("endw") > 0
    trace = {n: bench[n].where((bench[n] > 0) | ~runs, _TRACE * float(bench[n].max())).transpose(*bench[n].dims)
             for n in ("EVFP", "EVFB", "EVOS")}
    other, filled = solved(bench.replace(**trace)), notional(solution)
    empty = ~solution.model.cal.masks["qfe"] & runs.values
    kinds = {bench.mobility[bench.labels("endw")[i]] for i in np.argwhere(empty)[:, 0]}
    assert kinds == {"mobile", "sluggish", "fixed"}
    for name in ("pes", "peb", "pfe", "qfe", "qes", "pfactreal"):
        np.testing.assert_allclose(filled[name][empty], other[name].values[empty], rtol=1e-6, err_msg=name)
        assert (np.abs(filled[name][empty] - 1.0) > 1e-4).any(), name


def test_cells_of_flows_keep_their_values(solution):
    for name, values in notional(solution).items():
        active = solution.model.cal.masks[name]
        np.testing.assert_array_equal(values[active], solution[name].values[active])
        assert np.isfinite(values).all()


def test_a_route_without_margins_has_the_world_price_of_margins(solution):
    filled, m = notional(solution), solution.model
    none = ~m.cal.masks["ptrans"]
    assert none.any()
    share = m.cal.data["VTM"][1] / m.cal.data["VTM"][1].sum()
    np.testing.assert_allclose(filled["ptrans"][none], share @ solution["pt"].values, rtol=1e-9)
    np.testing.assert_allclose(filled["qtmfsd"], np.broadcast_to(filled["qxs"], filled["qtmfsd"].shape), rtol=1e-12)


def test_header_arrays_have_notional_changes_and_every_variable(solution, tmp_path):
    changes, filled = solution_changes(solution), notional(solution)
    np.testing.assert_allclose(changes["pfe"], 100.0 * (filled["pfe"] - 1.0), rtol=1e-12)
    assert np.isfinite(changes["qfe"]).all()
    # A level that is zero in the benchmark (a commodity that a region does not make) costs no other cell its change.
    assert (solution.model.base()["supply"] == 0).any()
    assert set(changes) == {n for n in table.symbols if solution[n].size}
    said: list[str] = []
    write_har(solution, tmp_path, "s", said.append)
    assert not said


def test_cells_without_a_finite_change_are_named(solution, tmp_path, monkeypatch):
    changes = solution_changes(solution)
    changes["y"].values[0] = np.inf
    monkeypatch.setattr(har, "solution_changes", lambda _: changes)
    said: list[str] = []
    write_har(solution, tmp_path, "s", said.append)
    assert said == ["s.har: no finite change, written as zero: y (1 cells)"]
    written = {a.coefficient: a.values for a in read_har(tmp_path / "s.har").values()}
    assert written["y"][0] == 0.0
    assert (written["y"][1:] != 0.0).all()
