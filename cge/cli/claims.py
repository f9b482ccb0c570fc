"""The command claims: what the literature claims, tried on shipped benchmarks."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from cge._files import whole_file


def add(sub: Any) -> None:
    """Declare the command of this module."""
    c = sub.add_parser("claims", help="try claims of the literature: whether they hold, and where they cease to",
                       description="Try claims of the literature on benchmarks. Each is a file in runs/claims; prints "
                       "what was expected and obtained, and the values of parameters at which a claim flips.")
    c.add_argument("numbers", nargs="*", metavar="NUMBER", help="C4; all claims if left out")
    c.add_argument("--benchmark", nargs="+", metavar="NAME", help="benchmarks (default: all that are shipped)")
    c.add_argument("--list", action="store_true", help="only list the claims")
    c.add_argument("--no-sweeps", action="store_true", help="try each claim at its own parameters only")
    c.add_argument("--docs", type=Path, metavar="FILE", help="also write a page in Markdown")
    c.set_defaults(run=_claims)


def _claims(args: argparse.Namespace) -> int:
    from cge._paths import shipped_names
    from cge.benchmark import open_benchmark
    from cge.report.claims import claims_page, print_findings
    from cge.results import check_folder
    from cge.welfare.claims import claims, try_claims

    wanted = claims(args.numbers)
    if args.list:
        for c in wanted:
            print(f"{c.id:<4} {c.head.get('claim', c.file.title)}")
        return 0
    benchmarks = args.benchmark or shipped_names("sam_data")
    for name in benchmarks:  # a wrong name costs no waiting
        open_benchmark(name)
    if args.docs:
        check_folder(args.docs.parent, [args.docs.name])
    findings = [f for name in benchmarks for f in try_claims(wanted, name, print, sweep=not args.no_sweeps)]
    print_findings(findings, shutil.get_terminal_size((100, 24)).columns)
    if args.docs:
        args.docs.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(args.docs) as part:
            part.write_text(claims_page(findings, _command(args)), encoding="utf-8")
        print(f"\nwritten: {args.docs}")
    return 0


def _command(args: argparse.Namespace) -> str:
    """What was asked for, as the page says how it was made."""
    words = ["cge claims", *args.numbers]
    if args.benchmark:
        words += ["--benchmark", *args.benchmark]
    if args.no_sweeps:
        words.append("--no-sweeps")
    page = args.docs.name if args.docs.is_absolute() else args.docs.as_posix()
    return " ".join([*words, f"--docs {page}"])
