"""Names of the GTAP version 7 data base: files, sets, headers, and the rule for labour.

Source: Corong, Hertel, McDougall, Tsigas and van der Mensbrugghe (2017), J. Global
Economic Analysis 2(1), and the headers of the data bases of its supplement.
"""

from __future__ import annotations

import re

FILES: dict[str, tuple[str, ...]] = {
    "base": ("basedata.har", "gsdfdat.har"),
    "sets": ("sets.har", "gsdfset.har"),
    "parameters": ("default.prm", "gsdfpar.har"),
}
"""File names looked for, upper and lower case alike: those of RunGTAP, then of GTAP's full data base."""

SETS = ("reg", "comm", "acts", "marg", "endw")
"""Sets of a benchmark that a GTAP sets file has, under the same name in upper case."""

PARAMETERS: dict[str, str] = {
    "ESUBT": "ESBT", "ESUBC": "ESBC", "ESUBVA": "ESBV", "ESUBD": "ESBD", "ESUBM": "ESBM", "ESUBQ": "ESBQ",
    "ETRAQ": "ETRQ", "ETRAE": "ETRE", "ESUBG": "ESBG", "ESUBI": "ESBI", "ESUBS": "ESBS", "SUBPAR": "SUBP",
    "INCPAR": "INCP", "RORFLEX": "RFLX", "RORDELTA": "RDLT",
}
"""Header in the parameter file of each parameter of a benchmark."""

MOBILITY_SETS = {"ENDM": "mobile", "ENDS": "sluggish", "ENDF": "fixed"}
"""Sets of endowments by mobility between activities."""

MOBILITY_TYPES = ("mobile", "sluggish", "fixed")
"""Columns of the flag EFLG(ENDW, ENDWT), in order."""

LABOUR = re.compile(r"lab|skill|tech_as|clerk|service_s|off_mgr|ag_oth", re.IGNORECASE)
"""An endowment is labour when its name contains one of these.

``lab`` and ``skill`` are in the names that aggregations use (Labor, UnSkLab,
Skilled); the others begin the names of GTAP's five occupations (tech_aspros,
clerks, service_shop, off_mgr_pros, ag_othlowsk).
"""

OLD_HEADERS = ("VDFM", "VFM", "EVFA", "VXMD")
"""Headers that only data bases of the model before version 7 have."""


def is_labour(endowment: str) -> bool:
    """Whether an endowment is labour by the rule of :data:`LABOUR`."""
    return bool(LABOUR.search(endowment))
