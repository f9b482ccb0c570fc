"""The benchmark against published totals: a table that a reader can repeat."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from calibration.assemble import tax_revenue
from calibration.config import Config
from calibration.protection.exports import TEXTILES

COLUMNS = ["check", "region", "benchmark", "published", "ratio", "source", "tolerance", "ok"]


class _Table:
    """Collects rows; a check without tolerance is a report and has no verdict."""

    def __init__(self):
        self.rows = []

    def add(self, check, region, value, published, source, tolerance=None):
        ratio = value / published if published else np.nan
        verdict = "report" if tolerance is None else ("yes" if abs(ratio - 1) <= tolerance else "no")
        self.rows.append(
            (
                check,
                region,
                float(value),
                float(published),
                ratio,
                source,
                "" if tolerance is None else tolerance,
                verdict,
            )
        )

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=COLUMNS)


def checks(config: Config, result) -> pd.DataFrame:
    """Compare with published totals.

    Parameters
    ----------
    config : Config
    result : calibration.pipeline.Result

    Returns
    -------
    DataFrame
        Columns of `COLUMNS`; ``tolerance`` is on the ratio less one, empty where the row only reports.
    """
    a, macro, reports = result.bench.arrays, result.macro.regions, result.reports
    table = _Table()
    _macro(table, config, a, macro)
    _expenditure(table, reports)
    _taxes(table, config, a, macro, reports)
    _trade(table, config, a, macro, reports)
    _people(table, config, a, reports)
    _external(table, reports, result.income)
    return table.frame()


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
    table.add("GDP at market prices", "world", gdp.sum(), *_published(config, "gdp"), 0.02)
    for r in config.reg:
        table.add("GDP at market prices", r, gdp[r], macro.gdp[r], source, 1e-6)
    m, x = list(config.importers), list(config.exporters)
    table.add("wage bill", "importers", wages[m].sum(), *_published(config, "wages_importers"), 0.02)
    for r in config.reg:
        table.add("wage bill", r, wages[r], macro.gdp[r] * macro.labour_share[r], source + ", labour share", 1e-6)
    table.add("employment, thousand", "importers", workers[m].sum(), *_published(config, "workers_importers"), 0.02)
    for r in config.reg:
        table.add("employment, thousand", r, workers[r], macro.emp[r], source, 1e-6)
    for name, group in (("importers", m), ("exporters", x)):
        value = wages[group].sum() / workers[group].sum() * 1000.0
        table.add("labour income per worker, US$", name, value, *_published(config, f"income_{name}"), 0.02)
    for r in config.reg:
        value = float(a["VDEP"].sel(reg=r)) / macro.gdp[r]
        table.add("depreciation over GDP", r, value, macro.dep[r] / macro.gdp[r], source, 1e-6)


def _expenditure(table: _Table, reports: dict) -> None:
    soft = reports["soft"]
    for row in soft.itertuples():
        table.add(
            f"{row.use} spending (soft)",
            row.reg,
            row.estimate,
            row.published,
            "Penn World Table 10.01, nominal expenditure shares",
            0.15,
        )


def _taxes(table: _Table, config: Config, a: dict, macro: pd.DataFrame, reports: dict) -> None:
    revenue = tax_revenue(a)
    goods = revenue[["firms", "private", "government", "investment"]].sum(axis=1) / macro.gdp
    scaling = reports["prior"]["taxes"]["scaling"].set_index("reg")
    for r in config.reg:
        table.add(
            "consumption taxes over GDP",
            r,
            goods[r],
            scaling.share_of_gdp[r],
            "published revenue of taxes on goods and services; see README",
            0.05,
        )
    for r in config.reg:
        table.add(
            "labour tax over wage bill",
            r,
            revenue.income[r] / wage_bill(config, a)[r],
            np.nan,
            "rates of calibration/satellites; see README",
        )
    for r in config.reg:
        table.add("tariff revenue over GDP", r, revenue.tariff[r] / macro.gdp[r], np.nan, "no published total used")


def _trade(table: _Table, config: Config, a: dict, macro: pd.DataFrame, reports: dict) -> None:
    goods = list(config.goods)
    cif = a["VCIF"].sel(comm=goods)
    total = float(cif.sum())
    rate = float(a["VMSB"].sel(comm=goods).sum()) / total - 1
    farm = float((a["TMSFARM"].sel(comm=goods) * cif).sum()) / total
    table.add(
        "applied tariff on goods, without farm layer",
        "world",
        rate - farm,
        *_published(config, "tariff_after"),
    )
    table.add(
        "applied tariff on goods, without farm layer",
        "world",
        rate - farm,
        *_published(config, "tariff_before"),
    )
    table.add(
        "1993 tariff on goods, weights of 1997",
        "world",
        float((a["TMS1993"].sel(comm=goods) * cif).sum()) / total,
        *_published(config, "tariff_before"),
        0.25,
    )
    _export_taxes(table, config, a, reports)
    fob = a["VFOB"].sum(("src", "dst"))
    table.add(
        "merchandise exports",
        "world",
        float(fob.sel(comm=goods).sum()),
        *_published(config, "goods_exports"),
        0.15,
    )
    services = float(fob.sum() - fob.sel(comm=goods).sum() + a["VST"].sum())
    table.add("services exports with margins", "world", services, *_published(config, "services_exports"))
    table.add(
        "margins over cif value of goods",
        "world",
        float(a["VTWR"].sum()) / total,
        *_published(config, "freight"),
    )
    net = fob_balance(a)
    for r in config.reg:
        table.add(
            "net exports of goods and services over GDP",
            r,
            net[r] / macro.gdp[r],
            macro.balance[r] / macro.gdp[r],
            "Penn World Table 10.01: GDP less consumption, government, investment",
        )
    for row in reports["part_trade_gaps"].itertuples():
        table.add(
            f"goods {row.flow} at fob (soft)",
            f"part {row.part}",
            row.estimate,
            row.published,
            "Penn World Table 10.01, without re-exports",
            0.20,
        )


def _export_taxes(table: _Table, config: Config, a: dict, reports: dict) -> None:
    """Average export tax by exporter (report) and revenue of ordinary export taxes against the published one."""
    goods, facts = list(config.goods), reports["export_taxes"]
    fob, basic = (a[n].sel(comm=goods).sum(("comm", "dst")).to_series() for n in ("VFOB", "VXSB"))
    revenue = fob - basic
    ordinary = facts["ordinary"].groupby("reg").revenue.sum().reindex(config.reg).fillna(0.0)
    source = "revenue over exports at basic prices; see README"
    check = "export tax on goods, quota rents included"
    table.add(check, "world", revenue.sum() / basic.sum(), np.nan, source)
    for r in config.reg:
        table.add(check, r, revenue[r] / basic[r], np.nan, source)
    check = "rents of textile quotas, million US$"
    source = "tax equivalents, recalled or assumed, on this trade; see README"
    table.add(check, "world", (revenue - ordinary).sum(), np.nan, source)
    for r in facts["quota"].reg.unique():
        table.add(check, r, revenue[r] - ordinary[r], np.nan, source)
    # Where a commodity also bears a quota, the tax is what its own rate gives on the border value.
    source = "World Bank, taxes on exports as share of tax revenue and of GDP; see README"
    quota = facts["quota"].reg.unique()
    for r, rows in facts["ordinary"].groupby("reg", sort=False):
        got = 0.0
        for row in rows.itertuples():
            value, net = (float(a[n].sel(src=r, comm=row.comm).sum()) for n in ("VFOB", "VXSB"))
            both = row.comm == TEXTILES and r in quota
            got += value * row.rate / (1 + row.rate) if both else value - net
        table.add("ordinary export taxes, million US$", r, got, rows.revenue.sum(), source, 0.05)


def _people(table: _Table, config: Config, a: dict, reports: dict) -> None:
    totals = reports["migration"]["migrants_total"]
    table.add(
        "migrants between regions, million",
        "world",
        float(a["MPOP"].sum()) / 1000.0,
        totals["base year, between regions"],
        "World Bank 2000 carried to the base year with UN DESA",
        0.01,
    )
    away = a["LAB"] * xr.DataArray(
        1.0 - np.eye(len(config.reg)), dims=("home", "host"), coords={"home": config.reg, "host": config.reg}
    )
    table.add(
        "migrant workers between regions, million",
        "world",
        float(away.sum()) / 1000.0,
        totals["workers, between regions"],
        "the same, with host participation",
        0.01,
    )
    remit = reports["migration"]["remittances_total"]
    table.add(
        "remittances between regions",
        "world",
        float(a["REMIT"].sum()),
        remit["between regions"],
        "published receipts by country; see README",
        0.05,
    )
    table.add(
        "remittances between and inside regions",
        "world",
        float(a["REMIT"].sum()) + remit["inside a region (dropped)"],
        remit["published receipts"],
        "published receipts by country; see README",
        0.05,
    )


def _external(table: _Table, reports: dict, income: pd.DataFrame) -> None:
    for row in reports["external"].itertuples():
        table.add(
            "net exports of goods and services over GDP",
            f"part {row.part}",
            row.balance / row.gdp,
            row.published / row.gdp,
            "Penn World Table 10.01; the difference is the residual of the rest of the world",
        )
    for r in income.index:
        table.add(
            "net saving over income",
            r,
            income.save[r] / income.income[r],
            np.nan,
            "residual of the income account",
        )


def _published(config: Config, name: str) -> tuple[float, str]:
    fact = config.published[name]
    return fact["value"], f"{fact['source']} ({fact['status']})"
