"""Base-year wages: cases worked by hand, and the defining equation on random stocks."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import base_wages, migrant_accounts, synthetic_benchmark
from cge.errors import BenchmarkError


def arrays(lab, bill):
    """One skill; lab is home x host."""
    regions = [f"r{i}" for i in range(len(bill))]
    return (
        xr.DataArray(
            [lab], dims=("skill", "home", "host"), coords={"skill": ["s"], "home": regions, "host": regions}
        ),
        xr.DataArray([bill], dims=("skill", "reg"), coords={"skill": ["s"], "reg": regions}),
    )


def test_no_migrants_gives_the_mean_wage():
    wage, a = base_wages(*arrays([[10.0, 0.0], [0.0, 20.0]], [100.0, 40.0]), 0.5)
    assert wage.values.tolist() == [[10.0, 2.0]]
    # A mover from the poor region would close half of the gap: (2 + 10) / 2 / 10.
    assert a.sel(home="r1", host="r0").item() == pytest.approx(0.6)
    assert a.sel(home="r0", host="r1").item() == 1.0


def test_poor_migrants_in_a_rich_host_by_hand():
    # Host r0: 8 own workers, 4 from r1 whose wage is 2. W 8 + 4 (W/2 + 2/2) = 94 gives W = 9.
    wage, a = base_wages(*arrays([[8.0, 0.0], [4.0, 20.0]], [94.0, 40.0]), 0.5)
    assert wage.values[0] == pytest.approx([9.0, 2.0], rel=1e-14)
    assert a.values[0] == pytest.approx(np.array([[1.0, 1.0], [5.5 / 9.0, 1.0]]), rel=1e-14)


def test_migrants_both_ways_by_hand():
    # Rich people in the poor host are as good as its own workers: W1 (1 + 19) = 40.
    wage, a = base_wages(*arrays([[8.0, 1.0], [4.0, 19.0]], [94.0, 40.0]), 0.5)
    assert wage.values[0] == pytest.approx([9.0, 2.0], rel=1e-14)
    assert a.sel(home="r0", host="r1").item() == 1.0


@pytest.mark.parametrize(("beta", "expected"), [(1.0, 94.0 / 12.0), (0.0, (94.0 - 4.0 * 2.0) / 8.0)])
def test_extremes_of_beta(beta, expected):
    wage, _ = base_wages(*arrays([[8.0, 0.0], [4.0, 20.0]], [94.0, 40.0]), beta)
    assert wage.sel(reg="r0").item() == pytest.approx(expected, rel=1e-14)


def test_productivity_by_pair():
    lab, bill = arrays([[8.0, 0.0], [4.0, 20.0]], [94.0, 40.0])
    by_home = xr.DataArray([0.5, 1.0], dims="home", coords={"home": ["r0", "r1"]})
    assert base_wages(lab, bill, by_home)[0].sel(reg="r0").item() == pytest.approx(94.0 / 12.0, rel=1e-14)


def test_a_skill_that_a_region_lacks_has_no_wage():
    wage, a = base_wages(*arrays([[8.0, 0.0], [0.0, 0.0]], [80.0, 0.0]), 0.5)
    assert wage.values.tolist() == [[10.0, 0.0]]
    assert np.isfinite(a.values).all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 12),
    beta=st.sampled_from([0.0, 0.3, 0.5, 0.75, 1.0]),
    share=st.sampled_from([0.01, 0.3, 3.0]),
)
def test_defining_equation(seed, n, beta, share):
    rng = np.random.default_rng(seed)
    lab = rng.lognormal(0, 1, (n, n)) * share * (rng.random((n, n)) > 0.3)
    np.fill_diagonal(lab, rng.lognormal(2, 1, n))
    bill = lab.sum(0) * rng.lognormal(1, 1.5, n)
    wage, a = base_wages(*arrays(lab, bill), beta)
    w, a = wage.values[0], a.values[0]
    assert (w > 0).all() and (a > 0).all() and (a <= 1).all()
    assert w * (a * lab).sum(0) == pytest.approx(bill, rel=1e-11)
    expected = np.minimum(1.0, (w[:, None] + beta * (w - w[:, None])) / w)
    assert a == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("lab", "bill", "beta", "message"),
    [
        ([[8.0, 0.0], [-1.0, 20.0]], [94.0, 40.0], 0.5, r"LAB\(s,r1,r0\) = -1 is negative"),
        (
            [[8.0, 0.0], [0.0, 0.0]],
            [94.0, 40.0],
            0.5,
            "skill s, region r1: there is a wage bill but no workers",
        ),
        ([[8.0, 0.0], [0.0, 3.0]], [94.0, 0.0], 0.5, "region r1: there are workers but no wage bill"),
        ([[0.0, 0.0], [4.0, 3.0]], [94.0, 9.0], 0.5, "region r0: all workers are migrants"),
        ([[8.0, 0.0], [4.0, 20.0]], [94.0, 40.0], 1.5, "between 0 and 1"),
        ([[8.0, 0.0], [4.0, np.nan]], [94.0, 40.0], 0.5, "not finite numbers"),
    ],
)
def test_impossible_inputs_are_refused(lab, bill, beta, message):
    with pytest.raises(BenchmarkError, match=message):
        base_wages(*arrays(lab, bill), beta)


def test_migrants_spend_what_they_do_not_remit():
    bench = synthetic_benchmark(3, 3, 2)
    accounts = migrant_accounts(bench)
    gap = accounts["income"].sum("skill") - bench["REMIT"].sum("skill") - accounts["consumption"]
    assert np.abs(gap.values).max() < 1e-9
    # All workers together earn the wage bill net of tax.
    pay = (bench["LAB"] * accounts["a"] * accounts["W"].rename(reg="host")).sum("home")
    bill = bench["EVFB"].sel(endw=list(bench.sets["skill"])).sum("acts")
    assert pay.values == pytest.approx(bill.values, rel=1e-12)
