"""Defaults of the package for users' own tables are those of the calibration and of the shipped benchmarks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.balance.factors import PATTERN
from calibration.elasticities.parameters import FACTS
from calibration.satellites.migrants import parameters as migrant_parameters
from cge.benchmark import open_benchmark
from cge.benchmark.identities import spending
from cge.bring.settings import data, number

CLASS = data("classes")["class"]


def facts(name):
    return pd.read_csv(FACTS / name, comment="#")


def test_classes_are_the_sectors_of_the_shipped_benchmarks():
    b = open_benchmark("ww1997", check=False)
    assert tuple(CLASS) == b.sets["comm"]
    for name, array in (("esubva", "ESUBVA"), ("esubd", "ESUBD")):
        mine = [CLASS[c][name] for c in CLASS]
        np.testing.assert_allclose(mine, b[array].isel(reg=0).values, rtol=1e-9)


def test_factor_pattern_and_income_elasticities_are_those_of_the_calibration():
    pattern = pd.read_csv(PATTERN, comment="#").set_index("act")
    for column in ("labour", "land", "natres"):
        assert [CLASS[c][column] for c in CLASS] == pattern.loc[list(CLASS), column].tolist()
    income = facts("income_elasticities.csv").set_index("category")[["low", "middle", "high"]]
    use = facts("category_map.csv")
    for c in CLASS:
        part = use[use.comm == c]
        mean = (income.loc[part.category].to_numpy() * part.weight.to_numpy()[:, None]).sum(0) / part.weight.sum()
        np.testing.assert_allclose(CLASS[c]["income"], mean, rtol=1e-9)
    assert number("frisch") == facts("price_response.csv").set_index("name").at["frisch", "value"]
    for year, levels in data("classes")["income_levels"].items():
        want = pd.read_csv(FACTS / year / "income_groups.csv", comment="#")
        assert levels == want.sort_values("consumption_per_head")["consumption_per_head"].tolist()
    assert number("beta_earlier") == migrant_parameters()["beta_earlier"]


def test_world_means_are_those_of_world2014():
    b = open_benchmark("world2014", check=False)
    wages = b["EVFB"].sel(endw=["UnskLab", "SkLab"]).sum("reg")
    skilled = wages.sel(endw="SkLab") / wages.sum("endw")
    np.testing.assert_allclose([CLASS[c]["skilled"] for c in CLASS], skilled.sel(acts=list(CLASS)), atol=5.1e-4)
    gdp = float(sum(spending(b, g).sum() for g in "PGI"))
    assert number("capital_over_gdp") == pytest.approx(float(b["VKB"].sum()) / gdp, abs=5.1e-3)
    assert number("depreciation") == pytest.approx(float(b["VDEP"].sum() / b["VKB"].sum()), abs=1e-4)
    assert number("workers_per_head") == pytest.approx(float(b["LAB"].sum() / b["POP"].sum()) / 1000, abs=1e-3)


def test_ready_mappings_have_each_code_once():
    oecd = data("oecd")
    for key in ("regions", "sectors"):
        codes = [c for some in oecd[key].values() for c in some]
        assert len(codes) == len(set(codes))
    assert len([c for some in oecd["regions"].values() for c in some]) == 81  # edition 2025: 80 countries and the rest
    assert tuple(oecd["sectors"]) == tuple(CLASS)
    from cge.benchmark import shipped_benchmarks

    regions = {r for b in shipped_benchmarks() for r in open_benchmark(b.name, check=False).sets["reg"]}
    assert set(oecd["regions"]) - {"ROW"} <= regions
