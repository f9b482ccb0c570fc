"""From a GTAP folder to a solved scenario by the command line alone, on a data base of our own making."""

from __future__ import annotations

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark, write_gtap
from cge.benchmark.har import read_har
from cge.cli import main
from cge.results import open_results


@pytest.fixture(scope="module")
def gtap(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gtap")
    write_gtap(synthetic_benchmark(3, 3, seed=1, migrants=False), folder / "har")
    return folder


def test_import_run_and_export(gtap, monkeypatch, capsys):
    monkeypatch.chdir(gtap)
    assert main(["import-har", "har", "--to", "mine"]) == 0
    (gtap / "s.toml").write_text("""
benchmark = "mine"
[closure]
use = "trade_balance"
home = "R1"
[scenario.tm10]
shock = [{ variable = "tm", value = 1.1 }]
""")
    assert main(["run", "s.toml", "--out", "out", "--no-figures", "--har"]) == 0
    changes = read_har(gtap / "out" / "s_tm10.har")
    by_name = {header.coefficient: header for header in changes.values()}
    assert by_name["tm"].values == pytest.approx(10.0)
    assert main(["import-har", "out/s_tm10_updated", "--to", "after"]) == 0
    assert main(["check", "after"]) == 0
    ds = open_results(gtap / "out" / "s.nc")
    assert float(abs(ds["del_tbalry"]).max()) < 1e-9
    assert float(ds["certificate_residual"].max()) < 1e-9
    flows = ds["VXSB"].values > 0  # header arrays have notional changes elsewhere
    expected = 100 * (ds["qxs"].sel(scenario="tm10").values - 1)
    np.testing.assert_allclose(by_name["qxs"].values[flows], expected[flows], rtol=1e-6, atol=1e-5)
    assert main(["export-har", "mine", "--to", "back"]) == 0
    assert (gtap / "back" / "basedata.har").is_file()


def test_aggregate(gtap, monkeypatch, capsys):
    monkeypatch.chdir(gtap)
    bench = synthetic_benchmark(3, 3, seed=1)
    first, *rest = bench.labels("reg")
    (gtap / "map.toml").write_text(f'[reg]\nOne = ["{first}"]\nRest = [{", ".join(repr(r) for r in rest)}]\n')
    main(["import-har", "har", "--to", "mine2"])
    assert main(["aggregate", "mine2", "map.toml", "--to", "small"]) == 0
    assert main(["check", "small"]) == 0


def test_wrong_folder_is_one_line(gtap, capsys):
    assert main(["import-har", str(gtap / "nothing"), "--to", str(gtap / "x")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
