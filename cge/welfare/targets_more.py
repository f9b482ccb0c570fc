"""Targets of the published comparison that need more than the headline scenarios: reversal, free movement, reports.

Gates 16 and 18 complete :data:`cge.welfare.targets.TARGETS` to eighteen. Numbers above 18 are reported, never judged.
"""

from __future__ import annotations

import json

from cge.welfare.gains import GROUPS
from cge.welfare.target_reader import Target, _NotComputable, _ratio, _Reader, skill_of
from cge.welfare.targets import TARGETS

#: Number of gates of the published comparison, numbered from 1.
GATES = 18
_FREE = (40.0, 200.0)
#: Unskilled share of the world gain that published shares of occupations give.
PUBLISHED_SHARE = (0.45, 0.50)
#: As the World Bank's run: movers as productive as hosts' workers, natives and migrants imperfect substitutes.
_APART = "M beta=1 apart"


def _reverse(r: _Reader):
    for name in ("returns_residents", "returns_remaining"):
        if name not in r.ds:
            raise KeyError(name)
    hosts = r.groups["importers"]
    natives, remaining = (r.ds[n].sel(reg=hosts) for n in ("returns_residents", "returns_remaining"))
    rate, gone = (float(r.ds[n]) for n in ("returns_rate", "returns_gone"))
    words = [f"{100 * rate:g}% of the work force ({gone / 1e3:.1f} m earlier migrants) go home: those who remain "
             f"{float(remaining.sum()) / 1e3:+.1f} bn$, gain in {int((remaining > 0).sum())} of {remaining.size}; "
             f"natives {float(natives.sum()) / 1e3:+.1f} bn$, lose in {int((natives < 0).sum())}"]
    ok = bool((remaining > 0).all() and (natives < 0).all())
    if not r.has("R part", "R"):
        raise KeyError("R part")
    stay, before = (r.ds.sel(scenario=s) for s in ("R part", r.role["migration"]))
    heads = stay["mov"].where(stay["mov"] > 0)
    each = 1e3 * (stay["EVnew"] / heads - before["EVnew"] / before["mov"].where(before["mov"] > 0))
    mean = _ratio(float((each * heads).sum()), float(heads.sum()), "the gain of movers who remain")
    part, whole = (r.residents(s, "importers") for s in ("R part", "R"))
    of_earlier = r.ds["gain_by_host"].sel(group=GROUPS[1], reg=hosts).sum("reg")
    earlier = [float(of_earlier.sel(scenario=s)) for s in ("R part", "R")]
    words.append(f"a third of the movers of {r.role['migration']} go home: those who remain {mean:+.0f} $ each, "
                 f"earlier migrants {earlier[0] / 1e3:+.1f}, natives {float(part.sum()) / 1e3:+.1f} bn$; all go: "
                 f"{earlier[1] / 1e3:+.1f}, {float(whole.sum()) / 1e3:+.1f} bn$")
    ok &= mean > 0 and min(earlier) > 0 and bool((part < 0).all() and (whole < 0).all())
    return "; ".join(words), ok, ("a return of 3% would be more than all foreign workers of Japan, so that fewer go; "
                                  "natives are permanent residents of the hosts: their wages rise, their capital and "
                                  "tax revenue lose more")


def _free(r: _Reader):
    if "free_percent" not in r.ds:
        raise KeyError("free movement")
    words, ok, why = [], r.ds["free_percent"].size > 0, []
    for s in r.ds["sigma"].values:
        at = r.ds.sel(sigma=s)
        percent, other = float(at["free_percent"]), float(at["free_independent_percent"])
        ok &= bool(_FREE[0] <= percent <= _FREE[1])
        words.append(f"sigma {float(s):g}: {percent:+.0f}% ({other:+.0f}% as consumption and saving at base prices; "
                     f"closed form {float(at['free_closed_percent']):+.0f}%)")
        bound = [str(x) for x, b in zip(at["reg"].values, at["free_bound"].values, strict=True) if b]
        pay, apart = float(at["free_wage"]), 100 * float(at["free_apart"])
        why.append(f"sigma {float(s):g}: {float(at['free_moved']) / 1e3:,.0f} m move, pay {pay:,.0f} $ within "
                   f"{apart:.1f}%" + (f", less in {', '.join(bound)}" if bound else ""))
    return "; ".join(words), ok, ("; ".join(why) + f"; at least {float(r.ds['free_stay']):.0%} of natives stay; the "
                                  "closed form has one good, so no terms of trade that turn against who grows")


def _world_bank(r: _Reader):
    name = "M beta=1"
    gain = r.world(name)
    gdp = float((r.ds["YPALL"] + r.ds["YG0"] + r.ds["REGINV"] + r.ds["TBAL0"]).sum()) / 1e3
    percent = 100 * _ratio(gain, gdp, "the gain over GDP")

    def parity(scenario: str) -> str:
        if "gain_world_ppp" not in r.ds:
            return ""
        return (f", {float(r.ds['gain_world_ppp'].sel(scenario=scenario)) / 1e3:.0f} with migrants at purchasing-power "
                "parity of home")

    apart = (f"; natives and migrants apart (elasticity 20): {r.world(_APART):.0f} bn${parity(_APART)}"
             if r.has(_APART) else "")
    return (f"beta = 1 alone: {gain:.0f} bn$ ({percent:.2f}% of GDP){parity(name)}{apart}", None,
            f"not the published run: static; it counts GDP of {r.year}, the published run income of 2025 at purchasing "
            "power")


def _order(r: _Reader):
    def gains(scenario: str) -> dict[str, float]:
        by = r.ds["gain_by_host"].sel(scenario=scenario) / 1e3
        groups = {"new migrants": by.sel(group=GROUPS[2]).sum(),
                  "developing natives": r.residents(scenario, "exporters").sum() / 1e3,
                  "rich natives": r.residents(scenario, "importers").sum() / 1e3,
                  "earlier migrants": by.sel(group=GROUPS[1]).sum()}
        return {k: float(v) for k, v in groups.items()}

    def ordered(value: dict[str, float]) -> str:
        return " > ".join(f"{k} {value[k]:.0f}" for k in sorted(value, key=lambda k: -value[k]))

    value = gains("M beta=1")
    order = sorted(value, key=lambda k: -value[k])
    why = "in this order" if order == list(value) and value["earlier migrants"] < 0 else "in another order"
    words = f"{ordered(value)} bn$ (beta = 1)"
    if r.has(_APART):
        words += f"; {ordered(gains(_APART))} bn$ (natives and migrants apart, elasticity 20)"
    if r.has("M no taxes"):
        taxed, free = (float(r.residents(s, "importers").sum()) / 1e3 for s in (r.role["migration"], "M no taxes"))
        why += (f"; what rich natives gain is the taxes that movers pay: {taxed:.0f} bn$ under {r.role['migration']}, "
                f"{free:.0f} with movers exempt")
    return words, None, why


def _occupations(r: _Reader):
    found = {k: v for k, v in json.loads(r.ds.attrs.get("skill", "{}")).items() if v}
    if "occupation" not in found:
        raise KeyError("M occupation")
    if skill_of(r.ds):
        raise _NotComputable(f"the file is itself under the definition of skill '{skill_of(r.ds)}'")
    u, s = r.world(r.role["unskilled"]), r.world(r.role["skilled"])
    here = found["occupation"]
    words = [f"{here['share']:.3f}"]
    if "secondary" in found:
        words.append(f"secondary school or more {found['secondary']['share']:.3f}")
    words.append(f"college {_ratio(u, u + s, 'the share'):.3f}")
    low, high = PUBLISHED_SHARE
    place = ("inside" if low <= here["share"] <= high else ("above" if here["share"] > high else "below")
             ) + " the published range"
    if off := max(here["share"] - high, low - here["share"], 0.0):
        place += f" by {off:.3f}"
    rules = ", ".join(f"{v['rule']:.2f} by {k}" for k, v in found.items())
    why = (f"{place}: pay in the hosts is far above pay at home, so that the share is about that "
           f"of the unskilled in the hosts' pay, {here['pay']:.2f} here ({here['workers']:.2f} of their workers); "
           "managers, professionals and associate professionals by country from labour force surveys, most recalled "
           "(benchmark's README, with what other figures would give); who changes class is paid between the two "
           f"classes; M over the first-order rule: {rules}")
    return "; ".join(words), None, why


ALL_TARGETS = tuple(sorted([
    *TARGETS,
    Target(16, "reverse shock: remaining migrants gain, rich natives lose", "yes [F]", "sign", _reverse),
    Target(18, "free movement, labour alike, sigma 0.8-1.26", "+67 to +147% of GDP [F]", "40-200%", _free),
    Target(20, "World Bank type of run", "+0.6%, 356 bn$ by 2025 [F]", "report", _world_bank),
    Target(21, "its order of groups", "new 162, developing 143, rich 139, earlier -88 [R]", "report", _order),
    Target(23, "unskilled share, skill by occupation", "0.45-0.5 from published shares", "report", _occupations),
], key=lambda t: t.number))
