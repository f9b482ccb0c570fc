"""Names of the files of figures, known without drawing."""

from __future__ import annotations

FIGURES = ("world", "regions")
KINDS = ("png", "svg")


def figure_files(stem: str) -> list[str]:
    """Names of the files that `write_figures` makes for a stem."""
    return [f"{stem}_{figure}.{kind}" for figure in FIGURES for kind in KINDS]
