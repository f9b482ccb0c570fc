"""Figures of a comparison: gains of the world and of groups, gains by region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cge.report.files import FIGURES
from cge.report.style import (
    BODY,
    COLOURS,
    GREY,
    HEAD,
    INK,
    MARGIN,
    RULE,
    SHADE,
    SMALL,
    TITLE,
    Column,
    Page,
    draw_columns,
    heads_height,
    height_of,
    house_style,
    line_height,
    number,
    save,
    spread,
    width_of,
    wrap,
)
from cge.report.view import View

_WIDTH = 10.0
_EV = ("Gains are equivalent variations in US$ of the benchmark year: the income at benchmark prices that would "
       "be worth as much to a group as the scenario is.")
_TITLE_GAP = 0.16
_BARS = 3.0  # inches for the gains by group of people beside the regions
_MOST_NAMES = 8  # points of the sweep that can be named without crowding


def write_figures(ds: xr.Dataset, folder: str | Path, stem: str) -> list[Path]:
    """Draw the figures of a comparison.

    Parameters
    ----------
    ds : xarray.Dataset
        Results with gains (:func:`cge.welfare.add_gains`). Scenarios are shown by the part they play in
        ``ds.attrs["headline"]``; missing parts are left out.
    folder : str or Path
    stem : str
        Files are ``<stem>_world`` and ``<stem>_regions``, each as .png and .svg.

    Returns
    -------
    list of Path
        The files, written whole or not at all; empty if the Dataset has no scenario.

    Raises
    ------
    CGEError
        The folder cannot be written.
    """
    view = View(ds)
    if not view.scenarios:
        return []
    with house_style():
        drawn = ((_world, view.world_finding()), (_regions, view.region_finding()))
        return [path for name, (draw, title) in zip(FIGURES, drawn, strict=True)
                for path in save(draw(view, title).figure, folder, f"{stem}_{name}", title)]


def _world(view: View, title: str) -> Page:
    """Gains of the world and of groups by scenario; below, the world's gain against the quota."""
    unit, gains = view.unit(), [view.group_gains(s.name) for s in view.scenarios]
    columns = [Column("World", np.array([view.world(s.name) for s in view.scenarios]), bold=True)]
    for head in gains[0]:
        values = np.array([g[head] for g in gains])
        if np.any(values != 0):  # NaN counts: it is shown as n/a, not left out
            columns.append(Column(head, values))

    inner = _WIDTH - 2 * MARGIN
    code = max(width_of(s.name, HEAD, True) for s in view.scenarios) + 0.15
    words = [wrap(s.title, 2.35, SMALL) for s in view.scenarios]
    pitch = max([0.36, *[height_of(w, SMALL) + 0.12 for w in words]])
    left = code + max(width_of(w, SMALL) for w in words) + 0.2
    title = wrap(title, inner, TITLE, True)
    note = wrap(f"{_EV} Residents are permanent residents; migrants are counted by themselves, wherever they live. "
                f"{view.counted_from(view.scenarios)} {view.source()}", inner, SMALL)

    top = MARGIN + height_of(title, TITLE) + _TITLE_GAP
    heads = top + line_height(HEAD) + 0.1 + heads_height(columns)
    steps = np.cumsum([0.0] + [pitch + 0.1 * (a.kind != b.kind) for a, b in zip(
        view.scenarios[:-1], view.scenarios[1:], strict=True)])
    rows = heads + 0.08 + pitch / 2 + steps
    bottom = rows[-1] + pitch / 2 + 0.1
    points = view.sweep() if np.any(columns[0].values) else []
    lower = bottom + 0.2 + (3.6 if points else 0.0)
    page = Page(_WIDTH, lower + height_of(note, SMALL) + MARGIN)

    page.text(MARGIN, MARGIN, title, TITLE, bold=True)
    page.text(MARGIN, top, f"Gain of each group of people, {unit.name} a year", HEAD, bold=True)
    for y, s, text in zip(rows, view.scenarios, words, strict=True):
        page.text(MARGIN, y, s.name, HEAD, COLOURS[s.kind], va="middle", bold=True)
        page.text(MARGIN + code, y, text, SMALL, GREY, va="middle")
    draw_columns(page, columns, rows, [COLOURS[s.kind] for s in view.scenarios], np.ones(len(rows), bool), unit,
                 MARGIN + left, inner - left, heads, thick=0.5 * min(pitch, 0.4), size=BODY)
    if points:
        _quotas(view, page, points, bottom + 0.2)
    page.text(MARGIN, lower, note, SMALL, GREY)
    return page


def _quotas(view: View, page: Page, points: list[tuple[float, float, str]], y: float) -> None:
    """World gain against the quota: the whole sweep and, magnified, where it meets the gains of trade."""
    unit, even = view.unit(), view.breakeven()
    trades = [*(s.name for s in view.scenarios if s.kind == "trade"), *even]
    levels = {t: view.world(t) for t in trades if np.isfinite(view.world(t))}
    curve = sorted({(0.0, 0.0), *((x, g) for x, g, _ in points), *((q, view.world(t)) for t, q in even.items())})
    labels = {t: f"{t}  {unit.text(g)}" + (f"\nquota of {number(even[t], 2)}%" if t in even else "")
              for t, g in levels.items()}
    inner, height, axis = _WIDTH - 2 * MARGIN, 2.5, 0.55
    right = max((width_of(text, BODY) for text in labels.values()), default=0.0) + 0.15
    middle = max((width_of(t, SMALL) for t in levels), default=0.0) + 0.15
    width = (inner - right - middle - 2 * axis - 0.3) / 2 if even else inner - right - axis
    page.rule(MARGIN, MARGIN + inner, y, y)
    x, heading, y = MARGIN + axis, y + 0.14, y + 0.5
    page.text(MARGIN, heading, f"World gain by quota, {unit.name} a year", HEAD, bold=True)
    whole = page.axes(x, y, width, height)
    _sweep(whole, curve, points, levels, unit.divisor)
    whole.set_xlim(min(0.0, 1.06 * curve[0][0]), max(0.0, 1.06 * curve[-1][0]))
    if min(*(c[1] for c in curve), *levels.values()) >= 0:
        whole.set_ylim(bottom=0)
    _point_labels(whole, points, view.role["migration"], unit.divisor)
    if not even:
        _level_labels(page, whole, labels, levels, unit.divisor, x + width, BODY)
        return
    _level_labels(page, whole, {t: t for t in levels}, levels, unit.divisor, x + width, SMALL)

    x += width + middle + axis + 0.3
    trade = view.role.get("trade")
    page.text(x - axis, heading, f"A quota of {number(even[trade], 2)}% is worth as much as {trade}" if trade in even
              else "Quotas that are worth as much as freer trade", HEAD, bold=True)
    near = page.axes(x, y, width, height)
    _sweep(near, curve, points, levels, unit.divisor)
    ends = 1.5 * min(0.0, *even.values()), 1.5 * max(0.0, *even.values())
    swept = np.interp(ends, [q for q, _ in curve], [g for _, g in curve])
    seen = np.array([*swept, *levels.values(), 0.0]) / unit.divisor
    low, high = seen.min(), seen.max()
    pad = 0.04 * (high - low or 1.0)
    whole.fill_between(ends, low, high, color=SHADE, lw=0, zorder=0)
    near.set(xlim=ends if ends[0] < ends[1] else (-1, 1), ylim=(low - pad * (low < 0), high + pad))
    for t, quota in even.items():
        gain = view.world(t) / unit.divisor
        near.plot([quota, quota], [0, gain], color=COLOURS["trade"], lw=0.8, ls=(0, (2, 2)), zorder=2)
        near.plot([quota], [gain], "o", ms=6, mfc="white", mec=COLOURS["trade"], mew=1.6, zorder=5)
    _level_labels(page, near, labels, levels, unit.divisor, x + width, BODY)


def _sweep(ax: Axes, curve: list[tuple[float, float]], points: list[tuple[float, float, str]],
           levels: dict[str, float], divisor: float) -> None:
    """The line through the solved quotas and zero, and the gains of trade as levels."""
    for gain in levels.values():
        ax.axhline(gain / divisor, color=COLOURS["trade"], lw=1.0, zorder=1)
    ax.plot([c[0] for c in curve], [c[1] / divisor for c in curve], color=COLOURS["migration"], lw=1.8, zorder=3)
    ax.plot([p[0] for p in points], [p[1] / divisor for p in points], "o", color=COLOURS["migration"], ms=5, zorder=4)
    ax.axhline(0, color=GREY, lw=0.6, zorder=1)
    ax.set_xlabel("Quota, % of the host's work force")
    ax.locator_params(nbins=6)


def _point_labels(ax: Axes, points: list[tuple[float, float, str]], base: str, divisor: float) -> None:
    """Names of the solved quotas, on the side of the line where its slope leaves room."""
    for x, gain, name in points:
        if len(points) <= _MOST_NAMES or name == base:
            rising = gain * x >= 0
            ax.annotate(name, (x, gain / divisor), xytext=(-5 if rising else 5, 3), textcoords="offset points",
                        ha="right" if rising else "left", va="bottom", color=COLOURS["migration"],
                        fontsize=BODY if name == base else SMALL, fontweight="bold" if name == base else "normal")


def _level_labels(page: Page, ax: Axes, labels: dict[str, str], levels: dict[str, float], divisor: float, x: float,
                  size: float) -> None:
    """Names of the levels at the right end of their lines, moved apart where they are too close."""
    if not levels:
        return
    box, (low, high) = ax.get_position(), ax.get_ylim()
    top, bottom = (1 - box.y1) * page.height, (1 - box.y0) * page.height
    true = [bottom - (g / divisor - low) / (high - low) * (bottom - top) for g in levels.values()]
    room = max(height_of(text, size) for text in labels.values()) + 0.02
    for t, at, y in zip(levels, true, spread(true, room), strict=True):
        page.rule(x, x + 0.1, at, y, COLOURS["trade"], 0.6)
        page.text(x + 0.13, y, labels[t], size, COLOURS["trade"], va="middle")


def _regions(view: View, title: str) -> Page:
    """Gain of the people of every region in percent of income; gains of the last scenario by group of people."""
    pair, unit = view.pair(), view.unit()
    last = pair[-1].name
    colours = [COLOURS[kind if s.kind == "other" else s.kind]
               for s, kind in zip(pair, ("trade", "migration"), strict=False)]
    rows, bold = _region_rows(view, last)
    inner = _WIDTH - 2 * MARGIN
    names = [wrap(text, 2.45, SMALL) for text, _ in rows]
    left = max(width_of(n, SMALL, bool(b)) for n, b in zip(names, bold, strict=True)) + 0.15
    title = wrap(title, inner, TITLE, True)
    note = wrap(f"{_EV} The people of a region are its permanent residents and, wherever they live, its earlier "
                "emigrants and new movers (home concept); income is that of permanent residents in the benchmark. "
                f"Regions stand in the order of their gain under {last}. {view.counted_from(pair)} {view.source()}",
                inner, SMALL)
    keys = [wrap(f"{s.name}  {s.title}", inner - 0.2, SMALL) for s in pair]

    key = MARGIN + height_of(title, TITLE) + 0.1
    top = key + sum(height_of(k, SMALL) + 0.03 for k in keys) + _TITLE_GAP
    heads = top + line_height(HEAD) + 0.1 + 2 * line_height(SMALL)
    tall = np.array([max(0.25, height_of(n, SMALL) + 0.06) + 0.1 * b for n, b in zip(names, bold, strict=True)])
    first, bottom = heads + 0.1, heads + 0.1 + tall.sum()
    middle = first + np.cumsum(tall) - tall / 2
    lower = bottom + 0.42
    page = Page(_WIDTH, lower + height_of(note, SMALL) + MARGIN)

    page.text(MARGIN, MARGIN, title, TITLE, bold=True)
    for text, colour in zip(keys, colours, strict=True):
        page.canvas.plot([MARGIN + 0.06], [key + line_height(SMALL) / 2], "o", ms=6, color=colour)
        page.text(MARGIN + 0.2, key, text, SMALL)
        key += height_of(text, SMALL) + 0.03
    for text, y, strong in zip(names, middle, bold, strict=True):
        if strong:
            page.canvas.fill_between([MARGIN - 0.06, MARGIN + inner + 0.06], y - 0.12, y + 0.12, color=SHADE, lw=0,
                                     zorder=0)
        page.text(MARGIN, y, text, SMALL, va="middle", bold=bool(strong))

    percent = np.array([[view.home_percent(s.name, members, together=True)[0] for _, members in rows] for s in pair])
    shown = [[number(v, 2) for v in values] for values in percent]
    room = [max(width_of(t, SMALL, True) for t in [*texts, s.name]) + 0.12
            for texts, s in zip(shown, pair, strict=True)]
    x, width = MARGIN + left, max(inner - left - sum(room) - 0.4 - _BARS, 1.5)
    page.text(x, top, "Gain, % of income", HEAD, bold=True)
    _dumbbells(page.axes(x, first, width, bottom - first), percent, middle - first, tall.sum(), bold, colours)
    x += width + 0.1
    for s, texts, step, colour in zip(pair, shown, room, colours, strict=True):
        x += step
        page.text(x, heads, s.name, SMALL, colour, "right", "bottom", True)
        for y, text, strong in zip(middle, texts, bold, strict=True):
            page.text(x, y, text, SMALL, INK, "right", "middle", bool(strong))
    x += 0.3
    gains = [view.home_gains(last, members) for _, members in rows]
    columns = [Column(head, np.array([g[head].sum() for g in gains])) for head in gains[0]]
    columns = [c for c in columns if np.any(c.values != 0)] or columns[:1]
    page.text(x, top, f"{last}: {unit.name} a year", HEAD, bold=True)
    draw_columns(page, columns, list(middle), [colours[-1]] * len(rows), ~bold, unit, x, MARGIN + inner - x, heads,
                 thick=0.13)
    page.text(MARGIN, lower, note, SMALL, GREY)
    return page


def _region_rows(view: View, scenario: str) -> tuple[list[tuple[str, list[str]]], np.ndarray]:
    """Label and regions of every row, and which rows are sums.

    Each group, then its regions by their gain under a scenario; the world last.
    """
    rows = []
    for group, members in view.groups.items():
        gain = dict(zip(members, np.nan_to_num(view.home_percent(scenario, members), nan=-np.inf), strict=True))
        rows.append((f"{group[:1].upper()}{group[1:]}, together", members, True))
        rows += [(view.names[r], [r], False) for r in sorted(members, key=lambda r: -gain[r])]
    if len(view.groups) > 1:
        rows.append(("World", view.regions, True))
    return [row[:2] for row in rows], np.array([row[2] for row in rows])


def _dumbbells(ax: Axes, percent: np.ndarray, middle: np.ndarray, height: float, bold: np.ndarray,
               colours: list[str]) -> None:
    """Points of the scenarios (first axis of ``percent``) by row, joined by a line."""
    finite = percent[np.isfinite(percent)]
    low, high = min(finite.min(initial=0.0), 0.0), max(finite.max(initial=0.0), 0.0)
    pad = 0.04 * (high - low or 1.0)
    ax.set(xlim=(low - pad, high + pad), ylim=(height, 0), yticks=[])
    ax.locator_params(axis="x", nbins=6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", labelsize=SMALL, top=True, labeltop=True, length=2)
    ax.grid(axis="x", color=RULE, lw=0.6)
    ax.set_axisbelow(True)
    ax.axvline(0, color=GREY, lw=0.8, zorder=1)
    for y, values in zip(middle, percent.T, strict=True):
        if np.isfinite(values).sum() > 1:
            ax.plot([np.nanmin(values), np.nanmax(values)], [y, y], color="#AAB2B8", lw=1.6, zorder=2)
    for values, colour, size in zip(percent, colours, (7.5, 5.5), strict=False):  # a hidden point shows as a ring
        for strong, marker in ((False, "o"), (True, "D")):
            ax.plot(values[bold == strong], middle[bold == strong], marker, color=colour, ms=size - strong, mec="white",
                    mew=0.6, zorder=3, clip_on=False)
