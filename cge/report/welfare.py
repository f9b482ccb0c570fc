"""Tables of who gains for the terminal: groups by column, EV beside CV, movers one by one; at most 118 columns wide."""

from __future__ import annotations

import textwrap

import xarray as xr

from cge.report.tables import WIDTH
from cge.welfare import PARTS, group_table, mover_table, variation_table
from cge.welfare.ppp import no_price_levels

_BOOKED = {"host": "migrants where they live", "home": "migrants whence they come"}


def _where(reg: str | None, concept: str) -> str:
    return "world" if reg is None else f"{reg}, {_BOOKED[concept]}"


def print_group_table(ds: xr.Dataset, scenario: str, reg: str | None = None, concept: str = "host") -> None:
    """Print who gains in one scenario and from what, of a region or over the world, billion US$.

    Raises
    ------
    CGEError
        The Dataset has no such scenario, region or concept, or no gains by source of income.
    """
    frame = group_table(ds, scenario, reg, concept) / 1e3
    gap, shown = frame["residual"].abs().max(), frame.drop(columns="residual")
    shown = shown.loc[:, (shown.abs() >= 5e-4).any()]
    print("\n" + textwrap.fill(f"{scenario}: who gains and from what, {_where(reg, concept)}, billion US$ (rows down "
                               "to household: permanent residents)", WIDTH) + "\n")
    print(shown.rename(columns={"productivity": "prod.", "employment": "employ.", "remittances": "remit."}).to_string(
        float_format=lambda x: f"{x:.3f}"))
    print("\n" + textwrap.fill("; ".join(f"{c}: {PARTS[c]}" for c in shown if c in PARTS)
                               + f"; largest gap of a row {1e3 * gap:.0e} million US$", WIDTH))


def print_variations(ds: xr.Dataset, scenario: str, reg: str | None = None, concept: str = "host") -> None:
    """Print equivalent beside compensating variation by group, billion US$, and what movers gain each, US$ a year.

    With price levels in the benchmark also both at purchasing-power parity; without, why not.

    Raises
    ------
    CGEError
        The Dataset has no such scenario, region or concept, or no compensating variations.
    """
    frame = variation_table(ds, scenario, reg, concept) / 1e3
    ppp = "EV PPP" in frame
    words = "; EV PPP: what migrants spend in the host at the prices of home" if ppp else ""
    print("\n" + textwrap.fill(f"{scenario}: equivalent (EV, benchmark prices) and compensating variation (CV, new "
                               f"prices), {_where(reg, concept)}, billion US${words}", WIDTH) + "\n")
    print(frame.to_string(float_format=lambda x: f"{x:.3f}", na_rep="-"))
    if frame["CV"].isna().any():
        reference = ds["reference"].sel(scenario=scenario).item()
        print("\n" + textwrap.fill(f"CV of migrants: their real gain over {reference} at the prices of this scenario; "
                                   "residents' is given over the benchmark only.", WIDTH))
    movers = mover_table(ds, scenario, reg, concept)
    if len(movers):
        print("\n" + textwrap.fill(
            f"{scenario}: new movers{_of(reg, concept)}, thousand, and US$ a year each, counted from the benchmark: "
            "after-tax wage left at home; gain, and in % of that wage; memo: gain with what they send"
            + ("; PPP: what they spend in the host at the prices of home; int.: international dollars, US$ at prices "
               "of the United States" if ppp else ""), WIDTH) + "\n")
        print(movers.to_string(float_format=lambda x: f"{x:,.0f}"))
    if not ppp:
        print("\n" + textwrap.fill(no_price_levels(ds), WIDTH))


def _of(reg: str | None, concept: str) -> str:
    return "" if reg is None else f" {'to' if concept == 'host' else 'from'} {reg}"
