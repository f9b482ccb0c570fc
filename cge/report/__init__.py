"""Tables for the terminal and figures."""

from cge.report.figures import write_figures
from cge.report.tables import (
    print_decomposition,
    print_people_table,
    print_region_table,
    print_results,
    print_subtotals,
)

__all__ = ["print_decomposition", "print_people_table", "print_region_table", "print_results", "print_subtotals",
           "write_figures"]
