"""Draws solved side by side are the counterfactuals that each is alone."""

from __future__ import annotations

import numpy as np
import pytest

from cge.errors import ScenarioError, SolveFailed
from cge.solve import draws as module
from tests.cases import fast, no_tariffs, quota

#: Declared error of the price and quantity indices (fraction), and so of money over the income it comes from.
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def model():
    return fast()


@pytest.fixture(scope="module")
def draws(model):
    """Tariffs, quotas, mover parameters and elasticities, in one list so that one compilation serves it."""
    rng = np.random.default_rng(3)
    out = []
    for _ in range(6):
        q, movers = quota(model, rng.uniform(0.01, 0.05))
        movers["RHON"] = np.full(model.cal.data["RHON"][1].shape, rng.uniform(0.0, 0.4))
        movers["ESUBM"] = model.cal.data["ESUBM"][1] * rng.uniform(0.7, 1.4)
        out.append(({**no_tariffs(model, rng.uniform()), **q}, movers))
    return out


@pytest.fixture(scope="module")
def solved(model, draws):
    return model.solve_many(draws, ("EV", "WEV", "qxs"))


def test_every_draw_is_what_it_is_alone(model, draws, solved):
    assert solved.data.sizes["draw"] == len(draws) and solved.data["converged"].all() and not solved.failed
    assert (solved.data["how"] == "batch").all()
    for i, draw in enumerate(draws):
        alone = model.solve(*draw)
        for name, size in (("EV", model.cal.data["INCOME"][1]), ("WEV", model.cal.data["INCWLD"][1]), ("qxs", 1.0)):
            gap = abs(solved.data[name].sel(draw=i).values - alone[name].values) / size
            assert gap.max() < TOLERANCE, (i, name)
        assert abs(alone["WEV"]) > 1e3 * TOLERANCE * model.cal.data["INCWLD"][1]


def test_a_draw_is_a_solution_with_its_certificate(solved):
    solution = solved.solution(2)
    assert solution.certificate.worst < 1e-9 and solution.certificate.rates < 1e-5
    np.testing.assert_allclose(solution["EV"], solved.data["EV"].sel(draw=2), rtol=1e-9, atol=1e-9)
    assert np.isfinite(solution["EV_ALT"]).all()  # a reporting rate, integrated over the path on request


def test_company_does_not_matter(model, draws, solved):
    again = model.solve_many(draws[::-1] * 3, ("EV", "WEV", "qxs"))  # two batches, the second one filled up
    n = len(draws)
    for part in range(3):
        np.testing.assert_allclose(again.data["EV"].values[part * n:(part + 1) * n][::-1], solved.data["EV"],
                                   rtol=0.0, atol=TOLERANCE * float(model.cal.data["INCOME"][1].min()))


def test_what_the_batch_cannot_do_is_done_alone(model, draws, solved, monkeypatch):
    monkeypatch.setattr(module, "ACCEPTABLE", 0.0)  # nothing that the batch finds is good enough
    alone = model.solve_many(draws[:2], ("EV", "WEV", "qxs"))
    assert (alone.data["how"] == "alone").all() and alone.data["converged"].all()
    np.testing.assert_allclose(alone.data["EV"], solved.data["EV"][:2], rtol=1e-5)
    np.testing.assert_array_equal(alone.solution(1)["EV"], alone.data["EV"][1])


def test_a_failed_draw_keeps_its_place_and_its_reason(model, draws):
    """Tariffs of 1e11 percent on everything: no engine of the package finds an equilibrium."""
    impossible = ({"tms": np.full(draws[0][0]["tms"].shape, 1e9)}, draws[0][1])
    got = model.solve_many([draws[0], impossible, draws[1]], ("EV", "WEV", "qxs"))
    assert list(got.data["converged"].values) == [True, False, True]
    assert list(got.failed) == [1] and "no solution found" in got.failed[1]
    assert np.isnan(got.data["EV"][1]).all() and np.isfinite(got.data["EV"][[0, 2]]).all()
    with pytest.raises(SolveFailed, match="draw 1: no solution found"):
        got.solution(1)


def test_a_dataset_can_be_written(solved, tmp_path):
    import xarray as xr

    solved.data.to_netcdf(tmp_path / "draws.nc")
    with xr.open_dataset(tmp_path / "draws.nc") as back:
        np.testing.assert_array_equal(back["EV"], solved.data["EV"])
        assert back["EV"].dims == ("draw", "reg") and back["EV"].attrs["units"] == "million US$"


def test_wrong_input_is_refused_before_anything_is_solved(model, draws):
    with pytest.raises(ScenarioError, match="draw 1: 'nothing' cannot be shocked"):
        model.solve_many([draws[0], ({"nothing": 1.0}, {})])
    with pytest.raises(ScenarioError, match="no draws"):
        model.solve_many([])
    with pytest.raises(ScenarioError, match="'NOPE' is not a variable"):
        model.solve_many(draws, ("NOPE",))
    with pytest.raises(ScenarioError, match="'EV_ALT' is integrated over the path"):
        model.solve_many(draws, ("EV_ALT",))


def test_a_rebased_model_goes_back_the_way_it_came(model, draws):
    """The data base after a shock, shocked by the opposite, is the first one: quantities are the inverse indices."""
    there = model.solve({"tms": draws[0][0]["tms"]})
    moved = model.rebased(there.updated())
    assert moved.base().certificate.worst < 1e-9  # the new benchmark replicates
    back = moved.solve({"tms": 1.0 / draws[0][0]["tms"]})
    assert back.certificate.worst < 1e-9 and np.abs(np.log(there["qxs"])).max() > 0.01
    np.testing.assert_allclose(back["qxs"], 1.0 / there["qxs"], rtol=1e-5)
    together = moved.solve_many([({"tms": 1.0 / draws[0][0]["tms"]}, draws[0][1])], ("EV", "WEV", "qxs"))
    assert together.data["converged"].all()


def test_a_model_is_not_rebased_on_another_shape(model):
    from cge.benchmark import synthetic_benchmark

    with pytest.raises(ScenarioError, match="differs from .* in labels or in which flows exist"):
        model.rebased(synthetic_benchmark(3, 4, seed=1))
