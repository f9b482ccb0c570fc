"""All steps from raw tables to a benchmark, in order; every step's report is kept."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import xarray as xr

from calibration.assemble import flow_arrays, saving
from calibration.balance.closure import close
from calibration.balance.factors import factor_payments, labour_payments
from calibration.balance.national import balance
from calibration.config import Config, ConfigError
from calibration.digits import FINE, rounded
from calibration.elasticities import parameters
from calibration.mrio.clean import export_margins, fold_final_use
from calibration.mrio.parts import part_tables
from calibration.mrio.prior import build_prior, margin_flows
from calibration.mrio.table import Economies
from calibration.mrio.trade import split_trade
from calibration.protection.exports import export_tax_layers
from calibration.protection.tariffs import tariff_layers
from calibration.protection.taxes import consumption_taxes, scale_to_revenue
from calibration.satellites.labour import labour_tax_rates, skill_splits
from calibration.satellites.macro import macro_targets, price_levels
from calibration.satellites.migrants import migration_accounts
from calibration.satellites.skill_definitions import definitions_of_skill
from cge.benchmark import Benchmark, migrant_accounts
from cge.benchmark.skill_definitions import SKILLDEF

FACTS = Path(__file__).resolve().parent / "mrio" / "facts"
USES = ("household", "government", "investment")


@dataclass
class Result:
    """A benchmark and what happened on the way.

    Attributes
    ----------
    bench : Benchmark
    income : DataFrame
        Permanent residents' income account by region.
    macro : object
        Macro targets (``regions``, ``parts``, ``countries``).
    reports : dict
        By step.
    """

    bench: Benchmark
    income: pd.DataFrame
    macro: object
    reports: dict = field(default_factory=dict)


def part_facts(config: Config) -> dict:
    """Facts about the parts of the rest of the world in the configuration's year.

    Raises
    ------
    ConfigError
        If there is no file for the year, or a part is not in it.
    """
    path = FACTS / f"parts_{config.year}.toml"
    if not path.is_file():
        raise ConfigError(f"no {path.name} in {FACTS}; write the facts of the parts for {config.year}")
    facts = tomllib.loads(path.read_text())
    missing = [p for p in config.row_parts if p not in facts["part"]]
    if missing:
        raise ConfigError(f"{path.name} has no [part.{missing[0]}]; add technology, value_added, exports")
    facts["single"] = [p for p, part in config.row_parts.items() if len(part.countries) == 1]
    share = facts["margin"]["freight_factor_published"]
    facts["margin"]["cif_over_fob"] = share / (1 - share)
    return facts


def economies(config: Config, raw: Path, macro, facts: dict, reports: dict) -> Economies:
    """Explicit countries and parts of the rest of the world, with all trade between them."""
    reader = importlib.import_module(f"calibration.mrio.{config.mrio['reader']}")
    read = reader.read(config, raw)
    reports["product_tax"], reports["freight"] = read.product_tax, read.freight
    table, reports["final_use"] = fold_final_use(read)
    (transport,) = config.margins
    explicit, reports["export_margins"] = export_margins(table, config.goods, config.wholesale, transport)
    # Exporters' wholesale margins in what each country pays for its imports.
    markup = xr.DataArray(pd.Series(reports["export_margins"]["markup"]).rename_axis("src"))
    part = explicit.trade.sel(comm=list(config.goods), src=markup.src) * markup / (1 + markup)
    reports["wholesale_paid"] = part.sum(("comm", "src"))
    trade = split_trade(explicit.trade, table.rest, macro.parts, facts, config.goods)
    reports["part_trade"], reports["part_trade_gaps"] = trade.report, trade.gaps

    weight = pd.Series(facts["services"]["exports"]).reindex(list(config.row_parts))
    share = reports["row_share"] = facts["margin"]["row_share"]
    supply = float(explicit.margin.sum()) * share / (1 - share) * weight / weight.sum()
    groups = {"agriculture": config.agriculture, "services": config.services, "transport": [transport]}
    groups["industry"] = [c for c in config.comm if c not in (*config.agriculture, *config.services)]
    built = part_tables(explicit, trade.trade, macro.parts, facts, groups, supply)
    reports["part_structure"] = built.report

    def both(name: str) -> xr.DataArray:
        return xr.concat([getattr(explicit, name), getattr(built.tables, name)], dim="eco")

    return Economies(
        *(both(n).transpose(*getattr(explicit, n).dims) for n in ("zd", "zm", "fd", "fm")),
        trade.trade,
        both("margin"),
    )


def run(config: Config, raw: Path) -> Result:
    """Make a benchmark.

    Parameters
    ----------
    config : Config
    raw : Path
        Folder of raw data.

    Returns
    -------
    Result
    """
    raw, reports = Path(raw), {}
    facts = part_facts(config)
    macro, reports["macro"] = macro_targets(config, raw)
    eco = economies(config, raw, macro, facts, reports)
    (transport,) = config.margins
    order = config.reg
    groups = {e: config.region_of(e) or config.row_parts[e].region for e in eco.zd.eco.values.tolist()}
    groups |= {p: part.region for p, part in config.row_parts.items()}
    gdp = pd.concat(
        [macro.countries.gdp.reindex([e for e in groups if e not in config.row_parts]), macro.parts.gdp]
    )
    reports["external"] = external_balance(eco, macro, config, facts)

    provisional = consumption_taxes(config, raw, reports["product_tax"])
    layers: dict = {}

    def tariff_of(trade: xr.DataArray) -> xr.DataArray:
        layers.update(tariff_layers(config, raw, trade))
        # The farm layer is rounded before it is added, so that it stays a part of the tariff to the last
        # digit.
        layers["applied"], layers["farm"] = rounded(layers["applied"]), rounded(layers["farm"])
        return layers["applied"] + layers["farm"]

    def export_of(trade: xr.DataArray) -> xr.DataArray:
        found = export_tax_layers(config, raw, trade)
        reports["export_taxes"] = found["report"]
        return found["rate"]

    prior, rates, scale, reports["prior"] = build_prior(
        eco,
        gdp,
        groups,
        order,
        list(config.goods),
        transport,
        facts,
        tariff_of,
        export_of,
        lambda bases, size: scale_to_revenue(provisional, bases, size),
    )
    reports["scale"], reports["tariffs"] = scale, layers["report"]
    targets = macro.regions
    spending = pd.DataFrame(
        {u: targets[f"{k}_share"] * targets.gdp for u, k in zip(USES, ("cons", "gov", "inv"), strict=True)}
    )
    balanced = balance(prior, rates, targets.gdp, spending, transport)
    reports["balance"], reports["cells"], reports["soft"] = balanced.report, balanced.cells, balanced.soft
    flows, rates, reports["closure"] = close(balanced.flows, rates, transport)

    wages = targets.gdp * targets.labour_share
    labour, reports["labour_shift"] = labour_payments(flows.va, wages)
    skills = skill_splits(config, raw, labour)
    evfb = factor_payments(flows.va, labour, skills, list(config.endowments))
    arrays = flow_arrays(config, flows, rates, evfb, labour_tax_rates(config, raw))
    people = migration_accounts(config, raw, arrays["EVFB"], arrays["EVOS"])
    reports["migration"] = people["report"]
    arrays |= {n: people[n] for n in ("LAB", "MPOP", "LABSTAT")}
    arrays["REMIT"] = rounded(people["REMIT"], FINE)
    arrays |= {
        n: rounded(xr.DataArray(targets[c].to_numpy(float), dims="reg", coords={"reg": order}))
        for n, c in (("VDEP", "dep"), ("VKB", "vkb"), ("POP", "pop"))
    }
    level, reports["price_levels"] = price_levels(config, raw)
    arrays["PRICELEVEL"] = rounded(xr.DataArray(level))
    arrays["TMSFARM"] = layers["farm"].where(arrays["VCIF"] > 0, 0.0).transpose("comm", "src", "dst")
    for year in config.tariffs.get("earlier", []):
        arrays[f"TMS{year}"] = rounded(layers[f"tms{year}"]).transpose("comm", "src", "dst")
    found = parameters(config, arrays)
    arrays |= found | {n: rounded(found[n]) for n in ("SUBPAR", "INCPAR")}  # from a least-squares fit
    arrays["SAVE"] = xr.zeros_like(arrays["VDEP"])
    meta = metadata(config, people["beta_earlier"])
    sets = {
        "reg": tuple(order),
        "comm": tuple(config.comm),
        "acts": tuple(config.comm),
        "marg": config.margins,
        "endw": config.endowments,
        "skill": config.skills,
    }
    draft = Benchmark(config.name, sets, arrays, meta)
    accounts = migrant_accounts(draft)
    save, income = saving(arrays, arrays["VDEP"], accounts["income"].sum("skill"), arrays["REMIT"])
    table, reports["skill_definitions"] = definitions_of_skill(config, raw)
    meta = meta | {SKILLDEF: table.to_dict("records")}
    bench = Benchmark(config.name, sets, arrays | {"SAVE": rounded(save, FINE)}, meta)
    reports["migrant_accounts"] = accounts
    return Result(bench, income, macro, reports)


def external_balance(eco: Economies, macro, config: Config, facts: dict) -> pd.DataFrame:
    """Balance of goods and services of each part: estimate and Penn World Table (million US$).

    What is left between the two is the part of WIOD's external gap of the rest of the world that hard country
    rows do not allow to close.
    """
    vtwr, _ = margin_flows(eco.trade, float(eco.margin.sum()), facts, list(config.goods))
    rows = []
    for p in config.row_parts:
        exports = float(eco.trade.sel(src=p).sum() + eco.margin.sel(eco=p))
        imports = float((eco.trade + vtwr).sel(dst=p).sum())
        rows.append(
            (p, exports, imports, exports - imports, macro.parts.at[p, "balance"], macro.parts.at[p, "gdp"])
        )
    table = pd.DataFrame(rows, columns=["part", "exports", "imports", "balance", "published", "gdp"])
    total = table.drop(columns="part").sum()
    table.loc[len(table)] = ["all parts", *total]
    table["residual_share_of_gdp"] = (table.balance - table.published) / table.gdp
    return table


def _migrant_years(config: Config) -> str:
    years = list(config.migrants.get("stock_files", []))
    if years:
        return f"stocks of {' and '.join(years)}, interpolated to {config.year}"
    return f"stocks of {config.migrant_stock_year}, brought to {config.year}"


def metadata(config: Config, beta: float) -> dict:
    """Head of the benchmark file."""
    names = dict(config.long_names)
    names["acts"], names["marg"] = names["comm"], {m: names["comm"][m] for m in config.margins}
    names["skill"] = {s: names["endw"][s] for s in config.skills}
    return {
        "title": config.title,
        "year": config.year,
        "unit": config.unit,
        "base_year": {
            "flows": f"all values, workers, wages and tariffs are of {config.year}",
            "migrants": _migrant_years(config),
        },
        "long_names": names,
        "groups": {"importers": list(config.importers), "exporters": list(config.exporters)}
        | ({"neutral": list(config.neutral)} if config.neutral else {}),
        "mobility": dict(config.mobility),
        "beta_earlier": {
            "value": beta,
            "source": "facts/migrant_parameters.csv of calibration/satellites; see README.md",
        },
        "sources": dict(config.sources),
    }
