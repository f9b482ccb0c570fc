"""The look of the figures: colours, text that is measured before it is placed, bars in columns, files.

Figures are laid out in inches from the top left corner of the page, so that
any number of rows and any length of name gets the room it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cge._files import whole_file
from cge.errors import CGEError

#: Colours of Okabe and Ito, distinguishable under the common kinds of colour blindness and in grey.
COLOURS = {"trade": "#0072B2", "migration": "#D55E00", "both": "#5B4B8A", "other": "#5F6B73"}
INK, GREY, RULE, SHADE = "#1F2428", "#59636B", "#D3D8DC", "#F1F3F5"
BODY, SMALL, HEAD, TITLE = 9.5, 8.5, 10.5, 13.5
MARGIN = 0.35
LEAST_COLUMN = 0.85  # inches; heads of columns are broken to this width
DPI = 200

_FONT = "DejaVu Sans"  # ships with matplotlib: the same figure on every machine
_RC = {
    "font.family": _FONT, "font.size": BODY, "text.color": INK, "text.parse_math": False,
    "text.hinting": "no_hinting",  # hinting widens lines by some percent: measured widths would not hold
    "axes.edgecolor": GREY, "axes.labelcolor": INK, "axes.linewidth": 0.6, "axes.labelsize": BODY,
    "xtick.color": GREY, "ytick.color": GREY, "xtick.labelsize": BODY, "ytick.labelsize": BODY,
    "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "cge",
}


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's defaults with the settings of this module; the caller's settings come back afterwards."""
    with matplotlib.style.context(["default", _RC]):
        yield


@dataclass(frozen=True)
class Unit:
    """Unit in which amounts of million US$ are shown.

    Attributes
    ----------
    name : str
    divisor : float
        Million US$ per unit.
    decimals : int
    """

    name: str
    divisor: float
    decimals: int

    def text(self, amount: float) -> str:
        """An amount in million US$, in this unit."""
        return number(amount / self.divisor, self.decimals)

    def short(self, amount: float) -> str:
        """The same for running text: three digits at least, no decimals that a reader would skip."""
        shown = abs(amount / self.divisor)
        return number(amount / self.divisor, 0 if shown >= 10 else min(self.decimals + 1, 2))


def unit_for(amounts: np.ndarray) -> Unit:
    """Billion US$, or million where the largest amount is below one billion."""
    finite = np.abs(np.asarray(amounts, float)[np.isfinite(amounts)])
    largest = float(finite.max()) if finite.size else 0.0
    if largest >= 1e3 or largest == 0.0:
        return Unit("billion US$", 1e3, 0 if largest >= 1e6 else 1 if largest >= 1e4 else 2)
    return Unit("million US$", 1.0, 1 if largest >= 10 else 3)


def number(x: float, decimals: int) -> str:
    """A number with a true minus sign; ``n/a`` where there is none."""
    if not np.isfinite(x):
        return "n/a"
    return f"{round(x, decimals) + 0.0:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, bold: bool = False) -> float:
    """Width of the longest line of a text, inches."""
    font = FontProperties(family=_FONT, size=size, weight="bold" if bold else "normal")
    return max((text_to_path.get_text_width_height_descent(line, font, ismath=False)[0] / 72
                for line in text.split("\n") if line), default=0.0)


def wrap(text: str, width: float, size: float, bold: bool = False) -> str:
    """Break a text at spaces so that every line fits a width in inches (a longer word stays whole)."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(f"{lines[-1]} {word}", size, bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def height_of(text: str, size: float) -> float:
    """Height of a text, inches."""
    return (text.count("\n") + 1) * line_height(size)


def line_height(size: float) -> float:
    """Distance of two lines, inches."""
    return 1.3 * size / 72


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart to at least ``gap``, as little as possible, keeping their order.

    Neighbours that are too close form a block around their mean; blocks merge
    until none overlap.
    """
    order = np.argsort(np.asarray(places, float), kind="stable")
    blocks: list[list[float]] = []  # mean, members
    for i in order:
        mean, size = float(places[i]), 1.0
        while blocks and mean - blocks[-1][0] < gap * (size + blocks[-1][1]) / 2:
            other, n = blocks.pop()
            mean, size = (other * n + mean * size) / (n + size), n + size
        blocks.append([mean, size])
    flat = [mean + gap * (k - (size - 1) / 2) for mean, size in blocks for k in range(int(size))]
    out = [0.0] * len(flat)
    for i, place in zip(order, flat, strict=True):
        out[i] = place
    return out


class Page:
    """A figure with a canvas in inches, y counted from the top.

    Parameters
    ----------
    width, height : float
        Inches.
    """

    def __init__(self, width: float, height: float):
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(self.figure)
        self.canvas = self.figure.add_axes((0, 0, 1, 1))
        self.canvas.set(xlim=(0, width), ylim=(height, 0))
        self.canvas.axis("off")

    def text(self, x: float, y: float, text: str, size: float = BODY, color: str = INK, ha: str = "left",
             va: str = "top", bold: bool = False) -> None:
        """Place a text; x, y in inches, ``va`` top, middle (of the capitals) or bottom.

        Lines are set one by one on their baselines: matplotlib aligns by the ink
        of a text, and neighbours with and without descenders would not be level.
        """
        step, lines = line_height(size), text.split("\n")
        first = {"top": y + 0.95 * size / 72, "middle": y + 0.365 * size / 72 - (len(lines) - 1) * step / 2,
                 "bottom": y - 0.3 * size / 72 - (len(lines) - 1) * step}[va]
        for k, line in enumerate(lines):
            self.canvas.text(x, first + k * step, line, fontsize=size, color=color, ha=ha, va="baseline",
                             fontweight="bold" if bold else "normal")

    def rule(self, x0: float, x1: float, y0: float, y1: float, color: str = RULE, width: float = 0.7) -> None:
        """Draw a line from (x0, y0) to (x1, y1)."""
        self.canvas.plot([x0, x1], [y0, y1], color=color, lw=width, solid_capstyle="butt", zorder=1)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes with the upper left corner at (x, y)."""
        ax = self.figure.add_axes((x / self.width, 1 - (y + height) / self.height, width / self.width,
                                   height / self.height))
        ax.set_facecolor("none")
        return ax


@dataclass(frozen=True)
class Column:
    """One column of bars.

    Attributes
    ----------
    head : str
    values : numpy.ndarray
        One per row, million US$; NaN is shown as n/a.
    bold : bool
        Print the head in bold.
    """

    head: str
    values: np.ndarray
    bold: bool = False


def lay_columns(columns: Sequence[Column], drawn: np.ndarray, unit: Unit, width: float, size: float
                ) -> tuple[float, list[tuple[float, float, float]]]:
    """Place columns of bars on one common scale.

    Parameters
    ----------
    columns : sequence of Column
    drawn : numpy.ndarray of bool
        Rows that get a bar (the others a number only).
    unit : Unit
    width : float
        Room for all columns, inches.
    size : float
        Font size of the numbers.

    Returns
    -------
    scale : float
        Inches per million US$.
    places : list of (left, zero, right)
        Inches from the left end of the room.
    """
    gap = 0.18
    pads, spans = [], []
    for c in columns:
        bars = np.where(drawn & np.isfinite(c.values), c.values, 0.0)
        low, high = min(bars.min(initial=0.0), 0.0), max(bars.max(initial=0.0), 0.0)
        label = [width_of(unit.text(v), size) + 0.08 for v in c.values]
        left = max((w for w, v in zip(label, c.values, strict=True) if v < 0), default=0.0)
        right = max((w for w, v in zip(label, c.values, strict=True) if not v < 0), default=0.0)
        pads.append((left, right))
        spans.append((low, high))
    least = [min(width_of(c.head, size, c.bold), LEAST_COLUMN) for c in columns]
    room = width - gap * (len(columns) - 1)
    wide = set(range(len(columns)))
    if sum(least) > room:
        least = [0.0] * len(columns)
    while True:  # a column narrower than its head gets the width of the head; the others share what is left
        fixed = sum(least[k] for k in range(len(columns)) if k not in wide)
        total = sum(spans[k][1] - spans[k][0] for k in wide)
        scale = max(room - fixed - sum(sum(pads[k]) for k in wide), 0.0) / total if total else 0.0
        narrow = {k for k in wide if (spans[k][1] - spans[k][0]) * scale + sum(pads[k]) < least[k]}
        if not narrow:
            break
        wide -= narrow
    places, x = [], 0.0
    for k in range(len(columns)):
        own = (spans[k][1] - spans[k][0]) * scale + sum(pads[k])
        zero = x + pads[k][0] - spans[k][0] * scale
        places.append((x, zero, x + max(own, least[k])))
        x = places[-1][2] + gap
    return scale, places


def heads_height(columns: Sequence[Column]) -> float:
    """Room that the heads of columns may need, inches."""
    return max(height_of(wrap(c.head, LEAST_COLUMN, SMALL, c.bold), SMALL) for c in columns)


def draw_columns(page: Page, columns: Sequence[Column], rows: Sequence[float] | np.ndarray, colours: Sequence[str],
                 drawn: np.ndarray, unit: Unit, x: float, width: float, head_y: float, *, thick: float,
                 size: float = SMALL) -> None:
    """Draw columns of bars with their numbers at the ends, heads above, a zero line each.

    Parameters
    ----------
    page : Page
    columns : sequence of Column
    rows : sequence of float
        Middle of each row, inches from the top.
    colours : sequence of str
        By row.
    drawn : numpy.ndarray of bool
        Rows that get a bar; the others get their number in bold.
    unit : Unit
    x, width : float
        Left end and width of the room, inches.
    head_y : float
        Bottom of the heads.
    thick : float
        Thickness of the bars, inches.
    size : float
        Font size of the numbers.
    """
    scale, places = lay_columns(columns, drawn, unit, width, size)
    for column, (left, zero, right) in zip(columns, places, strict=True):
        head = wrap(column.head, max(right - left, LEAST_COLUMN), SMALL, column.bold)
        fits = zero + width_of(head, SMALL, column.bold) <= right + 0.05
        page.text(x + (zero if fits else right), head_y, head, SMALL, ha="left" if fits else "right", va="bottom",
                  bold=column.bold)
        for y, value, colour, bar in zip(rows, column.values, colours, drawn, strict=True):
            length = value * scale if bar and np.isfinite(value) else 0.0
            if length:
                page.canvas.barh(y, length, thick, left=x + zero, color=colour, lw=0, zorder=2)
            negative = value < 0
            page.text(x + zero + length + (-0.05 if negative else 0.05), y, unit.text(value) if value != 0 else "0",
                      size, INK if value != 0 else GREY, "right" if negative else "left", "middle", not bar)
        page.rule(x + zero, x + zero, min(rows) - thick, max(rows) + thick, GREY, 0.6)


def save(fig: Figure, folder: str | Path, stem: str, title: str) -> list[Path]:
    """Write a figure as PNG and SVG, each whole or not at all, the same bytes for the same data.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    folder : str or Path
    stem : str
        File name without extension.
    title : str
        Title in the metadata of the files.

    Returns
    -------
    list of Path

    Raises
    ------
    CGEError
        The folder cannot be written.
    """
    folder, written = Path(folder), []
    for kind, metadata in (("png", {"Software": "cge", "Title": title}),
                           ("svg", {"Date": None, "Creator": "cge", "Title": title})):
        path = folder / f"{stem}.{kind}"
        repair = "choose another folder with --out"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise CGEError(f"cannot write {path}: {err.strerror or err}; {repair}") from None
        with whole_file(path, repair, "check the free space of the disk") as work:
            fig.savefig(work, format=kind, dpi=DPI, metadata=metadata)
        written.append(path)
    return written
