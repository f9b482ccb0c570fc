"""The shipped comparison against the published one (Walmsley and Winters 2005) and the accounts it must obey."""

from __future__ import annotations

import json

import numpy as np
import pytest

import cge
from cge._paths import shipped
from cge.scenario import shocks_of
from cge.welfare import GROUPS, first_order
from cge.welfare.targets import NOT_YET, target_table


@pytest.fixture(scope="module")
def ds():
    return cge.compare(shipped("runs", "walmsley_winters.toml"))


def test_divisia_indices_by_a_second_integration(ds):
    assert float(ds["certificate_rates"].max()) < 1e-6
    assert float(ds["index_error"].max()) < 1e-6


def test_certificates(ds):
    for reading in ("certificate_residual", "certificate_walras", "certificate_sam"):
        assert float(np.abs(ds[reading]).max()) < 1e-9


@pytest.mark.parametrize("number", [1, 2, 5, 10, 11, 14])
def test_published_gate(ds, number):
    """Gates of published results: what an honest model on good data should meet."""
    row = target_table(ds).set_index("no").loc[number]
    assert row["met"] == "yes", f"{row['target']}: obtained {row['obtained']}, gate {row['gate']}"


def test_every_computable_target_has_a_verdict(ds):
    table = target_table(ds)
    assert set(table["met"]) <= {"yes", "NO", "report"}
    assert "not run" not in set(table["obtained"])


def test_movers_out_are_movers_in(ds):
    out, into = ds["movers_from"].sum("reg"), ds["movers"].sum("reg")
    np.testing.assert_allclose(out, into, rtol=1e-12)
    assert float(into.sel(scenario="M").sum()) == pytest.approx(
        0.03 * float(ds["LF0"].sel(reg=json.loads(ds.attrs["groups"])["importers"]).sum()), rel=1e-12)


def test_remittances_paid_are_received(ds):
    np.testing.assert_allclose(ds["remin"].sum("reg"), ds["remout"].sum("reg"), rtol=1e-10)


def test_groups_add_to_the_world_in_both_concepts(ds):
    for concept in ("host", "home"):
        total = ds[f"gain_by_{concept}"].sum(("group", "reg"))
        np.testing.assert_allclose(total, ds["gain_world"], rtol=1e-9, atol=1e-3)


def test_group_sum_meets_the_independent_total_to_second_order(ds):
    """The gap between EV and the Laspeyres total shrinks with the square of the quota."""
    gap = {q: abs(float((ds["gain_world"] - ds["gain_independent"]).sel(scenario=s)))
           for q, s in ((0.01, "M1"), (0.02, "M2"), (0.10, "M10"))}
    assert gap[0.10] < 0.002 * float(ds["gain_world"].sel(scenario="M10"))
    assert gap[0.10] / gap[0.02] == pytest.approx(25, rel=0.1)


def test_independent_total_of_trade_is_of_second_order(ds):
    """Half the tariff cut, about a quarter of the gap: EV and the Laspeyres total differ by a second-order term."""
    model = cge.Model(cge.open_benchmark("ww1997"), rordelta=1.0)
    gap = []
    for scale in (0.75, 0.5, 0.0):
        shocks, coefficients = shocks_of(cge.Scenario("T", tariffs=[{"scale": scale}]), model)
        solution = model.solve(shocks, coefficients)
        gap.append(float(solution["absorb"].sum() - solution["WEV"]))
    assert gap[1] / gap[0] == pytest.approx(4.0, rel=0.15)
    assert gap[2] / gap[1] == pytest.approx(4.0, rel=0.35)


def test_first_order_rule_is_the_written_formula(ds):
    """beta * sum over hosts and skills of q N_host (W_host - mean W_home of the movers), by hand."""
    groups = json.loads(ds.attrs["groups"])
    importers, exporters = groups["importers"], groups["exporters"]
    force, wage = ds["LF0"], ds["WAGE0"]
    pool = (force * wage).sel(reg=exporters).sum("reg") / force.sel(reg=exporters).sum("reg")
    by_hand = 0.5 * 0.03 * float((force * (wage - pool)).sel(reg=importers).sum())
    assert first_order(ds, "M", 0.5) == pytest.approx(by_hand, rel=1e-9)


def test_tariffs_are_gone(ds):
    assert float(abs(ds["taxrimp"].sel(scenario="T")).max()) < 1e-3
    assert float(ds["taxrimp"].sel(scenario="T-").sum()) > 0


def test_both_is_about_the_sum(ds):
    gain = ds["gain_world"]
    both = float(gain.sel(scenario="T+M"))
    assert both == pytest.approx(float(gain.sel(scenario="T") + gain.sel(scenario="M")), rel=0.05)


def test_breakeven_quota_gives_the_same_gain(ds):
    """A linear reading between the swept quotas brackets each break-even quota."""
    rates = np.array([0.0, 1.0, 2.0, 3.0])
    gains = np.array([0.0] + [float(ds["gain_world"].sel(scenario=s)) for s in ("M1", "M2", "M")])
    for quota, trade in zip(ds["breakeven_quota"].values, ds["breakeven_trade"].values, strict=True):
        assert quota == pytest.approx(np.interp(float(ds["gain_world"].sel(scenario=trade)), gains, rates), rel=0.01)


def test_gain_at_the_tariffs_of_1993_is_counted_there(ds):
    """M and T of the 1993 layer have one base: the world with those tariffs put back."""
    reference = ds["reference"].sel(scenario=["M93", "T93"]).values
    assert list(reference) == ["P93", "P93"]
    gain = ds["gain_world"].sel(scenario="M93")
    assert float(gain) == pytest.approx(float(ds["WEV"].sel(scenario="M93") - ds["WEV"].sel(scenario="P93")))
    row = target_table(ds).set_index("no").loc[10]
    assert f"1993 {float(gain / ds['gain_world'].sel(scenario='T93')):.1f}" in row["obtained"]
    assert "counted from P93" in row["why"]


def test_missed_targets_name_a_class_and_evidence(ds):
    """A miss is diagnosed: the class of its cause and a number that shows it."""
    table = target_table(ds).set_index("no")
    for number in table.index[table["met"] == "NO"]:
        assert "class: " in table["why"][number]
    assert "closed form" in table["why"][12]
    without = 100 * (ds["rental"] / ds["ppriv"] - 1).sel(scenario="MU rho=0", reg="SSA")
    assert f"SSA {float(without):+.2f}%" in table["why"][13]


def test_options_of_scenarios_are_in_the_file(ds):
    assert float(ds["rordelta"].sel(scenario="M fixed shares")) == 0.0 < float(ds["rordelta"].sel(scenario="M"))
    factor = ds["elasticity_factor"].sel(scenario="M trade el. x2")
    assert float(factor.sel(elasticity="ESUBM")) == 2.0 and float(factor.sel(elasticity="ESUBVA")) == 1.0


def test_occupations_are_said_to_be_elsewhere():
    assert "occupation" in NOT_YET[3] and "cge reproduce" in NOT_YET[3]


def test_metadata(ds):
    for name, variable in ds.data_vars.items():
        assert variable.attrs.get("long_name"), name
        assert variable.attrs.get("units"), name
    for name, coordinate in ds.coords.items():
        assert coordinate.attrs.get("long_name") and coordinate.attrs.get("units"), name
    assert ds["reg"].attrs["long_name"] == "region"
    for key in ("package", "benchmark_sha256", "scenario_text", "scenario_sha256", "closure", "labour_options"):
        assert ds.attrs[key]


def test_netcdf_round_trip(ds, tmp_path):
    path = cge.write_netcdf(ds, tmp_path / "r.nc")
    back = cge.open_results(path)
    assert [p.name for p in tmp_path.iterdir()] == ["r.nc"]
    for name in ds.data_vars:
        np.testing.assert_array_equal(back[name].values, ds[name].values)
    assert back.attrs["benchmark_sha256"] == ds.attrs["benchmark_sha256"]


def test_residents_group_is_the_ev_of_the_table(ds):
    np.testing.assert_array_equal(ds["gain_by_host"].sel(group=GROUPS[0], scenario="M"), ds["EV"].sel(scenario="M"))
