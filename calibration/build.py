"""Command line: ``python -m calibration.build ww1997 --raw <raw data> --out sam_data/ww1997``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.checks import checks
from calibration.config import Config, load_config
from calibration.pipeline import Result, run
from calibration.readme import readme
from cge.benchmark import check_benchmark, write_benchmark
from cge.errors import CGEError

LARGEST = 200


def adjustments(result: Result) -> pd.DataFrame:
    """What balancing changed: the largest cells, every soft total, every economy's scale.

    Parameters
    ----------
    result : Result

    Returns
    -------
    DataFrame
        kind (cell, soft total, scale, closure), flow, item (commodity, or part), agent, reg, before, after,
        change, ratio. Cells: the `LARGEST` by absolute change. Million US$ except scale and closure.
    """
    reports = result.reports
    cells = reports["cells"].rename(columns={"comm": "item", "prior": "before", "estimate": "after"})
    size = (cells.after - cells.before).abs()
    cells = cells.loc[size.sort_values(ascending=False, kind="stable").index[:LARGEST]].assign(kind="cell")
    soft = reports["soft"].rename(columns={"use": "agent", "published": "before", "estimate": "after"})
    soft = soft.drop(columns="ratio").assign(kind="soft total", flow="spending", item="")
    trade = reports["part_trade_gaps"].rename(
        columns={"part": "item", "published": "before", "estimate": "after"}
    )
    trade = trade.drop(columns="ratio").assign(kind="soft total", agent="", reg="")
    scale = reports["scale"].reset_index().rename(columns={"eco": "item", "scale": "after"})
    scale = scale.drop(columns="gdp").assign(kind="scale", flow="domestic use", agent="", reg="", before=1.0)
    close = pd.DataFrame(
        [
            ("closure", k, "largest relative change", "", "", 1.0, 1.0 + v)
            for k, v in reports["closure"].items()
        ],
        columns=["kind", "flow", "item", "agent", "reg", "before", "after"],
    )
    columns = ["kind", "flow", "item", "agent", "reg", "before", "after"]
    table = pd.concat([t[columns] for t in (cells, soft, trade, scale, close)], ignore_index=True)
    table["change"] = table.after - table.before
    table["ratio"] = table.after / table.before
    return table


def files(config: Config, result: Result, found: pd.DataFrame, raw: Path) -> dict:
    """README and report tables of a benchmark, by file name; ``found`` as `checks` returns it."""
    moved = adjustments(result)
    return {
        "README.md": readme(config, result, found, moved, raw),
        "checks.csv": digits(found),
        "adjustments.csv": digits(moved),
    }


def digits(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text with 7 significant digits: reports do not carry rounding noise."""
    out = table.copy()
    for column in out.columns:
        if out[column].dtype.kind == "f":
            out[column] = ["" if np.isnan(v) else f"{v:.7g}" for v in out[column]]
    return out


def summary(found: pd.DataFrame, result: Result) -> str:
    """Text printed at the end: rows by kind and verdict, then every miss."""
    columns = ["check", "region", "kind", "benchmark", "published", "ratio"]
    misses = digits(found[found.ok == "no"])[columns].to_string(index=False)
    counts = pd.crosstab(found.kind, found.ok).to_string()
    balance = result.reports["balance"]
    return (
        f"{counts}\n\nmisses:\n{misses}\n\n"
        f"balance: {balance['variables']} cells, {balance['constraints']} constraints, "
        f"residual {balance['residual']:.1e} after Ipopt {balance['ipopt_residual']:.1e}; "
        f"RAS: correlation {balance['ras_correlation']:.12f}, "
        f"largest relative difference {balance['ras_largest_relative_difference']:.1e}"
    )


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m calibration.build", description=__doc__)
    parser.add_argument("name", help="benchmark configuration: a name in calibration/config, or a .toml file")
    parser.add_argument("--raw", type=Path, required=True, help="folder of raw data")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, e.g. sam_data/ww1997")
    args = parser.parse_args(argv)
    try:
        config = load_config(args.name)
        if not args.raw.is_dir():
            raise CGEError(f"no folder {args.raw}; give the folder of raw data with --raw")
        result = run(config, args.raw)
        check_benchmark(result.bench)
        found = checks(config, result, args.raw)
        extra = files(config, result, found, args.raw)
        write_benchmark(result.bench, args.out, extra=extra)
    except CGEError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(summary(found, result))
    print(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
