"""Aggregation: sums, weights, identities, migrants, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import HEADERS, check_benchmark, migrant_accounts, open_benchmark, synthetic_benchmark
from cge.benchmark.aggregate import WEIGHTS, aggregate, sums
from cge.benchmark.convert import aggregate_to, export_har, import_har, read_mapping
from cge.benchmark.gtap_write import write_gtap
from cge.errors import BenchmarkError

FLAGS = st.fixed_dictionaries({n: st.booleans() for n in ("migrants", "taxes", "margins", "holes", "joint")})
FOLDED = {"MPOP", "REMIT"}


def _random_map(labels, data) -> dict[str, list[str]]:
    """A random partition of the labels."""
    codes = [data.draw(st.integers(0, len(labels) - 1)) for _ in labels]
    return {f"G{c}": [x for x, k in zip(labels, codes) if k == c] for c in dict.fromkeys(codes)}


@settings(max_examples=25)
@given(st.data(), st.integers(0, 1000), st.integers(2, 5), st.integers(2, 5), FLAGS)
def test_flows_add_up_and_identities_hold(data, seed, regions, sectors, flags):
    bench = synthetic_benchmark(regions, sectors, seed, **flags)
    maps = {s: _random_map(bench.sets[s], data) for s in ("reg", "comm", "acts")}
    result = aggregate(bench, **maps)  # checks every identity
    new, before, after = result.benchmark, sums(bench), sums(result.benchmark)
    for name in before:
        if name not in FOLDED:
            assert after[name] == pytest.approx(before[name], rel=1e-12, abs=1e-6), name
    for g, members in maps["reg"].items():
        assert float(new["POP"].sel(reg=g)) == pytest.approx(float(bench["POP"].sel(reg=members).sum()))
        for h, others in maps["reg"].items():
            got = new["VXSB"].sel(src=g, dst=h)
            for c, goods in maps["comm"].items():
                wanted = bench["VXSB"].sel(src=members, dst=others, comm=goods).sum()
                assert float(got.sel(comm=c)) == pytest.approx(float(wanted), rel=1e-12)
    for name, (_, weight) in WEIGHTS.items():
        if name in bench and name in new and HEADERS[name].group == "parameters":
            assert bench[name].min() <= new[name].min() and new[name].max() <= bench[name].max()
            if {str(d) for d in bench[name].dims} == {"reg"}:
                w, p = weight(bench), bench[name]
                for g, members in maps["reg"].items():
                    mean = float((w * p).sel(reg=members).sum() / w.sel(reg=members).sum())
                    assert float(new[name].sel(reg=g)) == pytest.approx(mean, rel=1e-12)


def test_identity_mapping_changes_nothing_and_steps_commute():
    bench = synthetic_benchmark(4, 4, 3, joint=True)
    same = aggregate(bench, reg={r: [r] for r in bench.sets["reg"]}, comm={c: ["*"] if c == "Svc" else [c]
                                                                       for c in bench.sets["comm"]}).benchmark
    assert same.sets == bench.sets and same.mobility == bench.mobility
    for name in bench.arrays:
        np.testing.assert_array_equal(same[name], bench[name], err_msg=name)
    plain = synthetic_benchmark(4, 4, 3, migrants=False)
    r = {"A": ["R1", "R2"], "B": ["R3"], "C": ["R4"]}
    c = {"Man": ["Man1", "Man2"], "Agr": ["Agr"], "Svc": ["Svc"]}
    both = aggregate(plain, reg=r, comm=c).benchmark
    two = aggregate(aggregate(plain, comm=c).benchmark, reg=r).benchmark
    for name in plain.arrays:
        np.testing.assert_allclose(two[name], both[name], rtol=1e-12, err_msg=name)


def test_weights_are_the_stated_flows():
    bench = synthetic_benchmark(3, 4, 5, migrants=False)
    new = aggregate(bench, comm={"X": ["Man1", "Man2"], "Agr": ["Agr"], "Svc": ["Svc"]}).benchmark
    for name, flows in (("ESUBM", ("VMFP", "VMPP", "VMGP", "VMIP")), ("INCPAR", ("VDPP", "VMPP"))):
        w = sum(bench[f].sum("acts") if "acts" in bench[f].dims else bench[f] for f in flows).sel(comm=["Man1", "Man2"])
        wanted = (w * bench[name].sel(comm=["Man1", "Man2"])).sum("comm") / w.sum("comm")
        np.testing.assert_allclose(new[name].sel(comm="X"), wanted, rtol=1e-12)
    va = bench["EVFP"].sum("endw").sel(acts=["Man1", "Man2"])
    wanted = (va * bench["ESUBVA"].sel(acts=["Man1", "Man2"])).sum("acts") / va.sum("acts")
    np.testing.assert_allclose(new["ESUBVA"].sel(acts="X"), wanted, rtol=1e-12)
    assert new.sets["acts"] == ("X", "Agr", "Svc")  # activities have the names of the commodities
    rate = bench["TMS1993"].sel(comm=["Man1", "Man2"])
    v = bench["VCIF"].sel(comm=["Man1", "Man2"])
    trade = v.sum("comm") > 0
    wanted = ((v * rate).sum("comm") / v.sum("comm").where(trade)).where(trade, rate.mean("comm"))
    np.testing.assert_allclose(new["TMS1993"].sel(comm="X"), wanted, rtol=1e-12)


def test_migrants_inside_an_aggregate_are_at_home():
    bench = synthetic_benchmark(4, 3, 2)
    result = aggregate(bench, reg={"A": ["R1", "R2"], "B": ["R3", "R4"]})
    new, lab = result.benchmark, bench["LAB"]
    inside = lab.sel(home=["R1", "R2"], host=["R1", "R2"]).sum(["home", "host"])
    np.testing.assert_allclose(new["LAB"].sel(home="A", host="A"), inside, rtol=1e-12)
    for name in FOLDED:
        assert not np.einsum("...ii->...", new[name].values).any()
    between = bench["MPOP"].sel(home=["R1", "R2"], host=["R3", "R4"]).sum()
    assert float(new["MPOP"].sel(home="A", host="B")) == pytest.approx(float(between))
    assert any("MPOP" in n for n in result.notes) and any("REMIT" in n for n in result.notes)
    for name in ("SAVE", "EVOS", "VKB"):
        assert float(new[name].sum()) == pytest.approx(float(bench[name].sum()), rel=1e-12)


def test_remittances_above_the_limit_move_to_other_hosts_and_saving_follows():
    bench = synthetic_benchmark(4, 3, 2)
    limit = 0.5 * migrant_accounts(bench)["income"]
    change = (limit - bench["REMIT"]).sum("skill")
    net = change.sum("host").rename(home="reg") - change.sum("home").rename(host="reg")
    full = bench.replace(REMIT=limit, SAVE=bench["SAVE"] + net)
    check_benchmark(full)
    result = aggregate(full, reg={"A": ["R1", "R4"], "B": ["R2"], "C": ["R3"]})
    income = migrant_accounts(result.benchmark)["income"]
    assert (result.benchmark["REMIT"] <= 0.5 * income * (1 + 1e-9) + 1e-9).all()
    assert any("lie above half" in n for n in result.notes)
    assert float(result.benchmark["SAVE"].sum()) == pytest.approx(float(full["SAVE"].sum()), rel=1e-12)


def test_margins_labour_mobility_groups_and_names_follow():
    bench = synthetic_benchmark(4, 4, 1)
    new = aggregate(bench, comm={"Rest": ["Svc", "Man1"], "Goods": ["*"]}, reg={"N": ["R1", "R2"], "S": ["R3", "R4"]},
                    endw={"Labour": ["UnskLab", "SkLab"], "Capital": ["Capital"], "Soil": ["Land", "NatRes"]},
                    mobility={"Soil": "sluggish"}, name="small").benchmark
    assert new.name == "small" and new.sets["marg"] == ("Rest",) and new.sets["skill"] == ("Labour",)
    assert new.mobility == {"Labour": "mobile", "Capital": "mobile", "Soil": "sluggish"}
    assert new.meta["groups"] == {"importers": ["N"], "exporters": ["S"]}
    mixed = aggregate(bench, reg={"X": ["R1", "R4"], "Y": ["R2", "R3"]})
    assert mixed.benchmark.meta["groups"] == {"importers": [], "exporters": []}
    assert any("no group" in n for n in mixed.notes)


def test_what_cannot_be_mapped_is_refused():
    bench = synthetic_benchmark(3, 3, 0)
    for maps, text in (
        ({"reg": {"A": ["R1", "R2"]}}, "R3 left out"),
        ({"reg": {"A": ["R1", "XX"], "B": ["*"]}}, "XX not in the benchmark"),
        ({"reg": {"A": ["R1", "R2"], "B": ["R2", "R3"]}}, "R2 given twice"),
        ({"reg": {"A": ["*"], "B": ["*"]}}, "both take the rest"),
        ({"reg": {"A": ["R1", "R2", "R3"], "B": []}}, "B made of nothing"),
        ({"reg": {"A": "R1", "B": ["*"]}}, "expected a list"),
        ({"reg": {"A": [1], "B": ["*"]}}, "expected a list"),
        ({"reg": {"A B": ["*"]}}, "'A B' is not allowed"),
        ({"endw": {"L": ["SkLab", "Land"], "Capital": ["*"]}}, "keep labour apart"),
        ({"endw": {"Soil": ["Land", "NatRes"], "SkLab": ["SkLab"], "UnskLab": ["UnskLab"], "Capital": ["*"]}},
         r"Land \(sluggish\), NatRes \(fixed\); say which"),
        ({"mobility": {"XX": "mobile"}}, "XX not among"),
        ({"mobility": {"Land": "quick"}}, "should be one of"),
    ):
        with pytest.raises(BenchmarkError, match=text):
            aggregate(bench, **maps)
    free = synthetic_benchmark(3, 3, 0, migrants=False)
    both = aggregate(free, endw={"VA": ["*"]}, mobility={"VA": "mobile"})
    assert both.benchmark.sets["skill"] == () and any("called Capital" in n for n in both.notes)


def test_commands_write_benchmarks_that_open(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = synthetic_benchmark(3, 3, 0, migrants=False, taxes=False)
    write_gtap(bench, "gtap")
    report = import_har("gtap", "mine")
    assert "mine: GTAP data base" in report and (tmp_path / "mine" / "import.txt").read_text().startswith("mine")
    assert (tmp_path / "mine" / "adjustments.csv").read_text().startswith("array,relative")
    (tmp_path / "map.toml").write_text('[reg]\nA = ["R1", "R2"]\nB = ["*"]\n')
    report = aggregate_to("mine", "map.toml", "sub/small")
    assert "small: 2 reg" in report and open_benchmark("sub/small").sets["reg"] == ("A", "B")
    assert "written" in export_har("sub/small", "back")
    import_har("back", "again")
    assert open_benchmark("again").sets == open_benchmark("sub/small").sets
    with pytest.raises(BenchmarkError, match="is a shipped benchmark"):
        import_har("gtap", "ww1997")
    for text, message in (("[region]\nA = []", "region is no mapping"), ("", "it is no mapping"), ("[reg", "mend"),
                          ("reg = 1", "reg is no mapping")):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(BenchmarkError, match=message):
            read_mapping("bad.toml")
    with pytest.raises(BenchmarkError, match="No such file"):
        read_mapping("absent.toml")


def test_shipped_benchmark_aggregates():
    bench = open_benchmark("ww1997", check=False)
    result = aggregate(bench, reg={"NAM": ["USA", "CAN"], "EUR": ["GBR", "DEU", "XEU", "XER"], "ROW": ["*"]},
                       comm={"Food": ["Agr", "Food"], "Svc": ["Trade", "Transp", "Bus", "Dwe", "Gov", "Util", "Cons"],
                             "Man": ["*"]})
    before, after = sums(bench), sums(result.benchmark)
    assert all(after[n] == pytest.approx(before[n], rel=1e-12) for n in before if n not in FOLDED)
    assert result.benchmark.meta["long_names"]["reg"]["NAM"] == "United States; Canada"
