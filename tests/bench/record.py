"""The table of measurements: kept as JSON beside the page that shows it, both written atomically."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import tempfile
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_ROWS = _PAGE.with_suffix(".json")
_SECTIONS = {
    "phases": "Phases, `ww1997` (21 regions x 16 commodities)",
    "batches": "Many counterfactuals, `ww1997`",
    "engines": "The two engines on the same problem in one run",
    "sizes": "Sizes, invented worlds (`cge synth --seed 1`)",
    "hard": "Hard data: elasticities to 24, skewed shares (`cge synth --seed 1 --hard`)",
    "floor": "Where the time goes, against the bandwidth of memory",
}
_HEAD = """# Benchmarks

Written by `make bench` (`make bench ONLY=batches` measures a part; rows of the rest stay). Medians of wall times with
compiled code at hand. The load is the mean number of processes that wanted the processor when the row was measured,
this run included: one above the number of cores means that others slowed it down. T: all tariffs removed; M: a quota
of 3% of the work force; T+M: both.
"""


class Table:
    """Rows by section and name."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, str]]] = json.loads(_ROWS.read_text()) if _ROWS.is_file() else {}

    def add(self, section: str, what: str, value: str, runs: str, note: str = "") -> None:
        """Record one row and write the page."""
        self.rows.setdefault(section, {})[what] = {
            "value": value, "runs": runs, "note": note, "load": f"{os.getloadavg()[0]:.1f}",
            "date": datetime.date.today().isoformat(), "machine": machine()}
        _write(_ROWS, json.dumps(self.rows, indent=1, ensure_ascii=False) + "\n")
        _write(_PAGE, self.page())

    def page(self) -> str:
        """The page, with the machines of all rows named."""
        machines = sorted({r["machine"] for rows in self.rows.values() for r in rows.values()})
        out = [_HEAD]
        out += [f"Machine {i + 1}: {m}\n" for i, m in enumerate(machines)]
        for section, title in _SECTIONS.items():
            if section in self.rows:
                out.append(f"## {title}\n\n| what | measured | | load | date | machine |\n|---|---|---|---|---|---|")
                out += [f"| {what} | {r['value']} | {', '.join(t for t in (r['runs'], r['note']) if t)} | {r['load']} "
                        f"| {r['date']} | {machines.index(r['machine']) + 1} |"
                        for what, r in self.rows[section].items()]
                out[-1] += "\n"
        return "\n".join(out)


def machine() -> str:
    """Processor, cores, memory, system and versions."""
    versions = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("opencge", "jax", "jaxlib", "numpy", "scipy"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores; {platform.system()}, Python {platform.python_version()}, {versions}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, so that an interruption leaves the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    with os.fdopen(handle, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(name, 0o644)
    os.replace(name, path)
