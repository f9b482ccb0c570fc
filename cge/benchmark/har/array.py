"""One header of a HAR file, as an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cge.errors import BenchmarkError


class HarError(BenchmarkError):
    """A HAR file that cannot be read or written; names file, header, byte and repair."""


@dataclass(frozen=True, eq=False)
class HarArray:
    """One header of a HAR file.

    Attributes
    ----------
    values : numpy.ndarray
        float32 or float64 (real headers; files hold float32), int32 (integer
        headers) or text (character headers, trailing blanks removed).
    long_name : str
        At most 70 characters.
    sets : tuple of str
        Set name of each dimension ("" where the file has none).
    elements : tuple of (tuple of str, or None)
        Element names of each dimension, or None.
    coefficient : str
        Name of the coefficient in the program that wrote it, at most 12 characters.
    kind : str
        Type in the file: 1C, 2I, 2R, RE or RL; "" lets the writer choose.
    status : str
        One letter per dimension: k (elements known), u (unknown), e (a single
        element of a larger set).
    """

    values: np.ndarray
    long_name: str = ""
    sets: tuple[str, ...] = ()
    elements: tuple[tuple[str, ...] | None, ...] = ()
    coefficient: str = ""
    kind: str = ""
    status: str = ""

    def dataarray(self, dims: Sequence[str] | None = None) -> xr.DataArray:
        """Values as float64 with labelled dimensions.

        Parameters
        ----------
        dims : sequence of str, optional
            Names of the dimensions; default the set names in lower case, a set
            that comes twice with its position added (``reg``, ``reg_2``).
        """
        names = list(dims) if dims is not None else _dim_names(self.sets, self.values.ndim)
        coords = {d: list(e) for d, e in zip(names, self.elements, strict=False) if e is not None}
        return xr.DataArray(np.asarray(self.values, dtype=np.float64), dims=names, coords=coords)


def _dim_names(sets: tuple[str, ...], ndim: int) -> list[str]:
    out: list[str] = []
    for i in range(ndim):
        base = (sets[i] if i < len(sets) else "").lower() or f"dim_{i + 1}"
        out.append(base if base not in out else f"{base}_{i + 1}")
    return out
