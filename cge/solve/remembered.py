"""Inverse Jacobians of benchmarks, kept from one process to the next beside the compiled code.

An inverse only preconditions: residuals and certificates decide what a solution is. It is found
again by everything that it hangs on, the equations and the program's own sources included. What
cannot be read or written is made anew.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from cge.solve.jaxsetup import cache_folder, jax_modules

#: Most unknowns of an inverse that is kept (32 MB), and most of them.
LARGEST, KEPT = 2000, 24


def fingerprint(form: Any, x: np.ndarray, data: dict[str, Any]) -> str:
    """Hash of all that an inverse hangs on: the table and engine as programmed, the closure, the data.

    Parameters
    ----------
    form : cge.solve.frame.Plain or cge.solve.frame.Framed
    x : array (unknown,)
        Point of the form at which the Jacobian is taken.
    data : dict
        Data tree there.
    """
    jax, _ = jax_modules()
    found = hashlib.sha256(_program())
    system, table = form.system, form.system.table
    for name, row in sorted({**table.definitions, **table.conditions}.items()):  # a table may be changed as it runs
        code = row.fn.__code__
        found.update(repr((name, row.fn.__module__, row.fn.__qualname__)).encode() + code.co_code)
    found.update(repr([(type(form).__name__, form.n), [(n, idx.tobytes()) for n, idx, _ in system.unknown],
                       [(r["name"], r["mode"], r["idx"].tobytes()) for r in system.rows],
                       [(k, v) for k, v in system.cal.sets.items()]]).encode())
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        a = np.ascontiguousarray(leaf)
        found.update(f"{jax.tree_util.keystr(path)} {a.dtype} {a.shape}".encode())
        found.update(a.tobytes())
    found.update(np.ascontiguousarray(x).tobytes())
    return found.hexdigest()


@functools.cache
def _program() -> bytes:
    """Hash of the sources of the equations and of the engine, and of the versions of JAX and NumPy."""
    found = hashlib.sha256(f"{jax_modules()[0].__version__} {np.__version__}".encode())
    here = Path(__file__).parent
    for source in sorted([*here.glob("*.py"), *(here.parent / "model").glob("*.py")]):
        found.update(source.name.encode() + source.read_bytes())
    return found.digest()


def recall(key: str, n: int) -> np.ndarray | None:
    """The inverse kept under the key; None where there is none that can be used."""
    if (folder := _folder()) is None or n > LARGEST:
        return None
    with contextlib.suppress(OSError, ValueError, EOFError):
        path = folder / f"{key}.npy"
        found = np.load(path, allow_pickle=False)
        if found.shape == (n, n) and found.dtype == np.float64 and np.isfinite(found).all():
            with contextlib.suppress(OSError):  # a folder that may only be read
                os.utime(path)
            return found
    return None


def remember(key: str, inverse: np.ndarray) -> None:
    """Keep an inverse, and no more than :data:`KEPT` of them: those not used for longest go."""
    if (folder := _folder()) is None or len(inverse) > LARGEST:
        return
    part = None
    with contextlib.suppress(OSError):
        handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.save(file, inverse)
        os.replace(part, folder / f"{key}.npy")
        for old in sorted(folder.glob("*.npy"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
        for left in folder.glob("*.part"):  # of processes that were killed
            if time.time() - left.stat().st_mtime > 3600:
                left.unlink(missing_ok=True)
    if part is not None:
        with contextlib.suppress(OSError):
            Path(part).unlink(missing_ok=True)


def _folder() -> Path | None:
    """Where inverses are kept; None where nothing can be."""
    if (compiled := cache_folder()) is None:
        return None
    folder = compiled.parent / "inverses"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return folder
