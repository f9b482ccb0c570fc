"""What a solve refuses of the numbers it is given: by coefficient and cell, before anything is solved."""

import numpy as np
import pytest

from cge.errors import ScenarioError
from tests.cases import fast, model

BAD = {
    "ESUBD = -1": ({}, {"ESUBD": -1.0}, "'ESUBD' at .* is -1; give a number of 0 or more"),
    "ESUBM = nan": ({}, {"ESUBM": np.nan}, "'ESUBM' at .* is nan"),
    "ETRAE = 1": ({}, {"ETRAE": 1.0}, "'ETRAE' at .* is 1; give a number of 0 or less"),
    "AN = -1": ({}, {"AN": -1.0}, "'AN' at .* is -1"),
    "RHON = 7": ({}, {"RHON": 7.0}, "'RHON' at .* is 7; give a number between 0 and 1"),
    "RORDELTA = inf": ({}, {"RORDELTA": np.inf}, "'RORDELTA' is inf"),
    "a shape": ({}, {"ESUBD": np.ones(7)}, r"'ESUBD' has the shape .*, the value given \(7,\)"),
    "a word": ({}, {"ESUBD": "high"}, "'ESUBD' has the shape"),
    "tms = inf": ({"tms": np.inf}, {}, "'tms' would be inf"),
    "transfer = nan": ({"transfer": np.array([np.nan, 0.0, 0.0])}, {}, "'transfer' would be nan"),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused_by_name(name):
    shocks, coefficients, words = BAD[name]
    for refuse in (model().check, model().solve):
        with pytest.raises(ScenarioError, match=words):
            refuse(shocks, coefficients)


def test_one_cell_is_named():
    m = model()
    value = np.array(m.cal.data["ESUBM"][1], float)
    value[1, 2] = -0.5
    cell = f"{m.cal.sets['comm'][1]}, {m.cal.sets['reg'][2]}"
    with pytest.raises(ScenarioError, match=f"'ESUBM' at {cell} is -0.5"):
        m.solve({}, {"ESUBM": value})


def test_bounds_and_what_rounds_to_them_are_taken():
    model().check({}, {"RHON": 1.0, "TAXMOV": 0.0, "ESUBD": 0.0, "MSHR": 1.0 + 1e-15})


def test_the_number_of_a_draw_is_named():
    with pytest.raises(ScenarioError, match="draw 1: coefficient 'ESUBD' at .* is -1"):
        fast().solve_many([({}, {}), ({}, {"ESUBD": -1.0})])
