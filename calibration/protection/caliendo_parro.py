"""Applied tariffs of 1997 and 1993 from the files of Caliendo and Parro (2015).

1997 lies between the two files, by the staging of each agreement and not by the calendar.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from calibration.protection.blocs import pair_rule, union_reference
from calibration.protection.files import COUNTRIES, REST, read_tariff_files
from calibration.protection.tables import FactsError, of_year, read_facts
from calibration.protection.tariff_source import TariffSource, kinds_of, to_commodities, trade_by_commodity

FACTS = Path(__file__).resolve().parent / "facts"
# 1997 lies a third of the way from 1993 to 2005: weights of trade between the two files.
BETWEEN = (1997 - 1993) / (2005 - 1993)
# Importers of the files whose spread of tariffs stands for importers with a mean only (assumption).
PATTERN_IMPORTERS = {
    "developing": ["CHN", "IND", "IDN", "BRA", "ARG", "KOR", "ZAF"],
    "developed": ["USA", "DEU", "JPN", "CAN"],
}


def source(config, raw: str | Path, groups: dict) -> TariffSource:
    """Read the files.

    Parameters
    ----------
    config : calibration.config.Config
    raw : str or Path
        Folder that holds ``tariffs_1993_2005/``.
    groups : dict
        From `calibration.protection.blocs.read_groups`.

    Returns
    -------
    TariffSource
        Years 1997 and 1993.

    Raises
    ------
    FactsError
        If a file is missing, or the map names a good that the benchmark lacks.
    """
    path = of_year(FACTS, "goods_map.csv", config.year)
    goods = read_facts(path, ("good", "comm", "kind"), ("good",)).set_index("good")
    unknown = sorted(set(goods["comm"]) - set(config.goods))
    if unknown:
        raise FactsError(f"goods_map.csv: {', '.join(unknown)} are not goods of {config.name}; adapt the map")
    files = read_tariff_files(raw, list(goods.index))
    by_good, tariffication = _phase_in(files, goods, groups, config.year)
    trade97 = files["x1993"] + BETWEEN * (files["x2005"] - files["x1993"])
    comm97 = to_commodities(by_good[1997], trade97, goods["comm"])
    comm93 = to_commodities(by_good[1993], files["x1993"], goods["comm"])
    rows = []
    for year in (1993, 2005):
        mean = float((files[f"t{year}"] * files[f"x{year}"]).sum() / files[f"x{year}"].sum())
        rows.append((year, 100 * mean, float(files[f"x{year}"].sum())))
    return TariffSource(
        rates={1997: comm97, 1993: comm93},
        trade=trade_by_commodity(trade97, goods["comm"]),
        exporters=COUNTRIES,
        importers=COUNTRIES,
        rest=REST,
        kinds=kinds_of(goods),
        patterns=PATTERN_IMPORTERS,
        own_check=pd.DataFrame(rows, columns=["year", "world_mean_percent", "trade_million_usd"]),
        tariffication=tariffication,
        notes=["farm tariffs of the files that rise from 1993 to 2005 stay as in 1993 (see tariffication)"],
    )


def _phase_in(
    files: dict, goods: pd.DataFrame, groups: dict, base: int
) -> tuple[dict[int, xr.DataArray], pd.DataFrame]:
    """1993 and 1997 tariffs (good, src, dst) of the files, with one external tariff per customs union."""
    ends = {}
    for year in (1993, 2005):
        rate = files[f"t{year}"].copy()
        for country, reference in union_reference(groups).items():
            if country in COUNTRIES and reference in COUNTRIES:
                rate.loc[{"dst": country}] = files[f"t{year}"].sel(dst=reference).values
        ends[year] = rate
    rules = read_facts(of_year(FACTS, "phase_in.csv", base), ("importer", "exporter", "goods", "fraction"))
    done = pair_rule(rules, "fraction", groups, goods["kind"].to_dict(), COUNTRIES, 0.0, False, "good")
    # A farm tariff that rises is a quota turned into a tariff: part of the farm layer.
    farm = xr.DataArray((goods["kind"] == "farm").to_numpy(), coords={"good": goods.index}, dims="good")
    rises = farm & (ends[2005] > ends[1993])
    late = xr.where(rises, ends[1993], ends[2005])
    change = (ends[2005] - ends[1993]).where(rises)
    table = change.mean("src").to_series().dropna().rename("mean_rise").reset_index()
    return {1993: ends[1993], 1997: ends[1993] + done * (late - ends[1993])}, table
