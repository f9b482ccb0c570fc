"""A reproduction on the terminal and as a page of documentation."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from cge.welfare.reproduction import Reproduction

_LEAST, _MOST = 60, 120
_SWEPT = ("world", "importers", "exporters", "earlier", "movers", "workers")


def print_reproduction(rep: Reproduction, width: int = 100) -> None:
    """Print targets, sweeps and, as the last line, how many gates are met.

    Parameters
    ----------
    rep : Reproduction
    width : int
        Columns of the terminal; what is used is between 60 and 120.
    """
    width = min(max(width, _LEAST), _MOST) - 1
    print("\nAgainst published results (F read in a source, R recalled, D derived)\n")
    for row in rep.table.itertuples():
        print(textwrap.fill(f"{row.no:>3}  {row.met:<6} {row.target}", width, subsequent_indent=" " * 12))
        for label, text in (("published", row.published), ("gate", row.gate), ("obtained", row.obtained),
                            ("why", row.why)):
            if text and not (label == "gate" and text == "report"):
                print(textwrap.fill(f"{label} {text}", width, initial_indent=" " * 12,
                                    subsequent_indent=" " * 14))
    print("\n" + textwrap.fill("Sweeps: gains, billion US$ (imp., exp.: residents of labour importers and exporters; "
                               "earl.: earlier migrants; new: new movers); movers, million", width) + "\n")
    print(sweep_text(rep.sweeps, width))
    for other, what in rep.further.items():
        print("\n" + textwrap.fill(f"benchmark {other}: {what}", width))
    print(f"\n{rep.verdict}")


def sweep_text(sweeps: pd.DataFrame, width: int) -> str:
    """The sweeps as text, at most ``width`` columns wide."""
    lines = [f"{'':<16} {'':<16} " + " ".join(f"{h:>6}" for h in ("world", "imp.", "exp.", "earl.", "new", "mov."))]
    last = ""
    for row in sweeps.to_dict("records"):
        head = row["sweep"] if row["sweep"] != last else ""
        last = row["sweep"]
        start = f"{head:<16} {row['value']:<16} "
        if np.isnan(row["world"]):
            lines.append(textwrap.fill(row["note"], width, initial_indent=start, subsequent_indent=" " * len(start)))
        else:
            lines.append(start + " ".join(f"{row[k]:>6.1f}" for k in _SWEPT))
    return "\n".join(lines)


def reproduction_page(rep: Reproduction, figure: str = "") -> str:
    """The page docs/reproduction.md: targets, sweeps, free movement by region; ``figure`` is a file beside it."""
    command = f"cge reproduce {rep.name}"
    out = [f"# {rep.verdict}: the published comparison", "",
           f"Made by `{command} --docs docs/{Path(figure or 'reproduction').stem}.md`; edit `cge/welfare/targets.py`, "
           "`cge/welfare/targets_more.py`", "or `cge/report/reproduction.py` instead.", "",
           f"Benchmark {rep.benchmark}. Marks of published figures: F read in a source, R recalled, D derived. A gate",
           "is a range that an honest model on good data should meet; nothing is tuned to it. What is missed says why.",
           "", "| no | target | published | gate | obtained | met |", "|---|---|---|---|---|---|"]
    out += ["| " + " | ".join(_cell(row[k]) for k in ("no", "target", "published", "gate", "obtained", "met")) + " |"
            for row in rep.table.to_dict("records")]
    out += ["", "## Why", ""]
    out += [textwrap.fill(f"- **{row['no']}** ({row['met']}): {row['why']}", _MOST, subsequent_indent="  ",
                          break_on_hyphens=False) for row in rep.table.to_dict("records") if row["why"]]
    out += ["", "## Sweeps", "", "Gains in billion US$; importers, exporters: permanent residents of the regions that "
            "import and export labour; workers in million.", "",
            *([f"![World gain by quota, beside that of freer trade]({figure})", ""] if figure else []),
            "| what | value | world | importers | exporters | earlier migrants | new movers | workers |",
            "|---|---|---|---|---|---|---|---|"]
    for row in rep.sweeps.to_dict("records"):
        numbers = ["" if np.isnan(row[k]) else f"{row[k] + 0.0:.1f}" for k in _SWEPT]
        if row["note"]:
            numbers[0] = _cell(row["note"])
        out.append("| " + " | ".join([row["sweep"], row["value"], *numbers]) + " |")
    out += _free_section(rep)
    if rep.further:
        out += ["", "## Other benchmarks", "", *(f"- {name}: {what}" for name, what in rep.further.items())]
    return "\n".join(out) + "\n"


def _free_section(rep: Reproduction) -> list[str]:
    ds = rep.data
    if "free_percent" not in ds:
        return []
    sigmas = [f"{float(s):g}" for s in ds["sigma"].values]
    out = ["", "## Free movement by region", "",
           "Labour over that of the base year (efficiency units), and real after-tax pay in US$ a year at benchmark",
           "prices; * kept by the bound that a part of natives stays.", "",
           "| region | " + " | ".join(f"labour, sigma {s} | pay" for s in sigmas) + " |",
           "|---" * (1 + 2 * len(sigmas)) + "|"]
    for reg in ds["reg"].values:
        cells = []
        for k in range(len(sigmas)):
            at = ds.isel(sigma=k).sel(reg=reg)
            cells += [f"{float(at['free_workers']):.2f}{'*' if int(at['free_bound']) else ''}",
                      f"{float(at['free_pay']):,.0f}"]
        out.append(f"| {reg} | " + " | ".join(cells) + " |")
    return out


def _cell(value: object) -> str:
    return str(value).replace("|", "/").replace("\n", " ")
