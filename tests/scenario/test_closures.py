"""Swap statements and named closures: what they hold is held, wrong ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import Benchmark, synthetic_benchmark
from cge.errors import ClosureError, ScenarioError
from cge.model.closure import Closure
from cge.scenario import Scenario, shocks_of
from cge.scenario.closures import LIBRARY, closure_shocks, closure_swaps, parse_swap, with_mobility
from cge.solve.model import Model
from cge.welfare.compare import compare


@pytest.fixture(scope="module")
def bench():
    return synthetic_benchmark(3, 3, seed=1)


def test_statement_frees_the_exogenous_side_whatever_the_order(bench):
    a = parse_swap("swap dpsave(r) = del_tbalry(r)", bench)
    b = parse_swap("del_tbalry = dpsave", bench)
    for swap in (a, b):
        assert (swap.endogenous, swap.exogenous) == ("dpsave", "del_tbalry")
        assert swap.where.all()


def test_except_and_single_elements(bench):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    assert parse_swap(f"dpsave(r) = del_tbalry(r) except {regs[0]}", bench).where.tolist() == [False, True, True]
    swap = parse_swap(f"tms({comm[0]}, {regs[1]}, d) = qxs({comm[0]}, {regs[1]}, d)", bench)
    assert swap.where.sum() == 3
    assert swap.where[0, 1].all()


@pytest.mark.parametrize(("text", "says"), [
    ("dpsave(r) = del_tbalri(r)", "did you mean 'del_tbalry'"),
    ("dpsave(r) = tms(c,s,d)", "both exogenous"),
    ("y(r) = yp(r)", "both endogenous"),
    ("dpsave(r,s) = del_tbalry(r)", "has the dimensions"),
    ("dpsave(Atlantis) = del_tbalry(r)", "region 'Atlantis'"),
    ("qe(Lend, r) = pe(Lend, r)", "endowment 'Lend'.*did you mean 'Land'"),
    ("to(c, 'Mines', r) = qca(c, 'Mines', r)", "activity 'Mines'"),
    ("dpsave(ENDWM) = del_tbalry(ENDWM)", "set ENDWM does not belong to the dimension reg"),
    ("dpsave", "cannot be read"),
    ("dpsave(r) = del_tbalry(r) = y", "cannot be read"),
])
def test_wrong_statement_is_refused_by_name(bench, text, says):
    with pytest.raises(ClosureError, match=says):
        parse_swap(text, bench)


def masks(text, bench):
    swap = parse_swap(text, bench)
    return swap.exogenous, swap.endogenous, swap.where.tolist(), swap.where_held.tolist()


@pytest.mark.parametrize(("written", "means"), [
    ('dpsave("R1") = del_tbalry("R1")', "dpsave(R1) = del_tbalry(R1)"),
    ("swap dpsave('R1') = del_tbalry( 'R1' ) ;", "dpsave(R1) = del_tbalry(R1)"),
    ("Swap dpsave(r) = del_tbalry(r) EXCEPT 'r2', R3", "dpsave(R1) = del_tbalry(R1)"),
    ("SWAP  DPSAVE(REG) = Del_TBalRY(reg)", "dpsave = del_tbalry"),
    ("dpsave(R) = del_tbalry(R)", "dpsave = del_tbalry"),
    ("tms(COMM,REG,REG) = qxs(COMM,REG,REG)", "tms(c,s,d) = qxs(c,s,d)"),
    ('tms("agr",REG,r1) = qxs("AGR",REG,r1)', "tms(Agr, s, R1) = qxs(Agr, s, R1)"),
    ("tms(COMM,REG,REG) = qxs(COMM,REG,REG) except R1", "tms(c,s,d) = qxs(c,s,d) except R1"),
    ("tinc(ENDW,ACTS,REG) = pfe(ENDW,ACTS,REG)", "tinc = pfe"),
    ("tpdall(MARG, r) = qpd(MARG, r)", "tpdall(Svc, r) = qpd(Svc, r)"),
    ("qe(unskLAB, r) = realwage(UNSKLAB, r)", "qe(UnskLab, r) = realwage(UnskLab, r)"),
    ("qesf(ENDWF,ACTS,REG) = pes(ENDWF,ACTS,REG)", "qesf(NatRes,a,r) = pes(NatRes,a,r)"),
    ("qe(ENDWS,REG) = pe(ENDWS,REG)", "qe(Land,r) = pe(Land,r)"),
    ("qe(ENDWC,REG) = pe(ENDWC,REG)", "qe(Capital,r) = pe(Capital,r)"),
])
def test_the_syntax_of_command_files_is_read(bench, written, means):
    assert masks(written, bench) == masks(means, bench)


def test_subsets_of_endowments_are_those_of_the_mobility(bench):
    mobile = np.array([bench.mobility[e] == "mobile" for e in bench.labels("endw")])
    np.testing.assert_array_equal(parse_swap("qe(ENDWM,r) = pe(ENDWM,r)", bench).where.any(1), mobile)
    spec = {"use": ["specific_capital"], "swap": ["qesf(ENDWF,a,r) = pes(ENDWF,a,r)"]}
    fixed = closure_swaps(spec, bench)[0].where.any((1, 2))
    assert [e for e, f in zip(bench.labels("endw"), fixed, strict=True) if f] == ["Capital", "NatRes"]


def test_unequal_sides_are_refused(bench):
    swap = parse_swap(f"dpsave(r) = del_tbalry({bench.labels('reg')[0]})", bench)
    with pytest.raises(ClosureError, match="freed"):
        Model(bench, Closure((swap,)))


def test_unknown_name_is_refused(bench):
    with pytest.raises(ClosureError, match="did you mean 'trade_balance'"):
        closure_swaps({"use": ["trade_balances"]}, bench)


def test_trade_balance_is_held(bench):
    model = Model(bench, Closure(closure_swaps({"use": "trade_balance", "home": "R1"}, bench)))
    solution = model.solve({"tm": 1.05})
    assert float(np.abs(solution["del_tbalry"]).max()) < 1e-10
    assert float(np.abs(solution["dpsave"] - 1).max()) > 1e-4
    assert solution.certificate.worst < 1e-9


def test_import_quota_holds_the_volume_and_its_rent_is_the_tariff(bench):
    traded = np.argwhere(bench["VMSB"].values > 0)
    c, s, d = next((c, s, d) for c, s, d in traded if s != d)
    names = f"({bench.labels('comm')[c]}, {bench.labels('reg')[s]}, {bench.labels('reg')[d]})"
    model = Model(bench, Closure((parse_swap(f"tms{names} = qxs{names}", bench),)))
    level = np.ones(model.system.shape("qxs"))
    level[c, s, d] = 0.8
    solution = model.solve({"qxs": level})
    assert float(solution["qxs"][c, s, d]) == pytest.approx(0.8, abs=1e-9)
    assert float(solution["tms"][c, s, d]) > 1.0
    assert solution.certificate.worst < 1e-9


def test_specific_capital_stays_in_its_activity(bench):
    model = Model(with_mobility(bench, {"mobility": {"Capital": "fixed"}}))
    solution = model.solve({"tm": 1.05})
    capital = solution["qfe"].sel(endw="Capital")
    np.testing.assert_allclose(capital, 1.0, atol=1e-9)
    assert solution.certificate.worst < 1e-9


def test_real_wage_is_held_and_employment_moves(bench):
    model = Model(bench, Closure(closure_swaps({"use": "real_wage"}, bench)))
    solution = model.solve({"tm": 1.05})
    np.testing.assert_allclose(solution["realwage"][0], 1.0, atol=1e-9)
    skill = bench.labels("skill")[0]
    assert float(np.abs(solution["qe"].sel(endw=skill) - 1).max()) > 1e-5
    assert solution.certificate.worst < 1e-9


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_closure_of_the_library_solves(bench, name):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    words = {"home": regs[-1], "comm": comm[1], "src": regs[0], "dst": regs[1]}
    spec = {"use": name, **{k: v for k, v in words.items() if f"{{{k}}}" in "".join(LIBRARY[name][1])}}
    model = Model(with_mobility(bench, spec), Closure(closure_swaps(spec, bench)))
    solution = model.solve({"tm": 1.02})
    assert solution.certificate.worst < 1e-9
    assert float(np.abs(solution["qo"] - 1).max()) > 1e-6


def test_a_closure_without_its_words_is_refused(bench):
    with pytest.raises(ClosureError, match="needs comm"):
        closure_swaps({"use": "import_quota"}, bench)
    with pytest.raises(ClosureError, match="needs home, the region left out.*R1, R2, R3"):
        closure_swaps({"use": "trade_balance"}, bench)


def renamed(bench, skills):
    """The benchmark with other names of the two kinds of labour, in the order given."""
    names = dict(zip(bench.labels("skill"), skills, strict=True))
    sets = {**bench.sets, "endw": tuple(names.get(e, e) for e in bench.sets["endw"]), "skill": tuple(skills)}
    arrays = {n: a.assign_coords({d: [names.get(str(x), str(x)) for x in a[d].values]
                                  for d in ("endw", "skill") if d in a.dims}) for n, a in bench.arrays.items()}
    meta = {**bench.meta, "mobility": {names.get(e, e): m for e, m in bench.mobility.items()}}
    return Benchmark("renamed", sets, arrays, meta)


def test_unskilled_labour_is_found_by_its_name(bench):
    for skills, chosen in ((("SkLab", "UnSkLab"), 1), (("unsklab", "sklab"), 0), (("tech_aspros", "ag_othlowsk"), 1)):
        swap = closure_swaps({"use": "real_wage"}, renamed(bench, skills))[0]
        assert np.flatnonzero(swap.where_held.any(1)).tolist() == [chosen]
    other = renamed(bench, ("clerks", "off_mgr_pros"))
    with pytest.raises(ClosureError, match="needs skill.*clerks, off_mgr_pros"):
        closure_swaps({"use": "real_wage"}, other)
    swap = closure_swaps({"use": "real_wage", "skill": "Off_Mgr_Pros"}, other)[0]
    assert np.flatnonzero(swap.where_held.any(1)).tolist() == [1]
    assert len(closure_swaps({"use": "real_wage", "skill": ["clerks", "off_mgr_pros"]}, other)) == 2
    with pytest.raises(ClosureError, match="'welders' is not a kind of labour"):
        closure_swaps({"use": "real_wage", "skill": "welders"}, other)


def test_real_wage_floor_binds_one_way(bench, tmp_path):
    spec = {"use": "real_wage_floor", "hosts": ["R1"]}
    assert closure_shocks(spec, bench) == [
        {"variable": "wfloor", "value": 1.0, "where": {"skill": ["UnskLab"], "reg": ["R1"]}}]
    assert closure_shocks({"use": "real_wage", "skill": "SkLab"}, bench) == []
    path = tmp_path / "floor.toml"
    path.write_text("""
benchmark = "none"
[closure]
use = "real_wage_floor"
[scenario.up]
shock = [{ variable = "tm", value = 1.1 }]
[scenario.down]
shock = [{ variable = "tm", value = 0.9 }]
""")
    ds = compare(path, benchmark=bench)
    idle, wage = ds["unemp"].sel(skill="UnskLab"), ds["realwage"].sel(skill="UnskLab")
    assert (idle > 1e-6).any()
    assert (idle < 1e-9).any()
    np.testing.assert_allclose(wage.where(idle > 1e-9, 1.0), 1.0, atol=1e-8)
    assert (wage > 1.0 - 1e-8).all()
    assert (ds["unemp"].sel(skill="SkLab") < 1e-9).all()


@pytest.mark.parametrize(("spec", "says"), [
    ({"home": "R1"}, "home = 'R1' has no effect"),
    ({"comm": "Agr", "use": ["trade_balance"]}, "comm = 'Agr' has no effect.*import_quota"),
    ({"home": "Q", "use": "trade_balance"}, "Q"),
    ({"home": "R1, R2", "use": "trade_balance"}, "no region"),
])
def test_words_that_no_closure_takes_are_refused(bench, spec, says):
    with pytest.raises(ClosureError, match=says):
        closure_swaps(spec, bench)


def test_specific_capital_needs_capital(bench):
    labelled = type("B", (), {"name": "b", "labels": lambda self, dim: ("Land",)})()
    with pytest.raises(ClosureError, match="no endowment called capital"):
        with_mobility(labelled, {"use": "specific_capital"})


def test_what_the_closure_holds_can_be_shocked_from_a_file(bench):
    regs, comm = bench.labels("reg"), bench.labels("comm")
    spec = {"use": "import_quota", "comm": comm[1], "src": regs[0], "dst": regs[1]}
    model = Model(bench, Closure(closure_swaps(spec, bench)))
    where = {"comm": [comm[1]], "src": [regs[0]], "dst": [regs[1]]}
    shocks, _ = shocks_of(Scenario("Q", shock=[{"variable": "qxs", "value": 0.9, "where": where}]), model)
    assert float(model.solve(shocks)["qxs"][1, 0, 1]) == pytest.approx(0.9, abs=1e-9)
    shocks, _ = shocks_of(Scenario("N", shock=[{"variable": "pfactwld", "value": 1.1}]), model)
    doubled = model.solve(shocks)
    np.testing.assert_allclose(doubled["qo"], 1.0, atol=1e-9)
    with pytest.raises(ScenarioError, match="endogenous"):
        model.check(shocks_of(Scenario("Y", shock=[{"variable": "y", "value": 1.1}]), model)[0])


def test_every_statement_of_the_library_names_existing_variables(bench):
    words = {"comm": bench.labels("comm")[0], "src": bench.labels("reg")[0], "dst": bench.labels("reg")[1],
             "home": bench.labels("reg")[0]}
    for name in LIBRARY:
        spec = {"use": [name], **{key: value for key, value in words.items()
                                  if any(f"{{{key}}}" in statement for statement in LIBRARY[name][1])}}
        assert closure_swaps(spec, bench) or name in ("specific_capital", "real_wage_floor")
    assert with_mobility(bench, {"use": ["specific_capital"]}).mobility["Capital"] == "fixed"
