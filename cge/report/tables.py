"""Tables of a comparison for the terminal, at most 118 columns wide."""

from __future__ import annotations

import json
import textwrap

import pandas as pd
import xarray as xr

from cge.errors import CGEError
from cge.solve.subtotals import Subtotals
from cge.welfare import CONTRIBUTIONS, GROUPS, decomposition_table, people_table, region_table
from cge.welfare.target_reader import skill_of
from cge.welfare.targets import NOT_YET, target_table

#: Columns that tables of the terminal may take.
WIDTH = 118


def print_results(ds: xr.Dataset) -> None:
    """Print the gains of all scenarios, the gains by region of the headline ones, and the published targets."""
    print_skill(ds)
    print("\nGains by group, billion US$ (equivalent variation): permanent residents, earlier migrants, new movers;\n"
          "indep.: change of consumption, government and saving; moved, million; remittances; tariff revenue\n")
    print(_scenario_table(ds).to_string())
    apart = abs(ds["gain_independent"] / ds["gain_world"].where(ds["gain_world"] != 0) - 1)
    wide = [str(s) for s in ds["scenario"].values[(apart > 0.01).values & (abs(ds["gain_world"]) > 1e3).values]]
    if wide:
        print("\n" + textwrap.fill(
            f"world and independent total differ by more than 1% in {', '.join(wide)}: they agree to second order in "
            "the change of prices, which is large where tariffs go", WIDTH))
    headline = json.loads(ds.attrs["headline"])
    for role in ("trade", "migration"):
        if headline.get(role) in ds["scenario"].values:
            print_region_table(ds, headline[role])
    if "breakeven_quota" in ds:
        found = zip(ds["breakeven_quota"].values, ds["breakeven_migration"].values, ds["breakeven_trade"].values,
                    strict=True)
        print("\n" + textwrap.fill("Break-even quota: " + "; ".join(
            f"{m} gives the world what {t} does at {float(q):.2f}% of the work force" for q, m, t in found), WIDTH))
    if headline:
        print_targets(ds)


def print_skill(ds: xr.Dataset) -> None:
    """Say which definition of skill a result is under, where it is not the benchmark's own."""
    if skill_of(ds):
        print(f"\nskill by the definition '{skill_of(ds)}' (skill_definition), not the benchmark's own")


def _scenario_table(ds: xr.Dataset) -> pd.DataFrame:
    gain = ds["gain_by_host"].sum("reg") / 1e3
    short = dict(zip(GROUPS, ("residents", "earlier", "movers"), strict=True))
    frame = pd.DataFrame({short[str(g)]: gain.sel(group=g).values.round(1) for g in gain["group"].values},
                         index=list(ds["scenario"].values))
    frame["world"] = (ds["gain_world"].values / 1e3).round(1)
    frame["indep."] = (ds["gain_independent"].values / 1e3).round(1)
    frame["moved (m)"] = (ds["movers"].sum(("skill", "reg")).values / 1e3).round(2)
    frame["remit."] = (ds["remin"].sum("reg").values / 1e3).round(1)
    frame["tariffs"] = (ds["taxrimp"].sum("reg").values / 1e3).round(1)
    frame["certif."] = [f"{c:.0e}" for c in ds["certificate_residual"].values]
    return frame


def print_region_table(ds: xr.Dataset, scenario: str) -> None:
    """Print the gains by region of one scenario.

    Raises
    ------
    CGEError
        The Dataset has no such scenario.
    """
    if scenario not in ds["scenario"].values:
        raise CGEError(f"the results have no scenario '{scenario}'; they have {', '.join(ds['scenario'].values)}")
    title = str(ds["scenario_title"].sel(scenario=scenario).values)
    reference = str(ds["reference"].sel(scenario=scenario).values)
    print(f"\n{scenario}: {title}\nall columns are changes from {_base(reference)}; billion US$ (host, home: all "
          "groups); % of the income and US$ per head\nof residents who stay (home: people of the region); real wages "
          "and capital return, %; remittances received"
          + (",\nnet capital income from abroad (d cap.)\n" if "CAPNET0" in ds else "\n"))
    frame = region_table(ds, scenario)
    print(frame.to_string(float_format=lambda x: f"{x:.2f}", na_rep=""))
    _print_movers(ds, scenario)


def print_people_table(ds: xr.Dataset, scenario: str) -> None:
    """Print gains per head and in percent by region and way of counting, trade and tariff revenue of one scenario.

    Raises
    ------
    CGEError
        The Dataset has no such scenario.
    """
    if scenario not in ds["scenario"].values:
        raise CGEError(f"the results have no scenario '{scenario}'; they have {', '.join(ds['scenario'].values)}")
    print("\nearlier migrants (where they live), people of the region (home), people in it (host): % of benchmark "
          "income,\nUS$ per head; volumes of trade, %; tariff revenue, its level and change, billion US$\n")
    print(people_table(ds, scenario).to_string(float_format=lambda x: f"{x:.2f}", na_rep=""))


def _base(reference: str) -> str:
    return "the benchmark" if reference == "benchmark" else f"scenario {reference}"


def _print_movers(ds: xr.Dataset, scenario: str) -> None:
    """Say what movers gain each, by skill, and which groups of movers lose."""
    each, heads = ds["gain_per_mover"].sel(scenario=scenario), ds["movers_from"].sel(scenario=scenario)
    if float(heads.sum()) <= 0:
        return
    words = []
    for skill in ds["skill"].values:
        gain, number = each.sel(skill=skill), heads.sel(skill=skill)
        if float(number.sum()) > 0:
            mean = float((gain * number).sum() / number.sum())
            regs = gain["reg"].values
            low, high = regs[int(gain.argmin("reg"))], regs[int(gain.argmax("reg"))]
            words.append(f"{skill} {mean:,.0f} (from {low} {float(gain.min()):,.0f} to {high} "
                         f"{float(gain.max()):,.0f})")
    print("\n" + textwrap.fill(f"gain per new mover, US$ a year: {'; '.join(words)}", WIDTH))
    memo = ds["memo_per_mover"].sel(scenario=scenario)
    print("memo, including what they send (counted in no total): " + "; ".join(
        f"{s} {float((memo * heads).sel(skill=s).sum() / heads.sel(skill=s).sum()):,.0f}" for s in ds["skill"].values
        if float(heads.sel(skill=s).sum()) > 0))
    if "gain_per_mover_ppp" in ds:
        ppp = ds["gain_per_mover_ppp"].sel(scenario=scenario)
        print("memo, what they spend at the prices of home (purchasing-power parity): " + "; ".join(
            f"{s} {float((ppp * heads).sel(skill=s).sum() / heads.sel(skill=s).sum()):,.0f}"
            for s in ds["skill"].values if float(heads.sel(skill=s).sum()) > 0))
    losing = [f"{skill} from {r} {float(each.sel(skill=skill, reg=r)):,.0f}" for skill in ds["skill"].values
              for r in ds["reg"].values if float(each.sel(skill=skill, reg=r)) < 0]
    if losing:
        print(f"movers who lose, and would not come of their own will: {', '.join(losing)}")


def print_decomposition(ds: xr.Dataset, scenario: str) -> None:
    """Print what contributes to residents' equivalent variation in one scenario, billion US$.

    Raises
    ------
    CGEError
        The Dataset has no such scenario, or no decomposition.
    """
    frame = decomposition_table(ds, scenario) / 1e3
    shown = frame.loc[:, (frame.abs() >= 5e-4).any()]
    print(f"\n{scenario}: contributions to the equivalent variation of permanent residents, billion US$\n")
    print(shown.rename(columns=lambda c: c.split()[0].split("-")[0]).to_string(float_format=lambda x: f"{x:.3f}"))
    print("\n" + textwrap.fill("; ".join(f"{c}: {CONTRIBUTIONS[c]}" for c in shown if c in CONTRIBUTIONS), WIDTH))


def print_targets(ds: xr.Dataset) -> None:
    """Print published against obtained, and which gates are met."""
    frame = target_table(ds)
    gates = frame[frame["met"] != "report"]
    print("\nAgainst published results (F read in a source, R recalled, D derived)\n")
    for row in frame.itertuples():
        print(f"{row.no:>3}  {row.met:<6} {row.target}")
        detail = f"published {row.published}; gate {row.gate}; obtained {row.obtained}"
        detail += f" - {row.why}" if row.why else ""
        print(textwrap.fill(detail, WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12))
    met = int((gates["met"] == "yes").sum())
    print(f"\n{met} of {len(gates)} gates met that these scenarios can compute"
          + ("" if met == len(gates) else f"; not met: {', '.join(str(n) for n in gates['no'][gates['met'] == 'NO'])}"))
    print(textwrap.fill("not computed yet: " + "; ".join(f"{n} {why}" for n, why in NOT_YET.items()), WIDTH))


def print_subtotals(found: Subtotals, names: list[str]) -> None:
    """Print what each part of a scenario contributes to each variable of at most one dimension."""
    ds = found.data
    for name in names:
        value, total = ds[name], ds[f"total_{name}"]
        print(f"\n{name}: {value.attrs['long_name']}, {value.attrs['units']}\n")
        if value.ndim > 2:
            print(f"({' x '.join(map(str, value.dims))}: {value.size} numbers; write them with --out)")
            continue
        frame = value.to_pandas().T if value.ndim == 2 else value.to_pandas().to_frame("world").T
        frame["sum"] = frame.sum(axis=1)
        frame["whole"] = total.values
        print(frame.to_string(float_format=lambda x: f"{x:,.3f}"))
    print(f"\nsum of the parts against the whole: {found.gap:.0e} of the largest change ({found.steps} steps)")
