"""What must hold on any benchmark: replication, homogeneity, Walras, adding up, units, order of regions."""

import numpy as np
import pytest
import xarray as xr

from cge.benchmark import HEADERS, Benchmark, synthetic_benchmark
from cge.benchmark.headers import DIM_SET
from cge.errors import ScenarioError
from cge.model import table
from cge.model.closure import Closure, Swap
from cge.model.labour_nest_data import NEST
from cge.solve.model import FREE_COEFFICIENTS, Model
from tests.cases import elastic, everything, model, no_tariffs, quota
from tests.engine import plain

SMALL = [
    dict(seed=1),
    dict(seed=2, migrants=False),
    dict(seed=3, joint=True),
    dict(regions=2, sectors=2, seed=4, holes=False),
    dict(regions=4, sectors=2, seed=5, taxes=False, margins=False),
]
MORE = [dict(regions=r, sectors=s, seed=10 * r + s, joint=bool(s % 2)) for r in (2, 3, 5) for s in (2, 4, 5)]


def name(case):
    return " ".join(f"{k}={v}" for k, v in case.items())


@pytest.fixture(params=[*SMALL, None], ids=lambda case: name(case) if case else "elastic")
def m(request):
    return model(**request.param) if request.param else elastic()


@pytest.fixture(scope="module")
def migration():
    """A quota and a tariff reform at once, with remittances."""
    m = model(seed=1)
    shocks, coefficients = quota(m)
    return m.solve({**shocks, **no_tariffs(m, 0.5)}, coefficients)


@pytest.mark.parametrize("case", SMALL + MORE, ids=name)
def test_the_benchmark_replicates_without_a_solve(case):
    base = Model(synthetic_benchmark(**{"regions": 3, "sectors": 3, **case})).base()
    assert base.certificate.worst < 1e-10
    for symbol, values in everything(base).items():
        declared = table.symbols[symbol]
        assert np.isfinite(values).all(), symbol
        if declared.positive and declared.unit.startswith("index"):
            np.testing.assert_allclose(values, 1.0, atol=1e-12, err_msg=symbol)


def test_every_nest_replicates():
    m = elastic()
    assert m.base().certificate.worst < 1e-10
    assert {"rpca", "pesf"} <= {n for n, *_ in m.system.unknown}
    assert m.cal.masks["rpca"].any()


def test_zero_shock_returns_the_base(m):
    solution = m.solve({"tms": np.ones(m.bench["VMSB"].shape), "pfactwld": 1.0})
    assert np.abs(solution.x).max() < 1e-10
    assert solution.certificate.worst < 1e-10


def test_shocked_certificate_and_walras(m):
    for shocks in (no_tariffs(m), {"aoall": 1.02, "tinc": 1.05, "qe": 1.03, "txs": 0.95, "tpreg": 1.02}):
        certificate = m.solve(shocks, steps=2).certificate
        assert certificate.residual < 1e-9, shocks
        assert abs(certificate.walras) < 1e-9, shocks
        assert certificate.sam < 1e-9, shocks


NOMINAL = (
    "pds pms pfe pes pgov pinv ppriv psave pfactor pxwreg pmwreg y yp yg cpriv rental fincome indtax "
    "vxwreg vmwreg vgdp tbal walras_sup walras_dem wnet wgross yearl remearl spendearl cmig remin remout"
)
REAL = "qo qfe qxs qpa qgd qid qinv qsave up ug us u EV EVearl EVnew WEV absorb realwage rore pop qlab natives"


def test_doubling_the_numeraire_changes_nothing_real(m):
    base, twice = everything(m.base()), everything(m.solve({"pfactwld": 2.0}))
    for symbol, before in base.items():
        if symbol.startswith("del_") or symbol == "pwu":
            continue  # changes of nominal values; GTAP's index whose weights add up to more than one
        scale = np.abs(before).max(initial=1.0)
        if symbol in ("CV", "WCV"):  # the difference of two incomes, each of which is solved for
            scale = max(scale, 1e-3 * float(m.cal.data["INCOME"][1].max()))
        active = np.broadcast_to(m.cal.masks.get(symbol, True), before.shape)
        same, doubled = (np.abs(twice[symbol] - k * before)[active].max(initial=0.0) < 1e-8 * scale for k in (1, 2))
        assert same or doubled, symbol
        assert doubled if symbol in NOMINAL.split() else True, symbol
        assert same if symbol in REAL.split() else True, symbol


def test_changes_are_against_the_benchmark():
    m = model(seed=1)
    s = m.solve({"pfactwld": 2.0})
    np.testing.assert_allclose(s["del_tbal"], m.base()["tbal"], rtol=1e-9)
    np.testing.assert_allclose(s["del_tbalry"], 0.0, atol=1e-12)


def test_another_numeraire_changes_nothing_real():
    m = model(seed=1)
    other = plain(Model(m.bench, Closure((Swap("ywld", "pfactwld"),))))
    one, two = m.solve(no_tariffs(m)), other.solve(no_tariffs(m))
    assert two["ywld"].item() == pytest.approx(1.0, abs=1e-10)
    assert two["pfactwld"].item() != pytest.approx(1.0, abs=1e-4)
    # Prices of saving are chained indices: the path error allowed is 1e-6.
    for symbol in ("qo", "qxs", "up", "qinv", "EV"):
        np.testing.assert_allclose(one[symbol], two[symbol], rtol=1e-6, atol=1e-6 * np.abs(two[symbol]).max())


def test_units_of_money_do_not_matter():
    m = model(seed=1)
    money = {n: m.bench[n] * 1000.0 for n in m.bench.arrays if HEADERS[n].unit == "million US$"}
    scaled = plain(Model(m.bench.replace(**money)))
    shocks, coefficients = quota(m)
    one = m.solve({**shocks, **no_tariffs(m, 0.5)}, coefficients)
    two = scaled.solve({**shocks, **no_tariffs(m, 0.5)}, coefficients)
    np.testing.assert_allclose(two.x, one.x, atol=1e-9)
    for symbol in ("EV", "EVearl", "EVnew", "WEV", "absorb"):
        np.testing.assert_allclose(two[symbol], 1000.0 * one[symbol], rtol=1e-6, err_msg=symbol)


def test_the_order_of_regions_does_not_matter():
    m = model(seed=1)
    order = (2, 0, 1)
    sets = {**m.bench.sets, "reg": tuple(m.bench.sets["reg"][i] for i in order)}
    arrays = {
        n: a.reindex({d: list(sets["reg"]) for d in a.dims if DIM_SET[d] == "reg"}) for n, a in m.bench.arrays.items()
    }
    turned = plain(Model(Benchmark("turned", sets, arrays, m.bench.meta)))
    shocks, coefficients = quota(m)
    one = m.solve({**shocks, "tm": 0.95}, coefficients)
    shocks, coefficients = quota(turned, hosts=(1,))
    two = turned.solve({**shocks, "tm": 0.95}, coefficients)
    for symbol in ("pds", "qxs", "EV", "EVearl", "EVnew", "remin", "pfactor"):
        a, b = xr.align(one[symbol], two[symbol], join="left")
        np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-8 * np.abs(a).max(), err_msg=symbol)


def test_movers_out_are_movers_in(migration):
    moved = migration["mov"]
    assert moved.sum() > 0
    assert (moved.values[:, range(3), range(3)] == 0).all()
    np.testing.assert_allclose(migration["leavers"].sum("reg"), moved.sum(["home", "host"]), rtol=1e-12)
    base = migration.model.base()
    lost = base["natives"] - migration["natives"]
    np.testing.assert_allclose(lost, migration["leavers"], rtol=1e-9, atol=1e-9)
    admitted = moved.sum("home").rename(host="reg")
    expected = 0.03 * migration["LF0"] * np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(admitted, expected.transpose(*admitted.dims), rtol=1e-12)


def test_remittances_paid_are_received(migration):
    assert migration["remout"].sum() > 0
    assert migration["remnew"].sum() > 0
    np.testing.assert_allclose(migration["remin"].sum(), migration["remout"].sum(), rtol=1e-12)


def test_wage_bill_is_paid_out(migration):
    """Natives, earlier migrants and new movers together receive what activities pay for labour, net of tax."""
    labour = list(migration.model.bench.sets["skill"])
    paid = (migration["EVOS"] * migration["pes"] * migration["qfe"]).sum("acts").sel(endw=labour)
    natives = (migration["natives"] * migration["wnet"]).values
    migrants = (migration["yearl"] + migration["ynew"]).sum("home").values
    np.testing.assert_allclose(natives + migrants, paid.values, rtol=1e-10)


@pytest.mark.parametrize("kind", ["tariffs", "quota", "both"])
def test_group_gains_against_the_independent_total(kind):
    """Sum of equivalent variations against absorption at base prices: they differ by the square of the shock."""
    m = model(seed=1)
    gap = []
    for size in (0.4, 0.2):
        shocks, coefficients = quota(m, 0.05 * size)
        shocks = {} if kind == "tariffs" else shocks
        shocks |= {} if kind == "quota" else no_tariffs(m, size)
        s = m.solve(shocks, coefficients, steps=16)
        gap.append(float(s["WEV"] - s["absorb"].sum()))
        assert abs(gap[-1]) < 0.1 * abs(float(s["WEV"]))
    assert 3.4 < gap[0] / gap[1] < 4.6


@pytest.mark.parametrize(
    "options",
    [
        {"TAXMOV": 0.0},
        {"CTAXMOV": 0.0},
        {"TAXSHARE": 1.0},
        {"FAMILY": 2.0},
        {"RHON": 0.4},
        {"AN": 1.0},
        {"TAXMOV": 0.0, "CTAXMOV": 0.0, "TAXSHARE": 0.5, "FAMILY": 1.0, "RHON": 0.3},
    ],
    ids=lambda o: " ".join(o),
)
def test_group_gains_add_up_with_every_option_of_movers(options):
    m = model(seed=1)
    gap = []
    for size in (0.02, 0.01):
        shocks, coefficients = quota(m, size)
        s = m.solve(shocks, {**coefficients, **options}, steps=4)
        assert s.certificate.worst < 1e-9
        gap.append(float(s["WEV"] - s["absorb"].sum()))
    assert gap[0] / gap[1] == pytest.approx(4.0, abs=0.1)


def test_a_region_that_dissaves():
    """Negative net saving and negative net investment are data, not errors."""
    b = model(seed=1).bench
    more = (b["SAVE"] + 0.02 * b["SAVE"].sum()) * np.array([1.0, 0.0, 0.0])
    m = plain(Model(b.replace(VDEP=b["VDEP"] + more, SAVE=b["SAVE"] - more)))
    assert m.bench["SAVE"].values[0] < 0
    assert m.cal.data["NETINV"][1][0] < 0
    assert m.base().certificate.worst < 1e-10
    for shocks in ({"tm": 0.9}, {"pfactwld": 2.0}):
        s = m.solve(shocks)
        assert s.certificate.worst < 1e-9
        assert s["WEV"].item() == pytest.approx(s["absorb"].sum().item(), rel=0.05, abs=1e-3)


def test_home_and_host_concepts_have_one_total(migration):
    total = migration["WEV"].item()
    assert migration["EVhome"].sum().item() == pytest.approx(total, rel=1e-10)
    assert migration["EVhost"].sum().item() == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("coefficient", sorted(FREE_COEFFICIENTS))
def test_a_free_coefficient_does_not_touch_the_benchmark(coefficient):
    m = Model(elastic().bench, labour={"nests": True}) if coefficient in NEST.values() else elastic()
    rng = np.random.default_rng(1)
    value = rng.uniform(0.1, 0.9, m.cal.data[coefficient][1].shape)
    data = m._goal({}, {coefficient: -value if coefficient.startswith("ETRA") else value})
    residual = m.system.residual(np.zeros(m.system.n), {**m._base, **data})
    assert np.abs(residual).max() < 1e-10


def test_a_coefficient_of_the_benchmark_cannot_be_replaced():
    m = elastic()
    with pytest.raises(ScenarioError, match="'VDPP' is not a coefficient that may change without a new benchmark"):
        m.solve({}, {"VDPP": 1.0})


def test_a_quota_needs_homes_that_can_send():
    m = model(seed=1)
    shocks, coefficients = quota(m)
    with pytest.raises(ScenarioError, match="quota of UnskLab in R1 is 0.03, but the shares MSHR .* sum to 0 over"):
        m.solve(shocks)
    own = coefficients["MSHR"].copy()
    own[:, :, 0] = [0.5, 0.5, 0.0]
    with pytest.raises(ScenarioError, match="0.5 of it the host itself"):
        m.solve(shocks, {"MSHR": own})
    with pytest.raises(ScenarioError, match="the quotas take .* thousand UnskLab from R2, which has .* natives"):
        m.solve(*quota(m, 3.0))


def test_endogenous_values_cannot_be_shocked():
    m = model(seed=1)
    with pytest.raises(ScenarioError, match="'pds' cannot be shocked: it is endogenous in this closure"):
        m.solve({"pds": 2.0})
    with pytest.raises(ScenarioError, match="'nonsense' cannot be shocked: it is not a variable"):
        m.solve({"nonsense": 2.0})
    with pytest.raises(ScenarioError, match="'tm' is an index and must stay positive"):
        m.solve({"tm": -0.5})
    held = np.array([True, True, False])
    swapped = plain(Model(m.bench, Closure((Swap("del_tbalry", "dpsave", held),))))
    with pytest.raises(ScenarioError, match="'dpsave' cannot be shocked at R1: it is endogenous there"):
        swapped.solve({"dpsave": np.array([1.1, 1.0, 1.0])})
    assert swapped.solve({"dpsave": np.array([1.0, 1.0, 1.01])}).certificate.worst < 1e-9
    assert swapped.solve({"dpsave": 1.01})["dpsave"].sel(reg="R3").item() == pytest.approx(1.01)
