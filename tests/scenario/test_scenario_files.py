"""Scenario files: what is refused, and what the words mean in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.errors import ScenarioError
from cge.scenario import Scenario, read_scenarios, shocks_of
from cge.scenario.spec import ELASTICITIES
from cge.solve.model import FREE_COEFFICIENTS, Model


@pytest.fixture(scope="module")
def model():
    bench = synthetic_benchmark(3, 3, seed=1)
    regs = bench.sets["reg"]
    return Model(bench.replace(meta={"groups": {"importers": [regs[0]], "exporters": list(regs[1:])}}))


def write(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text)
    return path


BROKEN = {
    "no benchmark": ('[scenario.X]\ntariffs=[{remove="all"}]', "benchmark"),
    "no scenario": ('benchmark="b"', "no scenario"),
    "unknown key": ('benchmark="b"\n[scenario.X]\ntarifs=[{remove="all"}]', "did you mean 'tariffs'"),
    "unknown layer": ('benchmark="b"\n[scenario.X]\ntariffs=[{remove="some"}]', "layer 'some'"),
    "two verbs": ('benchmark="b"\n[scenario.X]\ntariffs=[{remove="all", scale=2}]', "exactly one"),
    "text number": ('benchmark="b"\n[scenario.X]\nquota=[{rate="3%"}]', "not a number"),
    "negative quota": ('benchmark="b"\n[scenario.X]\nquota=[{rate=-0.03}]', "below zero"),
    "no rate": ('benchmark="b"\n[scenario.X]\nquota=[{hosts=["A"]}]', "'rate' is missing"),
    "supply rule": ('benchmark="b"\n[scenario.X]\nquota=[{rate=0.03, supply="lottery"}]', "supply rule 'lottery'"),
    "tariff below -100%": ('benchmark="b"\n[scenario.X]\ntariffs=[{rate=-1.01}]', "below -100%"),
    "beta out of range": ('benchmark="b"\n[scenario.X]\nlabour={beta=1.5}', "out of range"),
    "reference": ('benchmark="b"\n[scenario.X]\nreference="Y"', "'Y'"),
    "like": ('benchmark="b"\n[scenario.X]\nlike="Y"', "'Y'"),
    "scale by name": ('benchmark="b"\n[scenario.X]\ntariffs=[{scale="1993"}]', "not a number"),
    "skills as number": ('benchmark="b"\n[scenario.X]\nquota=[{rate=0.03, skills=5}]', "list of names"),
    "where as text": ('benchmark="b"\n[scenario.X]\nshock=[{variable="tm", value=1.1, where="USA"}]', "not a table"),
    "variable as number": ('benchmark="b"\n[scenario.X]\nshock=[{variable=5, value=1.1}]', "not a name"),
    "labour as number": ('benchmark="b"\nlabour=3\n[scenario.X]\n', "not a table"),
    "dead key": ('benchmark="b"\nsweep=[1]\n[scenario.X]\n', "'sweep' is not known"),
    "unknown role": ('benchmark="b"\n[scenario.X]\n[headline]\nmigraton="X"', "did you mean 'migration'"),
    "role of nobody": ('benchmark="b"\n[scenario.X]\n[headline]\ntrade="Z"', "'Z' is not a scenario"),
    "reference to itself": ('benchmark="b"\n[scenario.X]\nreference="X"', "counted from"),
    "chain of references": (
        'benchmark="b"\n[scenario.A]\n[scenario.B]\nreference="A"\n[scenario.C]\nreference="B"', "counted from"),
    "rordelta": ('benchmark="b"\n[closure]\nrordelta=2\n[scenario.X]\n', "rordelta"),
    "rordelta of a scenario": ('benchmark="b"\n[scenario.X]\nrordelta=0.5', "fixed shares"),
    "elasticity": ('benchmark="b"\n[scenario.X]\nelasticities={ESUBN=2.0}', "did you mean 'ESUB"),
    "elasticity below zero": ('benchmark="b"\n[scenario.X]\nelasticities={ESUBM=-2}', "below zero"),
    "elasticity as text": ('benchmark="b"\n[scenario.X]\nelasticities={ESUBM="2"}', "not a number"),
    "toml": ('benchmark="b', "not valid TOML"),
    "output as number": ('benchmark="b"\noutput=5\n[scenario.X]', "output: 5 is not a text"),
    "title of the file": ('benchmark="b"\ntitle=["a"]\n[scenario.X]', "title: .* is not a text"),
    "title as list": ('benchmark="b"\n[scenario.X]\ntitle=["x"]', "scenario 'X', title"),
    "question as number": ('benchmark="b"\n[scenario.X]\nquestion=1', "question: 1 is not a text"),
    "like as list": ('benchmark="b"\n[scenario.T]\n[scenario.X]\nlike=["T"]', "like: .* is not a text"),
    "like what is no section": ('benchmark="b"\n[scenario]\nX={like="Y"}\nY=5', "'Y' must be a section"),
    "reference as list": ('benchmark="b"\n[scenario.T]\n[scenario.X]\nreference=["T"]', "reference: .* not a text"),
    "role as list": ('benchmark="b"\n[scenario.T]\n[headline]\ntrade=["T"]', "headline, trade: .* not a text"),
    "role without quota": ('benchmark="b"\n[scenario.T]\n[headline]\nmigration="T"', "admits no mover"),
    "role of quota 0": (
        'benchmark="b"\n[scenario.T]\nquota=[{rate=0}]\n[headline]\nboth="T"', "both = 'T' .* admits no mover"),
    "break-even as number": ('benchmark="b"\nbreakeven=5\n[scenario.X]', "names 'migration' and 'trade'"),
    "break-even of lists": (
        'benchmark="b"\n[scenario.M]\n[[breakeven]]\nmigration=["M"]\ntrade="M"', "breakeven, migration: .* a text"),
    "break-even of quota 0": (
        'benchmark="b"\n[scenario.M]\nquota=[{rate=0}]\n[[breakeven]]\nmigration="M"\ntrade="M"', "no quota above 0"),
    "break-even with nobody": (
        'benchmark="b"\n[scenario.M]\nquota=[{rate=1}]\n[[breakeven]]\nmigration="M"\ntrade="Z"', "'Z' is not a scen"),
    "quota twice": (
        'benchmark="b"\n[scenario.X]\nquota=[{rate=0.03}]\nshock=[{variable="quota",value=0.1}]', "the shock out"),
    "no commodity": ('benchmark="b"\n[scenario.X]\ntariffs=[{remove="all", comm=[]}]', "comm: the list is empty"),
    "no host": ('benchmark="b"\n[scenario.X]\nquota=[{rate=0.03, hosts=[]}]', "quota, hosts: the list is empty"),
    "no skill": ('benchmark="b"\n[scenario.X]\nquota=[{rate=0.03, skills=[]}]', "quota, skills: the list is empty"),
    "no home": ('benchmark="b"\n[scenario.X]\nquota=[{rate=0.03, homes=[]}]', "quota, homes: the list is empty"),
    "home as number": ('benchmark="b"\n[closure]\nhome=5\n[scenario.X]\n', "closure, home: 5 is not a text"),
    "rordelta as truth": ('benchmark="b"\n[closure]\nrordelta=true\n[scenario.X]\n', "rordelta is True"),
    "1993 as number": ('benchmark="b"\n[scenario.X]\ntariffs=[{rate=1993}]', 'rate = "1993"'),
    "1993 as layer number": ('benchmark="b"\n[scenario.X]\ntariffs=[{remove=1993}]', 'remove = "1993"'),
    "tariff of -100%": ('benchmark="b"\n[scenario.X]\ntariffs=[{rate=-1}]', "-100% leaves nothing"),
    "not a list": ('benchmark="b"\n[scenario.X]\ntariffs="all"', "list of tables"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_is_refused_by_name(tmp_path, text, says):
    with pytest.raises(ScenarioError, match=says):
        read_scenarios(write(tmp_path, text))


def test_mark_before_the_first_line_is_skipped(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('benchmark = "b"\n[scenario.X]\n', encoding="utf-8-sig")
    assert read_scenarios(path).benchmark == "b"


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ScenarioError, match="nowhere.toml"):
        read_scenarios(tmp_path / "nowhere.toml")


def test_like_takes_over_and_overrides(tmp_path):
    file = read_scenarios(write(tmp_path, """
benchmark = "b"
[scenario.M]
quota = [{ rate = 0.03 }]
[scenario.N]
like = "M"
labour = { beta = 0.0 }
"""))
    assert file.scenarios["N"].quota == [{"rate": 0.03}]
    assert file.scenarios["N"].labour == {"beta": 0.0}


def test_removal_of_all_tariffs_undoes_the_benchmark_power(model):
    shocks, _ = shocks_of(Scenario("T", tariffs=[{"remove": "all"}]), model)
    power = model.bench["VMSB"].values / np.where(model.bench["VCIF"].values > 0, model.bench["VCIF"].values, 1)
    traded = model.bench["VCIF"].values > 0
    np.testing.assert_allclose((shocks["tms"] * power)[traded], 1.0, rtol=1e-14)


def test_removal_of_one_sector_leaves_the_others(model):
    comm = model.bench.sets["comm"]
    shocks, _ = shocks_of(Scenario("T", tariffs=[{"remove": "all", "comm": [comm[0]]}]), model)
    assert (shocks["tms"][1:] == 1).all()
    assert (shocks["tms"][0] != 1).any()


def test_scale_of_tariffs(model):
    shocks, _ = shocks_of(Scenario("T", tariffs=[{"scale": 3}]), model)
    vcif, vmsb = model.bench["VCIF"].values, model.bench["VMSB"].values
    rate = np.where(vcif > 0, vmsb / np.where(vcif > 0, vcif, 1) - 1, 0)
    np.testing.assert_allclose(shocks["tms"] * (1 + rate), np.where(vcif > 0, 1 + 3 * rate, 1), rtol=1e-12)


def test_quota_moves_what_it_says_pro_rata_to_work_forces(model):
    shocks, coef = shocks_of(Scenario("M", quota=[{"rate": 0.03}]), model)
    force = model.cal.data["LF0"][1]
    movers = (shocks["quota"] * force)[:, None, :] * coef["MSHR"]
    np.testing.assert_allclose(movers.sum(1)[:, 0], 0.03 * force[:, 0], rtol=1e-14)
    assert (movers.sum(1)[:, 1:] == 0).all()
    np.testing.assert_allclose(movers[:, 1, 0] / movers[:, 2, 0], force[:, 1] / force[:, 2], rtol=1e-12)


def test_stock_rule_follows_earlier_migrants(model):
    _, coef = shocks_of(Scenario("M", quota=[{"rate": 0.01, "supply": "stocks"}]), model)
    stock = model.cal.data["LABOFF"][1][:, 1:, 0]
    np.testing.assert_allclose(coef["MSHR"][:, 1:, 0], stock / stock.sum(1, keepdims=True), rtol=1e-12)


def test_productivity_of_movers_follows_beta(model):
    wage = model.cal.data["WAGE0"][1]
    for beta in (0.0, 0.5, 1.0):
        _, coef = shocks_of(Scenario("M", labour={"beta": beta}), model)
        home, host = wage[:, :, None], wage[:, None, :]
        np.testing.assert_allclose(coef["AN"], np.minimum(1, (home + beta * (host - home)) / host), rtol=1e-14)


def test_elasticities_are_scaled_and_the_closure_of_capital_chosen_by_scenario(model):
    _, plain = shocks_of(Scenario("M"), model)
    assert not {"ESUBM", "ESUBD", "RORDELTA"} & set(plain)
    _, coef = shocks_of(Scenario("M", rordelta=0, elasticities={"ESUBM": 2.0, "ESUBD": 0.5}), model)
    np.testing.assert_array_equal(coef["ESUBM"], 2.0 * model.bench["ESUBM"].values)
    np.testing.assert_array_equal(coef["ESUBD"], 0.5 * model.bench["ESUBD"].values)
    assert coef["RORDELTA"] == 0.0
    model.check({}, coef)


def test_every_elasticity_that_a_scenario_may_scale_is_free():
    assert set(ELASTICITIES) == {n for n in FREE_COEFFICIENTS if n.startswith(("ESUB", "ETRA"))}


WRONG = {
    "region": (Scenario("X", quota=[{"rate": 0.03, "hosts": ["Atlantis"]}]), "region 'Atlantis'"),
    "skill": (Scenario("X", quota=[{"rate": 0.03, "skills": ["wizards"]}]), "skill 'wizards'"),
    "sector": (Scenario("X", tariffs=[{"remove": "all", "comm": ["Magic"]}]), "sector 'Magic'"),
    "too many": (Scenario("X", quota=[{"rate": 50.0}]), "of its own; lower the quota"),
    "variable": (Scenario("X", shock=[{"variable": "tmx", "value": 1.1}]), "not an exogenous variable"),
    "farm twice": (Scenario("X", tariffs=[{"remove": "all"}, {"remove": "farm"}]), "farm layer cannot go"),
    "where": (Scenario("X", shock=[{"variable": "tm", "value": 1.1, "where": {"acts": "A"}}]), "has dimensions"),
}


@pytest.mark.parametrize(("scenario", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_element_is_named(model, scenario, says):
    with pytest.raises(ScenarioError, match=says):
        shocks_of(scenario, model)


def test_feasible_quota_named_in_the_refusal_is_feasible(model):
    with pytest.raises(ScenarioError) as refusal:
        shocks_of(Scenario("X", quota=[{"rate": 50.0}]), model)
    limit = float(str(refusal.value).split("below ")[1].split(",")[0])
    shocks_of(Scenario("X", quota=[{"rate": 0.99 * limit}]), model)
    with pytest.raises(ScenarioError):
        shocks_of(Scenario("X", quota=[{"rate": 1.05 * limit}]), model)


def test_1993_tariffs_need_the_layer(model):
    bare = Model(model.bench.replace(drop=("TMS1993",)))
    for verb in ("rate", "remove"):
        with pytest.raises(ScenarioError, match="TMS1993"):
            shocks_of(Scenario("X", tariffs=[{verb: "1993"}]), bare)


def test_coefficient_of_the_benchmark_cannot_be_replaced(model):
    with pytest.raises(ScenarioError, match="VDFB"):
        model.check({}, {"VDFB": 1.0})


def test_index_must_stay_positive(model):
    with pytest.raises(ScenarioError, match="must stay positive"):
        model.check({"tms": 0.0})
