"""The account names of a SAM that came from outside: grammar, regions, labels that fit no other account."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cge.benchmark.headers import DIM_SET
from cge.benchmark.sam_layout import KINDS, WORLD, Sets, kind_of
from cge.errors import BenchmarkError, short

if TYPE_CHECKING:
    from cge.benchmark.sam import Sam

PARTNER, TRANSPORT, BALANCE = "partner", f"{WORLD}.transport", f"{WORLD}.payments"

_TEMPLATES = {kind: template for kind, (template, _) in KINDS.items()} | {
    PARTNER: f"{{reg}}.{PARTNER}",
    "transport": TRANSPORT,
    "payments": BALANCE,
}
_PARTNERS = ("src", "home")  # fields that name another region
_NEEDED = ("act", "dom", "fac", "hh", "cons")  # no region is without
_COMMON = (*_NEEDED, "gov", "dep", "inv")  # kinds that are seldom empty; taxes and imports may be
GRAMMAR = f"accounts are written REGION.kind.item, with the kinds {', '.join(KINDS)}"


class _Account(NamedTuple):
    name: str
    region: str
    kind: str
    labels: dict[str, str]  # by field of the template, without the region


def near(name: str, names: Iterable[str]) -> str:
    """The most similar of `names` as a question in brackets; "" where none is similar."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def is_regional(sam: Sam) -> bool:
    """Whether a SAM is that of one region with its partners, as `region_sam` makes it."""
    return any(kind_of(account) == PARTNER for account in sam.accounts)


def check_accounts(sam: Sam) -> Sets:
    """Judge the account names of a SAM without a benchmark to compare with.

    Refuses names outside the grammar, regions that occur only as partners,
    regions without a household, factors, activities or goods, and labels that
    look misspelt. A label looks misspelt when it occurs in one account only,
    that account does not balance, and a similar label exists; or when no other
    region has the label, and the region lacks, for the same kind, a label that
    all others have. `from_sam` with a benchmark compares with its exact list.

    Parameters
    ----------
    sam : Sam
        Global, or of one region with its partners.

    Returns
    -------
    dict of str to tuple of str
        Sets that the accounts speak of, in the order of the accounts.

    Raises
    ------
    BenchmarkError
        Names the account or the region, and the repair.
    """
    accounts = [_parse(sam, account) for account in sam.accounts]
    found: dict[str, dict[str, None]] = {
        name: {} for name in ("reg", "comm", "acts", "marg", "endw", "skill")
    }
    for account in accounts:
        if account.region != WORLD and account.kind != PARTNER:
            found["reg"][account.region] = None
        for dim, label in account.labels.items():
            if dim not in _PARTNERS:
                found[dim][label] = None
    sets = {name: tuple(labels) for name, labels in found.items()}
    if not sets["reg"]:
        raise BenchmarkError(f"SAM {sam.name!r} has no account of a region; {GRAMMAR}")
    if is_regional(sam) and len(sets["reg"]) > 1:
        raise BenchmarkError(
            f"SAM {sam.name!r} has accounts of {', '.join(sets['reg'][:3])} and also {PARTNER} accounts; only "
            f"the SAM of one region has those: give the partners' own accounts instead, or one region"
        )
    _check_regions(sam, accounts, sets)
    _check_partners(sam, accounts, sets)
    for account in accounts:
        for dim, whole in (("marg", "comm"), ("skill", "endw")):
            label = account.labels.get(dim, "")
            if label and label not in sets[whole]:
                _refuse(sam, account, dim, label, _closest(label, sets[whole]))
    _check_labels(sam, accounts, sets["reg"])
    return sets


def missing_accounts(sam: Sam) -> str:
    """Accounts that one region lacks and every other has, as a sentence for a message; "" for none."""
    accounts = [_parse(sam, account) for account in sam.accounts]
    regions = {a.region for a in accounts if a.region != WORLD and a.kind != PARTNER}
    owners = _owners(a for a in accounts if a.kind in _COMMON)
    gone = [
        f"{region}.{tail}"
        for tail, have in owners.items()
        if len(have) == len(regions) - 1 >= 2
        for region in regions - have
    ]
    if not gone:
        return ""
    which = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
    return f"{which} missing, which every other region has: if left out, add the rows and columns"


def _parse(sam: Sam, account: str) -> _Account:
    parts = account.split(".")
    pattern = _TEMPLATES.get(kind_of(account), "").split(".")
    if "" in (*parts, *pattern) or len(parts) != len(pattern) or (parts[0] == WORLD) != (pattern[0] == WORLD):
        known = [name for name in sam.accounts if kind_of(name) in _TEMPLATES and name != account]
        tails = {name.split(".", 1)[1] for name in known if kind_of(name) in _COMMON}
        lost = sorted({f"{parts[0]}.{tail}" for tail in tails}.difference(known))  # likeliest to be meant
        meant = near(account, lost) or near(account, known)
        raise BenchmarkError(f"SAM {sam.name!r}: unknown account {short(account)}{meant}; {GRAMMAR}")
    labels = {field[1:-1]: part for field, part in zip(pattern, parts, strict=True) if field[0] == "{"}
    labels.pop("reg", None)
    return _Account(account, parts[0], parts[1], labels)


def _refuse(sam: Sam, account: _Account, dim: str, label: str, better: str) -> None:
    meant = ".".join([*account.name.split(".")[:-1], better]) if account.name.endswith(f".{label}") else better
    raise BenchmarkError(
        f"SAM {sam.name!r}: unknown account {account.name}" + (f" (did you mean {meant}?)" if better else "")
        + f"; {label} fits no other account of set {DIM_SET[dim]}: rename it, or compare with the accounts of a "
        "benchmark (--like)"
    )


def _closest(label: str, labels: Iterable[str]) -> str:
    close = difflib.get_close_matches(label, [other for other in labels if other != label], n=1)
    return close[0] if close else ""


def _check_regions(sam: Sam, accounts: list[_Account], sets: Sets) -> None:
    """Every region has the accounts that no region is without."""
    kinds = defaultdict(set)
    for account in accounts:
        kinds[account.region].add(account.kind)
    lacks = {reg: [kind for kind in _NEEDED if kind not in kinds[reg]] for reg in sets["reg"]}
    region = max(lacks, key=lambda reg: len(lacks[reg]))
    if not lacks[region]:
        return
    what = f"region {region} has no account of kind {', '.join(lacks[region])}"
    if len(lacks[region]) > len(_NEEDED) / 2:  # a few accounts only: a misspelt region
        name = next(account.name for account in accounts if account.region == region)
        other = _closest(region, sets["reg"])
        meant = f" (did you mean {name.replace(region, other, 1)}?)" if other else ""
        raise BenchmarkError(
            f"SAM {sam.name!r}: unknown account {name}{meant}; {what}: rename it, or give the region all its accounts"
        )
    raise BenchmarkError(f"SAM {sam.name!r}: {what}; every region needs one: add its rows and columns")


def _check_partners(sam: Sam, accounts: list[_Account], sets: Sets) -> None:
    """Regions that accounts name as partners have accounts of their own."""
    regions = {*sets["reg"], *(account.region for account in accounts if account.kind == PARTNER)}
    named = defaultdict(list)
    for account in accounts:
        for dim in _PARTNERS:
            if dim in account.labels and account.labels[dim] not in regions:
                named[account.labels[dim]].append(account)
    if not named:
        return
    region = max(named, key=lambda reg: len(named[reg]))
    by = named[region]
    if len({account.region for account in by}) == 1:  # named by one region only: perhaps misspelt
        raise BenchmarkError(
            f"SAM {sam.name!r}: unknown account {by[0].name}"
            f"{near(by[0].name, [f'{by[0].name.removesuffix(region)}{reg}' for reg in sorted(regions)])}; region "
            f"{region} is missing, it has no accounts of its own: rename the account, or add those of {region}"
        )
    others = f"; also missing: {', '.join(reg for reg in named if reg != region)}" if len(named) > 1 else ""
    raise BenchmarkError(
        f"SAM {sam.name!r}: region {region} is missing: {len(by)} accounts name it as a partner ({by[0].name}, ...) "
        f"but it has none of its own; add the rows and columns of {region}, or aggregate it with another region "
        f"in the benchmark and export anew (cge aggregate){others}"
    )


def _owners(accounts: Iterable[_Account]) -> dict[str, set[str]]:
    """Regions that have an account, by the account's name without the region."""
    owners = defaultdict(set)
    for account in accounts:
        if account.region != WORLD and account.kind != PARTNER:
            owners[account.name.split(".", 1)[1]].add(account.region)
    return owners


def _check_labels(sam: Sam, accounts: list[_Account], regions: tuple[str, ...]) -> None:
    """Labels that look misspelt; see `check_accounts`."""
    gap = sam.totals()["gap"].abs().to_numpy()
    size = np.bincount(sam.row, np.abs(sam.value), len(accounts))
    size = np.maximum(size, np.bincount(sam.column, np.abs(sam.value), len(accounts)))
    users = defaultdict(list)  # by label, whatever its set: commodities and activities share theirs
    labels: dict[str, dict[str, None]] = defaultdict(dict)
    for i, account in enumerate(accounts):
        for dim, label in account.labels.items():
            if dim not in _PARTNERS:
                users[label].append(i)
                labels[dim][label] = None
    owners = _owners(accounts)
    for label, who in users.items():
        account = accounts[who[0]]
        if account.region == WORLD or len({accounts[i].region for i in who}) > 1:
            continue
        dim = next(dim for dim, text in account.labels.items() if text == label)
        close = _closest(label, labels[dim])
        if len(who) == 1 and close and gap[who[0]] > 1e-9 * size[who[0]]:
            _refuse(sam, account, dim, label, close)
        others = set(regions) - {account.region}
        lacking = [
            text for text in labels[dim]
            if others and owners.get(f"{account.kind}.{text}", set()) == others
        ]
        if lacking:
            _refuse(sam, account, dim, label, _closest(label, lacking) or lacking[0])
