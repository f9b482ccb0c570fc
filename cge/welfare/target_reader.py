"""What a target of the published comparison is, and the reading of results by roles and groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.welfare.gains import GROUPS


@dataclass(frozen=True)
class Target:
    """One published result and its gate.

    Attributes
    ----------
    number : int
    what, published : str
    gate : str
        The range in words.
    measure : callable
        Dataset to (obtained in words, met or None where it is reported only, why).
    year : int, optional
        Base year of the published number, where it is a level that says nothing of another year.
    """

    number: int
    what: str
    published: str
    gate: str
    measure: Callable[[_Reader], tuple[str, bool | None, str]]
    year: int | None = None


PUBLISHED_YEAR = 1997  # base year of the published comparison


class _NotComputable(Exception):
    """A target that would be a share of nothing, or of what is not a number."""


def _ratio(part: float, whole: float, what: str) -> float:
    """Part over whole; _NotComputable where that is no number."""
    if not (np.isfinite(part) and np.isfinite(whole)) or whole == 0:
        raise _NotComputable(f"{what} would be {part:g} over {whole:g}")
    return part / whole


class _Reader:
    """A Dataset with the roles of its scenarios and groups of its regions."""

    def __init__(self, ds: xr.Dataset):
        self.ds = ds
        self.role = json.loads(ds.attrs["headline"])
        self.groups = json.loads(ds.attrs["groups"])
        self.labour = json.loads(ds.attrs["labour_options"])
        self.year = base_year(ds)

    @property
    def layers(self) -> list[tuple[str, str]]:
        """Role and name of the layers of protection; only the base year of the published comparison has two years."""
        named = [("trade", "applied + farm"), ("trade_applied", "applied"), ("trade_1993", "1993")]
        return [(role, name) for role, name in named if role in self.role or self.year == PUBLISHED_YEAR]

    def world(self, scenario: str) -> float:
        """World gain, billion US$."""
        if not self.has(scenario):
            raise KeyError(scenario)
        return float(self.ds["gain_world"].sel(scenario=scenario)) / 1e3

    def has(self, *scenarios: str) -> bool:
        return all(s in self.ds["scenario"].values for s in scenarios)

    def residents(self, scenario: str, group: str) -> xr.DataArray:
        """Gain of permanent residents of the regions of a group, million US$."""
        if not self.has(scenario):
            raise KeyError(scenario)
        return self.ds["gain_by_host"].sel(scenario=scenario, group=GROUPS[0], reg=self.groups[group])

    def real(self, variable: str, scenario: str, group: str) -> xr.DataArray:
        """Percentage change of a price over the consumer price index."""
        ds = self.ds.sel(scenario=scenario)
        return 100 * (ds[variable] / ds["ppriv"] - 1).sel(reg=self.groups[group])


def skill_of(ds: xr.Dataset) -> str:
    """Definition of skill of a result; nothing where it is the benchmark's own (completed tertiary education)."""
    return json.loads(ds.attrs.get("skill_definition", "{}")).get("name", "")


def base_year(ds: xr.Dataset) -> int:
    """Base year of the benchmark of a result."""
    return int(ds.attrs.get("benchmark_year", PUBLISHED_YEAR))


def asked_of(target: Target, year: int) -> bool:
    """Whether a gate can be asked of a base year: not if the published number is a level of another."""
    return target.year is None or target.year == year
