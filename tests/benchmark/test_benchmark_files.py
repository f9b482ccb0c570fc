"""Benchmark folders: bitwise round trip, atomic writing, refusal of malformed files."""

import dataclasses
import os

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import cge._paths as paths
from cge.benchmark import HEADERS, Benchmark, open_benchmark, synthetic_benchmark, write_benchmark
from cge.errors import BenchmarkError


@pytest.fixture
def bench():
    return synthetic_benchmark(3, 3, 1)


@pytest.fixture
def folder(bench, tmp_path):
    return write_benchmark(bench, tmp_path / "small")


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("migrants", [True, False])
def test_round_trip_is_bitwise(tmp_path, migrants):
    bench = synthetic_benchmark(4, 3, 7, migrants=migrants)
    back = open_benchmark(write_benchmark(bench, tmp_path / "b"))
    assert back.sets == bench.sets and back.meta == bench.meta and back.name == bench.name
    assert list(back.arrays) == list(bench.arrays)
    for name, array in bench.arrays.items():
        assert np.array_equal(back[name].values, array.values), name
    assert back.digest() == bench.digest()
    again = write_benchmark(back, tmp_path / "again")
    assert files(again) == files(tmp_path / "b")


def test_zero_cells_are_left_out(folder, bench):
    lines = (folder / "flows" / "VXSB.csv").read_text().splitlines()
    assert lines[0] == "comm,src,dst,value"
    assert len(lines) - 1 == int((bench["VXSB"].values != 0).sum())


def test_digest_sees_every_number_and_label(bench):
    nudged = bench["VKB"].copy(data=bench["VKB"].values.copy())
    nudged[0] = np.nextafter(float(nudged[0]), np.inf)
    assert bench.replace(VKB=nudged).digest() != bench.digest()
    assert bench.replace(meta={"year": 1999}).digest() != bench.digest()


def test_extra_files_are_written_and_kept(bench, tmp_path):
    table = pd.DataFrame({"array": ["VDFB"], "change": [0.5]})
    folder = write_benchmark(bench, tmp_path / "b", extra={"README.md": "words\n", "adjustments.csv": table})
    write_benchmark(bench, folder)
    assert (folder / "README.md").read_text() == "words\n"
    assert (folder / "adjustments.csv").read_text() == "array,change\nVDFB,0.5\n"


def test_dropped_arrays_leave_no_file(bench, folder):
    write_benchmark(bench.replace(drop=("TMSFARM", "TMS1993", "LABSTAT")), folder)
    assert not (folder / "policy").exists()
    assert "LABSTAT" not in open_benchmark(folder)


def test_failed_write_leaves_the_old_benchmark(bench, folder, monkeypatch):
    before = files(folder)
    real = os.replace
    calls = []

    def broken(source, target):
        calls.append(target)
        if len(calls) == 2:  # the old folder has just been moved away
            raise OSError("disk full")
        return real(source, target)

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_benchmark(bench.replace(meta={"year": 1}), folder)
    monkeypatch.undo()
    assert files(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_nothing_is_written_for_a_nan(bench, tmp_path):
    holed = bench["POP"].copy(data=[np.nan, 1.0, 1.0])
    with pytest.raises(BenchmarkError, match="POP"):
        write_benchmark(bench.replace(POP=holed), tmp_path / "b")
    assert not list(tmp_path.iterdir())


def test_foreign_folder_is_not_overwritten(bench, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BenchmarkError, match="holds other files"):
        write_benchmark(bench, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_another_benchmark_is_not_overwritten(folder, bench):
    write_benchmark(dataclasses.replace(bench, name="mine"), folder.parent / "mine")
    before = (folder.parent / "mine" / "benchmark.toml").read_bytes()
    with pytest.raises(BenchmarkError, match="holds benchmark 'mine', which '.*' would replace"):
        write_benchmark(bench, folder.parent / "mine")
    assert (folder.parent / "mine" / "benchmark.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("flows/VDPB.csv", "Agr,R1,", "Wheat,R1,", r"VDPB.csv, line 2: comm 'Wheat' is not in set comm"),
        ("flows/VKB.csv", "R2,", "R1,", r"VKB.csv, line 3: cell \(R1\) is given twice"),
        ("flows/SAVE.csv", "R1,", "R1,about ", r"SAVE.csv, line 2: value 'about .*' is not a finite number"),
        ("flows/VKB.csv", "value\n", "value\nR1,inf\n", r"cell \(R1\) is given twice"),
        ("flows/SAVE.csv", "reg,value", "region,value", r"columns are region, value; should be reg, value"),
        ("benchmark.toml", "[sets]", "[sets", r"benchmark.toml: .*mend"),
        ("benchmark.toml", 'Land = "sluggish"', 'Soil = "sluggish"', r"'Soil' is not an endowment"),
        (
            "benchmark.toml",
            'reg = ["R1", "R2", "R3"]',
            'reg = ["R1", "R1", "R3"]',
            r"set reg: duplicate label R1",
        ),
    ],
)
def test_malformed_file_is_refused(folder, file, old, new, message):
    edit(folder / file, old, new)
    with pytest.raises(BenchmarkError, match=message):
        open_benchmark(folder, check=False)


@pytest.mark.parametrize("text", ["nan", "inf", "", "1,5", "12 %"])
def test_a_value_that_is_no_number_is_refused(folder, text):
    path = folder / "labour" / "REMIT.csv"
    lines = path.read_text().splitlines()
    cell = lines[3].rpartition(",")[0]
    lines[3] = f'{cell},"{text}"'
    path.write_text("\n".join(lines))
    with pytest.raises(BenchmarkError, match=rf"REMIT.csv, line 4: value '{text}' is not a finite number"):
        open_benchmark(folder)


def test_missing_and_unknown_files_are_named(folder):
    (folder / "flows" / "VST.csv").rename(folder / "flows" / "VSST.csv")
    with pytest.raises(BenchmarkError, match="no array VSST"):
        open_benchmark(folder)
    (folder / "flows" / "VSST.csv").unlink()
    with pytest.raises(BenchmarkError, match=r"missing flows/VST.csv"):
        open_benchmark(folder)


def test_opening_checks_the_accounts(folder, bench):
    value = repr(float(bench["SAVE"][0]))
    edit(folder / "flows" / "SAVE.csv", value, repr(float(bench["SAVE"][0]) + 5.0))
    with pytest.raises(BenchmarkError, match=r"SAVE \(reg R1\).*off by -5 million"):
        open_benchmark(folder)
    assert isinstance(open_benchmark(folder, check=False), Benchmark)


def test_shipped_names_are_found_and_listed(bench, tmp_path, monkeypatch):
    package = tmp_path / "site" / "cge"
    package.mkdir(parents=True)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    write_benchmark(bench, tmp_path / "site" / "sam_data" / "tiny")  # the repository fallback
    assert open_benchmark("tiny").name == bench.name
    write_benchmark(bench.replace(name="installed"), package / "_shipped" / "sam_data" / "tiny")
    assert open_benchmark("tiny").name == "installed"
    with pytest.raises(BenchmarkError, match=r"no shipped benchmark 'huge' \(shipped: tiny\)"):
        open_benchmark("huge")
    with pytest.raises(BenchmarkError, match=r"is no benchmark folder"):
        open_benchmark(tmp_path / "nowhere")


def test_arrays_come_in_canonical_order(bench):
    shuffled = bench["VXSB"].isel(src=[2, 0, 1], comm=[1, 2, 0]).transpose("dst", "comm", "src")
    again = bench.replace(VXSB=shuffled)
    assert again["VXSB"].dims == HEADERS["VXSB"].dims
    assert np.array_equal(again["VXSB"].values, bench["VXSB"].values)
    with pytest.raises(ValueError, match="read-only"):
        again["VXSB"].values[0, 0, 0] = 1.0


def test_defaults_of_absent_arrays():
    bench = synthetic_benchmark(2, 2, migrants=False, taxes=False)
    assert "REMIT" not in bench and float(bench["REMIT"].sum()) == 0.0
    assert (bench["ESUBG"] == 1.0).all() and bench["RORDELTA"].dims == ()
    with pytest.raises(BenchmarkError, match=r"no array LAB .*add labour/LAB.csv"):
        bench["LAB"]
    with pytest.raises(BenchmarkError, match="no benchmark array is called 'VDPX'"):
        bench["VDPX"]


def test_structure_is_judged_at_construction(bench):
    with pytest.raises(BenchmarkError, match=r"array POP: dimensions are \('region',\)"):
        bench.replace(POP=bench["POP"].rename(reg="region"))
    with pytest.raises(
        BenchmarkError, match=r"array POP, dimension reg: unknown labels \['R9'\], missing labels \['R3'\]"
    ):
        bench.replace(POP=bench["POP"].assign_coords(reg=["R1", "R2", "R9"]))
    with pytest.raises(BenchmarkError, match="POP: dimension reg has no labels"):
        bench.replace(POP=xr.DataArray([1.0, 2.0, 3.0], dims="reg"))
    with pytest.raises(BenchmarkError, match="every cell must be a number"):
        bench.replace(POP=bench["POP"].copy(data=np.array([1, "many", 3], dtype=object)))
    with pytest.raises(BenchmarkError, match="set marg: Boats not in set comm"):
        Benchmark("x", {**bench.sets, "marg": ("Boats",)}, {})
    with pytest.raises(BenchmarkError, match="label 'a b' is not allowed"):
        Benchmark("x", {**bench.sets, "reg": ("a b", "c")}, {})
