"""Swap statements and named closures: what they hold is held, wrong ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ClosureError, ScenarioError
from cge.model.closure import Closure
from cge.scenario import Scenario, shocks_of
from cge.scenario.closures import LIBRARY, closure_swaps, parse_swap, with_mobility
from cge.solve.model import Model


@pytest.fixture(scope="module")
def bench():
    return synthetic_benchmark(3, 3, seed=1)


def test_statement_frees_the_exogenous_side_whatever_the_order(bench):
    a = parse_swap("swap dpsave(r) = del_tbalry(r)", bench)
    b = parse_swap("del_tbalry = dpsave", bench)
    for swap in (a, b):
        assert (swap.endogenous, swap.exogenous) == ("dpsave", "del_tbalry")
        assert swap.where.all()


def test_except_and_single_elements(bench):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    assert parse_swap(f"dpsave(r) = del_tbalry(r) except {regs[0]}", bench).where.tolist() == [False, True, True]
    swap = parse_swap(f"tms({comm[0]}, {regs[1]}, d) = qxs({comm[0]}, {regs[1]}, d)", bench)
    assert swap.where.sum() == 3
    assert swap.where[0, 1].all()


@pytest.mark.parametrize(("text", "says"), [
    ("dpsave(r) = del_tbalri(r)", "did you mean 'del_tbalry'"),
    ("dpsave(r) = tms(c,s,d)", "both exogenous"),
    ("y(r) = yp(r)", "both endogenous"),
    ("dpsave(r,s) = del_tbalry(r)", "has the dimensions"),
    ("dpsave(Atlantis) = del_tbalry(r)", "Atlantis"),
    ("dpsave", "cannot be read"),
    ("dpsave(r) = del_tbalry(r) = y", "cannot be read"),
])
def test_wrong_statement_is_refused_by_name(bench, text, says):
    with pytest.raises(ClosureError, match=says):
        parse_swap(text, bench)


def test_unequal_sides_are_refused(bench):
    swap = parse_swap(f"dpsave(r) = del_tbalry({bench.labels('reg')[0]})", bench)
    with pytest.raises(ClosureError, match="freed"):
        Model(bench, Closure((swap,)))


def test_unknown_name_is_refused(bench):
    with pytest.raises(ClosureError, match="did you mean 'trade_balance'"):
        closure_swaps({"use": ["trade_balances"]}, bench)


def test_trade_balance_is_held(bench):
    model = Model(bench, Closure(closure_swaps({"use": "trade_balance"}, bench)))
    solution = model.solve({"tm": 1.05})
    assert float(np.abs(solution["del_tbalry"]).max()) < 1e-10
    assert float(np.abs(solution["dpsave"] - 1).max()) > 1e-4
    assert solution.certificate.worst < 1e-9


def test_import_quota_holds_the_volume_and_its_rent_is_the_tariff(bench):
    traded = np.argwhere(bench["VMSB"].values > 0)
    c, s, d = next((c, s, d) for c, s, d in traded if s != d)
    names = f"({bench.labels('comm')[c]}, {bench.labels('reg')[s]}, {bench.labels('reg')[d]})"
    model = Model(bench, Closure((parse_swap(f"tms{names} = qxs{names}", bench),)))
    level = np.ones(model.system.shape("qxs"))
    level[c, s, d] = 0.8
    solution = model.solve({"qxs": level})
    assert float(solution["qxs"][c, s, d]) == pytest.approx(0.8, abs=1e-9)
    assert float(solution["tms"][c, s, d]) > 1.0
    assert solution.certificate.worst < 1e-9


def test_specific_capital_stays_in_its_activity(bench):
    model = Model(with_mobility(bench, {"mobility": {"Capital": "fixed"}}))
    solution = model.solve({"tm": 1.05})
    capital = solution["qfe"].sel(endw="Capital")
    np.testing.assert_allclose(capital, 1.0, atol=1e-9)
    assert solution.certificate.worst < 1e-9


def test_real_wage_is_held_and_employment_moves(bench):
    model = Model(bench, Closure(closure_swaps({"use": "real_wage"}, bench)))
    solution = model.solve({"tm": 1.05})
    np.testing.assert_allclose(solution["realwage"][0], 1.0, atol=1e-9)
    skill = bench.labels("skill")[0]
    assert float(np.abs(solution["qe"].sel(endw=skill) - 1).max()) > 1e-5
    assert solution.certificate.worst < 1e-9


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_closure_of_the_library_solves(bench, name):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    words = {"home": regs[-1], "comm": comm[1], "src": regs[0], "dst": regs[1]}
    spec = {"use": name, **{k: v for k, v in words.items() if f"{{{k}}}" in "".join(LIBRARY[name][1])}}
    model = Model(with_mobility(bench, spec), Closure(closure_swaps(spec, bench)))
    solution = model.solve({"tm": 1.02})
    assert solution.certificate.worst < 1e-9
    assert float(np.abs(solution["qo"] - 1).max()) > 1e-6


def test_a_closure_without_its_words_is_refused(bench):
    with pytest.raises(ClosureError, match="needs comm"):
        closure_swaps({"use": "import_quota"}, bench)


@pytest.mark.parametrize(("spec", "says"), [
    ({"home": "R1"}, "home = 'R1' has no effect"),
    ({"comm": "Agr", "use": ["trade_balance"]}, "comm = 'Agr' has no effect.*import_quota"),
    ({"home": "Q", "use": "trade_balance"}, "Q"),
    ({"home": "R1, R2", "use": "trade_balance"}, "no region"),
])
def test_words_that_no_closure_takes_are_refused(bench, spec, says):
    with pytest.raises(ClosureError, match=says):
        closure_swaps(spec, bench)


def test_specific_capital_needs_capital(bench):
    labelled = type("B", (), {"name": "b", "labels": lambda self, dim: ("Land",)})()
    with pytest.raises(ClosureError, match="no endowment called capital"):
        with_mobility(labelled, {"use": "specific_capital"})


def test_what_the_closure_holds_can_be_shocked_from_a_file(bench):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    spec = {"use": "import_quota", "comm": comm[1], "src": regs[0], "dst": regs[1]}
    model = Model(bench, Closure(closure_swaps(spec, bench)))
    where = {"comm": [comm[1]], "src": [regs[0]], "dst": [regs[1]]}
    shocks, _ = shocks_of(Scenario("Q", shock=[{"variable": "qxs", "value": 0.9, "where": where}]), model)
    assert float(model.solve(shocks)["qxs"][1, 0, 1]) == pytest.approx(0.9, abs=1e-9)
    shocks, _ = shocks_of(Scenario("N", shock=[{"variable": "pfactwld", "value": 1.1}]), model)
    doubled = model.solve(shocks)
    np.testing.assert_allclose(doubled["qo"], 1.0, atol=1e-9)
    with pytest.raises(ScenarioError, match="endogenous"):
        model.check(shocks_of(Scenario("Y", shock=[{"variable": "y", "value": 1.1}]), model)[0])


def test_every_statement_of_the_library_names_existing_variables(bench):
    for name in LIBRARY:
        words = {"comm": bench.labels("comm")[0], "src": bench.labels("reg")[0], "dst": bench.labels("reg")[1]}
        words = words if name == "import_quota" else {}
        assert closure_swaps({"use": [name], **words}, bench) or name == "specific_capital"
    assert with_mobility(bench, {"use": ["specific_capital"]}).mobility["Capital"] == "fixed"
