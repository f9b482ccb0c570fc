"""The accounts of a constructed economy: flows that follow from technology, shares and tax rates.

Both generators of synthetic benchmarks draw the inputs of :class:`Technology`
and take the flows from it, so that every identity holds by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.benchmark.wages import base_wages

ENDOWMENTS = ("Land", "UnskLab", "SkLab", "Capital", "NatRes")
SKILLS = ("UnskLab", "SkLab")
MOBILITY = {"Land": "sluggish", "UnskLab": "mobile", "SkLab": "mobile", "Capital": "mobile", "NatRes": "fixed"}
CAPITAL = ENDOWMENTS.index("Capital")
DEPRECIATION = 0.04
"""Depreciation over the capital stock."""
BETA = 0.75
"""Share of the wage gap that earlier migrants have closed, in every synthetic benchmark."""

Flows = dict[str, np.ndarray]


@dataclass
class Technology:
    """What the flows follow from. Shares are fractions, rates are on the value before the tax.

    Attributes
    ----------
    maker : array (comm, acts, reg)
        Shares of activities in the basic value of a commodity.
    inputs : dict of str to array (comm, acts, reg)
        Domestic ("D") and imported ("M") intermediates per unit of output, at purchaser prices.
    budget : dict of str to (array, array), each (comm, reg)
        Domestic and imported goods in the spending of agents "P", "G" and "I".
    split : dict of str to array (reg)
        Shares of the agents in the spending of the region.
    rate : dict of str to array
        Taxes: "DF", "MF", ... (origin and agent; as the purchases), "out" (comm, acts, reg),
        "fac" (endw, acts, reg), "inc" (endw, 1 or acts, reg), "exp" and "tariff" (comm, src, dst).
    trade_share : array (comm, src, dst)
        Shares of sources in imports at basic prices.
    freight : array (marg, comm, src, dst)
        Margin services in the cif value.
    carrier : array (reg) or (marg, reg)
        Shares of regions in the supply of margin services.
    factor_share : array (endw, acts, reg)
        Shares of endowments in value added, at purchaser prices; zero for absent activities.
    margins : array of int
        Positions of the margin services among the commodities.
    """

    maker: np.ndarray
    inputs: dict[str, np.ndarray]
    budget: dict[str, tuple[np.ndarray, np.ndarray]]
    split: dict[str, np.ndarray]
    rate: dict[str, np.ndarray]
    trade_share: np.ndarray
    freight: np.ndarray
    carrier: np.ndarray
    factor_share: np.ndarray
    margins: np.ndarray

    def demand(self, good: np.ndarray, spending: np.ndarray) -> tuple[np.ndarray, Flows]:
        """Demand for domestic goods (comm, reg) and all flows, given outputs and spending.

        Parameters
        ----------
        good : array (comm, reg)
            Output at basic prices, million US$. The accounts balance where it equals the demand.
        spending : array (reg)
            Spending of all agents at purchaser prices, million US$.
        """
        rate = self.rate
        f: Flows = {}
        f["MAKB"] = self.maker * good[:, None, :]
        f["MAKS"] = f["MAKB"] / (1 + rate["out"])
        output = f["MAKS"].sum(0)
        for origin, code in ((0, "D"), (1, "M")):
            f[f"V{code}FP"] = self.inputs[code] * output
            for agent, shares in self.budget.items():
                f[f"V{code}{agent}P"] = shares[origin] * self.split[agent] * spending
            for agent in "FPGI":
                f[f"V{code}{agent}B"] = f[f"V{code}{agent}P"] / (1 + rate[code + agent])
        f["EVFP"] = self.factor_share * (output - f["VDFP"].sum(0) - f["VMFP"].sum(0))
        f["EVFB"] = f["EVFP"] / (1 + rate["fac"])
        f["EVOS"] = f["EVFB"] * (1 - rate["inc"])
        use = {o: f[f"V{o}FB"].sum(1) + sum(f[f"V{o}{g}B"] for g in "PGI") for o in "DM"}
        f["VMSB"] = self.trade_share * use["M"][:, None, :]
        f["VCIF"] = f["VMSB"] / (1 + rate["tariff"])
        f["VTWR"] = self.freight * f["VCIF"]
        f["VFOB"] = f["VCIF"] - f["VTWR"].sum(0)
        f["VXSB"] = f["VFOB"] / (1 + rate["exp"])
        f["VST"] = f["VTWR"].sum((1, 2, 3))[:, None] * self.carrier
        gross = f["VDIP"].sum(0) + f["VMIP"].sum(0)
        f["VDEP"] = 0.35 * gross
        f["VKB"] = f["VDEP"] / DEPRECIATION
        demand = use["D"] + f["VXSB"].sum(2)
        demand[self.margins] += f["VST"]
        return demand, f

    @staticmethod
    def income(f: Mapping[str, np.ndarray]) -> np.ndarray:
        """Income of regions (reg) before remittances: factors net of tax, all taxes, less depreciation."""
        use = sum((f[f"V{o}FP"] - f[f"V{o}FB"]).sum((0, 1)) for o in "DM")
        use = use + sum((f[f"V{o}{g}P"] - f[f"V{o}{g}B"]).sum(0) for o in "DM" for g in "PGI")
        return (
            f["EVFP"].sum((0, 1))
            - f["VDEP"]
            + (f["MAKB"] - f["MAKS"]).sum((0, 1))
            + use
            + (f["VFOB"] - f["VXSB"]).sum((0, 2))
            + (f["VMSB"] - f["VCIF"]).sum((0, 1))
        )

    def saving(self, f: Mapping[str, np.ndarray]) -> np.ndarray:
        """Saving of regions (reg) before remittances: income less private and government spending."""
        return self.income(f) - sum(f[f"V{o}{g}P"].sum(0) for o in "DM" for g in "PG")


def migrant_income(lab: np.ndarray, flows: Mapping[str, np.ndarray], sets: Mapping[str, Any]) -> np.ndarray:
    """After-tax labour income of migrants (skill, home, host), million US$; the diagonal is zero.

    Parameters
    ----------
    lab : array (skill, home, host)
        Workers, thousand.
    flows : mapping
        With EVFB and EVOS (endw, acts, reg).
    sets : mapping
        Labels of skill and reg.
    """
    away = 1.0 - np.eye(len(sets["reg"]))
    bill = flows["EVFB"][1:3].sum(1)
    coords = {"skill": list(sets["skill"]), "home": list(sets["reg"]), "host": list(sets["reg"])}
    wage, a = base_wages(
        xr.DataArray(lab, dims=("skill", "home", "host"), coords=coords),
        xr.DataArray(bill, dims=("skill", "reg"), coords={"skill": coords["skill"], "reg": coords["home"]}),
        BETA,
    )
    keep = flows["EVOS"][1:3].sum(1) / bill
    return a.values * lab * (wage.values * keep)[:, None, :] * away


def net_remittances(remit: np.ndarray) -> np.ndarray:
    """Remittances received less sent (reg)."""
    return remit.sum(axis=(0, 2)) - remit.sum(axis=(0, 1))


def labelled(
    name: str, sets: dict[str, tuple[str, ...]], arrays: Mapping[str, np.ndarray], meta: dict[str, Any]
) -> Benchmark:
    """Benchmark of bare arrays in the canonical order of dimensions; `meta` is completed."""
    meta = {
        "title": "Synthetic benchmark (invented numbers)",
        "year": 2000,
        "unit": "million US$",
        "mobility": MOBILITY,
        "beta_earlier": {"value": BETA, "source": "invented"},
        **meta,
    }
    coords = {dim: list(sets[of]) for dim, of in DIM_SET.items()}
    return Benchmark(
        name,
        sets,
        {
            key: xr.DataArray(values, dims=HEADERS[key].dims, coords={d: coords[d] for d in HEADERS[key].dims})
            for key, values in arrays.items()
        },
        meta,
    )
