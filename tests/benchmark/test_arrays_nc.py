"""Benchmark folders that hold their arrays in netCDF: exact round trip, choice by size, refusal of damage."""

import netCDF4
import numpy as np
import pytest
import xarray as xr

import cge.benchmark.io as io
from cge.benchmark import open_benchmark, synthetic_benchmark, synthetic_world, write_benchmark
from cge.errors import BenchmarkError


@pytest.fixture
def bench():
    return synthetic_benchmark(3, 3, 1)


@pytest.fixture
def folder(bench, tmp_path):
    return write_benchmark(bench, tmp_path / "b", form="netcdf")


@pytest.mark.parametrize("bench_", [synthetic_benchmark(4, 3, 7), synthetic_benchmark(2, 2, 0, migrants=False),
                                    synthetic_world(5, 4, 0, margins=0)], ids=lambda b: b.name)
def test_round_trip_is_exact(tmp_path, bench_):
    folder = write_benchmark(bench_, tmp_path / "b", form="netcdf")
    assert sorted(p.name for p in folder.iterdir()) == ["arrays.nc", "benchmark.toml"]
    back = open_benchmark(folder)
    assert back.sets == bench_.sets and back.meta == bench_.meta and list(back.arrays) == list(bench_.arrays)
    for name, array in bench_.arrays.items():
        assert np.array_equal(back[name].values, array.values), name
    assert back.digest() == bench_.digest() == open_benchmark(write_benchmark(back, tmp_path / "csv")).digest()
    again = write_benchmark(back, tmp_path / "again", form="netcdf")
    assert (again / "arrays.nc").read_bytes() == (folder / "arrays.nc").read_bytes()


def test_the_form_is_chosen_by_size(bench, tmp_path, monkeypatch):
    folder = write_benchmark(bench, tmp_path / "b")
    assert not (folder / "arrays.nc").exists() and (folder / "flows").is_dir()
    small = bench.digest()
    monkeypatch.setattr(io, "MOST_CSV_CELLS", 100)
    write_benchmark(bench, folder, extra={"README.md": "words\n"})
    assert sorted(p.name for p in folder.iterdir()) == ["README.md", "arrays.nc", "benchmark.toml"]
    large = bench.digest()
    assert open_benchmark(folder).digest() == large != small
    nudged = bench["VKB"].copy(data=bench["VKB"].values.copy())
    nudged[0] = np.nextafter(float(nudged[0]), np.inf)
    assert bench.replace(VKB=nudged).digest() != large
    write_benchmark(bench, folder, form="csv")
    assert not (folder / "arrays.nc").exists()
    assert open_benchmark(folder).digest() == large  # of the numbers, however they are stored


def test_others_can_read_the_file(folder, bench):
    with xr.open_dataset(folder / "arrays.nc") as ds:
        assert float(ds["VXSB"].sel(comm="Agr", src="R3", dst="R1")) == float(
            bench["VXSB"].sel(comm="Agr", src="R3", dst="R1"))
        assert ds["VXSB"].attrs["units"] == "million US$"


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = bytearray()
    elif how == "text":
        content = bytearray(b"VXSB,1\n")
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["cut", "empty", "text"])
def test_damaged_file_is_refused(folder, how):
    damage(folder / "arrays.nc", how)
    with pytest.raises(BenchmarkError, match=r"arrays.nc is damaged or no netCDF file .*anew") as caught:
        open_benchmark(folder)
    assert "\n" not in str(caught.value)


def test_a_flipped_bit_is_refused(folder, bench):
    path = folder / "arrays.nc"
    content = bytearray(path.read_bytes())
    at = content.find(bench["VXSB"].values.tobytes())
    assert at > 0
    content[at + 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(BenchmarkError, match="at array VXSB: NetCDF: HDF error"):
        open_benchmark(folder, check=False)


def edit(folder, change):
    with netCDF4.Dataset(folder / "arrays.nc", "a") as file:
        change(file)


@pytest.mark.parametrize(("change", "says"), [
    (lambda f: f.renameVariable("VKB", "VKX"), "no benchmark array is called VKX"),
    (lambda f: f.renameVariable("VDEP", "VMPB2"), "no benchmark array is called VMPB2"),
    (lambda f: f.renameDimension("reg", "region"), "no dimension of a benchmark is called region"),
    (lambda f: f["src"].__setitem__(1, "Q"), "label 2 of src is 'Q', and 'R2' in set reg"),
    (lambda f: f["POP"].__setitem__(2, np.nan), r"POP \(reg R3\) is nan, not a finite number"),
])
def test_wrong_content_is_refused(folder, change, says):
    edit(folder, change)
    with pytest.raises(BenchmarkError, match=says):
        open_benchmark(folder, check=False)


def test_missing_and_doubled_arrays_are_refused(folder, bench, tmp_path):
    (folder / "flows").mkdir()
    (folder / "flows" / "VKB.csv").write_text("reg,value\n")
    with pytest.raises(BenchmarkError, match=r"VKB.csv stands beside arrays.nc"):
        open_benchmark(folder)
    bare = write_benchmark(bench.replace(drop=("VKB", "POP")), tmp_path / "bare", form="netcdf")
    with pytest.raises(BenchmarkError, match=r"arrays.nc: missing VKB, POP"):
        open_benchmark(bare)


def test_imbalance_is_found_on_opening(folder, bench):
    edit(folder, lambda f: f["SAVE"].__setitem__(0, float(bench["SAVE"][0]) + 5.0))
    with pytest.raises(BenchmarkError, match=r"SAVE \(reg R1\).*off by 5 million"):
        open_benchmark(folder)
