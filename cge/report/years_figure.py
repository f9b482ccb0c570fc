"""The figure of the two years: how the rules of M and T came from one to the other, factor by factor."""

from __future__ import annotations

from pathlib import Path

from cge._files import whole_file
from cge.report.style import COLOURS, GREY, SMALL, house_style
from cge.welfare.years import BENCHMARKS, Steps, Years

#: The factor that moves dollars only.
_MONEY = "world GDP in current US$"


def write_years_figure(years: Years, path: str | Path) -> Path:
    """Two waterfalls in % of world GDP, as SVG.

    Parameters
    ----------
    years : Years
    path : str or Path
        Ends in .svg.

    Raises
    ------
    CGEError
        The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = (("M: quota of 3% of the work force", years.migration, COLOURS["migration"]),
             ("T: all tariffs on goods removed", years.trade, COLOURS["trade"]))
    with house_style():
        figure = Figure(figsize=(7.2, 5.2), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        heights = [len(steps.parts) + 1 for _, steps, _ in drawn]
        for ax, (title, steps, colour) in zip(figure.subplots(2, 1, height_ratios=heights), drawn, strict=True):
            _waterfall(ax, steps, colour)
            ax.set_title(title, loc="left", color=GREY)
        figure.supxlabel("first-order world gain, % of world GDP; a step is what one factor changed", fontsize=SMALL,
                         color=GREY)
        with whole_file(path) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})
    return Path(path)


def _waterfall(ax, steps: Steps, colour: str) -> None:
    first, second = sorted(BENCHMARKS)
    parts = [(label, share) for label, (_, share) in steps.parts.items() if label != _MONEY]
    labels = [str(first), *(label for label, _ in parts), str(second)]
    ax.barh(0, steps.share[0], color=colour)
    ax.barh(len(labels) - 1, steps.share[1], color=colour)
    at, right = steps.share[0], max(steps.share)
    for row, (_, change) in enumerate(parts, 1):
        ax.plot([at, at], [row - 1, row + 0.4], color=GREY, lw=0.6)
        ax.barh(row, change, left=at, color=COLOURS["other"] if change < 0 else COLOURS["both"], height=0.6)
        at += change
        right = max(right, at, at - change)
        ax.annotate(f"{change:+.3f}", (max(at, at - change), row), (4, 0), textcoords="offset points", va="center",
                    fontsize=SMALL)
    ax.plot([at, at], [len(labels) - 2, len(labels) - 0.6], color=GREY, lw=0.6)
    for row, value in ((0, steps.share[0]), (len(labels) - 1, steps.share[1])):
        ax.annotate(f"{value:.3f}", (value, row), (4, 0), textcoords="offset points", va="center", fontsize=SMALL)
    ax.set_yticks(range(len(labels)), labels)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.12 * right)
