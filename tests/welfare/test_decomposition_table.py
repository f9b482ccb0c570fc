"""The table of contributions to residents' gain."""

import numpy as np
import pytest
import xarray as xr

from cge.errors import CGEError
from cge.report import print_decomposition
from cge.welfare import CONTRIBUTIONS, decomposition_table
from tests.cases import model, no_tariffs, quota

NEEDED = ["CNTalleffr", "CNTendwr", "CNTtechr", "CNTpop", "CNTtotr", "CNTpinv", "CNTdpar", "CNTmigr", "CNTremr",
          "CNTserv", "leavinc", "EV", "EV_ALT"]


@pytest.fixture(scope="module")
def ds():
    m = model(seed=1)
    shocks, coefficients = quota(m)
    solutions = {"trade": m.solve(no_tariffs(m)), "both": m.solve({**shocks, **no_tariffs(m)}, coefficients)}
    stacked = {n: xr.concat([s[n] for s in solutions.values()], dim="scenario") for n in NEEDED}
    return xr.Dataset(stacked).assign_coords(scenario=list(solutions), reference=("scenario", ["benchmark", "trade"]))


def test_columns_add_up_to_the_gain(ds):
    frame = decomposition_table(ds, "trade")
    assert list(frame.columns) == [*CONTRIBUTIONS, "EV"]
    np.testing.assert_allclose(frame[list(CONTRIBUTIONS)].sum(axis=1), frame["EV"], atol=1e-4 * frame["EV"].abs().max())
    assert frame.loc["world", "EV"] == pytest.approx(frame["EV"].iloc[:-1].sum())
    assert frame["allocation"].abs().max() > 1.0 and (frame["leavers"] == 0.0).all()


def test_a_scenario_with_a_reference_is_counted_from_it(ds):
    frame = decomposition_table(ds, "both")
    gain = ds["EV"].sel(scenario="both") - ds["EV"].sel(scenario="trade")
    np.testing.assert_allclose(frame["EV"].iloc[:-1], gain)
    np.testing.assert_allclose(frame[list(CONTRIBUTIONS)].sum(axis=1), frame["EV"], atol=1e-4 * frame["EV"].abs().max())


def test_it_is_printed_and_refused_in_words(ds, capsys):
    print_decomposition(ds, "both")
    shown = capsys.readouterr().out
    assert "world" in shown and "leavers: benchmark wages of those who left" in " ".join(shown.split())
    assert max(len(line) for line in shown.splitlines()) <= 118
    with pytest.raises(CGEError, match="no scenario 'none'; they have trade, both"):
        decomposition_table(ds, "none")
    with pytest.raises(CGEError, match="no welfare decomposition"):
        decomposition_table(ds.drop_vars("EV_ALT"), "both")
