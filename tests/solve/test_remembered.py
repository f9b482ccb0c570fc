"""Inverse Jacobians kept between processes: the same solution, found again only by what it hangs on."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from cge import Model
from cge.model.closure import Closure, Swap
from cge.solve import remembered
from cge.solve.newton import Newton
from tests.cases import model, quota


@pytest.fixture(scope="module")
def standard():
    m = again(model())
    m.newton  # noqa: B018 - compiled before any test counts what is formed
    return m


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache of inverses."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cge" / "inverses"


@pytest.fixture
def formed(monkeypatch):
    """Notes every Jacobian that is formed as a whole."""
    made, whole = [], Newton._whole
    monkeypatch.setattr(Newton, "_whole", lambda self, x, data: made.append(x) or whole(self, x, data))
    return made


def factorise(m: Model, base: dict | None = None) -> None:
    """Inverts the Jacobian as a model made anew does, but on the compiled code that is there."""
    copy.copy(m.newton).factorise(m._base if base is None else base)


def again(m: Model) -> Model:
    """The model as another process would make it."""
    other = copy.copy(m)
    other._newton, other._batches, other._engines, other._frames = None, {}, {"newton": other}, {}
    return other


def test_the_second_model_takes_the_inverse_of_the_first(standard, folder, formed):
    shocks, coefficients = quota(standard)
    first = again(standard).solve(shocks, coefficients)
    assert len(formed) == 1 and len(list(folder.glob("*.npy"))) == 1
    second = again(standard).solve(shocks, coefficients)
    assert len(formed) == 1
    assert np.array_equal(first.x, second.x)


@pytest.mark.parametrize("change", ["flow", "elasticity", "closure", "program", "equation"])
def test_another_model_makes_its_own(standard, folder, formed, monkeypatch, change):
    factorise(standard)
    base = standard._base
    if change == "closure":
        again(standard.under(Closure((Swap("ug", "dpgov"),)))).newton  # noqa: B018
        assert len(formed) == 2
        return
    if change == "program":
        monkeypatch.setattr(remembered, "_program", lambda: b"other equations")
    elif change == "equation":
        row = standard.system.table.definitions["qxs"]
        monkeypatch.setitem(standard.system.table.definitions, "qxs", replace(row, fn=lambda v: row.fn(v) ** 1.5))
    else:
        name = {"flow": "VDPB", "elasticity": "ESUBD"}[change]
        changed = np.array(base["coef"][name], float)
        changed.flat[0] *= 1.0 + 1e-12
        base = {**base, "coef": {**base["coef"], name: changed}}
    factorise(standard, base)
    assert len(formed) == 2


@pytest.mark.parametrize("content", [b"", b"not an array", None])
def test_a_broken_file_is_made_anew(standard, folder, formed, content):
    factorise(standard)
    (file,) = folder.glob("*.npy")
    right = file.read_bytes()
    if content is None:
        np.save(file, np.full_like(np.load(file), np.nan))
    else:
        file.write_bytes(content)
    factorise(standard)
    assert len(formed) == 2
    assert file.read_bytes() == right


def test_works_where_nothing_can_be_kept(standard, tmp_path, monkeypatch, formed):
    (tmp_path / "cge").write_text("a file where the folder would be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        factorise(standard)
    assert len(formed) == 2


def test_those_not_used_for_longest_go(folder, monkeypatch):
    monkeypatch.setattr(remembered, "KEPT", 3)
    for k in range(5):
        remembered.remember(f"{k}", np.eye(2))
    assert len(list(folder.glob("*.npy"))) == 3
    assert not list(folder.glob("*.part"))
    assert remembered.recall("4", 2) is not None
    assert remembered.recall("4", 3) is None
