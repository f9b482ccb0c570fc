"""Scenario files about workers who move for wages: what is refused by name, and what the words mean in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from cge._paths import shipped
from cge.benchmark import open_benchmark, synthetic_benchmark
from cge.errors import ScenarioError
from cge.model.mobility_data import ELASTICITY, ELASTICITY_SOURCE
from cge.results.dataset import open_results, write_netcdf
from cge.scenario import Scenario, layout_of, read_scenarios, shocks_of
from cge.scenario.parts import parts_of
from cge.solve.model import Model


@pytest.fixture(scope="module")
def bench():
    b = synthetic_benchmark(3, 3, seed=1)
    return b.replace(meta={"groups": {"importers": ["R1"], "exporters": ["R2", "R3"]}})


def made(bench, *scenarios):
    model = Model(bench, mobility=layout_of(scenarios, bench))
    return model, [shocks_of(s, model) for s in scenarios]


HEAD = 'benchmark="b"\n[scenario.X]\n'
BROKEN = {
    "unknown key": ("mobility=[{ costs=0.9 }]", "did you mean 'cost'"),
    "cost of nothing": ("mobility=[{ cost=0 }]", "cost = 0 .* above zero"),
    "cost as text": ('mobility=[{ cost="low" }]', "not a number"),
    "negative elasticity": ("mobility=[{ elasticity=-1 }]", "elasticity of -1 is below zero"),
    "free and elastic": ("mobility=[{ free=true, elasticity=2 }]", "has no elasticity"),
    "free as number": ("mobility=[{ free=1 }]", "free = true"),
    "mobility as table": ("mobility={ cost=0.9 }", "list of tables"),
    "caps alone": ("caps=[{ rate=0.1 }]", "add mobility"),
    "quota beside": ("mobility=[{}]\nquota=[{ rate=0.1 }]", "leave out quota or mobility"),
    "negative cap": ("mobility=[{}]\ncaps=[{ rate=-0.1 }]", "rate = -0.1 is below zero"),
    "two amounts": ("mobility=[{}]\ncaps=[{ rate=0.1, workers=5 }]", "exactly one of workers, rate, growth"),
    "no amount": ('mobility=[{}]\ncaps=[{ per="pair" }]', "exactly one of workers, rate, growth"),
    "per what": ('mobility=[{}]\ncaps=[{ rate=0.1, per="home" }]', "per = 'home' is not known"),
    "bloc and pair": ('mobility=[{}]\ncaps=[{ rate=0.1, per="pair", bloc="B" }]', "leave out bloc or per"),
    "homes of a host's cap": ('mobility=[{}]\ncaps=[{ rate=0.1, homes=["A"] }]', 'per = "pair"'),
    "nobody": ("mobility=[{ hosts=[] }]", "hosts: the list is empty"),
    "rent to whom": ('mobility=[{}]\ncaps=[{ rate=0.1 }]\nrent="broker"', "use one of host, home, movers"),
    "rent of nothing": ('mobility=[{}]\nrent="home"', "no effect without caps"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_is_refused_by_name(tmp_path, text, says):
    path = tmp_path / "s.toml"
    path.write_text(HEAD + text)
    with pytest.raises(ScenarioError, match=says):
        read_scenarios(path)


WRONG = {
    "host": (dict(mobility=[{"hosts": ["Atlantis"]}]), r"region 'Atlantis' .* It has R1, R2, R3, importers, exporters"),
    "member of a bloc": (dict(mobility=[{}], caps=[{"rate": 0.1, "bloc": "B", "hosts": ["R9"]}]), "region 'R9'"),
    "bloc": (dict(mobility=[{}], caps=[{"rate": 0.1, "bloc": "EU"}]),
             r"bloc 'EU' is no group .* \(importers, exporters\)"),
    "bloc of two kinds": (dict(mobility=[{}], caps=[{"rate": 0.1, "bloc": "B", "hosts": ["R1"]},
                                                    {"rate": 0.1, "bloc": "B", "hosts": ["R2"]}]), "given twice"),
    "pair without migrants": (dict(mobility=[{"skills": ["UnskLab"], "homes": ["R2"]}]), "nobody of these homes"),
    "cap without migrants": (dict(mobility=[{}], caps=[{"rate": 0.1, "per": "pair", "homes": ["R2"],
                                                        "skills": ["UnskLab"]}]), "nobody would move between"),
}


@pytest.mark.parametrize(("given", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_element_is_named(bench, given, says):
    with pytest.raises(ScenarioError, match=says):
        layout_of([Scenario("X", **given)], bench)


def test_benchmark_without_stocks_is_refused(bench):
    bare = bench.replace(drop=("LAB", "REMIT", "MPOP"))
    with pytest.raises(ScenarioError, match="nobody to move"):
        layout_of([Scenario("X", mobility=[{}])], bare)


def test_model_made_without_movers_or_caps_says_how_to_make_it(bench):
    x = Scenario("X", mobility=[{}])
    capped = Scenario("Y", mobility=[{}], caps=[{"rate": 0.1}])
    with pytest.raises(ScenarioError, match="mobility=layout_of"):
        shocks_of(x, Model(bench))
    with pytest.raises(ScenarioError, match="for which the model was not made"):
        shocks_of(capped, made(bench, x)[0])


def test_shocks_that_would_do_nothing_or_the_impossible_are_refused(bench):
    with pytest.raises(ScenarioError, match="'migcost' has no effect"):
        Model(bench).check({"migcost": 0.9})
    model, ((shocks, coefficients),) = made(bench, Scenario("X", mobility=[{}], caps=[{"rate": 0.1}]))
    with pytest.raises(ScenarioError, match="'caphost' is a number of workers"):
        model.check({**shocks, "caphost": -shocks["caphost"]}, coefficients)
    share = np.zeros((2, 3, 3))
    share[:, 1, 0] = 1.0
    with pytest.raises(ScenarioError, match="two rules"):
        model.check({**shocks, "quota": [[0.01, 0, 0], [0, 0, 0]]}, {**coefficients, "MSHR": share})


def test_words_in_numbers(bench):
    """Costs and elasticities by pair, the later entry counting; amounts of caps over forces and stocks."""
    model, ((shocks, coef),) = made(bench, Scenario(
        "X", mobility=[{"cost": 0.8}, {"cost": 0.9, "hosts": ["importers"], "elasticity": 0.7}], rent="home",
        caps=[{"rate": 0.03, "hosts": ["R1"]}, {"growth": 0.1, "per": "pair", "homes": ["R1"], "hosts": ["R2"]},
              {"workers": 0.5, "bloc": "exporters", "skills": ["SkLab"]}]))
    force, stock = model.cal.data["LF0"][1], model.cal.data["LABOFF"][1]
    there = stock > 0
    assert (shocks["migcost"][:, :, 0][there[:, :, 0]] == 0.9).all()
    assert (shocks["migcost"][:, :, 1:][there[:, :, 1:]] == 0.8).all()
    assert (shocks["migcost"][~there] == 1.0).all()
    assert (coef["ELASM"][:, :, 0] == 0.7).all() and (coef["ELASM"][:, :, 1:] == ELASTICITY).all()
    np.testing.assert_allclose(shocks["caphost"][:, 0], 0.03 * force[:, 0])
    np.testing.assert_allclose(shocks["cappair"][0, 0, 1], 0.1 * stock[0, 0, 1])
    assert shocks["capbloc"].shape == (2, 1) and shocks["capbloc"][1, 0] == 0.5
    assert (coef["RENTHOST"], coef["RENTHOME"]) == (0.0, 1.0)


def test_caps_that_others_imply_are_left_out(bench):
    """At a tie the rent could be either's; a host that admits nobody is a cap of zero on each of its pairs."""
    tie = Scenario("X", mobility=[{}], caps=[{"growth": 0.1}, {"growth": 0.1, "per": "pair"},
                                             {"growth": 0.2, "bloc": "exporters"}])
    layout = layout_of([tie], bench)
    assert not layout.hosts.any() and layout.pairs.any()
    model = Model(bench, mobility=layout)
    out_of_reach = model.cal.data["NAT0"][1].sum(1)
    np.testing.assert_allclose(shocks_of(tie, model)[0]["capbloc"][:, 0], out_of_reach)
    closed = layout_of([Scenario("Y", mobility=[{}], caps=[{"workers": 0, "hosts": ["R1"]}])], bench)
    assert not closed.hosts.any()
    there = model.cal.data["LABOFF"][1][:, :, 0] > 0
    np.testing.assert_array_equal(closed.pairs[:, :, 0], there)
    assert not closed.pairs[:, :, 1:].any()


def test_pairs_that_do_not_respond_have_no_cap(bench):
    """Nobody wants to come there, so that any rent would do."""
    layout = layout_of([Scenario("X", mobility=[{"homes": ["R3"]}], caps=[{"workers": 0}])], bench)
    assert layout.pairs[:, 2].any() and not layout.pairs[:, :2].any()


def test_the_example_file_names_what_the_benchmark_has():
    file, bench = read_scenarios(shipped("runs", "mobility.toml")), open_benchmark("ww1997")
    model = Model(bench, mobility=layout_of(file.scenarios.values(), bench))
    for scenario in file.scenarios.values():
        model.check(*shocks_of(scenario, model))
    assert {n: len(i) for n, i, _ in model.system.unknown if n in ("natstay", "rentbloc")} == {
        "natstay": 42, "rentbloc": 2}  # skills times regions; skills times the one bloc


def test_source_of_the_elasticity_is_stated():
    assert "Tombe and Zhu (2019)" in ELASTICITY_SOURCE and "assumption" in ELASTICITY_SOURCE


def test_movement_is_one_part_of_a_decomposition(bench):
    scenario = Scenario("X", mobility=[{"cost": 0.9}], caps=[{"rate": 0.01}], tariffs=[{"scale": 0.5}])
    model, ((_, coef),) = made(bench, scenario)
    parts, coefficients = parts_of(scenario, model)
    assert set(parts) == {"tariffs", "movement of workers"}
    assert set(parts["movement of workers"]) == {"migcost", "caphost"}
    np.testing.assert_array_equal(coefficients["ELASM"], coef["ELASM"])


def test_a_file_with_and_without_movers_runs_and_is_written(bench, tmp_path):
    """On the second engine, which needs no compilation."""
    from cge.welfare.compare import compare

    path = tmp_path / "s.toml"
    path.write_text('''benchmark = "b"
engine = "ipopt"
[scenario.T]
tariffs = [{ scale = 0.9 }]
[scenario.W]
mobility = [{ cost = 0.9, hosts = ["R1"] }]
caps = [{ growth = 0.02, bloc = "importers" }]
''')
    ds = compare(path, benchmark=bench)
    assert float(ds["movers"].sel(scenario="T").sum()) < 1e-9
    assert np.isnan(ds["gain_per_mover"].sel(scenario="T")).all()
    stock = ds["LAB"].sel(host="R1", home=["R2", "R3"]).sum()
    assert float(ds["movers"].sel(scenario="W").sum()) == pytest.approx(0.02 * float(stock), rel=1e-8)
    back = open_results(write_netcdf(ds, tmp_path / "s.nc"))
    assert back["rentbloc"].sel(scenario="W", bloc="importers").min() > 0.01
    path.write_text('benchmark = "b"\nengine = "ipopt"\n[scenario.T]\ntariffs = [{ scale = 0.9 }]\n')
    without = compare(path, benchmark=bench)
    assert not {"rentrate", "morestock", "natstay", "ELASM", "bloc"} & set(without.variables)
