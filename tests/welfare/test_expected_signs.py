"""Every expected sign of the scenario library, on the shipped benchmark.

The signs stand in the scenario files, stated from theory. Scenarios share two models, with and without workers who move
for wages; a file with labour options, which are part of the base year, has its own, and so
has a file with ties to sectors.
"""

from __future__ import annotations

import pytest

from cge.benchmark import open_benchmark
from cge.scenario import layout_of, read_scenarios, ties_of
from cge.scenario.labour import base_options
from cge.scenario.library import library
from cge.solve.model import Model
from cge.welfare.compare import compare
from cge.welfare.expect import judge

FILES = {e.id: read_scenarios(e.path) for e in library()}
MOVING = [number for number, f in FILES.items() if any(s.mobility for s in f.scenarios.values())]
#: Solved in two seconds each on the plain model, which every change is held to; the rest is long.
FEW = ("S1", "S2", "S3", "S8", "S9", "S10", "S11", "S12", "S13", "S17", "S22", "S25", "S29", "S30",
       "S31", "S32")


@pytest.fixture(scope="module")
def models():
    """The model of a scenario, made when first asked for."""
    bench, made = open_benchmark("ww1997"), {}

    def of(number: str) -> Model:
        moving, labour = number in MOVING, FILES[number].labour
        if ties := ties_of(FILES[number].scenarios.values(), bench):
            assert not moving and not labour, "it would take a long while to compile"
            return Model(bench, rordelta=1, ties=ties)
        if labour:
            assert not moving, "it would take a long while to compile"
            return Model(bench, rordelta=1, labour=base_options(labour, bench))
        if moving not in made:
            scenarios = [s for n in MOVING for s in FILES[n].scenarios.values()]
            made[moving] = Model(bench, rordelta=1, mobility=layout_of(scenarios, bench) if moving else None)
        return made[moving]

    return of


@pytest.mark.parametrize("number", [n if n in FEW else pytest.param(n, marks=pytest.mark.long) for n in FILES])
def test_signs_are_as_expected(number, models):
    file = FILES[number]
    assert dict(file.closure) == {"rordelta": 1}, "the models here are made for this closure"
    ds = compare(file, model=models(number))
    failed = [str(v) for v in judge(ds, file.expect) if not v.met]
    assert not failed, "\n".join(failed)
    for reading in ("certificate_residual", "certificate_walras", "certificate_sam"):
        assert float(abs(ds[reading]).max()) < 1e-9
