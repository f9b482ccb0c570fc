"""Both rules of investment: equal expected returns, or fixed shares in world net investment."""

import numpy as np
import pytest

from cge.solve.model import Model
from tests.cases import model, no_tariffs
from tests.engine import plain


@pytest.fixture(scope="module", params=[0.0, 1.0], ids=["fixed shares", "equal returns"])
def solved(request):
    m = plain(Model(model(seed=2, migrants=False).bench, rordelta=request.param))
    return request.param, m.solve(no_tariffs(m))


def test_the_rule_holds(solved):
    rule, s = solved
    growth = s["qnetinv"].values / s.model.cal.data["NETINV"][1]
    if rule:
        np.testing.assert_allclose(s["rore"], s["rorg"].item(), rtol=1e-9)
        assert np.ptp(growth) > 1e-4
    else:
        np.testing.assert_allclose(growth, s["globalcgds"].item(), rtol=1e-9)
        assert np.ptp(s["rore"].values) > 1e-4


def test_world_investment_is_world_saving_in_value_price_and_volume(solved):
    _, s = solved
    assert s["walras_sup"].item() == pytest.approx(s["walras_dem"].item(), rel=1e-9)
    assert s["walras_sup"].item() == pytest.approx(s["pcgdswld"].item() * s["globalcgds"].item(), rel=2e-6)


def test_the_world_return_is_an_average_of_returns(solved):
    _, s = solved
    assert s["rore"].min() - 1e-9 <= s["rorg"] <= s["rore"].max() + 1e-9
