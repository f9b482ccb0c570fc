"""Commands about benchmarks: check, import, export, aggregate, synthesise, list."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(sub: Any) -> None:
    """Declare the commands of this module."""
    c = sub.add_parser("check", help="check a benchmark: identities, signs, labour and policy layers")
    c.add_argument("benchmark")
    c.set_defaults(run=_check)

    c = sub.add_parser("import-har", help="make a benchmark of a GTAP version 7 data base (HAR files)")
    c.add_argument("folder", type=Path, help="folder with basedata.har, sets.har and default.prm")
    c.add_argument("--to", required=True, metavar="NAME", help="folder of the benchmark to write")
    for what in ("base", "sets", "parameters"):
        c.add_argument(f"--{what}", metavar="FILE", help=f"name of the {what} file, where it has another")
    c.add_argument("--defaults", action="store_true",
                   help="take standard values of parameters whose header is missing, instead of refusing the file")
    c.add_argument("--tolerance", type=float, default=1e-3,
                   help="largest relative change of a sizeable cell that the removal of rounding may make (0.001)")
    c.set_defaults(run=_import_har)

    c = sub.add_parser("export-har", help="write a benchmark as a GTAP version 7 data base (HAR files)")
    c.add_argument("benchmark")
    c.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    c.set_defaults(run=_export_har)

    c = sub.add_parser("aggregate", help="aggregate a benchmark by a mapping of regions, commodities, endowments")
    c.add_argument("benchmark")
    c.add_argument("mapping", type=Path, help='TOML file: [reg] EU = ["DEU", "XEU"], and [comm], [acts], [endw]')
    c.add_argument("--to", required=True, metavar="NAME", help="folder of the benchmark to write")
    c.set_defaults(run=_aggregate)

    c = sub.add_parser("synth", help="make a balanced synthetic benchmark of any size (invented numbers)")
    c.add_argument("--regions", type=int, required=True, metavar="R")
    c.add_argument("--sectors", type=int, required=True, metavar="S")
    c.add_argument("--seed", type=int, default=0, metavar="N", help="equal seeds give equal benchmarks (default: 0)")
    c.add_argument("--to", metavar="FOLDER", help="folder of the benchmark to write (default: synth-RxS-N)")
    c.add_argument("--hard", action="store_true",
                   help="data hard to solve: elasticities up to 24, skewed shares, tariffs three times as high")
    c.add_argument("--margins", type=int, default=1, metavar="M", help="transport services (default: 1; GTAP has 3)")
    c.add_argument("--no-migrants", action="store_true", help="without labour stocks: standard GTAP")
    c.add_argument("--no-taxes", action="store_true")
    c.set_defaults(run=_synth)

    c = sub.add_parser("benchmarks", help="list the shipped benchmarks: year, size, sources, checks")
    c.set_defaults(run=_benchmarks)


def _check(args: argparse.Namespace) -> int:
    from cge.benchmark import check_benchmark, open_benchmark

    report = check_benchmark(open_benchmark(args.benchmark, check=False))
    print(report.summary.to_string())
    print("all checks passed")
    return 0


def _import_har(args: argparse.Namespace) -> int:
    from cge.benchmark.convert import import_har

    print(import_har(args.folder, args.to, base=args.base, sets=args.sets, parameters=args.parameters,
                     tolerance=args.tolerance, defaults=args.defaults))
    return 0


def _export_har(args: argparse.Namespace) -> int:
    from cge.benchmark.convert import export_har

    print(export_har(args.benchmark, args.to))
    return 0


def _aggregate(args: argparse.Namespace) -> int:
    from cge.benchmark.convert import aggregate_to

    print(aggregate_to(args.benchmark, args.mapping, args.to))
    return 0


def _synth(args: argparse.Namespace) -> int:
    from cge.benchmark.convert import synth_to

    print(synth_to(args.regions, args.sectors, args.seed, args.to, hard=args.hard, migrants=not args.no_migrants,
                   taxes=not args.no_taxes, margins=args.margins))
    return 0


def _benchmarks(args: argparse.Namespace) -> int:
    import textwrap

    from cge.benchmark import shipped_benchmarks

    def line(head: str, text: str) -> None:
        print(textwrap.fill(f"{head}: {text}", 100, initial_indent="  ", subsequent_indent="    "))

    for b in shipped_benchmarks():
        print(textwrap.fill(f"{b.name}: {b.title}", 100, subsequent_indent="  "))
        line("year", f"{b.year if b.year is not None else 'not given'}")
        line("size", ", ".join(f"{n} {s}" for s, n in b.size.items()) + f"; {b.megabytes:.1f} MB")
        for group, members in b.groups.items():
            line(group, " ".join(members))
        for what, publisher in b.sources.items():
            line(f"source of {what.replace('_', ' ')}", publisher)
        line("checks of the accounts", "{} of {} passed".format(*b.accounts))
        if b.published:
            counts = ", ".join(f"{kind} {met} of {rows}" for kind, (met, rows) in b.published.items())
            line("checks against published numbers met", f"{counts}; misses are in the README.md")
        line("folder", str(b.path))
    return 0
