"""The figure of a reproduction: what a quota is worth to the world, beside freer trade."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cge._files import whole_file
from cge.report.style import COLOURS, GREY, SMALL, house_style
from cge.welfare.reproduction import Reproduction

_TRADE = {"applied": "applied tariffs removed", "1993": "tariffs of 1993 removed",
          "applied + farm": "all tariffs and farm protection removed"}
#: Largest quota shown, %: beyond it the gains of trade could not be told apart.
_MOST = 3.0


def write_reproduction_figure(rep: Reproduction, path: str | Path) -> Path:
    """World gain over the quota, with the gains of removed tariffs as lines, as SVG.

    Parameters
    ----------
    rep : Reproduction
    path : str or Path
        Ends in .svg.

    Raises
    ------
    CGEError
        The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = rep.sweeps.set_index(["sweep", "value"])["world"]
    quota = rows.get("quota", rows.iloc[:0]).dropna()
    rate = np.array([float(str(v).rstrip("%")) for v in quota.index])
    quota, rate = quota[rate <= _MOST], rate[rate <= _MOST]
    with house_style():
        figure = Figure(figsize=(6.4, 3.6), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        ax = figure.add_subplot()
        ax.plot([0.0, *rate], [0.0, *quota.values], color=COLOURS["migration"], marker="o", ms=4)
        trade = rows.get("protection", rows.iloc[:0])
        lowest = min(_TRADE, key=lambda name: trade.get(name, np.inf))
        for name, words in _TRADE.items():
            if np.isfinite(trade.get(name, np.nan)):
                ax.axhline(trade[name], color=COLOURS["trade"], lw=1.0)
                below = name == lowest  # where the line above is near
                ax.annotate(f"{words}: {trade[name]:.0f}", (1.0, trade[name]), (0, -2 if below else 1),
                            xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                            va="top" if below else "bottom", color=COLOURS["trade"], fontsize=SMALL)
        ax.set(xlabel="quota, % of the work force of labour importers", ylabel="world gain, billion US$",
               xlim=(0, None), ylim=(0, None))
        ax.set_title("What a quota is worth to the world, beside freer trade", loc="left", color=GREY)
        with whole_file(path) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})
    return Path(path)
