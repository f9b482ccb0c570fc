"""GTAP v7 in GEMPACK, 2 regions x 3 commodities, all tariffs +10%: variable by variable."""

import numpy as np
import pytest

from cge.model import table
from cge.model.closure import Closure, Swap
from cge.solve.model import Model
from tests import gempack
from tests.engine import plain

pytestmark = pytest.mark.gempack
LAST = "ROW"  # its trade balance closes the world


@pytest.fixture(scope="module")
def path():
    return gempack.folder("nus333")


@pytest.fixture(scope="module")
def model(path):
    bench = gempack.benchmark(path)
    held = np.array([r != LAST for r in bench.sets["reg"]])
    return plain(Model(bench, Closure((Swap("del_tbalry", "dpsave", held),))))


@pytest.fixture(scope="module")
def solution(model):
    return model.solve({"tm": 1.10})


def test_certificate(solution):
    assert solution.certificate.worst < 1e-9


def test_every_variable(solution, model, path):
    errors = gempack.compare(solution, model.base(), path)
    assert gempack.missing(path) == set()
    assert len(errors) >= 251
    money = {n: errors.pop(n) for n in list(errors) if table.symbols[n].unit == "million US$"}
    assert not gempack.worst(errors, "p99", 0.001)
    assert not gempack.worst(errors, "max", 0.02)
    # Money: 0.001% of the variable's largest cell, and the 32-bit rounding of the data (half a million US$).
    income = float(model.cal.data["INCWLD"][1])
    for name, e in money.items():
        assert e["max"] < 1e-5 * e["range"] + 1e-8 * income, (name, e)


def test_welfare_decomposition_adds_up(solution):
    np.testing.assert_allclose(solution["EV_ALT"], solution["EV"], atol=1e-8 * np.abs(solution["EV"]).max())


def test_equivalent_variation(solution):
    ev = solution["EV"]
    assert ev.sel(reg="USA").item() == pytest.approx(14_933, abs=1)
    assert ev.sel(reg="ROW").item() == pytest.approx(-308_210, abs=1)
