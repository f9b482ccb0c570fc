"""Technical change: shifters by input, activity and region, and what activities feel (GTAP v7, Corong et al. 2017).

Every shifter is a power: 1.02 makes the input, or the output, 2% more productive.
"""

from __future__ import annotations

from cge.model.registry import table

_WHERE = {"com": "of the input, worldwide", "sec": "of the activity, worldwide", "reg": "of the region", "all": ""}
for _stem, _dims, _what in (
    ("ao", ("acts", "reg"), "output-augmenting technical change"),
    ("ava", ("acts", "reg"), "technical change of the value-added composite"),
    ("aint", ("acts", "reg"), "technical change of the intermediate composite"),
    ("af", ("comm", "acts", "reg"), "technical change of intermediate input c"),
    ("afe", ("endw", "acts", "reg"), "technical change of endowment e"),
):
    for _tail, _over in (("com", _dims[:-2]), ("sec", ("acts",)), ("reg", ("reg",)), ("all", _dims)):
        if _over:
            table.exogenous(f"{_stem}{_tail}", *_over, long_name=f"{_what} {_WHERE[_tail]}".strip())


@table.define("acts", "reg")
def ao(v):
    """Output-augmenting technical change, all shifters."""
    return v.aoall * v.aosec * v.aoreg


@table.define("acts", "reg")
def ava(v):
    """Technical change of the value-added composite, all shifters."""
    return v.avaall * v.avasec * v.avareg


@table.define("acts", "reg")
def aint(v):
    """Technical change of the intermediate composite, all shifters."""
    return v.aintall * v.aintsec * v.aintreg


@table.define("comm", "acts", "reg")
def afa(v):
    """Technical change of intermediate input c, all shifters."""
    return v.afall * v.afcom * v.afsec * v.afreg


@table.define("endw", "acts", "reg")
def afe(v):
    """Technical change of endowment e, all shifters."""
    return v.afeall * v.afecom * v.afesec * v.afereg
