"""Where residents' equivalent variation comes from: the contributions of block ``decomposition`` by region."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from cge.errors import CGEError

#: Columns of the table: what is summed for each, in the order of GTAP's welfare summary.
CONTRIBUTIONS = {
    "allocation": "taxed quantities: allocative effects of all taxes",
    "endowments": "more or fewer endowments, net of depreciation",
    "technology": "technical change",
    "population": "number of permanent residents",
    "terms of trade": "export and import prices",
    "invest-saving": "prices of investment goods and saving",
    "preferences": "shifts of the distribution parameters",
    "migrants": "real after-tax income of migrants, taken from residents' income",
    "remittances": "real remittances received; transfers, payments of movers, capital income across borders",
    "services": "public services used by migrants",
    "leavers": "benchmark wages of those who left",
}


def decomposition_table(ds: xr.Dataset, scenario: str) -> pd.DataFrame:
    """Contributions to the equivalent variation of permanent residents, million US$.

    Parameters
    ----------
    ds : xarray.Dataset
        Results (:func:`cge.results.to_dataset`). A scenario with a reference is counted from it.
    scenario : str

    Returns
    -------
    pandas.DataFrame
        One row per region and the world, columns of :data:`CONTRIBUTIONS` and ``EV``, their sum (the EV itself,
        not the sum of the columns, so that a gap would show).

    Raises
    ------
    CGEError
        The Dataset has no such scenario, or was written without a decomposition.
    """
    names = list(ds["scenario"].values)
    if scenario not in names:
        raise CGEError(f"the results have no scenario '{scenario}'; they have {', '.join(names)}")
    if "EV_ALT" not in ds:
        raise CGEError("the results hold no welfare decomposition; make them anew with `cge run`")

    def of(name: str, over: str | None = None) -> xr.DataArray:
        value = ds[name].sel(scenario=scenario)
        reference = str(ds["reference"].sel(scenario=scenario).values)
        if reference != "benchmark":
            value = value - ds[name].sel(scenario=reference)
        return value.sum(over) if over else value

    parts = (of("CNTalleffr", "ctax"), of("CNTendwr"), of("CNTtechr", "techtype"), of("CNTpop"), of("CNTtotr"),
             of("CNTpinv"), of("CNTdpar"), of("CNTmigr"), of("CNTremr"), of("CNTserv"), of("leavinc", "skill"))
    columns = {name: part.values for name, part in zip(CONTRIBUTIONS, parts, strict=True)}
    frame = pd.DataFrame({**columns, "EV": of("EV").values}, index=list(ds["reg"].values))
    frame.loc["world"] = frame.sum()
    return frame
