"""From balanced flows, rates, factors and migrants to the arrays of a benchmark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from calibration.config import Config
from calibration.mrio.prior import Flows, Rates

AGENTS = {"household": "P", "government": "G", "investment": "I"}


def flow_arrays(
    config: Config, flows: Flows, rates: Rates, evfb: xr.DataArray, labour_tax: xr.DataArray
) -> dict:
    """Flow arrays of the contract between data and model (GTAP v7 headers), million US$.

    Parameters
    ----------
    config : Config
    flows, rates
        After `calibration.balance.closure.close`.
    evfb : DataArray (endw, acts, reg)
    labour_tax : DataArray (reg)
        Income tax and social contributions on wages, fraction of the gross wage.

    Returns
    -------
    dict of str to DataArray
    """
    comm, reg = config.comm, config.reg
    out = {}
    sold = flows.vdf.sum("acts") + flows.vd.sum("use")
    sold = sold + (flows.vfob / (1 + rates.export)).sum("dst").rename(src="reg")
    is_margin = xr.DataArray([c in config.margins for c in comm], dims="comm", coords={"comm": comm})
    sold = (sold + xr.where(is_margin, flows.vst, 0.0)).transpose("comm", "reg")
    eye = xr.DataArray(np.eye(len(comm)), dims=("comm", "acts"), coords={"comm": comm, "acts": comm})
    out["MAKB"] = (sold * eye).transpose("comm", "acts", "reg")
    out["MAKS"] = (out["MAKB"] / (1 + rates.output)).transpose("comm", "acts", "reg")
    for origin, firms, final in (("D", flows.vdf, flows.vd), ("M", flows.vmf, flows.vm)):
        out[f"V{origin}FB"], out[f"V{origin}FP"] = firms, firms * (1 + rates.firms)
        for use, code in AGENTS.items():
            basic = final.sel(use=use, drop=True)
            out[f"V{origin}{code}B"] = basic
            out[f"V{origin}{code}P"] = basic * (1 + rates.final.sel(use=use, drop=True))
    out["EVFB"], out["EVFP"] = evfb, evfb.copy()
    is_labour = xr.DataArray(
        [e in config.skills for e in config.endowments], dims="endw", coords={"endw": list(config.endowments)}
    )
    out["EVOS"] = evfb * (1 - xr.where(is_labour, labour_tax, 0.0))
    out["VXSB"] = flows.vfob / (1 + rates.export)
    out["VFOB"] = flows.vfob
    out["VTWR"] = (flows.vfob * rates.margin).expand_dims(marg=list(config.margins))
    out["VCIF"] = out["VFOB"] + out["VTWR"].sum("marg")
    out["VMSB"] = out["VCIF"] * (1 + rates.tariff)
    out["VST"] = flows.vst.expand_dims(marg=list(config.margins))
    dims = {
        "MAKS": ("comm", "acts", "reg"),
        "MAKB": ("comm", "acts", "reg"),
        "EVFB": ("endw", "acts", "reg"),
        "EVFP": ("endw", "acts", "reg"),
        "EVOS": ("endw", "acts", "reg"),
        "VST": ("marg", "reg"),
        "VTWR": ("marg", "comm", "src", "dst"),
    }
    for name, array in out.items():
        order = dims.get(name)
        if order is None:
            order = (
                ("comm", "src", "dst")
                if "src" in array.dims
                else tuple(d for d in ("comm", "acts", "reg") if d in array.dims)
            )
        out[name] = array.transpose(*order).astype(float).reset_coords(drop=True)
    del reg
    return out


def tax_revenue(arrays: dict) -> pd.DataFrame:
    """Tax revenue by kind (columns) and region (rows), million US$."""
    a = arrays

    def by(array: xr.DataArray, dim: str = "reg") -> np.ndarray:
        return array.sum([d for d in array.dims if d != dim]).values

    rows = {
        "output": by(a["MAKB"]) - by(a["MAKS"]),
        "factor": by(a["EVFP"]) - by(a["EVFB"]),
        "income": by(a["EVFB"]) - by(a["EVOS"]),
        "firms": by(a["VDFP"]) + by(a["VMFP"]) - by(a["VDFB"]) - by(a["VMFB"]),
    }
    for code, name in (("P", "private"), ("G", "government"), ("I", "investment")):
        rows[name] = sum(by(a[f"V{o}{code}P"]) - by(a[f"V{o}{code}B"]) for o in "DM")
    rows["export"] = by(a["VFOB"], "src") - by(a["VXSB"], "src")
    rows["tariff"] = by(a["VMSB"], "dst") - by(a["VCIF"], "dst")
    return pd.DataFrame(rows, index=pd.Index(a["MAKB"].reg.values, name="reg"))


def saving(arrays: dict, vdep: xr.DataArray, after_tax: xr.DataArray, remit: xr.DataArray) -> tuple:
    """Net saving of permanent residents as the residual of their income account.

    Parameters
    ----------
    arrays : dict
        Flow arrays.
    vdep : DataArray (reg)
    after_tax : DataArray (home, host)
        After-tax wages of migrants, zero on the diagonal, million US$.
    remit : DataArray (skill, home, host)

    Returns
    -------
    DataArray (reg)
        SAVE.
    DataFrame
        By region: income of permanent residents (after depreciation), private consumption of residents and of
        migrants, government, saving.
    """
    a = arrays
    tax = tax_revenue(a).sum(axis=1).to_numpy()
    sent, received = remit.sum(("skill", "home")).values, remit.sum(("skill", "host")).values
    paid = after_tax.sum("home").values
    income = a["EVOS"].sum(("endw", "acts")).values + tax - vdep.values - paid + received
    private = (a["VDPP"] + a["VMPP"]).sum("comm").values
    government = (a["VDGP"] + a["VMGP"]).sum("comm").values
    of_migrants = paid - sent
    save = income - (private - of_migrants) - government
    index = pd.Index(vdep.reg.values, name="reg")
    table = pd.DataFrame(
        {
            "income": income,
            "private": private - of_migrants,
            "migrants": of_migrants,
            "government": government,
            "save": save,
            "remittances_received": received,
            "remittances_sent": sent,
        },
        index=index,
    )
    return xr.DataArray(save, dims="reg", coords={"reg": vdep.reg.values}), table
