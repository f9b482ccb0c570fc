"""From an inter-country input-output table to a benchmark, held to the table's own totals read by pandas."""

from __future__ import annotations

import tomllib
import zipfile

import numpy as np
import pandas as pd
import pytest

from cge.benchmark import aggregate, open_benchmark
from cge.benchmark.identities import tax_revenue
from cge.bring import bring_icio
from cge.bring.example import COUNTRIES, INDUSTRIES, USES, write_example
from cge.bring.settings import SATELLITES
from cge.cli import main
from cge.solve.model import Model
from tests.engine import plain

REGION = {"NOR": "Nordic", "SWE": "Nordic", "POL": "POL", "IND": "IND", "ROW": "ROW"}
SECTOR = {"A01_02": "Agr", "A03": "Agr", "C10T12": "Food", "C29": "Man"} | dict.fromkeys(("F", "H49", "M", "O"), "Ser")
FILES = "[files]"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bring") / "example"
    write_example(folder)
    return folder


@pytest.fixture(scope="module")
def table(example):
    return pd.read_csv(example / "icio.csv", index_col=0)


@pytest.fixture(scope="module")
def brought(example):
    return bring_icio(example / "icio.csv", example / "icio.toml", example / "made")


def settings(example, folder, name="s.toml", **changes):
    """The example's settings beside its files, with pieces of the text replaced."""
    text = (example / "icio.toml").read_text()
    for old, new in changes.pop("swap", {}).items():
        assert old in text
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    for file in example.glob("*.csv"):
        if not (folder / file.name).exists():
            (folder / file.name).write_bytes(file.read_bytes())
    return path


def bare(example, folder, **swap):
    """Settings without satellites, which are then defaults."""
    text = (example / "icio.toml").read_text()
    text = text.replace('missing = "refuse"', 'missing = "default"')
    text = text[: text.index(FILES)]
    for old, new in swap.items():
        text = text.replace(old, new)
    path = folder / "bare.toml"
    path.write_text(text)
    return path


def cells(table):
    """The table's cells in long form: seller's country and industry, user's country and code."""
    rows = [f"{c}_{i}" for c in COUNTRIES for i in INDUSTRIES]
    long = table.loc[rows].drop(columns="OUT").stack().rename("value").rename_axis(["row", "column"]).reset_index()
    long[["src", "industry"]] = long["row"].str.split("_", n=1, expand=True)
    long[["dst", "user"]] = long["column"].str.split("_", n=1, expand=True)
    return long


def test_gdp_is_the_tables_value_added_and_taxes(table, brought):
    b = brought.benchmark
    income = pd.Series(0.0, index=list(b.sets["reg"]))
    for c in COUNTRIES:
        income[REGION[c]] += table.loc[["VA", "TLS"], [k for k in table if k.startswith(f"{c}_")]].to_numpy().sum()
    spent = sum(b[f"V{o}{g}P"].sum("comm") for o in "DM" for g in "PGI").to_series()
    net = (
        b["VFOB"].sum(["comm", "dst"]).rename(src="reg") - b["VCIF"].sum(["comm", "src"]).rename(dst="reg")
    ).to_series()
    np.testing.assert_allclose((spent + net)[income.index], income, rtol=1e-12)
    factors = b["EVFP"].sum(["endw", "acts"]).to_series() + sum(
        tax_revenue(b)[k].to_series() for k in ("use", "tariff")
    )
    np.testing.assert_allclose(factors[income.index], income, rtol=1e-12)


def test_trade_and_taxes_are_the_tables(table, brought):
    b, long = brought.benchmark, cells(table)
    abroad = long[long.src != long.dst]
    want = abroad.groupby([abroad.industry.map(SECTOR), abroad.src.map(REGION), abroad.dst.map(REGION)])["value"].sum()
    for (comm, src, dst), value in want.items():
        assert float(b["VXSB"].sel(comm=comm, src=src, dst=dst)) == pytest.approx(value, rel=1e-12)
    assert float(b["VXSB"].sum()) == pytest.approx(abroad.value.sum(), rel=1e-12)
    assert float(b["VXSB"].sel(src="Nordic", dst="Nordic").sum()) > 0  # trade inside a region stays trade
    made = pd.Series({k: table.at["OUT", k] for k in table.columns if k.split("_", 1)[-1] in SECTOR})
    by_sector = made.groupby([k.split("_", 1)[1] for k in made.index]).sum().groupby(SECTOR).sum()
    np.testing.assert_allclose(b["MAKB"].sum(["acts", "reg"]).to_series()[by_sector.index], by_sector, rtol=1e-12)
    tls = table.loc["TLS"].drop("OUT")
    for r in b.sets["reg"]:
        paid = tls[[REGION[k.split("_")[0]] == r for k in tls.index]].sum()
        revenue = tax_revenue(b)
        assert float((revenue["use"] + revenue["tariff"]).sel(reg=r)) == pytest.approx(paid, rel=1e-9)


def test_tariffs_of_countries_are_weighted_by_trade(table, brought):
    b, long = brought.benchmark, cells(table)
    rate = (b["VMSB"] / b["VCIF"].where(b["VCIF"] > 0) - 1).fillna(0.0)
    assert float(rate.sel(comm="Agr", src="IND", dst="Nordic")) == pytest.approx(0.2)
    assert float(rate.sel(comm="Food", src="POL", dst="Nordic")) == pytest.approx(0.0, abs=1e-12)
    assert float(rate.sel(comm="Man", src="ROW", dst="IND")) == pytest.approx(0.06)
    inside = long[
        (long.industry == "C29")
        & long.src.isin(["NOR", "SWE"])
        & long.dst.isin(["NOR", "SWE"])
        & (long.src != long.dst)
    ]
    value = inside.groupby("src")["value"].sum()  # SWE sells to NOR free, NOR to SWE at 6%
    assert float(rate.sel(comm="Man", src="Nordic", dst="Nordic")) == pytest.approx(0.06 * value["NOR"] / value.sum())


def test_people_are_those_of_the_files(example, brought):
    b = brought.benchmark
    lab = b["LAB"]
    assert float(lab.sel(home="POL", host="Nordic", skill="UnskLab")) == pytest.approx(130)
    assert float(lab.sum("home").sel(host="Nordic", skill="SkLab")) == pytest.approx(2700)
    assert float(b["POP"].sel(reg="Nordic")) == pytest.approx(15)
    wanted = pd.read_csv(example / "remittances.csv")["value"].sum()
    log = brought.settings.log.adjustments()
    change = log[log.kind == "remittances"]["change"].sum()
    assert float(b["REMIT"].sum()) == pytest.approx(wanted + change, rel=1e-9)
    assert float((b["VKB"]).sel(reg="POL")) == 650000


def test_benchmark_replicates_and_opens(example, brought):
    opened = open_benchmark(example / "made")
    assert opened.digest() == brought.benchmark.digest()
    base = plain(Model(opened)).base()
    assert base.certificate.residual < 1e-12
    assert main(["check", str(example / "made")]) == 0


def test_price_levels_are_nominal_over_real_consumption(example, table, brought, tmp_path):
    level = pd.read_csv(example / "price_levels.csv", index_col="reg")["level"]
    spent = pd.Series(
        {
            c: table[[f"{c}_{u}" for u in ("HFCE", "NPISH", "DPABR")]].drop(["VA", "OUT"]).to_numpy().sum()
            for c in COUNTRIES
        }
    )
    own = pd.Series(REGION)[spent.index]
    got = brought.benchmark["PRICELEVEL"].to_series()
    want = spent.groupby(own).sum() / (spent / level[spent.index]).groupby(own).sum()
    np.testing.assert_allclose(got, want[got.index], rtol=1e-12)
    assert level["SWE"] < got["Nordic"] < level["NOR"]
    assert got["ROW"] == level["ROW"]  # one country: to the last digit
    opened = open_benchmark(example / "made")
    np.testing.assert_array_equal(opened["PRICELEVEL"].values, brought.benchmark["PRICELEVEL"].values)
    path = settings(example, tmp_path, swap={'"price_levels.csv"': '"regional.csv"'})
    (tmp_path / "regional.csv").write_text("reg,level\nROW,0.8\nIND,0.3\nPOL,0.6\nNordic,1.3\n")
    again = bring_icio(example / "icio.csv", path, tmp_path / "made").benchmark
    assert again["PRICELEVEL"].to_series().to_dict() == {"Nordic": 1.3, "POL": 0.6, "IND": 0.3, "ROW": 0.8}
    for name, array in brought.benchmark.arrays.items():
        if name != "PRICELEVEL":  # nothing else reads them
            np.testing.assert_array_equal(again[name].values, array.values, err_msg=name)


def test_without_price_levels_the_summary_says_so(example, brought, tmp_path):
    assert "purchasing-power" not in brought.text()
    made = bring_icio(example / "icio.csv", bare(example, tmp_path), tmp_path / "made")
    assert "PRICELEVEL" not in made.benchmark
    assert "default taken: price_levels: none; no results at purchasing-power parity are given" in made.text()


def relabel(text, edition):
    """The example in the labels of another edition."""
    codes = dict(zip(INDUSTRIES, ("01T02", "03", "10T12", "29", "41T43", "49", "69T75", "84")))
    lines = [line.split(",") for line in text.splitlines()]

    def new(label):
        country, _, code = label.partition("_")
        code = {"DPABR": "P33"}.get(code, code) if edition == 2018 else code
        return f"{country}_{codes.get(code, code)}" if code else {"OUT": "TOTAL"}.get(label, label)

    lines[0] = ["", *map(new, lines[0][1:])]
    names = [r[0] for r in lines]
    for row in lines[1:]:
        row[0] = {"VA": "VALU", "OUT": "OUTPUT"}.get(row[0], new(row[0]))
    tls = lines.pop(names.index("TLS"))
    for c in reversed(COUNTRIES):
        own = [v if h.startswith(f"{c}_") else "0" for h, v in zip(lines[0][1:], tls[1:])]
        lines.insert(-2, [f"{c}_TAXSUB", *own])
    return "\n".join(",".join(r) for r in lines) + "\n"


def test_a_zip_and_taxes_by_country_give_the_same_benchmark(example, brought, tmp_path):
    lines = [line.split(",") for line in (example / "icio.csv").read_text().splitlines()]
    tls = lines.pop([r[0] for r in lines].index("TLS"))
    for c in COUNTRIES:
        own = [v if h.startswith(f"{c}_") else "0" for h, v in zip(lines[0][1:], tls[1:])]
        lines.append([f"{c}_TLS", *own])
    with zipfile.ZipFile(tmp_path / "icio.zip", "w") as archive:
        archive.writestr("2014.csv", "\n".join(",".join(r) for r in lines) + "\n")
    again = bring_icio(tmp_path / "icio.zip", settings(example, tmp_path), tmp_path / "made").benchmark
    for name, array in brought.benchmark.arrays.items():
        np.testing.assert_allclose(again[name].values, array.values, rtol=1e-11, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("edition", [2018, 2021])
def test_labels_of_other_editions_give_the_same_benchmark(example, brought, tmp_path, edition):
    (tmp_path / "old.csv").write_text(relabel((example / "icio.csv").read_text(), edition))
    path = settings(
        example, tmp_path, swap={'["A01_02", "A03"]': '["01T02", "03"]', '["C10T12"]': '["10T12"]', '["C29"]': '["29"]'}
    )
    again = bring_icio(tmp_path / "old.csv", path, tmp_path / "made").benchmark
    for name, array in brought.benchmark.arrays.items():
        np.testing.assert_allclose(again[name].values, array.values, rtol=1e-11, atol=1e-9, err_msg=name)


def test_a_country_in_parts_is_joined(example, tmp_path):
    table = pd.read_csv(example / "icio.csv", index_col=0)
    table = table.rename(index=lambda s: s.replace("IND_", "CHN_"), columns=lambda s: s.replace("IND_", "CHN_"))
    whole = tmp_path / "whole.csv"
    table.to_csv(whole)
    own = [f"CHN_{i}" for i in INDUSTRIES]
    first = [o.replace("CHN", "CN1") for o in own]
    part = table.copy()
    part = pd.concat([part, (0.3 * part.loc[own]).rename(index=dict(zip(own, first)))])
    part.loc[own] *= 0.7
    part = pd.concat([part, (0.25 * part[own]).rename(columns=dict(zip(own, first)))], axis=1)
    part[own] *= 0.75
    part = part.rename(
        index=lambda s: s.replace("CHN_", "CN2_"), columns=lambda s: s.replace("CHN_", "CN2_") if s in own else s
    )
    for n in ("CN1", "CN2"):  # output by row: the columns' shares of value added follow
        named = [f"{n}_{i}" for i in INDUSTRIES]
        part.loc["OUT", named] = part.loc[named].drop(columns="OUT").sum(axis=1).to_numpy()
        part.loc["VA", named] = (
            part.loc["OUT", named]
            - part.loc["TLS", named]
            - part.loc[[r for r in part.index if r not in ("VA", "OUT", "TLS")], named].sum()
        )
    part.to_csv(tmp_path / "parts.csv")
    path = bare(example, tmp_path, **{'IND = ["IND"]': 'IND = ["CHN"]'})
    a, b = (bring_icio(tmp_path / f"{n}.csv", path, tmp_path / n) for n in ("whole", "parts"))
    assert any("CN1 to CHN" in note for note in b.settings.log.notes)
    for name in ("VXSB", "VDFB", "VMPP", "EVFB", "SAVE"):
        np.testing.assert_allclose(
            b.benchmark[name].values, a.benchmark[name].values, rtol=1e-9, atol=1e-6, err_msg=name
        )


def test_mapping_and_aggregating_agree(example, tmp_path):
    """Countries brought one by one and aggregated by another part of the program, against the mapping of the import."""
    one = bare(
        example,
        tmp_path,
        **{
            "[regions]": "[long_names]",
            'Nordic = ["NOR", "SWE"]\n': "",
            'POL = ["POL"]\n': "",
            'IND = ["IND"]\nROW = ["*"]': "",
            "year = 2014": 'year = 2014\nregions = "each"',
            "[groups]": "[sources]",
        },
    )
    text = one.read_text()
    one.write_text(text[: text.index("[long_names]")] + text[text.index("[sectors]") : text.index("[sources]")])
    apart = bring_icio(example / "icio.csv", one, tmp_path / "apart").benchmark
    both = bring_icio(example / "icio.csv", bare(example, tmp_path), tmp_path / "both").benchmark
    summed = aggregate(apart, reg={"Nordic": ["NOR", "SWE"], "POL": ["POL"], "IND": ["IND"], "ROW": ["ROW"]}).benchmark
    for name in ("VXSB", "VMSB", "VDFB", "VDPB", "VMFB", "VMIB", "EVFB", "MAKB", "SAVE", "VKB"):
        np.testing.assert_allclose(
            both[name].values,
            summed[name]
            .transpose(*both[name].dims)
            .sel({d: both[name].coords[d].values for d in both[name].dims})
            .values,
            rtol=1e-9,
            atol=1e-6,
            err_msg=name,
        )


def test_defaults_are_listed_in_the_benchmark(example, tmp_path):
    made = bring_icio(example / "icio.csv", bare(example, tmp_path), tmp_path / "made")
    head = tomllib.loads((tmp_path / "made" / "benchmark.toml").read_text())["import"]
    for name in SATELLITES:
        if name != "remittances":  # none without migrants
            assert any(line.startswith(f"{name}:") for line in head["defaults"]), name
    assert not made.benchmark.has_labour
    assert head["defaults"] == made.settings.log.defaults
    assert all(f"default taken: {line}" in made.text() for line in head["defaults"])


@pytest.mark.parametrize("name", list(SATELLITES))
def test_each_missing_satellite_is_refused_by_name(example, tmp_path, name):
    path = settings(example, tmp_path, swap={f'{name} = "{name}.csv"\n': ""})
    with pytest.raises(
        Exception, match=f"missing and refused: {name} \\(a CSV with the columns {SATELLITES[name][:6]}"
    ) as info:
        bring_icio(example / "icio.csv", path, tmp_path / "made")
    assert not (tmp_path / "made").exists() and "\n" not in str(info.value)


def test_inventories_and_negative_cells_are_reported(example, tmp_path):
    table = pd.read_csv(example / "icio.csv", index_col=0)
    table.at["POL_C29", "POL_INVNT"] -= 30000.0  # far above 5% of value added
    table.at["IND_C10T12", "IND_HFCE"] *= -1  # a negative purchase
    inner = [r for r in table.index if r not in ("TLS", "VA", "OUT")]
    table["OUT"] = table.drop(columns="OUT").sum(axis=1)
    table.loc["OUT", inner] = table.loc[inner, "OUT"].to_numpy()
    table.loc["VA", inner] = table.loc["OUT", inner] - table.loc[[*inner, "TLS"], inner].sum()
    table.to_csv(tmp_path / "icio.csv")
    made = bring_icio(tmp_path / "icio.csv", bare(example, tmp_path), tmp_path / "made")
    log = pd.read_csv(tmp_path / "made" / "adjustments.csv")
    cell = log[(log.kind == "cell") & (log.reg == "POL") & (log.item == "Man")]
    assert (cell["change"] < 0).any() and cell["before"].lt(0).any()
    assert any("negative purchases of households" in note for note in made.settings.log.notes)
    b = made.benchmark
    for r in ("POL", "IND"):  # every supply row keeps its total
        own = [f"{r}_{i}" for i in INDUSTRIES]
        assert float(b["MAKB"].sel(reg=r).sum()) == pytest.approx(table.loc["OUT", own].sum(), rel=1e-9)
    value = log[log.kind == "value added"]
    assert value["change"].sum() == pytest.approx(float(b["EVFB"].sum()) - table.loc["VA", inner].sum(), abs=1.0)


def test_negative_value_added_is_covered_by_a_subsidy_or_refused(example, tmp_path):
    table = pd.read_csv(example / "icio.csv", index_col=0)
    more = table.at["VA", "POL_C29"] + 500.0  # inputs from home exceed output
    table.at["POL_O", "POL_C29"] += more  # and services sell as much more, out of their own value added
    table.at["POL_O", "OUT"] += more
    table.loc[["VA", "OUT"], "POL_O"] += more
    table.at["VA", "POL_C29"] -= more
    table.to_csv(tmp_path / "icio.csv")
    made = bring_icio(tmp_path / "icio.csv", bare(example, tmp_path), tmp_path / "made")
    b = made.benchmark
    output = float(b["MAKB"].sel(reg="POL", acts="Man").sum())
    assert float(b["EVFP"].sel(reg="POL", acts="Man").sum()) == pytest.approx(0.01 * output, rel=1e-9)
    subsidy = float((b["MAKS"] - b["MAKB"]).sel(reg="POL", acts="Man").sum())
    log = made.settings.log.adjustments()
    assert log[log.kind == "output subsidy"]["change"].sum() == pytest.approx(subsidy, rel=1e-9) and subsidy > 500
    path = bare(example, tmp_path)
    path.write_text(path.read_text() + '[options]\nnegative_value_added = "refuse"\n')
    with pytest.raises(Exception, match="value added of Man in POL is -"):
        bring_icio(tmp_path / "icio.csv", path, tmp_path / "other")


def test_margins_come_out_of_transport_exports(example, tmp_path):
    path = bare(example, tmp_path, **{'Ser = ["*"]': 'Tra = ["H49"]\nSer = ["*"]'})
    path.write_text(
        path.read_text().replace('Man = "Veh"', 'Man = "Veh"\nTra = "Transp"')
        + '[options]\nmargins = "Tra"\nmargin_rate = 0.03\ngoods = ["Agr", "Food", "Man"]\n'
    )
    b = bring_icio(example / "icio.csv", path, tmp_path / "made").benchmark
    goods = b["VFOB"].sel(comm=["Agr", "Food", "Man"])
    np.testing.assert_allclose(b["VCIF"].sel(comm=["Agr", "Food", "Man"]), 1.03 * goods, rtol=1e-12)
    assert float(b["VST"].sum()) == pytest.approx(0.03 * float(goods.sum()), rel=1e-12)
    table = pd.read_csv(example / "icio.csv", index_col=0)
    made = sum(table.at["OUT", f"{c}_H49"] for c in COUNTRIES)
    assert float(b["MAKB"].sel(comm="Tra").sum()) == pytest.approx(made, rel=1e-12)  # supply rows keep their totals


def test_the_uses_of_the_layout_are_complete():
    from cge.bring.layout import FINAL_USES

    assert set(USES) <= set(FINAL_USES)


def test_shares_taxes_and_elasticities_are_those_of_the_files(brought):
    """Number by number from the example's satellites: what a swap of columns or a wrong base would change."""
    b = brought.benchmark
    paid = b["EVFB"].sum("acts")
    kept = b["EVOS"].sum("acts") / paid
    for endw, rate in (("UnskLab", 0.35), ("SkLab", 0.35), ("Capital", 0.1)):
        assert float(1 - kept.sel(endw=endw, reg="Nordic")) == pytest.approx(rate, rel=1e-6)
    for act, endw, part in (("Agr", "Land", 0.5 * 0.4), ("Agr", "NatRes", 0.5 * 0.05), ("Agr", "SkLab", 0.5 * 0.1),
                            ("Ser", "SkLab", 0.65 * 0.45), ("Man", "UnskLab", 0.65 * 0.75)):
        added = b["EVFB"].sel(acts=act, reg="Nordic")
        assert float(added.sel(endw=endw) / added.sum()) == pytest.approx(part, rel=1e-6), (act, endw)
    assert float(b["ESUBD"].sel(comm="Man", reg="IND")) == 3.5 and float(b["ESUBM"].sel(comm="Man", reg="IND")) == 7.0
    assert float(b["ESUBVA"].sel(acts="Agr", reg="IND")) == 0.24
    assert float(b["VDEP"].sel(reg="POL")) == pytest.approx(25000) and float(b["VKB"].sel(reg="POL")) == pytest.approx(
        650000)
