"""How many digits the benchmark's files carry.

The last bits of a double differ between processors; numbers are therefore rounded before they are written, so
that a rebuild gives the same files.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

DIGITS = 7
# Of numbers that an account or a cap holds to far below 1e-9: saving (closes the income account), remittances.
FINE = 11


def rounded(array: xr.DataArray, digits: int = DIGITS) -> xr.DataArray:
    """Round to significant digits, through decimal text so that the result is the nearest double."""
    flat = [float(f"{v:.{digits - 1}e}") if v else 0.0 for v in array.values.ravel()]
    return array.copy(data=np.array(flat).reshape(array.shape))
