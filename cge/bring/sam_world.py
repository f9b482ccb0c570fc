"""Flows of a benchmark from a SAM of one or two regions, and the mirrored rest of the world that they trade with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.bring.sam_table import Square
from cge.bring.settings import Settings, number
from cge.errors import BenchmarkError

Arrays = dict[str, np.ndarray]
FINAL = ("P", "G", "I")


@dataclass
class Region:
    """One region: values in million US$; uses are at purchaser prices, domestic and imported together.

    Attributes
    ----------
    make : ndarray (comm, acts)
        At basic prices.
    inter : ndarray (comm, acts)
    final : ndarray (comm, 3)
        Private, government, investment.
    factor : ndarray (endw, acts)
    tax_out, tax_fac : ndarray (acts)
    exports : ndarray (comm, partner)
        At fob prices.
    tax_exp : ndarray (comm)
    imports : ndarray (comm, partner)
        At the border price (fob and cif are one: no margins).
    tariff, tax_use : ndarray (comm)
    tax_inc : float
    """

    make: np.ndarray
    inter: np.ndarray
    final: np.ndarray
    factor: np.ndarray
    tax_out: np.ndarray
    tax_fac: np.ndarray
    exports: np.ndarray
    tax_exp: np.ndarray
    imports: np.ndarray
    tariff: np.ndarray
    tax_use: np.ndarray
    tax_inc: float


def home_regions(
    square: Square, settings: Settings, regions: list[str], comm: list[str], acts: list[str], endw: list[str]
) -> list[Region]:
    """Regions of the SAM; partners are these regions in order, then the rest of the world."""
    out = []
    for r in regions:
        b = square.block
        gaps: dict[str, float] = {}
        trade = [
            (
                b("commodities", "commodities", r, comm, comm, o).diagonal(),
                b("commodities", "commodities", o, comm, comm, r).diagonal(),
            )
            if o != r
            else (np.zeros(len(comm)),) * 2
            for o in regions
        ]
        exports = np.stack([x for x, _ in trade] + [b("commodities", "rest_of_world", r, comm, None)], axis=1)
        imports = np.stack([m for _, m in trade] + [b("rest_of_world", "commodities", r, None, comm).ravel()], axis=1)
        final = np.stack(
            [
                b("commodities", "households", r, comm),
                b("commodities", "government", r, comm),
                b("commodities", "investment", r, comm) + b("commodities", "inventories", r, comm),
            ],
            axis=1,
        )
        if (final < 0).any():
            c, _ = np.argwhere(final < 0)[0]
            raise BenchmarkError(
                f"SAM, region {r}: investment and inventories of {comm[c]} are {final[c].min():,.6g} together; a "
                "negative use has no meaning: join the commodity with another, or move stocks to the supply"
            )
        one = Region(
            b("activities", "commodities", r, acts, comm).T,
            b("commodities", "activities", r, comm, acts),
            final,
            b("factors", "activities", r, endw, acts),
            b("tax_activities", "activities", r, None, acts).ravel(),
            b("tax_factors", "activities", r, None, acts).ravel(),
            exports,
            b("tax_exports", "commodities", r, None, comm).ravel(),
            imports,
            b("tariffs", "commodities", r, None, comm).ravel(),
            b("tax_commodities", "commodities", r, None, comm).ravel(),
            float(sum(b("tax_income", x, r).sum() for x in ("households", "enterprises", "factors"))),
        )
        abroad = sum(
            b(x, "rest_of_world", r).sum() - b("rest_of_world", x, r).sum()
            for x in ("households", "enterprises", "government", "factors", "tax_income")
        )
        if abroad:
            settings.log.notes.append(
                f"{r}: net transfers and factor income from abroad of {abroad:,.6g} million become part of "
                "saving (the accounts know no transfer but remittances)"
            )
        _exact(one, gaps, r, comm, acts)
        if max(gaps.values()) > 1e-9:
            settings.log.notes.append(
                f"{r}: uses and factor payments scaled to close the accounts, by at most "
                f"{max(gaps.values()):.1e} of a cell"
            )
        out.append(one)
    return out


def _exact(one: Region, gaps: dict[str, float], r: str, comm: list[str], acts: list[str]) -> None:
    """Close the accounts to the last digit; a SAM has rounding within the tolerance of the reader."""
    sold = one.make.sum(1)
    at_home = sold - one.exports.sum(1) + one.tax_exp
    low = at_home < -1e-9 * sold
    if low.any():
        c = int(np.flatnonzero(low)[0])
        raise BenchmarkError(
            f"SAM, region {r}: exports of {comm[c]} ({one.exports[c].sum():,.6g}) exceed what activities make of "
            f"it ({sold[c]:,.6g}); take re-exports out of its exports and imports"
        )
    supply = np.maximum(at_home, 0.0) + one.imports.sum(1) + one.tariff + one.tax_use
    used = one.inter.sum(1) + one.final.sum(1)
    if ((supply <= 0) & (used > 0) | (supply > 0) & (used <= 0)).any():
        c = int(np.flatnonzero((supply > 0) != (used > 0))[0])
        raise BenchmarkError(
            f"SAM, region {r}: {comm[c]} has a supply of {supply[c]:,.6g} and a use of {used[c]:,.6g} at home; "
            "join it with another commodity"
        )
    scale = np.divide(supply, used, out=np.ones_like(used), where=used > 0)
    one.inter *= scale[:, None]
    one.final *= scale[:, None]
    made = one.make.sum(0)
    left = made - one.tax_out - one.inter.sum(0) - one.tax_fac
    paid = one.factor.sum(0)
    if ((left <= 0) & (made > 0)).any() or ((paid > 0) != (made > 0)).any():
        a = int(np.flatnonzero(((left <= 0) & (made > 0)) | ((paid > 0) != (made > 0)))[0])
        raise BenchmarkError(
            f"SAM, region {r}: {acts[a]} makes {made[a]:,.6g} and pays factors {paid[a]:,.6g}; every activity "
            "needs output and factor payments: join it with another"
        )
    ratio = np.divide(left, paid, out=np.ones_like(paid), where=paid > 0)
    one.factor *= ratio
    gaps["use"], gaps["factor"] = float(np.abs(scale - 1).max()), float(np.abs(ratio - 1).max())


def rest_of_world(homes: list[Region], settings: Settings, comm: list[str], acts: list[str]) -> Region:
    """The rest of the world as a region: mirrored trade; technology, tastes and tax rates of the regions of the SAM.

    Its final demand is `size` times theirs. Output y solves the input-output system with its own trade:
    ``y = S (B y + size f - imports + exports)``, S the shares of activities in commodities, B inputs per output.

    Raises
    ------
    BenchmarkError
        A commodity that only the rest of the world makes and no activity is named for, or a size too small.
    """
    given = settings.table.get("rest_of_world", {})
    size = float(given.get("size", number("rest_of_world_size")))
    duty = float(given.get("tariff", 0.0))
    if "size" not in given:
        settings.default("size of the rest of the world", f"final demand {size:g} times that of the SAM (assumption)")
    if "tariff" not in given:
        settings.default("tariffs of the rest of the world", "none")
    settings.default(
        "structure of the rest of the world", "technology, tastes and tax rates of the SAM; trade mirrored"
    )
    total = {
        n: np.sum([getattr(h, n) for h in homes], axis=0)
        for n in ("make", "inter", "final", "factor", "tax_out", "tax_fac", "tax_use", "tax_inc")
    }
    made, out = total["make"].sum(0), total["make"].sum(1)
    sold = np.sum([h.imports[:, -1] for h in homes], axis=0)
    bought = np.sum([h.exports[:, -1] for h in homes], axis=0)
    share = np.divide(total["make"], out[:, None], out=np.zeros_like(total["make"]), where=out[:, None] > 0)
    makes = given.get("makes", {})
    for c in np.flatnonzero(out <= 0):
        act = makes.get(comm[c], comm[c])
        if act not in acts or made[acts.index(act)] <= 0:
            raise BenchmarkError(
                f"{settings.path}: no activity of the SAM makes {comm[c]}, and nothing tells how the rest of the "
                f'world does; add makes = {{ {comm[c]} = "ACTIVITY" }} to [rest_of_world]'
            )
        share[c, acts.index(act)] = 1.0
    base = total["inter"].sum(1) + total["final"].sum(1)  # absorption at purchaser prices
    keep = 1 - np.divide(total["tax_use"], base, out=np.zeros_like(base), where=base > 0)  # basic over purchaser price
    inputs = total["inter"] / np.where(made > 0, made, 1.0)
    final = size * total["final"]
    landed = bought * (1 + duty)
    need = keep[:, None] * inputs
    y = np.linalg.solve(np.eye(len(acts)) - share.T @ need, share.T @ (keep * final.sum(1) - landed + sold))
    absorbed = need @ y + keep * final.sum(1)
    if (y <= 0).any() or (absorbed < landed).any():
        bad = np.flatnonzero(absorbed < landed)
        what = (
            f"buys {landed[bad[0]]:,.6g} of {comm[bad[0]]} and uses {absorbed[bad[0]]:,.6g}"
            if len(bad)
            else f"would make no {acts[int(np.argmin(y))]}"
        )
        raise BenchmarkError(
            f"{settings.path}: the rest of the world {what}; write a larger size in [rest_of_world] (it is {size:g})"
        )
    goods = absorbed - landed + sold
    per = y / np.where(made > 0, made, 1.0)
    used = inputs * y
    none = np.zeros(len(comm))
    return Region(
        make=share * goods[:, None],
        inter=used,
        final=final,
        factor=total["factor"] * per,
        tax_out=total["tax_out"] * per,
        tax_fac=total["tax_fac"] * per,
        exports=np.stack([*(h.imports[:, -1] for h in homes), none], axis=1),
        tax_exp=none,
        imports=np.stack([*(h.exports[:, -1] for h in homes), none], axis=1),
        tariff=duty * bought,
        tax_use=(1 - keep) * (used.sum(1) + final.sum(1)),
        tax_inc=float(total["tax_inc"] * (total["factor"] * per).sum() / total["factor"].sum()),
    )


def arrays(world: list[Region], comm: list[str], acts: list[str], endw: list[str]) -> tuple[Arrays, np.ndarray]:
    """Flow arrays of the benchmark (GTAP v7) and rates of income tax (endw, reg).

    Every user of a commodity buys domestic and imported in the same proportion and pays the same rate of tax; every
    source pays the same tariff, every destination the same export tax.
    """
    C, A, R, E = len(comm), len(acts), len(world), len(endw)
    shape: dict[str, tuple[int, ...]] = {"MAKB": (C, A, R), "MAKS": (C, A, R), "EVFB": (E, A, R), "EVFP": (E, A, R)}
    shape |= {f"V{o}F{k}": (C, A, R) for o in "DM" for k in "BP"}
    shape |= {f"V{o}{g}{k}": (C, R) for o in "DM" for g in FINAL for k in "BP"}
    shape |= dict.fromkeys(("VXSB", "VFOB", "VCIF", "VMSB"), (C, R, R))
    out = {n: np.zeros(s) for n, s in shape.items()}
    income = np.zeros((E, R))

    def over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.divide(a, b, out=np.zeros_like(a), where=b > 0)

    for r, x in enumerate(world):
        out["MAKB"][:, :, r] = x.make
        out["MAKS"][:, :, r] = x.make * (1 - over(x.tax_out, x.make.sum(0)))
        out["EVFB"][:, :, r] = x.factor
        out["EVFP"][:, :, r] = x.factor * (1 + over(x.tax_fac, x.factor.sum(0)))
        income[:, r] = x.tax_inc / x.factor.sum()
        at_home = np.maximum(x.make.sum(1) - x.exports.sum(1) + x.tax_exp, 0.0)
        landed = x.imports.sum(1) + x.tariff
        supply = at_home + landed
        rate = over(x.tax_use, supply)
        part = {"D": over(at_home, supply), "M": over(landed, supply)}
        for o, s in part.items():
            for name, use in (("F", x.inter), *((g, x.final[:, i]) for i, g in enumerate(FINAL))):
                wide = s[:, None] if name == "F" else s
                tax = rate[:, None] if name == "F" else rate
                basic = use / (1 + tax) * wide
                out[f"V{o}{name}B"][..., r], out[f"V{o}{name}P"][..., r] = basic, basic * (1 + tax)
        keep = 1 - over(x.tax_exp, x.exports.sum(1))
        power = 1 + over(x.tariff, x.imports.sum(1))
        out["VFOB"][:, r, :] = x.exports[:, :R]
        out["VXSB"][:, r, :] = x.exports[:, :R] * keep[:, None]
        out["VCIF"][:, :, r] = x.imports[:, :R]
        out["VMSB"][:, :, r] = x.imports[:, :R] * power[:, None]
    return out | {"VST": np.zeros((0, R)), "VTWR": np.zeros((0, C, R, R))}, income
