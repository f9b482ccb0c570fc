"""Collecting and reporting the failures of a benchmark's checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import BenchmarkError

COLUMNS = ["check", "array", "element", "region", "amount", "repair"]
_REGION_DIMS = ("reg", "host", "dst", "src")


@dataclass(frozen=True)
class CheckReport:
    """Outcome of `check_benchmark`.

    Attributes
    ----------
    summary : pandas.DataFrame
        One row per check: check, description, worst (largest relative error,
        or number of offending cells), where, passed.
    failures : pandas.DataFrame
        One row per failure: check, array, element, region, amount, repair.
    """

    summary: pd.DataFrame
    failures: pd.DataFrame

    @property
    def ok(self) -> bool:
        """Whether there is no failure."""
        return self.failures.empty


class BenchmarkCheckError(BenchmarkError):
    """A benchmark that fails its checks; `report` holds every failure."""

    def __init__(self, message: str, report: CheckReport) -> None:
        super().__init__(message)
        self.report = report


class CheckLog:
    """Collects failures and the summary."""

    def __init__(self) -> None:
        self.failures: list[dict] = []
        self.summary: list[dict] = []

    def row(self, check: str, text: str, worst: float, where: str, passed: bool) -> None:
        self.summary.append(
            {"check": check, "description": text, "worst": worst, "where": where, "passed": passed}
        )

    def fail(self, check: str, array: str, cell: dict[str, str], amount: float, repair: str) -> None:
        region = next((cell[dim] for dim in _REGION_DIMS if dim in cell), "")
        self.failures.append(
            {
                "check": check,
                "array": array,
                "element": show(cell),
                "region": region,
                "amount": amount,
                "repair": repair,
            }
        )

    def cells(
        self, check: str, text: str, array: str, wrong: xr.DataArray, amount: xr.DataArray, repair: str
    ) -> None:
        """One failure per true cell of `wrong`; `repair` may use {value} and the dimension names."""
        found = 0
        amount = amount.broadcast_like(wrong).transpose(*wrong.dims)
        for cell, index in true_cells(wrong):
            value = float(amount.values[index])
            self.fail(check, array, cell, value, repair.format(value=f"{value:,.6g}", **cell))
            found += 1
        self.row(check, text, float(found), "" if not found else self.failures[-found]["element"], not found)


def show(cell: dict[str, str]) -> str:
    return ", ".join(f"{dim} {label}" for dim, label in cell.items())


def true_cells(mask: xr.DataArray) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    for index in np.argwhere(mask.values):
        yield (
            {str(dim): str(mask.coords[dim].values[i]) for dim, i in zip(mask.dims, index, strict=True)},
            tuple(index),
        )
