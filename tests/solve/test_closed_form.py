"""The migration block against a closed form: one good, CES of capital and two skills, competitive pay.

With one good, no taxes, no intermediate inputs and goods of different origin close to perfect substitutes, output
is a function of factor supplies alone and every price of goods is one. What the model should find can then be
written down without it.
"""

import numpy as np
import pytest
import xarray as xr

from cge.benchmark import HEADERS, Benchmark, check_benchmark
from cge.benchmark.headers import DIM_SET
from cge.solve.model import Model
from tests.engine import plain

REG, SKILL = ("Rich", "Poor"), ("UnskLab", "SkLab")
OUTPUT = np.array([1000.0, 200.0])  # million US$
SHARE = np.array([[0.35, 0.40], [0.30, 0.20], [0.35, 0.40]])  # unskilled, skilled, capital x region
WORKERS = np.array([[10.0, 60.0], [5.0, 10.0]])  # thousand, skill x region
SIGMA, BETA, TRADE, SUBSTITUTES = 1.26, 0.5, 20.0, 4000.0


def one_good() -> Benchmark:
    sets = {"reg": REG, "comm": ("Good",), "acts": ("Good",), "marg": (), "endw": (*SKILL, "Capital"), "skill": SKILL}
    factors = (SHARE * OUTPUT)[:, None, :]
    use = dict(zip("PGI", (0.6 * OUTPUT, 0.2 * OUTPUT, 0.2 * OUTPUT), strict=True))
    trade = np.array([[[0.0, TRADE], [TRADE, 0.0]]])
    a = dict.fromkeys(("MAKS", "MAKB"), OUTPUT[None, None, :]) | dict.fromkeys(("EVFB", "EVFP", "EVOS"), factors)
    a |= dict.fromkeys(("VXSB", "VFOB", "VCIF", "VMSB"), trade)
    for agent, spent in use.items():
        for price in "PB":
            a[f"VD{agent}{price}"] = (spent * (1 - TRADE / OUTPUT))[None]
            a[f"VM{agent}{price}"] = (spent * TRADE / OUTPUT)[None]
    a |= {
        "VDEP": 0.1 * OUTPUT,
        "SAVE": 0.1 * OUTPUT,
        "VKB": 2.5 * OUTPUT,
        "POP": 2.0 * WORKERS.sum(0) / 1000.0,
        "LAB": WORKERS[:, :, None] * np.eye(2),
        "ESUBVA": SIGMA,
        "ESUBD": SUBSTITUTES,
        "ESUBM": SUBSTITUTES,
        "SUBPAR": 0.5,
        "INCPAR": 1.0,
    }

    def labelled(name, values):
        dims = HEADERS[name].dims
        coords = {d: list(sets[DIM_SET[d]]) for d in dims}
        shape = [len(coords[d]) for d in dims]
        return xr.DataArray(np.broadcast_to(np.asarray(values, float), shape).copy(), dims=dims, coords=coords)

    a |= {n: 0.0 for n in HEADERS if HEADERS[n].required and n not in a}
    meta = {"beta_earlier": {"value": BETA, "source": "invented"}, "unit": "million US$"}
    return Benchmark("one-good", sets, {n: labelled(n, v) for n, v in a.items()}, meta)


@pytest.fixture(scope="module")
def model():
    bench = one_good()
    assert check_benchmark(bench).ok
    return plain(Model(bench, labour={"beta": BETA, "rho": 0.0}))


def solved(model, share):
    """Rich admits a share of its work force of each skill, from Poor."""
    shares = np.zeros((2, 2, 2))
    shares[:, 1, 0] = 1.0
    return model.solve({"quota": np.array([[share, 0.0], [share, 0.0]])}, {"MSHR": shares})


def closed_form(share):
    """Output, pay and the gains of each group, from the production function alone."""
    wage = SHARE[:2] * OUTPUT / WORKERS  # thousand US$ a worker
    productivity = (wage[:, 1] + BETA * (wage[:, 0] - wage[:, 1])) / wage[:, 0]
    movers = share * WORKERS[:, 0]
    workers = WORKERS + np.stack([productivity * movers, -movers], axis=1)
    growth = np.vstack([workers / WORKERS, np.ones(2)])
    output = OUTPUT * ((SHARE * growth ** (1 - 1 / SIGMA)).sum(0)) ** (SIGMA / (SIGMA - 1))
    pay = (output / OUTPUT) ** (1 / SIGMA) * growth ** (-1 / SIGMA)  # marginal products, benchmark = 1
    earned = productivity * movers * wage[:, 0] * pay[:2, 0]
    left = movers * wage[:, 1]
    return {
        "output": output,
        "pay": pay,
        "world": (output - OUTPUT).sum(),
        "first order": (BETA * movers * (wage[:, 0] - wage[:, 1])).sum(),
        "movers": (earned - left).sum(),
        "residents": output - OUTPUT + np.array([-earned.sum(), left.sum()]),
    }


@pytest.mark.parametrize("share", [0.03, 0.30])
def test_output_and_pay(model, share):
    s, expected = solved(model, share), closed_form(share)
    assert s.certificate.worst < 1e-9
    np.testing.assert_allclose(s["qo"].values[0], expected["output"] / OUTPUT, rtol=1e-10)
    real_pay = s["pes"].values[:, 0, :] / s["pds"].values[0]
    np.testing.assert_allclose(real_pay, expected["pay"], rtol=1e-10)


@pytest.mark.parametrize("share", [0.03, 0.30])
def test_gains_of_the_world_and_of_each_group(model, share):
    # Goods of two origins are nearly, not quite, perfect substitutes: terms of trade move by 1 / SUBSTITUTES.
    s, expected = solved(model, share), closed_form(share)
    near = dict(rel=2e-3, abs=2e-4 * expected["world"])
    assert s["WEV"].item() == pytest.approx(expected["world"], **near)
    assert s["absorb"].sum().item() == pytest.approx(expected["world"], **near)
    assert s["EVnew"].sum().item() == pytest.approx(expected["movers"], **near)
    assert s["EV"].values == pytest.approx(expected["residents"], rel=2e-3, abs=1e-3 * expected["world"])


def test_the_first_order_rule(model):
    """World gain is beta q N (W_host - W_home) but for the square of the quota."""
    gaps = []
    for share in (0.03, 0.015):
        world, rule = solved(model, share)["WEV"].item(), closed_form(share)["first order"]
        gaps.append(rule - world)
        assert 0.75 < world / rule < 1.15
    assert gaps[0] / gaps[1] == pytest.approx(4.0, abs=0.3)


def test_without_a_productivity_gain_nobody_gains_at_first_order():
    """beta = 0: a mover is worth in the host what she was worth at home."""
    m = plain(Model(one_good(), labour={"beta": 0.0, "rho": 0.0}))
    assert abs(solved(m, 0.03)["WEV"].item()) < 0.02 * closed_form(0.03)["world"]


def test_remittances_move_gains_not_output(model):
    sender = plain(Model(one_good(), labour={"beta": BETA, "rho": 0.4}))
    one, two = solved(model, 0.03), solved(sender, 0.03)
    np.testing.assert_allclose(one["qo"], two["qo"], rtol=1e-10)
    sent = two["remin"].values[1]
    assert sent == pytest.approx(0.4 * two["ynew"].sum().item(), rel=1e-10)
    assert (two["EV"] - one["EV"]).values[1] == pytest.approx(sent, rel=5e-3)
    assert (two["EVnew"] - one["EVnew"]).sum().item() == pytest.approx(-sent, rel=5e-3)
    assert two["WEV"].item() == pytest.approx(one["WEV"].item(), rel=2e-3)
