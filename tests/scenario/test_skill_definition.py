"""The definition of skill that a scenario file asks for."""

from __future__ import annotations

import pytest

from cge.benchmark import redefine_skill
from cge.benchmark.skill_definitions import CHOSEN
from cge.errors import BenchmarkError, ScenarioError
from cge.scenario import read_scenarios
from cge.welfare.compare import compare, make_model
from tests.benchmark.test_skill_definitions import world

FILE = 'benchmark = "b"\nskill_definition = {}\n[scenario.Z]\ntitle = "nothing"\n'


@pytest.fixture
def file(tmp_path):
    def made(word):
        path = tmp_path / "f.toml"
        path.write_text(FILE.format(word))
        return read_scenarios(path)

    return made


def test_the_model_of_the_file_is_of_its_definition(file):
    bench, wide = world(), file('"wide"')
    model = make_model(bench, wide)
    assert model.bench.digest() == redefine_skill(bench, "wide").digest() != bench.digest()
    assert make_model(bench, file('"same"')).bench.digest() == bench.digest()
    assert make_model(redefine_skill(bench, "wide"), wide).bench.meta[CHOSEN]["name"] == "wide"


def test_wrong_definitions_are_refused_before_anything_is_compiled(file):
    with pytest.raises(BenchmarkError, match="no definition of skill 'narrow'; it has same, wide"):
        compare(file('"narrow"'), benchmark=world())
    with pytest.raises(ScenarioError, match="skill_definition"):
        file("3")
    other = make_model(world(), file('"same"'))
    with pytest.raises(ScenarioError, match="the model given is not of that definition"):
        compare(file('"wide"'), model=other)


def test_names_of_the_classes_say_the_definition():
    bench, wide = world(), redefine_skill(world(), "wide")
    for s in bench.sets["skill"]:
        assert all("skill by the definition 'wide'" in wide.meta["long_names"][dim][s] for dim in ("skill", "endw"))
    assert "wide" not in str(bench.meta.get("long_names", {}))


def test_shares_that_turn_pay_round_are_refused():
    with pytest.raises(BenchmarkError, match="in R1 the class that is paid more per worker would be paid less"):
        redefine_skill(world(shares=((0.5, 0.01), (0.1, 0.15), (0.0, 0.0))), "wide")
