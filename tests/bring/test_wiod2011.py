"""The world table of 2011 through the user's path: 15 regions, 10 sectors, migrants, remittances; T and M solved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration.satellites.sources import read_r
from cge.benchmark import migrant_accounts, open_benchmark
from cge.benchmark.identities import spending
from cge.bring import bring_icio
from cge.cli import main
from cge.results import open_results
from tests.bring.wiod2011 import RAW, TARIFFS, write_world

pytestmark = [
    pytest.mark.raw,
    pytest.mark.skipif(not (RAW / "wiod2013").is_dir(), reason="no raw data: the folder ../shared/data is absent"),
]

SCENARIO = """
benchmark = "{}"
[labour]
beta = 0.5
rho = 0.2
[scenario.T]
tariffs = [{{ remove = "all" }}]
[scenario.M]
quota = [{{ rate = 0.03, hosts = ["importers"], homes = ["exporters"], supply = "pool" }}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wiod")
    table, settings = write_world(folder)
    return bring_icio(table, settings, folder / "world2011"), folder


@pytest.fixture(scope="module")
def raw():
    table = {str(k): v for k, v in read_r(RAW / "wiod2013" / "wiot_2011.RData").items()}
    n, k = len(table["countries"]), len(table["industries"])
    return (
        [str(c) for c in table["countries"]],
        np.asarray(table["inter"], dtype=float).reshape(n, k, n, k),
        np.asarray(table["final"], dtype=float).reshape(n, k, n, 5),
    )


def test_totals_are_those_of_the_raw_table(made, raw):
    b, log = made[0].benchmark, made[0].settings.log
    countries, inter, final = raw
    own = np.eye(len(countries))[:, None, :, None]
    exports = (inter * (1 - own)).sum() + (final * (1 - own)).sum()
    changed = log.adjustments().query("kind == 'cell' and flow == 'M'")["change"].sum()
    assert float(b["VXSB"].sum()) == pytest.approx(exports + changed, rel=1e-9)
    assert abs(changed) < 1e-3 * exports
    us = countries.index("USA")
    cells = log.adjustments().query("kind == 'cell' and agent == 'household' and reg == 'USA' and flow == 'D'")
    consumption = final[us, :, us, :2].sum() + cells["change"].sum()  # households and non-profits, at home
    assert float(b["VDPB"].sel(reg="USA").sum()) == pytest.approx(consumption, rel=1e-9)
    output = inter.sum((2, 3)) + final.sum((2, 3))
    assert float(b["MAKB"].sel(reg="USA").sum()) == pytest.approx(output[us].sum(), rel=1e-3)
    added = output.sum() - inter.sum()
    tariffs = float((b["VMSB"] - b["VCIF"]).sum())
    assert float(sum(spending(b, g).sum() for g in "PGI")) == pytest.approx(added, rel=2 * tariffs / added)


def test_people_are_those_of_the_raw_matrices(made):
    b, folder = made[0].benchmark, made[1]
    stocks = pd.read_csv(folder / "migrants.csv")
    mexicans = stocks.query("home == 'MEX' and host == 'USA'")["persons"].item()
    assert mexicans == pytest.approx(13000, rel=0.1)  # thousand; World Bank 2013: 13.0 million
    assert float(b["MPOP"].sel(home="MEX", host="USA")) == pytest.approx(mexicans, rel=1e-9)
    away = float(b["LAB"].sum() - np.einsum("shh->", b["LAB"].values))
    assert away == pytest.approx(0.65 * float(b["MPOP"].sum()), rel=1e-6)
    log = made[0].settings.log.adjustments()
    wanted = pd.read_csv(folder / "remittances.csv")["value"].sum()
    inside = float(
        next(n for n in made[0].settings.log.notes if n.startswith("remittances between")).split()[-3].replace(",", "")
    )
    change = log[log.kind == "remittances"]["change"].sum()
    assert float(b["REMIT"].sum()) == pytest.approx(wanted - inside + change, rel=1e-4)


def test_tariffs_are_means_over_goods(made):
    source = pd.read_csv(RAW / "tariffs_2014" / "tariffs_2014_tidy_fixed.csv")
    goods = set(source.loc[source.sector_name != "Services", "sector"])
    assert sorted(n for numbers in TARIFFS.values() for n in numbers) == sorted(goods)
    b = made[0].benchmark
    rate = (b["VMSB"] / b["VCIF"] - 1).sel(comm="Mach", src="USA", dst="BRA")
    # Wood 9.29, paper 11.384, electrical 12.47, machinery 11.25, transport 16.4719, other 18.28 per cent in the file.
    assert float(rate) == pytest.approx(0.1319098, abs=1e-6)


@pytest.mark.long
def test_tariffs_and_quota_are_solved(made, tmp_path, capsys):
    folder = made[1]
    (tmp_path / "compare.toml").write_text(SCENARIO.format(folder / "world2011"))
    assert main(["check", str(folder / "world2011")]) == 0
    assert main(["run", str(tmp_path / "compare.toml"), "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    assert "replicates without a solve" in capsys.readouterr().out
    ds = open_results(tmp_path / "out" / "compare.nc")
    assert float(ds["certificate_residual"].max()) < 1e-9
    assert float(ds["certificate_sam"].max()) < 1e-9
    # The world's gain from the quota, to first order: beta q N (W_host - mean W_home), gross wages.
    b = open_benchmark(folder / "world2011")
    wage = migrant_accounts(b)["W"]
    force = b["LAB"].sum("home").rename(host="reg")
    natives = xr_diagonal(b)
    hosts, homes = b.meta["groups"]["importers"], b.meta["groups"]["exporters"]
    first = 0.0
    for skill in b.sets["skill"]:
        pool = natives.sel(skill=skill, reg=homes)
        at_home = float((wage.sel(skill=skill, reg=homes) * pool).sum() / pool.sum())
        gap = wage.sel(skill=skill, reg=hosts) - at_home
        first += float((0.5 * 0.03 * force.sel(skill=skill, reg=hosts) * gap).sum())
    gain = float(ds["gain_world"].sel(scenario="M"))
    print(f"gain {gain:,.0f}, first order {first:,.0f}, ratio {gain / first:.3f}")
    assert 0.75 < gain / first < 1.15


def xr_diagonal(b):
    """Workers at home (skill, reg)."""
    lab = b["LAB"]
    return lab.isel(home=0, drop=True).rename(host="reg").copy(data=np.einsum("shh->sh", lab.values))
