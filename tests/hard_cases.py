"""A library of hard cases: what each does to a small benchmark, and what must hold where it solves.

Every case either ends at a certificate below 1e-9 or raises an error that names the cause. The table of outcomes:

    python -m tests.hard_cases                 # small benchmark, both routes of the newton engine
    python -m tests.hard_cases --ww1997        # the shipped benchmark

The checks are what theory says of a limit (autarky, fixed proportions, constant shares), not numbers of our own.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cge.solve.newton as newton
from cge import open_benchmark
from cge.benchmark import Benchmark, synthetic_benchmark
from cge.benchmark.headers import HEADERS
from cge.errors import CGEError
from cge.solve.model import Model, Solution
from tests.cases import no_tariffs, quota

#: Elasticities of substitution that a solve may replace, by what they govern.
ARMINGTON = ("ESUBD", "ESUBM")
SUBSTITUTION = ("ESUBT", "ESUBC", "ESUBVA", "ESUBD", "ESUBM", "ESUBG", "ESUBI", "ESUBS")
_BUT_FACTORS = tuple(n for n in SUBSTITUTION if n != "ESUBVA")
#: What a certificate must not exceed.
CERTIFIED = 1e-9
ROUTES = ("dense", "blocks")

Shocks = dict[str, Any]
Policy = tuple[Shocks, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One hard case.

    Attributes
    ----------
    name : str
    policy : callable
        Shocks and coefficients, from a model.
    holds : callable, optional
        Asserts on the solution, beyond its certificate.
    fails : str, optional
        Pattern of the message where the case has no solution for a good economic reason.
    """

    name: str
    policy: Callable[[Model], Policy]
    holds: Callable[[Solution], None] | None = None
    fails: str = ""


def tariffs_times(m: Model, factor: float) -> Shocks:
    """Every import tariff multiplied: the power (1 + factor * rate) / (1 + rate)."""
    return no_tariffs(m, 1.0 - factor)


def wall(m: Model, rate: float, *importers: int) -> Shocks:
    """An import tariff added by the importers to what there is, on every commodity (a rate, 1 is 100%)."""
    tm = np.ones(m.system.shape("tm"))
    tm[:, list(importers)] = 1.0 + rate
    return {"tm": tm}


def elasticities(value: float, *names: str) -> dict[str, float]:
    return dict.fromkeys(names or SUBSTITUTION, value)


def _by_region(m: Model, first: float, second: float) -> np.ndarray:
    """Powers of the tariff of the first two regions."""
    tm = np.ones(m.system.shape("tm"))
    tm[:, 0], tm[:, 1] = first, second
    return tm


def reform(m: Model) -> Policy:
    """Tariffs removed and a quota of 3%: the shock under which extreme elasticities are tried."""
    shocks, coefficients = quota(m)
    return {**shocks, **no_tariffs(m)}, coefficients


def reform_with(value: float, *names: str) -> Callable[[Model], Policy]:
    def policy(m: Model) -> Policy:
        shocks, coefficients = reform(m)
        return shocks, {**coefficients, **elasticities(value, *names)}

    return policy


# -- what must hold ---------------------------------------------------------------------------------------------------

def nothing_imported(s: Solution) -> None:
    """Behind a prohibitive tariff imports are about zero."""
    bought = s.model.bench["VMSB"].values
    flow = bought * s["qxs"].values
    assert flow[:, :, 0].sum() < 1e-3 * bought[:, :, 0].sum()


def fixed_proportions(s: Solution) -> None:
    """Leontief: intermediate inputs, domestic and imported, move with output."""
    for name, flow in (("qfd", "VDFP"), ("qfm", "VMFP")):
        used = s.model.bench[flow].values > 0
        ratio = s[name].values / s["qo"].values
        np.testing.assert_allclose(ratio[used], 1.0, atol=1e-8, err_msg=name)


def constant_shares(s: Solution) -> None:
    """Cobb-Douglas: each input's part of an activity's cost, and each commodity's of public spending, stays."""
    b = s.model.bench
    cost = s["pcost"].values * s["qo"].values
    for price, quantity, flow in (("pfe", "qfe", "EVFP"), ("pfd", "qfd", "VDFP"), ("pfm", "qfm", "VMFP")):
        used = b[flow].values > 0
        spent = s[price].values * s[quantity].values / cost
        np.testing.assert_allclose(spent[used], 1.0, atol=1e-8, err_msg=flow)
    spent = s["pgd"].values * s["qgd"].values / s["yg"].values
    np.testing.assert_allclose(spent[b["VDGP"].values > 0], 1.0, atol=1e-8)


def floor_or_full_employment(s: Solution) -> None:
    """The wage floor binds in some cells and is slack in others; there is no unemployment above it."""
    slack, idle = (s["realwage"] - s["wfloor"]).values, s["unemp"].values
    assert min(slack.min(), idle.min()) > -1e-9
    assert np.abs(slack * idle).max() < 1e-9
    assert (idle > 1e-4).any() and (slack > 1e-4).any()


def at_the_corner(s: Solution) -> None:
    np.testing.assert_allclose(s["unemp"], 0.0, atol=1e-9)


def half_moved(s: Solution) -> None:
    """As many arrive as leave; homes keep the rest."""
    np.testing.assert_allclose(s["leavers"].sum().item(), s["mov"].sum().item(), rtol=1e-12)
    assert (s["natives"].values >= 0).all()


def _half(m: Model) -> Policy:
    """Half of the workers of the last region move to the first one."""
    natives, force = m.cal.data["NAT0"][1], m.cal.data["LF0"][1]
    shares = np.zeros(m.cal.data["MSHR"][1].shape)
    shares[:, -1, 0] = 1.0
    rate = np.zeros(natives.shape)
    rate[:, 0] = 0.5 * natives[:, -1] / force[:, 0]
    return {"quota": rate}, {"MSHR": shares}


def fixed_shares(policy: Callable[[Model], Policy]) -> Callable[[Model], Policy]:
    """The same with investment in fixed shares: expected returns may ask for less than no gross investment."""
    def with_shares(m: Model) -> Policy:
        shocks, coefficients = policy(m)
        return shocks, {**coefficients, "RORDELTA": 0.0}

    return with_shares


#: Why a case that expects returns to be equal everywhere has no solution: gross investment would be negative somewhere.
NO_INVESTMENT = r"'qinv' of R\d \(gross investment\) .* rordelta = 0"
#: Net returns on capital would be negative, of which the index of the world's return has no logarithm.
NO_RETURN = r"'rorc' of R\d \(Current net rate of return to capital\) has no value"
#: An endowment that nothing replaces: its price would have to move beyond what incomes bear.
SCARCE = r"'pe\w+' of .* has come to .* or cannot be replaced"

CASES = (
    Case("tariffs removed, quota 3%", reform),
    Case("tariffs x3", lambda m: (tariffs_times(m, 3.0), {})),
    Case("tariffs x10", lambda m: (tariffs_times(m, 10.0), {}), fails=NO_INVESTMENT),
    Case("tariffs x10, fixed shares", fixed_shares(lambda m: (tariffs_times(m, 10.0), {}))),
    Case("tariff 500% everywhere, fixed shares", fixed_shares(lambda m: ({"tm": 6.0}, {})), fails=NO_RETURN),
    Case("import subsidy 50%", lambda m: ({"tm": 0.5}, {})),
    Case("export tax 200%, fixed shares", fixed_shares(lambda m: ({"tx": 3.0}, {})), fails=NO_RETURN),
    Case("tariff 10000% of one region", lambda m: (wall(m, 100.0, 0), {}), nothing_imported),
    Case("tariff 1000000% of one region", lambda m: (wall(m, 1e4, 0), {}), nothing_imported),
    Case("half of a work force leaves", _half, fails=NO_INVESTMENT),
    Case("half of a work force leaves, fixed shares", fixed_shares(_half), half_moved),
    Case("quota 50% of the host's work force", lambda m: quota(m, 0.5), half_moved),
    Case("Armington 0.3", reform_with(0.3, *ARMINGTON)),
    Case("Armington 0.3, tariffs x3", lambda m: (tariffs_times(m, 3.0), elasticities(0.3, *ARMINGTON))),
    Case("Armington 20", reform_with(20.0, *ARMINGTON)),
    Case("Armington 20, tariffs x3", lambda m: (tariffs_times(m, 3.0), elasticities(20.0, *ARMINGTON))),
    Case("Armington 20, tariff 10000%", lambda m: (wall(m, 100.0, 0), elasticities(20.0, *ARMINGTON)),
         nothing_imported),
    Case("Cobb-Douglas everywhere", reform_with(1.0), constant_shares),
    Case("Leontief but in value added", reform_with(0.0, *_BUT_FACTORS), fixed_proportions),
    Case("Leontief everywhere", reform_with(0.0), fails="Prices of endowments are not determined"),
    Case("almost Leontief (0.01) everywhere", reform_with(0.01), fails=SCARCE),
    Case("value added 0.05", reform_with(0.05, "ESUBVA")),
    Case("value added 20", reform_with(20.0, "ESUBVA")),
    Case("wage floor, degenerate", lambda m: ({"wfloor": 1.0}, {}), at_the_corner),
    Case("wage floor binds in part", lambda m: ({"tm": _by_region(m, 1.15, 0.9), "wfloor": 1.0}, {}),
         floor_or_full_employment),
    Case("productivity x0.5, fixed shares", fixed_shares(lambda m: ({"aoall": 0.5}, {})), fails=NO_RETURN),
    Case("productivity x10", lambda m: ({"aoall": 10.0}, {})),
    Case("labour x0.1", lambda m: ({"qe": _labour(m, 0.1)}, {}), fails=NO_INVESTMENT),
    Case("labour x0.1, fixed shares", fixed_shares(lambda m: ({"qe": _labour(m, 0.1)}, {})), fails=NO_RETURN),
)


def _labour(m: Model, factor: float) -> np.ndarray:
    qe = np.ones(m.system.shape("qe"))
    qe[[m.bench.labels("endw").index(s) for s in m.bench.labels("skill")]] = factor
    return qe


# -- models -----------------------------------------------------------------------------------------------------------

@contextmanager
def regional_blocks():
    """Models whose engine is made here take the route of large systems."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newton, "DENSE", 10)
        yield


@functools.cache
def small(route: str) -> Model:
    """The rough world on one route; compiled once."""
    m = Model(rough())
    if route == "dense":
        assert m.newton.has_inverse
        return m
    with regional_blocks():
        assert not m.newton.has_inverse
    return m


#: A flow next to others of ten million (million US$).
TINY = 1e-6


def rough() -> Benchmark:
    """A synthetic world of 3 regions and 3 sectors with holes, large flows and a few of a millionth.

    Land is used in one activity only; commodities, activities, agents' purchases, routes of trade and migrants are
    absent in places. The tiny ones are a bilateral flow, an intermediate input and the skilled labour of an activity,
    each where there was none; what pays for them makes the accounts balance.
    """
    b = scaled(synthetic_benchmark(3, 3, seed=1), 1000.0)
    a = {n: b[n].values.copy() for n in ("VXSB", "VFOB", "VCIF", "VMSB", "VMPB", "VMPP", "VDPB", "VDPP", "VDFB", "VDFP",
                                         "EVFB", "EVFP", "EVOS", "SAVE")}
    made = b["MAKB"].values.sum(1) > 0  # comm, reg
    open_routes = (a["VMSB"] == 0) & made[:, :, None] & (a["VMSB"].sum(1) > 0)[:, None, :]
    c, s, d = np.argwhere(open_routes & (a["VDPB"] > 0)[:, :, None])[0]
    for name in ("VXSB", "VFOB", "VCIF", "VMSB"):
        a[name][c, s, d] = TINY
    for name, region, sign in (("VDPB", s, -1), ("VDPP", s, -1), ("VMPB", d, 1), ("VMPP", d, 1)):
        a[name][c, region] += sign * TINY
    a["SAVE"][s] += TINY
    a["SAVE"][d] -= TINY
    capital = b.labels("endw").index("Capital")
    c, j, r = np.argwhere((a["VDFB"] == 0) & (made & (a["VDPB"] > 0))[:, None, :] & made[None])[0]
    e, k, q = np.argwhere((a["EVFB"][1:3] == 0) & made[None])[0] + (1, 0, 0)
    for name in ("EVFB", "EVFP", "EVOS"):
        a[name][e, k, q] = TINY
        a[name][capital, k, q] -= TINY
        a[name][capital, j, r] -= TINY
    for used, bought in (("VDFB", "VDPB"), ("VDFP", "VDPP")):
        a[used][c, j, r] = TINY
        a[bought][c, r] -= TINY
    return b.replace(**{n: b[n].copy(data=v) for n, v in a.items()})


def scaled(bench: Benchmark, factor: float) -> Benchmark:
    """The same world with money in another unit."""
    return bench.replace(**{n: bench[n] * factor for n in bench.arrays if HEADERS[n].unit == "million US$"})


# -- the table --------------------------------------------------------------------------------------------------------

def outcome(case: Case, m: Model) -> dict[str, Any]:
    """What became of a case: a solution with its cost and certificate, or the message of the failure."""
    try:
        s = m.solve(*case.policy(m))
        s.view  # noqa: B018  (definitions that only report are evaluated as well)
        found = {"solved": True, "steps": s.steps, "points": len(s.path.points), "iterations": s.report.iterations,
                 "products": s.report.products, "residual": s.report.residual, "certificate": s.certificate.worst,
                 "indices": s.certificate.rates,
                 "seconds": s.seconds}
        if case.holds is not None:
            try:
                case.holds(s)
                found["holds"] = True
            except AssertionError as err:
                found["holds"] = f"does not hold: {str(err).strip()[:200]}".replace("\n", " ")
    except CGEError as err:
        return {"solved": False, "message": f"{type(err).__name__}: {err}"}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ww1997", action="store_true", help="cases on the shipped benchmark")
    parser.add_argument("--route", choices=ROUTES, action="append", help="dense or blocks; both by default")
    parser.add_argument("--case", default="", help="cases whose name holds this")
    args = parser.parse_args()
    print(f"{'case':38s} {'route':7s} steps points iter. prod.  residual certif. indices  seconds  holds / message")
    for route in args.route or ROUTES:
        m = shipped(route) if args.ww1997 else small(route)
        for case in CASES:
            if args.case not in case.name:
                continue
            f = outcome(case, m)
            if f["solved"]:
                print(f"{case.name:38s} {route:7s} {f['steps']:5d} {f['points']:6d} {f['iterations']:5d} "
                      f"{f['products']:5d} {f['residual']:9.1e} {f['certificate']:8.1e} {f['indices']:7.0e} "
                      f"{f['seconds']:8.2f}  {f.get('holds', '')}", flush=True)
            else:
                print(f"{case.name:38s} {route:7s} {f['message']}", flush=True)


@functools.cache
def shipped(route: str) -> Model:
    """The shipped benchmark on one route."""
    m = Model(open_benchmark("ww1997"))
    if route == "blocks":
        with regional_blocks():
            assert not m.newton.has_inverse
    return m


if __name__ == "__main__":
    main()
