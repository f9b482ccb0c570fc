"""Random benchmarks obey every identity and contain every absent thing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cge.benchmark import check_benchmark, synthetic_benchmark

FLAGS = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("migrants", "taxes", "margins", "holes", "joint")}
)


@settings(max_examples=25, deadline=None)
@given(regions=st.integers(2, 6), sectors=st.integers(2, 6), seed=st.integers(0, 10**6), flags=FLAGS)
def test_every_identity_holds(regions, sectors, seed, flags):
    report = check_benchmark(synthetic_benchmark(regions, sectors, seed, **flags))
    assert report.ok and report.failures.empty and report.summary["passed"].all()
    identities = report.summary.set_index("check").loc["activity":"world saving"]
    assert identities["worst"].max() < 1e-12


def test_same_arguments_same_benchmark():
    assert synthetic_benchmark(3, 3, 5).digest() == synthetic_benchmark(3, 3, 5).digest()
    assert synthetic_benchmark(3, 3, 5).digest() != synthetic_benchmark(3, 3, 6).digest()


def test_absent_things_are_there():
    b = synthetic_benchmark(4, 5, 0)
    assert (b["MAKB"].sum(["comm"]) == 0).any()  # an activity
    assert (b["VMSB"].sum("src") == 0).any()  # an import composite
    assert (b["VMSB"] == 0).any()  # a route
    assert (b["VST"] == 0).any()  # a supplier of margins
    for name in ("VDFB", "VMFB", "VMPB", "VMGB", "VMIB", "EVFB"):
        assert (b[name] == 0).any(), name
    assert (b["MAKB"].sum("acts") > 0).any("reg").all()  # but every commodity is made somewhere


def test_flags_switch_things_off():
    b = synthetic_benchmark(3, 3, 0, migrants=False, taxes=False, margins=False, holes=False)
    assert not b.has_labour and "REMIT" not in b and "TMSFARM" not in b
    assert float(b["VTWR"].sum()) == 0.0 and float(b["VST"].sum()) == 0.0
    assert np.array_equal(b["VXSB"].values, b["VMSB"].values)
    assert np.array_equal(b["EVFP"].values, b["EVOS"].values)
    for name in ("VXSB", "VDFB", "VMFB", "EVFB", "VDPB", "VMGB"):
        assert (b[name] > 0).all(), name


def test_joint_products_make_the_make_matrix_full():
    make = synthetic_benchmark(2, 6, 0, joint=True)["MAKB"]
    off = make.values[~np.eye(6, dtype=bool)]
    assert (off > 0).any()


def test_size_limits():
    with pytest.raises(ValueError, match="at least 2 regions and 2 sectors"):
        synthetic_benchmark(1, 3)
