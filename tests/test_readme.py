"""README.md and docs/engines.md: what they show works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cge.cli import _parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_python_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert "permanent residents" in capsys.readouterr().out


@pytest.mark.long
def test_examples_of_own_questions_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    first, *blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert 'engine="ipopt"' in first  # goes on from a model of the reader's own
    exec(compile("\n".join(blocks), "docs/engines.md", "exec"), {})
    assert "0.327" in capsys.readouterr().out


def test_commands_are_understood() -> None:
    commands = re.findall(r"^    cge (.+?)(?: {2,}#.*)?$", README, flags=re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        _parser().parse_args(shlex.split(command))


def test_targets_of_make_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"run", "test"} <= set(re.findall(r"(?:`|^ +)make ([a-z-]+)", README, flags=re.MULTILINE)) <= set(targets)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_to_files(link: str) -> None:
    assert (ROOT / link).exists()
