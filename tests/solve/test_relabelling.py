"""Who is called a migrant must change attribution only.

At beta = 1, with no taxes and no remittances of earlier migrants, and with everybody's budget shares alike (a
homothetic CDE; public spending and real saving held), workers of one region that are relabelled as earlier
migrants there leave every price and quantity as it was.
"""

import numpy as np
import pytest

from cge.benchmark import synthetic_benchmark
from cge.model.closure import Closure, Swap
from cge.solve.model import Model
from tests.cases import quota
from tests.engine import plain

HELD = Closure((Swap("ug", "dpgov"), Swap("qsave", "dpsave")))


@pytest.fixture(scope="module")
def pair():
    """The same world twice: nobody a migrant, and a part of the first region's workers called migrants."""
    b = synthetic_benchmark(3, 3, seed=6, taxes=False, holes=False)
    tariffs = b["VMSB"] - b["VCIF"]
    assert abs(tariffs).max() == 0.0
    lab = b["LAB"].copy()
    lab.values[...] = lab.values.sum(1)[:, None, :] * np.eye(3)
    called = lab.copy()
    called.values[:, 0, 0] *= 0.8
    called.values[:, 1, 0] = 0.15 * lab.values[:, 0, 0]
    called.values[:, 2, 0] = 0.05 * lab.values[:, 0, 0]
    zero = {n: 0.0 * b[n] for n in ("REMIT", "MPOP", "LABSTAT")}
    # Saving as it is without net remittances.
    net = b["REMIT"].sum(["skill", "host"]).values - b["REMIT"].sum(["skill", "home"]).values
    common = dict(SAVE=b["SAVE"] - net, INCPAR=0.0 * b["INCPAR"] + 1.0, **zero)
    meta = {"beta_earlier": {"value": 1.0, "source": "the test"}}
    own = b.replace(LAB=lab, meta=meta, **common)
    relabelled = b.replace(LAB=called, meta=meta, **common)
    return [plain(Model(x, HELD, labour={"beta": 1.0})) for x in (own, relabelled)]


def test_the_accounts_agree(pair):
    for m in pair:
        assert m.base().certificate.worst < 1e-10
    assert pair[1].base()["cmig"].values[0] > 0.01 * pair[1].cal.data["YPALL"][1][0]


@pytest.mark.parametrize("kind", ["iceberg", "movers", "both"])
def test_prices_and_quantities_do_not_know_the_label(pair, kind):
    solutions = []
    _, coefficients = quota(pair[0])  # the same movers in both worlds
    for m in pair:
        shocks = quota(m)[0] if kind != "iceberg" else {}
        shocks |= {"ams": 1.05} if kind != "movers" else {}
        solutions.append(m.solve(shocks, coefficients))
    one, two = solutions
    assert abs(one["pfactor"].values - 1.0).max() > 1e-5
    for symbol in ("pds", "qo", "qxs", "pes", "qpa", "qga", "qinv", "absorb", "tbal", "wnet", "cpriv"):
        a, b = one[symbol].values, two[symbol].values
        np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-8 * np.abs(a).max(), err_msg=symbol)
    assert abs(two["EVearl"].sum().item()) > 1e-6
    assert abs(one["EVearl"].sum().item()) == 0.0
