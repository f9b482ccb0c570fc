"""Expected signs held against results: which are met, with the values obtained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.scenario.expect import Expectation
from cge.welfare.measures import measured, spread

_TINY = 1e-9


@dataclass(frozen=True)
class Verdict:
    """One expectation and what came out.

    Attributes
    ----------
    expectation : Expectation
    met : bool
    obtained : str
        Value with its unit, or the range over cells and how many have the sign.
    margin : float
        How far the value is on the expected side, in the measure's unit: of the worst of the cells that must have the
        sign; above zero (of ``0``: not below) where it is met, NaN where there are no cells.
    """

    expectation: Expectation
    met: bool
    obtained: str
    margin: float = float("nan")

    def __str__(self) -> str:
        """Verdict, expectation and value in one line."""
        return (f"{'met' if self.met else 'NOT':<4} {self.expectation.scenario}: {self.expectation}   "
                f"[{self.obtained}]")


def judge(ds: xr.Dataset, expectations: Sequence[Expectation]) -> list[Verdict]:
    """Hold expectations against results.

    Parameters
    ----------
    ds : xarray.Dataset
        Results of all scenarios that the expectations name, with gains.
    expectations : sequence of Expectation

    Raises
    ------
    CGEError
        The results lack what an expectation is about.
    """
    return [_judge(ds, e) for e in expectations]


def _judge(ds: xr.Dataset, e: Expectation) -> Verdict:
    value = measured(ds, e)
    other: xr.DataArray | float = 0.0
    if isinstance(e.than, Expectation):
        other = measured(ds, e.than)
        if other.ndim and other.dims == value.dims and other.shape == value.shape:
            other = value.copy(data=other.values)  # the same cells of other regions, one by one
    elif e.than is not None:
        other = e.than
    now = np.asarray(value.values, float)
    exist = np.isfinite(now)
    over = _over(e, now, np.broadcast_to(np.asarray(other, float), value.shape))[exist]
    number, cells = int((over >= 0.0 if e.sign == "0" else over > _TINY).sum()), int(exist.sum())
    needed = e.at_least or cells
    met = cells > 0 and number >= needed
    margin = float(np.sort(over)[-needed]) if 0 < needed <= cells else float("nan")
    low, high = spread(value)
    text = f"{_number(low)} {e.unit}" if low == high else f"{_number(low)} to {_number(high)} {e.unit}"
    if isinstance(other, xr.DataArray):
        least, most = spread(other)
        text += f" against {_number(least)}" + ("" if least == most else f" to {_number(most)}")
    if cells > 1:
        text += f"; {number} of {cells}"
    return Verdict(e, met, text, margin)


def _over(e: Expectation, value: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far each cell is on the expected side."""
    if e.sign == "0":
        return e.within - np.abs(value)
    return value - other if e.sign in ("+", ">") else other - value


def _number(x: float) -> str:
    """Four figures with the sign."""
    return "0" if x == 0 else f"{x:+.4g}" if 1e-3 <= abs(x) < 1e5 else f"{x:+.2e}"
