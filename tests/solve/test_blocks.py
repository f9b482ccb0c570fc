"""Large systems: regional blocks from the table, single precision; held to the dense engine on a small one."""

from __future__ import annotations

import numpy as np
import pytest

import cge.solve.newton as newton
from cge.benchmark import synthetic_world
from cge.solve.model import Model


@pytest.fixture(scope="module")
def pair():
    """The same model on both routes."""
    bench = synthetic_world(4, 4, 2)
    dense, blocks = Model(bench), Model(bench)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newton, "DENSE", 10)
        assert blocks.newton._blocks is not None
    assert dense.newton._blocks is None
    return dense, blocks


def test_both_routes_find_the_same_solution(pair):
    one, two = (m.solve({"tm": 0.95, "qe": 1.02}) for m in pair)
    assert two.report.products > 0 and one.report.products == 0
    assert two.certificate.worst < 1e-9
    np.testing.assert_allclose(two.x, one.x, atol=1e-8)


def test_the_blocks_are_the_jacobian_with_the_links_cut(pair):
    """A region's own columns: what its own unknowns do to its production, factor markets and households."""
    dense, blocks = pair
    part = blocks.newton._blocks.part
    whole = dense.newton.jacobian(np.zeros(dense.system.n), dense._base)
    inverse = np.asarray(blocks.newton._factors["blocks"], float)
    for r in range(len(part.unknowns)):
        rows, columns = part.rows[r], part.unknowns[r]
        own = whole[np.ix_(rows[rows < dense.system.n], columns[columns < dense.system.n])]
        near = np.linalg.inv(inverse[r][: len(own), : len(own)])
        local = [i for i, row in enumerate(rows[: len(own)])
                 if dense.system.locate(int(row))[1] in ("zero_profit", "mobile_endowment_market", "cde_expenditure")]
        parts = [j for j, u in enumerate(columns[: len(own)]) if dense.system.locate_unknown(int(u))[0] != "pds"]
        np.testing.assert_allclose(near[np.ix_(local, parts)], own[np.ix_(local, parts)], atol=1e-4)


def test_reporting_rates_by_quadrature_match_chained_trapezoids(pair):
    """Interpolated path and differentials against sub-steps solved one by one and extrapolated."""
    dense, blocks = pair
    shock = {"tm": 0.95, "qe": 1.02}
    one, two = dense.solve(shock), blocks.solve(shock)
    assert blocks.newton.reporting is not None and dense.newton.reporting is None
    for name in dense.system.post:
        chained, found = one.path.integral(name), two.path.integral(name)
        world = dense.system.money(name)
        small = 1e-4 if name == "SRCother" else 1e-6  # what no source explains is a difference of large sums, here nil
        size = 1.0 if world is None else max(np.abs(chained).max(), small * world)
        np.testing.assert_allclose(found / size, chained / size, atol=3e-6, err_msg=name)
    assert 0.0 <= two.path.post_error < 1e-6
