"""Behavioural parameters: the CDE formulas against the expenditure function, and the fit."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from calibration.config import load_config
from calibration.elasticities import demand_report, parameters
from calibration.protection.tables import read_facts
from cge.bring import cde


@pytest.fixture(scope="module")
def config():
    return load_config("ww1997")


@pytest.fixture(scope="module")
def arrays(config):
    """Made-up consumption: regions from 250 to 25,000 $ a head, food shares that fall with income."""
    n = len(config.reg)
    per_head = np.geomspace(25000, 250, n)
    pop = np.full(n, 100.0)
    food = np.interp(np.log(per_head), np.log([250, 25000]), [0.45, 0.10])
    rng = np.random.default_rng(3)
    share = rng.dirichlet(np.full(len(config.comm) - 2, 4.0), n).T * (1 - food)
    share = np.vstack([food * 0.4, share[:1], food * 0.6, share[1:]])
    share[1, 0] = 0.0
    share /= share.sum(axis=0)
    value = share * per_head * pop
    coords = {"comm": config.comm, "reg": config.reg}
    domestic = xr.DataArray(value * 0.8, coords=coords, dims=("comm", "reg"))
    return {
        "VDPP": domestic,
        "VMPP": domestic / 4,
        "POP": xr.DataArray(pop, coords={"reg": config.reg}, dims="reg"),
    }


@pytest.fixture(scope="module")
def params(config, arrays):
    return parameters(config, arrays)


class Expenditure:
    """Demands from the implicit expenditure function itself: no elasticity formula inside."""

    def __init__(self, share, subpar, incpar):
        self.b, self.e = subpar, incpar
        self.B = share / subpar / (share / subpar).sum()  # calibrated at p = 1, E = 1, U = 1

    def demand(self, price, income):
        def gap(log_u):
            return (self.B * np.exp(self.e * self.b * log_u) * (price / income) ** self.b).sum() - 1

        log_u = brentq(gap, -2, 2, xtol=1e-15)
        part = self.B * self.b * np.exp(self.e * self.b * log_u) * (price / income) ** self.b
        return part / part.sum() * income / price


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_formulas_match_the_expenditure_function(seed):
    rng = np.random.default_rng(seed)
    n = 5
    share = rng.dirichlet(np.ones(n) * 2)
    subpar, incpar = rng.uniform(0.1, 0.9, n), rng.uniform(0.3, 1.8, n)
    system = Expenditure(share, subpar, incpar)
    one, h = np.ones(n), 1e-5
    np.testing.assert_allclose(system.demand(one, 1.0), share, rtol=1e-10)
    up, down = system.demand(one, np.exp(h)), system.demand(one, np.exp(-h))
    income = np.log(up / down) / (2 * h)
    np.testing.assert_allclose(income, cde.income_elasticities(share, subpar, incpar), atol=1e-6)
    compensated = cde.compensated_elasticities(share, subpar)
    for k in range(n):
        step = np.where(np.arange(n) == k, h, 0.0)
        change = np.log(system.demand(np.exp(step), 1.0) / system.demand(np.exp(-step), 1.0)) / (2 * h)
        np.testing.assert_allclose(change, compensated[:, k] - share[k] * income, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_aggregation_conditions(seed):
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(6))
    subpar, incpar = rng.uniform(0.1, 0.9, 6), rng.uniform(0.3, 1.8, 6)
    assert (share * cde.income_elasticities(share, subpar, incpar)).sum() == pytest.approx(1)
    prices = cde.compensated_elasticities(share, subpar)
    np.testing.assert_allclose(prices.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(share[:, None] * prices, (share[:, None] * prices).T, atol=1e-12)


def test_fit_recovers_a_regular_system():
    share = np.array([0.3, 0.2, 0.1, 0.25, 0.15])
    subpar, incpar = np.array([0.5, 0.3, 0.6, 0.4, 0.25]), np.array([0.4, 0.9, 1.2, 1.4, 1.3])
    incpar /= (share * incpar).sum()
    income = cde.income_elasticities(share, subpar, incpar)
    own = np.diag(cde.compensated_elasticities(share, subpar))
    got_subpar, got_incpar = cde.fit(share, income, own)
    np.testing.assert_allclose(got_subpar, subpar, atol=1e-6)
    np.testing.assert_allclose(got_incpar, incpar, atol=1e-5)


def test_fit_refuses_targets_without_engel_aggregation():
    share = np.array([0.5, 0.5])
    with pytest.raises(ValueError, match="income elasticities"):
        cde.fit(share, np.array([1.0, 1.2]), np.array([-0.5, -0.5]))
    with pytest.raises(ValueError, match="shares"):
        cde.fit(share * 2, np.array([1.0, 1.0]), np.array([-0.5, -0.5]))


def test_parameters_are_complete_and_regular(config, arrays, params):
    dims = {
        "ESUBT": ("acts", "reg"),
        "ESUBC": ("acts", "reg"),
        "ESUBVA": ("acts", "reg"),
        "ESUBD": ("comm", "reg"),
        "ESUBM": ("comm", "reg"),
        "ESUBQ": ("comm", "reg"),
        "ETRAQ": ("acts", "reg"),
        "ETRAE": ("endw", "reg"),
        "ESUBG": ("reg",),
        "ESUBI": ("reg",),
        "ESUBS": ("marg",),
        "SUBPAR": ("comm", "reg"),
        "INCPAR": ("comm", "reg"),
        "RORFLEX": ("reg",),
        "RORDELTA": (),
    }
    assert {k: v.dims for k, v in params.items()} == dims
    assert all(np.isfinite(v).all() for v in params.values())
    assert float(params["SUBPAR"].min()) > 0 and float(params["SUBPAR"].max()) < 1
    assert float(params["INCPAR"].min()) > 0
    spending = arrays["VDPP"] + arrays["VMPP"]
    mean = (params["INCPAR"] * spending).sum("comm") / spending.sum("comm")
    np.testing.assert_allclose(mean, 1, rtol=1e-12)


def test_published_values(params):
    """The numbers that MODEL-type studies of the time quote; guards the tables against typing errors."""
    usa = {k: v.sel(reg="USA") for k, v in params.items() if "reg" in v.dims}
    value_added = {
        "Agr": 0.24,
        "Ext": 0.20,
        "Food": 1.12,
        "Mach": 1.26,
        "Cons": 1.40,
        "Trade": 1.68,
        "Transp": 1.68,
    }
    for act, value in value_added.items():
        assert float(usa["ESUBVA"].sel(acts=act)) == pytest.approx(value, abs=0.01)
    for comm, value in {"Veh": 5.2, "Metal": 2.8, "Bus": 1.9, "Chem": 1.9}.items():
        assert float(usa["ESUBD"].sel(comm=comm)) == pytest.approx(value)
    assert 2.2 <= float(usa["ESUBD"].sel(comm="Agr")) <= 2.8
    np.testing.assert_allclose(params["ESUBM"], 2 * params["ESUBD"])
    assert float(params["ETRAE"].sel(endw="Land", reg="USA")) == -1
    assert float(params["RORDELTA"]) == 1 and float(params["RORFLEX"].sel(reg="IND")) == 10


def test_demand_report(config, arrays):
    table = demand_report(config, arrays)
    assert len(table) == len(config.comm) * len(config.reg)
    for _, region in table.groupby("reg"):
        assert (region["share"] * region["income"]).sum() == pytest.approx(1)
    large = table[table["share"] > 0.02]
    assert (large["income"] - large["income_target"]).abs().max() < 0.15
    food = table[table["comm"] == "Food"].set_index("reg")["income"]
    assert food[config.reg[0]] < food[config.reg[-1]] < 1
    assert (table["own"] < 0).all()


def test_every_fact_has_a_source():
    for path in (Path(cde.__file__).parent / "facts").glob("*.csv"):
        read_facts(path, ())
