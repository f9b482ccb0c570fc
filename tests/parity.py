"""Print how the model compares with GEMPACK's solutions, variable by variable: ``make parity``.

Each folder holds a GTAP version 7 data base (basedata.har, sets.har, default.prm), GEMPACK's solution of one
simulation (sl4dump_*.har: one header per variable, % change or change) and its updated data base
(updated_*.har). The simulation is read off the solution itself: shocks are the exogenous variables that
moved; where ``dpsave`` moved and the trade balance did not, the two have been swapped. All cells are compared;
``left`` counts those that one side does not have (elements of a set that the model has no use for) and flows
that are zero in the data base.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from cge.benchmark import HEADERS
from cge.benchmark.gtap import read_gtap
from cge.model import table
from cge.model.closure import Closure, Swap
from cge.solve.model import Model
from tests import gempack

#: The bars: percentage points of indices at the 99th percentile and at most.
P99, LARGEST = 0.001, 0.02
#: Money: the same share of its largest cell, or the rounding of 32-bit data (in world income).
MONEY, ROUNDING = 1e-5, 1e-8


def simulation(path: Path, bench) -> tuple[Closure, dict[str, np.ndarray]]:
    """Closure and shocks (levels) of a reference solution."""
    found = gempack.reference(path)

    def aligned(name):
        values, axes = found[name]
        dims = table.symbols[name].dims
        own = [bench.labels(d) for d in dims]
        held = [gempack.spelled(h or o, o) for h, o in zip(axes or own, own, strict=True)]
        known = [[i for i, x in enumerate(h) if x in o] for h, o in zip(held, own, strict=True)]
        place = [[o.index(h[i]) for i in ks] for h, ks, o in zip(held, known, own, strict=True)]
        full = np.zeros([len(o) for o in own])
        full[np.ix_(*place)] = values.reshape([len(h) for h in held])[np.ix_(*known)]
        return full

    swapped = (aligned("dpsave") != 0.0) & (np.abs(aligned("del_tbalry")) < 1e-6)
    closure = Closure((Swap("del_tbalry", "dpsave", swapped),) if swapped.any() else ())
    shocks = {}
    for symbol in table.symbols.values():
        given = symbol.role == "exogenous" and symbol.name in found and symbol.name != "dpsave"
        if given and found[symbol.name][0].any():
            change = aligned(symbol.name)
            shocks[symbol.name] = 1.0 + change / 100.0 if symbol.positive else change
    return closure, shocks


def updated_errors(solution, path: Path) -> dict[str, dict]:
    """Errors of the growth of every flow in the updated data base, percentage points."""
    files = {"base": path / "basedata.har", "updated": next(path.glob("updated_*.har"))}
    before, after = (gempack.headers(f) for f in files.values())
    own_before, own_after = solution.model.bench, solution.updated()
    out = {}
    for name in HEADERS:
        if name not in after or name not in own_after or name not in before:
            continue
        dims, ours = HEADERS[name].dims, own_after[name].values
        old, new = (np.asarray(f[name]["array"], float).reshape(ours.shape) for f in (before, after))
        small = np.abs(old) < 1e-9 * np.abs(old).max()
        theirs = np.divide(new, old, out=np.ones_like(old), where=~small)
        start = own_before[name].values
        mine = np.divide(ours, start, out=np.ones_like(start), where=~small & (start != 0.0))
        out[name] = gempack.summary(100.0 * np.where(small, 0.0, np.abs(mine - theirs)),
                                    [list(own_before.labels(d)) for d in dims], 100.0 * (theirs - 1.0), ~small)
    return out


def report(path: Path, tolerance: float) -> bool:
    """Print the tables of one folder; whether every variable is within the bars."""
    clock = time.perf_counter()
    bench = read_gtap(path, tolerance=tolerance).benchmark
    closure, shocks = simulation(path, bench)
    model = Model(bench, closure)
    built = time.perf_counter() - clock
    solution = model.solve(shocks)
    first = time.perf_counter() - clock - built
    clock = time.perf_counter()
    solution = model.solve(shocks)
    warm = time.perf_counter() - clock
    errors = gempack.compare(solution, model.base(), path)
    print(f"\n{path.name}: {len(bench.labels('reg'))} regions x {len(bench.labels('comm'))} commodities x "
          f"{len(bench.labels('acts'))} activities, {model.system.n} unknowns; shocked: {', '.join(shocks)}")
    print(f"read and calibrated {built:.1f} s, compiled and solved {first:.1f} s, solved again {warm:.2f} s, "
          f"{solution.steps} sub-steps, certificate {solution.certificate.worst:.0e}")
    missing = gempack.missing(path)
    print(f"variables of the solution that the model lacks: {', '.join(sorted(missing)) or 'none'}")
    money = {n for n in errors if table.symbols[n].unit == "million US$"}
    indices = {n: e for n, e in errors.items() if n not in money}
    income = float(model.cal.data["INCWLD"][1])
    good = not missing
    good &= _print("indices and ratios (error in percentage points)", indices, _near)
    good &= _print("changes in million US$ (error in million US$)", {n: errors[n] for n in errors if n in money},
                   lambda e: e["max"] <= MONEY * e["range"] + ROUNDING * income)
    good &= _print("updated data base (error in percentage points of growth)", updated_errors(solution, path), _near)
    return good


def _near(e: dict) -> bool:
    return e["p99"] <= P99 and e["max"] <= LARGEST


def _print(title: str, errors: dict[str, dict], within) -> bool:
    print(f"\n{title}\n{'variable':<15}{'cells':>7}{'left':>6}{'p50':>11}{'p99':>11}{'max':>11}{'largest':>12}"
          "  worst cell")
    for name, e in errors.items():
        print(f"{name:<15}{e['cells']:>7}{e['left']:>6}{e['p50']:>11.6f}{e['p99']:>11.6f}{e['max']:>11.6f}"
              f"{e['range']:>12.4g}  {e['where']}{'' if within(e) else '   <-- beyond the bar'}")
    beyond = [n for n, e in errors.items() if not within(e)]
    cells, left = (sum(e[k] for e in errors.values()) for k in ("cells", "left"))
    print(f"{len(errors)} variables, {cells} cells compared, {left} left out; "
          + (f"beyond the bar: {', '.join(beyond)}" if beyond else "all within the bar"))
    return not beyond


def main() -> int:
    """Compare with every folder given; 1 if a variable is missing or beyond its bar."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, help="default: every folder of ../shared/validation")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest change that balancing may make")
    args = parser.parse_args()
    folders = args.folders or sorted(p for p in gempack.VALIDATION.glob("*") if list(p.glob("sl4dump_*.har")))
    if not folders:
        print(f"no reference solutions in {gempack.VALIDATION}; give their folders", file=sys.stderr)
        return 1
    good = [report(folder, args.tolerance) for folder in folders]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
