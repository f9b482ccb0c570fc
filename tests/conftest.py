"""Shared by all tests: the place of reference material that is not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of raw and reference data beside the repository; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip(f"no reference data: the folder {SHARED.name} beside the repository is absent")
    return SHARED
