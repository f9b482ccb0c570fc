"""Productivity and remittances of new movers by skill and by pair: against the written formula, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cge.errors import BenchmarkError, ScenarioError
from cge.scenario import Scenario, read_scenarios, shocks_of
from cge.scenario.labour import rates_missing
from cge.scenario.shocks import labour_layers
from cge.scenario.terms import moving
from cge.solve.model import Model
from tests import cases

QUOTA = [{"rate": 0.02, "homes": ["R2", "R3"], "hosts": ["R1"]}]


@pytest.fixture(scope="module")
def m():
    return cases.model(seed=1)


def coefficients(m, labour=None, **own):
    return shocks_of(Scenario("S", quota=QUOTA, labour=own), m, labour)[1]


def by_hand(m, beta):
    """``min(1, [W_home + beta (W_host - W_home)] / W_host)``, pair by pair."""
    wage = m.cal.data["WAGE0"][1]
    out = np.empty(beta.shape)
    for s, c, h in np.ndindex(beta.shape):
        out[s, c, h] = min(1.0, (wage[s, c] + beta[s, c, h] * (wage[s, h] - wage[s, c])) / wage[s, h])
    return out


def test_beta_by_skill_and_by_pair(m):
    shape = m.cal.data["AN"][1].shape
    beta = np.full(shape, 0.5)
    beta[1] = 0.4
    np.testing.assert_allclose(coefficients(m, beta={"SkLab": 0.4})["AN"], by_hand(m, beta), rtol=1e-12)
    beta[:, 2, 0] = 0.9
    beta[0, 1, 0] = 0.1
    entries = [{"value": 0.9, "homes": ["R3"], "hosts": ["R1"]},
               {"value": 0.1, "homes": ["R2"], "hosts": ["R1"], "skills": ["UnskLab"]}]
    layered = coefficients(m, {"beta": {"SkLab": 0.4}}, beta=entries)
    np.testing.assert_allclose(layered["AN"], by_hand(m, beta), rtol=1e-12)


def test_a_number_is_what_it_was(m):
    one, two = coefficients(m, beta=0.3, rho=0.1), coefficients(m, beta={"SkLab": 0.3, "UnskLab": 0.3},
                                                                rho=[{"value": 0.1}])
    for name in ("AN", "RHON"):
        np.testing.assert_array_equal(one[name], two[name])


def test_rho_of_the_pair_is_that_of_its_earlier_migrants(m):
    """Rate from the data: remittances over after-tax pay of the pair; elsewhere the default of 0.2."""
    rho = coefficients(m, rho="pair")["RHON"]
    sent, pay, stock = m.bench["REMIT"].values, m.base()["yearl"].values, m.cal.data["LABOFF"][1]
    np.testing.assert_allclose(rho[stock > 0], (sent / np.where(pay > 0, pay, 1.0))[stock > 0], rtol=1e-10)
    assert (rho[stock == 0] == 0.2).all()
    assert (coefficients(m, {"rho": 0.3}, rho="pair")["RHON"][stock == 0] == 0.3).all()


def test_pairs_without_a_rate_are_counted(m):
    def says(labour):
        scenario = Scenario("S", quota=QUOTA, labour=labour)
        draw = shocks_of(scenario, m)
        return rates_missing(labour_layers(scenario, m, None), m, moving(m, *draw), "scenario 'S'"), draw

    text, draw = says({"rho": "pair"})
    movers = moving(m, *draw)
    lacks = movers & (m.cal.data["LABOFF"][1] == 0)
    assert lacks.sum() >= 1
    assert f"no rate for {lacks.sum()} of {movers.sum()} pairs" in text
    assert says({"rho": 0.2})[0] == ""
    assert says({"rho": [{"value": "pair"}, {"value": 0.1}]})[0] == ""


def test_solution_with_pairs_of_their_own(m):
    """Remittances by hand, pair by pair, and a certificate."""
    s = m.solve(*shocks_of(Scenario("S", quota=QUOTA, labour={"rho": "pair", "beta": {"UnskLab": 0.2}}), m))
    np.testing.assert_allclose(s["remnew"], s["ynew"].values * coefficients(m, rho="pair")["RHON"], rtol=1e-12)
    assert s.certificate.worst < 1e-9


BROKEN = {
    "skill out of range": ("beta = { SkLab = 1.5 }", "beta of SkLab = 1.5 is out of range"),
    "beta of the pair": ('beta = "pair"', "beta: 'pair' is not a number"),
    "word": ('rho = "pairs"', "'pairs' is not a number; .* or rho = \"pair\""),
    "family by skill": ("family = { SkLab = 1 }", "is not a number"),
    "no value": ('rho = [{ homes = ["R1"] }]', "'value' is missing"),
    "key": ("rho = [{ value = 0.1, home = 1 }]", "did you mean 'homes'"),
    "status for nothing": ("nostatus = 0.2", "nostatus alone has no effect"),
    "wedge of nobody": ("statusgap = 0.1", "statusgap has no effect where nobody"),
    "status as word": ('nostatus = "pair"\ninformal = 1', "'pair' is not a number"),
    "empty": ("rho = {}", "the table is empty"),
}


@pytest.mark.parametrize(("text", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_options_are_refused_by_name(tmp_path, text, says):
    path = tmp_path / "s.toml"
    path.write_text(f'benchmark="b"\n[labour]\n{text}\n[scenario.X]\n')
    with pytest.raises(ScenarioError, match=says):
        read_scenarios(path)


def test_unknown_elements_are_named(m):
    with pytest.raises(ScenarioError, match="labour, beta: skill 'Sklab' is not in benchmark .* did you mean 'SkLab'"):
        coefficients(m, beta={"Sklab": 0.4})
    with pytest.raises(ScenarioError, match="region 'R9'"):
        coefficients(m, rho=[{"value": 0.1, "hosts": ["R9"]}])
    with pytest.raises(BenchmarkError, match="beta = .* what differs by skill or pair is an option of a scenario"):
        Model(m.bench, labour={"beta": {"SkLab": 0.4}})
