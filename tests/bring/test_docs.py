"""docs/bring_your_own.md: every command in it works, in the order of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cge.bring.layout import FINAL_USES, OUTPUT, TAXES, VALUE_ADDED
from cge.bring.sam_table import ROLES
from cge.bring.settings import SATELLITES, data, number
from cge.cli import main
from cge.results import open_results

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bring_your_own.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^    ((?:cge|cd) .+?)(?: {2,}#.*)?$", PAGE, flags=re.MULTILINE)]


def walk(folder, monkeypatch, capsys, solve):
    monkeypatch.chdir(folder)
    said = ""
    for program, *words in COMMANDS:
        if program == "cd":
            monkeypatch.chdir(Path.cwd() / words[0])
        elif solve or words[0] != "run":
            assert main(words) == 0, words
            said += capsys.readouterr().out
    return said


def test_commands_make_and_check_the_benchmarks(tmp_path, monkeypatch, capsys):
    said = walk(tmp_path, monkeypatch, capsys, solve=False)
    assert said.count("all checks passed") == 2
    assert (
        "default taken: workers" in said
        and "no results at purchasing-power parity" in said
        and "default taken: factor_shares" in said
    )
    for name in ("mine", "mine_sam"):
        folder = tmp_path / "example" / name
        assert {"benchmark.toml", "import.txt", "adjustments.csv"} <= {p.name for p in folder.iterdir()}


@pytest.mark.long
def test_commands_lead_to_a_comparison(tmp_path, monkeypatch, capsys):
    said = walk(tmp_path, monkeypatch, capsys, solve=True)
    assert said.count("replicates without a solve") == 2 and said.count("permanent residents") >= 2
    for name in ("compare", "compare_sam"):
        ds = open_results(tmp_path / "example" / "out" / f"{name}.nc")
        assert list(ds.scenario.values) == ["T", "M"]
        assert float(ds["certificate_residual"].max()) < 1e-9
        assert ("EVnewppp" in ds) == (name == "compare")  # price levels are given there


def test_page_names_everything_that_can_be_set():
    for name in (*SATELLITES, *ROLES, *FINAL_USES, *(x for some in (VALUE_ADDED, OUTPUT, TAXES) for x in some)):
        assert name in PAGE, name
    from cge.bring import icio, sam

    for option in {*icio.OPTIONS, *sam.OPTIONS, *icio.SECTIONS, *sam.SECTIONS}:
        assert option in PAGE, option
    assert f"{number('participation'):g}" in PAGE and f"{number('capital_over_gdp'):g} times GDP" in PAGE
    assert f"{len(data('oecd')['regions'])} regions" in PAGE and f"{len(data('oecd')['sectors'])} sectors" in PAGE
