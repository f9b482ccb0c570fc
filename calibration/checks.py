"""The benchmark against published totals: a table that a reader can repeat.

Every row has a kind. ``imposed``: the published number is a target of the calibration, so the row tests the
code and not the data. ``identity``: an accounting identity, or the source of the benchmark counted again by
other lines of code. ``independent``: the published number is not used in making the benchmark; such a row
may fail, and then stands in the benchmark's README. ``report``: no published number, or one of another year.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.assemble import tax_revenue
from calibration.config import Config
from calibration.corridors import coverage, largest, sent
from calibration.independent import (
    customs,
    graduate_pay,
    graduate_pay_2010,
    migrants_between_regions,
    people,
    receipts_published,
    tax_shares,
)
from calibration.protection.exports import TEXTILES
from calibration.satellites.sources import facts as fact_table

COLUMNS = ["check", "region", "kind", "benchmark", "published", "ratio", "source", "tolerance", "measure", "ok"]
KINDS = ("imposed", "identity", "independent", "report")
WIDE = 0.15  # tolerance of independent numbers and of soft targets, on the ratio
POINTS = 0.02  # tolerance of balances, which may be near zero: difference as a share of GDP
ROUND = 1e-6  # tolerance of hard targets
DIGITS = 1e-5  # tolerance of recounts, which meet the rounding of the benchmark


class _Table:
    """Collects rows; a row without tolerance is a report and has no verdict."""

    def __init__(self):
        self.rows = []

    def add(self, kind, check, region, value, published=np.nan, source="", tolerance=None, measure="ratio"):
        ratio = value / published if published else np.nan
        if tolerance is None or np.isnan(published):
            kind, tolerance, measure, verdict = "report", "", "", "report"
        else:
            miss = abs(ratio - 1) if measure == "ratio" else abs(value - published)
            verdict = "yes" if miss <= tolerance else "no"
        self.rows.append(
            (
                check,
                region,
                kind,
                float(value),
                float(published),
                ratio,
                source,
                tolerance,
                measure,
                verdict,
            )
        )

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=COLUMNS)


def checks(config: Config, result, raw: Path) -> pd.DataFrame:
    """Compare with published totals.

    Parameters
    ----------
    config : Config
    result : calibration.pipeline.Result
    raw : Path
        Folder of raw data, for the recounts.

    Returns
    -------
    DataFrame
        Columns of `COLUMNS`; ``tolerance`` is on the ratio less one or on the difference (``measure``), empty
        where the row only reports.
    """
    a, macro, reports = result.bench.arrays, result.macro.regions, result.reports
    table = _Table()
    _macro(table, config, a, macro)
    _expenditure(table, reports)
    _taxes(table, config, a, macro, result)
    _trade(table, config, a, macro, reports)
    _people(table, config, a, reports, Path(raw))
    _pay(table, config, reports, Path(raw))
    _external(table, config, a, reports, result.income)
    return table.frame()


def revenue_shares(config: Config, a: dict, gdp: pd.Series) -> pd.DataFrame:
    """Tax revenue over GDP by region: total, labour, customs (tariffs), farm (tariffs of the farm layer)."""
    revenue = tax_revenue(a)
    farm = (a["TMSFARM"] * a["VCIF"]).sum(("comm", "src")).to_series()
    kinds = {"total": revenue.sum(axis=1), "labour": revenue.income, "customs": revenue.tariff, "farm": farm}
    return pd.DataFrame(kinds).reindex(config.reg).div(gdp.reindex(config.reg), axis=0)


def gdp_of(a: dict) -> pd.Series:
    """GDP at market prices by region from income: factor payments and all indirect taxes (million US$)."""
    taxes = tax_revenue(a).drop(columns="income").sum(axis=1)
    return a["EVFB"].sum(("endw", "acts")).to_series() + taxes


def fob_balance(a: dict) -> pd.Series:
    """Exports at fob with margin services less imports at cif, by region (million US$)."""
    exports = a["VFOB"].sum(("comm", "dst")).to_series() + a["VST"].sum("marg").to_series()
    return exports - a["VCIF"].sum(("comm", "src")).to_series()


def wage_bill(config: Config, a: dict) -> pd.Series:
    """Labour cost by region, million US$."""
    return a["EVFB"].sel(endw=list(config.skills)).sum(("endw", "acts")).to_series()


def _macro(table: _Table, config: Config, a: dict, macro: pd.DataFrame) -> None:
    source = "Penn World Table 10.01; World Development Indicators where it lacks a country"
    gdp, wages = gdp_of(a), wage_bill(config, a)
    workers = a["LAB"].sum(("skill", "home")).to_series()
    name = "GDP at market prices"
    table.add("imposed", name, "world", gdp.sum(), *_published(config, "gdp"), 0.02)
    for r in config.reg:
        table.add("imposed", name, r, gdp[r], macro.gdp[r], source, ROUND)
    m, x, name = list(config.importers), list(config.exporters), "wage bill"
    known = config.published
    if "wages_importers" in known:
        table.add("imposed", name, "importers", wages[m].sum(), *_published(config, "wages_importers"), 0.02)
    for r in config.reg:
        target = macro.gdp[r] * macro.labour_share[r]
        table.add("imposed", name, r, wages[r], target, source + ", labour share", ROUND)
    name = "employment, thousand"
    if "workers_importers" in known:
        table.add("imposed", name, "importers", workers[m].sum(), *_published(config, "workers_importers"), 0.02)
    for r in config.reg:
        table.add("imposed", name, r, workers[r], macro.emp[r], source, ROUND)
    name = "labour income per worker, US$"
    for which, group in (("importers", m), ("exporters", x)):
        if f"income_{which}" not in known:
            continue
        value = wages[group].sum() / workers[group].sum() * 1000.0
        table.add("imposed", name, which, value, *_published(config, f"income_{which}"), 0.02)
    for r in config.reg:
        value, target = float(a["VDEP"].sel(reg=r)) / macro.gdp[r], macro.dep[r] / macro.gdp[r]
        table.add("imposed", "depreciation over GDP", r, value, target, source, ROUND)


def _expenditure(table: _Table, reports: dict) -> None:
    source = "Penn World Table 10.01, nominal expenditure shares"
    for row in reports["soft"].itertuples():
        name = f"{row.use} spending (soft)"
        table.add("imposed", name, row.reg, row.estimate, row.published, source, WIDE)


def _taxes(table: _Table, config: Config, a: dict, macro: pd.DataFrame, result) -> None:
    revenue, gdp = tax_revenue(a), macro.gdp
    goods = revenue[["firms", "private", "government", "investment"]].sum(axis=1) / gdp
    scaling = result.reports["prior"]["taxes"]["scaling"].set_index("reg")
    source = "published revenue of taxes on goods and services; see README"
    for r in config.reg:
        target = scaling.share_of_gdp[r]
        table.add("imposed", "consumption taxes over GDP", r, goods[r], target, source, 0.05)
    source = "rates of calibration/satellites; see README"
    for r in config.reg:
        rate = revenue.income[r] / wage_bill(config, a)[r]
        table.add("report", "labour tax over wage bill", r, rate, np.nan, source)
    got, published = revenue_shares(config, a, gdp), tax_shares(config, result.macro.countries.gdp)
    union = list(config.union["regions"])
    names = {
        "total": "tax revenue over GDP",
        "labour": "labour taxes over GDP",
        "customs": "tariffs over GDP",
    }
    for kind, name in names.items():
        for r in config.reg:
            source = config.tax_sources[kind]
            if kind == "customs" and r in union:
                source = f"customs belong to the European Union: row {config.union['name']}"
            alike = kind not in config.tax_sources.get("not_alike", [])
            tolerance = WIDE if alike else None
            table.add("independent", name, r, got.at[r, kind], published.at[r, kind], source, tolerance)
    value = (got.customs * gdp)[union].sum() / gdp[union].sum()
    name, source = config.union["name"], config.union["source"]
    table.add("independent", names["customs"], name, value, customs(config.year)[name], source, WIDE)


def _trade(table: _Table, config: Config, a: dict, macro: pd.DataFrame, reports: dict) -> None:
    goods = list(config.goods)
    cif = a["VCIF"].sel(comm=goods)
    total = float(cif.sum())
    rate = float(a["VMSB"].sel(comm=goods).sum()) / total - 1
    farm = float((a["TMSFARM"].sel(comm=goods) * cif).sum()) / total
    _tariffs(table, config, a, cif / total, rate - farm)
    _export_taxes(table, config, a, reports)
    fob = a["VFOB"].sum(("src", "dst"))
    goods_fob = float(fob.sel(comm=goods).sum())
    table.add(
        "independent", "merchandise exports", "world", goods_fob, *_published(config, "goods_exports"), WIDE
    )
    services, name = float(fob.sum() - goods_fob + a["VST"].sum()), "services exports with margins"
    table.add("independent", name, "world", services, *_published(config, "services_exports"), WIDE)
    margin, name = float(a["VTWR"].sum()) / total, "margins over cif value of goods"
    table.add("independent", name, "world", margin, *_published(config, "freight"), WIDE)
    if reports["freight"] is not None:
        whole = [r for r in config.reg if all(c in reports["freight"].index for c in config.regions[r])]
        inside = [c for r in whole for c in config.regions[r]]
        used = float(a["VTWR"].sel(dst=whole).sum() + reports["wholesale_paid"].sel(dst=inside).sum())
        table_row = reports["freight"][inside].sum()
        name, source = "freight and exporters' margins on imports, million US$", "row IntTTM of the national tables"
        table.add("independent", name, "regions with tables", used, table_row, source, WIDE)
    net, name = fob_balance(a) / macro.gdp, "net exports of goods and services over GDP"
    source = "Penn World Table 10.01: GDP less consumption, government, investment"
    for r in config.reg:
        target = macro.balance[r] / macro.gdp[r]
        table.add("independent", name, r, net[r], target, source, POINTS, "difference")
    source = "Penn World Table 10.01, without re-exports"
    for row in reports["part_trade_gaps"].itertuples():
        name = f"goods {row.flow} at fob (soft)"
        table.add("imposed", name, f"part {row.part}", row.estimate, row.published, source, WIDE)


def _tariffs(table: _Table, config: Config, a: dict, weight: xr.DataArray, rate: float) -> None:
    """World mean tariff: of another year's file (report), of an earlier layer, or of the year's own file."""
    name = "applied tariff on goods, without farm layer"
    if "tariff" in config.published:
        table.add("independent", name, "world", rate, *_published(config, "tariff"), WIDE)
        return
    for year in ("tariff_after", "tariff_before"):
        table.add("report", f"{name} (published: another year)", "world", rate, *_published(config, year))
    old = float((a["TMS1993"].sel(comm=list(config.goods)) * weight).sum())
    name = "1993 tariff on goods, weights of 1997"
    table.add("identity", name, "world", old, *_published(config, "tariff_before"), WIDE)


def _export_taxes(table: _Table, config: Config, a: dict, reports: dict) -> None:
    """Average export tax by exporter (report) and revenue of ordinary export taxes against the published one."""
    goods, facts = list(config.goods), reports["export_taxes"]
    fob, basic = (a[n].sel(comm=goods).sum(("comm", "dst")).to_series() for n in ("VFOB", "VXSB"))
    revenue = fob - basic
    ordinary = facts["ordinary"].groupby("reg").revenue.sum().reindex(config.reg).fillna(0.0)
    source = "revenue over exports at basic prices; see README"
    check = "export tax on goods, quota rents included"
    table.add("report", check, "world", revenue.sum() / basic.sum(), np.nan, source)
    for r in config.reg:
        table.add("report", check, r, revenue[r] / basic[r], np.nan, source)
    check = "rents of textile quotas, million US$"
    source = "tax equivalents, recalled or assumed, on this trade; see README"
    if len(facts["quota"]):
        table.add("report", check, "world", (revenue - ordinary).sum(), np.nan, source)
    for r in facts["quota"].reg.unique():
        table.add("report", check, r, revenue[r] - ordinary[r], np.nan, source)
    # Where a commodity also bears a quota, the tax is what its own rate gives on the border value.
    source = "World Bank, taxes on exports as share of tax revenue and of GDP; see README"
    quota = facts["quota"].reg.unique()
    for r, rows in facts["ordinary"].groupby("reg", sort=False):
        got = 0.0
        for row in rows.itertuples():
            value, net = (float(a[n].sel(src=r, comm=row.comm).sum()) for n in ("VFOB", "VXSB"))
            both = row.comm == TEXTILES and r in quota
            got += value * row.rate / (1 + row.rate) if both else value - net
        table.add("imposed", "ordinary export taxes, million US$", r, got, rows.revenue.sum(), source, 0.05)


def _people(table: _Table, config: Config, a: dict, reports: dict, raw: Path) -> None:
    totals, counted, facts = (
        reports["migration"]["migrants_total"],
        migrants_between_regions(config, raw),
        people(config.year),
    )
    value, name = float(a["MPOP"].sum()) / 1000.0, "migrants between regions, million"
    matrices = config.migrants["stocks"] == "interpolate"
    source = "World Bank 2000 times the world's change in the UN table, counted again from the raw files"
    tolerance = 0.03
    if matrices:
        source = "World Bank matrices, interpolated, unnamed origins by host, counted again from the raw files"
        tolerance = DIGITS
    table.add("identity", name, "world", value, counted["bank"], source, tolerance)
    low = config.year - config.year % 5
    source = f"United Nations, International Migrant Stock 2019, interpolated {low}-{low + 5}: levels not used"
    table.add("independent", name, "world", value, counted["un"], source, WIDE)
    away = a["LAB"] * xr.DataArray(
        1.0 - np.eye(len(config.reg)), dims=("home", "host"), coords={"home": config.reg, "host": config.reg}
    )
    folded = totals["workers, between countries of one region (folded in)"]
    value = float(away.sum()) / 1000.0
    table.add("report", "migrant workers between regions, million", "world", value)
    name = "migrant workers between and inside regions, million"
    row = facts.loc["migrant_workers"]
    table.add("independent", name, "world", value + folded, row.value, f"{row.source} ({row.status})", WIDE)
    remit = reports["migration"]["remittances_total"]
    sent, inside = float(a["REMIT"].sum()), remit["inside a region (dropped)"]
    name = "remittances between regions, million US$"
    table.add(
        "imposed",
        name,
        "world",
        sent,
        remit["between regions"],
        "World Bank matrices, interpolated" if matrices else "receipts of facts/remittances_received.csv",
        0.05,
    )
    for fact in [n for n in facts.index if n.startswith("remittances")]:
        row = facts.loc[fact]
        name = "remittances between and inside regions, million US$"
        table.add(
            "independent", name, "world", sent + inside, row.value, f"{row.source} ({row.status})", WIDE
        )
    if matrices:
        _corridors(table, config, a, reports, raw)


def _corridors(table: _Table, config: Config, a: dict, reports: dict, raw: Path) -> None:
    """Share of the world's migrants and remittances that has a pair, the ten largest corridors, receipts."""
    covered = coverage(config, a, reports, raw)
    for kind in covered.index:
        name = f"{kind} given to a pair or a region, share of the world"
        source = "all cells of the matrices, interpolated"
        table.add("identity", name, "world", covered.share[kind], 1.0, source, 0.02)
    source = "World Bank matrices, interpolated, counted again; unnamed origins and the cap on remittances are the gap"
    for kind, rows in largest(config, a, raw).items():
        unit, tolerance = {"migrants": ("thousand", 0.12), "remittances": ("million US$", 0.20)}[kind]
        for row in rows.itertuples():
            # The cap on remittances moves flows between a receiver's hosts: no hard target.
            kind_of, soft = ("identity", "") if kind == "migrants" else ("imposed", " (soft)")
            name = f"{kind} of {row.home} in {row.host}, {unit}{soft}"
            table.add(kind_of, name, row.host, row.benchmark, row.source, source, tolerance)
    name = "remittances sent, million US$ (soft)"
    for r, row in sent(config, a, raw).iterrows():
        source = "World Bank matrices, interpolated, counted again; the gap is the cap on remittances"
        table.add("imposed", name, r, row.benchmark, row.source, source, WIDE)
    got = a["REMIT"].sum(("skill", "host")).to_series()
    for row in receipts_published(config).itertuples():
        region = config.region_of(row.iso3)
        if len(config.regions[region]) == 1:
            name, source = "remittances received, million US$", f"{row.source} ({row.status})"
            table.add("independent", name, region, got[region], row.value, source, WIDE)


def _pay(table: _Table, config: Config, reports: dict, raw: Path) -> None:
    """Wage of skilled over unskilled workers: against the file it comes from, and against other sources."""
    wage = reports["migrant_accounts"]["W"]
    low, high = config.skills
    ratio = (wage.sel(skill=high) / wage.sel(skill=low)).to_series()
    name = "wage of skilled over unskilled workers"
    source = "Cha'ngom, Deuster, Docquier, Machado: file of 2010 as it stands"
    replaced = {config.region_of(c) for c in fact_table("college_premium", config.year).iso}
    for r, value in graduate_pay_2010(config, raw).items():
        if r not in replaced:
            table.add("identity", name, r, ratio[r], value, source, 0.02)
    published = graduate_pay(config, raw)
    for r in config.reg:
        if r in published.index:
            row = published.loc[r]
            kind, tolerance = ("imposed", 0.02) if r in replaced else ("independent", WIDE)
            table.add(kind, name, r, ratio[r], row.ratio, row.source, tolerance)
        else:
            table.add("report", name, r, ratio[r], np.nan, "no published number found")


def _external(table: _Table, config: Config, a: dict, reports: dict, income: pd.DataFrame) -> None:
    source = "Penn World Table 10.01; the difference is the residual of the rest of the world"
    name = "net exports of goods and services over GDP"
    whole = {
        p for p, part in config.row_parts.items() if set(config.regions[part.region]) == set(part.countries)
    }
    for row in reports["external"].itertuples():
        if row.part in whole:
            continue  # the region's row says it already
        value, target = row.balance / row.gdp, row.published / row.gdp
        table.add("independent", name, f"part {row.part}", value, target, source, POINTS, "difference")
    net = float((a["VDIP"] + a["VMIP"]).sum() - a["VDEP"].sum())
    table.add(
        "identity", "net saving, million US$", "world", float(a["SAVE"].sum()), net, "net investment", ROUND
    )
    supply, use = float(a["VST"].sum()), float(a["VTWR"].sum())
    table.add("identity", "margin services supplied, million US$", "world", supply, use, "their use", ROUND)
    for r in income.index:
        value = income.save[r] / income.income[r]
        table.add("report", "net saving over income", r, value, np.nan, "residual of the income account")


def _published(config: Config, name: str) -> tuple[float, str]:
    fact = config.published[name]
    return fact["value"], f"{fact['source']} ({fact['status']})"
