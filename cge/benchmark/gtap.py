"""GTAP version 7 data bases (header-array files) into benchmarks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge.benchmark.checks import check_benchmark
from cge.benchmark.data import Benchmark
from cge.benchmark.gtap_names import (
    FILES,
    MOBILITY_SETS,
    MOBILITY_TYPES,
    OLD_HEADERS,
    PARAMETERS,
    SETS,
    is_labour,
)
from cge.benchmark.gtap_repair import LARGEST, remove_rounding
from cge.benchmark.har import HarArray, read_har
from cge.benchmark.headers import DIM_SET, HEADERS
from cge.errors import BenchmarkError


@dataclass(frozen=True)
class GtapImport:
    """A data base as read.

    Attributes
    ----------
    benchmark : Benchmark
    notes : tuple of str
        What was assumed or changed: missing population, labour by name, labels
        made legal, parameters left at their defaults.
    changes : pandas.DataFrame
        Removal of rounding, as :func:`cge.benchmark.gtap_repair.remove_rounding` tells.
    """

    benchmark: Benchmark
    notes: tuple[str, ...]
    changes: pd.DataFrame

    def text(self) -> str:
        """The report, a few lines of plain text."""
        b = self.benchmark
        kinds = ", ".join(f"{e} {k}" for e, k in b.mobility.items())
        lines = [f"{b.name}: {b.meta['title']}", "sets: " + ", ".join(f"{len(b.sets[s])} {s}" for s in b.sets),
                 f"endowments: {kinds}; labour: {', '.join(b.sets['skill']) or 'none'}", *self.notes]
        if len(self.changes):
            worst = self.changes.loc[self.changes["relative"].idxmax()]
            lines.append(f"rounding of 32-bit numbers removed: largest relative change of a sizeable cell "
                         f"{worst['relative']:.1e} ({worst['array']}: {worst['where']})")
        return "\n".join(lines)


def read_gtap(folder: str | Path, *, name: str | None = None, base: str | None = None, sets: str | None = None,
              parameters: str | None = None, skill: Sequence[str] | None = None,
              tolerance: float = LARGEST, defaults: bool = False) -> GtapImport:
    """Read a GTAP version 7 data base.

    Parameters
    ----------
    folder : path
        Holds basedata.har, sets.har and default.prm (upper and lower case do not count).
    name : str, optional
        Name of the benchmark; default the folder's name.
    base, sets, parameters : str, optional
        Other file names in the folder, or paths; an updated data base for one.
    skill : sequence of str, optional
        Labour endowments; default by name (:data:`cge.benchmark.gtap_names.LABOUR`).
    tolerance : float
        Largest relative change of a sizeable cell that balancing may make.
    defaults : bool
        Take the standard value of a parameter whose header is missing, and say so. Without it such a file is
        refused, since one cut between two headers looks the same.

    Returns
    -------
    GtapImport
        Its benchmark has passed every check. It has no labour stocks, so the
        model on it is the standard GTAP model.

    Raises
    ------
    BenchmarkError
        Missing file or header, labels that do not fit, a data base of the model
        before version 7, one that does not balance; HarError for a damaged file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BenchmarkError(f"{folder} is no folder; give the folder of a GTAP data base "
                             f"({', '.join(f[0] for f in FILES.values())})")
    given = {"base": base, "sets": sets, "parameters": parameters}
    paths = {kind: _find(folder, kind, given[kind]) for kind in FILES}
    files = {kind: {n.upper(): a for n, a in read_har(path).items()} for kind, path in paths.items()}
    found = _Import(name or folder.resolve().name, paths, files)
    found.defaults = defaults
    return found.run(skill, tolerance)


def _find(folder: Path, kind: str, given: str | None) -> Path:
    """Path of a file of the data base."""
    wanted = [given] if given else list(FILES[kind])
    have = {p.name.lower(): p for p in sorted(folder.iterdir()) if p.is_file()}
    for entry in wanted:
        if entry.lower() in have:
            return have[entry.lower()]
    if given and Path(given).is_file():
        return Path(given)
    raise BenchmarkError(f"{folder} has no file {' or '.join(wanted)}; it has {', '.join(sorted(have)) or 'no files'}. "
                         f"Name the {kind} file with {kind}=...")


class _Import:
    """One import: the files, and the notes taken on the way."""

    def __init__(self, name: str, paths: dict[str, Path], files: dict[str, dict[str, HarArray]]) -> None:
        self.name, self.paths, self.files = name, paths, files
        self.notes: list[str] = []
        self.defaults = False
        self.sets: dict[str, tuple[str, ...]] = {}  # as in the files
        self.legal: dict[str, dict[str, str]] = {}  # per set: label in the files -> label of the benchmark

    def run(self, skill: Iterable[str] | None, tolerance: float) -> GtapImport:
        self._version()
        for label in SETS:
            self.sets[label] = self._labels("sets", label.upper())
            self.legal[label] = _legal(self.sets[label], label, self.notes)
        goods = {x.lower(): new for x, new in self.legal["comm"].items()}
        stray = [m for m in self.sets["marg"] if m.lower() not in goods]
        if stray:
            raise BenchmarkError(f"{self.paths['sets']}: margins {', '.join(stray)} are not in COMM; correct MARG")
        self.legal["marg"] = {m: goods[m.lower()] for m in self.sets["marg"]}  # one spelling for both
        arrays = self._flows() | self._parameters()
        mobility = self._mobility(arrays.get("ETRAE"))
        sets = {s: tuple(self.legal[s].values()) for s in SETS}
        sets["skill"] = self._skill(sets["endw"], skill)
        if not any(e.lower() == "capital" for e in sets["endw"]):
            self.notes.append(f"no endowment is called Capital ({', '.join(sets['endw'])}); the model needs one of "
                              "that name: rename it in the GTAP files")
        raw = Benchmark(self.name, sets, arrays, self._meta(mobility))
        bench, changes = remove_rounding(raw, tolerance)
        check_benchmark(bench)
        return GtapImport(bench, tuple(self.notes), changes)

    def _version(self) -> None:
        base, path = self.files["base"], self.paths["base"]
        old = [h for h in OLD_HEADERS if h in base]
        if old and "MAKB" not in base:
            raise BenchmarkError(f"{path}: headers {', '.join(old)} belong to the GTAP model before version 7; convert "
                                 "the data base with GTAP's conversion program (GTAPDataConv) first")
        needed = [n for n, h in HEADERS.items() if h.group == "flows" and h.required and n != "POP"]
        missing = [n for n in needed if n not in base]
        if missing:
            raise BenchmarkError(f"{path}: no header {', '.join(missing)}; a GTAP version 7 data base has it: give the "
                                 "basedata.har of the version 7 model")

    def _labels(self, kind: str, header: str) -> tuple[str, ...]:
        array = self.files[kind].get(header)
        if array is None or array.values.dtype.kind != "U":
            raise BenchmarkError(f"{self.paths[kind]}: no set {header} (character header {header!r}); give the sets "
                                 "file of the version 7 model, with REG, COMM, ACTS, MARG and ENDW")
        return tuple(str(x) for x in array.values)

    def _flows(self) -> dict[str, xr.DataArray]:
        out = {}
        for n, h in HEADERS.items():
            if h.group == "flows" and n in self.files["base"]:
                out[n] = self._array("base", n, n)
        if "POP" not in out:
            reg = list(self.legal["reg"].values())
            out["POP"] = xr.DataArray(np.ones(len(reg)), dims="reg", coords={"reg": reg})
            self.notes.append("population: the file has none (header POP); 1 million in every region")
        return out

    def _parameters(self) -> dict[str, xr.DataArray]:
        out = {}
        for n, header in PARAMETERS.items():
            if header in self.files["parameters"]:
                out[n] = self._array("parameters", header, n, partly=n == "ETRAE")
            elif HEADERS[n].required or not self.defaults:
                raise BenchmarkError(f"{self.paths['parameters']}: no header {header} ({HEADERS[n].long_name}); a "
                                     "parameter file of the version 7 model has it (is the file cut off?)"
                                     + ("" if HEADERS[n].required else "; --defaults takes the standard value"))
            else:
                self.notes.append(f"{n} ({HEADERS[n].long_name}): the file has none (header {header}); "
                                  f"{HEADERS[n].default:g} everywhere")
        return out

    def _array(self, kind: str, header: str, name: str, partly: bool = False) -> xr.DataArray:
        """A header as array `name`, its labels checked; `partly`: endowments left out get 0."""
        har, dims = self.files[kind][header], HEADERS[name].dims
        where = f"{self.paths[kind]}, header {header}"
        values = np.asarray(har.values)
        if values.dtype.kind not in "fi":
            raise BenchmarkError(f"{where}: text where numbers should be; give the file of the version 7 model")
        if not dims:
            if values.size != 1:
                raise BenchmarkError(f"{where}: {values.size} numbers, one expected; correct the file")
            return xr.DataArray(float(values.ravel()[0]))
        if values.ndim == 2 and len(dims) == 1 and 1 in values.shape:
            values = values.ravel()  # a vector in an integer or real matrix header
        if values.ndim != len(dims):
            raise BenchmarkError(f"{where}: {values.ndim} dimensions, expected {len(dims)} ({', '.join(dims)})")
        array = np.asarray(values, dtype=np.float64)
        for axis, dim in enumerate(dims):
            set_name = DIM_SET[dim]
            here = har.elements[axis] if axis < len(har.elements) else None
            said = (har.sets[axis] if axis < len(har.sets) else "").lower()
            if said in SETS and said != set_name and not (said == "comm" and set_name == "marg"):
                raise BenchmarkError(f"{where}: dimension {axis + 1} runs over {said.upper()}, expected "
                                     f"{set_name.upper()}; the version 7 model has ({', '.join(dims)})")
            array = self._reorder(array, axis, here, set_name, where, partly and dim == "endw")
        coords = {d: list(self.legal[DIM_SET[d]].values()) for d in dims}
        return xr.DataArray(array, dims=dims, coords=coords)

    def _reorder(self, array: np.ndarray, axis: int, here: Sequence[str] | None, set_name: str, where: str,
                 partly: bool) -> np.ndarray:
        """Bring one dimension into the order of its set; names count without case, as in GEMPACK."""
        want = [x.lower() for x in self.sets[set_name]]
        if here is None:
            if array.shape[axis] != len(want):
                raise BenchmarkError(f"{where}: dimension {axis + 1} has {array.shape[axis]} cells, set "
                                     f"{set_name.upper()} {len(want)} elements; the files do not belong together")
            return array
        have = [x.lower() for x in here]
        unknown, missing = [x for x in here if x.lower() not in want], [x for x in want if x not in have]
        if unknown or (missing and not partly):
            raise BenchmarkError(f"{where}, dimension {axis + 1}: elements {unknown} are not in set "
                                 f"{set_name.upper()}, {missing} are missing; the files do not belong together")
        if missing:
            array = np.concatenate([array, np.zeros_like(array.take([0] * len(missing), axis))], axis)
            self.notes.append(f"{where}: no value for {', '.join(missing)}; 0")
            have += missing
        return array.take([have.index(x) for x in want], axis)

    def _mobility(self, etrae: xr.DataArray | None) -> dict[str, str]:
        """Mobility of endowments: the flag EFLG, else the sets ENDM, ENDS and ENDF, else ETRE."""
        labels = self.legal["endw"]
        by_set: dict[str, str] = {}
        for header, kind in MOBILITY_SETS.items():
            if header in self.files["sets"]:
                by_set |= {x.lower(): kind for x in self._labels("sets", header)}
        flag = self.files["parameters"].get("EFLG")
        if flag is not None:
            by_flag = self._flags(flag)
            wrong = [e for e in by_flag if by_set and by_set.get(e, by_flag[e]) != by_flag[e]]
            if wrong:
                self.notes.append(f"mobility of {', '.join(wrong)}: the sets file says otherwise; as EFLG in the "
                                  "parameter file, which the model reads")
            found = by_flag
        elif by_set:
            found = by_set
        elif etrae is not None:
            slow = {str(e).lower() for e in etrae.endw.values[(etrae < 0).any("reg").values]}
            found = {x.lower(): "sluggish" if x.lower() in slow else "mobile" for x in labels}
            self.notes.append("mobility: neither EFLG nor ENDM, ENDS, ENDF in the files; endowments with ETRE below 0 "
                              "are sluggish, the others mobile")
        else:
            found = {}
        missing = [x for x in labels if x.lower() not in found]
        if missing:
            raise BenchmarkError(f"{self.paths['parameters']}: nothing says whether {', '.join(missing)} are mobile, "
                                 "sluggish or fixed; add the header EFLG(ENDW,ENDWT), or ENDM, ENDS, ENDF to the sets")
        return {new: found[x.lower()] for x, new in labels.items()}

    def _flags(self, flag: HarArray) -> dict[str, str]:
        where = f"{self.paths['parameters']}, header EFLG"
        values = np.asarray(flag.values, float)
        named = flag.elements[1] if len(flag.elements) > 1 else None
        types = [x.lower() for x in named or MOBILITY_TYPES]
        if values.ndim != 2 or values.shape[1] != len(types) or set(types) - set(MOBILITY_TYPES):
            raise BenchmarkError(f"{where}: expected endowments by {', '.join(MOBILITY_TYPES)}; correct the file")
        values = self._reorder(values, 0, flag.elements[0] if flag.elements else None, "endw", where, False)
        out = {}
        for label, row in zip(self.sets["endw"], values):
            if sorted(row) != [0.0] * (len(types) - 1) + [1.0]:
                raise BenchmarkError(f"{where}: endowment {label} has flags {row.tolist()}; exactly one must be 1")
            out[label.lower()] = types[int(row.argmax())]
        return out

    def _skill(self, endw: tuple[str, ...], given: Iterable[str] | None) -> tuple[str, ...]:
        if given is not None:
            wanted = {x.lower() for x in given}
            stray = sorted(wanted - {e.lower() for e in endw})
            if stray:
                raise BenchmarkError(f"skill: {', '.join(stray)} are no endowments ({', '.join(endw)})")
            return tuple(e for e in endw if e.lower() in wanted)
        found = tuple(e for e in endw if is_labour(e))
        if not found:
            self.notes.append(f"labour: no endowment ({', '.join(endw)}) has a name of labour; name it with skill=...")
        return found

    def _meta(self, mobility: Mapping[str, str]) -> dict[str, Any]:
        release = self.files["base"].get("DREL")
        text = " ".join(str(x) for x in release.values) if release is not None and release.values.size else ""
        files = ", ".join(path.name for path in self.paths.values())
        meta: dict[str, Any] = {"title": f"GTAP data base {text}".strip(), "unit": "million US$",
                                "mobility": dict(mobility), "sources": [f"{text or 'GTAP data base'} ({files})"]}
        year = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", text)
        return {**meta, "year": int(year.group())} if year else meta


def _legal(labels: tuple[str, ...], name: str, notes: list[str]) -> dict[str, str]:
    """Labels as a benchmark allows them: other characters become _."""
    out = {x: re.sub(r"[^A-Za-z0-9_\-]", "_", x) for x in labels}
    changed = [f"{x} -> {new}" for x, new in out.items() if x != new]
    if changed:
        notes.append(f"set {name}: labels changed to letters, digits, _ and -: {', '.join(changed)}")
    lower = [x.lower() for x in out.values()]
    doubled = sorted({x for x in lower if lower.count(x) > 1})
    if doubled or len(out) != len(labels) or "" in out.values():
        raise BenchmarkError(f"set {name}: labels {', '.join(doubled) or repr(labels)} are empty or come twice (in "
                             "letters, digits, _ and -, without case); rename them in the GTAP files")
    return out
