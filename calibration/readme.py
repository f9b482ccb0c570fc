"""The benchmark's own README, written from what the pipeline measured."""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np
import pandas as pd

from calibration.assemble import tax_revenue
from calibration.checks import KINDS, WIDE, gdp_of, revenue_shares, wage_bill
from calibration.config import FOLDER, Config, ConfigError
from calibration.corridors import coverage, largest
from calibration.digits import DIGITS
from calibration.independent import tax_shares
from calibration.protection.exports import TEXTILES
from calibration.satellites import skill_definitions as skilldef


def readme(config: Config, result, found: pd.DataFrame, moved: pd.DataFrame, raw: Path) -> str:
    """Text of README.md: ``calibration/config/<name>.md`` with its numbers filled in.

    Parameters
    ----------
    config : Config
    result : calibration.pipeline.Result
    found : DataFrame
        As `calibration.checks.checks` returns it.
    moved : DataFrame
        As `calibration.build.adjustments` returns it.
    raw : Path
        Folder of raw data, for the recount of corridors.

    Returns
    -------
    str

    Raises
    ------
    ConfigError
        If there is no template, or it names an unknown number.
    """
    path = Path(FOLDER) / f"{config.name}.md"
    if not path.is_file():
        raise ConfigError(
            f"no {path.name} beside {config.name}.toml; write the text of the benchmark's README there"
        )
    values = _numbers(config, result, found) | _tables(config, result, found, moved, raw)
    try:
        return Template(path.read_text()).substitute(values)
    except (KeyError, ValueError) as error:
        known = ", ".join(sorted(values))
        raise ConfigError(
            f"{path.name}: {error.args[0]}: no number of that name, or a bare $ (write $$); known: {known}"
        ) from None


def markdown(table: pd.DataFrame, digits: int = 1) -> str:
    """A Markdown table; numbers with thousands separators and fixed decimals."""

    def text(value) -> str:
        if isinstance(value, (float, np.floating)):
            return "" if np.isnan(value) else f"{value:,.{digits}f}"
        return str(value)

    lines = ["| " + " | ".join(str(c) for c in table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(text(v) for v in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


def _numbers(config: Config, result, found: pd.DataFrame) -> dict[str, str]:
    r = result.reports
    balance, close = r["balance"], r["closure"]
    stocks = pd.Series(r["final_use"]["inventory_share"])
    largest = stocks.reindex(stocks.abs().sort_values(ascending=False, kind="stable").index[:5])
    margins, trade = r["export_margins"], r["part_trade"]
    cells, a = r["cells"], result.bench.arrays
    fob, basic = (a[n].sel(comm=list(config.goods)).sum() for n in ("VFOB", "VXSB"))
    total = r["external"].iloc[-1]
    lacking = r["price_levels"].groupby("region").share.sum().sort_values(ascending=False, kind="stable")
    return {
        "title": config.title,
        "unit": config.unit,
        "year": str(config.year),
        "stock_year": str(config.migrant_stock_year),
        "rents": f"{(a['VFOB'] - a['VXSB']).sel(comm=TEXTILES).sum() / 1e3:.1f}",
        "ordinary": f"{r['export_taxes']['ordinary'].revenue.sum() / 1e3:.1f}",
        "export_rate": f"{100 * float(fob / basic - 1):.2f}%",
        "digits": str(DIGITS),
        "regions": str(len(config.reg)),
        "sectors": str(len(config.comm)),
        "dropped": f"{r['final_use']['dropped']:.0f}",
        "inventories": ", ".join(f"{c} {100 * v:.1f}%" for c, v in largest.items()),
        "bought": ", ".join(f"{k} {v / 1e3:.0f} bn" for k, v in margins["bought"].items()),
        "wholesale": f"{sum(margins['wholesale'].values()) / 1e3:.0f}",
        "freight": f"{sum(margins['transport'].values()) / 1e3:.0f}",
        "margin_rate": f"{100 * r['prior']['margin_rate']:.1f}%",
        "row_share": f"{100 * r['row_share']:.0f}%",
        "variables": f"{balance['variables']:,}",
        "constraints": str(balance["constraints"]),
        "iterations": str(balance["iterations"]),
        "ipopt_residual": "below 1e-12"
        if balance["ipopt_residual"] < 1e-12
        else f"{balance['ipopt_residual']:.0e}",
        "residual": "below 1e-12" if balance["residual"] < 1e-12 else f"{balance['residual']:.0e}",
        "polish": f"{balance['polish']:.0e}",
        "ras_sweeps": str(balance["ras_sweeps"]),
        "ras_correlation": f"{balance['ras_correlation']:.9f}",
        "ras_difference": f"{balance['ras_largest_relative_difference']:.0e}",
        "trade_sweeps": str(trade["ras_sweeps"]),
        "trade_correlation": f"{trade['ras_correlation']:.9f}",
        "trade_difference": f"{trade['ras_largest_relative_difference']:.0e}",
        "trade_variables": f"{trade['variables']:,}",
        "trade_constraints": f"{trade['constraints']:,}",
        "small": f"{balance['dropped']:.0f}",
        "gap_share": f"{-100 * total.balance / total.gdp:.1f}%",
        "close_imports": f"{close['imports']:.0e}",
        "close_margins": f"{close['margins']:.0e}",
        "close_va": f"{close['value_added']:.0e}",
        "residual_bn": f"{(total.published - total.balance) / 1e3:.0f}",
        "residual_share": f"{-100 * total.residual_share_of_gdp:.1f}%",
        "price_levels_lacking": ", ".join(f"{reg} {100 * v:.1f}%" for reg, v in lacking.items()),
        "schooling_return": f"{100 * skilldef.schooling_return(config.year):.1f}%",
        "checks_n": str(len(found)),
        "independent_wide": str(((found.ratio - 1).abs() > WIDE)[found.kind == "independent"].sum()),
        "wide": f"{100 * WIDE:.0f}%",
        **_counts(found),
        "moved_share": f"{100 * (cells.estimate - cells.prior).abs().sum() / cells.prior.sum():.1f}%",
    }


def _counts(found: pd.DataFrame) -> dict[str, str]:
    """Rows of the table of checks by kind, and of them the verdicts."""
    out = {}
    for kind in KINDS:
        verdict = found.ok[found.kind == kind].value_counts()
        out |= {f"{kind}_{v}": str(verdict.get(v, 0)) for v in ("yes", "no")}
        out[f"{kind}_n"] = str(verdict.sum())
    return out


def _check_table(rows: pd.DataFrame) -> str:
    rows = rows.copy()
    for column in ("benchmark", "published", "ratio"):
        rows[column] = [f"{v:,.4g}" if abs(v) < 1000 else f"{v:,.0f}" for v in rows[column]]
    rows = rows.replace({"nan": ""})
    return markdown(rows[["check", "region", "kind", "benchmark", "published", "ratio", "source", "ok"]])


def _tables(config: Config, result, found: pd.DataFrame, moved: pd.DataFrame, raw: Path) -> dict[str, str]:
    a, r, reg = result.bench.arrays, result.reports, config.reg
    gdp, wages = gdp_of(a), wage_bill(config, a)
    misses = found[found.ok == "no"].sort_values("kind", kind="stable")
    world = found[~found.region.isin(reg) & ~found.region.str.startswith("part ") & (found.ok != "no")]

    income = result.income
    exports = a["VFOB"].sum(("comm", "dst")).to_series() + a["VST"].sum("marg").to_series()
    imports = a["VCIF"].sum(("comm", "src")).to_series()
    private = (a["VDPP"] + a["VMPP"]).sum("comm").to_series()
    investment = (a["VDIP"] + a["VMIP"]).sum("comm").to_series()
    revenue = tax_revenue(a)
    goods_tax = revenue[["firms", "private", "government", "investment"]].sum(axis=1)
    tariff = a["VMSB"].sum(("comm", "src")).to_series() / imports - 1
    regions = pd.DataFrame(
        {
            "region": reg,
            "GDP": gdp[reg] / 1e3,
            "PWT": result.macro.regions.gdp[reg] / 1e3,
            "wage bill": wages[reg] / 1e3,
            "private %": 100 * private / gdp,
            "government %": 100 * income.government / gdp,
            "investment %": 100 * investment / gdp,
            "exports %": 100 * exports / gdp,
            "imports %": 100 * imports / gdp,
            "net saving % of income": 100 * income.save / income.income,
            "consumption tax %": 100 * goods_tax / gdp,
            "tariff %": 100 * tariff,
            "export tax %": 100 * _export_tax(config, a),
        },
        index=reg,
    )

    factors = a["EVFB"].sum("acts").to_pandas().T
    pay = r["migrant_accounts"]["W"].to_pandas().T * 1e3
    wage = pd.concat(
        [factors.div(factors.sum(axis=1), axis=0).mul(100).add_suffix(" %"), pay.add_prefix("wage ")], axis=1
    )
    wage.insert(0, "region", wage.index)

    taxes = revenue.div(gdp, axis=0).mul(100)
    taxes["total"] = taxes.sum(axis=1)
    taxes.insert(0, "region", taxes.index)

    own = np.eye(len(reg), dtype=bool)
    workers = a["LAB"].sum("skill").where(~own)
    people = pd.DataFrame(
        {
            "host": reg,
            "persons": a["MPOP"].sum("home").values / 1e3,
            "workers": workers.sum("home").values,
            "share of work force %": 100
            * workers.sum("home").values
            / a["LAB"].sum(("skill", "home")).values,
            "emigrant workers": workers.sum("host").values,
            "remittances sent": a["REMIT"].sum(("skill", "home")).values,
            "remittances received": a["REMIT"].sum(("skill", "host")).values,
        }
    )

    gaps = r["part_trade_gaps"].pivot(index="part", columns="flow", values=["published", "estimate"])
    external = r["external"].set_index("part")
    parts = pd.DataFrame(
        {
            "part": list(config.row_parts),
            **{
                f"{f} {w}": gaps[w][f].reindex(list(config.row_parts)).to_numpy()
                for f in ("exports", "imports")
                for w in ("published", "estimate")
            },
            "net exports %": 100
            * (external.balance / external.gdp).reindex(list(config.row_parts)).to_numpy(),
            "published %": 100
            * (external.published / external.gdp).reindex(list(config.row_parts)).to_numpy(),
        }
    )

    cells = moved[moved.kind == "cell"].head(12)[
        ["flow", "item", "agent", "reg", "before", "after", "change"]
    ]
    soft = r["soft"].pivot(index="reg", columns="use", values="ratio").loc[reg]
    soft.insert(0, "region", soft.index)
    shares = skilldef.skilled_shares(result.bench)
    return {
        "checks_table": _check_table(world),
        "misses_table": _check_table(misses),
        "customs_table": markdown(_customs_table(config, result), 2),
        "weighted_table": markdown(_weighted_table(config, r["tariffs"]["weighted"]), 2),
        **_scaled(config, a, found),
        "region_table": markdown(regions),
        "wage_table": markdown(wage, 0),
        "tax_table": markdown(taxes, 1),
        "export_table": markdown(_export_table(config, a, r["export_taxes"]), 2),
        "people_table": markdown(people),
        "parts_table": markdown(parts),
        "cells_table": markdown(cells, 0),
        "soft_table": markdown(soft, 3),
        "structure_table": markdown(r["part_structure"].drop(columns="at_bound"), 3),
        "skill_table": markdown(shares),
        "skill_assumptions": markdown(skilldef.assumptions_by_region(r["skill_definitions"], config.reg)),
        **skilldef.words(result.bench, r["skill_definitions"], shares),
        **_corridor_tables(config, result, raw),
    }


def _corridor_tables(config: Config, result, raw: Path) -> dict[str, str]:
    """Largest corridors and coverage, for base years between two matrices of the World Bank."""
    if config.migrants["stocks"] != "interpolate":
        return {}
    a, r = result.bench.arrays, result.reports
    tables = largest(config, a, raw)
    covered = coverage(config, a, r, raw)
    receivers = r["migration"]["remittances_by_receiver"]
    lost, hosts = r["export_margins"], r["migration"]["host_countries"]
    sold = r["final_use"]["negative_investment"]
    return {
        "migrant_corridors": markdown(tables["migrants"], 2),
        "remittance_corridors": markdown(tables["remittances"], 2),
        "migrants_covered": f"{100 * covered.share['migrants']:.1f}%",
        "remittances_covered": f"{100 * covered.share['remittances']:.1f}%",
        "remittances_world": f"{covered.world['remittances'] / 1e3:.1f}",
        "remittances_moved": f"{receivers.moved.sum() / 1e3:.1f}",
        "remittances_unplaced": f"{receivers.unplaced.sum() / 1e3:.1f}",
        "corridors_capped": str(len(r["migration"]["remittances_capped"])),
        "migrants_unnamed": f"{r['migration']['migrants_cells']['unnamed'] / 1e6:.1f}",
        "statistical": f"{r['migration']['migrants_total']['statistical people, between regions']:.1f}",
        "statistical_in": f"{r['migration']['migrants_total']['statistical people, folded in']:.1f}",
        "negative_investment": ", ".join(f"{c} {-v / 1e3:.1f}" for c, v in sold.items()),
        "wholesale_paid": f"{float(r['wholesale_paid'].sel(dst=list(lost['markup'])).sum()) / 1e3:.0f}",
        "freight_row": f"{r['freight'].sum() / 1e3:.0f}",
        "gulf_kept": ", ".join(f"{c} {v.kept:.2f}" for c, v in hosts.iterrows() if v.kept < 1),
    }


def _customs_table(config: Config, result) -> pd.DataFrame:
    """Tariff revenue of the benchmark and customs collected, percent of GDP, largest excess first."""
    got = 100 * revenue_shares(config, result.bench.arrays, result.macro.regions.gdp)
    published = tax_shares(config, result.macro.countries.gdp)
    table = pd.DataFrame(
        {
            "region": config.reg,
            "tariffs": got.customs,
            "of which farm layer": got.farm,
            "customs collected": 100 * published.customs,
            "excess": got.customs - 100 * published.customs,
            "share of GDP covered": published.customs_covered,
        }
    )
    return table.dropna().sort_values("excess", ascending=False, kind="stable")


def _weighted_table(config: Config, table: pd.DataFrame) -> pd.DataFrame:
    """Mean tariffs in percent of the importers of the tariff file: of the file, published, used; no farm layer."""
    table = table[table.in_file.astype(bool)]
    names = [config.union["name"] if config.region_of(c) in config.union["regions"] else c for c in table.index]
    columns = {"importer": names, "region": [config.region_of(c) for c in table.index]}
    columns |= {"file": 100 * table.before, "published": 100 * table.published, "used": 100 * table.after}
    return pd.DataFrame(columns)


def _scaled(config: Config, a: dict, found: pd.DataFrame) -> dict[str, str]:
    """By region, in words: tariff revenue over customs, mean tariffs on goods, and who sends least of what he sent."""
    rows = found[(found.check == "tariffs over GDP") & found.published.notna()].set_index("region").ratio
    cif = a["VCIF"].sel(comm=list(config.goods))
    duty = a["VMSB"].sel(comm=list(config.goods)) - cif - a["TMSFARM"].sel(comm=list(config.goods)) * cif
    mean = 100 * (duty.sum(("comm", "src")) / cif.sum(("comm", "src"))).to_series()
    sent = found[found.check.str.startswith("remittances sent")].set_index("region").ratio
    return {
        "customs_ratios": ", ".join(f"{r} {v:.2f}" for r, v in rows.items()),
        "mean_tariffs": ", ".join(f"{r} {mean[r]:.2f}" for r in config.reg),
        "sent_least": ", ".join(f"{r} {v:.2f}" for r, v in sent.sort_values().items() if v < 1 - WIDE),
    }


def _export_tax(config: Config, a: dict) -> pd.Series:
    """Average export tax on goods by exporter, of the basic price, weighted with trade."""
    fob, basic = (
        a[n].sel(comm=list(config.goods)).sum(("comm", "dst")).to_series() for n in ("VFOB", "VXSB")
    )
    return fob / basic - 1


def _export_table(config: Config, a: dict, report: dict) -> pd.DataFrame:
    """Exporters with export taxes: quota rates by importer, rents and taxes (million US$), average rate."""
    rates = 100 * report["quota"].pivot(index="reg", columns="importer", values="rate")
    plain = report["ordinary"]
    tax = plain.groupby("reg").revenue.sum()
    names = plain.groupby("reg").comm.agg(", ".join)
    revenue = (a["VFOB"] - a["VXSB"]).sum(("comm", "dst")).to_series()
    known = [r for r in config.reg if r in rates.index or r in tax.index]
    tax = tax.reindex(known).fillna(0.0)
    table = rates.reindex(known).add_prefix("quota, into ").add_suffix(" %")
    table["rents"] = (revenue[known] - tax).where([r in rates.index for r in known], 0.0)
    table["ordinary taxes"] = tax
    table["on"] = names.reindex(known).fillna("")
    table["average %"] = 100 * _export_tax(config, a)[known]
    table.insert(0, "exporter", known)
    return table
