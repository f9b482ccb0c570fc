"""Synthetic worlds: every identity at any size, the features of a real data base, the command."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import check_benchmark, migrant_accounts, open_benchmark, synthetic_world
from cge.cli import main
from cge.errors import BenchmarkError
from cge.model import calibrate, table


@pytest.fixture(scope="module")
def world():
    return synthetic_world(20, 12, 3)


def spending(b):
    return sum(b[f"V{o}{g}P"].values.sum(0) for o in "DM" for g in "PGI")


@settings(max_examples=15, deadline=None)
@given(regions=st.integers(2, 12), sectors=st.integers(2, 9), seed=st.integers(0, 10**6),
       flags=st.fixed_dictionaries({}, optional={n: st.booleans() for n in ("hard", "migrants", "taxes")}),
       margins=st.integers(0, 1))
def test_every_identity_holds_and_the_model_takes_it(regions, sectors, seed, flags, margins):
    bench = synthetic_world(regions, sectors, seed, **flags, margins=margins)
    report = check_benchmark(bench)
    assert report.ok and report.summary["passed"].all()
    assert report.summary.set_index("check").loc["activity":"world saving", "worst"].max() < 1e-11
    data = calibrate(bench, table).data  # refuses consumption, income, investment or returns that are not positive
    assert min(data[n][1].min() for n in ("YPRES", "INCOME", "POPRES", "NETROR", "REGINV", "YG0")) > 0


def test_equal_arguments_give_equal_benchmarks(world):
    assert synthetic_world(20, 12, 3).digest() == world.digest()
    digests = {synthetic_world(4, 4, seed, hard=hard).digest() for seed in (0, 1) for hard in (False, True)}
    assert len(digests) == 4


def test_regions_are_very_unequal_and_small_ones_live_on_large_ones(world):
    size = spending(world)
    assert size.max() / size.min() == pytest.approx(10**4.5)
    bought = world["VMSB"].values.sum(0)  # src, dst
    open_ = bought.sum(0) / size
    order = np.argsort(size)
    assert open_[order[:5]].mean() > 2 * open_[order[-2:]].mean()
    assert (bought.sum(0) < 1.2 * size).all() and open_[order[-1]] < 0.3  # home bias
    large = order[-5:]
    assert (bought[large].sum(0) / bought.sum(0))[order[:10]].mean() > 0.5


def test_there_are_zero_flows_and_absent_things(world):
    off = ~np.eye(20, dtype=bool)
    assert 0.2 < (world["VXSB"].values[:, off] == 0).mean() < 0.5
    for name in ("MAKB", "VDFB", "VMFB", "VDGB", "VMIB", "LAB"):
        cells = world[name].values if name != "MAKB" else world[name].sum("comm").values
        assert (cells == 0).any(), name
    assert (world["MAKB"].sum("acts") > 0).any("reg").all()  # every commodity is made somewhere


def test_every_kind_of_tax_is_there(world):
    b = world
    kinds = {"output": b["MAKB"] - b["MAKS"], "factor": b["EVFP"] - b["EVFB"], "income": b["EVFB"] - b["EVOS"],
             "export": b["VFOB"] - b["VXSB"], "tariff": b["VMSB"] - b["VCIF"]}
    kinds |= {o + g: b[f"V{o}{g}P"] - b[f"V{o}{g}B"] for o in "DM" for g in "FPGI"}
    for name, revenue in kinds.items():
        dims = [d for d in revenue.dims if d not in ("reg", "dst")]
        assert (revenue.sum(dims) != 0).mean() > 0.9 or name == "export", name
    assert ((b["VFOB"] - b["VXSB"]).values != 0).any()
    free = synthetic_world(5, 4, 0, taxes=False)
    assert np.array_equal(free["VMSB"].values, free["VCIF"].values)
    assert np.array_equal(free["EVFP"].values, free["EVOS"].values)


def test_land_is_sluggish_and_resources_are_fixed(world):
    assert world.mobility["Land"] == "sluggish" and world.mobility["NatRes"] == "fixed"
    land = world["EVFB"].sel(endw="Land")
    assert ((land > 0).sum("acts") >= 1).all() and (land > 0).sum() > 30 and (world["ETRAE"].sel(endw="Land") < 0).all()
    assert float(land.sel(acts=[a for a in world.sets["acts"] if not a.startswith("Agr")]).sum()) == 0.0


def test_migrants_and_remittances(world):
    lab, remit = world["LAB"].values, world["REMIT"].values
    share = 1 - np.einsum("shh->sh", lab) / lab.sum(1)
    assert 0.1 < share.max() < 0.95 and share.min() > 0
    income = migrant_accounts(world)["income"].values
    assert (remit <= 0.5 * income).all() and (remit > 0).sum() > 200
    assert (remit.sum((0, 2)) <= 0.1001 * spending(world)).all()
    alone = synthetic_world(4, 4, 0, migrants=False)
    assert not alone.has_labour and "REMIT" not in alone


def test_elasticities_and_hard_data(world):
    assert world["ESUBM"].min() >= 3.8 and world["ESUBM"].max() <= 10.4
    hard = synthetic_world(20, 12, 3, hard=True)
    assert float(hard["ESUBM"].max()) == 24.0

    def tariff(b):
        return float(b["VMSB"].sum() / b["VCIF"].sum() - 1)

    def spread(b):
        output = b["MAKB"].values.sum((0, 2))
        return np.log(output).std()

    assert tariff(hard) > 2 * tariff(world) and spread(hard) > spread(world)


def test_margins_by_mode():
    b = synthetic_world(6, 12, 0, margins=3)
    assert len(b.sets["marg"]) == 3 and (b["VTWR"].sum(["comm", "src", "dst"]) > 0).all()
    assert (b["VST"] == 0).any()


def test_the_command_writes_a_benchmark(tmp_path, capsys):
    assert main(["synth", "--regions", "5", "--sectors", "4", "--seed", "2", "--to", str(tmp_path / "five")]) == 0
    assert "5 regions, 4 sectors" in capsys.readouterr().out
    again = open_benchmark(tmp_path / "five")
    assert again.name == "five" and again.replace(name="synth-5x4-2").digest() == synthetic_world(5, 4, 2).digest()


@pytest.mark.parametrize(("args", "says"), [
    (["--regions", "1", "--sectors", "4"], "--regions 1: a synthetic benchmark has at least 2 regions"),
    (["--regions", "3", "--sectors", "0"], "--sectors 0"),
    (["--regions", "3", "--sectors", "3", "--seed", "-1"], "--seed -1"),
    (["--regions", "3", "--sectors", "3", "--margins", "2"], "--margins 2"),
])
def test_wrong_arguments_are_refused_in_one_line(args, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["synth", *args]) == 1
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1 and not list(tmp_path.iterdir())


def test_wrong_arguments_raise():
    with pytest.raises(BenchmarkError, match="at least 2 sectors"):
        synthetic_world(2, 1)
