"""The command sam: show, export or check a social accounting matrix."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cge.errors import CGEError

if TYPE_CHECKING:
    from cge.benchmark import Sam


def add(sub: Any) -> None:
    """Declare the commands of this module."""
    c = sub.add_parser("sam", help="show, export or check a social accounting matrix",
                       description="Show, export or check a social accounting matrix. A CSV is always judged: one with "
                       "unknown accounts or a missing region is refused; one that does not balance is shown or "
                       "exported, but the failures go to standard error and the exit code is 1.")
    c.add_argument("benchmark", help="benchmark name or folder, or a SAM in CSV (.csv, .txt)")
    c.add_argument("--region", help="the SAM of one region (default: the global one)")
    c.add_argument("--export", type=Path, metavar="FILE.csv", help="write it as CSV")
    c.add_argument("--square", action="store_true", help="export as a square table instead of a long one")
    c.add_argument("--check", action="store_true", help="check names, balance and signs of every account")
    c.add_argument("--like", metavar="BENCHMARK",
                   help="check a CSV against the exact accounts (and labour stocks) of this benchmark")
    c.set_defaults(run=_sam)


def _sam(args: argparse.Namespace) -> int:
    from cge.benchmark import (
        check_accounts,
        make_sam,
        open_benchmark,
        read_sam_csv,
        region_sam,
        sam_summary,
        write_sam_csv,
    )

    if args.square and not args.export:
        raise CGEError("--square is a form of the file that --export writes; add --export FILE.csv, or leave it out")
    table = _is_table(args.benchmark)
    if args.like and not table:
        raise CGEError("--like compares a SAM in CSV with a benchmark; give the CSV file first")
    whole = read_sam_csv(args.benchmark) if table else make_sam(open_benchmark(args.benchmark))
    # A CSV is judged always: names it may not have are refused at once, an imbalance after it is shown.
    if table and not args.like:
        check_accounts(whole)
    sam = whole if args.region is None else region_sam(whole, args.region)
    # --like compares whole files, so that there the region is only what is shown.
    fault = _sam_fault(whole if args.like else sam, table, args.like)
    if fault and (args.check or args.like):
        raise fault
    if args.check or args.like:
        like = f"; the accounts are those of {args.like}" if args.like else ""
        judged, where = (whole, "") if args.like or args.region is None else (sam, f", region {args.region}")
        print(f"balanced{where}: every account's row equals its column to 1e-9 ({_count(judged)}){like}")
    if args.export:
        write_sam_csv(sam, args.export, form="square" if args.square else "long")
        left = "" if args.square or not sam.empty() else " left out: the long form lists cells"
        print(f"written: {args.export} ({_count(sam)}{left})")
    if not (args.check or args.like or args.export):
        print(sam_summary(whole, args.region))
    if fault:
        raise fault
    return 0


def _is_table(name: str) -> bool:
    """Whether what `cge sam` is given is a SAM in a file, not a benchmark (a folder, or a shipped name)."""
    from cge._paths import shipped_names

    path = Path(name)
    if path.is_dir() or name in shipped_names("sam_data"):
        return False
    return path.is_file() or path.suffix.lower() in (".csv", ".txt")


def _sam_fault(sam: Sam, table: bool, like: str | None) -> CGEError | None:
    """What is wrong with the numbers of a SAM whose accounts were judged; raises where --like has no meaning."""
    from cge.benchmark import check_sam, from_sam, open_benchmark
    from cge.benchmark.sam_accounts import is_regional, missing_accounts

    other = open_benchmark(like) if like else None
    regional = table and is_regional(sam)
    if regional and like:
        raise CGEError(f"SAM '{sam.name}' is that of one region, and --like compares global ones; leave --like out")
    try:
        if table and not regional:
            from_sam(sam, other)
        else:
            check_sam(sam)
    except CGEError as err:
        gone = missing_accounts(sam) if table and not like else ""
        return CGEError(f"{err}; {gone}") if gone else err
    return None


def _count(sam: Sam) -> str:
    empty = len(sam.empty())
    return f"{len(sam.accounts) - empty} accounts with flows" + (f"; {empty} empty ones" if empty else "")
