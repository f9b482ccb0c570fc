"""Commands that solve scenario files and print results: run, report, decompose."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cge._files import deferred, finished, no_empty_folder
from cge.cli.library import scenario_path
from cge.errors import CGEError

if TYPE_CHECKING:
    from cge.scenario import ScenarioFile

_OUT = Path("runs") / "out"


def add(sub: Any) -> None:
    """Declare the commands of this module."""
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
                   help="and what contributes to residents' gain (taxes, terms of trade, ...), who gains from what, "
                   "EV beside CV, movers at purchasing-power parity")
    c.add_argument("--region", metavar="R", help="of --welfare: gains of the people of this region (default: world)")
    c.add_argument("--concept", choices=("host", "home"),
                   help="with --region: migrants where they live (host, default) or whence they come (home)")
    c.set_defaults(run=_report)

    c = sub.add_parser("decompose", help="what each part of a scenario contributes to the results (subtotals)")
    c.add_argument("scenarios", help="scenario file (.toml), or the name of a shipped one")
    c.add_argument("scenario", help="name of the scenario")
    c.add_argument("--of", nargs="+", default=["EV"], metavar="VARIABLE", help="variables to decompose (default: EV)")
    c.add_argument("--by", choices=("comm", "dst"), default="", help="take tariffs apart by commodity or importer")
    c.add_argument("--out", type=Path, help="also write the contributions as netCDF into this folder")
    c.set_defaults(run=_decompose)


def _run(args: argparse.Namespace) -> int:
    with no_empty_folder(args.out):
        return _run_into(args)


def _run_into(args: argparse.Namespace) -> int:
    from cge.report import figure_files, print_policies, print_results
    from cge.results import check_folder, write_netcdf
    from cge.results.har import write_har
    from cge.scenario import read_scenarios
    from cge.solve.engines import check_engine
    from cge.solve.model import Solution
    from cge.welfare.compare import compare

    file = read_scenarios(scenario_path(args.scenarios))
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
    print_policies(ds, file)
    if not args.no_figures:
        # Loaded here only, for matplotlib warns on standard error where it cannot keep its cache.
        from cge.report import write_figures

        written += write_figures(ds, args.out, stem)
    if ds.attrs.get("left_out"):
        print(f"\nleft out for their size (--cells writes them): {ds.attrs['left_out']}")
    again = shlex.join(["cge", "report", str(written[0]), "--scenario", _main_scenario(file), "--welfare"])
    parity = ", movers at purchasing-power parity" if "gain_world_ppp" in ds else ""
    print(f"\nwho gains from what, EV beside CV{parity}:\n    {again}")
    print("\nwritten: " + ", ".join(str(w) for w in written))
    return 0


def _main_scenario(file: ScenarioFile) -> str:
    """The scenario of migration among the headline ones, another of these, or the first of the file."""
    named = [file.headline.get("migration"), *file.headline.values(), *file.scenarios]
    return next(str(s) for s in named if s in file.scenarios)


def _in_file_name(scenario: str) -> str:
    """The name of a scenario as part of a file name."""
    return scenario.replace(" ", "_").replace("/", "_")


def _report(args: argparse.Namespace) -> int:
    from cge.report import (
        print_decomposition,
        print_group_table,
        print_people_table,
        print_region_table,
        print_results,
        print_variations,
    )
    from cge.results import open_results
    from cge.welfare.counting import check_choice

    ds = open_results(args.results)
    if args.welfare and not args.scenario:
        raise CGEError("--welfare goes with a scenario; name one with --scenario")
    if args.region and not args.welfare:
        raise CGEError("--region is of the tables of --welfare; add --welfare")
    if args.concept and not args.region:
        raise CGEError("--concept says where the migrants of a region are booked; name one with --region")
    concept = args.concept or "host"
    if args.scenario:
        check_choice(ds, args.scenario, args.region, concept)
    print_results(ds)
    if args.scenario:
        print_region_table(ds, args.scenario)
        print_people_table(ds, args.scenario)
    if args.welfare:
        print_decomposition(ds, args.scenario)
        print_group_table(ds, args.scenario, args.region, concept)
        print_variations(ds, args.scenario, args.region, concept)
    return 0


def _decompose(args: argparse.Namespace) -> int:
    from cge.report import print_subtotals
    from cge.results import check_folder, write_netcdf
    from cge.scenario import read_scenarios
    from cge.welfare.compare import decompose

    file = read_scenarios(scenario_path(args.scenarios))
    name = f"{file.path.stem}_{_in_file_name(args.scenario)}_parts.nc"
    if args.out:
        check_folder(args.out, [name])
    found = decompose(file, args.scenario, args.of, by=args.by)
    print_subtotals(found, args.of)
    if args.out:
        with no_empty_folder(args.out):
            print(f"\nwritten: {write_netcdf(found.data, args.out / name)}")
    return 0
