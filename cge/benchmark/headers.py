"""Registry of benchmark arrays: one metadata row per array.

Names, dimensions and meanings follow the GTAP version 7 data base (Corong,
Hertel, McDougall, Tsigas, van der Mensbrugghe 2017, J. Global Economic Analysis
2(1)); the labour and policy arrays are this project's own.
"""

from __future__ import annotations

from dataclasses import dataclass

SETS: dict[str, str] = {
    "reg": "regions",
    "comm": "commodities",
    "acts": "activities",
    "marg": "margin commodities (a subset of comm)",
    "endw": "endowments",
    "skill": "labour by skill (a subset of endw)",
}
"""The sets of a benchmark, in the order they are written, with their meaning."""

DIM_SET: dict[str, str] = {
    **{name: name for name in SETS},
    "src": "reg",
    "dst": "reg",
    "home": "reg",
    "host": "reg",
}
"""The set that each dimension runs over."""

GROUPS = ("flows", "labour", "policy", "parameters")

USD = "million US$"
#: Most of a class's after-tax income abroad that its remittances may be.
MAX_REMIT = 0.5


@dataclass(frozen=True)
class Header:
    """Metadata of one benchmark array.

    Attributes
    ----------
    name : str
        Array name (GTAP v7 header where there is one).
    dims : tuple of str
        Named dimensions, in canonical order; keys of `DIM_SET`.
    unit : str
    long_name : str
    group : str
        Folder of the array's file: flows, labour, policy or parameters.
    required : bool
        Whether a benchmark without the array is incomplete.
    default : float or None
        Value of every cell when an optional array is absent. None: the array
        has no default and the feature that needs it is off.
    signed : bool
        Whether negative cells are legal.
    reported : bool
        Whether no equation reads the array: results carry it, no model holds it.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    long_name: str
    group: str
    required: bool = True
    default: float | None = None
    signed: bool = False
    reported: bool = False


def _rows() -> list[Header]:
    """Build the registry rows (kept in a function to keep helper names out)."""
    rows: list[Header] = []

    def flow(name: str, dims: str, long_name: str, unit: str = USD, **more) -> None:
        rows.append(Header(name, tuple(dims.split()), unit, long_name, "flows", **more))

    def labour(name: str, dims: str, unit: str, long_name: str, default: float | None) -> None:
        rows.append(Header(name, tuple(dims.split()), unit, long_name, "labour", False, default))

    def policy(name: str, long_name: str) -> None:
        rows.append(Header(name, ("comm", "src", "dst"), "fraction", long_name, "policy", False, 0.0, True))

    def parameter(name: str, dims: str, long_name: str, default: float | None = None, signed=False) -> None:
        rows.append(
            Header(name, tuple(dims.split()), "1", long_name, "parameters", default is None, default, signed)
        )

    flow("MAKS", "comm acts reg", "make matrix at supplier prices")
    flow("MAKB", "comm acts reg", "make matrix at basic prices (MAKB - MAKS = output tax)")
    agents = (
        ("F", "comm acts reg", "firms"),
        ("P", "comm reg", "private households"),
        ("G", "comm reg", "government"),
        ("I", "comm reg", "gross investment"),
    )
    for code, dims, who in agents:
        for origin, word in (("D", "domestic"), ("M", "imported")):
            flow(f"V{origin}{code}B", dims, f"{word} purchases by {who} at basic prices")
            flow(f"V{origin}{code}P", dims, f"{word} purchases by {who} at purchaser prices")
    flow("EVFB", "endw acts reg", "factor payments at basic prices")
    flow("EVFP", "endw acts reg", "factor payments at purchaser prices (EVFP - EVFB = factor-use tax)")
    flow("EVOS", "endw acts reg", "factor payments net of income tax (EVFB - EVOS = income and labour tax)")
    flow("VXSB", "comm src dst", "exports at basic prices")
    flow("VFOB", "comm src dst", "exports at fob prices (VFOB - VXSB = export tax)")
    flow("VCIF", "comm src dst", "imports at cif prices (VFOB plus transport margins)")
    flow("VMSB", "comm src dst", "imports at basic prices (VMSB - VCIF = tariff)")
    flow("VST", "marg reg", "supply of margin services to the world pool")
    flow("VTWR", "marg comm src dst", "margin services by commodity and route")
    flow("SAVE", "reg", "net saving", signed=True)
    flow("VDEP", "reg", "depreciation of capital")
    flow("VKB", "reg", "capital stock, beginning of period")
    flow("POP", "reg", "population", unit="million persons")
    flow("DPSM", "reg", "sum of the distribution parameters of utility", unit="1", required=False, default=1.0)

    labour(
        "LAB",
        "skill home host",
        "thousand workers",
        "workers by home and host; the diagonal holds workers at home",
        None,
    )
    labour("MPOP", "home host", "thousand persons", "migrants of all ages by home and host", 0.0)
    labour(
        "REMIT", "skill home host", USD, "remittances sent to home by earlier migrants living in host", 0.0
    )
    labour(
        "LABSTAT",
        "home host",
        "thousand persons",
        "statistical migrants by home and host (informational)",
        0.0,
    )

    rows.append(
        Header(
            "PRICELEVEL",
            ("reg",),
            "United States = 1",
            "price level of household consumption at market exchange rates",
            "labour",
            required=False,
            reported=True,
        )
    )

    policy("TMSFARM", "part of the ad valorem tariff rate that is the farm-protection layer")
    policy("TMS1993", "ad valorem tariff rates of 1993, without the farm layer")

    parameter("ESUBT", "acts reg", "substitution between value added and intermediates", 0.0)
    parameter("ESUBC", "acts reg", "substitution among intermediates", 0.0)
    parameter("ESUBVA", "acts reg", "substitution among endowments")
    parameter("ESUBD", "comm reg", "substitution between domestic and imported goods")
    parameter("ESUBM", "comm reg", "substitution among sources of imports")
    parameter("ESUBQ", "comm reg", "inverse elasticity of sourcing a commodity from activities", 0.0)
    parameter(
        "ETRAQ", "acts reg", "transformation of an activity's output into commodities (<= 0)", 0.0, True
    )
    parameter(
        "ETRAE", "endw reg", "transformation of sluggish endowments between activities (<= 0)", 0.0, True
    )
    parameter("ESUBG", "reg", "substitution among commodities in government demand", 1.0)
    parameter("ESUBI", "reg", "substitution among commodities in the investment good", 0.0)
    parameter("ESUBS", "marg", "substitution among suppliers of margin services", 1.0)
    parameter("SUBPAR", "comm reg", "CDE substitution parameter of private demand")
    parameter("INCPAR", "comm reg", "CDE expansion parameter of private demand")
    parameter("RORFLEX", "reg", "flexibility of the expected rate of return", 10.0)
    parameter("RORDELTA", "", "investment rule: 1 equal expected returns, 0 fixed regional shares", 1.0)
    return rows


HEADERS: dict[str, Header] = {row.name: row for row in _rows()}
"""Every array a benchmark may hold, by name, in canonical order."""
