"""The command reproduce: a published comparison in full."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from cge._files import no_empty_folder, whole_file

_OUT = Path("runs") / "out"
#: The comparison of the two base years, which is a page and no table of gates.
YEARS = "years"


def add(sub: Any) -> None:
    """Declare the command of this module."""
    c = sub.add_parser("reproduce", help="run a published comparison in full: gates met or not and why, sweeps",
                       description="Run a published comparison in full. Prints each target: published, gate, obtained, "
                       "met or not and why; sweeps of what the answer hangs on; the last line counts the gates met.")
    c.add_argument("name", help="walmsley-winters; walmsley-winters-2014: the same on the world of 2014; years: what "
                   "changed between the two and why")
    c.add_argument("--out", type=Path, default=_OUT, help="folder of the results (default: runs/out)")
    c.add_argument("--docs", type=Path, metavar="FILE",
                   help="also write the tables as a page in Markdown, with a figure beside it (.svg)")
    c.set_defaults(run=_reproduce)


def _years(args: argparse.Namespace) -> int:
    """Print or write the page of the two base years."""
    from cge.report.years import years_page
    from cge.report.years_figure import write_years_figure
    from cge.results import check_folder
    from cge.welfare.years import two_years
    from cge.welfare.years_solved import solve_years

    if args.docs:
        check_folder(args.docs.parent, [args.docs.name, args.docs.with_suffix(".svg").name])
    years = two_years()
    solved = solve_years(years, print)
    if not args.docs:
        print("\n" + years_page(years, solved))
        return 0
    args.docs.parent.mkdir(parents=True, exist_ok=True)
    figure = write_years_figure(years, args.docs.with_suffix(".svg"))
    with whole_file(args.docs) as part:
        part.write_text(years_page(years, solved, figure.name), encoding="utf-8")
    print(f"\nwritten: {args.docs}, {figure}")
    return 0


def _reproduce(args: argparse.Namespace) -> int:
    from cge.report.reproduction import print_reproduction, reproduction_page
    from cge.report.reproduction_figure import write_reproduction_figure
    from cge.results import check_folder, write_netcdf
    from cge.welfare.reproduction import check_comparison, comparison_file, reproduce

    if args.name == YEARS:
        return _years(args)
    check_comparison(args.name, also=(YEARS,))
    file = comparison_file(args.name)
    with no_empty_folder(args.out):
        check_folder(args.out, [file.output])
        if args.docs:
            check_folder(args.docs.parent, [args.docs.name, args.docs.with_suffix(".svg").name])
        print(file.title)
        rep = reproduce(args.name, print)
        written = [write_netcdf(rep.data, args.out / file.output)]
        if args.docs:
            args.docs.parent.mkdir(parents=True, exist_ok=True)
            figure = write_reproduction_figure(rep, args.docs.with_suffix(".svg"))
            with whole_file(args.docs) as part:
                part.write_text(reproduction_page(rep, figure.name), encoding="utf-8")
            written += [args.docs, figure]
        print("\nwritten: " + ", ".join(map(str, written)))
        print_reproduction(rep, shutil.get_terminal_size((100, 24)).columns)
    return 0
