"""What `cge run` leaves on the disk: whole files under the names asked for, or none, whatever stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from cge.cli import main
from cge.errors import CGEError, ScenarioError, SolveFailed
from cge.report.files import figure_files
from cge.results import write_netcdf
from cge.scenario import Scenario, read_scenarios
from cge.welfare import compare as comparison
from cge.welfare.targets import target_table

SCENARIOS = 'benchmark = "ww1997"\n[scenario.T]\ntariffs = [{ remove = "all" }]\n'


@pytest.fixture(autouse=True)
def signals():
    """Signals as a terminal gives them: a job in the background starts with interrupts ignored."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(args, capsys):
    code = main([str(a) for a in args])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A scenario file, and a comparison that takes no time and says if it was reached."""
    (tmp_path / "s.toml").write_text(SCENARIOS)
    ds = xr.Dataset({"a": ("x", np.arange(3.0))}, attrs={"headline": "{}"})
    monkeypatch.setattr("cge.welfare.compare.compare", lambda *a, **k: ds)
    monkeypatch.setattr("cge.report.print_results", lambda ds: None)
    return tmp_path


def stopped_while_writing(monkeypatch, number):
    real = xr.Dataset.to_netcdf

    def write(self, path, **options):
        signal.raise_signal(number)
        return real(self, path, **options)

    monkeypatch.setattr(xr.Dataset, "to_netcdf", write)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_while_the_netcdf_is_written_waits_for_its_end(folder, monkeypatch, capsys, number):
    stopped_while_writing(monkeypatch, number)
    code, _, err = run(["run", folder / "s.toml", "--out", folder / "out"], capsys)
    assert code == 128 + number
    assert err == f"cge: stopped; written before that: {folder / 'out' / 's.nc'}\n"
    assert os.listdir(folder / "out") == ["s.nc"]
    assert xr.open_dataset(folder / "out" / "s.nc")["a"].size == 3
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


def test_stop_at_the_temporary_file_leaves_nothing(folder, monkeypatch):
    import tempfile
    real = tempfile.mkstemp

    def make(*args, **options):
        made = real(*args, **options)
        signal.raise_signal(signal.SIGINT)
        return made

    monkeypatch.setattr(tempfile, "mkstemp", make)
    with pytest.raises(KeyboardInterrupt):
        write_netcdf(xr.Dataset({"a": 1.0}), folder / "r.nc")
    assert not list(folder.glob(".*"))


def test_a_failed_write_leaves_nothing(folder, monkeypatch):
    def fail(self, path, **options):
        path.write_bytes(b"half")
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    with pytest.raises(CGEError, match="free space"):
        write_netcdf(xr.Dataset({"a": 1.0}), folder / "r.nc")
    assert [p.name for p in folder.iterdir()] == ["s.toml"]


def test_stop_in_the_figures_says_what_was_written(folder, monkeypatch, capsys):
    monkeypatch.setattr("cge.report.figures.write_figures", lambda *a: signal.raise_signal(signal.SIGINT))
    code, _, err = run(["run", folder / "s.toml", "--out", folder / "out"], capsys)
    assert (code, err) == (130, f"cge: stopped; written before that: {folder / 'out' / 's.nc'}\n")


@pytest.mark.parametrize(("number", "stop"), [(2, signal.SIGINT), (15, signal.SIGTERM)])
def test_stop_while_solving_removes_the_folder_it_made(folder, monkeypatch, capsys, number, stop):
    def compare(*args, **options):
        (folder / "a" / "out").mkdir(parents=True)
        signal.raise_signal(stop)

    monkeypatch.setattr("cge.welfare.compare.compare", compare)
    code, _, err = run(["run", folder / "s.toml", "--out", folder / "a" / "out"], capsys)
    assert (code, err) == (128 + number, "cge: stopped; nothing was written\n")
    assert not (folder / "a").exists()


@pytest.mark.parametrize("output", ["", ".", "..", "a/b/", "a/b.nc", "/etc/x.nc", "x.txt", "res", ".nc", "a\\\\b.nc"])
def test_output_must_be_a_plain_netcdf_name(folder, capsys, output):
    (folder / "s.toml").write_text(f'output = "{output}"\n' + SCENARIOS)
    code, _, err = run(["run", folder / "s.toml", "--out", folder / "out"], capsys)
    assert (code, err.count("\n")) == (1, 1)
    assert "is not a plain file name that ends in .nc" in err
    assert not (folder / "out").exists()


@pytest.mark.parametrize("name", ["s.nc", *figure_files("s")])
def test_a_folder_in_the_place_of_a_result_is_refused_before_the_solves(folder, monkeypatch, capsys, name):
    monkeypatch.setattr("cge.welfare.compare.compare", lambda *a, **k: pytest.fail("solved"))
    (folder / name).mkdir()
    code, _, err = run(["run", folder / "s.toml", "--out", folder], capsys)
    assert (code, err.count("\n")) == (1, 1)
    assert f"{folder / name}: a folder has that name" in err


@pytest.mark.parametrize(("attrs", "coords"), [({}, {}), ({"headline": "["}, {}), ({}, {"part": ["tariffs"]})])
def test_report_refuses_a_netcdf_of_others(tmp_path, capsys, attrs, coords):
    xr.Dataset({"a": 1.0}, coords=coords, attrs=attrs).to_netcdf(tmp_path / "other.nc")
    code, out, err = run(["report", tmp_path / "other.nc"], capsys)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "other.nc" in err and "`cge run` wrote" in err


def test_refusal_without_a_home_is_one_line(tmp_path):
    """matplotlib warns where it can write no cache; a refusal does not load it."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "HOME": str(blocked),
           "XDG_CONFIG_HOME": str(blocked), "XDG_CACHE_HOME": str(blocked), "TMPDIR": str(tmp_path)}
    env.pop("MPLCONFIGDIR", None)
    done = subprocess.run([sys.executable, "-m", "cge.cli", "run", "nothing.toml"], cwd=tmp_path, env=env, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr


def certificate(worst):
    return SimpleNamespace(residual=worst, where="goods_market (goods) Agr, USA", walras=0.0, sam=0.0,
                           sam_where="household USA", worst=worst)


def a_model(monkeypatch, worst):
    """A model whose solutions have a certificate of this size, and a gain that grows with the quota."""
    monkeypatch.setattr(comparison, "shocks_of", lambda scenario, *a: (scenario, {}))
    monkeypatch.setattr(comparison, "moving", lambda *a: None)
    monkeypatch.setattr(comparison, "rates_missing", lambda *a: "")

    def solve(scenario, coefficients):
        rate = sum(entry["rate"] for entry in scenario.quota)
        return SimpleNamespace(certificate=certificate(worst(rate)), seconds=0.0,
                               report=SimpleNamespace(iterations=1), __getitem__=None, gain=100 * rate)

    return SimpleNamespace(base=lambda: SimpleNamespace(certificate=certificate(0.0)), newton=None, engine="newton",
                           solve=solve, labour=None, system=SimpleNamespace(n=1), check=lambda *a: None)


@pytest.mark.parametrize("worst", [2e-9, float("inf"), float("nan")])
def test_a_solution_without_its_certificate_is_no_result(folder, monkeypatch, worst):
    monkeypatch.undo()
    model = a_model(monkeypatch, lambda rate: worst)
    bench = SimpleNamespace(name="b", labels=lambda dim: ["x"], meta={})
    monkeypatch.setattr(comparison, "make_model", lambda *a: model)
    monkeypatch.setattr(comparison, "to_dataset", lambda *a: pytest.fail("results were made"))
    with pytest.raises(SolveFailed, match="scenario 'T': the solution fails its certificate.* goods_market"):
        comparison.compare(read_scenarios(folder / "s.toml"), benchmark=bench,
                           solved=lambda *a: pytest.fail("handed on"))


def test_break_even_needs_certificates_and_a_rate(monkeypatch):
    model = a_model(monkeypatch, lambda rate: 1.0)
    with pytest.raises(SolveFailed, match="break-even of 'M'.* fails its certificate"):
        comparison.breakeven_quota(model, Scenario("M", quota=[{"rate": 0.03}]), {}, 1.0)
    with pytest.raises(ScenarioError, match="no quota above 0"):
        comparison.breakeven_quota(model, Scenario("M", quota=[{"rate": 0}]), {}, 1.0)


@pytest.mark.parametrize("gain", [0.0, float("nan")])
def test_targets_of_nothing_are_not_computable(gain):
    role = {"migration": "M", "unskilled": "M", "skilled": "M"}
    ds = xr.Dataset({"gain_world": ("scenario", [gain])}, coords={"scenario": ["M"]}, attrs={
        "headline": json.dumps(role), "groups": "{}", "labour_options": "{}"})
    table = target_table(ds).set_index("no")
    assert set(table["obtained"][[3, 5]]) == {"not computable"}
    assert set(table["met"][[3, 5]]) == {"report"}
