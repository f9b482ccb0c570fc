"""Claims: a flip is where another route to the same number says, and the shipped files are what they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cge.benchmark import open_benchmark, synthetic_benchmark, write_benchmark
from cge.cli import main
from cge.errors import CGEError
from cge.report.claims import claims_page
from cge.scenario import Scenario, read_scenarios, shocks_of
from cge.scenario.elements import positions
from cge.scenario.expect import Expectation, check_labels
from cge.welfare.claims import MEASURED, UNTESTABLE, Claim, claims, try_claims
from cge.welfare.compare import compare, make_model
from cge.welfare.measures import check_measures, measured

FILE = """# Claim: a quota brings more than a number
benchmark = "tiny"
[scenario.M]
quota = [{ rate = 0.03 }]
labour = { beta = 0.5 }
[[expect]]
of = "world"
sign = ">"
than = %s
why = "to see"
[[vary]]
what = "beta"
values = [0.0, 0.5, 1.0]
[[vary]]
what = "quota"
values = [0.01, 0.03, 9.0]
"""


def claim(path, than) -> Claim:
    path.write_text(FILE % than)
    return Claim("C1", path, {}, read_scenarios(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    write_benchmark(synthetic_benchmark(seed=1), folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def finding(folder):
    """The claim that the gain exceeds the one at beta = 0.62, which the model is asked for by itself."""
    file = claim(folder / "one.toml", 0.0).file
    model = make_model(open_benchmark(folder / "tiny"), file)
    s = model.solve(*shocks_of(Scenario("M", quota=[{"rate": 0.03}], labour={"beta": 0.62}), model))
    return try_claims([claim(folder / "two.toml", float(s["WEV"]) / 1e3)], str(folder / "tiny"))[0]


def test_a_flip_is_found_where_the_model_says(finding):
    beta = finding.sweeps[0]
    assert len(beta.flips) == 1
    flip = beta.flips[0]
    assert flip.low <= 0.62 <= flip.high
    assert flip.high - flip.low <= 0.01
    assert not flip.holds_below
    assert finding.holds == "no"  # the file's own beta is 0.5


def test_a_claim_about_a_number_says_the_number(finding):
    number = replace(finding, claim=replace(finding.claim, head={"verdict": MEASURED}))
    assert number.holds == "measured: beta 0.62"
    assert replace(number, sweeps=()).holds == "measured"
    assert replace(number, sweeps=finding.sweeps[1:]).holds == "measured: quota outside 0.01 to 0.03"
    assert replace(number, verdicts=()).holds == "not tried"
    assert "| measured: beta 0.62 |" in claims_page([number], "cge claims")


def test_a_claim_that_cannot_be_tested_does_not_hold_by_what_is_seen(finding):
    untestable = replace(finding, claim=replace(finding.claim, head={"verdict": UNTESTABLE}))
    assert f"| {UNTESTABLE} |" in claims_page([untestable], "cge claims")


def test_what_movers_send_is_moved_and_not_made(folder):
    """The two measures that book remittances with movers have the sum of the two that do not, and differ by them."""
    file = claim(folder / "sent.toml", 0.0).file
    ds = compare(file, model=make_model(open_benchmark(folder / "tiny"), file), detail=False)
    value = {of: float(measured(ds, Expectation("M", of, "+", "to see"))) for of in
             ("new movers", "residents", "new movers with sent", "residents without sent")}
    sent = float(ds["remnew"].sum()) / 1e3
    assert sent > 0.0
    assert value["new movers with sent"] - value["new movers"] == pytest.approx(sent, rel=1e-9)
    assert value["residents"] - value["residents without sent"] == pytest.approx(sent, rel=1e-9)


def test_a_value_that_is_refused_is_a_finding(finding):
    quota = finding.sweeps[1]
    assert [bool(p.verdicts) for p in quota.points] == [True, True, False]
    assert "leave" in quota.points[2].note or "quota" in quota.points[2].note


def test_a_claim_about_other_regions_is_not_tried(folder):
    one = claim(folder / "three.toml", 0.0)
    text = one.path.read_text().replace("rate = 0.03 }", 'rate = 0.03, hosts = ["XYZ"] }')
    one.path.write_text(text)
    found = try_claims([Claim("C1", one.path, {}, read_scenarios(one.path))], str(folder / "tiny"))[0]
    assert found.holds == "not tried"
    assert "XYZ" in found.note


def test_every_shipped_claim_has_a_head_expectations_and_something_varied():
    found = claims()
    assert len(found) >= 16
    for c in found:
        assert {"claim", "source", "experiment"} <= set(c.head), c.path
        assert c.file.expect, c.path
        assert c.file.vary, c.path
        assert c.head.get("verdict") in (None, MEASURED, UNTESTABLE), c.path


@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_every_shipped_claim_names_what_both_benchmarks_have(name):
    bench = open_benchmark(name)
    for c in claims():
        check_labels(c.file.expect, bench, c.path.name)
        for s in c.file.scenarios.values():
            for entry in (*s.quota, *s.mobility):
                for side in ("hosts", "homes"):
                    assert len(positions(bench, "reg", entry[side], c.path.name)), c.path


@pytest.mark.parametrize("name", ["ww1997", "world2014"])
def test_rounding_of_the_benchmark_is_no_value(name):
    """C13 asks for owners' income, which is zero in the benchmark but for the rounding of a difference of incomes."""
    file = claims(["C13"])[0].file
    check_measures(file.expect, make_model(open_benchmark(name), file), "C13")


def test_the_command_lists_and_refuses_by_name(capsys):
    assert main(["claims", "--list"]) == 0
    assert "C4   a small quota" in capsys.readouterr().out
    assert main(["claims", "C99"]) == 1
    assert "there is no claim C99; there are C1, C2" in capsys.readouterr().err
    assert main(["claims", "C4", "--benchmark", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err
    with pytest.raises(CGEError):
        claims(["x"])
