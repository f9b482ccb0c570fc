"""The path of the shock: order of convergence, what the estimated error is worth, steps that fail."""

import itertools

import numpy as np
import pytest

from cge.errors import SolveFailed
from cge.solve.model import Model
from tests.cases import fast, model, no_tariffs
from tests.engine import ChordEngine

INDICES = ("ppriv", "psave", "pfactor", "pxwreg", "qxwreg")


class Stumbling(ChordEngine):
    """Fails at the first attempts, as an engine does when a step is too long."""

    def __init__(self, system, data, failures):
        super().__init__(system, data)
        self.failures = failures

    def solve(self, x, data, report, tolerance=None, rough=False):
        if self.failures:
            self.failures -= 1
            raise SolveFailed("a step that is too long")
        return super().solve(x, data, report, tolerance)


def stumbling(failures):
    m = Model(model(seed=1).bench)
    m._newton = Stumbling(m.system, m._base, failures)
    return m


def distance(a, b):
    return max(float(np.abs(np.log(a[name] / b[name])).max()) for name in INDICES)


@pytest.fixture(scope="module")
def shock():
    return {**no_tariffs(model(seed=1)), "txs": 1.3}


@pytest.fixture(scope="module")
def truth(shock):
    return fast(seed=1).solve(shock, steps=128)


def test_more_steps_come_closer_by_the_square(shock, truth):
    errors = [distance(fast(seed=1).solve(shock, steps=n), truth) for n in (4, 8, 16)]
    assert errors[0] > 1e-5
    for coarse, fine in itertools.pairwise(errors):
        assert 3.5 < coarse / fine < 4.5


def test_refinement_keeps_its_promise(shock, truth):
    s = model(seed=1).solve(shock)
    assert 0.0 < s.rate_error < 1e-6
    assert distance(s, truth) < 1e-6


def test_the_price_level_is_extrapolated_too(shock, truth):
    """The held index is exact at every number of steps; its error would hide in the level of all prices."""
    s = model(seed=1).solve(shock)
    level = np.log(s["pds"] / truth["pds"]).values
    assert np.abs(level).max() < 1e-6
    np.testing.assert_allclose(s["EV"], truth["EV"], rtol=1e-4)


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_step_that_fails_does_not_fool_the_estimate(shock, truth, failures):
    """A halved step repeats the points of the next pass: their difference is nil, the error is not."""
    s = stumbling(failures).solve(shock)
    assert s.certificate.worst < 1e-9
    assert s.rate_error > 0.0
    assert distance(s, truth) < 1e-6


def test_an_engine_that_always_fails_gives_up():
    with pytest.raises(SolveFailed, match="too long"):
        stumbling(10**9).solve({"tm": 0.9})


def test_a_fixed_number_of_steps_is_kept(shock):
    s = model(seed=1).solve(shock, steps=5)
    assert s.steps == 5
    assert s.certificate.worst < 1e-9


def test_a_leap_to_another_branch_of_solutions_is_told_from_a_steep_path():
    m = model(seed=1)
    path = m.solve(no_tariffs(m)).path
    times = np.linspace(0.0, 1.0, 33)
    direction = np.zeros(m.system.n)
    direction[7] = 1.0
    path.points = {t: direction * np.tanh(12.0 * (t - 0.5)) for t in times}
    assert path._leap() == ""
    path.points = {t: direction * (t + (t > 0.6)) for t in times}
    assert "between 59.4% and 62.5% of it" in path._leap()
    path.points = {t: direction * np.maximum(0.0, t - 0.5) for t in times}  # a corner
    assert path._leap() == ""
