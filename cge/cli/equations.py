"""Commands about the equation table: symbols, equation."""

from __future__ import annotations

import argparse
from typing import Any

from cge.errors import CGEError


def add(sub: Any) -> None:
    """Declare the commands of this module."""
    c = sub.add_parser("symbols", help="list the variables of the model")
    c.add_argument("pattern", nargs="?", default="", help="part of a name, block or description")
    c.set_defaults(run=_symbols)

    c = sub.add_parser("equation", help="print the row of the equation table of a variable")
    c.add_argument("name")
    c.add_argument("--benchmark", metavar="B", help="print it as labelled algebra with the numbers of this benchmark")
    c.add_argument("--at", nargs="+", default=[], metavar="DIM=LABEL",
                   help="only at these elements, for instance reg=USA comm=Agr (several: reg=USA,CAN)")
    c.set_defaults(run=_equation)


def _symbols(args: argparse.Namespace) -> int:
    from cge.model import table

    wanted = args.pattern.lower()
    for s in table.symbols.values():
        line = f"{s.name:<12} {'(' + ','.join(s.dims) + ')':<22} {s.role:<9} {s.block:<11} {s.long_name} [{s.unit}]"
        if wanted in line.lower():
            print(line)
    return 0


def _equation(args: argparse.Namespace) -> int:
    from cge.model import table

    rows = [r for r in (*table.definitions.values(), *table.conditions.values(), *table.reported.values())
            if args.name in (r.name, r.pairs)]
    if not rows:
        raise CGEError(f"no equation is called or determines '{args.name}'; `cge symbols` lists the variables")
    for row in rows:
        print(f"# {row.kind} over ({', '.join(row.dims)}), block {row.block}, determines {row.pairs}")
        print(row.text)
    if args.benchmark:
        from cge.benchmark import open_benchmark
        from cge.solve.model import Model
        from cge.solve.written import written_rows

        for line in written_rows(Model(open_benchmark(args.benchmark)), rows, args.at):
            print(line)
    elif args.at:
        raise CGEError("--at chooses elements of a benchmark; name one with --benchmark")
    return 0
