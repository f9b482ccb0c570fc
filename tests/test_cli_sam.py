"""`cge sam` judges a SAM in CSV: its accounts, its regions, its numbers; and says what it leaves out."""

from __future__ import annotations

import re

import pytest

from cge.benchmark import check_accounts, from_sam, make_sam, read_sam_csv, synthetic_benchmark, write_benchmark
from cge.cli import main


def run(args, capsys):
    code = main([str(a) for a in args])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The shipped benchmark's SAM as the lines of a file."""
    path = tmp_path_factory.mktemp("sam") / "good.csv"
    assert main(["sam", "ww1997", "--export", str(path)]) == 0
    return path.read_text().splitlines()


@pytest.fixture
def table(tmp_path):
    """Writes lines as a SAM file."""

    def write(lines):
        path = tmp_path / "sam.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def renamed(lines, old, new, *, first=False):
    out = [re.sub(rf"(^|,){re.escape(old)}(?=,)", rf"\g<1>{new}", line) for line in lines]
    if first:
        i = next(i for i in range(len(lines)) if out[i] != lines[i])
        out = lines[:i] + [out[i]] + lines[i + 1:]
    assert out != lines
    return out


def refused(args, capsys, *says):
    code, out, err = run(args, capsys)
    assert (code, out, err.count("\n")) == (1, "", 1), (code, out, err)
    assert "Traceback" not in err
    for text in says:
        assert text in err
    return err


@pytest.mark.parametrize("flags", [["--check"], [], ["--check", "--like", "ww1997"], ["--export", "other.csv"]])
@pytest.mark.parametrize(("new", "first", "says"), [
    ("USA.foo.Agr", False, "(did you mean USA.act.Agr?); accounts are written REGION.kind.item"),
    ("Bogus", False, "accounts are written REGION.kind.item"),
    ("USA.act.", False, "accounts are written REGION.kind.item"),
    ("WORLD.act.Agr", False, "did you mean"),
    ("USA.act.Agrr", True, "did you mean USA.act.Agr?"),
    ("USA.act.Agrr", False, "did you mean USA.act.Agr?"),
    ("USA.act.Zeta", False, "unknown account USA.act.Zeta"),
    ("USSA.act.Agr", True, "did you mean USA.act.Agr?"),
])
def test_unknown_account(good, table, tmp_path, monkeypatch, capsys, new, first, says, flags):
    monkeypatch.chdir(tmp_path)
    path = table(renamed(good, "USA.act.Agr", new, first=first))
    err = refused(["sam", path, *flags], capsys, f"unknown account {new}")
    if "--like" not in flags:
        assert says in err
    assert not (tmp_path / "other.csv").exists()


@pytest.mark.parametrize(("old", "new", "says"), [
    ("USA.tariff.IND", "USA.tariff.INDD", "unknown account USA.tariff.INDD (did you mean USA.tariff.IND?)"),
    ("WORLD.pool.Transp", "WORLD.pool.Transpp", "unknown account WORLD.pool.Transpp (did you mean WORLD.pool.Transp?)"),
    ("USA.hh", "USA.household", "unknown account USA.household"),
    ("USA.fac.Land", "USA.fac.Lnad", "unknown account USA.fac.Lnad (did you mean USA.fac.Land?)"),
    ("USA.cons", "USA.gov", "given twice"),
])
def test_other_misspelt_accounts(good, table, capsys, old, new, says):
    refused(["sam", table(renamed(good, old, new)), "--check"], capsys, says)


@pytest.mark.parametrize("region", ["IND", "XSA"])
def test_missing_region(good, table, capsys, region):
    lines = [line for line in good if not re.search(rf"(^|,){region}\.", line)]
    refused(["sam", table(lines), "--check"], capsys, f"region {region} is missing", "USA.tariff." + region,
            f"add the rows and columns of {region}")
    refused(["sam", table(lines), "--like", "ww1997"], capsys, f"no account of region {region}")


def test_missing_account_is_named(good, table, capsys):
    lines = [line for line in good if "USA.act.Agr," not in line]
    refused(["sam", table(lines), "--check"], capsys, "unbalanced", "USA.act.Agr missing, which every other region has")
    lines = [line for line in good if not re.search(r"(^|,)USA\.hh,", line)]
    refused(["sam", table(lines), "--check"], capsys, "region USA has no account of kind hh")


def test_unbalanced_is_shown_but_fails(good, table, tmp_path, capsys):
    i = next(i for i, line in enumerate(good) if line.startswith("USA.dom.Agr,USA.cons,"))
    head, value = good[i].rsplit(",", 1)
    path = table([*good[:i], f"{head},{float(value) + 7}", *good[i + 1:]])
    refused(["sam", path, "--check"], capsys, "account USA.dom.Agr is unbalanced", "by 7")
    code, out, err = run(["sam", path, "--region", "USA"], capsys)
    assert code == 1 and "largest gap" in out
    assert "account USA.dom.Agr is unbalanced" in err and err.count("\n") == 1
    code, out, err = run(["sam", path, "--export", tmp_path / "again.csv"], capsys)
    assert code == 1 and "written" in out and "unbalanced" in err


@pytest.mark.parametrize(("edit", "says"), [
    (lambda head, value: [f"{head},circa"], "not a number"),
    (lambda head, value: [f"{head},{value}", f"{head},{value}"], "given twice"),
    (lambda head, value: [f"{head},-{value}"], "only taxes, tariffs and saving may be negative"),
])
def test_wrong_numbers_stay_refused(good, table, capsys, edit, says):
    i = next(i for i, line in enumerate(good) if line.startswith("USA.dom.Agr,USA.cons,"))
    path = table([*good[:i], *edit(*good[i].rsplit(",", 1)), *good[i + 1:]])
    refused(["sam", path, "--check"], capsys, says)


def test_payment_without_meaning(good, table, capsys):
    refused(["sam", table([*good, "USA.hh,IND.hh,3", "IND.hh,USA.hh,3"]), "--check"], capsys, "has no meaning")


def test_empty_accounts_are_counted(tmp_path, capsys):
    assert "(3128 accounts with flows; 486 empty ones)" in run(["sam", "ww1997", "--check"], capsys)[1]
    assert "3614 accounts, 486 empty" in run(["sam", "ww1997"], capsys)[1]
    _, out, _ = run(["sam", "ww1997", "--export", tmp_path / "s.csv"], capsys)
    assert "3128 accounts with flows; 486 empty ones left out" in out
    code, out, err = run(["sam", tmp_path / "s.csv", "--check", "--like", "ww1997"], capsys)
    assert (code, err) == (0, "")
    assert "3128 accounts with flows)" in out and "those of ww1997" in out


@pytest.mark.parametrize("square", [[], ["--square"]])
def test_region_file_is_judged_too(tmp_path, capsys, square):
    path = tmp_path / "ind.csv"
    assert run(["sam", "ww1997", "--region", "IND", "--export", path, *square], capsys)[0] == 0
    code, out, err = run(["sam", path, "--check"], capsys)
    assert (code, err) == (0, "") and "balanced" in out
    assert run(["sam", path, "--region", "IND"], capsys)[0] == 0
    refused(["sam", path, "--region", "USA"], capsys, "has no region USA")
    refused(["sam", path, "--like", "ww1997"], capsys, "that of one region")
    path.write_text(path.read_text().replace("IND.act.Agr", "IND.act.Agrr", 1))
    code, _, err = run(["sam", path, "--check"], capsys)
    assert code == 1 and "IND.act.Agr" in err


@pytest.mark.parametrize("flags", [{}, {"holes": True}, {"migrants": False}, {"margins": False}, {"taxes": False},
                                   {"joint": True}])
@pytest.mark.parametrize("size", [(2, 4), (3, 4)])
def test_no_false_alarm(tmp_path, capsys, flags, size):
    for seed in range(2):
        write_benchmark(synthetic_benchmark(*size, seed, **flags), tmp_path / f"b{seed}")
        path = tmp_path / f"{seed}.csv"
        assert run(["sam", tmp_path / f"b{seed}", "--export", path], capsys)[0] == 0
        assert run(["sam", path, "--check"], capsys)[::2] == (0, "")
        assert run(["sam", path, "--like", tmp_path / f"b{seed}"], capsys)[::2] == (0, "")


def test_migrants_who_remit_nothing():
    bench = synthetic_benchmark(3, 3, 1)
    sam = make_sam(bench)
    frame = sam.frame()
    paid = frame[frame["row"].str.contains(".remit.", regex=False)]
    table = {(r, c): v for r, c, v in frame.itertuples(index=False) if ".remit." not in r + c}
    for remit, mig, value in paid.itertuples(index=False):  # they spend it where they live
        host, home = mig.split(".")[0], remit.split(".")[0]
        for cell, amount in {(f"{host}.cons", mig): value, (f"{host}.dom.Svc", f"{host}.cons"): value,
                             (f"{host}.dom.Svc", f"{host}.inv"): -value, (f"{host}.inv", "WORLD.bank"): -value,
                             ("WORLD.bank", f"{home}.hh"): -value}.items():
            table[cell] = table.get(cell, 0.0) + amount
    names = tuple(dict.fromkeys(name for cell in table for name in cell))
    at = {name: i for i, name in enumerate(names)}
    back = type(sam)("x", names, [at[r] for r, _ in table], [at[c] for _, c in table], list(table.values()))
    assert check_accounts(back)["skill"] == ()
    assert set(from_sam(back, tolerance=1e-6).sets["skill"]) == set(bench.sets["skill"])


def test_wrong_use(tmp_path, capsys):
    refused(["sam", "ww1997", "--like", "ww1997"], capsys, "--like compares a SAM in CSV")
    refused(["sam", "ww1997", "--export", "/proc/x.csv"], capsys, "/proc/x.csv")
    (tmp_path / "taken.csv").mkdir()
    refused(["sam", "ww1997", "--export", tmp_path / "taken.csv"], capsys, "cannot write", "taken.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["taken.csv"]
    (tmp_path / "head.csv").write_text("row,column,value\n")
    refused(["sam", tmp_path / "head.csv"], capsys, "has no account of a region")
    assert len(read_sam_csv(tmp_path / "head.csv").accounts) == 0


def test_region_is_what_is_checked(good, table, tmp_path, capsys):
    refused(["sam", "ww1997", "--check", "--region", "NOPE"], capsys, "has no region NOPE", "its regions are")
    out = run(["sam", "ww1997", "--check", "--region", "IND"], capsys)[1]
    assert out.startswith("balanced, region IND: ") and "3128" not in out
    i = next(i for i, line in enumerate(good) if line.startswith("IND.dom.Agr,IND.cons,"))
    head, value = good[i].rsplit(",", 1)
    path = table([*good[:i], f"{head},{float(value) + 7}", *good[i + 1:]])
    refused(["sam", path, "--check", "--region", "IND"], capsys, "IND.dom.Agr is unbalanced")
    refused(["sam", path, "--check", "--region", "NOPE"], capsys, "has no region NOPE")
    refused(["sam", "ww1997", "--check", "--region", ""], capsys, "has no region")
    refused(["sam", "ww1997", "--square"], capsys, "add --export")


def test_files_are_tables_whatever_their_names(good, tmp_path, capsys):
    for name in ("good.txt", "good.CSV", "good.data"):
        (tmp_path / name).write_text("\n".join(good) + "\n")
        assert run(["sam", tmp_path / name, "--region", "IND"], capsys)[0] == 0
    (tmp_path / "d.csv").mkdir()
    refused(["sam", tmp_path / "d.csv"], capsys, "d.csv is no benchmark folder")
    refused(["sam", tmp_path / "gone.CSV"], capsys, "no file")
    refused(["sam", "ww1997", "--region", "IND", "--export", ""], capsys, "it is a folder; give the name of a file")
