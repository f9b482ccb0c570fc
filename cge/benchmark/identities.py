"""The accounting identities of a GTAP v7 benchmark, as pairs of sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from cge.benchmark.data import Benchmark

Sides = tuple[xr.DataArray, xr.DataArray]


@dataclass(frozen=True)
class Identity:
    """One identity: two sides that must agree in every cell.

    Attributes
    ----------
    name : str
    array : str
        Array that messages name.
    left, right : str
        What the sides are, in words.
    repair : str
    sides : callable
        Benchmark to (left, right), million US$.
    account : callable or None
        Benchmark to the size of the account, where the sides can be small
        although the account is large.
    """

    name: str
    array: str
    left: str
    right: str
    repair: str
    sides: Callable[[Benchmark], Sides]
    account: Callable[[Benchmark], xr.DataArray] | None = None


def use(bench: Benchmark, origin: str) -> xr.DataArray:
    """Use at basic prices of domestic (origin "D") or imported ("M") goods, all agents (comm, reg)."""
    return bench[f"V{origin}FB"].sum("acts") + sum(bench[f"V{origin}{agent}B"] for agent in "PGI")


def spending(bench: Benchmark, agent: str) -> xr.DataArray:
    """Spending of agent P, G or I at purchaser prices (reg)."""
    return (bench[f"VD{agent}P"] + bench[f"VM{agent}P"]).sum("comm")


def tax_revenue(bench: Benchmark) -> dict[str, xr.DataArray]:
    """Revenue (reg) of each kind of tax: output, factor, income, use, export, tariff."""
    b = bench
    rates = {f"use {o}{a}": (b[f"V{o}{a}P"] - b[f"V{o}{a}B"]) for o in "DM" for a in "FPGI"}
    return {
        "output": (b["MAKB"] - b["MAKS"]).sum(["comm", "acts"]),
        "factor": (b["EVFP"] - b["EVFB"]).sum(["endw", "acts"]),
        "income": (b["EVFB"] - b["EVOS"]).sum(["endw", "acts"]),
        "use": sum((tax.sum([d for d in tax.dims if d != "reg"]) for tax in rates.values()),
                   start=xr.zeros_like(b["SAVE"])),
        "export": (b["VFOB"] - b["VXSB"]).sum(["comm", "dst"]).rename(src="reg"),
        "tariff": (b["VMSB"] - b["VCIF"]).sum(["comm", "src"]).rename(dst="reg"),
    }


def _activities(b: Benchmark) -> Sides:
    return b["MAKS"].sum("comm"), (b["VDFP"] + b["VMFP"]).sum("comm") + b["EVFP"].sum("endw")


def _commodities(b: Benchmark) -> Sides:
    supply = b["MAKB"].sum("acts")
    margins = b["VST"].rename(marg="comm").reindex(comm=list(b.sets["comm"]), fill_value=0.0)
    return supply, use(b, "D") + b["VXSB"].sum("dst").rename(src="reg") + margins


def _imports(b: Benchmark) -> Sides:
    return b["VMSB"].sum("src").rename(dst="reg"), use(b, "M")


def _cif(b: Benchmark) -> Sides:
    return b["VCIF"], b["VFOB"] + b["VTWR"].sum("marg")


def _margins(b: Benchmark) -> Sides:
    return b["VST"].sum("reg"), b["VTWR"].sum(["comm", "src", "dst"])


def _world(b: Benchmark) -> Sides:
    return b["SAVE"].sum(), (spending(b, "I") - b["VDEP"]).sum()


def net_remittances(bench: Benchmark) -> xr.DataArray:
    """Remittances received less sent (reg)."""
    remit = bench["REMIT"].sum("skill")
    return remit.sum("host").rename(home="reg") - remit.sum("home").rename(host="reg")


def _household(b: Benchmark) -> Sides:
    # Migrants' after-tax wages less what they remit is their consumption, which is
    # part of private consumption: it leaves both sides, and remittances remain.
    income = b["EVOS"].sum(["endw", "acts"]) + sum(tax_revenue(b).values()) - b["VDEP"] + net_remittances(b)
    return income, spending(b, "P") + spending(b, "G") + b["SAVE"]


IDENTITIES: tuple[Identity, ...] = (
    Identity(
        "activity",
        "MAKS",
        "output at supplier prices",
        "cost of inputs and factors",
        "correct the inputs or the factor payments of the activity",
        _activities,
    ),
    Identity(
        "commodity",
        "MAKB",
        "supply at basic prices",
        "domestic use, exports and margin supply",
        "correct the make matrix or the uses of the commodity",
        _commodities,
    ),
    Identity(
        "imports",
        "VMSB",
        "imports at basic prices",
        "use of imports",
        "correct the bilateral imports or the uses of imports",
        _imports,
    ),
    Identity(
        "cif",
        "VCIF",
        "cif value",
        "fob value plus transport margins",
        "correct VCIF, VFOB or VTWR of the route",
        _cif,
    ),
    Identity(
        "margins",
        "VST",
        "supply of margin services",
        "margin services on all routes",
        "correct VST or VTWR",
        _margins,
    ),
    Identity(
        "household",
        "SAVE",
        "income of the region",
        "private, government spending and saving",
        "correct SAVE, which is income (net of depreciation and with net remittances) less spending",
        _household,
    ),
    Identity(
        "world saving",
        "SAVE",
        "saving of all regions",
        "net investment of all regions",
        "correct SAVE or investment",
        _world,
        lambda b: spending(b, "I").sum(),
    ),
)
