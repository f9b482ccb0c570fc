"""Migrants and remittances: totals reconcile with the files, caps hold, accounts add up."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from calibration.config import load_config
from calibration.satellites.labour import labour_tax_rates, skill_employment, skill_splits
from calibration.satellites.macro import macro_targets
from calibration.satellites.migrants import (
    change_to_base_year,
    migration_accounts,
    people_and_workers,
    skill_of_migrants,
    stock_2000,
    stock_un,
)
from calibration.satellites.remittances import (
    cap_and_move,
    corridors,
    lost_2010,
    matrix_2010,
    migrant_income,
    receipts,
)

RAW = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_raw = pytest.mark.skipif(
    not RAW.is_dir(), reason="raw data folder ../shared/data is not beside the repository"
)


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def payments(config):
    """Factor payments with the macro wage bill spread evenly over activities."""
    regions = macro_targets(config, RAW)[0].regions
    total = (regions.gdp * regions.labour_share).to_numpy() / len(config.comm)
    bill = xr.DataArray(
        np.tile(total, (len(config.comm), 1)), {"acts": config.comm, "reg": config.reg}, ("acts", "reg")
    )
    gross = (skill_splits(config, RAW, bill) * bill).rename(skill="endw").transpose("endw", "acts", "reg")
    return gross, gross * (1 - labour_tax_rates(config, RAW))


@pytest.fixture(scope="module")
def accounts(config, payments):
    return migration_accounts(config, RAW, *payments)


@needs_raw
def test_files_are_read_whole():
    # Totals stated in the source notes of the raw files.
    assert stock_2000(RAW).to_numpy().sum() == pytest.approx(167_067_222)
    assert stock_2000(RAW).loc["MEX", "USA"] == pytest.approx(9_367_910)
    assert lost_2010(RAW)["all cells"] == pytest.approx(463.6e3, rel=1e-3)
    assert matrix_2010(RAW)["IND"].sum() == pytest.approx(54.0e3, rel=0.02)
    # World Bank and United Nations: within a fifth of each other in 2000.
    assert stock_un(RAW, 2000).to_numpy().sum() == pytest.approx(167e6, rel=0.05)


@needs_raw
def test_labour_sums_to_employment_by_skill(config, accounts):
    lab = accounts["LAB"]
    assert lab.dims == ("skill", "home", "host") and (lab >= 0).all()
    np.testing.assert_allclose(lab.sum("home"), skill_employment(config, RAW).values, rtol=1e-12)
    for skill in config.skills:
        own = np.diag(lab.sel(skill=skill))
        assert (own > 0.05 * lab.sel(skill=skill).sum("home").values).all()


@needs_raw
def test_migrants_reconcile_with_the_file(accounts):
    total = accounts["report"]["migrants_total"]
    assert total["lost: an end in no region"] == 0
    assert total["file 2000"] == pytest.approx(167.067, abs=1e-3)
    assert 0.9 < total["base year, all"] / total["file 2000"] < 1.0
    people = accounts["MPOP"]
    assert people.dims == ("home", "host") and (np.diag(people) == 0).all()
    assert float(people.sum()) / 1e3 == pytest.approx(total["base year, between regions"])
    between = float(accounts["LAB"].sum()) - np.trace(accounts["LAB"].sum("skill").values)
    assert between / 1e3 == pytest.approx(total["workers, between regions"])
    assert total["workers, between regions"] / total["base year, between regions"] == pytest.approx(
        0.55, abs=0.06
    )


@needs_raw
def test_moved_borders_are_flagged(accounts):
    blocks = accounts["report"]["blocks"]["million persons"]
    assert blocks["Soviet Union"] == pytest.approx(25, abs=1)
    assert blocks["Partition of India 1947"] > 5
    stat = accounts["LABSTAT"].to_pandas()
    assert stat.loc["FSU", "EEU"] > 0 and stat.loc["FSU", "FSU"] > 20e3
    assert stat.loc["IND", "XSA"] == 0  # they did move: reported, not flagged
    away = stat.to_numpy() * (1 - np.eye(len(stat)))
    assert (away <= accounts["MPOP"].values + 1e-9).all()


@needs_raw
def test_gulf_migrants_stay_below_the_work_force(config):
    stocks, report = people_and_workers(config, RAW)
    hosts = report["host_countries"]
    assert {"ARE", "KWT", "QAT"} <= set(hosts.index[hosts.kept < 1])
    assert (hosts.share * hosts.kept).max() < 0.95 + 1e-9
    assert float(stocks["people"].sel(home="MEX", host="USA")) == pytest.approx(7_800, rel=0.03)


@needs_raw
def test_change_to_base_year_follows_the_united_nations(config):
    change = change_to_base_year(config, RAW)
    assert change.dims == ("home", "host") and bool((change > 0.4).all()) and bool((change < 2).all())
    assert float(change.sel(home="MEX", host="USA")) == pytest.approx(0.84, abs=0.02)


@needs_raw
def test_skill_of_migrants(config):
    share, taken = skill_of_migrants(config, RAW)
    assert share.to_numpy().min() > 0 and share.to_numpy().max() < 1
    assert share.loc["MEX", "USA"] < 0.10 and share.loc["IND", "USA"] > 0.60
    assert taken.loc["IND", "USA"] and not taken.loc["IND", "SAU"]


@needs_raw
def test_receipts_have_published_controls(config):
    value, status = receipts(config, RAW)
    assert value["MEX"] == 4865 and status["MEX"] == "verified"
    assert value["IND"] == 10331 and status["IND"] == "recalled"
    assert value[status == "scaled"].sum() < 0.02 * value.sum()
    flows, report = corridors(config, RAW)
    total = report["remittances_total"]
    assert total["between regions"] + total["inside a region (dropped)"] == pytest.approx(
        total["published receipts"]
    )
    assert (np.diag(flows) == 0).all()


@needs_raw
def test_remittances_are_capped_and_reconciled(accounts, payments):
    remit = accounts["REMIT"]
    income = migrant_income(accounts["LAB"], *payments, accounts["beta_earlier"])
    assert remit.dims == ("skill", "home", "host") and (remit >= 0).all()
    assert (remit <= 0.5 * income * (1 + 1e-12)).all()
    assert (np.einsum("shh->sh", remit.values) == 0).all()
    table = accounts["report"]["remittances_by_receiver"]
    np.testing.assert_allclose(table.placed + table.unplaced, table.wanted, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(remit.sum(["skill", "host"]), table.placed, rtol=1e-10, atol=1e-9)
    assert table.moved["IND"] > 0  # Gulf corridors exceed half of income at the region's mean pay


@needs_raw
def test_migrant_income_matches_the_wage_bill(accounts, payments):
    gross, net = payments
    income = migrant_income(accounts["LAB"], gross, net, accounts["beta_earlier"]).sum("home")
    bill = net.sum("acts").rename(endw="skill", reg="host")
    assert (income < bill).all()


def test_cap_and_move_by_hand():
    regions = ["A", "B", "C"]
    coords = {"home": regions, "host": regions}
    wanted = xr.DataArray([[0, 10, 2], [1, 0, 1], [8, 8, 0]], coords, ("home", "host")).astype(float)
    limit = xr.DataArray([[0, 4, 20], [5, 0, 5], [3, 4, 0]], coords, ("home", "host")).astype(float)
    placed, moved, unplaced = cap_and_move(wanted, limit)
    np.testing.assert_allclose(placed, [[0, 4, 8], [1, 0, 1], [3, 4, 0]])
    np.testing.assert_allclose(moved, [6, 0, 0])
    np.testing.assert_allclose(unplaced, [0, 0, 9])
