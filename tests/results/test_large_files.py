"""What a result file holds where its arrays are large: nothing above the limits unless asked, and it says so."""

import numpy as np
import pytest
import xarray as xr

import cge.results.dataset as dataset
from cge import Model, read_scenarios
from cge.benchmark import synthetic_world, write_benchmark
from cge.results import to_dataset, write_netcdf
from cge.solve.model import Solution
from cge.welfare.gains import add_gains


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A file, its model and points off the benchmark, which stand in for solutions."""
    folder = tmp_path_factory.mktemp("large")
    write_benchmark(synthetic_world(4, 5, 0), folder / "four")
    (folder / "s.toml").write_text(f'title = "x"\nbenchmark = "{folder / "four"}"\n[scenario.T]\n'
                                   'tariffs = [{ remove = "all" }]\n[scenario.M]\nquota = [{ rate = 0.01 }]\n')
    file = read_scenarios(folder / "s.toml")
    model = Model(synthetic_world(4, 5, 0))
    start, rng = model.base(), np.random.default_rng(0)
    return file, model, {name: Solution(model, 1e-3 * rng.normal(size=model.system.n), start.data, 1, start.report, 0.0)
                         for name in file.scenarios}


def test_variables_are_those_of_the_solutions(case):
    _, _, solutions = case
    ds = to_dataset(*case)
    for name in ("qxs", "EV", "pds", "pgdp", "CNTtotr"):
        for scenario, solution in solutions.items():
            np.testing.assert_array_equal(ds[name].sel(scenario=scenario).values, solution[name].values)
    assert "left_out" not in ds.attrs and "txs" not in ds
    assert ds["pds"].attrs["benchmark_value"] == 1.0 and ds["EV"].attrs["benchmark_value"] == "0"
    assert ds["exports"].attrs["benchmark_value"] == "see the benchmark arrays"


def test_large_arrays_are_left_out_unless_asked(case, monkeypatch):
    full = add_gains(to_dataset(*case))
    monkeypatch.setattr(dataset, "MOST_ARRAY", 5 * 4 * 4 - 1)
    short = add_gains(to_dataset(*case))
    left = short.attrs["left_out"].split(", ")
    assert {"qxs", "pmds", "qfd", "VXSB", "VTWR", "MAKB"} <= set(left) and "txs" not in left
    assert set(full.variables) - set(short.variables) - {"src", "dst"} == set(left)
    xr.testing.assert_identical(full[["gain_world", "pds", "LAB"]].drop_attrs(deep=False),
                                short[["gain_world", "pds", "LAB"]].drop_attrs(deep=False))
    assert "left_out" not in to_dataset(*case, True).attrs


@pytest.mark.parametrize("most", [0, 10**9])
def test_compression_changes_no_number(case, tmp_path, monkeypatch, most):
    monkeypatch.setattr(dataset, "MOST_COMPRESSED", most)
    ds = to_dataset(*case, True)
    back = xr.open_dataset(write_netcdf(ds, tmp_path / "r.nc"))
    for name in ("qxs", "AE", "CNTqxs"):
        np.testing.assert_array_equal(back[name].values, ds[name].values)
        assert back[name].dtype == np.float64
