"""A broken SAM is refused with the account, the amount and the repair."""

import numpy as np
import pytest

from cge.benchmark import Sam, check_sam, from_sam, make_sam, read_sam_csv, synthetic_benchmark, write_sam_csv
from cge.errors import BenchmarkError

BENCH = synthetic_benchmark(3, 3, 1)
SAM = make_sam(BENCH)


def added(cells, accounts=()):
    """SAM with amounts added to cells (row, column): amount."""
    frame = SAM.frame()
    names = (*SAM.accounts, *accounts)
    table = {(r, c): v for r, c, v in frame.itertuples(index=False)}
    for cell, amount in cells.items():
        table[cell] = table.get(cell, 0.0) + amount
    position = {name: i for i, name in enumerate(names)}
    return Sam(
        "broken",
        names,
        [position[r] for r, _ in table],
        [position[c] for _, c in table],
        list(table.values()),
    )


def test_unbalanced():
    bad = added({("R2.dom.Agr", "R2.cons"): 12.5})
    report = check_sam(bad, throw=False)
    assert report["account"].tolist() == ["R2.dom.Agr", "R2.cons"]
    assert report["amount"].tolist() == pytest.approx([12.5, -12.5])
    with pytest.raises(
        BenchmarkError,
        match=r"account R2.dom.Agr is unbalanced: receipts .*, payments .* million US\$; "
        r"lower its receipts or raise its payments by 12.5",
    ):
        from_sam(bad, BENCH)


def test_negative_where_it_cannot_be():
    flow = SAM.get("R2.dom.Agr", "R2.cons")
    swap = -flow - 40.0  # around a loop, so that every account still balances
    bad = added(
        {
            ("R2.dom.Agr", "R2.cons"): swap,
            ("R2.dom.Agr", "R2.gov"): -swap,
            ("R2.dom.Svc", "R2.gov"): swap,
            ("R2.dom.Svc", "R2.cons"): -swap,
        }
    )
    with pytest.raises(
        BenchmarkError,
        match=r"account R2.dom.Agr receives -40 million US\$ from R2.cons; only taxes, "
        r"tariffs and saving may be negative",
    ):
        from_sam(bad, BENCH)


def test_subsidies_and_dissaving_are_legal():
    assert (SAM.value < 0).any()
    saving = SAM.get("WORLD.bank", "R1.hh")
    swap = -saving - 1.0  # R1 dissaves, R2 saves more; spending moves the other way
    moved = added(
        {
            ("WORLD.bank", "R1.hh"): swap,
            ("R1.cons", "R1.hh"): -swap,
            ("R1.dom.Agr", "R1.cons"): -swap,
            ("R1.dom.Agr", "R1.inv"): swap,
            ("R1.inv", "WORLD.bank"): swap,
        }
    )
    failures = check_sam(moved, throw=False)
    assert not failures["message"].str.contains("WORLD.bank receives").any()


def test_unknown_account():
    bad = added({("R1.dom.Arg", "R1.dom.Arg"): 1.0}, accounts=["R1.dom.Arg"])
    with pytest.raises(
        BenchmarkError, match=r"unknown account R1.dom.Arg \(did you mean R1.dom.Agr\?\); rename it"
    ):
        from_sam(bad, BENCH)
    bad = added({}, accounts=["R1.army"])
    with pytest.raises(
        BenchmarkError, match=r"unknown account R1.army; accounts are written REGION.kind.item"
    ):
        from_sam(bad)


def test_duplicate_account_and_cell():
    with pytest.raises(BenchmarkError, match="duplicate account R1.hh; merge or rename"):
        Sam("x", ("R1.hh", "R1.gov", "R1.hh"), [], [], [])
    with pytest.raises(BenchmarkError, match=r"cell \(a, b\) is given twice"):
        Sam("x", ("a", "b"), [0, 0], [1, 1], [1.0, 2.0])
    with pytest.raises(BenchmarkError, match=r"cell \(a, b\) is nan"):
        Sam("x", ("a", "b"), [0], [1], [np.nan])


def test_missing_region():
    keep = [i for i, account in enumerate(SAM.accounts) if not account.startswith("R3.")]
    new = {old: i for i, old in enumerate(keep)}
    cells = [i for i in range(len(SAM.value)) if SAM.row[i] in new and SAM.column[i] in new]
    bad = Sam(
        "two regions",
        tuple(SAM.accounts[i] for i in keep),
        [new[SAM.row[i]] for i in cells],
        [new[SAM.column[i]] for i in cells],
        SAM.value[cells],
    )
    with pytest.raises(BenchmarkError, match="no account of region R3; add the region's accounts"):
        from_sam(bad, BENCH)


def test_payment_without_meaning():
    # Households of two regions swap money: balanced, but no flow of this model.
    bad = added({("R1.hh", "R2.hh"): 3.0, ("R2.hh", "R1.hh"): 3.0})
    with pytest.raises(
        BenchmarkError, match=r"payment of 3 million US\$ from R2.hh to R1.hh has no meaning .*\(2 such"
    ):
        from_sam(bad, BENCH)


def test_migrants_wages_must_fit_the_stocks():
    bad = added(
        {
            ("R1.mig.R2", "R1.fac.SkLab"): 5.0,
            ("R1.hh", "R1.fac.SkLab"): -5.0,
            ("R1.cons", "R1.mig.R2"): 5.0,
            ("R1.cons", "R1.hh"): -5.0,
        }
    )
    with pytest.raises(
        BenchmarkError,
        match=r"account R1.mig.R2 receives .* from R1.fac.SkLab, but the labour stocks "
        r"LAB imply .*; change LAB",
    ):
        from_sam(bad, BENCH)


def replaced(tmp_path, form, old, new):
    path = write_sam_csv(SAM, tmp_path / "sam.csv", form=form)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_text_in_a_number(tmp_path):
    value = repr(SAM.get("R2.dom.Svc", "R2.cons"))
    assert value != "0.0"
    for form in ("long", "square"):
        path = replaced(tmp_path, form, value, "circa 5")
        with pytest.raises(BenchmarkError, match=r"cell \(R2.dom.Svc, R2.cons\) is 'circa 5', not a number"):
            read_sam_csv(path)


def test_malformed_files(tmp_path):
    with pytest.raises(BenchmarkError, match="duplicate column account R1.act.Agr"):
        read_sam_csv(
            replaced(tmp_path, "square", "account,R1.act.Agr,R1.act.Man1", "account,R1.act.Agr,R1.act.Agr")
        )
    with pytest.raises(BenchmarkError, match="account R1.act.Agr has a row but no column"):
        read_sam_csv(replaced(tmp_path, "square", "account,R1.act.Agr", "account,R1.act.Aggr"))
    with pytest.raises(BenchmarkError, match=r"line 2: .* should be row,column,value"):
        read_sam_csv(replaced(tmp_path, "long", "R1.act.Agr,", "R1.act.Agr,extra,"))
    with pytest.raises(BenchmarkError, match="no file .*; give the path"):
        read_sam_csv(tmp_path / "absent.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(BenchmarkError, match="is empty"):
        read_sam_csv(tmp_path / "empty.csv")


def test_nothing_half_written(tmp_path, monkeypatch):
    path = write_sam_csv(SAM, tmp_path / "sam.csv")
    before = path.read_bytes()
    monkeypatch.setattr(Sam, "frame", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_sam_csv(SAM, path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["sam.csv"]


@pytest.mark.parametrize(("sign", "says"), [(";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("form", ["long", "square"])
def test_delimiter_is_named(tmp_path, sign, says, form):
    path = write_sam_csv(SAM, tmp_path / "sam.csv", form=form)
    path.write_text(path.read_text().replace(",", sign).replace(".5", ",5"))
    with pytest.raises(BenchmarkError, match=f"separated by {says}") as refusal:
        read_sam_csv(path)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("head", ["", "column,row,value\n", "Receiver,Payer,Amount\n", "row,column,value,unit\n"])
def test_long_form_needs_its_head(tmp_path, head):
    path = replaced(tmp_path, "long", "row,column,value\n", head)
    with pytest.raises(BenchmarkError, match=r"the first line is .*begins with the line row,column,value"):
        read_sam_csv(path)


def test_head_may_be_in_capitals(tmp_path):
    back = read_sam_csv(replaced(tmp_path, "long", "row,column,value", "\ufeffRow, Column ,VALUE"))
    assert back.frame().equals(read_sam_csv(write_sam_csv(SAM, tmp_path / "again.csv")).frame())


def test_square_table_of_two_accounts_is_square(tmp_path):
    (tmp_path / "s.csv").write_text("account,A.hh,B.hh\nA.hh,0,1\nB.hh,1,0\n")
    assert read_sam_csv(tmp_path / "s.csv").accounts == ("A.hh", "B.hh")


@pytest.mark.parametrize("times", [1, 60])
def test_stray_quotation_mark_names_its_line(tmp_path, times):
    path = write_sam_csv(SAM, tmp_path / "sam.csv")
    lines = path.read_text().splitlines()
    rest = lines[6:] * times  # long enough to pass the limit of a field
    path.write_text("\n".join([*lines[:5], f'"{lines[5]}', *rest]) + "\n")
    with pytest.raises(BenchmarkError, match=r"line 6: .*quotation mark .* remove it") as refusal:
        read_sam_csv(path)
    assert len(str(refusal.value)) < 300


def test_underscore_is_no_number_and_names_are_cut(tmp_path):
    value = repr(SAM.get("R2.dom.Svc", "R2.cons"))
    with pytest.raises(BenchmarkError, match="'1_000', not a number"):
        read_sam_csv(replaced(tmp_path, "long", value, "1_000"))
    with pytest.raises(BenchmarkError, match="not a number") as refusal:
        read_sam_csv(replaced(tmp_path, "long", value, 500 * "x"))
    assert len(str(refusal.value)) < 300


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(BenchmarkError, match="is a folder"):
        read_sam_csv(tmp_path)
