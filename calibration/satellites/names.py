"""Country names of the raw files -> ISO3 codes."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import pandas as pd

from calibration.satellites.sources import FACTS, raw_file

NOT_A_COUNTRY = {"", "nan", "total", "world", "othernorth", "othersouth", "other", "unidentified"}


def plain(name: object) -> str:
    """A name without case, accents, spaces and punctuation (the R file writes dots for them)."""
    text = unicodedata.normalize("NFKD", str(name)).encode("ascii", "ignore").decode()
    return "".join(ch for ch in text.lower() if ch.isalnum())


@lru_cache(maxsize=4)
def _index(raw: Path) -> dict[str, str]:
    bank = pd.read_csv(raw_file(raw, "migrants_remittances/country_map_worldbank_to_wiod.csv"))
    own = pd.read_csv(FACTS / "country_names.csv")
    index = {plain(n): i for n, i in zip(bank.worldbank_name, bank.iso3, strict=True) if isinstance(i, str)}
    index.update({plain(n): i for n, i in zip(own.name, own.iso, strict=True)})
    return index


def to_iso(names: object, raw: Path) -> tuple[list[str | None], list[str]]:
    """ISO3 code of each name, and the names that are no country of any list.

    Parameters
    ----------
    names : iterable of str
    raw : Path
        Folder of raw data (its World Bank country map is one of the lists).

    Returns
    -------
    list of str or None
    list of str
        Names without a code, totals and "other" rows apart.
    """
    index = _index(raw)
    codes = [index.get(plain(n)) for n in names]
    lost = [str(n) for n, c in zip(names, codes, strict=True) if c is None and plain(n) not in NOT_A_COUNTRY]
    return codes, lost
