"""Views of the SAM: one region with its partners, and the macro table that prints."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.benchmark.sam import Sam
from cge.benchmark.sam_accounts import BALANCE, PARTNER, TRANSPORT, is_regional
from cge.benchmark.sam_layout import WORLD, kind_of
from cge.errors import BenchmarkError

_GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "act": ("activities", ("act",)),
    "dom": ("domestic goods", ("dom",)),
    "imp": ("imported goods", ("imp",)),
    "fac": ("factors", ("fac",)),
    "tax": ("taxes, tariffs", ("tax_out", "tax_dom", "tax_imp", "tax_fac", "tax_inc", "tax_exp", "tariff")),
    "hh": ("regional household", ("hh",)),
    "cons": ("private consumption", ("cons",)),
    "mig": ("migrants, remittances", ("mig", "remit")),
    "gov": ("government consumption", ("gov",)),
    "cap": ("capital account", ("dep", "inv", "bank")),
    "row": ("world: trade partners, transport, payments", (PARTNER, "transport", "payments", "marg", "pool")),
}


def regions_of(sam: Sam) -> tuple[str, ...]:
    """Regions of a SAM, in the order of its accounts."""
    return tuple(
        dict.fromkeys(
            a.split(".")[0] for a in sam.accounts if kind_of(a) != PARTNER and not a.startswith(WORLD + ".")
        )
    )


def region_sam(sam: Sam, region: str) -> Sam:
    """The SAM of one region.

    Its own accounts are kept. Other regions become one account each
    (``CHN.partner``: trade at fob prices and remittances), transport one
    (``WORLD.transport``), the global bank stays; each of these settles its
    surplus or deficit with the region in ``WORLD.payments``, the balance of
    payments, so that every account balances.

    Parameters
    ----------
    sam : Sam
        A global SAM; that of the region itself is returned as it is.
    region : str

    Returns
    -------
    Sam
        Million US$.

    Raises
    ------
    BenchmarkError
        When the SAM has no such region.
    """
    regions = regions_of(sam)
    if region not in regions:
        raise BenchmarkError(f"SAM {sam.name!r} has no region {region}; its regions are {', '.join(regions)}")
    if is_regional(sam):
        return sam

    def outside(account: str) -> str:
        if account == f"{WORLD}.bank":
            return account
        return TRANSPORT if account.startswith(WORLD + ".") else f"{account.split('.')[0]}.{PARTNER}"

    own = [account for account in sam.accounts if account.split(".")[0] == region]
    world = [f"{reg}.{PARTNER}" for reg in regions if reg != region] + [TRANSPORT, f"{WORLD}.bank", BALANCE]
    accounts = tuple(own + world)
    position = {account: i for i, account in enumerate(accounts)}
    new = np.array([position[a if a in position else outside(a)] for a in sam.accounts])
    row, column = new[sam.row], new[sam.column]
    keep = (row < len(own)) | (column < len(own))
    n = len(accounts)
    # Many outside accounts fall into one: add their cells up.
    key, inverse = np.unique(row[keep] * n + column[keep], return_inverse=True)
    value = np.bincount(inverse, sam.value[keep], len(key))
    row, column = key // n, key % n
    net = np.bincount(row, value, n) - np.bincount(column, value, n)
    away = np.arange(len(own), n - 1)
    pays, receives = away[net[away] > 0], away[net[away] < 0]
    balance = position[BALANCE]
    return Sam(
        f"{sam.name}, {region}",
        accounts,
        np.concatenate([row, np.full(len(pays), balance), receives]),
        np.concatenate([column, pays, np.full(len(receives), balance)]),
        np.concatenate([value, net[pays], -net[receives]]),
    )


def macro_sam(sam: Sam) -> pd.DataFrame:
    """Payments between groups of accounts, million US$ (rows receive, columns pay)."""
    group = {kind: name for name, (_, kinds) in _GROUPS.items() for kind in kinds}
    names = [name for name in _GROUPS if any(group[kind_of(a)] == name for a in sam.accounts)]
    code = np.array([names.index(group[kind_of(a)]) for a in sam.accounts])
    table = np.zeros((len(names), len(names)))
    np.add.at(table, (code[sam.row], code[sam.column]), sam.value)
    return pd.DataFrame(table, index=names, columns=names)


def sam_summary(sam: Sam, region: str | None = None) -> str:
    """Printable macro SAM, at most 100 columns wide.

    Parameters
    ----------
    sam : Sam
        A global SAM.
    region : str, optional
        One region with its partners; without it, all regions added up.

    Returns
    -------
    str
        Table in billion (or million) US$ with its legend.
    """
    shown = sam if region is None else region_sam(sam, region)
    table = macro_sam(shown)
    total = table.to_numpy().sum(axis=0).max(initial=0.0)
    unit, scale = ("billion", 1e3) if total >= 1e5 else ("million", 1.0)
    digits = 0 if total / scale >= 1e4 else 1
    table.loc["all"] = table.sum(axis=0)
    table["all"] = table.sum(axis=1)

    def cell(value: float) -> str:
        text = format(value / scale, f".{digits}f")
        return f"{'.' if value == 0 else text.removeprefix('-') if float(text) == 0 else text:>8}"

    where = "all regions" if region is None else region
    empty = f", {len(shown.empty())} empty" if shown.empty() else ""
    lines = [
        f"SAM {sam.name}, {where}: {len(shown.accounts)} accounts{empty}, {unit} US$ (rows receive, columns pay)",
        "",
        "    " + "".join(f"{name:>8}" for name in table.columns),
    ]
    lines += [
        f"{name:<4}" + "".join(cell(v) for v in row)
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    words = [f"{name} = {_GROUPS[name][0]}" for name in table.columns if name in _GROUPS]
    lines += ["", *_wrap(words, 100)]
    totals = shown.totals()
    gap = totals["gap"].abs()
    size = totals[["receipts", "payments"]].abs().max(axis=1)
    worst = gap.idxmax()
    lines.append(
        f"largest gap, receipts less payments: {gap[worst]:.1e} million US$ ({worst}), "
        f"{gap[worst] / max(size[worst], 1e-300):.1e} of the account"
    )
    return "\n".join(lines)


def _wrap(words: list[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        joined = f"{lines[-1]}; {word}" if lines[-1] else word
        if len(joined) > width:
            lines.append(word)
        else:
            lines[-1] = joined
    return lines
