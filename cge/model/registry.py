"""The one equation table of the model; the blocks register their rows on it."""

from __future__ import annotations

from cge.model.table import Table

table = Table()
