"""Checks of a benchmark: accounting identities, impossible numbers, missing pieces.

Every failure says what is wrong, where, by how much, and how to mend it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.check_report import COLUMNS, BenchmarkCheckError, CheckLog, CheckReport, show, true_cells
from cge.benchmark.data import Benchmark
from cge.benchmark.headers import HEADERS, MAX_REMIT
from cge.benchmark.identities import IDENTITIES
from cge.benchmark.wages import migrant_accounts
from cge.errors import BenchmarkError

TOLERANCE = 1e-9
"""Largest imbalance of an account, relative to the account."""

_FLOOR = 1e-9  # million US$: an imbalance below a tenth of a cent is none
_MAX_MIGRANTS = 0.95


def check_benchmark(bench: Benchmark, *, tolerance: float = TOLERANCE, throw: bool = True) -> CheckReport:
    """Check a benchmark; raise with the first failures unless told not to.

    Parameters
    ----------
    bench : Benchmark
    tolerance : float
        Largest imbalance relative to the account.
    throw : bool
        Whether to raise when a check fails.

    Returns
    -------
    CheckReport
        All failures, and one summary row per check.

    Raises
    ------
    BenchmarkCheckError
        When a check fails (a BenchmarkError; its attribute ``report`` is the CheckReport).
    """
    log = CheckLog()
    missing = [h for h in HEADERS.values() if h.required and h.name not in bench]
    for header in missing:
        log.fail(
            "complete",
            header.name,
            {},
            np.nan,
            f"missing ({header.long_name}); add "
            f"{header.group}/{header.name}.csv, which may hold its head line only if all is zero",
        )
    log.row("complete", "every required array is there", float(len(missing)), "", not missing)
    if not missing:
        _check_numbers(bench, log)
    if not log.failures:  # sums of NaN or negative flows would only repeat the news
        _check_taxes(bench, log)
        _check_identities(bench, log, tolerance)
        _check_stocks(bench, log)
        _check_parameters(bench, log)
        _check_policy(bench, log, tolerance)
        _check_labour(bench, log, tolerance)
    report = CheckReport(pd.DataFrame(log.summary), pd.DataFrame(log.failures, columns=COLUMNS))
    if throw and not report.ok:
        raise BenchmarkCheckError(_message(bench, report), report)
    return report


def _message(bench: Benchmark, report: CheckReport, most: int = 3) -> str:
    """Text of the first few failures."""
    lines = []
    for row in report.failures.head(most).itertuples():
        where = f" ({row.element})" if row.element else ""
        lines.append(f"{row.array}{where}: {row.repair}")
    rest = len(report.failures) - len(lines)
    more = (
        f"; and {rest} more failures (check_benchmark(..., throw=False).failures lists them)" if rest else ""
    )
    return f"benchmark {bench.name!r}: " + "; ".join(lines) + more


def _check_numbers(bench: Benchmark, log: CheckLog) -> None:
    for name, array in bench.arrays.items():
        bad = xr.apply_ufunc(lambda a: ~np.isfinite(a), array)
        if bad.any():
            log.cells(
                "finite",
                "every cell is a number",
                name,
                bad,
                array,
                "{value} is not a finite number; write a number (zero: leave the line out)",
            )
        if not HEADERS[name].signed and (array < 0).any():
            log.cells(
                "sign",
                "no negative cell where it cannot be",
                name,
                array < 0,
                array,
                f"{{value}} is negative; {HEADERS[name].long_name} cannot be: correct the cell and rebalance",
            )
    for check, text in (
        ("finite", "every cell is a number"),
        ("sign", "no negative cell where it cannot be"),
    ):
        if all(row["check"] != check for row in log.summary):
            log.row(check, text, 0.0, "", True)


def _check_taxes(bench: Benchmark, log: CheckLog) -> None:
    """A value before tax and its value after tax are both zero or both positive."""
    pairs = [
        ("MAKS", "MAKB"),
        ("EVFB", "EVFP"),
        ("EVFB", "EVOS"),
        ("VXSB", "VFOB"),
        ("VFOB", "VCIF"),
        ("VCIF", "VMSB"),
    ]
    pairs += [(f"V{o}{g}B", f"V{o}{g}P") for g in "FPGI" for o in "DM"]
    for before, after in pairs:
        wrong = (bench[before] > 0) != (bench[after] > 0)
        log.cells(
            f"{before}/{after}",
            "before and after tax, both zero or both positive",
            after,
            wrong,
            bench[after],
            f"{{value}} where {before} is zero (or the reverse); a tax needs its base: "
            "make both zero or both positive",
        )


def _check_identities(bench: Benchmark, log: CheckLog, tolerance: float) -> None:
    for identity in IDENTITIES:
        left, right = identity.sides(bench)
        left, right = xr.broadcast(left, right.transpose(*left.dims))
        gap = (left - right).values
        size = np.maximum(np.abs(left.values), np.abs(right.values))
        size = np.maximum(size, np.abs(identity.account(bench).values)) if identity.account else size
        relative = np.abs(gap) / np.maximum(size, _FLOOR)
        wrong = (np.abs(gap) > tolerance * size) & (np.abs(gap) > _FLOOR)
        mask = left.copy(data=wrong)
        for cell, index in true_cells(mask):
            log.fail(
                identity.name,
                identity.array,
                cell,
                float(gap[index]),
                f"{identity.left} {left.values[index]:,.6f} against {identity.right} "
                f"{right.values[index]:,.6f}, off by {gap[index]:,.6g} million US$; {identity.repair}",
            )
        worst = np.unravel_index(int(relative.argmax()), relative.shape) if relative.size else ()
        where = show(
            {str(d): str(left.coords[d].values[i]) for d, i in zip(left.dims, worst, strict=True)}
            if relative.size
            else {}
        )
        log.row(
            identity.name,
            f"{identity.left} = {identity.right}",
            float(relative.max(initial=0.0)),
            where,
            not wrong.any(),
        )


def _check_stocks(bench: Benchmark, log: CheckLog) -> None:
    for name in ("VKB", "POP", *(["PRICELEVEL"] if "PRICELEVEL" in bench else [])):
        log.cells(
            f"{name} > 0",
            "positive in every region",
            name,
            bench[name] <= 0,
            bench[name],
            "{value} is not positive; every region has " + HEADERS[name].long_name,
        )


def _check_parameters(bench: Benchmark, log: CheckLog) -> None:
    for name in ("ETRAQ", "ETRAE"):
        log.cells(
            f"{name} <= 0",
            "transformation elasticities are zero or negative",
            name,
            bench[name] > 0,
            bench[name],
            "{value} is positive; GTAP writes transformation elasticities as negative numbers",
        )
    sluggish = [e for e, kind in bench.mobility.items() if kind == "sluggish"]
    etrae = bench["ETRAE"].sel(endw=sluggish)
    log.cells(
        "sluggish",
        "sluggish endowments have ETRAE < 0",
        "ETRAE",
        etrae >= 0,
        etrae,
        "{value}, but {endw} is sluggish; give a negative elasticity, or other mobility in benchmark.toml",
    )
    bought = (bench["VDPP"] + bench["VMPP"]) > 0
    sub, inc = bench["SUBPAR"], bench["INCPAR"]
    one_sign = ((sub <= 0) | ~bought).all("comm")  # Hanoch (1975): all in (0, 1), or none positive
    log.cells(
        "SUBPAR",
        "CDE substitution parameters in [0, 1)",
        "SUBPAR",
        bought & ~one_sign & ((sub < 0) | (sub >= 1)),
        sub,
        "{value} makes the CDE demand system irregular; take a number in [0, 1)",
    )
    log.cells(
        "INCPAR",
        "CDE expansion parameters positive",
        "INCPAR",
        bought & (inc <= 0),
        inc,
        "{value} makes the CDE demand system irregular; take a positive number",
    )
    delta = bench["RORDELTA"]
    log.cells(
        "RORDELTA",
        "investment rule is 0 or 1",
        "RORDELTA",
        (delta != 0) & (delta != 1),
        delta,
        "{value} is no investment rule; take 1 (equal expected returns) or 0 (fixed shares)",
    )


def _check_policy(bench: Benchmark, log: CheckLog, tolerance: float) -> None:
    trade = bench["VCIF"] > 0
    rate = (bench["VMSB"] / bench["VCIF"].where(trade) - 1).fillna(0.0)
    if "TMSFARM" in bench:
        excess = bench["TMSFARM"] - np.maximum(rate, 0.0)
        log.cells(
            "TMSFARM",
            "farm layer not above the total tariff rate",
            "TMSFARM",
            trade & (excess > tolerance),
            excess,
            "the farm layer is {value} above the total tariff rate VMSB/VCIF - 1; add it to VMSB or lower it",
        )
    if "TMS1993" in bench:
        log.cells(
            "TMS1993",
            "tariff rates above -100%",
            "TMS1993",
            bench["TMS1993"] <= -1,
            bench["TMS1993"],
            "{value} is at or below -1 (-100%); rates are fractions, 0.1 for 10%",
        )


def _check_labour(bench: Benchmark, log: CheckLog, tolerance: float) -> None:
    if not bench.has_labour:
        if "REMIT" in bench and (bench["REMIT"] > 0).any():
            log.fail(
                "labour",
                "REMIT",
                {},
                float(bench["REMIT"].sum()),
                "remittances without labour stocks; add labour/LAB.csv or take REMIT out",
            )
        log.row("labour", "no labour stocks: the model is standard GTAP", 0.0, "", not log.failures)
        return
    lab, remit = bench["LAB"], bench["REMIT"]
    away = xr.DataArray(
        ~np.eye(len(bench.sets["reg"]), dtype=bool),
        dims=("home", "host"),
        coords={"home": lab.coords["home"].values, "host": lab.coords["host"].values},
    )
    for name in ("REMIT", "MPOP"):
        log.cells(
            f"{name} diagonal",
            "zero for people at home",
            name,
            (bench[name] > 0) & ~away,
            bench[name],
            "{value} from a region to itself; fold people who stay inside a region into LAB's diagonal",
        )
    force = lab.sum("home")
    share = (lab.where(away, 0.0).sum("home") / force.where(force > 0)).fillna(0.0)
    log.cells(
        "migrants",
        "migrants below 95% of every work force",
        "LAB",
        share > _MAX_MIGRANTS,
        share,
        "migrants are {value} of the work force (at most 0.95); check {host}'s own {skill} workers",
    )
    people = bench["POP"] * 1000.0
    workers = force.sum("skill").rename(host="reg")
    log.cells(
        "work force",
        "workers not above the population",
        "LAB",
        workers > people,
        workers - people,
        "{value} thousand more workers than people; LAB is in thousand, POP in million",
    )
    try:
        accounts = migrant_accounts(bench)
    except BenchmarkError as error:
        log.fail("wages", "LAB", {}, np.nan, str(error))
        log.row("wages", "base-year wages exist", np.nan, "", False)
        return
    log.row("wages", "base-year wages exist", 0.0, "", True)
    income = accounts["income"]
    excess = remit - MAX_REMIT * income
    log.cells(
        "REMIT",
        "remittances at most half of after-tax income",
        "REMIT",
        (excess > tolerance * income) & (excess > _FLOOR),
        excess,
        "{value} million US$ above half of the migrants' after-tax labour income; move the excess to the "
        "other hosts of {home}'s migrants and report the rest",
    )
    private = (bench["VDPP"] + bench["VMPP"]).sum("comm").rename(reg="host")
    spent = accounts["consumption"].sum("home")
    log.cells(
        "migrants spend",
        "migrants' consumption not above private consumption",
        "LAB",
        spent > private,
        spent - private,
        "migrants' consumption exceeds all private consumption by {value} million US$; "
        "check LAB and private consumption",
    )
