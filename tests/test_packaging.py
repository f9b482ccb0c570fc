"""The distribution: the wheel holds what `cge run` needs, and works far from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cge._version import __version__

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = "walmsley_winters.toml"
OUTSIDE = "import cge; from pathlib import Path; print(Path(cge.__file__).resolve().parent)"


def run(*command: object, cwd: Path, code: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command away from the repository; its output is in the failure message unless it exits with `code`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "COV_"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept | settings, capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        pytest.fail(f"exit code {done.returncode} of {command}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done


def build(target: str, folder: Path) -> Path:
    """Build the wheel or the sdist of the repository into `folder`, with the hatchling of this environment."""
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder, cwd=ROOT)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as installed, without its dependencies."""
    folder = tmp_path_factory.mktemp("site")
    run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel),
        cwd=folder,
    )
    return folder


def repository_files(folder: str, pattern: str) -> set[str]:
    return {f"{folder}/{path.relative_to(ROOT / folder)}" for path in (ROOT / folder).glob(pattern) if path.is_file()}


SCENARIOS = repository_files("runs", "*.toml") | repository_files("runs", "*/*.toml")


def test_wheel_holds_package_benchmarks_and_scenarios(wheel: Path) -> None:
    assert wheel.name == f"opencge-{__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = repository_files("sam_data", "**/*") | SCENARIOS
    assert {f"runs/{SCENARIO}", "runs/scenarios/S09.toml"} <= shipped
    assert {f"cge/_shipped/{name}" for name in shipped} == {n for n in names if n.startswith("cge/_shipped/")}
    assert repository_files("cge", "**/*.py") | repository_files("cge", "**/*.toml") <= names


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"cge", f"opencge-{__version__}.dist-info"}


def test_sdist_holds_sources_and_no_results(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"Makefile", "README.md", "LICENSE", "constraints.txt", ".ci/run", "tests/test_packaging.py"} <= names
    assert repository_files("cge", "**/*.py") | repository_files("calibration", "**/*.py") <= names
    assert repository_files("sam_data", "**/*") | SCENARIOS <= names
    assert not {name for name in names if name.startswith(("runs/out", ".venv", ".git/"))}


def test_shipped_files_are_found_outside_the_repository(unpacked: Path, tmp_path: Path) -> None:
    code = f"{OUTSIDE}; from cge._paths import shipped; print(shipped('runs', {SCENARIO!r}))"
    where, scenario = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(unpacked)).stdout.split()
    assert Path(where) == unpacked / "cge"
    assert Path(scenario) == unpacked / "cge" / "_shipped" / "runs" / SCENARIO


def test_command_lists_and_refuses_outside_the_repository(unpacked: Path, tmp_path: Path) -> None:
    def cge(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-m", "cge.cli", *words, cwd=tmp_path, code=code, PYTHONPATH=str(unpacked))

    assert __version__ in cge("--version").stdout
    assert "ww1997" in cge("benchmarks").stdout
    listed = cge("scenarios").stdout
    assert SCENARIO in listed and "\nS9 " in listed
    assert "Mechanism: " in cge("scenarios", "s9").stdout
    refused = cge("run", "no_such_scenario", code=1).stderr
    assert "no_such_scenario" in refused
    assert SCENARIO in refused
    assert refused.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_wheel_in_an_empty_environment_runs_the_shipped_scenario(wheel: Path, tmp_path: Path) -> None:
    """Nothing is shared with this environment or the repository but pip's cache of downloads."""
    run(sys.executable, "-m", "venv", "env", cwd=tmp_path)
    programs = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(
        *(programs / "python", "-m", "pip", "install", "--quiet", "--no-input", "--only-binary", ":all:"),
        *("--constraint", ROOT / "constraints.txt", wheel),
        cwd=tmp_path,
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = run(programs / "python", "-c", OUTSIDE, cwd=elsewhere).stdout.strip()
    assert Path(where).is_relative_to(tmp_path / "env")
    run(programs / "cge", "run", SCENARIO, cwd=elsewhere)
    made = {path.name: path.stat().st_size for path in (elsewhere / "runs" / "out").iterdir()}
    assert made["walmsley_winters.nc"] > 0
    assert sum(name.endswith(".png") for name in made) == 2
