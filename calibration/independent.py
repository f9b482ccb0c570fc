"""Published numbers that the benchmark is not made from, and recounts of its raw files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.config import Config
from calibration.corridors import between_regions
from calibration.protection.tables import FactsError, of_year, read_facts
from calibration.satellites.names import to_iso
from calibration.satellites.skills import barro_lee
from calibration.satellites.sources import raw_file, read_r

FACTS = Path(__file__).resolve().parent / "facts"
COVERAGE = 0.5  # a region has a published average if countries with this share of its GDP have a number
SCHOOL = "graduates"


def tax_shares(config: Config, gdp: pd.Series) -> pd.DataFrame:
    """Published tax revenue over GDP by region, GDP-weighted mean of the countries that have it.

    Parameters
    ----------
    config : Config
    gdp : Series
        Index ISO3; million US$ of the base year.

    Returns
    -------
    DataFrame
        Index reg; columns total, labour (taxes on all income, payroll and social contributions), customs
        (fractions of GDP; not a number where less than half of the region's GDP is covered), and
        total_covered, labour_covered, customs_covered (shares of the region's GDP).

    Raises
    ------
    FactsError
        If a country of the fact tables is in no region.
    """
    taxes = read_facts(
        of_year(FACTS, "tax_revenue.csv", config.year), ("year", "total", "income", "payroll", "social"), ("iso3",)
    )
    taxes = taxes.set_index("iso3")
    series = {
        "total": taxes.total / 100,
        "labour": taxes[["income", "payroll", "social"]].sum(axis=1) / 100,
        "customs": customs(config.year).drop(config.union["name"]),
    }
    region = pd.Series(config.country_region())
    size = gdp.groupby(region.reindex(gdp.index)).sum().reindex(config.reg)
    out = pd.DataFrame(index=pd.Index(config.reg, name="reg"))
    for name, share in series.items():
        odd = share.index.difference(region.index)
        if len(odd):
            raise FactsError(f"calibration/facts: {', '.join(odd)} is in no region; mend the ISO3 code")
        weight = gdp.reindex(share.index)
        here = weight.groupby(region[share.index]).sum().reindex(config.reg).fillna(0.0)
        mean = (share * weight).groupby(region[share.index]).sum().reindex(config.reg) / here
        covered = here / size
        out[name], out[f"{name}_covered"] = mean.where(covered >= COVERAGE), covered
    return out


def customs(year: int) -> pd.Series:
    """Customs collected over GDP (fraction) by ISO3, and of the European Union as a whole (``EU15``, ``EU28``)."""
    facts = read_facts(of_year(FACTS, "customs.csv", year), ("year",), ("key",)).set_index("key")
    product = facts.share_of_tax * facts.tax_of_gdp * facts.gdp_factor / 100
    value = facts.customs_gdp.fillna(product)
    if value.isna().any():
        raise FactsError(f"customs.csv: {value.index[value.isna()][0]} has neither a value nor both factors")
    return value / 100


def people(year: int) -> pd.DataFrame:
    """Published world totals of migrant workers (million) and remittances (million US$): value, source."""
    return read_facts(of_year(FACTS, "people.csv", year), ("value",), ("name",)).set_index("name")


def receipts_published(config: Config) -> pd.DataFrame:
    """Remittances received by country, published by the World Bank (million US$): iso3, value, source, status."""
    return read_facts(of_year(FACTS, "remittances_received.csv", config.year), ("value",), ("iso3",))


def migrants_between_regions(config: Config, raw: Path) -> pd.Series:
    """Migrants between regions in the base year, counted from the raw files alone (million).

    Returns
    -------
    Series
        ``bank``: World Bank stocks of 2000 times the world's change in the United Nations' table, or its matrices
        around the base year, with unnamed origins spread over the named ones of their host;
        ``un``: United Nations, interpolated between its years, its levels not used by the benchmark.
    """
    region = config.country_region()
    matrices = config.migrants["stocks"] == "interpolate"

    def between(matrix: pd.DataFrame) -> float:
        home = pd.Series(to_iso(list(matrix.index), raw)[0], index=matrix.index).map(region)
        host = pd.Series(to_iso(list(matrix.columns), raw)[0], index=matrix.columns).map(region)
        known = matrix.loc[home.notna().to_numpy(), host.notna().to_numpy()].astype(float)
        cells = known.groupby(home.dropna().to_numpy()).sum().T.groupby(host.dropna().to_numpy()).sum()
        own = sum(cells.at[r, r] for r in cells.index if r in cells.columns)
        return float(cells.to_numpy().sum() - own) / 1e6

    if matrices:
        bank = between_regions(config, raw)
    else:
        bank = between(read_r(raw_file(raw, "migrants_remittances/migration.world_2000.RData")).to_pandas())
    name = "migrants_un2019/UN_MigrantStockByOriginAndDestination_2019_clean.csv"
    table = pd.read_csv(raw_file(raw, name), na_values=["-", ".."], thousands=",").fillna(0.0)
    low = config.year - config.year % 5
    un = {}
    for year in {low, low + 5} | (set() if matrices else {config.migrant_stock_year}):
        of_year = table[table.Year == year].set_index("Dest").drop(columns="Year")
        un[year] = between(of_year.T)
    step = (config.year - low) / 5
    now = (1 - step) * un[low] + step * un[low + 5]
    change = 1.0 if matrices else now / un[config.migrant_stock_year]
    return pd.Series({"bank": bank * change, "un": now})


def graduate_pay(config: Config, raw: Path) -> pd.DataFrame:
    """Published pay of college graduates over that of all others, by region of one country.

    Earnings by schooling (completed upper secondary = 100) are weighted with Barro and Lee's share of
    completed upper secondary, unfinished college included, among those who did not complete college.

    Returns
    -------
    DataFrame
        Index reg; columns ratio, source.
    """
    facts = read_facts(of_year(FACTS, "college_premia.csv", config.year), ("year", SCHOOL, "below"), ("iso3",))
    table = pd.read_csv(raw_file(raw, "macro/BL_v3_MF1564.csv"))
    table["Country"] = table["Country"].ffill()
    table = table[table["Year"].notna()]
    table["iso"] = to_iso(list(table["Country"]), raw)[0]
    table["Year"] = table["Year"].astype(int)
    rows = {}
    for row in facts.itertuples():
        school = table[(table.iso == row.iso3) & (table.Year == row.year)].iloc[0]
        done = barro_lee(raw).at[row.iso3, row.year]
        middle = (school["Secondary Completed"] + school["Tertiary Total"]) / 100 - done
        upper = middle / (1 - done)
        source = f"{row.source} ({row.status}, {row.year})"
        rows[config.region_of(row.iso3)] = (row.graduates / (100 * upper + row.below * (1 - upper)), source)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["ratio", "source"])


def graduate_pay_2010(config: Config, raw: Path) -> pd.Series:
    """Pay ratio of the file of 2010 as it stands, for regions of one country."""
    table = pd.read_csv(raw_file(raw, "migrants_by_skill_2010/Location_charac_IER.csv"))
    ratio = table.set_index("isoo").WR_data
    single = {r: cs[0] for r, cs in config.regions.items() if len(cs) == 1}
    return pd.Series({r: ratio.get(c) for r, c in single.items()}).dropna().astype(float)
