"""HAR files: round trips, the independent reader harpy3, GEMPACK's own files, and damage of every kind."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cge.benchmark.har import HarArray, HarError, har_bytes, read_har, write_har
from cge.benchmark.har.read import decode_har
from cge.errors import BenchmarkError

VALIDATION = Path(__file__).resolve().parents[3] / "shared" / "validation"


def _labels(n: int, letter: str = "e") -> tuple[str, ...]:
    return tuple(f"{letter}{i + 1}" for i in range(n))


def _mixed() -> dict[str, HarArray]:
    """One header of each kind, small."""
    rng = np.random.default_rng(1)
    sparse = np.zeros((4, 3, 5), np.float32)
    sparse[1, 2, 3], sparse[3, 0, 4] = 1.5, -2.5
    reg, comm = _labels(3, "R"), _labels(4, "C")
    return {
        "TEXT": HarArray(np.array(["alpha", "b", "", "with blank"]), "Names of things"),
        "INTS": HarArray(np.array([[1, -2, 3], [4, 5, 2**31 - 1]], np.int32), "Integers"),
        "MATR": HarArray(rng.random((2, 3), np.float32), "Matrix", kind="2R"),
        "FULL": HarArray(rng.random((3, 3, 4), np.float32), "Full", ("REG", "REG", "COMM"), (reg, reg, comm), "COEF"),
        "SPRS": HarArray(sparse, "Sparse", ("COMM", "REG", "ACTS"), (comm, reg, _labels(5)), "SP"),
        "ZERO": HarArray(np.zeros((4, 3), np.float32), "Nothing", ("COMM", "REG"), (comm, reg)),
        "SCAL": HarArray(np.array(6.0, np.float32), "Number"),
        "NOSE": HarArray(np.arange(6, dtype=np.float32).reshape(2, 3), kind="RL"),
        "ELEM": HarArray(np.ones((1, 3), np.float32), "One margin", ("MARG", "REG"), (("Sea",), reg), "X", "RE", "ek"),
        "NONE": HarArray(np.zeros((0, 3), np.float32), "Empty set", ("NONE", "REG"), ((), reg)),
    }


def _same(a: HarArray, b: HarArray) -> None:
    assert a.values.shape == b.values.shape
    if a.values.dtype.kind == "U":
        assert a.values.tolist() == b.values.tolist()
    else:
        np.testing.assert_array_equal(np.asarray(a.values, b.values.dtype), b.values)
    rank = b.values.ndim if b.kind in ("RE", "RL") else 0
    assert b.sets == (a.sets or ("",) * rank) and b.elements == (a.elements or (None,) * rank)
    assert (b.long_name, b.coefficient) == (a.long_name, a.coefficient)


def test_round_trip_of_every_kind_is_exact_and_deterministic(tmp_path):
    written = _mixed()
    path = write_har(tmp_path / "a.har", written)
    back = read_har(path)
    assert list(back) == list(written)
    for name, array in written.items():
        _same(array, back[name])
    assert [back[n].kind for n in back] == ["1C", "2I", "2R", "RE", "RE", "RE", "RE", "RL", "RE", "RE"]
    assert back["ELEM"].status == "ek" and back["SPRS"].status == "kkk"
    assert har_bytes(back) == path.read_bytes() == har_bytes(written)


@pytest.mark.parametrize("shape", [(3, 60, 61), (9000,), (2, 3, 2, 3, 2, 3, 2), (90, 90, 2), (1, 8001, 1), (7997, 2)])
@pytest.mark.parametrize("fill", [1.0, 0.3])
def test_many_records_and_seven_dimensions(tmp_path, shape, fill):
    rng = np.random.default_rng(0)
    values = (rng.random(shape) * (rng.random(shape) < fill)).astype(np.float32)
    sets = tuple(f"S{i}" for i in range(len(shape)))
    array = HarArray(values, "x", sets, tuple(_labels(n) for n in shape))
    back = read_har(write_har(tmp_path / "a.har", {"A": array, "B": HarArray(values, kind="RL")}))
    np.testing.assert_array_equal(back["A"].values, values)
    np.testing.assert_array_equal(back["B"].values.reshape(shape), values)  # no sets: trailing 1s are not kept
    assert back["A"].elements == array.elements


def test_many_records_of_integers_and_text(tmp_path):
    ints = np.arange(100 * 200, dtype=np.int32).reshape(100, 200)
    text = np.array([f"label number {i}" for i in range(5000)])
    back = read_har(write_har(tmp_path / "a.har", {"I": ints, "T": text, "W": np.arange(9000)}))
    np.testing.assert_array_equal(back["I"].values, ints)
    assert back["T"].values.tolist() == text.tolist()
    np.testing.assert_array_equal(back["W"].values[:, 0], np.arange(9000))


def _harpy3(path: Path) -> dict:
    """Headers as harpy3 reads them."""
    harpy = pytest.importorskip("harpy", reason="harpy3 is not installed (pip install .[test])")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = harpy.HarFileObj.loadFromDisk(str(path))
        return {n.strip(): file.getHeaderArrayObj(n) for n in file.getHeaderArrayNames()}


def test_harpy3_reads_what_is_written(tmp_path):
    rng = np.random.default_rng(0)
    big = rng.random((3, 60, 61)).astype(np.float32)
    named = HarArray(big, "Big", ("A", "B", "C"), (_labels(3), _labels(60), _labels(61)), "BIG")
    written = {n: a for n, a in _mixed().items() if n not in ("NOSE", "ELEM", "NONE")}  # harpy3 cannot read these
    written |= {"BIG1": named, "BIG2": HarArray(big * (big < 0.2), "Big", named.sets, named.elements)}
    path = write_har(tmp_path / "a.har", written)
    theirs = _harpy3(path)
    for name, array in written.items():
        got = theirs[name]
        if array.values.dtype.kind == "U":
            assert [str(x).rstrip() for x in got["array"]] == array.values.tolist()
        else:
            np.testing.assert_array_equal(np.asarray(got["array"]).reshape(array.values.shape), array.values)
        assert got["long_name"].rstrip() == array.long_name
        if array.sets:
            assert tuple(s["name"] for s in got["sets"]) == array.sets


def test_dataarrays_keep_names_and_labels(tmp_path):
    array = xr.DataArray(np.eye(2), dims=("reg", "comm"), coords={"reg": ["USA", "ROW"], "comm": ["a", "b"]},
                         name="X", attrs={"long_name": "An identity"})
    back = read_har(write_har(tmp_path / "a.har", {"XX": array}), ["xx"])["XX"]
    assert (back.sets, back.long_name, back.coefficient) == (("REG", "COMM"), "An identity", "X")
    xr.testing.assert_equal(back.dataarray(), array)
    twice = HarArray(np.eye(2, dtype=np.float32), "", ("REG", "REG"), (("a", "b"), ("a", "b")))
    assert twice.dataarray().dims == ("reg", "reg_2")


def _record(content: bytes, order: str) -> bytes:
    mark = struct.pack(order + "i", len(content))
    return mark + content + mark


def test_big_endian_file_is_read(tmp_path):
    head = struct.pack(">4s2s4s70s8i", b"    ", b"RE", b"FULL", b"Two", 7, 2, 1, 1, 1, 1, 1, 1)
    sets = struct.pack(">4s3i12si12s1s2i", b"    ", 1, 1, 1, b"TWO         ", 1, b"REG         ", b"k", 0, 0)
    names = struct.pack(">4s3i24s", b"    ", 1, 2, 2, b"USA         ROW         ")
    records = [b"TWO ", head, sets, names, struct.pack(">4s9i", b"    ", 3, 7, 2, 1, 1, 1, 1, 1, 1),
               struct.pack(">4s15i", b"    ", 2, 1, 2, *[1] * 12), struct.pack(">4si2f", b"    ", 1, 1.5, -2.0)]
    path = tmp_path / "big.har"
    path.write_bytes(b"".join(_record(r, ">") for r in records))
    (name, array), = read_har(path).items()
    assert name == "TWO" and array.values.tolist() == [1.5, -2.0] and array.elements == (("USA", "ROW"),)


def test_countdown_that_starts_at_one_gives_the_values_not_zeros(tmp_path):
    """RunGTAP's level files count so; a reader that trusts the count returns zeros."""
    content = har_bytes({"A": HarArray(np.array([3.0, 4.0], np.float32))})
    odd = content.replace(struct.pack("<4s3i", b"    ", 3, 7, 2), struct.pack("<4s3i", b"    ", 1, 7, 2))
    assert odd != content
    (tmp_path / "a.har").write_bytes(odd)
    assert read_har(tmp_path / "a.har")["A"].values.tolist() == [3.0, 4.0]


def test_every_truncation_is_an_error_or_whole_headers():
    content = har_bytes(_mixed())
    whole = decode_har(content, "whole.har")
    messages = set()
    for length in range(len(content)):
        try:
            got = decode_har(content[:length], "cut.har")
        except HarError as error:
            messages.add(str(error))
            continue
        assert 0 < len(got) < len(whole)
        for name, array in got.items():
            _same(whole[name], array)
    assert all("cut.har" in m and "byte" in m and "take a fresh copy" in m for m in messages)


def _structure(arrays: dict[str, HarArray]) -> list:
    return [(a.values.shape, len(a.sets), [e and len(e) for e in a.elements]) for a in arrays.values()]


def test_every_damaged_byte_is_an_error_or_leaves_the_structure():
    content = har_bytes(_mixed())
    sound = _structure(decode_har(content, "bad.har"))
    refused = 0
    rng = np.random.default_rng(5)
    for at in range(len(content)):
        for new in {0, 255, int(rng.integers(256)), content[at] ^ (1 << int(rng.integers(8)))} - {content[at]}:
            try:
                assert _structure(decode_har(content[:at] + bytes([new]) + content[at + 1 :], "bad.har")) == sound
            except HarError:
                refused += 1
    assert refused > 0.3 * len(content)


@settings(max_examples=300)
@given(st.data())
def test_random_arrays_and_damage(data):
    values = data.draw(arrays(np.float32, array_shapes(min_dims=0, max_dims=7, max_side=3),
                              elements=st.floats(-(2.0**99), 2.0**99, width=32)))
    array = HarArray(values, "Random", _labels(values.ndim, "S"), tuple(_labels(k) for k in values.shape), "R")
    content = har_bytes({"RAND": array, "LAST": HarArray(values)})
    _same(array, decode_har(content, "a.har")["RAND"])
    piece = st.tuples(st.integers(0, len(content) - 1), st.binary(max_size=6))
    pieces = data.draw(st.lists(piece, min_size=1, max_size=3))
    damaged = bytearray(content)
    for at, piece in pieces:
        if data.draw(st.booleans()):
            damaged[at : at + len(piece)] = piece  # overwritten
        else:
            damaged[at:at] = piece  # inserted
    try:
        got = decode_har(bytes(damaged), "a.har")
    except HarError:
        return
    assert all(a.values.shape == values.shape for a in got.values() if a.kind == "RE")


def test_what_a_file_cannot_hold_is_refused(tmp_path):
    two = np.ones(2, np.float32)
    for bad, text in (
        ({"TOOLONG": two}, "1 to 4"),
        ({"A": two, "a": two}, "twice"),
        ({"A": np.array([1e39, 0.0])}, "32-bit"),
        ({"A": np.array([1e-60, 0.0])}, "32-bit"),
        ({"A": np.array([np.nan, 0.0])}, "32-bit"),
        ({"A": np.array([2**40])}, "32 bits"),
        ({"A": np.ones((1,) * 8)}, "at most 7"),
        ({"A": HarArray(two, "x" * 71)}, "at most 70"),
        ({"A": HarArray(two, sets=("REG",), elements=(("a",),))}, "2 names"),
        ({"A": HarArray(two, sets=("REG",), elements=(("a", "A"),))}, "twice"),
        ({"A": HarArray(two, sets=("REG",), elements=(("a", "b" * 13),))}, "at most 12"),
        ({"A": HarArray(np.eye(2), sets=("REG", "REG"), elements=(("a", "b"), ("a", "c")))}, "two dimensions"),
        ({"A": np.array([True])}, "cannot be written"),
        ({"A": np.ones((1, 1, 1), int)}, "at most 2"),
        ({"A": np.array([["a"]])}, "one dimension"),
        ({"A": HarArray(two, kind="2I")}, "convert"),
    ):
        with pytest.raises(HarError, match=text):
            write_har(tmp_path / "x.har", bad)
    assert not list(tmp_path.iterdir())


def test_what_is_no_har_file_is_named(tmp_path):
    for content, text in ((b"", "empty"), (b"TEXT file, not HAR", "not a GEMPACK"), (b"\x04\0\0\0", "inside a record")):
        path = tmp_path / "x.har"
        path.write_bytes(content)
        with pytest.raises(HarError, match=text):
            read_har(path)
    with pytest.raises(BenchmarkError, match="No such file"):
        read_har(tmp_path / "absent.har")
    write_har(path, {"A": np.ones(2)})
    with pytest.raises(HarError, match="no header B"):
        read_har(path, ["A", "B"])
    with pytest.raises(HarError, match="No such|Not a dir|Is a dir|denied|exists"):
        write_har(tmp_path, {"A": np.ones(2)})


def _compare(path: Path) -> tuple[int, int]:
    """Compare a file with what harpy3 reads: headers seen, and those where it returns zeros instead of the values."""
    theirs, mine = _harpy3(path), read_har(path)
    assert list(mine) == list(theirs)
    zeros = 0
    for name, array in mine.items():
        obj = theirs[name]
        assert obj["long_name"].rstrip() == array.long_name
        if array.kind == "1C":
            assert [str(x).rstrip() for x in obj["array"]] == array.values.tolist()
            continue
        if array.kind == "RE":
            assert tuple(s["name"] for s in obj["sets"]) == array.sets
            labels = (s["dim_desc"] for s in obj["sets"])
            assert tuple(None if x is None else tuple(x) for x in labels) == array.elements
        got = np.asarray(obj["array"]).reshape(array.values.shape)
        assert got.dtype == array.values.dtype
        if not np.array_equal(got, array.values):
            zeros += 1
            assert not got.any(), (path.name, name)
    return len(mine), zeros


def test_large_files_of_gempack_that_come_with_harpy3():
    """Real and sparse headers of up to a hundred records."""
    harpy = pytest.importorskip("harpy", reason="harpy3 is not installed (pip install .[test])")
    path = Path(harpy.__file__).parent / "tests" / "testdata" / "Mdatnew7.har"
    if not path.is_file():
        pytest.skip("this release of harpy3 comes without its test data")
    assert _compare(path) == (68, 0)


@pytest.mark.gempack
def test_every_header_of_gempack_files_as_harpy3_reads_it():
    """Equal to harpy3 in every header; where it returns zeros for a countdown that starts at 1, the values count."""
    files = sorted(f for f in VALIDATION.glob("*/*") if f.suffix in (".har", ".prm"))
    if not files:
        pytest.skip("no GEMPACK files: the folder ../shared/validation is absent")
    seen = {f.relative_to(VALIDATION): _compare(f) for f in files}
    assert sum(n for n, _ in seen.values()) > 1000
    assert all(zeros == 0 or f.name.startswith("sl4levels") for f, (_, zeros) in seen.items())
