"""Phases of a run on the shipped benchmark, from import to netCDF."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest

import cge
from cge.results import to_dataset, write_netcdf
from cge.scenario import read_scenarios
from cge.solve import newton
from cge.solve.certificate import certify
from tests.bench.world import RUN, shocks, ww1997


def test_import(measure):
    measure("phases", "import of `cge.welfare.compare` in a new process",
            lambda: subprocess.run([sys.executable, "-c", "import cge.welfare.compare"], check=True), unit="s")


def test_cold_run(measure, tmp_path):
    text = RUN.read_text(encoding="utf-8")
    one = tmp_path / "one.toml"
    one.write_text(text[:text.index('[scenario."T-"]')] + '\n[headline]\ntrade = "T"\n', encoding="utf-8")
    call = "import sys; from cge.cli import main; sys.exit(main(sys.argv[1:]))"
    measure("phases", "`cge run` of one scenario, no figures, in a new process, code compiled before",
            lambda: subprocess.run([sys.executable, "-c", call, "run", str(one), "--no-figures", "--out",
                                    str(tmp_path / "out")], check=True, capture_output=True), unit="s")
    assert (tmp_path / "out" / "walmsley_winters.nc").is_file()


def test_open(measure):
    measure("phases", "open and check the benchmark", lambda: cge.open_benchmark("ww1997"))


def test_calibrate(measure):
    bench = cge.open_benchmark("ww1997")
    measure("phases", "calibrate, scan the table", lambda: cge.Model(bench))


@pytest.mark.parametrize("kept", [False, True])
def test_factorise(measure, monkeypatch, kept):
    engine = copy.copy(ww1997().newton)
    if not kept:
        monkeypatch.setattr(newton, "recall", lambda key, n: None)
    measure("phases", "inverse Jacobian of the benchmark kept by an earlier process" if kept
            else "Jacobian at the benchmark and its inverse", lambda: engine.factorise(ww1997().base().data),
            note=f"{ww1997().system.n} unknowns")


@pytest.mark.parametrize("name", ["M", "T", "T+M", "T trade el. x2"])
def test_warm(measure, name):
    s = measure("phases", f"one counterfactual: {name}", lambda: ww1997().solve(*shocks(name)), rounds=15,
                note=lambda s: f"{s.report.iterations} residuals, largest {s.report.residual:.0e}")
    assert s.certificate.worst < 1e-9


def test_certificate(measure):
    s = ww1997().solve(*shocks("T+M"))
    measure("phases", "certificate of T+M",
            lambda: certify(s.model.system, s.x, s.data, s.model.system.view(s.x, s.data, s.path.integral), s.path))


def test_netcdf(measure, tmp_path):
    file = read_scenarios(RUN)
    solutions = {"T": ww1997().solve(*shocks("T"))}
    one = copy.copy(file)
    object.__setattr__(one, "scenarios", {"T": file.scenarios["T"]})
    ds = to_dataset(one, ww1997(), solutions)
    measure("phases", "netCDF of one scenario", lambda: write_netcdf(ds, tmp_path / "t.nc"))
