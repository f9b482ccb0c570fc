"""The command line: what a person gets, and what a wrong input gives."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cge.benchmark import synthetic_benchmark, write_benchmark
from cge.cli import main


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a small benchmark and a scenario file."""
    folder = tmp_path_factory.mktemp("user")
    bench = synthetic_benchmark(3, 3, seed=1)
    regs = bench.sets["reg"]
    write_benchmark(bench.replace(meta={"groups": {"importers": [regs[0]], "exporters": list(regs[1:])}}),
                    folder / "tiny")
    (folder / "ok.toml").write_text(f"""
title = "A tiny comparison"
benchmark = "{folder / 'tiny'}"
[scenario.T]
tariffs = [{{ remove = "all" }}]
[scenario.M]
quota = [{{ rate = 0.02 }}]
[headline]
trade = "T"
migration = "M"
""")
    return folder


def run(args, capsys):
    code = main([str(a) for a in args])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_run_writes_results_and_prints_tables(home, tmp_path, capsys):
    code, out, err = run(["run", home / "ok.toml", "--out", tmp_path, "--no-figures"], capsys)
    assert (code, err) == (0, "")
    assert (tmp_path / "ok.nc").is_file()
    assert "replicates without a solve" in out
    assert "permanent residents" in out
    code, out, err = run(["report", tmp_path / "ok.nc", "--scenario", "M"], capsys)
    assert code == 0
    assert "M: " in out


@pytest.mark.parametrize(("old", "new", "says"), [
    ('remove = "all"', 'remove = "all", dst = ["Nowhere"]', "region 'Nowhere'"),
    ("rate = 0.02", 'rate = 0.02, skills = ["nobody"]', "skill 'nobody'"),
    ('remove = "all"', 'remove = "all", comm = ["Air"]', "sector 'Air'"),
    ("rate = 0.02", "rate = 40.0", "of its own"),
    ('remove = "all"', "rate = -1.5", "below -100%"),
    ("tiny\"", "gone\"", "gone"),
])
def test_wrong_input_is_one_line_and_writes_nothing(home, tmp_path, capsys, old, new, says):
    text = (home / "ok.toml").read_text()
    assert old in text
    (tmp_path / "bad.toml").write_text(text.replace(old, new))
    code, _out, err = run(["run", tmp_path / "bad.toml", "--out", tmp_path / "out"], capsys)
    assert code == 1
    assert says in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_missing_file(capsys):
    code, _out, err = run(["run", "nothing.toml"], capsys)
    assert code == 1
    assert "nothing.toml" in err


def test_file_as_output_folder_is_refused(home, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    code, _out, err = run(["run", home / "ok.toml", "--out", tmp_path / "taken"], capsys)
    assert code == 1
    assert "taken" in err


def test_broken_benchmark_names_the_account(home, tmp_path, capsys):
    bench = synthetic_benchmark(3, 3, seed=1)
    write_benchmark(bench, tmp_path / "b")
    path = tmp_path / "b" / "flows" / "VDPB.csv"
    lines = path.read_text().splitlines()
    head, value = lines[1].rsplit(",", 1)
    lines[1] = f"{head},{float(value) * 1.5}"
    path.write_text("\n".join(lines) + "\n")
    code, _out, err = run(["check", tmp_path / "b"], capsys)
    assert code == 1
    assert head.split(",")[0] in err


def test_sam_is_shown_exported_and_checked(home, tmp_path, capsys):
    code, out, _ = run(["sam", home / "tiny"], capsys)
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 100
    code, out, _ = run(["sam", home / "tiny", "--check", "--export", tmp_path / "sam.csv"], capsys)
    assert code == 0
    assert (tmp_path / "sam.csv").is_file()
    code, out, _ = run(["sam", tmp_path / "sam.csv", "--check"], capsys)
    assert code == 0
    assert "balanced" in out


def test_lists(capsys):
    assert "ww1997" in run(["benchmarks"], capsys)[1]
    assert "walmsley_winters.toml" in run(["scenarios"], capsys)[1]
    assert "qxs" in run(["symbols", "bilateral"], capsys)[1]
    assert "goods_market" in run(["equation", "pds"], capsys)[1]
    assert run(["equation", "nothing"], capsys)[0] == 1


def test_module_runs_from_anywhere(tmp_path):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-m", "cge.cli", "benchmarks"], cwd=tmp_path, env=env, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ww1997" in done.stdout


def test_an_equation_with_its_numbers(capsys):
    assert main(["equation", "goods_market", "--benchmark", "ww1997", "--at", "comm=Agr", "reg=USA"]) == 0
    out = capsys.readouterr().out
    assert "E_goods_market[Agr,USA]:" in out and "*qds[Agr,USA]" in out
    assert out.count("E_goods_market[") == 1


@pytest.mark.parametrize(("words", "message"), [
    (["goods_market", "--at", "reg=USA"], "name one with --benchmark"),
    (["goods_market", "--benchmark", "ww1997", "--at", "reg=XXX"], "'XXX' is not among USA"),
    (["goods_market", "--benchmark", "ww1997", "--at", "src=USA"], "has the dimensions (comm, reg)"),
    (["EV_ALT", "--benchmark", "ww1997"], "integrated along the path"),
])
def test_an_equation_that_cannot_be_printed(capsys, words, message):
    assert main(["equation", *words]) == 1
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_an_unknown_engine_is_refused(capsys):
    assert main(["run", "walmsley_winters", "--engine", "newtn"]) == 1
    assert "engine 'newtn' is not known; did you mean 'newton'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["CV", "upcv", "SRCown"])
def test_what_is_found_after_the_solve_has_terms_and_no_written_row(name, capsys):
    assert main(["equation", name]) == 0
    assert f"determines {name}" in capsys.readouterr().out
    assert main(["symbols", name]) == 0
    assert name in capsys.readouterr().out
    assert main(["equation", name, "--benchmark", "ww1997", "--at", "reg=USA"]) == 1
    assert "is found after the solve" in capsys.readouterr().err
