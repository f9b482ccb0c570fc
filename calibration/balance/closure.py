"""Round the estimate and close every account exactly.

The estimate satisfies its constraints to rounding error, but its last digits depend on the machine. Cells
are therefore rounded to `DIGITS` significant digits, and what rounding leaves is put into the largest cell
of each account: the largest user of an imported commodity, the largest supplier of margins, and value added
(through capital).
"""

from __future__ import annotations

import numpy as np

from calibration.digits import rounded
from calibration.mrio.prior import Flows, Rates, value_added


def close(flows: Flows, rates: Rates, transport: str) -> tuple[Flows, Rates, dict]:
    """Round flows and rates and close the accounts.

    Parameters
    ----------
    flows : Flows
    rates : Rates
    transport : str

    Returns
    -------
    Flows, Rates
        Imports by use sum to landed imports and margins supplied to margins used, to rounding error of
        doubles; value added is what zero profit leaves.
    dict
        ``imports``, ``margins``, ``value_added``: largest change that closure made, relative to the account.
    """
    # The tariff comes rounded: it is the sum of layers that were.
    rates = Rates(
        rounded(rates.firms),
        rounded(rates.final),
        rounded(rates.export),
        rounded(rates.margin),
        rates.tariff,
        rounded(rates.output),
    )
    vdf, vmf, vd, vm, vfob, vst = (
        rounded(a) for a in (flows.vdf, flows.vmf, flows.vd, flows.vm, flows.vfob, flows.vst)
    )
    landed = (vfob * rates.landed).sum("src")
    report = {"imports": 0.0}
    for i, c in enumerate(vmf.comm.values.tolist()):
        for j, r in enumerate(vmf.reg.values.tolist()):
            users = np.concatenate([vmf.values[i, :, j], vm.values[i, :, j]])
            big = int(users.argmax())
            gap = float(landed.loc[c, r]) - users.sum()
            if users[big] <= 0:
                continue
            report["imports"] = max(report["imports"], abs(gap) / users[big])
            target, k = (vmf, big) if big < vmf.sizes["acts"] else (vm, big - vmf.sizes["acts"])
            target.values[i, k, j] += gap
    used = float((vfob * rates.margin).sum())
    big = int(vst.values.argmax())
    gap = used - float(vst.sum())
    report["margins"] = abs(gap) / float(vst.values[big])
    vst.values[big] += gap
    closed = Flows(vdf, vmf, vd, vm, vfob, vst, flows.va)
    va = value_added(closed, rates, transport)
    report["value_added"] = float(np.abs(va / flows.va - 1).max())
    return Flows(vdf, vmf, vd, vm, vfob, vst, va), rates, report
