"""Factor payments and closure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration.balance.closure import close, rounded
from calibration.balance.factors import factor_payments, labour_payments, pattern
from calibration.balance.national import balance
from calibration.balance.nlp import BalanceError
from calibration.mrio.prior import Flows, Rates, gdp, value_added

ACTS, REG, USES = ["Agr", "Mach", "Transp"], ["A", "B"], ["household", "government", "investment"]


def array(values, *dims):
    """Labelled array over the small sets of this file."""
    labels = {"comm": ACTS, "acts": ACTS, "reg": REG, "src": REG, "dst": REG, "use": USES}
    return xr.DataArray(values, dims=dims, coords={d: labels[d] for d in dims})


@pytest.fixture
def priced() -> tuple[Flows, Rates]:
    """Consistent random flows: imports by use equal landed imports, margins supplied equal margins used."""
    rng = np.random.default_rng(11)
    vfob = array(rng.uniform(5, 20, (3, 2, 2)) * (1 - np.eye(2)), "comm", "src", "dst")
    rates = Rates(
        firms=array(rng.uniform(0, 0.1, (3, 3, 2)), "comm", "acts", "reg"),
        final=array(rng.uniform(0, 0.2, (3, 3, 2)), "comm", "use", "reg"),
        export=array(rng.uniform(0, 0.02, (3, 2, 2)), "comm", "src", "dst"),
        margin=array(rng.uniform(0.01, 0.05, (3, 2, 2)), "comm", "src", "dst"),
        tariff=array(rng.uniform(0, 0.3, (3, 2, 2)), "comm", "src", "dst"),
        output=array(rng.uniform(0, 0.05, (3, 2)), "acts", "reg"),
    )
    landed = (vfob * rates.landed).sum("src").rename(dst="reg")
    share = rng.dirichlet(np.ones(6), (3, 2))
    imports = landed.values[..., None] * share
    used = float((vfob * rates.margin).sum())
    flows = Flows(
        vdf=array(rng.uniform(5, 30, (3, 3, 2)), "comm", "acts", "reg"),
        vmf=array(imports[..., :3].transpose(0, 2, 1), "comm", "acts", "reg"),
        vd=array(rng.uniform(40, 90, (3, 3, 2)), "comm", "use", "reg"),
        vm=array(imports[..., 3:].transpose(0, 2, 1), "comm", "use", "reg"),
        vfob=vfob,
        vst=array([0.3 * used, 0.7 * used], "reg"),
        va=array(np.ones((3, 2)), "acts", "reg"),
    )
    va = value_added(flows, rates, "Transp")
    return Flows(flows.vdf, flows.vmf, flows.vd, flows.vm, flows.vfob, flows.vst, va), rates


def residuals(flows, rates) -> dict:
    landed = (flows.vfob * rates.landed).sum("src").rename(dst="reg")
    return {
        "profit": np.abs(value_added(flows, rates, "Transp") / flows.va - 1).max(),
        "imports": np.abs((flows.vmf.sum("acts") + flows.vm.sum("use")) / landed - 1).max(),
        "margins": abs(flows.vst.sum() / (flows.vfob * rates.margin).sum() - 1),
    }


def test_gdp_of_both_sides(priced):
    flows, rates = priced
    taxes = (flows.vdf * rates.firms + flows.vmf * rates.firms).sum(("comm", "acts"))
    taxes = taxes + ((flows.vd + flows.vm) * rates.final).sum(("comm", "use"))
    cif = flows.vfob * (1 + rates.margin)
    taxes = taxes + (cif * rates.tariff).sum(("comm", "src")).rename(dst="reg")
    basic = flows.vfob / (1 + rates.export)
    taxes = taxes + (flows.vfob - basic).sum(("comm", "dst")).rename(src="reg")
    sold = flows.vdf.sum("acts") + flows.vd.sum("use") + basic.sum("dst").rename(src="reg")
    sold = (sold + xr.where(sold.comm == "Transp", flows.vst, 0.0)).rename(comm="acts")
    taxes = taxes + (sold - sold / (1 + rates.output)).sum("acts")
    np.testing.assert_allclose(gdp(flows, rates), flows.va.sum("acts") + taxes, rtol=1e-12)


def test_balance_meets_hard_totals_and_nears_soft_ones(priced):
    flows, rates = priced
    target = (gdp(flows, rates) * xr.DataArray([1.02, 0.97], dims="reg", coords={"reg": REG})).to_series()
    now = ((flows.vd + flows.vm) * (1 + rates.final)).sum("comm").transpose("reg", "use").to_pandas()
    wanted = now * [1.1, 1.0, 0.9]
    result = balance(flows, rates, target, wanted, "Transp")
    for name, worst in residuals(result.flows, rates).items():
        assert float(worst) < 1e-12, name
    np.testing.assert_allclose(gdp(result.flows, rates), target, rtol=1e-12)
    xr.testing.assert_identical(result.flows.vfob, flows.vfob)
    household = result.soft[result.soft.use == "household"].set_index("reg")
    assert ((household.estimate - now.household) * (wanted.household - now.household) > 0).all()
    assert result.report["ras_largest_relative_difference"] < 1e-7
    assert len(result.cells) == 2 * 2 * 3 * 6 + 6


def test_closure_is_exact_after_rounding(priced):
    flows, rates = priced
    closed, new, report = close(flows, rates, "Transp")
    for name, worst in residuals(closed, new).items():
        assert float(worst) < 1e-14, name
    assert max(report.values()) < 1e-5
    again, _, _ = close(closed, new, "Transp")
    np.testing.assert_allclose(again.va, closed.va, rtol=1e-6)


def test_rounding_keeps_seven_digits():
    values = rounded(xr.DataArray([123456.7891, 0.0, -0.000123456789]))
    assert values.values.tolist() == [123456.8, 0.0, -0.0001234568]


def test_factor_payments_meet_the_wage_bill(priced):
    va = priced[0].va
    wages = pd.Series([0.62, 0.40], index=REG) * va.sum("acts").to_series()
    labour, shift = labour_payments(va, wages)
    np.testing.assert_allclose(labour.sum("acts"), wages, rtol=1e-12)
    assert shift["A"] > shift["B"]
    # Shares keep the order of the pattern.
    order = np.argsort(pattern(ACTS).labour.to_numpy())
    assert (np.diff((labour / va).values[order], axis=0) > 0).all()
    skills = xr.DataArray(
        np.stack([np.full((3, 2), 0.7), np.full((3, 2), 0.3)], axis=1),
        dims=("acts", "skill", "reg"),
        coords={"acts": ACTS, "skill": ["UnskLab", "SkLab"], "reg": REG},
    )
    endowments = ["Land", "UnskLab", "SkLab", "Capital", "NatRes"]
    paid = factor_payments(va, labour, skills, endowments)
    np.testing.assert_allclose(paid.sum("endw"), va, rtol=1e-14)
    assert float(paid.min()) >= 0
    assert float(paid.sel(endw="Land", acts="Mach").sum()) == 0
    with pytest.raises(BalanceError, match="B: wage bill"):
        labour_payments(va, wages * [1.0, 4.0])
    with pytest.raises(BalanceError, match="no row for Magic"):
        pattern(["Magic"])
