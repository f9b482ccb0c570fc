"""The command line. Every command is a call of the public API."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cge._files import Terminated, deferred, finished, no_empty_folder, stoppable
from cge._version import __version__
from cge.errors import CGEError

if TYPE_CHECKING:
    from cge.benchmark import Sam

_OUT = Path("runs") / "out"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code (0 done, 1 refused or failed, 2 wrong usage)."""
    args = _parser().parse_args(argv)
    finished.clear()
    try:
        with stoppable():
            return args.run(args) or 0
    except CGEError as err:
        print(f"cge: {' '.join(str(err).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    except OSError as err:
        what = err.filename or "a file"
        print(f"cge: {what}: {err.strerror or err}; check the path and its permissions", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        what = f"written before that: {', '.join(map(str, finished))}" if finished else "nothing was written"
        print(f"cge: stopped; {what}", file=sys.stderr)
        return 128 + (15 if isinstance(stop, Terminated) else 2)


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="cge", description="What is freer movement of goods worth, what is freer "
                                "movement of people worth, and to whom? A multi-region CGE model.")
    p.add_argument("--version", action="version", version=f"cge {__version__}")
    sub = p.add_subparsers(dest="command", required=True, metavar="COMMAND")

    c = sub.add_parser("run", help="solve the scenarios of a file; write netCDF, figures and tables")
    c.add_argument("scenarios", help="scenario file (.toml), or the name of a shipped one")
    c.add_argument("--out", type=Path, default=_OUT, help="folder of the results (default: runs/out)")
    c.add_argument("--cells", action="store_true",
                   help="write the welfare decomposition by commodity, activity and partner however many cells it has, "
                   "and bilateral arrays of any size")
    c.add_argument("--har", action="store_true",
                   help="also write each solution and its updated data base as header arrays (GEMPACK's format)")
    c.add_argument("--engine", metavar="NAME",
                   help="newton (default), or ipopt: the written-out equations solved by Ipopt, slower and independent")
    c.add_argument("--no-figures", action="store_true", help="do not draw figures")
    c.set_defaults(run=_run)

    c = sub.add_parser("report", help="print the tables of a result file")
    c.add_argument("results", type=Path, help="netCDF file written by `cge run`")
    c.add_argument("--scenario", help="also print the gains by region of this scenario")
    c.add_argument("--welfare", action="store_true",
                   help="and what contributes to residents' gain: taxes, terms of trade, technology, movers")
    c.set_defaults(run=_report)

    c = sub.add_parser("decompose", help="what each part of a scenario contributes to the results (subtotals)")
    c.add_argument("scenarios", help="scenario file (.toml), or the name of a shipped one")
    c.add_argument("scenario", help="name of the scenario")
    c.add_argument("--of", nargs="+", default=["EV"], metavar="VARIABLE", help="variables to decompose (default: EV)")
    c.add_argument("--by", choices=("comm", "dst"), default="", help="take tariffs apart by commodity or importer")
    c.add_argument("--out", type=Path, help="also write the contributions as netCDF into this folder")
    c.set_defaults(run=_decompose)

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

    c = sub.add_parser("benchmarks", help="list the shipped benchmarks")
    c.set_defaults(run=_benchmarks)
    c = sub.add_parser("scenarios", help="list the shipped scenario files")
    c.set_defaults(run=_scenarios)

    c = sub.add_parser("symbols", help="list the variables of the model")
    c.add_argument("pattern", nargs="?", default="", help="part of a name, block or description")
    c.set_defaults(run=_symbols)
    c = sub.add_parser("equation", help="print the row of the equation table of a variable")
    c.add_argument("name")
    c.add_argument("--benchmark", metavar="B", help="print it as labelled algebra with the numbers of this benchmark")
    c.add_argument("--at", nargs="+", default=[], metavar="DIM=LABEL",
                   help="only at these elements, for instance reg=USA comm=Agr (several: reg=USA,CAN)")
    c.set_defaults(run=_equation)
    return p


def _scenario_path(name: str) -> Path:
    """A path as given, or a shipped file by name (with or without .toml)."""
    from cge._paths import shipped

    path = Path(name)
    if path.is_dir():
        raise CGEError(f"{name} is a folder; name a scenario file (.toml)")
    if path.is_file() or (path.suffix == ".toml" and path.parent != Path(".")):
        return path
    return shipped("runs", path.name if path.suffix == ".toml" else f"{path.name}.toml")


def _run(args: argparse.Namespace) -> int:
    with no_empty_folder(args.out):
        return _run_into(args)


def _run_into(args: argparse.Namespace) -> int:
    from cge.report import figure_files, print_results
    from cge.results import check_folder, write_netcdf
    from cge.results.har import write_har
    from cge.scenario import read_scenarios
    from cge.solve.engines import check_engine
    from cge.solve.model import Solution
    from cge.welfare.compare import compare

    file = read_scenarios(_scenario_path(args.scenarios))
    if args.engine:
        check_engine(args.engine, "--engine")
        file = replace(file, engine=args.engine)
    stem, har = Path(file.output).stem, []
    check_folder(args.out, [file.output, *([] if args.no_figures else figure_files(stem)),
                            *(f"{stem}_{_in_file_name(name)}.har" for name in file.scenarios if args.har)])
    print(file.title)

    def keep(name: str, solution: Solution) -> None:
        if args.har:
            with deferred():  # the files of one solution belong together
                new = write_har(solution, args.out, f"{stem}_{_in_file_name(name)}")
                har.extend(new)
                finished.extend(new)

    ds = compare(file, progress=print, detail=args.cells or None, solved=keep)
    written = [write_netcdf(ds, args.out / file.output), *har]
    print_results(ds)
    if not args.no_figures:
        # Loaded here only, for matplotlib warns on standard error where it cannot keep its cache.
        from cge.report import write_figures

        written += write_figures(ds, args.out, stem)
    if ds.attrs.get("left_out"):
        print(f"\nleft out for their size (--cells writes them): {ds.attrs['left_out']}")
    print("\nwritten: " + ", ".join(str(w) for w in written))
    return 0


def _in_file_name(scenario: str) -> str:
    """The name of a scenario as part of a file name."""
    return scenario.replace(" ", "_").replace("/", "_")


def _report(args: argparse.Namespace) -> int:
    from cge.report import print_decomposition, print_people_table, print_region_table, print_results
    from cge.results import open_results

    ds = open_results(args.results)
    if args.welfare and not args.scenario:
        raise CGEError("--welfare goes with a scenario; name one with --scenario")
    print_results(ds)
    if args.scenario:
        print_region_table(ds, args.scenario)
        print_people_table(ds, args.scenario)
    if args.welfare:
        print_decomposition(ds, args.scenario)
    return 0


def _decompose(args: argparse.Namespace) -> int:
    from cge.report import print_subtotals
    from cge.results import check_folder, write_netcdf
    from cge.scenario import read_scenarios
    from cge.welfare.compare import decompose

    file = read_scenarios(_scenario_path(args.scenarios))
    name = f"{file.path.stem}_{_in_file_name(args.scenario)}_parts.nc"
    if args.out:
        check_folder(args.out, [name])
    found = decompose(file, args.scenario, args.of, by=args.by)
    print_subtotals(found, args.of)
    if args.out:
        with no_empty_folder(args.out):
            print(f"\nwritten: {write_netcdf(found.data, args.out / name)}")
    return 0


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
    from cge._paths import shipped, shipped_names
    from cge.benchmark import open_benchmark

    for name in shipped_names("sam_data"):
        b = open_benchmark(shipped("sam_data", name), check=False)
        sizes = ", ".join(f"{len(b.sets[s])} {s}" for s in ("reg", "comm", "acts", "endw", "skill"))
        print(f"{name}: {b.meta.get('title', '')} ({b.meta.get('year', '')}; {sizes})")
    return 0


def _scenarios(args: argparse.Namespace) -> int:
    from cge._paths import shipped, shipped_names
    from cge.scenario import read_scenarios

    for name in shipped_names("runs"):
        file = read_scenarios(shipped("runs", name))
        print(f"{name}: {file.title} (benchmark {file.benchmark}; {len(file.scenarios)} scenarios)")
    return 0


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

    rows = [r for r in (*table.definitions.values(), *table.conditions.values()) if args.name in (r.name, r.pairs)]
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


if __name__ == "__main__":
    raise SystemExit(main())
