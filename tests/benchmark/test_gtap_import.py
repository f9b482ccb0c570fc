"""GTAP data bases in and out: round trips over random benchmarks, what is refused, GEMPACK's own data bases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import HEADERS, Benchmark, check_benchmark, synthetic_benchmark
from cge.benchmark.gtap import read_gtap
from cge.benchmark.gtap_names import is_labour
from cge.benchmark.gtap_repair import remove_rounding
from cge.benchmark.gtap_write import write_gtap, write_results_har
from cge.benchmark.har import HarArray, read_har, write_har
from cge.errors import BenchmarkError

VALIDATION = Path(__file__).resolve().parents[3] / "shared" / "validation"
FLAGS = st.fixed_dictionaries({n: st.booleans() for n in ("taxes", "margins", "holes", "joint")})


def _bench(seed: int = 1, regions: int = 3, sectors: int = 4, **flags) -> Benchmark:
    """Random standard benchmark without policy layers."""
    b = synthetic_benchmark(regions, sectors, seed, migrants=False, **flags)
    return b.replace(drop=("TMSFARM", "TMS1993"))


def _edit(folder: Path, file: str, **changes: HarArray | None) -> None:
    """Rewrite a file with some headers replaced, or removed (None)."""
    headers = read_har(folder / file)
    for name, array in changes.items():
        headers.pop(name, None)
        if array is not None:
            headers[name] = array
    write_har(folder / file, headers)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(2, 5), FLAGS)
def test_round_trip_gives_the_same_arrays(tmp_path_factory, seed, regions, sectors, flags):
    bench = _bench(seed, regions, sectors, **flags)
    folder = tmp_path_factory.mktemp("gtap")
    assert write_gtap(bench, folder) == []
    got = read_gtap(folder, name="x")
    assert got.benchmark.sets == bench.sets and got.benchmark.mobility == bench.mobility
    income = bench["EVOS"].sum(["endw", "acts"]).max()
    for name in HEADERS:
        if name in bench.arrays or HEADERS[name].group == "parameters":
            size = float(income) if name == "SAVE" else 0.0
            np.testing.assert_allclose(got.benchmark[name], bench[name], rtol=3e-6, atol=1e-6 * size, err_msg=name)
    check_benchmark(got.benchmark)
    assert (got.changes["relative"] < 1e-5).all()
    again = tmp_path_factory.mktemp("gtap")
    write_gtap(bench, again)
    assert all((again / f.name).read_bytes() == f.read_bytes() for f in folder.iterdir())


def test_files_hold_the_numbers_rounded_to_32_bits(tmp_path):
    bench = _bench(joint=True)
    write_gtap(bench, tmp_path)
    base = read_har(tmp_path / "basedata.har")
    for name in ("MAKB", "VTWR", "EVFP", "SAVE"):
        np.testing.assert_array_equal(base[name].values, bench[name].values.astype(np.float32))
    assert base["VXSB"].sets == ("COMM", "REG", "REG") and base["VTWR"].sets == ("MARG", "COMM", "REG", "REG")
    prm = read_har(tmp_path / "default.prm")
    assert prm["RDLT"].kind == "2I" and prm["EFLG"].elements[1] == ("mobile", "sluggish", "fixed")
    sets = read_har(tmp_path / "sets.har")
    assert sets["ENDS"].values.tolist() == ["Land"] and sets["ENDF"].values.tolist() == ["NatRes"]


def test_updated_data_base_is_written_and_read(tmp_path):
    bench = _bench()
    flows = {n: 2.0 * bench[n] for n, h in HEADERS.items() if h.unit == "million US$" and n in bench}
    write_gtap(bench, tmp_path, flows)
    got = read_gtap(tmp_path).benchmark
    for name in flows:
        np.testing.assert_allclose(got[name], 2.0 * bench[name], rtol=1e-5, err_msg=name)


def test_labour_and_policy_layers_have_no_place_and_it_is_said(tmp_path):
    notes = write_gtap(synthetic_benchmark(2, 2, 0), tmp_path)
    assert "LAB" in notes[0] and "TMS1993" in notes[0] and "SAVE" in notes[1]
    assert not read_gtap(tmp_path).benchmark.has_labour


def test_names_count_without_case_and_files_may_be_named(tmp_path):
    bench = _bench()
    write_gtap(bench, tmp_path)
    for old, new in (("basedata.har", "BaseData.HAR"), ("sets.har", "SETS.har"), ("default.prm", "Default.PRM")):
        (tmp_path / old).rename(tmp_path / new)
    head = read_har(tmp_path / "BaseData.HAR")["SAVE"]
    upper = (tuple(reversed([x.lower() for x in head.elements[0]])),)
    _edit(tmp_path, "BaseData.HAR", SAVE=HarArray(head.values[::-1], head.long_name, head.sets, upper))
    np.testing.assert_allclose(read_gtap(tmp_path).benchmark["SAVE"], bench["SAVE"], rtol=1e-4)
    (tmp_path / "Default.PRM").rename(tmp_path / "other.prm")
    with pytest.raises(BenchmarkError, match=r"no file default.prm or gsdfpar.har.*parameters="):
        read_gtap(tmp_path)
    assert read_gtap(tmp_path, parameters="other.prm").benchmark.name == tmp_path.name


def test_spelling_of_margins_follows_the_commodities(tmp_path):
    write_gtap(_bench(), tmp_path)
    _edit(tmp_path, "sets.har", MARG=HarArray(np.array(["SVC"], "<U12"), "Set MARG"))
    assert read_gtap(tmp_path).benchmark.sets["marg"] == ("Svc",)
    _edit(tmp_path, "sets.har", MARG=HarArray(np.array(["Sea"], "<U12"), "Set MARG"))
    with pytest.raises(BenchmarkError, match="Sea are not in COMM"):
        read_gtap(tmp_path)


def test_missing_population_is_one_and_defaults_are_said(tmp_path):
    write_gtap(_bench(), tmp_path)
    _edit(tmp_path, "basedata.har", POP=None)
    _edit(tmp_path, "default.prm", ESBQ=None)
    with pytest.raises(BenchmarkError, match="ESBQ.*--defaults"):  # a file cut between two headers looks the same
        read_gtap(tmp_path)
    got = read_gtap(tmp_path, defaults=True)
    assert (got.benchmark["POP"] == 1).all() and (got.benchmark["ESUBQ"] == 0).all()
    assert any("population" in n for n in got.notes) and any("ESUBQ" in n for n in got.notes)
    assert "population" in got.text() and "rounding" in got.text()


def test_mobility_from_flags_sets_or_elasticities(tmp_path):
    bench = _bench()
    write_gtap(bench, tmp_path)
    flag = read_har(tmp_path / "default.prm")["EFLG"]
    values = flag.values.copy()
    values[1] = (0, 1, 0)  # against the sets file
    _edit(tmp_path, "default.prm", EFLG=HarArray(values, "", flag.sets, flag.elements))
    write = read_har(tmp_path / "default.prm")["ETRE"]
    etrae = write.values.copy()
    etrae[1] = -0.5
    _edit(tmp_path, "default.prm", ETRE=HarArray(etrae, "", write.sets, write.elements))
    got = read_gtap(tmp_path)
    assert got.benchmark.mobility["UnskLab"] == "sluggish" and any("EFLG" in n for n in got.notes)
    _edit(tmp_path, "default.prm", EFLG=None)
    assert read_gtap(tmp_path).benchmark.mobility["UnskLab"] == "mobile"
    _edit(tmp_path, "sets.har", ENDM=None, ENDS=None, ENDF=None)
    got = read_gtap(tmp_path)
    assert got.benchmark.mobility["UnskLab"] == "sluggish" and got.benchmark.mobility["NatRes"] == "mobile"
    assert any("neither EFLG" in n for n in got.notes)
    values[1] = (1, 1, 0)
    _edit(tmp_path, "default.prm", EFLG=HarArray(values, "", flag.sets, flag.elements))
    with pytest.raises(BenchmarkError, match="UnskLab has flags.*exactly one"):
        read_gtap(tmp_path)


def test_labour_is_known_by_name_or_named(tmp_path):
    labour = ("tech_aspros", "clerks", "service_shop", "off_mgr_pros", "ag_othlowsk", "Labor", "UnSkLab", "SKILLED")
    assert all(is_labour(x) for x in labour)
    assert not any(is_labour(x) for x in ("Land", "Capital", "NatRes", "NatlRes", "Water"))
    write_gtap(_bench(), tmp_path)
    assert read_gtap(tmp_path).benchmark.sets["skill"] == ("UnskLab", "SkLab")
    assert read_gtap(tmp_path, skill=["sklab"]).benchmark.sets["skill"] == ("SkLab",)
    with pytest.raises(BenchmarkError, match="nobody"):
        read_gtap(tmp_path, skill=["nobody"])


def test_labels_outside_the_alphabet_are_changed_and_said(tmp_path):
    bench = _bench()
    write_gtap(bench, tmp_path)
    for file in ("basedata.har", "default.prm", "sets.har"):
        for name, a in read_har(tmp_path / file).items():
            values = np.array(["R@1" if x == "R1" else x for x in a.values], "<U12") if a.kind == "1C" else a.values
            new = tuple(None if e is None else tuple("R@1" if x == "R1" else x for x in e) for e in a.elements)
            _edit(tmp_path, file, **{name: HarArray(values, a.long_name, a.sets, new, a.coefficient, a.kind, a.status)})
    got = read_gtap(tmp_path)
    assert got.benchmark.sets["reg"][0] == "R_1" and any("R@1 -> R_1" in n for n in got.notes)


def test_what_does_not_fit_is_refused_with_file_and_header(tmp_path):
    bench = _bench()
    write_gtap(bench, tmp_path)
    base, prm = read_har(tmp_path / "basedata.har"), read_har(tmp_path / "default.prm")
    save = base["SAVE"]

    def refused(file: str, text: str, **changes) -> None:
        write_gtap(bench, tmp_path)
        _edit(tmp_path, file, **changes)
        with pytest.raises(BenchmarkError, match=text):
            read_gtap(tmp_path)

    refused("basedata.har", "no header VKB", VKB=None)
    refused("basedata.har", "before version 7", MAKB=None, VDFM=save)
    refused("default.prm", "no header ESBV", ESBV=None)
    refused("sets.har", "no set COMM", COMM=None)
    refused("basedata.har", r"header SAVE, dimension 1.*'XXX'.*missing",
            SAVE=HarArray(save.values, "", ("REG",), (("XXX", *save.elements[0][1:]),)))
    refused("basedata.har", "header SAVE.*has 2 cells, set REG 3", SAVE=HarArray(save.values[:2]))
    refused("basedata.har", "header SAVE: 2 dimensions, expected 1", SAVE=base["VDGP"])
    swapped = HarArray(base["MAKB"].values.swapaxes(0, 1), "", ("ACTS", "COMM", "REG"), base["MAKB"].elements)
    refused("basedata.har", "header MAKB: dimension 1 runs over ACTS", MAKB=swapped)
    refused("default.prm", "header RDLT: 2 numbers", RDLT=np.array([1, 0]))
    refused("default.prm", "header ESBG: text", ESBG=np.array(["a", "b", "c"]))
    refused("default.prm", "SUBPAR.*irregular", SUBP=HarArray(prm["SUBP"].values + 1.5, "", *(
        getattr(prm["SUBP"], x) for x in ("sets", "elements"))))
    off = HarArray(save.values * 1.5, "", save.sets, save.elements)
    refused("basedata.har", "SAVE .* would change by .* more than rounding", SAVE=off)
    assert read_gtap(tmp_path, tolerance=1.0).changes["relative"].max() > 1e-3
    with pytest.raises(BenchmarkError, match="is no folder"):
        read_gtap(tmp_path / "absent")


def test_rounding_is_removed_and_zero_taxes_stay_zero():
    bench = _bench(taxes=False)
    rough = bench.replace(**{n: a.astype(np.float32).astype(float) for n, a in bench.arrays.items()})
    assert not check_benchmark(rough, throw=False).ok
    exact, changes = remove_rounding(rough)
    assert check_benchmark(exact).ok and changes["relative"].max() < 1e-5
    for before, after in (("VCIF", "VMSB"), ("VXSB", "VFOB"), ("EVFB", "EVFP"), ("MAKS", "MAKB"), ("VMPB", "VMPP")):
        np.testing.assert_allclose(exact[before], exact[after], rtol=1e-14)


def test_results_are_written_with_their_names(tmp_path):
    ds = xr.Dataset({"pds": (("comm", "src"), np.eye(2), {"long_name": "price of domestic goods"}), "wev": ((), 3.5)},
                    coords={"comm": ["a", "b"], "src": ["USA", "ROW"]})
    back = read_har(write_results_har(tmp_path / "r.har", ds))
    assert list(back) == ["0001", "0002"]
    assert back["0001"].coefficient == "pds" and back["0001"].long_name == "pds # price of domestic goods #"
    assert back["0001"].sets == ("COMM", "REG") and back["0001"].elements[1] == ("USA", "ROW")
    assert float(back["0002"].values) == 3.5


@pytest.mark.gempack
@pytest.mark.parametrize(("name", "sizes", "skill"), [("nus333", (2, 3, 3, 1, 3), ("LABOR",)),
                                                      ("gtap9_10x10", (10, 10, 9, 1, 5), ("UnSkLab", "SkLab"))])
def test_gempack_data_bases(tmp_path, name, sizes, skill):
    folder = VALIDATION / name
    if not folder.is_dir():
        pytest.skip(f"no reference solution: the folder ../shared/validation/{name} is absent")
    got = read_gtap(folder)
    bench = got.benchmark
    assert tuple(len(bench.sets[s]) for s in ("reg", "comm", "acts", "marg", "endw")) == sizes
    assert bench.sets["skill"] == skill and (got.changes["relative"] < 2e-5).all()
    raw = read_har(folder / "basedata.har")
    for header in ("MAKB", "VXSB", "EVFP", "VMSB"):
        np.testing.assert_allclose(bench[header].values, raw[header].values, rtol=2e-5, err_msg=header)
    write_gtap(bench, tmp_path)
    again = read_gtap(tmp_path, name=name).benchmark
    for array in bench.arrays:
        np.testing.assert_allclose(again[array], bench[array], rtol=2e-6, atol=1e-6, err_msg=array)
    updated = next(folder.glob("updated_*.har"))
    assert any("population" in n for n in read_gtap(folder, base=updated.name).notes)
