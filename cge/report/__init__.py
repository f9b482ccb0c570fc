"""Tables for the terminal and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cge.report.files import figure_files
from cge.report.policies import print_policies
from cge.report.tables import (
    print_decomposition,
    print_people_table,
    print_region_table,
    print_results,
    print_subtotals,
)
from cge.report.welfare import print_group_table, print_variations

if TYPE_CHECKING:
    from cge.report.figures import write_figures

__all__ = ["figure_files", "print_decomposition", "print_group_table", "print_people_table", "print_policies",
           "print_region_table", "print_results", "print_subtotals", "print_variations", "write_figures"]


def __getattr__(name: str) -> Any:
    # Figures on demand: tables and refusals need no matplotlib, which is slow to load and may warn.
    if name == "write_figures":
        from cge.report.figures import write_figures

        return write_figures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
