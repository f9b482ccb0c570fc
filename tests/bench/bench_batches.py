"""Draws a second."""

from __future__ import annotations

import pytest

from cge.errors import ScenarioError
from tests.bench.world import benchmarks, elasticities, policies, shocks, ww1997

N = 320


@pytest.mark.parametrize(("what", "make"), [("tariffs, quotas, beta and rho", policies),
                                            ("elasticities", elasticities)])
def test_draws(measure, what, make):
    draws = make(N)
    ww1997().solve_many(draws[:2])  # compiles

    def note(r):
        how = {k: int((r.data["how"] == k).sum()) for k in ("batch", "alone", "failed")}
        return (f"{N} draws: {how['batch']} in batches, {how['alone']} alone, {how['failed']} failed; "
                f"{float(r.data['residuals'].mean()):.0f} residuals each, largest "
                f"{float(r.data['residual'].max()):.0e}")

    r = measure("batches", f"draws of {what}", lambda: ww1997().solve_many(draws), unit="a second", per=N, note=note)
    assert r.data["converged"].all()


def test_data_bases(measure):
    drawn = benchmarks(8)

    def all_of_them():
        return [ww1997().rebased(b).solve(*shocks("M")) for b in drawn]

    try:
        found = measure("batches", "draws of the data base itself, M on each", all_of_them, unit="a second",
                        per=len(drawn), note="balanced beforehand; one by one with shared compiled code")
    except ScenarioError as err:
        pytest.fail(str(err))
    assert all(s.certificate.worst < 1e-9 for s in found)
