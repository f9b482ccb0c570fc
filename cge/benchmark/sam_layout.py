"""Layout of the social accounting matrix: which flow stands in which cell.

An account is written ``REGION.kind.item`` (``USA.dom.Agr``), or ``WORLD.kind.item``
for the accounts that belong to no region. The row account receives, the column
account pays. Every flow array has cells of its own, so that a SAM splits back
into the arrays it was made from. See `KINDS` for the accounts, `FLOWS` and
`TRANSFERS` for the cells.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET
from cge.benchmark.identities import spending
from cge.benchmark.wages import migrant_accounts

WORLD = "WORLD"
Sets = dict[str, tuple[str, ...]]

KINDS: dict[str, tuple[str, str]] = {
    "act": ("{reg}.act.{acts}", "activity: sells to the commodity account, buys inputs and factors"),
    "dom": ("{reg}.dom.{comm}", "domestic commodity at basic prices"),
    "imp": ("{reg}.imp.{comm}", "imported commodity at basic prices, tariff included"),
    "fac": ("{reg}.fac.{endw}", "factor: receives from activities, pays income tax and owners"),
    "tax_out": ("{reg}.tax_out.{acts}", "output tax by activity"),
    "tax_dom": ("{reg}.tax_dom.{comm}", "tax on the use of a domestic commodity"),
    "tax_imp": ("{reg}.tax_imp.{comm}", "tax on the use of an imported commodity"),
    "tax_fac": ("{reg}.tax_fac.{endw}", "tax on the use of a factor"),
    "tax_inc": (
        "{reg}.tax_inc.{acts}",
        "income tax (labour: with social contributions), by activity of origin",
    ),
    "tax_exp": ("{reg}.tax_exp", "export tax, paid by the importing account"),
    "tariff": ("{reg}.tariff.{src}", "tariff by source"),
    "hh": ("{reg}.hh", "regional household of permanent residents"),
    "cons": ("{reg}.cons", "private consumption, of residents and migrants"),
    "mig": ("{reg}.mig.{home}", "earlier migrants living in the region, by home"),
    "remit": ("{reg}.remit.{skill}", "remittances received, by skill of the senders"),
    "gov": ("{reg}.gov", "government consumption"),
    "dep": ("{reg}.dep", "depreciation"),
    "inv": ("{reg}.inv", "gross investment"),
    "marg": ("WORLD.marg.{marg}.{src}", "transport margins on routes from a source"),
    "pool": ("WORLD.pool.{marg}", "world pool of a margin service"),
    "bank": ("WORLD.bank", "global bank: saving and depreciation in, investment out"),
}
"""Account kinds: name template and meaning, in the order of the SAM."""

_LABOUR_KINDS = ("mig", "remit")


@dataclass(frozen=True)
class Flow:
    """Cells of one array: the array itself, or its difference to the array before the tax.

    Attributes
    ----------
    array : str
    row, column : str
        Account templates; their fields are dimensions of the array.
    base : str
        Array to subtract ("" for none).
    sign : int
        +1: the cell is array - base; -1: it is base - array.
    """

    array: str
    row: str
    column: str
    base: str = ""
    sign: int = 1


def _flows() -> list[Flow]:
    rows = [
        Flow("MAKS", "{reg}.act.{acts}", "{reg}.dom.{comm}"),
        Flow("MAKB", "{reg}.tax_out.{acts}", "{reg}.dom.{comm}", "MAKS"),
        Flow("EVFB", "{reg}.fac.{endw}", "{reg}.act.{acts}"),
        Flow("EVFP", "{reg}.tax_fac.{endw}", "{reg}.act.{acts}", "EVFB"),
        Flow("EVOS", "{reg}.tax_inc.{acts}", "{reg}.fac.{endw}", "EVFB", -1),
    ]
    for agent, buyer in (
        ("F", "{reg}.act.{acts}"),
        ("P", "{reg}.cons"),
        ("G", "{reg}.gov"),
        ("I", "{reg}.inv"),
    ):
        for origin, kind in (("D", "dom"), ("M", "imp")):
            name = f"V{origin}{agent}"
            rows.append(Flow(f"{name}B", f"{{reg}}.{kind}.{{comm}}", buyer))
            rows.append(Flow(f"{name}P", f"{{reg}}.tax_{kind}.{{comm}}", buyer, f"{name}B"))
    rows += [
        Flow("VXSB", "{src}.dom.{comm}", "{dst}.imp.{comm}"),
        Flow("VFOB", "{src}.tax_exp", "{dst}.imp.{comm}", "VXSB"),
        Flow("VTWR", "WORLD.marg.{marg}.{src}", "{dst}.imp.{comm}"),
        Flow("VMSB", "{dst}.tariff.{src}", "{dst}.imp.{comm}", "VCIF"),
        Flow("VST", "{reg}.dom.{marg}", "WORLD.pool.{marg}"),
        Flow("SAVE", "WORLD.bank", "{reg}.hh"),
        Flow("VDEP", "{reg}.dep", "{reg}.hh"),
        Flow("REMIT", "{home}.remit.{skill}", "{host}.mig.{home}"),
    ]
    return rows


FLOWS: tuple[Flow, ...] = tuple(_flows())
"""Cells that carry an array. VCIF has none: it is VFOB plus VTWR."""


@dataclass(frozen=True)
class Transfer:
    """Cells that pass an account's income on; they carry no array of their own."""

    row: str
    column: str
    value: Callable[[_Parts], xr.DataArray]


class _Parts:
    """Arrays that several transfers need."""

    def __init__(self, bench: Benchmark) -> None:
        self.b = bench
        zero = xr.zeros_like(bench["VKB"])
        self.migrants = migrant_accounts(bench) if bench.has_labour else None
        self.spent = self.migrants["consumption"].sum("home").rename(host="reg") if self.migrants else zero

    def use_tax(self, origin: str) -> xr.DataArray:
        """Tax on the use of domestic or imported goods (comm, reg)."""
        tax = (self.b[f"V{origin}FP"] - self.b[f"V{origin}FB"]).sum("acts")
        return tax + sum(self.b[f"V{origin}{a}P"] - self.b[f"V{origin}{a}B"] for a in "PGI")

    def owners(self) -> xr.DataArray:
        """Factor income after tax of permanent residents (endw, reg)."""
        net = self.b["EVOS"].sum("acts")
        if not self.migrants:
            return net
        away = self.migrants["income"].sum("home").rename(host="reg", skill="endw")
        return net - away.reindex(endw=list(self.b.sets["endw"]), fill_value=0.0)


TRANSFERS: tuple[Transfer, ...] = (
    Transfer("{reg}.hh", "{reg}.fac.{endw}", lambda p: p.owners()),
    Transfer("{host}.mig.{home}", "{host}.fac.{skill}", lambda p: (p.migrants or {})["income"]),
    Transfer("{host}.cons", "{host}.mig.{home}", lambda p: (p.migrants or {})["consumption"]),
    Transfer("{home}.hh", "{home}.remit.{skill}", lambda p: p.b["REMIT"].sum("host")),
    Transfer("{reg}.hh", "{reg}.tax_out.{acts}", lambda p: (p.b["MAKB"] - p.b["MAKS"]).sum("comm")),
    Transfer("{reg}.hh", "{reg}.tax_dom.{comm}", lambda p: p.use_tax("D")),
    Transfer("{reg}.hh", "{reg}.tax_imp.{comm}", lambda p: p.use_tax("M")),
    Transfer("{reg}.hh", "{reg}.tax_fac.{endw}", lambda p: (p.b["EVFP"] - p.b["EVFB"]).sum("acts")),
    Transfer("{reg}.hh", "{reg}.tax_inc.{acts}", lambda p: (p.b["EVFB"] - p.b["EVOS"]).sum("endw")),
    Transfer("{src}.hh", "{src}.tax_exp", lambda p: (p.b["VFOB"] - p.b["VXSB"]).sum(["comm", "dst"])),
    Transfer("{dst}.hh", "{dst}.tariff.{src}", lambda p: (p.b["VMSB"] - p.b["VCIF"]).sum("comm")),
    Transfer("{reg}.cons", "{reg}.hh", lambda p: spending(p.b, "P") - p.spent),
    Transfer("{reg}.gov", "{reg}.hh", lambda p: spending(p.b, "G")),
    Transfer("WORLD.bank", "{reg}.dep", lambda p: p.b["VDEP"]),
    Transfer("{reg}.inv", "WORLD.bank", lambda p: spending(p.b, "I")),
    Transfer("WORLD.pool.{marg}", "WORLD.marg.{marg}.{src}", lambda p: p.b["VTWR"].sum(["comm", "dst"])),
)
"""Cells that close the accounts, by the row and column totals they imply."""


def transfer_values(bench: Benchmark) -> list[tuple[Transfer, xr.DataArray]]:
    """Values of the transfer cells of a benchmark, million US$."""
    parts = _Parts(bench)
    return [(t, t.value(parts)) for t in TRANSFERS if bench.has_labour or not needs_labour(t.row, t.column)]


def needs_labour(row: str, column: str) -> bool:
    """Whether a cell belongs to migrants' accounts."""
    return any(f".{kind}." in text for kind in _LABOUR_KINDS for text in (row, column))


def fields(*templates: str) -> tuple[str, ...]:
    """Dimensions that account templates run over, each once."""
    names = (field for text in templates for _, field, _, _ in string.Formatter().parse(text) if field)
    return tuple(dict.fromkeys(names))


def account_names(sets: Sets, labour: bool) -> tuple[str, ...]:
    """All accounts of a SAM over `sets`, region by region, the world's last."""
    names = []
    for reg in sets["reg"]:
        for kind, (template, _) in KINDS.items():
            if template.startswith(WORLD) or (kind in _LABOUR_KINDS and not labour):
                continue
            dims = [dim for dim in fields(template) if dim != "reg"]
            for labels in itertools.product(*(sets[DIM_SET[dim]] for dim in dims)):
                if kind != "mig" or labels[0] != reg:
                    names.append(template.format(reg=reg, **dict(zip(dims, labels, strict=True))))
    for template, _ in KINDS.values():
        if template.startswith(WORLD):
            dims = list(fields(template))
            names += [
                template.format(**dict(zip(dims, labels, strict=True)))
                for labels in itertools.product(*(sets[DIM_SET[dim]] for dim in dims))
            ]
    return tuple(names)


def account_ids(template: str, sets: Sets, position: dict[str, int]) -> xr.DataArray:
    """Positions of the accounts of a template over its dimensions; -1 where there is none."""
    dims = fields(template)
    labels = [sets[DIM_SET[dim]] for dim in dims]
    ids = [
        position.get(template.format(**dict(zip(dims, cell, strict=True))), -1)
        for cell in itertools.product(*labels)
    ]
    return xr.DataArray(
        np.array(ids, dtype=np.int64).reshape([len(x) for x in labels]),
        dims=dims,
        coords={dim: list(x) for dim, x in zip(dims, labels, strict=True)},
    )


def kind_of(account: str) -> str:
    """Kind of an account: ``dom`` of ``USA.dom.Agr``."""
    parts = account.split(".")
    return parts[1] if len(parts) > 1 else ""
