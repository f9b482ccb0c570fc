"""The list vary of a scenario file: what it changes, and what it refuses."""

from __future__ import annotations

import pytest

from cge.errors import ScenarioError
from cge.scenario import Scenario, read_scenarios
from cge.scenario.vary import Vary, variant, with_value

FILE = """benchmark = "ww1997"
[scenario.T]
tariffs = [{ remove = "all" }]
[scenario.M]
quota = [{ rate = 0.03 }]
terms = [{ instrument = "entry fee", per_mover = 1.0 }, { instrument = "service cost", share = 1.0 }]
elasticities = { ESUBM = 2.0 }
[scenario.W]
mobility = [{ cost = 0.9 }]
shock = [{ variable = "aoreg", value = 0.97 }]
"""


@pytest.fixture
def scenarios(tmp_path):
    path = tmp_path / "file.toml"
    path.write_text(FILE)
    return read_scenarios(path).scenarios


@pytest.mark.parametrize(("what", "name", "key", "expected"), [
    ("beta", "M", "labour", {"beta": 0.7}),
    ("quota", "M", "quota", [{"rate": 0.7}]),
    ("trade elasticities", "M", "elasticities", {"ESUBM": 1.4, "ESUBD": 0.7}),
    ("ESUBVA", "T", "elasticities", {"ESUBVA": 0.7}),
    ("cost", "W", "mobility", [{"cost": 0.7}]),
    ("aoreg", "W", "shock", [{"variable": "aoreg", "value": 0.7}]),
    ("entry fee", "M", "terms", [{"instrument": "entry fee", "per_mover": 0.7},
                                 {"instrument": "service cost", "share": 1.0}]),
])
def test_a_parameter_takes_its_value_and_nothing_else_changes(scenarios, what, name, key, expected):
    changed = with_value(scenarios[name], what, 0.7)
    assert getattr(changed, key) == expected
    rest = [f for f in Scenario.__dataclass_fields__ if f != key]
    assert [getattr(changed, f) for f in rest] == [getattr(scenarios[name], f) for f in rest]


@pytest.mark.parametrize(("what", "name"), [("beta", "T"), ("quota", "W"), ("cost", "M"), ("entry fee", "W"),
                                            ("aoreg", "M")])
def test_what_a_scenario_lacks_does_not_concern_it(scenarios, what, name):
    assert with_value(scenarios[name], what, 0.7) is None


def test_scenarios_that_are_not_named_stay(scenarios):
    found = variant(scenarios, Vary("ESUBVA", (0.5, 1.0), ("T",)), 0.5)
    assert found["T"].elasticities == {"ESUBVA": 0.5}
    assert found["M"] is scenarios["M"]


@pytest.mark.parametrize(("entry", "says"), [
    ('what = "rho"\nvalues = [0.1]', "two numbers or more"),
    ('what = "rho"\nvalues = [0.2, 0.1]', "ascend"),
    ('what = "rho"\nvalues = [0.1, "x"]', "rho, values"),
    ('what = "rhoo"\nvalues = [0.1, 0.2]', "nothing that 'rhoo' could vary"),
    ('what = "rho"\nvalues = [0.1, 0.2]\nscenarios = ["X"]', "'X' is not a scenario"),
    ('what = "rho"\nvalues = [0.1, 0.2]\nscenarios = ["T"]', "nothing that 'rho' could vary is in T"),
    ('what = "rho"\nvalue = [0.1, 0.2]', "value"),
])
def test_a_wrong_entry_is_refused_by_name(tmp_path, entry, says):
    path = tmp_path / "file.toml"
    path.write_text(f"{FILE}[[vary]]\n{entry}\n")
    with pytest.raises(ScenarioError, match=says):
        read_scenarios(path)
