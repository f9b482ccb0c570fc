"""A textbook world for which theory gives the answer: a small country against a large one."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.benchmark.data import Benchmark
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.benchmark.synth import synthetic_benchmark


def small_country(sigma: float = 4.0, size: float = 1e-3, openness: float = 0.3) -> Benchmark:
    """A country of relative income ``size`` and a large one, without taxes, margins, intermediate inputs or migrants.

    Two goods are made by value added alone and differ by where they are made (Armington), with one elasticity
    ``sigma`` at every level. Trade is balanced. The small country takes import prices as given and meets a
    demand of elasticity close to ``sigma`` for its exports, so that its optimal uniform tariff is close to
    ``1 / (sigma - 1)`` (Gros 1987, Journal of International Economics 23; Johnson 1953 for the
    inverse of the elasticity of foreign supply less one).

    Parameters
    ----------
    sigma : float
        Elasticity of substitution, above 1.
    size : float
        Income over that of the large country.
    openness : float
        Imports over purchases in the small country.

    Returns
    -------
    Benchmark
        Regions ``Small`` and ``Large``; the large one has an income of 1 million million US$.
    """
    plain = synthetic_benchmark(2, 2, taxes=False, margins=False, migrants=False, holes=False)
    sets = {**plain.sets, "reg": ("Small", "Large")}
    income = np.array([size, 1.0]) * 1e6
    imports = openness * income[0] * np.full(2, 0.5)  # of each good, the same both ways
    spending = np.full((2, 1), 0.5) * income  # comm, reg
    a = {name: np.zeros([len(sets[DIM_SET[str(d)]]) for d in plain[name].dims]) for name in plain.arrays
         if HEADERS[name].group != "parameters"}
    output = spending.copy()
    for r in range(2):
        a["MAKB"][:, :, r] = a["MAKS"][:, :, r] = np.diag(output[:, r])
    share = np.array([0.1, 0.3, 0.2, 0.35, 0.05])
    for name in ("EVFP", "EVFB", "EVOS"):
        a[name][:] = share[:, None, None] * output[None]
    for agent, part in (("P", 0.6), ("G", 0.2), ("I", 0.2)):
        for kind in "PB":
            a[f"VM{agent}{kind}"][:] = part * imports[:, None]
            a[f"VD{agent}{kind}"][:] = part * (spending - imports[:, None])
    for name in ("VXSB", "VFOB", "VCIF", "VMSB"):
        a[name][:, 0, 1] = a[name][:, 1, 0] = imports
    a["VDEP"][:], a["VKB"][:] = 0.1 * income, 2.5 * income
    a["SAVE"][:] = 0.1 * income  # saving is net investment: no lending
    a["POP"][:] = income / 1e4
    for name, value in {"ESUBD": sigma, "ESUBM": sigma, "ESUBVA": 1.0, "SUBPAR": 0.5, "INCPAR": 1.0}.items():
        a[name] = np.full(plain[name].shape, value)
    coords = {name: {d: list(sets[DIM_SET[str(d)]]) for d in plain[name].dims} for name in plain.arrays}
    arrays = {n: xr.DataArray(a.get(n, plain[n].values), dims=plain[n].dims, coords=coords[n]) for n in plain.arrays}
    meta = {**plain.meta, "title": "A small country and a large one (textbook)", "sources": ["cge.benchmark.textbook"],
            "groups": {"importers": ["Large"], "exporters": ["Small"]},
            "mobility": dict.fromkeys(sets["endw"], "mobile")}
    return Benchmark("small-country", sets, arrays, meta)
