"""A benchmark of a multi-region input-output table in the layout of the OECD."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cge.bring.finish import Brought, finish, split_value_added
from cge.bring.flows import gather, price
from cge.bring.layout import USES, read_icio
from cge.bring.mapping import class_weights, groups_of
from cge.bring.settings import read_settings
from cge.bring.tariffs import tariff_rates
from cge.errors import BenchmarkError

SECTIONS = ("regions", "sectors")
OPTIONS = (
    "tolerance",
    "tariffs_from",
    "margins",
    "margin_rate",
    "goods",
    "negative_value_added",
    "participation",
    "skilled_wage_ratio",
    "beta_earlier",
)


def bring_icio(table: str | Path, settings: str | Path, to: str | Path) -> Brought:
    """Make a benchmark folder of an inter-country input-output table.

    Parameters
    ----------
    table : path
        CSV in the layout of the OECD (`cge.bring.layout`), million current US$.
    settings : path
        TOML file: title, year, [regions], [sectors], [files], [options], ... (docs/bring_your_own.md).
    to : str or path
        Folder to write; its last part is the benchmark's name.

    Returns
    -------
    Brought

    Raises
    ------
    BenchmarkError
        Whatever is wrong with the table, the settings or a file, by name; nothing is then written.
    """
    table = Path(table)
    s = read_settings(settings, SECTIONS, OPTIONS)
    icio = read_icio(table, s.log, s.option("tolerance", 5e-3))
    regions, sectors = groups_of(s, "regions", icio.countries), groups_of(s, "sectors", icio.industries)
    weights = class_weights(s, sectors, dict(zip(icio.industries, icio.output.sum(0))))
    world = gather(icio, regions, sectors, s.log)
    comm, reg = world.comm, world.reg
    margin = s.option("margins", "")
    if margin:
        goods_named = s.option("goods", [])
        wrong = [c for c in (margin, *goods_named) if c not in comm]
        if wrong or not goods_named or margin in goods_named:
            raise BenchmarkError(
                f"{s.path}: options.margins = {margin!r}, goods = {goods_named}: name the sector that supplies "
                f"margins and those that bear them, of {', '.join(comm)}"
            )
    else:
        s.log.defaults.append("transport margins: none (the table has transport as a purchase of its own)")
        goods_named = []
    goods = np.array([c in goods_named for c in comm])
    rate = tariff_rates(s, world.trade, comm, regions, icio.countries)
    flows = price(world, rate, s, goods, comm.index(margin) if margin else None)
    factors = split_value_added(s, flows.pop("VA"), weights, comm, reg)
    s.log.defaults.append("export taxes: none (the table's exports are at the seller's price)")
    sets = {"reg": reg, "comm": comm, "acts": comm, "marg": [margin] if margin else []}
    private = [USES.index("household"), USES.index("npish")]
    bought = icio.final[..., private].sum((0, 1, 3)) + icio.tax_final[:, private].sum(1)
    consumption = dict(zip(icio.countries, bought))
    return finish(s, flows, factors, sets, regions, weights, weights, table, to, consumption=consumption)
