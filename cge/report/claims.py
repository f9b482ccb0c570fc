"""Claims put to the test: on the terminal, and as the page docs/claims.md."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cge.welfare.claims import Finding, Sweep, flip_text

_LEAST, _MOST = 60, 120
_PARTS = ("source", "experiment", "simplified", "finding")


def print_findings(findings: Sequence[Finding], width: int = 100) -> None:
    """Print what became of each claim.

    Parameters
    ----------
    findings : sequence of Finding
    width : int
        Columns of the terminal; what is used is between 60 and 120.
    """
    width = min(max(width, _LEAST), _MOST) - 1
    for f in findings:
        print("\n" + textwrap.fill(f"{f.claim.id} {f.benchmark}: {f.claim.head.get('claim', f.claim.file.title)} - "
                                   f"{f.holds}", width, subsequent_indent="    "))
        if f.note:
            print(textwrap.fill(f.note, width, initial_indent="    ", subsequent_indent="    "))
        for k, v in enumerate(f.verdicts, 1):
            print(textwrap.fill(f"{k} {v}", width, initial_indent="    ", subsequent_indent="        "))
        for s in f.sweeps:
            print(textwrap.fill(sweep_text(s), width, initial_indent="    ", subsequent_indent="        "))


def sweep_text(sweep: Sweep) -> str:
    """Over which values a claim keeps its signs, where they change, and where there is no solution."""
    values = [p.value for p in sweep.points if p.verdicts]
    if not values:
        return f"{sweep.vary.what}: no solution at any value tried ({sweep.points[0].note})"
    text = f"{sweep.vary.what} {values[0]:g} to {values[-1]:g}: "
    text += "; ".join(map(flip_text, sweep.flips)) or "no expectation changes"
    failed = [f"{p.value:g}" for p in sweep.points if not p.verdicts]
    if failed:
        note = next(p.note for p in sweep.points if not p.verdicts)
        text += f"; no result at {', '.join(failed)} ({note.splitlines()[0][:160]})"
    return text


def claims_page(findings: Sequence[Finding], command: str) -> str:
    """The page docs/claims.md: a table of all claims and benchmarks, then each claim with its numbers."""
    names = list(dict.fromkeys(f.benchmark for f in findings))
    by = {(f.claim.id, f.benchmark): f for f in findings}
    claims = list(dict.fromkeys(f.claim.id for f in findings))
    out = ["# Claims put to the test", "",
           f"Made by `{command}`; edit the files in `runs/claims/` instead. Each is a scenario file: its expectations",
           "say what would have to be seen if the claim were true, `vary` over what it is tried again. A claim that",
           "does not hold in this model may hold in another; what the experiment leaves out stands with it. Where an",
           "expectation changes between two values of a parameter, the point was found by solving between them; all",
           "else is as in the file. Sources marked [recalled] were not looked up again. *Measured* means that the "
           "claim",
           "is about a number, which is where its expectations flip, in their order; *cannot be tested here* that the",
           "model leaves out what the claim is about, so that what is seen below is only a part of it.", "",
           "| no | claim | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for c in claims:
        some = next(f for f in findings if f.claim.id == c)
        cells = [by[c, n].holds if (c, n) in by else "" for n in names]
        words = _cell(some.claim.head.get("claim", some.claim.file.title))
        out.append(f"| {c} | {words} | " + " | ".join(cells) + " |")
    for c in claims:
        here = [by[c, n] for n in names if (c, n) in by]
        head = here[0].claim.head
        out += ["", f"## {c}: {head.get('claim', here[0].claim.file.title)}", ""]
        out += [textwrap.fill(f"{part.capitalize()}: {head[part]}", _MOST) + "\n" for part in _PARTS if part in head]
        for f in here:
            out += ([""] if f is not here[0] else []) + [f"On {f.benchmark}: **{f.holds}**", ""]
            if f.note:
                out += [textwrap.fill(f.note, _MOST), ""]
                continue
            out += ["| | expectation | because | obtained | met |", "|---|---|---|---|---|"]
            out += [f"| {k} | {v.expectation.scenario}: {_cell(v.expectation)} | {_cell(v.expectation.why)} | "
                    f"{_cell(v.obtained)} | {'yes' if v.met else 'NO'} |" for k, v in enumerate(f.verdicts, 1)]
            out += [""] + [f"- {_cell(sweep_text(s))}" for s in f.sweeps]
    return "\n".join(out) + "\n"


def _cell(value: object) -> str:
    return str(value).replace("|", "/").replace("\n", " ")
