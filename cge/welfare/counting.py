"""What the tables of gains share: groups, counting from a reference, attributes."""

from __future__ import annotations

import xarray as xr

from cge.errors import CGEError

GROUPS = ("permanent residents", "earlier migrants", "new movers")
#: Movers (thousand) below which there are none: the rounding of a solve is nobody.
NOBODY = 1e-6
MUSD = "million US$"
BENCHMARK = "benchmark"
#: Where migrants are booked: where they live, or whence they come.
CONCEPTS_OF_MIGRANTS = ("host", "home")


def group_dimension() -> xr.DataArray:
    """The groups as a dimension to concatenate along."""
    return xr.DataArray(list(GROUPS), dims="group", name="group")


def as_reg(a: xr.DataArray, dim: str) -> xr.DataArray:
    """The region of a migrant (home or host) as a region; the coordinate is no longer one of migrants."""
    out = a.rename({dim: "reg"})
    out["reg"].attrs = {}
    return out


def tagged(a: xr.DataArray, what: str, unit: str, base: str = "reference") -> xr.DataArray:
    """The array with its long name, unit and what it is counted from."""
    a.attrs = {"long_name": what, "units": unit, "counted_from": base}
    return a


def counted(ds: xr.Dataset, a: xr.DataArray, index: bool = False) -> xr.DataArray:
    """What a scenario changes, counted from its reference where it has one.

    Parameters
    ----------
    ds : xarray.Dataset
        Results; coordinate ``reference`` names the reference of each scenario.
    a : xarray.DataArray
        A variable over scenarios: a change (zero in the benchmark), or an index (one in the benchmark).
    index : bool
        Divide by the reference instead of subtracting it.
    """
    out = a.copy()
    names = list(ds["scenario"].values)
    for i, reference in enumerate(ds["reference"].values):
        if reference != BENCHMARK:
            here, base = a.isel(scenario=i).values, a.isel(scenario=names.index(reference)).values
            out[{"scenario": i}] = here / base if index else here - base
    return out


def check_choice(ds: xr.Dataset, scenario: str, reg: str | None, concept: str) -> None:
    """Refuse a scenario, region or concept that the results do not have.

    Raises
    ------
    CGEError
    """
    for what, name, known in (("scenario", scenario, ds["scenario"].values), ("region", reg, ds["reg"].values),
                              ("concept", concept, CONCEPTS_OF_MIGRANTS)):
        if name is not None and name not in known:
            raise CGEError(f"the results have no {what} '{name}'; they have {', '.join(map(str, known))}")
