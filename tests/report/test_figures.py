"""Figures are drawn whole for any results: few or many regions, parts missing, losses, holes; titles state the data."""

from __future__ import annotations

import json
import os

import matplotlib
import matplotlib.figure
import numpy as np
import pytest
import xarray as xr

from cge.errors import CGEError
from cge.report import write_figures
from cge.report.figures import _regions, _world
from cge.report.style import Column, Unit, house_style, lay_columns, number, spread, unit_for, width_of, wrap
from cge.report.view import View

GROUPS = ["permanent residents", "earlier migrants", "new movers"]
HEADLINE = {"trade": "T", "trade_applied": "T-", "migration": "M", "both": "T+M"}


def results(regions=3, *, gains=None, quota=None, headline=HEADLINE, groups=True, seed=0):
    """A Dataset of the shape that a comparison gives, with the variables that figures read."""
    gains = gains or {"T": 50e3, "T-": 40e3, "M": 200e3, "M1": 66e3, "M beta": 390e3, "T+M": 248e3}
    names, world = list(gains), np.array(list(gains.values()))
    quota = quota or {"M": 0.03, "M1": 0.01, "M beta": 0.03, "T+M": 0.03}
    reg = [f"R{k}" for k in range(regions)]
    share = np.random.default_rng(seed).dirichlet(np.ones(3 * regions)).reshape(3, regions)
    gain = world[:, None, None] * share
    host = np.arange(regions) < max(regions // 3, 1)
    coords = {"scenario": names, "group": GROUPS, "concept": ["home"], "reg": reg}
    ds = xr.Dataset({
        "gain_by_host": (("scenario", "group", "reg"), gain, {"units": "million US$"}),
        "gain_by_home": (("scenario", "group", "reg"), gain[:, :, ::-1], {"units": "million US$"}),
        "gain_world": ("scenario", world),
        "base_income": (("scenario", "concept", "reg"), np.tile(np.linspace(1e6, 8e6, regions), (len(names), 1, 1))),
        "quota": (("scenario", "skill", "reg"), np.array([[quota.get(s, 0.0) * host] * 2 for s in names]),
                  {"role": "exogenous"}),
        "tms": (("scenario", "reg"), np.array([[1.0 - 0.1 * s.startswith("T")] * regions for s in names]),
                {"role": "exogenous"}),
        "AN": (("scenario", "reg"), np.array([[1.0 if "beta" in s else 0.6] * regions for s in names])),
    }, coords=coords)
    ds = ds.assign_coords(
        scenario_title=("scenario", [f"What {s} does, in some words that need a second line" for s in names]),
        reference=("scenario", ["benchmark"] * len(names)),
        reg_name=("reg", [f"{r} with a long name: first, second and third country, islands" for r in reg]))
    parts = {"importers": reg[:host.sum()], "exporters": reg[host.sum():]} if groups else {}
    ds.attrs = {"title": "A test, worth $1 or $2", "benchmark": "small", "benchmark_sha256": "0" * 64,
                "package": "cge 0", "headline": json.dumps(headline), "scenario_text": "",
                "groups": json.dumps(parts)}
    return ds


def with_breakeven(ds, quotas):
    ds["breakeven_quota"] = ("breakeven", list(quotas.values()))
    ds["breakeven_trade"] = ("breakeven", list(quotas))
    ds["breakeven_migration"] = ("breakeven", ["M"] * len(quotas))
    return ds


def nothing_finite(ds):
    for name in ("gain_by_host", "gain_by_home", "gain_world", "base_income"):
        ds[name] = ds[name] * np.nan
    return ds


def one_hole(ds):
    ds["gain_by_home"][0, 0, 1] = np.nan
    ds["gain_by_host"][2, 2, 0] = np.nan
    ds["base_income"][..., 0] = 0.0
    return ds


CASES = {
    "plain": lambda: with_breakeven(results(), {"T": 0.75, "T-": 0.6}),
    "one region": lambda: results(1),
    "many regions": lambda: with_breakeven(results(25), {"T": 0.75}),
    "no groups": lambda: results(groups=False),
    "trade only": lambda: results(gains={"T": 50e3, "T-": 40e3}, headline={"trade": "T", "trade_applied": "T-"}),
    "migration only": lambda: results(gains={"M": 9e3, "M1": 3e3}, headline={"migration": "M"}),
    "no headline": lambda: results(headline={}),
    "role without scenario": lambda: results(headline={"trade": "gone", "migration": "M"}),
    "losses": lambda: with_breakeven(results(gains={"T": -50e3, "M": -200e3, "M1": -66e3}), {"T": 0.75}),
    "return of migrants": lambda: with_breakeven(results(gains={"T": 50e3, "M": -200e3, "M1": -66e3}), {"T": -0.75}),
    "zero": lambda: with_breakeven(results(gains={"T": 0.0, "M": 0.0}), {"T": 0.0}),
    "small": lambda: results(gains={"T": 0.05, "M": 0.2, "M1": 0.07}),
    "no break-even": lambda: with_breakeven(results(), {"T": np.nan, "T-": np.nan}),
    "hole": lambda: one_hole(with_breakeven(results(), {"T": 0.75})),
    "nothing finite": lambda: nothing_finite(with_breakeven(results(), {"T": 0.75})),
    "bare": lambda: results().drop_vars(["quota", "tms", "AN", "scenario_title", "reference", "reg_name"])
    .assign_attrs(headline="{}", groups="broken", title="", benchmark_sha256=""),
}


@pytest.mark.parametrize("case", CASES)
def test_four_whole_files_without_warning(case, tmp_path, monkeypatch):
    monkeypatch.setattr("cge.report.style.DPI", 60)  # time
    files = write_figures(CASES[case](), tmp_path / "out", "stem")
    assert [f.name for f in files] == ["stem_world.png", "stem_world.svg", "stem_regions.png", "stem_regions.svg"]
    assert sorted(f.name for f in files) == sorted(os.listdir(tmp_path / "out"))  # no temporary file stays
    for f in files:
        head = f.read_bytes()[:8]
        assert head.startswith(b"\x89PNG" if f.suffix == ".png" else b"<?xml")
        assert f.stat().st_size > 5_000


def test_every_text_lies_on_the_page():
    for case in ("many regions", "losses", "no headline", "return of migrants"):
        view = View(CASES[case]())
        with house_style():
            for draw in (_world, _regions):
                figure = draw(view, "A title").figure
                figure.canvas.draw()
                renderer = figure.canvas.get_renderer()
                for text in figure.findobj(matplotlib.text.Text):
                    if text.get_text() and text.get_visible():
                        box, page = text.get_window_extent(renderer), figure.bbox
                        assert box.x0 >= 0 and box.x1 <= page.x1 and box.y0 >= 0 and box.y1 <= page.y1, text


def test_same_data_same_bytes_and_settings_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    for out in ("a", "b"):
        write_figures(CASES["plain"](), tmp_path / out, "stem")
    for f in (tmp_path / "a").iterdir():
        assert f.read_bytes() == (tmp_path / "b" / f.name).read_bytes()

    assert dict(matplotlib.rcParams) == before


def test_unwritable_folder_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CGEError, match="file.*--out"):
        write_figures(CASES["plain"](), tmp_path / "file", "stem")


def test_sweep_keeps_scenarios_that_differ_by_the_quota_only():
    assert View(results()).sweep() == [(1.0, 66e3, "M1"), (3.0, 200e3, "M")]  # not T+M (tariffs), not M beta (AN)
    ds = results(gains={"M": 3.0, "M1": 1.0, "M2": 2.0}, quota={"M": 0.03, "M1": 0.01, "M2": 0.02})
    ds.attrs["scenario_text"] = "[scenario.M]\n[scenario.M1]\nlike = 'M'\n[scenario.M2]\nlabour = { taxmov = 0.0 }"
    assert [name for _, _, name in View(ds).sweep()] == ["M1", "M"]


@pytest.mark.parametrize(("gains", "says"), [
    ({"T": 50e3, "M": 200e3}, "Freer movement of people (M) gives the world 200 billion US$ a year, 4.0 times what "
     "freer trade (T) gives"),
    ({"T": 60e3, "M": 20e3}, "Freer trade (T) gives the world 60 billion US$ a year, 3.0 times what freer movement of "
     "people (M) gives"),
    ({"T": -5e3, "M": 20e3}, "Freer movement of people (M) gives the world 20 billion US$ a year; freer trade (T) "
     "costs the world 5.00"),
    ({"T": np.nan, "M": 20e3}, "Freer movement of people (M) gives the world 20 billion US$ a year"),
    ({"T": np.nan, "M": np.nan}, "Gains of the world and of groups of people"),
])
def test_title_of_the_world_states_the_finding(gains, says):
    assert View(results(gains=gains)).world_finding() == says


def test_title_of_the_regions_counts_those_who_gain():
    ds = results(6, gains={"T": 50e3, "M": 200e3})
    ds["gain_by_home"][0, :, 2] = -1.0
    finding = View(ds).region_finding()
    assert finding.startswith("The people of all 6 regions gain under M, of 5 of 6 under T; labour importers ")
    ds = results(6, gains={"T": -50e3}, headline={"trade": "T"}, groups=False)
    assert View(ds).region_finding() == "The people of none of the 6 regions gain under T"


def test_region_in_no_group_is_shown():
    ds = results(4)
    ds.attrs["groups"] = json.dumps({"importers": ["R0"], "exporters": ["R1", "elsewhere"]})
    assert View(ds).groups == {"labour importers": ["R0"], "labour exporters": ["R1"], "other regions": ["R2", "R3"]}


def test_spread_moves_only_what_is_too_close():
    assert spread([5.0, 1.0, 9.0], 1.0) == [5.0, 1.0, 9.0]
    assert spread([1.0, 1.2, 9.0], 1.0) == pytest.approx([0.6, 1.6, 9.0])
    assert np.diff(np.sort(spread([1.0, 1.0, 1.0, 1.5], 1.0))).min() >= 1.0 - 1e-12
    assert spread([], 1.0) == []


def test_columns_share_one_scale_and_fit_the_room():
    columns = [Column("A", np.array([100.0, -20.0])), Column("B", np.array([1.0, np.nan]))]
    scale, places = lay_columns(columns, np.ones(2, bool), Unit("million US$", 1.0, 1), 4.0, 8.0)
    assert scale > 0
    for (left, zero, right), c in zip(places, columns, strict=True):
        assert left <= zero + scale * np.nanmin([0, *c.values]) and zero + scale * np.nanmax(c.values) <= right
    assert places[0][2] < places[1][0] and places[-1][2] <= 4.0 + 1e-9


def test_words_and_numbers():
    assert number(-0.04, 1) == "0.0" and number(-1234.56, 1) == "\N{MINUS SIGN}1,234.6" and number(np.nan, 1) == "n/a"
    assert unit_for(np.array([np.nan, 2e3])).name == "billion US$"
    assert unit_for(np.array([30.0])).name == "million US$"
    text = wrap("Rest of East Asia: Korea, Taiwan, Hong Kong, Macao", 1.5, 8.0)
    assert "\n" in text and width_of(text, 8.0) <= 1.5


def test_the_note_says_which_definition_of_skill():
    ds = results()
    assert "skill by" not in View(ds).source()
    ds.attrs["skill_definition"] = json.dumps({"name": "occupation"})
    assert "skill by the definition 'occupation'" in View(ds).source()
