"""The one place where JAX's process-wide switches are set."""

from __future__ import annotations

import functools
import os
from pathlib import Path


@functools.cache
def jax_modules():
    """Import JAX with 64-bit floats and a persistent compilation cache; return ``(jax, jax.numpy)``."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    folder = cache_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    import jax.numpy as jnp

    return jax, jnp


def cache_folder() -> Path | None:
    """Folder of the compilation cache in the user's cache directory; None where it cannot be made."""
    home = os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    folder = base / "cge" / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
