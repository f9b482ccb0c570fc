"""Every kind of broken benchmark is refused with array, element, region, amount and repair."""

import numpy as np
import pytest

from cge.benchmark import check_benchmark, synthetic_benchmark
from cge.benchmark.check_report import COLUMNS
from cge.errors import BenchmarkError

BENCH = synthetic_benchmark(3, 3, 1)


def changed(name, change, **cell):
    """BENCH with one cell of an array changed."""
    array = BENCH[name].copy(data=BENCH[name].values.copy())
    array.loc[cell] = change(float(array.loc[cell])) if callable(change) else change
    return BENCH.replace(**{name: array})


IDENTITY_CASES = [
    ("activity", "EVFP", dict(endw="Capital", acts="Svc", reg="R2"), "MAKS (acts Svc, reg R2)", -7.0),
    ("commodity", "VDPB", dict(comm="Agr", reg="R1"), "MAKB (comm Agr, reg R1)", -7.0),
    ("imports", "VMPB", dict(comm="Man1", reg="R3"), "VMSB (comm Man1, reg R3)", -7.0),
    ("cif", "VFOB", dict(comm="Man1", src="R1", dst="R2"), "VCIF (comm Man1, src R1, dst R2)", -7.0),
    ("margins", "VST", dict(marg="Svc", reg="R2"), "VST (marg Svc)", 7.0),
    ("household", "SAVE", dict(reg="R2"), "SAVE (reg R2)", -7.0),
    ("world saving", "SAVE", dict(reg="R2"), "SAVE", 7.0),
]


@pytest.mark.parametrize(("check", "name", "cell", "where", "amount"), IDENTITY_CASES)
def test_broken_identity_is_named(check, name, cell, where, amount):
    bad = changed(name, lambda x: x + 7.0, **cell)
    report = check_benchmark(bad, throw=False)
    failures = report.failures.set_index("check")
    assert list(report.failures.columns) == COLUMNS
    assert not report.ok and check in failures.index
    row = failures.loc[[check]].iloc[0]
    shown = f"{row['array']} ({row['element']})" if row["element"] else row["array"]
    assert shown == where and row["amount"] == pytest.approx(amount)
    assert "off by" in row["repair"] and "correct" in row["repair"]
    summary = report.summary.set_index("check")
    assert not summary.loc[check, "passed"]
    with pytest.raises(BenchmarkError, match=r"off by (-)?7 million US\$; correct"):
        check_benchmark(bad)


def test_an_imbalance_just_above_the_bar_is_seen():
    size = float(BENCH["VDPB"].sum())
    ok = changed("SAVE", lambda x: x + 1e-13 * size, reg="R1")
    assert check_benchmark(ok).ok
    assert not check_benchmark(changed("SAVE", lambda x: x + 3e-8 * size, reg="R1"), throw=False).ok


CELL_CASES = [
    (
        "VFOB",
        -3.0,
        dict(comm="Man1", src="R1", dst="R2"),
        r"VFOB \(comm Man1, src R1, dst R2\): -3 is negative",
    ),
    ("VDPP", np.nan, dict(comm="Agr", reg="R1"), r"VDPP \(comm Agr, reg R1\): nan is not a finite number"),
    (
        "VDPP",
        0.0,
        dict(comm="Agr", reg="R1"),
        r"VDPP \(comm Agr, reg R1\): 0 where VDPB is zero \(or the reverse\)",
    ),
    ("POP", 0.0, dict(reg="R3"), r"POP \(reg R3\): 0 is not positive"),
    ("ETRAE", 0.0, dict(endw="Land", reg="R1"), r"ETRAE .*Land is sluggish; give a negative"),
    ("ETRAQ", 2.0, dict(acts="Agr", reg="R1"), r"ETRAQ \(acts Agr, reg R1\): 2 is positive"),
    ("SUBPAR", 1.2, dict(comm="Agr", reg="R1"), r"SUBPAR \(comm Agr, reg R1\): 1.2 makes the CDE"),
    ("INCPAR", 0.0, dict(comm="Agr", reg="R1"), r"INCPAR \(comm Agr, reg R1\): 0 makes the CDE"),
    ("TMSFARM", 0.9, dict(comm="Man1", src="R1", dst="R2"), r"TMSFARM .*above the total tariff rate"),
    ("TMS1993", -1.5, dict(comm="Man1", src="R1", dst="R2"), r"TMS1993 .*-1.5 is at or below -1"),
    (
        "LAB",
        -1.0,
        dict(skill="SkLab", home="R1", host="R2"),
        r"LAB \(skill SkLab, home R1, host R2\): -1 is negative",
    ),
    (
        "LAB",
        lambda x: 1000 * x,
        dict(skill="SkLab", home="R2", host="R1"),
        r"LAB \(skill SkLab, host R1\): migrants are 0.9\d+ of the work force",
    ),
    ("MPOP", 5.0, dict(home="R2", host="R2"), r"MPOP \(home R2, host R2\): 5 from a region to itself"),
    ("REMIT", 5.0, dict(skill="SkLab", home="R2", host="R2"), r"REMIT .*5 from a region to itself"),
    ("RORDELTA", 0.5, dict(), r"RORDELTA: 0.5 is no investment rule"),
]


@pytest.mark.parametrize(("name", "value", "cell", "message"), CELL_CASES)
def test_impossible_cell_is_named(name, value, cell, message):
    with pytest.raises(BenchmarkError, match=message):
        check_benchmark(changed(name, value, **cell))


def test_remittances_above_half_of_income():
    income = BENCH["REMIT"].sel(skill="SkLab", home="R2", host="R1").item()
    assert income > 0
    bad = changed("REMIT", lambda x: 40 * x, skill="SkLab", home="R2", host="R1")
    failures = check_benchmark(bad, throw=False).failures
    row = failures[failures["check"] == "REMIT"].iloc[0]
    assert row["region"] == "R1" and "move the excess to the other hosts of R2's migrants" in row["repair"]


def test_migrants_cannot_spend_more_than_everybody():
    tiny = {name: 1e-6 * BENCH[name] for name in ("VDPP", "VMPP", "VDPB", "VMPB")}
    failures = check_benchmark(BENCH.replace(**tiny), throw=False).failures
    assert (failures["check"] == "migrants spend").any()


def test_more_workers_than_people():
    with pytest.raises(BenchmarkError, match=r"thousand more workers than people; LAB is in thousand"):
        check_benchmark(BENCH.replace(LAB=1000 * BENCH["LAB"]))


def test_missing_things_are_listed_together():
    report = check_benchmark(BENCH.replace(drop=("VDFB", "ESUBVA")), throw=False)
    assert report.failures["array"].tolist() == ["VDFB", "ESUBVA"]
    with pytest.raises(
        BenchmarkError, match=r"VDFB: missing \(domestic purchases by firms.*add flows/VDFB.csv"
    ):
        check_benchmark(BENCH.replace(drop=("VDFB", "ESUBVA")))
    with pytest.raises(BenchmarkError, match="remittances without labour stocks"):
        check_benchmark(BENCH.replace(drop=("LAB",)))
    meta = {k: v for k, v in BENCH.meta.items() if k != "beta_earlier"}
    bare = type(BENCH)(BENCH.name, BENCH.sets, BENCH.arrays, meta)
    with pytest.raises(BenchmarkError, match="productivity of earlier migrants is not stated"):
        check_benchmark(bare)


def test_all_failures_are_collected_and_the_message_is_short():
    bad = BENCH.replace(VDPP=-BENCH["VDPP"])
    with pytest.raises(BenchmarkError, match="and .* more failures") as caught:
        check_benchmark(bad)
    assert len(caught.value.report.failures) == int((BENCH["VDPP"] > 0).sum())
    assert len(str(caught.value)) < 800
