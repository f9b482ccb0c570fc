"""From a square SAM to a benchmark: the SAM's own totals, a round trip over two regions, Excel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cge.benchmark import aggregate, open_benchmark
from cge.benchmark.identities import spending, tax_revenue
from cge.bring import bring_sam
from cge.bring.example import write_example
from cge.solve.model import Model
from tests.cases import no_tariffs, quota
from tests.engine import plain


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sam") / "example"
    write_example(folder)
    return folder


@pytest.fixture(scope="module")
def sam(example):
    return pd.read_csv(example / "sam.csv", index_col=0).fillna(0.0)


@pytest.fixture(scope="module")
def brought(example):
    return bring_sam(example / "sam.csv", example / "sam.toml", example / "made")


def test_home_is_the_sam(sam, brought):
    b = brought.benchmark
    assert float(spending(b, "P").sel(reg="HOME")) == pytest.approx(sam.loc[["c-agr", "c-man", "c-ser"], "hh"].sum())
    assert float(spending(b, "G").sel(reg="HOME")) == pytest.approx(sam.loc[["c-agr", "c-man", "c-ser"], "gov"].sum())
    assert float(spending(b, "I").sel(reg="HOME")) == pytest.approx(225000)
    revenue = {k: float(v.sel(reg="HOME")) for k, v in tax_revenue(b).items()}
    assert revenue == pytest.approx(
        {"output": 20000, "factor": 0, "income": 80000, "use": 72000, "export": 0, "tariff": 14000}, abs=1e-6
    )
    assert float(b["EVFB"].sel(reg="HOME", endw=["UnskLab", "SkLab"]).sum()) == pytest.approx(474000)
    assert float(b["EVFB"].sel(reg="HOME", endw="Land").sum()) == pytest.approx(20000)
    for c, name in (("c-agr", "Agr"), ("c-man", "Man"), ("c-ser", "Ser")):
        assert float(b["VFOB"].sel(comm=name, src="HOME", dst="ROW")) == pytest.approx(sam.at[c, "row"])
        assert float(b["VCIF"].sel(comm=name, src="ROW", dst="HOME")) == pytest.approx(sam.at["row", c])
        assert float(b["MAKB"].sel(comm=name, reg="HOME").sum()) == pytest.approx(sam[c].filter(like="a-").sum())
        for a, act in (("a-agr", "Agr"), ("a-man", "Man"), ("a-ser", "Ser")):
            used = float((b["VDFP"] + b["VMFP"]).sel(comm=name, acts=act, reg="HOME"))
            assert used == pytest.approx(sam.at[c, a])
    # Saving: the SAM's private, public and foreign saving is investment; depreciation and migrants' remittances apart.
    net = float(b["REMIT"].sel(home="HOME").sum() - b["REMIT"].sel(host="HOME").sum())
    assert float((b["SAVE"] + b["VDEP"]).sel(reg="HOME")) == pytest.approx(225000 - 20000 + net)


def test_rest_of_world_is_the_home_writ_large(brought):
    b = brought.benchmark
    for agent in "PGI":
        assert float(spending(b, agent).sel(reg="ROW") / spending(b, agent).sel(reg="HOME")) == pytest.approx(
            15, rel=1e-9
        )
    rate = (b["VMSB"] / b["VCIF"]).sel(src="HOME", dst="ROW")
    np.testing.assert_allclose(rate, 1.05)
    inputs = (b["VDFP"] + b["VMFP"]) / b["MAKB"].sum("comm")
    np.testing.assert_allclose(inputs.sel(reg="ROW"), inputs.sel(reg="HOME"), rtol=1e-10)  # one technology


def test_replicates_and_solves(example, brought):
    m = plain(Model(open_benchmark(example / "made")))
    assert m.base().certificate.residual < 1e-12
    free = m.solve(no_tariffs(m))
    assert free.certificate.residual < 1e-9
    moved = m.solve(*quota(m, 0.01, hosts=(0,)))
    assert moved.certificate.residual < 1e-9


def two_regions(bench, column=False):
    """A square SAM of two regions written from the arrays of a benchmark, cell by cell, and settings for it."""
    cells: dict[tuple[str, str], float] = {}

    def put(row, col, value):
        cells[row, col] = cells.get((row, col), 0.0) + float(value)

    b = bench
    regs, comm, acts, endw = (list(b.sets[k]) for k in ("reg", "comm", "acts", "endw"))
    for r in regs:
        other = regs[1 - regs.index(r)]
        at = dict(reg=r)
        for c in comm:
            for a in acts:
                put(f"{r}.a{a}", f"{r}.c{c}", b["MAKB"].sel(comm=c, acts=a, **at))
                put(f"{r}.c{c}", f"{r}.a{a}", (b["VDFP"] + b["VMFP"]).sel(comm=c, acts=a, **at))
            for g, name in (("P", "hh"), ("G", "gov"), ("I", "inv")):
                put(f"{r}.c{c}", f"{r}.{name}", (b[f"VD{g}P"] + b[f"VM{g}P"]).sel(comm=c, **at))
            tax = sum((b[f"V{o}FP"] - b[f"V{o}FB"]).sel(comm=c, **at).sum("acts") for o in "DM")
            tax = tax + sum((b[f"V{o}{g}P"] - b[f"V{o}{g}B"]).sel(comm=c, **at) for o in "DM" for g in "PGI")
            put(f"{r}.tsale", f"{r}.c{c}", tax)
            put(f"{r}.ttar", f"{r}.c{c}", (b["VMSB"] - b["VCIF"]).sel(comm=c, dst=r).sum("src"))
            put(f"{r}.c{c}", f"{other}.c{c}", b["VFOB"].sel(comm=c, src=r, dst=other))
        for a in acts:
            put(f"{r}.tact", f"{r}.a{a}", (b["MAKB"] - b["MAKS"]).sel(acts=a, **at).sum("comm"))
            for e in endw:
                put(f"{r}.{e}", f"{r}.a{a}", b["EVFB"].sel(endw=e, acts=a, **at))
        for e in endw:
            put(f"{r}.hh", f"{r}.{e}", b["EVFB"].sel(endw=e, **at).sum("acts"))
        income = (b["EVFB"] - b["EVOS"]).sel(**at).sum()
        put(f"{r}.tinc", f"{r}.hh", income)
        put(f"{r}.gov", f"{r}.tinc", income)
    for t in ("tsale", "ttar", "tact"):
        for r in regs:
            put(f"{r}.gov", f"{r}.{t}", sum(v for (row, _), v in cells.items() if row == f"{r}.{t}"))
    names = sorted({n for pair in cells for n in pair})
    table = pd.DataFrame(0.0, index=names, columns=names)
    for (row, col), value in cells.items():
        table.at[row, col] = value
    for r in regs:
        for who in ("hh", "gov"):
            table.at[f"{r}.inv", f"{r}.{who}"] = table.loc[f"{r}.{who}"].sum() - table[f"{r}.{who}"].sum()
    gap = table.loc["HOME.inv"].sum() - table["HOME.inv"].sum()
    table.at["ROW.inv", "HOME.inv"] = gap  # what one region saves and the other invests
    lines = [f'{k} = ["{p}{k}"]' for k, p in [*((c, "c") for c in comm)]]
    text = [
        'title = "t"',
        "year = 2014",
        'regions = ["HOME", "ROW"]',
        "[commodities]",
        *lines,
        "[activities]",
        *(f'{a} = ["a{a}"]' for a in acts),
        "[factors]",
        *(f'{e} = ["{e}"]' for e in endw),
        "[accounts]",
        'households = ["hh"]',
        'government = ["gov"]',
        'investment = ["inv"]',
        'tax_commodities = ["tsale"]',
        'tariffs = ["ttar"]',
        'tax_activities = ["tact"]',
        'tax_income = ["tinc"]',
        "[like]",
        'Man = "Mach"',
        'Ser = "Bus"',
    ]
    return table, "\n".join(text) + "\n"


@pytest.mark.parametrize("form", ["csv", "xlsx", "region column"])
def test_a_sam_of_two_regions_gives_back_the_world_it_was_written_from(brought, tmp_path, form):
    b = brought.benchmark
    table, text = two_regions(b)
    path = tmp_path / ("sam.xlsx" if form == "xlsx" else "sam.csv")
    if form == "xlsx":
        table.to_excel(path)
    elif form == "csv":
        table.to_csv(path)
    else:
        table.insert(0, "account", [n.split(".", 1)[1] for n in table.index])
        table.insert(0, "region", [n.split(".", 1)[0] for n in table.index])
        table.to_csv(path, index=False)
    (tmp_path / "s.toml").write_text(text)
    again = bring_sam(path, tmp_path / "s.toml", tmp_path / "made").benchmark
    for name in (
        "MAKB",
        "MAKS",
        "VDFB",
        "VMFB",
        "VDPP",
        "VMIB",
        "EVFB",
        "EVFP",
        "EVOS",
        "VXSB",
        "VFOB",
        "VCIF",
        "VMSB",
        "ESUBD",
    ):
        np.testing.assert_allclose(again[name].values, b[name].values, rtol=1e-7, atol=1e-6, err_msg=name)
    with_remittances = b["SAVE"] - (
        b["REMIT"].sum(["skill", "host"]).rename(home="reg") - b["REMIT"].sum(["skill", "home"]).rename(host="reg")
    )
    np.testing.assert_allclose(again["SAVE"].values, with_remittances.values, rtol=1e-7)


def test_excel_is_the_csv(example, sam, brought, tmp_path):
    sam.to_excel(tmp_path / "sam.xlsx")
    for name in ("sam.toml", "sam_population.csv", "sam_migrants.csv", "sam_remittances.csv"):
        (tmp_path / name).write_bytes((example / name).read_bytes())
    again = bring_sam(tmp_path / "sam.xlsx", tmp_path / "sam.toml", tmp_path / "made").benchmark
    for name, array in brought.benchmark.arrays.items():
        np.testing.assert_array_equal(again[name].values, array.values, err_msg=name)


def test_a_commodity_made_abroad_only_needs_an_activity(example, sam, tmp_path):
    """Oil that the country does not make: the rest of the world makes it as the activity named does."""
    table = sam.copy()
    table["c-oil"], table.loc["c-oil"] = 0.0, 0.0
    for account, value in (("a-man", 20000.0), ("hh", 5000.0)):
        table.at["c-oil", account] = value
        table.at["c-man", account] -= value
    table.at["row", "c-oil"] = 25000.0
    table.at["row", "c-man"] -= 25000.0
    table.to_csv(tmp_path / "sam.csv")
    text = (example / "sam.toml").read_text().replace('Ser = ["c-ser"]', 'Ser = ["c-ser"]\nOil = ["c-oil"]')
    text = text[: text.index("[files]")].replace('Man = "Mach"', 'Man = "Mach"\nOil = "Ext"')
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(Exception, match=r"no activity of the SAM makes Oil.*makes = "):
        bring_sam(tmp_path / "sam.csv", tmp_path / "s.toml", tmp_path / "made")
    (tmp_path / "s.toml").write_text(text.replace("size = 15", 'makes = { Oil = "Man" }\nsize = 15'))
    b = bring_sam(tmp_path / "sam.csv", tmp_path / "s.toml", tmp_path / "made").benchmark
    assert float(b["MAKB"].sel(comm="Oil", reg="HOME").sum()) == 0
    made = b["MAKB"].sel(comm="Oil", reg="ROW")
    assert float(made.sel(acts="Man")) == pytest.approx(float(made.sum())) and float(made.sum()) > 25000
    assert plain(Model(b)).base().certificate.residual < 1e-12


def test_two_regions_with_a_rest_of_the_world_add_up_to_one(example, sam, tmp_path):
    """A country cut into parts of 30% and 70%: together they are the country, and the same world faces them."""
    text = (example / "sam.toml").read_text()
    text = text[: text.index("[groups]")]
    (tmp_path / "one.toml").write_text(text)
    one = bring_sam(example / "sam.csv", tmp_path / "one.toml", tmp_path / "one").benchmark
    names = [a for a in sam.index if a != "row"]
    labels = [*(f"{r}.{a}" for r in ("East", "West") for a in names), "row"]
    cut = pd.DataFrame(0.0, index=labels, columns=labels)
    for r, part in (("East", 0.3), ("West", 0.7)):
        own = [f"{r}.{a}" for a in names]
        cut.loc[own, own] = part * sam.loc[names, names].to_numpy()
        cut.loc[own, "row"] = part * sam.loc[names, "row"].to_numpy()
        cut.loc["row", own] = part * sam.loc["row", names].to_numpy()
    cut.to_csv(tmp_path / "sam.csv")
    (tmp_path / "two.toml").write_text(text.replace('["HOME"]', '["East", "West"]'))
    two = bring_sam(tmp_path / "sam.csv", tmp_path / "two.toml", tmp_path / "two").benchmark
    assert two.sets["reg"] == ("East", "West", "ROW")
    both = aggregate(two, reg={"HOME": ["East", "West"], "ROW": ["ROW"]}).benchmark
    for name in ("MAKB", "VDFP", "VMFP", "VDPB", "VMIP", "EVFB", "EVOS", "VXSB", "VMSB", "SAVE", "VKB"):
        np.testing.assert_allclose(both[name].values, one[name].values, rtol=1e-9, atol=1e-6, err_msg=name)


def test_both_regions_pay_skills_at_the_ratio_and_are_taxed_alike(brought):
    b = brought.benchmark
    pay = b["EVFB"].sel(endw=["UnskLab", "SkLab"]).sum("acts").rename(endw="skill")
    pay = pay / b["LAB"].sum("home").rename(host="reg")
    for reg in ("HOME", "ROW"):
        assert float(pay.sel(skill="SkLab", reg=reg) / pay.sel(skill="UnskLab", reg=reg)) == pytest.approx(2.0)
    tax = 1 - b["EVOS"].sum("acts") / b["EVFB"].sum("acts")
    np.testing.assert_allclose(tax.sel(reg="ROW"), tax.sel(reg="HOME"), rtol=1e-9)
