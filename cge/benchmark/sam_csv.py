"""SAM files: CSV in long form (row, column, value) or as a square table."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd

from cge._files import whole_file
from cge.benchmark.sam import Sam
from cge.errors import BenchmarkError, short

_LONG = ["row", "column", "value"]


def write_sam_csv(sam: Sam, path: str | Path, *, form: str = "long") -> Path:
    """Write a SAM as CSV, all or nothing.

    Parameters
    ----------
    sam : Sam
    path : path
    form : {"long", "square"}
        Long: one line per non-zero cell (row, column, value), so that accounts
        without a cell are left out. Square: one column per account, empty ones
        too; better for the SAM of one region.

    Returns
    -------
    Path

    Raises
    ------
    BenchmarkError
        The file cannot be written.
    """
    if form not in ("long", "square"):
        raise ValueError(f'form must be "long" or "square", not {form!r}')
    path = Path(path)
    if path.is_dir():
        raise BenchmarkError(f"cannot write {path}: it is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise BenchmarkError(f"folder {path.parent} does not exist; create it or give another path")
    with whole_file(path, error=BenchmarkError) as work, work.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        if form == "long":
            out.writerow(_LONG)
            out.writerows((r, c, repr(v)) for r, c, v in sam.frame().itertuples(index=False))
        else:
            out.writerow(["account", *sam.accounts])
            for account, line in zip(sam.accounts, sam.dense().to_numpy(), strict=True):
                out.writerow([account, *("" if v == 0 else repr(float(v)) for v in line)])
    return path


def read_sam_csv(path: str | Path, *, name: str | None = None) -> Sam:
    """Read a SAM from CSV, long or square (told apart by the head line).

    Empty cells are zero. `check_sam` and `from_sam` judge the numbers and the
    account names; here only the form of the file is judged.

    Parameters
    ----------
    path : path
    name : str, optional
        Name of the SAM; by default that of the file.

    Raises
    ------
    BenchmarkError
        Missing file, text in a number, duplicate account or cell, rows that
        are not the columns; names the account, the amount and the repair.
    """
    path = Path(path)
    if path.is_dir():
        raise BenchmarkError(f"{path} is a folder; give the path of a SAM in CSV form")
    if not path.is_file():
        raise BenchmarkError(f"no file {path}; give the path of a SAM in CSV form")
    lines = _lines(path)
    if not lines:
        raise BenchmarkError(
            f"{path} is empty; a SAM has the head line row,column,value, or one column per account"
        )
    name = name or path.stem
    head = [text.lower() for text in lines[0]]
    if head == _LONG:
        return _read_long(path, lines, name)
    # The head of a square table begins with "account" (or nothing); three other words are a long form gone wrong.
    if set(_LONG) <= set(head) or (len(head) == 3 and head[0] not in ("account", "")):
        raise BenchmarkError(
            f"{path}: the first line is '{short(','.join(lines[0]))}'; the long form begins with the line "
            "row,column,value (the row receives, the column pays) and has these columns only, in this order: "
            "add or correct that line"
        )
    return _read_square(path, lines, name)


def _lines(path: Path) -> list[list[str]]:
    """Lines of a CSV file that are not empty, as fields."""
    lines: list[list[str]] = []
    start = 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            _check_delimiter(path, next((line for line in file if line.strip()), ""))
            file.seek(0)
            reader = csv.reader(file, strict=True)
            for line in reader:
                if any("\n" in text for text in line):
                    raise csv.Error("a field goes over several lines")
                if any(line):
                    lines.append([text.strip() for text in line])
                start = reader.line_num + 1
    except csv.Error as error:
        raise BenchmarkError(
            f"{path}, line {start}: {error}; a quotation mark there opens a text that does not end: remove it"
        ) from None
    except UnicodeDecodeError as error:
        raise BenchmarkError(f"{path}: {error}; save the file as CSV with UTF-8 text") from None
    except OSError as error:
        raise BenchmarkError(f"cannot read {path}: {error.strerror}; check its permissions") from None
    return lines


def _check_delimiter(path: Path, line: str) -> None:
    """Refuse a first line whose fields other signs than commas separate."""
    for sign, what in ((";", "semicolons (;)"), ("\t", "tabs"), ("|", "bars (|)")):
        if line.count(sign) > line.count(","):
            raise BenchmarkError(
                f"{path}: its fields are separated by {what}; save it with commas between fields and decimal points "
                "in numbers"
            )


def _number(path: Path, row: str, column: str, text: str) -> float:
    try:
        # Python reads 1_000 as a thousand; elsewhere it is a misprint.
        value = math.nan if "_" in text else float(text or 0.0)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BenchmarkError(
            f"{path}: cell ({short(row)}, {short(column)}) is '{short(text)}', not a number; write a number with a "
            "decimal point and no thousands separator, or leave it empty for zero"
        )
    return value


def _read_long(path: Path, lines: list[list[str]], name: str) -> Sam:
    for i, line in enumerate(lines):
        if len(line) != 3 or not line[0] or not line[1]:
            raise BenchmarkError(f"{path}, line {i + 1}: '{short(','.join(line))}' should be row,column,value")
    frame = pd.DataFrame(lines[1:], columns=_LONG)
    accounts = tuple(dict.fromkeys([*frame["row"], *frame["column"]]))
    position = {account: i for i, account in enumerate(accounts)}
    value = np.array([_number(path, *line) for line in lines[1:]], dtype=float)
    return Sam(
        name,
        accounts,
        frame["row"].map(position).to_numpy(np.int64),
        frame["column"].map(position).to_numpy(np.int64),
        value,
    )


def _read_square(path: Path, lines: list[list[str]], name: str) -> Sam:
    accounts = lines[0][1:]
    for what, names in (("column", accounts), ("row", [line[0] for line in lines[1:]])):
        doubled = sorted({account for account in names if names.count(account) > 1})
        if doubled:
            raise BenchmarkError(
                f"{path}: duplicate {what} account {short(doubled[0])}; merge or rename one of them"
            )
    rows = [line[0] for line in lines[1:]]
    for only, has, lacks in (
        (set(rows) - set(accounts), "row", "column"),
        (set(accounts) - set(rows), "column", "row"),
    ):
        if only:
            raise BenchmarkError(
                f"{path}: account {short(sorted(only)[0])} has a {has} but no {lacks} ({len(only)} such "
                f"accounts); a SAM is square: add the {lacks}, or correct the head line "
                "(long form has row,column,value)"
            )
    position = {account: i for i, account in enumerate(accounts)}
    row, column, value = [], [], []
    for line in lines[1:]:
        if len(line) > len(accounts) + 1:
            raise BenchmarkError(
                f"{path}: row {short(line[0])} has {len(line) - 1} cells for {len(accounts)} accounts; "
                "remove the surplus (a thousands separator?)"
            )
        for account, text in zip(accounts, line[1:], strict=False):
            if text and (number := _number(path, line[0], account, text)):
                row.append(position[line[0]])
                column.append(position[account])
                value.append(number)
    return Sam(
        name, tuple(accounts), np.array(row, np.int64), np.array(column, np.int64), np.array(value, float)
    )
