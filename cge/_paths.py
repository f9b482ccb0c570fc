"""Where the shipped data and scenario files are: inside the wheel, or in the repository."""

from __future__ import annotations

from pathlib import Path

from cge.errors import BenchmarkError, CGEError, ScenarioError

_PACKAGE = Path(__file__).resolve().parent
_KINDS: dict[str, type[CGEError]] = {"sam_data": BenchmarkError, "runs": ScenarioError, "runs/scenarios": ScenarioError,
                                    "runs/reproduce": ScenarioError, "runs/claims": ScenarioError}
_WHAT = {"sam_data": "benchmark", "runs": "scenario file", "runs/scenarios": "scenario",
         "runs/reproduce": "reproduction", "runs/claims": "claim"}


def shipped_folders(kind: str) -> list[Path]:
    """Existing folders that may hold shipped files of `kind`.

    Parameters
    ----------
    kind : {"sam_data", "runs", "runs/scenarios", "runs/reproduce", "runs/claims"}

    Returns
    -------
    list of Path
        The installed package data first, then the repository (an editable
        install has no package data).
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {sorted(_KINDS)}, not {kind!r}")
    folders = (_PACKAGE / "_shipped" / kind, _PACKAGE.parent / kind)
    return [folder for folder in folders if folder.is_dir()]


def shipped_names(kind: str) -> list[str]:
    """Names of the shipped files or folders of `kind`, sorted."""
    names: set[str] = set()
    for folder in shipped_folders(kind):
        for entry in folder.iterdir():
            is_item = (entry / "benchmark.toml").is_file() if kind == "sam_data" else entry.suffix == ".toml"
            if is_item:
                names.add(entry.name)
    return sorted(names)


def shipped(kind: str, name: str) -> Path:
    """Path of a shipped benchmark folder or scenario file.

    Parameters
    ----------
    kind : {"sam_data", "runs", "runs/scenarios", "runs/reproduce", "runs/claims"}
    name : str
        Name inside the folder, e.g. ``"ww1997"`` or ``"walmsley_winters.toml"``.

    Returns
    -------
    Path

    Raises
    ------
    BenchmarkError, ScenarioError
        When nothing of that name is shipped; the message lists what is.
    """
    for folder in shipped_folders(kind):
        path = folder / name
        if path.exists():
            return path
    have = ", ".join(shipped_names(kind)) or "none"
    raise _KINDS[kind](f"no shipped {_WHAT[kind]} {name!r} (shipped: {have}); give one of these or a path")
