"""The SAM: exact round trip, balance, views, files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import (
    HEADERS,
    check_sam,
    from_sam,
    macro_sam,
    make_sam,
    migrant_accounts,
    read_sam_csv,
    region_sam,
    sam_summary,
    synthetic_benchmark,
    write_sam_csv,
)
from cge.benchmark.sam_layout import FLOWS, KINDS, kind_of
from cge.errors import BenchmarkError

FLAGS = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("migrants", "taxes", "margins", "holes", "joint")}
)
BENCH = synthetic_benchmark(3, 4, 1)
SAM = make_sam(BENCH)


def assert_same(back, bench, names):
    for name in names:
        old, new = bench[name].values, back[name].values
        assert np.array_equal(new == 0, old == 0), name
        assert (np.abs(new - old) <= 5e-16 * np.abs(old)).all(), name


@settings(max_examples=15, deadline=None)
@given(regions=st.integers(2, 5), sectors=st.integers(2, 5), seed=st.integers(0, 10**6), flags=FLAGS)
def test_flows_to_sam_to_flows(regions, sectors, seed, flags):
    bench = synthetic_benchmark(regions, sectors, seed, **flags)
    sam = make_sam(bench)
    assert check_sam(sam).empty
    back = from_sam(sam, bench)
    assert list(back.arrays) == list(bench.arrays) and back.meta == bench.meta
    assert_same(back, bench, bench.arrays)
    # And the SAM of the returned flows is the SAM.
    again = make_sam(back)
    assert again.accounts == sam.accounts and np.array_equal(again.row, sam.row)
    assert again.value == pytest.approx(sam.value, rel=1e-9, abs=1e-9)
    for region in bench.sets["reg"]:
        assert check_sam(region_sam(sam, region)).empty


def test_every_flow_has_cells_of_its_own():
    cells = [(flow.row, flow.column) for flow in FLOWS]
    assert len(set(cells)) == len(cells)
    arrays = {flow.array for flow in FLOWS} | {"VCIF"}
    assert arrays == {name for name, h in HEADERS.items() if h.group == "flows"} - {"VKB", "POP", "DPSM"} | {"REMIT"}


def test_without_a_template_the_sets_come_from_the_accounts():
    bare = from_sam(SAM)
    assert bare.sets == BENCH.sets
    assert_same(bare, BENCH, bare.arrays)
    assert "ESUBVA" not in bare and "VKB" not in bare


def test_cells_stand_where_the_layout_says():
    assert SAM.get("R1.dom.Agr", "R2.cons") == 0.0
    assert SAM.get("R2.dom.Svc", "R2.cons") == float(BENCH["VDPB"].sel(comm="Svc", reg="R2")) > 0
    assert SAM.get("R1.dom.Man1", "R2.imp.Man1") == float(BENCH["VXSB"].sel(comm="Man1", src="R1", dst="R2"))
    migrants = migrant_accounts(BENCH)
    assert SAM.get("R1.cons", "R1.mig.R2") == float(migrants["consumption"].sel(home="R2", host="R1"))
    assert SAM.get("R2.remit.SkLab", "R1.mig.R2") == float(
        BENCH["REMIT"].sel(skill="SkLab", home="R2", host="R1")
    )
    with pytest.raises(BenchmarkError, match=r"unknown account R1.dom.Argh \(did you mean R1.dom.Agr\?\)"):
        SAM.get("R1.dom.Argh", "R1.cons")


def test_no_migrants_no_accounts_of_theirs():
    sam = make_sam(synthetic_benchmark(3, 3, 1, migrants=False))
    assert {kind_of(account) for account in sam.accounts} == set(KINDS) - {"mig", "remit"}


def test_dense_and_long_agree():
    dense = SAM.dense()
    assert dense.to_numpy().sum() == pytest.approx(SAM.frame()["value"].sum(), rel=1e-14)
    first = SAM.frame().iloc[0]
    assert dense.loc[first["row"], first["column"]] == first["value"]


def test_macro_table_adds_up():
    table = macro_sam(SAM)
    assert table.sum(axis=0).to_numpy() == pytest.approx(table.sum(axis=1).to_numpy(), rel=1e-9)
    assert table.loc["act", "dom"] == pytest.approx(float(BENCH["MAKS"].sum()))
    assert table.loc["cons", "mig"] == pytest.approx(float(migrant_accounts(BENCH)["consumption"].sum()))


@pytest.mark.parametrize("region", [None, "R2"])
def test_summary_fits_the_screen(region):
    text = sam_summary(SAM, region)
    assert max(map(len, text.splitlines())) <= 100
    assert "million US$ (rows receive, columns pay)" in text or "billion US$" in text
    assert (region or "all regions") in text and "largest gap" in text


def test_region_sam_has_trade_and_remittances_by_partner():
    one = region_sam(SAM, "R1")
    fob = BENCH["VFOB"].sel(src="R2", dst="R1", comm="Man1")
    assert one.get("R2.partner", "R1.imp.Man1") == pytest.approx(float(fob))
    sent = BENCH["REMIT"].sel(home="R2", host="R1").sum()
    assert one.get("R2.partner", "R1.mig.R2") == pytest.approx(float(sent))
    with pytest.raises(BenchmarkError, match="has no region R7; its regions are R1, R2, R3"):
        region_sam(SAM, "R7")


@pytest.mark.parametrize("form", ["long", "square"])
def test_csv_round_trip_is_bitwise(tmp_path, form):
    path = write_sam_csv(SAM, tmp_path / "sam.csv", form=form)
    back = from_sam(read_sam_csv(path), BENCH)
    direct = from_sam(SAM, BENCH)
    for name in BENCH.arrays:
        assert np.array_equal(back[name].values, direct[name].values), name
    assert [p.name for p in tmp_path.iterdir()] == ["sam.csv"]


def test_world_is_no_name_for_a_region():
    bench = synthetic_benchmark(2, 2)
    sets = {**bench.sets, "reg": ("R1", "WORLD")}
    arrays = {}
    for name, array in bench.arrays.items():
        dims = [d for d in array.dims if d in ("reg", "src", "dst", "home", "host")]
        arrays[name] = array.assign_coords({d: ["R1", "WORLD"] for d in dims})
    with pytest.raises(BenchmarkError, match="may not be called WORLD"):
        make_sam(type(bench)("x", sets, arrays, {**bench.meta, "groups": {}}))
