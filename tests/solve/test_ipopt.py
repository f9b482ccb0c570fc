"""The second engine agrees with the fast one: every variable, in T, M, T+M, with floors that bind and that do not."""

from dataclasses import replace

import numpy as np
import pytest

from cge import open_benchmark
from cge._paths import shipped
from cge.errors import ScenarioError, SolveFailed
from cge.model import table
from cge.scenario import layout_of, read_scenarios, shocks_of
from cge.solve.model import Model
from cge.solve.newton import NewtonReport
from tests import cases, gempack
from tests.cases import elastic, model, no_tariffs, quota


def agree(one, two, degenerate=()):
    """Every variable of the solve to 1e-8: an index or fraction as it is, money over world income.

    ``degenerate``: symbols with cells where slack and rent are both zero, good to 1e-6.
    """
    m = one.model
    reports = m.system.reports()
    income = float(m.cal.data["INCWLD"][1])
    for name, symbol in table.symbols.items():
        if name in reports:
            continue
        a, b = one[name].values, two[name].values
        size = income if symbol.unit == "million US$" else np.maximum(1.0, np.abs(a))
        gap = float(np.max(np.abs(a - b) / size, initial=0.0))
        assert gap < (1e-6 if name in degenerate else 1e-8), (name, gap)


def shocks(m):
    moved, coefficients = quota(m)
    trade = no_tariffs(m)
    return {"T": (trade, {}), "M": (moved, coefficients), "T+M": ({**trade, **moved}, coefficients),
            "floor": ({"tm": 1.15, "wfloor": np.array([[0.99, 0.5, 0.99], [0.5, 0.99, 0.5]])}, {})}


@pytest.mark.parametrize("name", ["T", "M", "T+M", "floor"])
def test_agreement_on_a_benchmark_with_holes(name):
    m = model(seed=1)
    one, two = m.solve(*shocks(m)[name]), m.solve(*shocks(m)[name], engine="ipopt")
    assert two.certificate.worst < 1e-9
    assert two.steps == one.steps
    agree(one, two)
    income = float(m.cal.data["INCWLD"][1])
    for variation in ("CV", "CVearl", "CVnew", "WCV"):  # found after either engine's solve, from its own prices
        np.testing.assert_allclose(two[variation] / income, one[variation] / income, atol=1e-8, err_msg=variation)
    assert np.abs(two["CV"] / income).max() > 1e-5
    if name == "floor":
        assert (two["unemp"] > 1e-3).any() and (two["realwage"] > two["wfloor"] + 1e-3).any()


def test_agreement_where_every_nest_substitutes():
    m = elastic()
    agree(m.solve({"tm": 0.9}), m.solve({"tm": 0.9}, engine="ipopt"))


def test_the_corner_itself():
    """A floor at the benchmark wage: slack and rent are both zero in every cell."""
    m = model(seed=1)
    one, two = m.solve({"wfloor": 1.0}), m.solve({"wfloor": 1.0}, engine="ipopt")
    agree(one, two, degenerate=("unemp", "wfloor"))


def test_agreement_on_reporting_indices():
    """Trade indices and the welfare decomposition are integrated over the second engine's own points."""
    m = model(seed=1)
    one, two = (m.solve(no_tariffs(m), engine=e) for e in ("newton", "ipopt"))
    scale = np.abs(one["EV"]).max()
    for name in ("EV_ALT", "CNTtotr", "CNTalleffr"):
        np.testing.assert_allclose(two[name], one[name], atol=1e-6 * scale)


@pytest.mark.gempack
@pytest.mark.parametrize("name", ["T", "M", "T+M", "floor"])
def test_agreement_on_nus333(name):
    bench = gempack.benchmark(gempack.folder("nus333"))
    # The file has neither people nor workers: a worker is a thousand dollars of wages. Let there be people for them.
    m = Model(bench.replace(POP=bench["POP"] * 1e5))
    what, coefficients = shocks(m)[name] if name != "floor" else ({"tm": 1.1, "wfloor": [[0.995, 0.5]]}, {})
    one, two = m.solve(what, coefficients), m.solve(what, coefficients, engine="ipopt")
    assert two.certificate.worst < 1e-9
    agree(one, two)
    income = float(m.cal.data["INCWLD"][1])
    for variation in ("CV", "CVearl", "CVnew", "WCV"):  # found after either engine's solve, from its own prices
        np.testing.assert_allclose(two[variation] / income, one[variation] / income, atol=1e-8, err_msg=variation)
    assert np.abs(two["CV"] / income).max() > 1e-5
    if name == "floor":
        assert (two["unemp"] > 1e-4).any() and (two["realwage"] > two["wfloor"] + 1e-3).any()


@pytest.mark.long
@pytest.mark.parametrize("name", ["T", "M", "T+M"])
def test_agreement_on_ww1997(name):
    """A single sub-step: each solve of a hundred thousand constraints takes Ipopt a minute or more."""
    file = read_scenarios(shipped("runs", "walmsley_winters.toml"))
    m = Model(open_benchmark("ww1997"), labour=file.labour)
    what = shocks_of(file.scenarios[name], m, file.labour)
    agree(m.solve(*what, steps=1), m.solve(*what, steps=1, engine="ipopt"))


@pytest.mark.long
def test_agreement_on_ww1997_with_floors_binding_and_slack():
    m = Model(open_benchmark("ww1997"))
    free = m.solve({"tm": 1.05}, steps=1)["realwage"].values
    floor = free * np.where(np.arange(free.size).reshape(free.shape) % 3 == 0, 1.002, 0.99)
    what = {"tm": 1.05, "wfloor": floor}
    one, two = m.solve(what, steps=1), m.solve(what, steps=1, engine="ipopt")
    assert (one["unemp"] > 1e-6).any() and (one["unemp"] < 1e-9).any()
    agree(one, two)


@pytest.mark.long
def test_agreement_on_ww1997_with_caps_binding_and_slack():
    """Wage-responsive movers, caps of pairs, hosts and a bloc, one host closed."""
    scenario = read_scenarios(shipped("runs", "mobility.toml")).scenarios["B"]
    scenario = replace(scenario, caps=[*scenario.caps, {"rate": 0.05, "hosts": ["CAN"]}])
    bench = open_benchmark("ww1997")
    m = Model(bench, mobility=layout_of([scenario], bench))
    what = shocks_of(scenario, m)
    one, two = m.solve(*what, steps=1), m.solve(*what, steps=1, engine="ipopt")
    bound = [one[n].values[m.cal.masks[n]] > 1e-6 for n in ("rentpair", "renthost", "rentbloc")]
    assert bound[0].any() and bound[1].any() and not bound[1].all() and bound[2].all()
    agree(one, two)


def test_an_unknown_engine_is_refused():
    with pytest.raises(ScenarioError, match=r"engine 'ipotp' is not known; did you mean 'ipopt'\?"):
        model(seed=1).solve({"tm": 1.1}, engine="ipotp")


def test_a_hopeless_shock_fails_in_words():
    """So much capital that no return on new capital there is as good as elsewhere: there is no equilibrium."""
    m = model(seed=1).using("ipopt")
    more = np.ones((5, 3))
    more[3, 1] = 6.0
    data = m.data_at(m._goal({"qe": more}, {}), 1.0, m.base().data["rates"])
    with pytest.raises(SolveFailed, match=r"no solution found by Ipopt: the worst residual .* is in E_\w+"):
        m.newton.solve(np.zeros(m.system.n), data, NewtonReport())


def test_the_engine_of_a_scenario_file(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('benchmark = "ww1997"\nengine = "ipopt"\n[scenario.T]\ntariffs = [{ remove = "all" }]\n')
    assert read_scenarios(path).engine == "ipopt"
    path.write_text('benchmark = "ww1997"\nengine = "gurobi"\n[scenario.T]\ntariffs = [{ remove = "all" }]\n')
    with pytest.raises(ScenarioError, match=r"engine 'gurobi' is not known; use newton or ipopt"):
        read_scenarios(path)


def test_a_comparison_runs_on_the_second_engine(tmp_path):
    from cge.welfare.compare import compare

    path = tmp_path / "s.toml"
    path.write_text('benchmark = "ww1997"\n[scenario.T]\ntariffs = [{ scale = 0.5 }]\n')
    bench, said = cases.model(seed=1).bench, []
    one = compare(path, benchmark=bench)
    path.write_text('engine = "ipopt"\n' + path.read_text())
    two = compare(path, benchmark=bench, progress=said.append)
    assert any("Ipopt iterations" in line for line in said)
    np.testing.assert_allclose(two["EV"], one["EV"], rtol=1e-6, atol=1e-6)
