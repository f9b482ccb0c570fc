"""What the figures show: scenarios in their parts, gains of groups, the sweep of the quota, findings."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.report.style import Unit, number, unit_for

#: Parts a scenario can play (``[headline]`` of a scenario file), in the order shown, and their kind.
ROLES = {"trade": "trade", "trade_applied": "trade", "trade_1993": "trade", "migration": "migration",
         "unskilled": "migration", "skilled": "migration", "both": "both"}
FREER = {"trade": "freer trade", "migration": "freer movement of people"}
_GROUPS = {"importers": "labour importers", "exporters": "labour exporters"}
_MOST_ROWS = 12


@dataclass(frozen=True)
class Shown:
    """A scenario in a figure.

    Attributes
    ----------
    name, kind, title : str
        ``kind`` is trade, migration, both or other.
    """

    name: str
    kind: str
    title: str


class View:
    """Results arranged for drawing.

    Parameters
    ----------
    ds : xarray.Dataset
        As made by :func:`cge.results.to_dataset` and :func:`cge.welfare.add_gains`.

    Attributes
    ----------
    regions : list of str
    names : dict of str to str
        Long names of regions.
    groups : dict of str to list of str
        Regions by group, those in no group under ``other regions``; one group
        ``regions`` where the benchmark has none.
    scenarios : list of Shown
        Those that play a part; without a headline, all that are not references.
    """

    def __init__(self, ds: xr.Dataset):
        self.ds = ds
        self.regions = [str(r) for r in ds["reg"].values]
        long = ds["reg_name"].values if "reg_name" in ds.coords else ds["reg"].values
        self.names = {r: str(n) for r, n in zip(self.regions, long, strict=True)}
        self.groups = self._groups()
        self._there = [str(s) for s in ds["scenario"].values]
        self.role = {k: str(v) for k, v in _attribute(ds, "headline").items() if k in ROLES and v in self._there}
        self.scenarios = self._scenarios()

    def _groups(self) -> dict[str, list[str]]:
        left, groups = list(self.regions), {}
        for name, members in _attribute(self.ds, "groups").items():
            inside = [r for r in left if r in members]
            left = [r for r in left if r not in inside]
            if inside:
                groups[_GROUPS.get(name, str(name))] = inside
        if left:
            groups["other regions" if groups else "regions"] = left
        return groups

    def _scenarios(self) -> list[Shown]:
        found = [(self.role[r], kind) for r, kind in ROLES.items() if r in self.role]
        if not found:
            references = {str(r) for r in self._coordinate("reference").values()}
            found = [(s, "other") for s in self._there if s not in references][:_MOST_ROWS]
        titles = self._coordinate("scenario_title")
        return [Shown(s, kind, titles.get(s, "")) for s, kind in dict(found).items()]

    def _coordinate(self, name: str) -> dict[str, str]:
        """A text by scenario; empty where the Dataset has none."""
        values = self.ds[name].values if name in self.ds.coords else [""] * len(self._there)
        return {s: str(v) for s, v in zip(self._there, values, strict=True)}

    def pair(self) -> list[Shown]:
        """The scenarios that the regions are compared by: trade and migration, or what there is (at most two)."""
        wanted = [self.role[r] for r in ("trade", "migration") if r in self.role]
        return [s for s in self.scenarios if s.name in wanted] or self.scenarios[:2]

    def world(self, scenario: str) -> float:
        """World gain, million US$."""
        return float(self.ds["gain_world"].sel(scenario=scenario))

    def unit(self) -> Unit:
        """Unit in which the gains of the shown scenarios read well."""
        return unit_for(np.array([self.world(s.name) for s in self.scenarios]))

    def group_gains(self, scenario: str) -> dict[str, float]:
        """Gains of residents by group of regions, and of the migrant groups, million US$; NaN stays NaN."""
        gain = self.ds["gain_by_host"].sel(scenario=scenario)
        residents, *migrants = [str(g) for g in gain["group"].values]
        out = {}
        for name, members in self.groups.items():
            label = f"Residents of {name}" if len(self.groups) > 1 else _capital(residents)
            out[label] = float(gain.sel(group=residents, reg=members).sum(skipna=False))
        return out | {_capital(g): float(gain.sel(group=g).sum(skipna=False)) for g in migrants}

    def home_gains(self, scenario: str, regions: list[str]) -> dict[str, np.ndarray]:
        """Gains by group of people and region, million US$, migrants booked whence they come."""
        gain = self.ds["gain_by_home"].sel(scenario=scenario, reg=regions)
        return {_capital(str(g)): gain.sel(group=g).values.astype(float) for g in gain["group"].values}

    def home_percent(self, scenario: str, regions: list[str], together: bool = False) -> np.ndarray:
        """Gain of the people of regions in percent of their benchmark income, each region or all together."""
        gain = sum(self.home_gains(scenario, regions).values())
        income = self.ds["base_income"].sel(scenario=scenario, concept="home", reg=regions).values.astype(float)
        if together:
            gain, income = np.sum(gain, keepdims=True), np.sum(income, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return 100 * gain / np.where(income > 0, income, np.nan)

    def sweep(self) -> list[tuple[float, float, str]]:
        """Scenarios whose quota is the migration scenario's times a factor: (percent, million US$, name), sorted.

        Everything else that the file records must be equal: other exogenous
        variables, behaviour and origin of movers, labour options, reference.
        """
        base = self.role.get("migration")
        if base is None or "quota" not in self.ds:
            return []
        quota = self.ds["quota"]
        own = quota.sel(scenario=base).values
        top = int(np.abs(own).argmax())
        if not own.flat[top] or not np.isfinite(own).all():
            return []
        same = [v for v, a in self.ds.data_vars.items() if v != "quota" and "scenario" in a.dims
                and (a.attrs.get("role") == "exogenous" or v in ("AN", "RHON", "MSHR"))]
        labour, reference = _labour_options(self.ds), self._coordinate("reference")
        points = []
        for s in self._there:
            values = quota.sel(scenario=s).values
            factor = values.flat[top] / own.flat[top]
            like = s == base or (
                factor and not np.isclose(factor, 1) and np.allclose(values, factor * own, rtol=1e-9, atol=0)
                and reference[s] == reference[base] and labour.get(s) == labour.get(base)
                and all(np.allclose(self.ds[v].sel(scenario=s), self.ds[v].sel(scenario=base), rtol=1e-9,
                                    atol=1e-12, equal_nan=True) for v in same))
            if like and np.isfinite(self.world(s)):
                points.append((100 * float(values.flat[top]), self.world(s), s))
        return sorted(points)

    def breakeven(self) -> dict[str, float]:
        """Break-even quota in percent by trade scenario, where one was found."""
        if "breakeven_quota" not in self.ds or "migration" not in self.role:
            return {}
        rows = zip(*(self.ds[f"breakeven_{k}"].values for k in ("quota", "trade", "migration")), strict=True)
        return {str(t): float(q) for q, t, m in rows if m == self.role["migration"] and t in self._there
                and np.isfinite(q) and np.isfinite(self.world(str(t)))}

    def world_finding(self) -> str:
        """What the world gains from trade and from migration, in one sentence."""
        unit = self.unit()
        found = [(self.world(self.role[r]), r) for r in ("migration", "trade") if r in self.role]
        found = [(g, r) for g, r in found if np.isfinite(g)]
        if not found:
            return "Gains of the world and of groups of people"
        found.sort(key=lambda pair: -pair[0])
        (gain, role), rest = found[0], found[1:]
        text = (f"{_capital(FREER[role])} ({self.role[role]}) {_worth(gain)} {unit.short(abs(gain))} "
                f"{unit.name} a year")
        for other, second in rest:
            what = f"{FREER[second]} ({self.role[second]})"
            ratio = gain / other if other > 0 else np.inf
            if 1.05 <= ratio < 100:
                text += f", {number(ratio, 1)} times what {what} gives"
            else:
                text += f"; {what} {_worth(other)} {unit.short(abs(other))}"
        return text

    def region_finding(self) -> str:
        """How many regions gain, and how the gains fall on the groups, in one sentence."""
        count, shares = [], []
        for s in reversed(self.pair()):
            percent = self.home_percent(s.name, self.regions)
            known, gaining = int(np.isfinite(percent).sum()), int((percent > 0).sum())
            if known:
                words = "all" if gaining == known > 1 else f"{gaining} of" if gaining else "none of the"
                count.append((s.name, words, known))
                shares.append([self.home_percent(s.name, m, together=True)[0] for m in self.groups.values()])
        if not count:
            return "Gains by region"
        text = "The people of " + ", of ".join(f"{words} {n}{' regions gain' if k == 0 else ''} under {name}"
                                               for k, (name, words, n) in enumerate(count))
        if 2 <= len(self.groups) <= 3 and np.isfinite(shares).all():
            each = [f"{g} {' and '.join(number(p, 1 if abs(p) >= 0.1 else 2) + '%' for p in values)}"
                    for g, values in zip(self.groups, zip(*shares, strict=True), strict=True)]
            text += "; " + f"{each[0]} of income, {', '.join(each[1:])}"
        return text

    def source(self) -> str:
        """Benchmark, package and references, for the note below a figure."""
        a, skill = self.ds.attrs, _attribute(self.ds, "skill_definition").get("name")
        words = [f"{a['title'].rstrip('.')}." if a.get("title") else "",
                 f"Benchmark {a.get('benchmark', 'not named')}"
                 + (f" ({a['benchmark_year']})" if a.get("benchmark_year") else "")
                 + (f", skill by the definition '{skill}'" if skill else "")
                 + (f", sha256 {a['benchmark_sha256'][:8]}" if a.get("benchmark_sha256") else "")
                 + (f"; {a['package']}." if a.get("package") else ".")]
        return " ".join(w for w in words if w)

    def counted_from(self, scenarios: list[Shown]) -> str:
        """Which of these scenarios are counted from another one than the benchmark."""
        reference = self._coordinate("reference")
        return " ".join(f"{s.name} is counted from {reference[s.name]}." for s in scenarios
                        if reference[s.name] not in ("", "benchmark"))


def _attribute(ds: xr.Dataset, name: str) -> dict:
    """A mapping kept as JSON text; empty where it is missing or not one."""
    try:
        value = json.loads(ds.attrs.get(name, "{}"))
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _labour_options(ds: xr.Dataset) -> dict[str, dict]:
    """Labour options by scenario as the scenario file states them (a ``like`` resolved)."""
    try:
        sections = tomllib.loads(ds.attrs.get("scenario_text", "")).get("scenario", {})
    except (TypeError, ValueError):
        return {}
    bodies = {k: v for k, v in sections.items() if isinstance(v, dict)}
    taken = {k: bodies.get(str(v.get("like")), {}) for k, v in bodies.items()}
    return {k: dict(v.get("labour") or taken[k].get("labour") or {}) for k, v in bodies.items()}


def _worth(gain: float) -> str:
    return "gives the world" if gain >= 0 else "costs the world"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
