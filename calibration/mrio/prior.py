"""The unbalanced benchmark: economies rescaled to published GDP, valued with taxes, tariffs and margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from calibration.mrio.geography import distances
from calibration.mrio.table import Economies

# GDP at market prices with given tax rates fixes the scale of domestic use, which moves the tax base, which
# moves the rates that meet published revenue: the loop converges fast.
LOOPS = 30
AGENT = {"household": "priv", "government": "gov", "investment": "inv"}


@dataclass(frozen=True)
class Rates:
    """Ad valorem rates, fractions.

    Attributes
    ----------
    firms : DataArray (comm, acts, reg)
        Tax on intermediate use, of the basic price.
    final : DataArray (comm, use, reg)
    export : DataArray (comm, src, dst)
        Of the basic price.
    margin : DataArray (comm, src, dst)
        International transport, of the fob price.
    tariff : DataArray (comm, src, dst)
        Of the cif price.
    output : DataArray (acts, reg)
        Of the supplier price.
    """

    firms: xr.DataArray
    final: xr.DataArray
    export: xr.DataArray
    margin: xr.DataArray
    tariff: xr.DataArray
    output: xr.DataArray

    @property
    def landed(self) -> xr.DataArray:
        """Import price at the border, tariff included, over the exporter's fob price (comm, src, dst)."""
        return (1 + self.margin) * (1 + self.tariff)


@dataclass(frozen=True)
class Flows:
    """Flows by region at basic prices, million US$; imports at basic prices include tariff.

    Attributes
    ----------
    vdf, vmf : DataArray (comm, acts, reg)
    vd, vm : DataArray (comm, use, reg)
    vfob : DataArray (comm, src, dst)
    vst : DataArray (reg)
    va : DataArray (acts, reg)
        Factor payments.
    """

    vdf: xr.DataArray
    vmf: xr.DataArray
    vd: xr.DataArray
    vm: xr.DataArray
    vfob: xr.DataArray
    vst: xr.DataArray
    va: xr.DataArray


def margin_flows(
    trade: xr.DataArray, pool: float, facts: dict, goods: list[str]
) -> tuple[xr.DataArray, float]:
    """Use of international margins (comm, src, dst), million US$, for a given world supply.

    Rate on fob value = scale x weight of the commodity x distance to the power of ``distance_elasticity``,
    services without margin; the scale makes use equal supply.

    Returns
    -------
    DataArray
        In the dimensions of ``trade``.
    float
        Mean rate on goods.
    """
    km = distances(trade.src.values.tolist()) ** facts["margin"]["distance_elasticity"]
    weight = xr.DataArray(
        [facts["margin"]["weight"].get(c, 0.0) if c in goods else 0.0 for c in trade.comm.values],
        dims="comm",
        coords={"comm": trade.comm},
    )
    raw = (trade * km * weight).transpose(*trade.dims)
    return raw * (pool / float(raw.sum())), pool / float(trade.sel(comm=goods).sum())


def value_added(flows: Flows, rates: Rates, transport: str) -> xr.DataArray:
    """Output at supplier prices less purchases at purchaser prices (acts, reg)."""
    sold = (
        flows.vdf.sum("acts")
        + flows.vd.sum("use")
        + (flows.vfob / (1 + rates.export)).sum("dst").rename(src="reg")
    )
    sold = sold + xr.where(sold.comm == transport, flows.vst, 0.0)
    makes = sold.rename(comm="acts") / (1 + rates.output)
    bought = ((flows.vdf + flows.vmf) * (1 + rates.firms)).sum("comm")
    return (makes - bought).transpose("acts", "reg")


def gdp(flows: Flows, rates: Rates) -> xr.DataArray:
    """GDP at market prices from expenditure (reg), million US$."""
    spent = ((flows.vd + flows.vm) * (1 + rates.final)).sum(("comm", "use"))
    exports = flows.vfob.sum(("comm", "dst")).rename(src="reg") + flows.vst
    imports = (flows.vfob * (1 + rates.margin)).sum(("comm", "src")).rename(dst="reg")
    return spent + exports - imports


def build_prior(
    economies: Economies,
    published: pd.Series,
    groups: dict[str, str],
    order: list[str],
    goods: list[str],
    transport: str,
    facts: dict,
    tariff_of,
    export_of,
    taxes_of,
) -> tuple[Flows, Rates, pd.DataFrame, dict]:
    """Rescale every economy to its published GDP, sum to regions, attach prices.

    Domestic intermediate and final use of an economy are multiplied by one factor, so that GDP at market
    prices meets the published number; trade keeps its value (customs statistics are in dollars and are the
    better data).

    Parameters
    ----------
    economies : Economies
        Explicit countries and parts of the rest of the world; imports at fob.
    published : Series
        GDP at market prices by economy, million US$.
    groups : dict of str to str
        Economy -> region.
    order : list of str
        Regions.
    goods : list of str
    transport : str
    facts : dict
        ``margin``: weights and distance elasticity.
    tariff_of : callable
        Trade (comm, src, dst) at cif by region -> tariff rates (comm, src, dst).
    export_of : callable
        Trade (comm, src, dst) at fob by region -> export tax rates (comm, src, dst), of the basic price. What
        the table calls an export is at the border price: the tax comes out of what the activity receives.
    taxes_of : callable
        Bases (``priv``, ``firms``, ``gov``, ``inv``) and GDP (reg) -> dict of rates with those keys, ``output``.

    Returns
    -------
    Flows, Rates
        By region.
    DataFrame
        By economy: published GDP, scale of domestic use.
    dict
        ``margin_rate`` (mean on goods), ``floor`` (activities whose value added was raised), ``scaling``.
    """
    eco = economies.zd.eco.values.tolist()
    vtwr, mean_rate = margin_flows(economies.trade, float(economies.margin.sum()), facts, goods)
    cif = economies.trade + vtwr
    region = xr.DataArray([groups[e] for e in eco], dims="eco", coords={"eco": eco})
    sums = Economies(economies.zd, economies.zm, economies.fd, economies.fm, cif, economies.margin).sum_to(
        groups, order
    )
    cif_r = sums.trade
    fob_r = economies.sum_to(groups, order).trade
    margin = (cif_r / fob_r.where(fob_r > 0) - 1).fillna(0.0)
    tariff = tariff_of(cif_r).transpose("comm", "src", "dst").astype(float)
    export = export_of(fob_r).transpose("comm", "src", "dst").astype(float)

    # Each economy pays for its imports what its own mix of sources costs.
    duty = tariff.sel(
        src=xr.DataArray([groups[e] for e in eco], dims="s"),
        dst=xr.DataArray([groups[e] for e in eco], dims="d"),
    ).values
    landed = (cif * (1 + duty)).sum("src") / economies.trade.sum("src").where(lambda x: x > 0)
    landed = landed.fillna(1.0).rename(dst="eco")
    zm, fm = economies.zm * landed, economies.fm * landed
    outside = (cif.sum(("comm", "src")) - economies.trade.sum(("comm", "dst")).rename(src="dst")).rename(
        dst="eco"
    )
    absorbed = xr.DataArray(published[eco].to_numpy(float), dims="eco", coords={"eco": eco}) + outside
    absorbed = absorbed - economies.margin

    scale = xr.ones_like(absorbed)
    rates = None
    target = published.groupby(pd.Series(groups)).sum().reindex(order)
    target = xr.DataArray(target.to_numpy(float), dims="reg", coords={"reg": order})
    for _ in range(LOOPS):
        national = Economies(
            economies.zd * scale, zm, economies.fd * scale, fm, economies.trade, economies.margin
        )
        r = national.sum_to(groups, order)
        final = (r.fd + r.fm).rename(eco="reg")
        bases = {"firms": (r.zd + r.zm).rename(eco="reg")}
        bases |= {agent: final.sel(use=use, drop=True) for use, agent in AGENT.items()}
        rates = taxes_of(bases, target)
        tax = xr.concat(
            [rates[AGENT[u]].assign_coords(use=u) for u in economies.fd.use.values.tolist()], dim="use"
        )
        tax_e = tax.sel(reg=region).drop_vars("reg")
        imported = (fm * (1 + tax_e)).sum(("comm", "use"))
        domestic = (economies.fd * (1 + tax_e)).sum(("comm", "use"))
        new = (absorbed - imported) / domestic
        moved = float(np.abs(new / scale - 1).max())
        scale = new
        if moved < 1e-13:
            break
    priced = Rates(
        firms=rates["firms"].transpose("comm", "acts", "reg"),
        final=tax.transpose("comm", "use", "reg"),
        export=export,
        margin=margin,
        tariff=tariff,
        output=rates["output"].transpose("acts", "reg"),
    )
    national = Economies(
        economies.zd * scale, zm, economies.fd * scale, fm, economies.trade, economies.margin
    )
    r = national.sum_to(groups, order)
    flows = Flows(
        vdf=r.zd.rename(eco="reg"),
        vmf=r.zm.rename(eco="reg"),
        vd=r.fd.rename(eco="reg"),
        vm=r.fm.rename(eco="reg"),
        vfob=r.trade,
        vst=r.margin.rename(eco="reg"),
        va=xr.zeros_like(r.zd.isel(comm=0, drop=True).rename(eco="reg")),
    )
    va = value_added(flows, priced, transport)
    table = pd.DataFrame(
        {"gdp": published[eco].to_numpy(float), "scale": scale.values}, index=pd.Index(eco, name="eco")
    )
    flows = Flows(flows.vdf, flows.vmf, flows.vd, flows.vm, flows.vfob, flows.vst, va)
    return (
        flows,
        priced,
        table,
        {"margin_rate": mean_rate, "loop_gap": moved, "taxes": rates.get("report", {})},
    )
