"""The data base after a shock: every flow at new prices and quantities, as a benchmark of its own.

What GEMPACK calls the updated data. The flows are values, price times quantity,
of the same arrays (GTAP version 7 headers); replicating the new benchmark means
that the solution is an equilibrium of the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from cge.benchmark import HEADERS, Benchmark
from cge.errors import ScenarioError
from cge.model.named import Named
from cge.model.ops import at, level, take

if TYPE_CHECKING:
    from cge.solve.model import Solution


def updated(solution: Solution, name: str | None = None) -> Benchmark:
    """Benchmark of the counterfactual.

    Parameters
    ----------
    solution : Solution
    name : str, optional
        Name of the benchmark; default the old one with ``-updated``.

    Returns
    -------
    Benchmark
        Flows in million US$ at the solution's prices. Parameters are those of the solution. Labour stocks move
        with the supply of labour, remittances with what earlier migrants send, price levels with prices of private
        consumption. Policy layers (arrays of tariff
        rates) are dropped where tariffs have changed, since they describe the old rates; ``meta`` says so.

    Raises
    ------
    ScenarioError
        New movers: their productivity differs from that of earlier migrants, which a benchmark cannot hold.
    """
    model = solution.model
    if np.any(solution["mov"].values != 0.0):
        raise ScenarioError("a scenario with new movers has no updated benchmark: it would have to hold them as "
                            "earlier migrants, whose productivity is another; solve the scenario without "
                            "its quota or mobility")
    if np.any(solution["sendcost"].values != 0.0):
        raise ScenarioError("a scenario with a cost of transferring remittances has no updated benchmark, which holds "
                            "as received what is sent; solve the scenario without that cost")
    if np.any(solution["transfer"].values != 0.0):
        raise ScenarioError("a scenario with transfers between regions has no updated benchmark: a GTAP data base has "
                            "no place for them; solve the scenario without its shock of transfer")
    if model.cal.positions.foreign:
        raise ScenarioError("capital owned from abroad has no updated benchmark: a GTAP data base has no place for "
                            "income that crosses borders; solve a model without [ownership] foreign")
    v = solution.view
    flows: dict[str, Named] = {**_domestic(v), **_trade(v), **_labour(v, model.bench)}
    arrays = {n: _array(model.bench, n, x) for n, x in flows.items()}
    if np.any(solution["dpsum"].values != 1.0):
        arrays["DPSM"] = _array(model.bench, "DPSM", level(v.DPSM) * level(v.dpsum))
    if "PRICELEVEL" in model.bench:  # the same money buys less where consumer prices rose
        arrays["PRICELEVEL"] = _array(model.bench, "PRICELEVEL",
                                     Named(("reg",), model.bench["PRICELEVEL"].values) * level(v.ppriv))
    for n, header in HEADERS.items():
        if header.group == "parameters" and n in solution.data["coef"]:
            arrays[n] = _array(model.bench, n, Named(header.dims, np.asarray(solution.data["coef"][n])))
    rates = [n for n in ("TMSFARM", "TMS1993") if n in model.bench]
    stale = tuple(rates) if np.any(solution["tms"].values != 1.0) or np.any(solution["tm"].values != 1.0) else ()
    note = f"updated from {model.bench.name}" + (f"; dropped: {', '.join(stale)}" if stale else "")
    return model.bench.replace(name=name or f"{model.bench.name}-updated", meta={"updated": note}, drop=stale, **arrays)


def _domestic(v: Any) -> dict[str, Named]:
    """Flows within regions."""
    out = {"MAKS": v.MAKS * v.ps * v.qca, "MAKB": v.MAKB * v.pca * v.qca,
           "VDFB": v.VDFB * v.pds * v.qfd, "VDFP": v.VDFP * v.pfd * v.qfd,
           "VMFB": v.VMFB * v.pms * v.qfm, "VMFP": v.VMFP * v.pfm * v.qfm,
           "EVFB": v.EVFB * v.peb * v.qfe, "EVFP": v.EVFP * v.pfe * v.qfe, "EVOS": v.EVOS * v.pes * v.qfe}
    for agent in "pgi":
        for origin, basic in (("d", v.pds), ("m", v.pms)):
            stem, quantity = f"V{origin}{agent}".upper(), getattr(v, f"q{agent}{origin}")
            out[f"{stem}B"] = getattr(v, f"{stem}B") * basic * quantity
            out[f"{stem}P"] = getattr(v, f"{stem}P") * getattr(v, f"p{agent}{origin}") * quantity
    return {**out, "SAVE": level(v.SAVE * v.ysave), "VDEP": v.VDEP * v.pinv * v.kb, "VKB": v.VKB * v.pinv * v.kb,
            "POP": v.people}


def _trade(v: Any) -> dict[str, Named]:
    """Flows between regions."""
    return {"VXSB": v.VXSB * at(v.pds, reg="src") * v.qxs, "VFOB": v.VFOB * v.pfob * v.qxs,
            "VCIF": v.VCIF * v.pcif * v.qxs, "VMSB": v.VMSB * v.pmds * v.qxs,
            "VST": v.VST * take(v.pds, "comm", v.sets.margins, "marg") * v.qst,
            "VTWR": v.VTWR * v.pt * v.qxs / v.atmfsd}


def _labour(v: Any, bench: Benchmark) -> dict[str, Named]:
    """Workers by home and host, and what earlier migrants send."""
    if not bench.has_labour:
        return {}
    supply = at(take(v.qe, "endw", v.sets.labour, "skill"), reg="host")
    out = {"LAB": level(v.LAB) * level(supply)}
    return {**out, "REMIT": v.remearl} if "REMIT" in bench else out


def _array(bench: Benchmark, name: str, value: Named) -> xr.DataArray:
    dims = HEADERS[name].dims
    full = level(value).transposed(dims) if dims else level(value)
    shape = tuple(len(bench.labels(d)) for d in dims)
    return xr.DataArray(np.array(np.broadcast_to(full.val, shape), dtype=float), dims=dims,
                        coords={d: list(bench.labels(d)) for d in dims})
