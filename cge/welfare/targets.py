"""The comparison with published results: target, published, obtained, met or not.

Published figures: Walmsley and Winters (2005); Walmsley, Winters and Ahmed
(2007); Hamilton and Whalley (1984); World Bank (2006). Marks: F read in a
published source, R recalled and unverified, D derived from public data. A gate
is a range that an honest model on good data should meet; nothing is tuned to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from cge.welfare.gains import GROUPS, first_order, share_of
from cge.welfare.target_reader import (
    PUBLISHED_YEAR,
    Target,
    _NotComputable,
    _ratio,
    _Reader,
    asked_of,
    skill_of,
)


def target_table(ds: xr.Dataset, targets: Sequence[Target] | None = None) -> pd.DataFrame:
    """Targets that the scenarios of a Dataset can compute.

    Parameters
    ----------
    ds : xarray.Dataset
    targets : sequence of Target, optional
        :data:`TARGETS` if not given.

    Returns
    -------
    pandas.DataFrame
        Columns: no, target, published, gate, obtained, met (yes, NO, report), why.
    """
    reader = _Reader(ds)
    rows = []
    for t in TARGETS if targets is None else targets:
        try:
            obtained, met, why = t.measure(reader)
        except KeyError as missing:
            obtained, met, why = "not run", None, f"the results have no scenario or role {missing}"
        except _NotComputable as cause:
            obtained, met, why = "not computable", None, str(cause)
        if not asked_of(t, reader.year):
            met, why = None, f"not asked of {reader.year}: the published number is a level of {t.year}"
        rows.append({"no": t.number, "target": t.what, "published": t.published, "gate": t.gate, "obtained": obtained,
                     "met": "report" if met is None else ("yes" if met else "NO"), "why": why})
    return pd.DataFrame(rows)


def _world_gain(r: _Reader):
    g = r.world(r.role["migration"])
    gdp = float((r.ds["YPALL"] + r.ds["YG0"] + r.ds["REGINV"] + r.ds["TBAL0"]).sum()) / 1e3
    return f"{g:.0f} bn$ ({100 * _ratio(g, gdp, 'the gain over GDP'):.2f}% of GDP)", 120 <= g <= 220, ""


def _first_order(r: _Reader):
    beta, words, ok = r.labour["beta"], [], True
    if not isinstance(beta, (int, float)):
        raise _NotComputable("beta differs by skill or pair, and the rule is of one number")
    for name in [r.role["migration"], *[s for s in ("M stocks",) if r.has(s)]]:
        rule = first_order(r.ds, name, beta) / 1e3
        ratio = _ratio(r.world(name), rule, "the gain over the rule")
        ok &= 0.75 <= ratio <= 1.15
        words.append(f"{name}: {ratio:.2f} (rule {rule:.0f} bn$)")
    ds, hosts = r.ds, r.groups["importers"]
    market = (ds["YPALL"] + ds["YG0"] + ds["REGINV"] + ds["TBAL0"]).sel(reg=hosts).sum()
    factor = ds["EVFB"].sum(("endw", "acts")).sel(reg=hosts).sum()
    times = _ratio(float(market), float(factor), "market prices over factor cost")
    return "; ".join(words), ok, (f"the rule counts at factor cost; market prices are {times:.3f} times factor cost "
                                  "in the hosts")


def _unskilled_world(r: _Reader):
    u, s = r.world(r.role["unskilled"]), r.world(r.role["skilled"])
    share = _ratio(u, u + s, "the share")
    if skill_of(r.ds):
        return f"{share:.3f}", None, f"skill by the definition '{skill_of(r.ds)}'; the gate is on that of college"
    other = {k: v["share"] for k, v in json.loads(r.ds.attrs.get("skill", "{}")).items() if v}
    named = "".join(f"; by {k} {v:.3f}, reported in 23" for k, v in other.items() if k == "occupation")
    return f"{share:.3f}", 0.55 <= share <= 0.75, f"college definition of skill{named}"


def _unskilled_hosts(r: _Reader):
    u, s = (float(r.residents(r.role[k], "importers").sum()) for k in ("unskilled", "skilled"))
    share = _ratio(u, u + s, "the share")
    return f"{share:.3f}", 0.50 <= share <= 0.70, "at the edge of the band" if abs(share - 0.60) > 0.095 else ""


def _additive(r: _Reader):
    ratio = _ratio(r.world(r.role["unskilled"]) + r.world(r.role["skilled"]), r.world(r.role["migration"]),
                   "the gain of both apart over that of both together")
    return f"{ratio:.3f}", abs(ratio - 1) <= 0.05, ""


def _importers_gain(r: _Reader):
    gain = r.residents(r.role["migration"], "importers")
    lose = [str(x) for x, v in zip(gain["reg"].values, gain.values) if v <= 0]
    text = f"{int((gain > 0).sum())} of {gain.size}"
    if r.has("M no taxes"):
        free = r.residents("M no taxes", "importers")
        text += f"; without taxes on movers {int((free > 0).sum())} of {free.size}"
    return text, not lose, f"lose: {', '.join(lose)}" if lose else ""


def _exporters_gain(r: _Reader):
    gain = r.residents(r.role["migration"], "exporters")
    text, ok = f"{int((gain > 0).sum())} of {gain.size}", int((gain > 0).sum()) >= 8
    lose = [str(x) for x, v in zip(gain["reg"].values, gain.values) if v <= 0]
    if r.has("M rho=0"):
        without = r.residents("M rho=0", "exporters")
        text += f"; with rho = 0: {int((without > 0).sum())}"
        ok &= int((without > 0).sum()) < int((gain > 0).sum())
    return text, ok, f"lose: {', '.join(lose)}" if lose else ""


def _skilled_less(r: _Reader):
    u, s = (r.residents(r.role[k], "exporters") for k in ("unskilled", "skilled"))
    lose = [str(x) for x, v in zip(s["reg"].values, s.values) if v < 0]
    note = f"totals are compared; lose where the skilled move: {', '.join(lose) or 'none'}"
    per_mover = _per_mover(r, u, r.role["unskilled"]), _per_mover(r, s, r.role["skilled"])
    return (f"unskilled {float(u.sum()) / 1e3:.1f}, skilled {float(s.sum()) / 1e3:.1f} bn$ "
            f"(per mover {per_mover[0]:.0f}, {per_mover[1]:.0f} $)"), bool(u.mean() > s.mean()), note


def _per_mover(r: _Reader, gain: xr.DataArray, scenario: str) -> float:
    heads = float(r.ds["movers_from"].sel(scenario=scenario).sum())
    return _ratio(1e3 * float(gain.sum()), heads, "the gain per mover")


def _developing(r: _Reader):
    share = _ratio(share_of(r.ds, r.role["migration"], r.groups["exporters"]), 1.0, "the share")
    text, ok = f"{share:.2f}", 0.45 <= share <= 0.80
    if r.has("M no taxes"):
        free = _ratio(share_of(r.ds, "M no taxes", r.groups["exporters"]), 1.0, "the share")
        text += f"; movers untaxed {free:.2f}"
        ok &= abs(free - 1) <= 0.05
    why = "untaxed: movers exempt from labour and consumption taxes"
    if not ok and r.has("M no taxes"):
        of = r.ds["gain_by_home"].sel(scenario="M no taxes", group=GROUPS[1], reg=r.groups["exporters"])
        lost = float(of.sum()) / 1e3
        without = free - _ratio(lost, r.world("M no taxes"), "the share")
        at = r.ds["LAB"].sel(host=r.groups["importers"]).sum("skill")
        own = sum(float(at.sel(home=h, host=h)) for h in r.groups["importers"])
        why += (f"; class: data, the stock of earlier migrants, {100 * (1 - own / float(at.sum())):.0f}% of the hosts' "
                f"workers: their wages fall, to the gain of the hosts' residents ({lost:.0f} bn$ of exporters' "
                f"people); without that {without:.2f} untaxed")
    return text, ok, why


def _layers(r: _Reader):
    words, ok = [], True
    for role, name in [*r.layers[1:], r.layers[0]]:
        # Like against like: both in the world of the tariffs that go.
        m = "M93" if role == "trade_1993" and r.has("M93") else r.role["migration"]
        ratio = _ratio(r.world(m), r.world(r.role[role]), f"the gain of M over that of {name}")
        ok &= ratio > 1
        words.append(f"{name} {ratio:.1f}")
    if len(r.layers) < 3:
        return ", ".join(words), ok, "no layer of tariffs of an earlier year in this benchmark"
    base = str(r.ds["reference"].sel(scenario=r.role["trade_1993"]).values)
    same = f"M in the world of 1997 over {r.role['trade_1993']} counted from {base}"
    if r.has("M93"):
        same = f"both counted from {base}, the tariffs of 1993 put back; M there {r.world('M93'):.0f} bn$"
    return ", ".join(words), ok, f"1993: {same}"


def _trade(r: _Reader):
    words, ok = [], True
    for role, name in r.layers:
        g = r.world(r.role[role])
        words.append(f"{name} {g:.0f}")
        ok &= 30 <= g <= 130
    quotas = [f"{float(q):.2f}%" for q in r.ds["breakeven_quota"].values] if "breakeven_quota" in r.ds else []
    return f"{', '.join(words)} bn$; break-even {', '.join(quotas)}", ok, ""


def _closed_form(r: _Reader, scenario: str, skill: str) -> xr.DataArray:
    """Change of the wage of a skill in one CES nest of value added, other factors and its price given, %.

    ``-(1 - share) / sigma * dlog(labour)`` by region: share of the skill in value added, mean of ESUBVA weighted
    with the skill's pay, efficiency units of labour supplied.
    """
    pay, all_pay = r.ds["EVFP"].sel(endw=skill), r.ds["EVFP"].sum("endw")
    share = pay.sum("acts") / all_pay.sum("acts")
    sigma = (r.ds["ESUBVA"] * pay).sum("acts") / pay.sum("acts")
    supply = np.log(r.ds["qlab"].sel(scenario=scenario, skill=skill))
    return (-100 * (1 - share) / sigma * supply).sel(reg=r.groups["importers"])


def _host_wage(r: _Reader):
    words, ok, why = [], True, []
    for role in ("unskilled", "skilled"):
        name = r.role[role]
        wage = 100 * (r.ds["realwage"].sel(scenario=name, reg=r.groups["importers"]) - 1)
        admitted = r.ds["movers"].sel(scenario=name).sum("reg")
        skill = str(r.ds["skill"].values[int(admitted.values.argmax())])
        own, other = wage.sel(skill=skill), wage.drop_sel(skill=skill)
        capital = r.real("rental", name, "importers")
        low, high = float(own.min()), float(own.max())
        ok &= bool(low >= -1.2 and high <= -0.2 and (other > 0).all() and (capital > 0).all())
        words.append(f"{skill}: {low:.2f} to {high:.2f}%, other {float(other.min()):+.2f}%, "
                     f"capital {float(capital.min()):+.2f}% at least")
        form = _closed_form(r, name, skill)
        mean = float(own.weighted(r.ds["LF0"].sel(skill=skill).fillna(0.0)).mean())
        why.append(f"{skill} {float(form.min()):.2f} to {float(form.max()):.2f}% (general equilibrium adds "
                   f"{float((own - form).mean()):+.2f} on average; mean over workers {mean:.2f}%)")
    name = r.role["migration"]
    wage = 100 * (r.ds["realwage"].sel(scenario=name, reg=r.groups["importers"]) - 1)
    text = f"closed form of one nest, -(1 - share)/ESUBVA times the log of supply: {', '.join(why)}; "
    if not ok:
        text += "class: parameter, the elasticity of value added and its single nest make the fall, no sign, no data; "
        tried = [n for n in ("MU ESUBVA x1.25", "MS ESUBVA x1.25") if r.has(n)]
        if tried:
            text += f"under {', '.join(tried)} it falls by {', '.join(_falls(r, n) for n in tried)}; "
    text += f"each skill's own quota; under {name}, both together, wages fall by "
    return "; ".join(words), ok, text + f"{-float(wage.max()):.2f} to {-float(wage.min()):.2f}%"


def _falls(r: _Reader, scenario: str) -> str:
    """Range of the fall of hosts' wages of the skill that a scenario admits, %."""
    skill = str(r.ds["skill"].values[int(r.ds["movers"].sel(scenario=scenario).sum("reg").values.argmax())])
    wage = 100 * (r.ds["realwage"].sel(scenario=scenario, skill=skill, reg=r.groups["importers"]) - 1)
    return f"{-float(wage.max()):.2f} to {-float(wage.min()):.2f}%"


def _home_wage(r: _Reader):
    words, ok, rise, lower = [], True, [], []
    for role in ("unskilled", "skilled"):
        name = r.role[role]
        wage = 100 * (r.ds["realwage"].sel(scenario=name, reg=r.groups["exporters"]) - 1)
        sent = r.ds["movers"].sel(scenario=name).sum("reg")
        skill = str(r.ds["skill"].values[int(sent.values.argmax())])
        up, capital = wage.sel(skill=skill), r.real("rental", name, "exporters")
        rises, falls = int((up > 0).sum()), int((capital < 0).sum())
        lower += [f"{x} {float(v):+.2f}% ({name}; terms of trade "
                  f"{100 * float(r.ds['tot'].sel(scenario=name, reg=x) - 1):+.2f}%)"
                  for x, v in zip(up["reg"].values, up.values) if v <= 0]
        rise += [f"{x} {v:+.2f}% ({name})" for x, v in zip(capital["reg"].values, capital.values) if v >= 0]
        ok &= rises == up.size and falls == capital.size
        words.append(f"{skill}: wage rises in {rises}, capital return falls in {falls} of {up.size}")
    why = "real, over the price of private consumption"
    if lower:
        why += f"; wage falls in {', '.join(lower)}: class data, what it exports loses value"
    if rise:
        why += f"; capital return rises in {', '.join(rise)}"
    if rise and r.has("MU rho=0"):
        without = r.real("rental", "MU rho=0", "exporters")
        still = [f"{x} {v:+.2f}%" for x, v in zip(without["reg"].values, without.values) if v >= 0]
        where = str(r.real("rental", r.role["unskilled"], "exporters").idxmax("reg").values)
        why += (f"; class: parameter rho (what movers send is spent at home): under MU with rho = 0 {where} "
                f"{float(without.sel(reg=where)):+.2f}%, rising in {', '.join(still) or 'none'}")
        if r.has("MU rho=0.1"):
            tenth = r.real("rental", "MU rho=0.1", "exporters")
            why += (f"; with rho = 0.1 {where} {float(tenth.sel(reg=where)):+.2f}%, falling in "
                    f"{int((tenth < 0).sum())} of {tenth.size}")
    return "; ".join(words), ok, why


def _beta(r: _Reader):
    base, zero, one = r.world(r.role["migration"]), r.world("M beta=0"), r.world("M beta=1")
    ratio = _ratio(one, base, "the gain with beta = 1 over that of M")
    ok = abs(zero) < 0.15 * base and 1.7 <= ratio <= 2.2
    return f"beta 0: {zero:.1f}, beta 1: {one:.0f} bn$ (ratio {ratio:.2f})", ok, ""


def _rho(r: _Reader):
    m, low, high = r.role["migration"], "M rho=0", "M rho=0.4"
    world = abs(_ratio(r.world(high), r.world(low), "the world's gain with rho = 0.4 over that with 0") - 1)
    ds = r.ds["gain_by_host"].sum("reg")
    home = [float(r.residents(s, "exporters").sum()) for s in (low, m, high)]
    movers = [float(ds.sel(scenario=s, group=GROUPS[2])) for s in (low, m, high)]
    ok = bool(world < 0.10 and np.all(np.diff(home) > 0) and np.all(np.diff(movers) < 0))
    return (f"home residents {', '.join(f'{x / 1e3:.0f}' for x in home)}; movers "
            f"{', '.join(f'{x / 1e3:.0f}' for x in movers)} bn$; world {100 * world:.1f}%"), ok, "rho = 0, base, 0.4"


def _india(r: _Reader):
    if not r.has("MS India"):
        raise KeyError("MS India")
    ds = r.ds.sel(scenario="MS India")
    stay = float(ds["gain_by_host"].sel(group=GROUPS[0], reg="IND")) / 1e3
    remittances = float(ds["remnew"].sel(home="IND").sum()) / 1e3
    base = float((r.ds["YPALL"] + r.ds["YG0"] + r.ds["REGINV"] + r.ds["TBAL0"]).sel(reg="IND"))
    prices = float(ds["gdp"].sel(reg="IND") / ds["ppriv"].sel(reg="IND") - base) / 1e3
    return (f"stayers {stay:+.2f}, remittances {remittances:.2f}, GDP {prices:+.2f} bn$",
            bool(stay > 0 and remittances > -prices), "GDP over the price of private consumption")


def _report_percent(r: _Reader):
    return _world_gain(r)[0], None, ""


def _report_heads(r: _Reader):
    heads = float(r.ds["movers"].sel(scenario=r.role["migration"]).sum()) / 1e3
    text = f"{heads:.1f} m movers"
    if r.has("M tax shared"):
        shared, alone = (float(r.residents(s, "importers").sum()) / 1e3 for s in ("M tax shared", r.role["migration"]))
        text += f"; host residents gain {alone:.0f} bn$, {shared:.0f} with tax revenue shared with new movers"
    if r.has("S+M"):
        text += f", {float(r.residents('S+M', 'importers').sum()) / 1e3:.0f} with earlier migrants too"
    return text, None, ("shared: the average tax revenue per head; with earlier migrants: counted from a world that "
                        "shares with them before the quota")


TARGETS = (
    Target(1, "world gain of M", "156 bn$ [F]", "120-220 bn$", _world_gain, PUBLISHED_YEAR),
    Target(2, "M against the first-order rule", "-", "0.75-1.15", _first_order),
    Target(3, "unskilled share of the world gain", "above one half [F]", "0.55-0.75", _unskilled_world),
    Target(4, "unskilled share of host residents' gain", "0.59 [F]", "0.50-0.70", _unskilled_hosts),
    Target(5, "MU + MS against M", "about 1 [D]", "within 5%", _additive),
    Target(6, "importers' permanent residents gain", "all [F]", "all", _importers_gain),
    Target(7, "exporters' residents gain, by remittances", "most [F]", "at least 8 of 13; fewer if rho = 0",
           _exporters_gain),
    Target(8, "exporters gain less on skilled than unskilled", "yes [F]", "on average", _skilled_less),
    Target(9, "developing regions' share, home concept", "gain most [F]", "0.45-0.80; untaxed 0.95-1.05", _developing),
    Target(10, "M over T, every layer of protection", "1.5 [F]", "above 1", _layers),
    Target(11, "T, world", "104 bn$ [D]; 2.0%", "30-130 bn$", _trade),
    Target(12, "host wage of the imported skill falls, others gain", "yes [F]", "-0.2 to -1.2%", _host_wage),
    Target(13, "home wage rises, home capital return falls", "yes [F]", "sign", _home_wage),
    Target(14, "monotone in beta", "0 and 2 times [D]", "within 15%; 1.7-2.2", _beta),
    Target(15, "higher rho: home up, movers down, world same", "yes [D]", "world within 10%", _rho),
    Target(17, "India, skilled: stayers gain, remittances exceed loss", "yes [F]", "sign", _india),
    Target(19, "gain of M, % of world GDP", "0.5-0.6 [R]", "report", _report_percent),
    Target(22, "heads moved; hosts' gain with taxes shared", "11.7 m [D], 16 m [R]", "report", _report_heads),
)

#: Targets that need features which do not exist yet.
NOT_YET: dict[int, str] = {
    3: "unskilled share, skill by occupation, in `cge reproduce`",
    16: "reverse shock, in `cge reproduce`", 18: "free movement everywhere, in `cge reproduce`",
    20: "World Bank type of run", 21: "order of groups in the World Bank run"}
