"""What `cge benchmarks` prints: counted from the folder, not from what the folder says of itself."""

from __future__ import annotations

import pytest

from cge.benchmark import shipped_benchmarks, synthetic_benchmark, write_benchmark
from cge.benchmark.listing import describe
from cge.cli import main


@pytest.fixture
def folder(tmp_path):
    rows = ["kind,check,ok", "imposed,a,yes", "imposed,b,no", "identity,c,yes", "report,d,report", "independent,e,no"]
    write_benchmark(synthetic_benchmark(3, 3, seed=1), tmp_path / "b", extra={"checks.csv": "\n".join(rows) + "\n"})
    return tmp_path / "b"


def test_checks_are_counted(folder):
    found = describe("b", folder)
    assert found.published == {"imposed": (1, 2), "identity": (1, 1), "independent": (0, 1)}
    assert found.accounts[0] == found.accounts[1] > 20
    assert found.size["reg"] == len(synthetic_benchmark(3, 3, seed=1).sets["reg"]) and found.megabytes > 0


def test_a_broken_account_is_not_counted_as_passed(folder):
    path = folder / "flows" / "SAVE.csv"
    lines = path.read_text().splitlines()
    region, value = lines[1].rsplit(",", 1)
    path.write_text("\n".join([lines[0], f"{region},{float(value) * 1.5 + 10}", *lines[2:]]) + "\n")
    passed, all_of_them = describe("b", folder).accounts
    assert passed < all_of_them


def test_without_comparison_there_is_no_count(folder):
    (folder / "checks.csv").unlink()
    assert describe("b", folder).published == {}


def test_the_command_names_year_size_sources_checks(capsys):
    assert main(["benchmarks"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100 or "folder:" in max(out.splitlines(), key=len)
    for b in shipped_benchmarks():
        assert f"{b.name}: {b.title}".split(" ")[0] in out
        assert f"year: {b.year}" in out and f"{b.size['reg']} reg" in out
        assert f"{b.accounts[0]} of {b.accounts[1]} passed" in out and b.accounts[0] == b.accounts[1]
    assert {b.name: b.year for b in shipped_benchmarks()} == {"ww1997": 1997, "world2014": 2014}
    assert "neutral: POL EEU XEA GCC" in out and "World Input-Output Database, 2016 release" in out
