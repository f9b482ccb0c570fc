"""Commands that make a benchmark of a user's own table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(sub: Any) -> None:
    """Declare the commands of this module."""
    c = sub.add_parser("import-icio", help="make a benchmark of an inter-country input-output table (OECD layout, CSV)")
    c.add_argument("table", type=Path, help="CSV file, or a zip with one")
    _common(c)
    c.set_defaults(run=_icio)

    c = sub.add_parser("import-sam", help="make a benchmark of a square social accounting matrix of one or two regions")
    c.add_argument("table", type=Path, help="CSV or Excel (.xlsx) file")
    _common(c)
    c.set_defaults(run=_sam)

    c = sub.add_parser("import-example", help="write small example tables, settings and satellites (invented numbers)")
    c.add_argument("--to", required=True, type=Path, metavar="FOLDER")
    c.set_defaults(run=_example)


def _common(c: argparse.ArgumentParser) -> None:
    c.add_argument(
        "--settings",
        required=True,
        type=Path,
        metavar="FILE.toml",
        help="regions, sectors or accounts, files, what to do where one is missing (docs/bring_your_own.md)",
    )
    c.add_argument("--to", required=True, metavar="NAME", help="folder of the benchmark to write")


def _icio(args: argparse.Namespace) -> int:
    from cge.bring import bring_icio

    print(bring_icio(args.table, args.settings, args.to).text())
    print(f"written: {args.to}")
    return 0


def _sam(args: argparse.Namespace) -> int:
    from cge.bring import bring_sam

    print(bring_sam(args.table, args.settings, args.to).text())
    print(f"written: {args.to}")
    return 0


def _example(args: argparse.Namespace) -> int:
    from cge.bring.example import write_example

    print(write_example(args.to))
    return 0
