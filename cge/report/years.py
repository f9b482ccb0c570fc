"""The page docs/comparison_1997_2014.md: what changed between the two base years and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd

from cge._paths import shipped
from cge.benchmark import Benchmark
from cge.welfare.years import (
    BENCHMARKS,
    Steps,
    Years,
    mean_tariffs,
    rule_of_t,
    trade_factors,
    workers_and_pay,
    world_gdp,
)
from cge.welfare.years_solved import FROM_OTHER, OTHER_HOMES, Solved

COMMAND = "cge reproduce years --docs docs/comparison_1997_2014.md"
_PAIRS = {"world": "all", "rich from rich": "importers of labour, from each other",
          "rich from poor": "importers of labour, from the others", "poor from rich": "the others, from them",
          "poor from poor": "the others, from each other"}
_GOODS = {"all": "goods", "farm": "farm goods", "other": "other goods"}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table in Markdown."""
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|",
            *("| " + " | ".join(map(str, row)) + " |" for row in rows)]


def labour_rows(years: Years) -> list[Sequence[object]]:
    """Work forces, pay, movers, migrants and remittances of both years."""
    (a, old), (b, new) = sorted(years.bench.items())
    of = [years.labour[k] for k in (str(a), f"{a} narrow", str(b))]
    rows: list[Sequence[object]] = [
        ("world GDP, bn US$", *(f"{x.gdp / 1e3:,.0f}" for x in of)),
        ("workers of the world, million", *(f"{x.world / 1e3:,.0f}" for x in of)),
        ("importers' workers, million (% of the world's)",
         *(f"{x.hosts / 1e3:.0f} ({100 * x.hosts / x.world:.1f})" for x in of)),
        ("movers at 3%, million", *(f"{0.03 * x.hosts / 1e3:.1f}" for x in of)),
        ("of them skilled, %", *(f"{100 * x.skills[1]:.1f}" for x in of))]
    for k, skill in enumerate(("unskilled", "skilled")):
        rows += [(f"importers' pay, {skill}, US$", *(f"{x.host_pay[k]:,.0f}" for x in of)),
                 (f"exporters' pay, {skill}, US$", *(f"{x.home_pay[k]:,.0f}" for x in of)),
                 (f"gap over importers' pay, {skill}, %", *(f"{100 * x.factors['gap'][k]:.1f}" for x in of)),
                 (f"importers' pay over world GDP per worker, {skill}", *(f"{x.factors['pay'][k]:.2f}" for x in of))]
    stocks = [_migrants(x) for x in (old, old, new)]
    rows += [("migrants among importers' workers, million (%)", *(f"{s[0] / 1e3:.1f} ({s[1]:.1f})" for s in stocks)),
             ("remittances between regions, bn US$ (% of world GDP)", *(f"{s[2] / 1e3:.0f} ({s[3]:.2f})"
                                                                         for s in stocks))]
    return rows


def _migrants(bench: Benchmark) -> tuple[float, float, float, float]:
    hosts = bench.meta["groups"]["importers"]
    at = bench["LAB"].sel(host=hosts).sum("skill")
    own = float(sum(at.sel(home=h, host=h) for h in hosts))
    sent = float(bench["REMIT"].sum())
    return float(at.sum()) - own, 100 * (1 - own / float(at.sum())), sent, 100 * sent / world_gdp(bench)


def tariff_rows(years: Years) -> list[Sequence[object]]:
    """Trade-weighted tariffs of both years: applied, farm layer on top; and imports over world GDP."""
    a, b = (mean_tariffs(bench) for _, bench in sorted(years.bench.items()))
    return [(words, _GOODS[kind], *(f"{x[pair, kind][0]:.1f} + {x[pair, kind][1]:.1f}" for x in (a, b)),
             *(f"{x[pair, kind][2]:.1f}" for x in (a, b)))
            for pair, words in _PAIRS.items() for kind in (_GOODS if pair != "rich from rich" else ("all",))]


def region_rows(years: Years) -> list[Sequence[object]]:
    """Pay of a worker by region, US$ a year, both years."""
    pay: dict[int, pd.Series] = {}
    group: dict[int, dict[str, str]] = {}
    for year, bench in years.bench.items():
        force, wage = workers_and_pay(bench)
        pay[year] = (1e3 * (force * wage).sum("skill") / force.sum("skill")).to_series()
        group[year] = {r: name for name, regs in bench.meta["groups"].items() for r in regs}
    order = sorted({r for y in years.bench for r in pay[y].index},
                   key=lambda r: -pay[max(years.bench)].get(r, pay[min(years.bench)].get(r, 0.0)))
    return [(r, *(x for y in sorted(years.bench) for x in
                  ((f"{pay[y][r]:,.0f}", group[y].get(r, "")) if r in pay[y] else ("", ""))))
            for r in order]


def steps_rows(steps: Steps) -> list[Sequence[object]]:
    """A rule from year to year: the first, the parts, the second; bn US$ and % of world GDP."""
    first, second = sorted(BENCHMARKS)
    return [(str(first), f"{steps.first / 1e3:.1f}", f"{steps.share[0]:.3f}"),
            *((label, f"{usd / 1e3:+.1f}", f"{share:+.3f}" if share else "")
              for label, (usd, share) in steps.parts.items()),
            (str(second), f"{steps.second / 1e3:.1f}", f"{steps.share[1]:.3f}")]


def customs_ratio(name: str) -> float:
    """Tariff revenue of a benchmark over customs published, where both are known (the European Union not counted)."""
    checks = pd.read_csv(shipped("sam_data", name) / "checks.csv")
    gdp = checks[checks["check"] == "GDP at market prices"].set_index("region")["benchmark"]
    rows = checks[(checks["check"] == "tariffs over GDP") & checks["published"].notna()].set_index("region")
    rows = rows[rows.index.isin(gdp.index)]
    weight = gdp[rows.index]
    return float((rows["benchmark"] * weight).sum() / (rows["published"] * weight).sum())


def facts(years: Years) -> list[str]:
    """The sections of the page that need no solve: the rules, their parts, and the data behind them."""
    first, second = sorted(years.bench)
    m, t = years.migration, years.trade
    largest = min(m.parts, key=lambda k: m.parts[k][1])
    was, now = years.labour[f"{first} narrow"], years.labour[str(second)]
    grew = now.home_pay[0] / was.home_pay[0], now.host_pay[0] / was.host_pay[0]
    cut = t.parts["applied tariffs"][1] + t.parts["farm layer"][1]
    return [
        "## Why M fell as a share of world GDP", "",
        *_text("The first-order rule is half of the gap of pay times the movers. In US$ it rose from "
               f"{m.first / 1e3:.0f} to {m.second / 1e3:.0f} bn, because world GDP did; over GDP it fell from "
               f"{m.share[0]:.2f} to {m.share[1]:.2f}%. Its factors are taken from one year or the other; a part is "
               "the contribution of a factor averaged over all orders in which factors can change (Shapley), so that "
               "the parts add up. "
               f"The largest fall is that of {largest}: {m.parts[largest][1]:+.3f} points. "
               f"Exporters' pay of the unskilled rose {grew[0]:.1f} times, importers' {grew[1]:.1f} times, and yet the "
               f"gap is still {100 * now.factors['gap'][0]:.0f}% of importers' pay ({100 * was.factors['gap'][0]:.0f}% "
               f"in {first}), for exporters came from so low. So it is less the gap that shrank than the weight of "
               f"the importers: they have {100 * now.hosts / now.world:.1f}% of the world's workers "
               f"({100 * was.hosts / was.world:.1f}% in {first}), whose pay is a smaller multiple of the world's "
               "product per worker."), "",
        *table(["M, first-order rule", "bn US$", "% of world GDP"], steps_rows(m)), "",
        *table(["labour", str(first), f"{first}, exporters as in {second}", str(second)], labour_rows(years)), "",
        *_text("Pay is gross of labour tax, per efficiency unit of a host's worker, a mean over workers. Exporters of "
               f"{first} that stand aside in {second}: Eastern Europe, and Korea, Taiwan, Hong Kong; of the Middle "
               "East of 1997 the Gulf stands aside as well. Remittances of 1997 are published receipts, those of "
               "2014 the World Bank's matrices."), "",
        "## Why T fell as a share of world GDP", "",
        *_text("The rule of T is Harberger's triangles: half of the tariff times what the import grows by, with the "
               "Armington elasticities of the benchmarks (the same in both years) and other prices given, on the "
               f"regions of {first}. Cuts of tariffs, farm layer included, took {cut:+.3f} points of GDP; more trade "
               f"over GDP gave back {t.parts['imports over world GDP'][1]:+.3f}, for a tariff on more trade costs "
               "more."), "",
        *table(["T, first-order rule", "bn US$", "% of world GDP"], steps_rows(t)), "",
        *table(["imports of", "", f"tariff {first}, % (applied + farm layer)", f"tariff {second}, %",
                f"cif imports {first}, % of world GDP", str(second)], tariff_rows(years)), "",
        *_text(f"Trade-weighted. Tariff revenue is {customs_ratio(BENCHMARKS[first]):.1f} times the customs published "
               f"in {first} and {customs_ratio(BENCHMARKS[second]):.1f} times in {second} (regions with both; not the "
               "European Union), so that T is overstated in both years, more in the first: its importers outside the "
               "tariff files have simple means over tariff lines, while those of 2014, in the file or not, are scaled "
               "down to trade-weighted means. A part of the fall of tariffs is therefore one of measurement."), "",
    ]


def years_page(years: Years, solved: Solved, figure: str = "") -> str:
    """The whole page; ``figure`` is a file beside it."""
    first, second = sorted(years.bench)
    gain, gdp = solved.gain, {y: world_gdp(b) for y, b in years.bench.items()}
    share = {y: {n: 100 * v / gdp[y] for n, v in g.items()} for y, g in gain.items()}
    names = {"T": "T, all tariffs on goods removed", "T-": "T-, farm layer kept", "M": "M, quota of 3%, both skills",
             "MU": "MU, unskilled only", "MS": "MS, skilled only"}
    a, b = share[first], share[second]
    ratio = {y: g["M"] / g["T"] for y, g in gain.items()}
    out = ["# Trade and migration, 1997 and 2014", "",
           f"Made by `{COMMAND}`; edit `cge/report/years.py` or `cge/welfare/years.py` instead.", "",
           *_text(f"A quota of 3% of the work force of the importing regions was worth {a['M']:.2f}% of world GDP in "
                  f"{first} and {b['M']:.2f}% in {second}; the removal of all tariffs on goods {a['T']:.2f}% and "
                  f"{b['T']:.2f}%. Migration is worth {ratio[first]:.1f} and {ratio[second]:.1f} times as much as "
                  "freer trade."), "",
           *table(["world gain", f"{first}, bn US$", "% of world GDP", f"{second}, bn US$", "% of world GDP"],
                  [(words, *(x for y in (first, second) for x in (f"{gain[y][n] / 1e3:.1f}", f"{share[y][n]:.3f}")))
                   for n, words in names.items()]),
           f"| M over T | {ratio[first]:.1f} | | {ratio[second]:.1f} | |",
           "", *_text("Benchmarks ww1997 and world2014, scenario files `runs/walmsley_winters.toml` and "
                      "`runs/walmsley_winters_2014.toml`; all gates of the published comparison on each: "
                      "[1997](reproduction.md), [2014](reproduction_2014.md). Dollars are those of the year."), ""]
    if figure:
        out += [f"![Both rules from {first} to {second}, part by part]({figure})", ""]
    return "\n".join([*out, *facts(years), *_checks(years, solved, share), *_regions(years), *_limits(),
                      "## Make this page again", "", f"    {COMMAND}", ""])


def _checks(years: Years, solved: Solved, share: dict[int, dict[str, float]]) -> list[str]:
    first, second = sorted(years.bench)
    rows = []
    for y in (first, second):
        rules = {"M": solved.rule[y]["M"], OTHER_HOMES: solved.rule[y][OTHER_HOMES],
                 "T": rule_of_t(trade_factors(years.bench[y]))}
        words = {"M": "M", OTHER_HOMES: "M, exporters as in the other year", "T": "T"}
        rows += [(str(y), words[n], f"{v / 1e3:.1f}", f"{solved.gain[y][n] / 1e3:.1f}", f"{solved.gain[y][n] / v:.2f}")
                 for n, v in rules.items()]
    # Share of GDP by world and by year of the tariffs.
    g = {(first, first): share[first]["T"], (first, second): share[first][FROM_OTHER],
         (second, second): share[second]["T"], (second, first): share[second][FROM_OTHER]}
    tariffs = 0.5 * (g[first, second] - g[first, first] + g[second, second] - g[second, first])
    world = 0.5 * (g[second, first] - g[first, first] + g[second, second] - g[first, second])
    parts = {k: v[1] for k, v in years.trade.parts.items()}
    cut = parts["applied tariffs"] + parts["farm layer"]
    return [
        "## The rules against the model", "",
        *table(["year", "", "rule, bn US$", "model, bn US$", "model over rule"], rows), "",
        *_text("The rule of M counts at factor cost, the model at market prices. The rule of T leaves out other taxes, "
               "terms of trade between regions and the chain of inputs, so that the model gains more; here each year "
               "on its own regions. Tariffs of one year put into the world of the other, and removed there, % of "
               "world GDP in the model:"), "",
        *table(["T in % of world GDP", f"tariffs of {first}", f"tariffs of {second}"],
               [(f"world of {w}", *(f"{g[w, t]:.3f}" for t in (first, second))) for w in (first, second)]), "",
        *_text(f"Averaged over both orders, tariffs changed T by {tariffs:+.3f} points of world GDP (the rule says "
               f"{cut:+.3f}) and the world's trade by {world:+.3f} (the rule says "
               f"{sum(parts.values()) - cut:+.3f})."), ""]


def _regions(years: Years) -> list[str]:
    first, second = sorted(years.bench)
    return ["## Who imports and who exports labour", "",
            *_text("Pay of a worker, mean of the skills, US$ a year gross of labour tax. Importers are the developed "
                   "regions of Walmsley and Winters (2005) in both years. Of their exporters some stand aside in "
                   f"{second}: members of the European Union, whose people move freely inside it; Korea, Taiwan and "
                   "Hong Kong, and the Gulf, which are paid more than any exporter; nine tenths of the Gulf's "
                   "workers are foreigners. Scenario MN of the file of 2014 lets them take part."), "",
            *table(["region", str(first), "", str(second), ""], region_rows(years)), ""]


def _limits() -> list[str]:
    return ["## What in the data limits this", "",
            "- Pay of the exporters: labour shares are imputed for most workers of South Asia, sub-Saharan Africa and",
            "  South-East Asia, and ratios of pay by skill are of 2010. The gap is so wide that the rule of M hardly",
            "  minds; who gains at home does.",
            "- Ratios of pay by skill of 2010 stand where no verified number was at hand: South Africa 4.8, Mexico",
            "  4.6, Turkey 3.4. Brazil's, 5.97, gave way to the published 3.72. Where a ratio is too high, skilled",
            "  workers are paid so much at home that movers lose by moving.",
            "- Nearly all facts of 2014 outside the raw files are recalled, not read again (README of the benchmark).",
            "- What the parts of the rest of the world buy more than they sell exceeds the Penn World Table's by 715",
            "  bn in 2014, 6.2% of their GDP.",
            "- Tariffs: see the customs above. The farm layer is an assumption on published producer support, with",
            "  other sources in the two years.",
            "- Regions are not the same in the two years: the Balkans are with Eastern Europe in 1997 and with the",
            "  successor states in 2014, the Gulf and Turkey with the Middle East in 1997.",
            "- The input-output tables are of two releases (2013 and 2016), with 35 and 56 industries; their rest of",
            "  the world is split by assumption in both.", ""]


def _text(words: str) -> list[str]:
    return textwrap.wrap(words, 120, break_on_hyphens=False, break_long_words=False)
