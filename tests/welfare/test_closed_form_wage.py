"""The closed form that stands beside the fall of host wages: the marginal product in one CES nest."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cge.welfare.targets import _closed_form


class Reader:
    """What the closed form reads of a comparison: one host with one activity and three factors."""

    def __init__(self, share: float, sigma: float, supply: float):
        self.groups = {"importers": ["H"]}
        pay = [100 * share, 60 * (1 - share), 40 * (1 - share)]
        self.ds = xr.Dataset(
            {"EVFP": (("endw", "acts", "reg"), np.array(pay).reshape(3, 1, 1)),
             "ESUBVA": (("acts", "reg"), [[sigma]]), "qlab": (("scenario", "skill", "reg"), [[[supply]]])},
            coords={"endw": ["SkLab", "UnskLab", "Capital"], "acts": ["A"], "reg": ["H"], "skill": ["SkLab"],
                    "scenario": ["MS"]})


@pytest.mark.parametrize(("share", "sigma"), [(0.2, 1.3), (0.5, 1.26), (0.1, 0.8)])
def test_it_is_the_marginal_product_of_a_ces_function(share, sigma):
    """Y = (sum a x**r)**(1/r), r = 1 - 1/sigma: derivative by the first factor, before and after 0.01% more of it."""
    a, r, more = np.array([share, 0.6 * (1 - share), 0.4 * (1 - share)]), 1 - 1 / sigma, 1.0001

    def wage(x):
        return a[0] * x[0] ** (r - 1) * (a @ x**r) ** (1 / r - 1)

    exact = 100 * np.log(wage(np.array([more, 1.0, 1.0])) / wage(np.ones(3)))
    assert float(_closed_form(Reader(share, sigma, more), "MS", "SkLab").item()) == pytest.approx(exact, rel=1e-3)
