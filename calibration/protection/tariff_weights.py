"""Trade by pair of countries, the weights of tariffs, and tariffs scaled to published trade-weighted means."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.protection.blocs import union_reference
from calibration.protection.tables import FactsError, read_facts
from calibration.protection.tariff_source import TariffSource
from calibration.satellites.macro import country_table

FACTS = Path(__file__).resolve().parent / "facts"
PARTS = Path(__file__).resolve().parents[1] / "mrio" / "facts"


def weighted_means(
    applied: xr.DataArray, flow: xr.DataArray, source: TariffSource, year: int, groups: dict
) -> tuple[xr.DataArray, pd.DataFrame]:
    """Scale tariffs to the importer's published trade-weighted mean, where one is given.

    A simple mean over tariff lines, levied on trade, overstates what is paid: little is bought where duties are high.
    Spread over commodities and preferences stay as they are. Importers of the bilateral file are scaled down only:
    where the published mean is above theirs, it holds farm duties in ad valorem equivalents that the file lacks and
    the farm layer has, and scaling would lay them on all goods. The row of a customs union's reference is
    the mean on what the members buy outside the union, and scales the tariffs of all of them.

    Parameters
    ----------
    applied, flow : DataArray (comm, src, dst)
        Fraction; million US$.
    source : TariffSource
    year : int
        Of the facts, ``<year>/weighted_tariffs.csv``; without that file nothing is scaled.
    groups : dict
        From `calibration.protection.blocs.read_groups`.

    Returns
    -------
    DataArray
    DataFrame
        Index iso3; columns published, before, after (fractions, trade-weighted), in_file (bool).

    Raises
    ------
    FactsError
        If a row is of no importer, of a member whose union has another reference, or of an importer without duties.
    """
    name, column = f"{year}/weighted_tariffs.csv", f"weighted{year}"
    if not (FACTS / name).is_file():
        return applied, pd.DataFrame(columns=["published", "before", "after", "in_file"])
    facts = read_facts(FACTS / name, ("iso3", column, "year"), ("iso3",)).set_index("iso3")[column] / 100
    importers = list(applied.dst.values)
    absent = sorted(set(facts.index) - set(importers))
    if absent:
        raise FactsError(f"{name}: {', '.join(absent)}: no importer of the benchmark; remove the row")
    reference = {c: r for c, r in union_reference(groups).items() if r in source.importers}
    members_only = sorted(c for c in facts.index if reference.get(c, c) != c)
    if members_only:
        where = reference[members_only[0]]
        raise FactsError(f"{name}: {', '.join(members_only)}: has the tariff of {where}; give that country the row")
    factor, rows = pd.Series(1.0, index=importers), []
    for iso, published in facts.items():
        members = [c for c in importers if reference.get(c) == iso] or [iso]
        outside = [c for c in applied.src.values if c not in members or members == [iso]]
        weight = flow.sel(dst=members, src=outside)
        before = float((applied.sel(dst=members, src=outside) * weight).sum() / weight.sum())
        if before == 0 and published > 0:
            raise FactsError(f"{name}: {iso} levies nothing before scaling; give it a row in mean_tariffs.csv")
        scale = published / before if before > 0 else 0.0
        if iso in source.importers:
            scale = min(scale, 1.0)
        factor[members] = scale
        rows.append((iso, published, before, before * scale, iso in source.importers))
    scaled = applied * xr.DataArray(factor.to_numpy(), coords={"dst": importers}, dims="dst")
    return scaled, pd.DataFrame(rows, columns=["iso3", "published", "before", "after", "in_file"]).set_index("iso3")


def trade_sizes(config, raw: str | Path, countries: list[str], size: pd.Series) -> pd.DataFrame:
    """What splits the trade of the files' rest of the world among its countries.

    ``weights`` of the configuration's ``tariffs``: ``trade`` for goods exports and imports of the Penn World Table
    (``csh_x``, ``-csh_m`` times GDP at their price levels) without re-exports, which are taken off the largest trader
    of a part (`mrio/facts/parts_<year>.toml`); otherwise GDP, which gives big, closed economies too much.

    Returns
    -------
    DataFrame
        Index country; columns exports, imports (million US$).
    """
    if config.tariffs.get("weights", "gdp") != "trade":
        return pd.DataFrame({"exports": size, "imports": size})
    table = country_table(config, Path(raw))[0].reindex(countries)[["exports", "imports"]].fillna(0.0)
    again = tomllib.loads((PARTS / f"parts_{config.year}.toml").read_text())["reexports"]
    for name, part in config.row_parts.items():
        largest = table.loc[list(part.countries), "imports"].idxmax()
        table.loc[largest, "exports"] -= float(again.get(name, 0.0))
        table.loc[largest, "imports"] -= again.get(name, 0.0) / again["markup"] + again.get(f"{name}_imports", 0.0)
    return table.clip(lower=0.0)


def trade_weights(source: TariffSource, countries: list[str], size: pd.Series, sizes: pd.DataFrame) -> xr.DataArray:
    """Trade by pair of countries: the files', with their rest of the world split by `trade_sizes`.

    Trade among the rest, which the files lack, gets the intensity of trade (over the product of GDPs, ``size``)
    that the files show between their countries and the rest.
    """
    trade = source.trade
    rest = [c for c in countries if c not in source.exporters]
    listed = [c for c in source.exporters if c != source.rest and c in countries]
    shape = (trade.sizes["comm"], len(countries), len(countries))
    coords = {"comm": trade.comm.values, "src": countries, "dst": countries}
    out = xr.DataArray(np.zeros(shape), coords=coords, dims=("comm", "src", "dst"))
    out.loc[{"src": listed, "dst": listed}] = trade.sel(src=listed, dst=listed).values
    buys, sells = (sizes.loc[rest, c] / sizes.loc[rest, c].sum() for c in ("imports", "exports"))
    to_rest = xr.DataArray(buys.to_numpy(), coords={"dst": rest}, dims="dst")
    from_rest = xr.DataArray(sells.to_numpy(), coords={"src": rest}, dims="src")
    exports = trade.sel(src=listed, dst=source.rest, drop=True)
    imports = trade.sel(src=source.rest, dst=listed, drop=True)
    out.loc[{"src": listed, "dst": rest}] = (exports * to_rest).transpose("comm", "src", "dst").values
    out.loc[{"src": rest, "dst": listed}] = (imports * from_rest).transpose("comm", "src", "dst").values
    intensity = (exports.sum("src") + imports.sum("dst")) / (2 * size[listed].sum() * size[rest].sum())
    inner = intensity * size[rest].sum() ** 2 * from_rest * to_rest
    out.loc[{"src": rest, "dst": rest}] = inner.transpose("comm", "src", "dst").values
    same = xr.DataArray(np.eye(len(countries)), coords={"src": countries, "dst": countries}, dims=("src", "dst"))
    return out.where(same == 0, 0.0)
