"""Benchmarks from a user's own table: a multi-region input-output table, or a square social accounting matrix."""

from cge.bring.finish import Brought
from cge.bring.icio import bring_icio
from cge.bring.sam import bring_sam

__all__ = ["Brought", "bring_icio", "bring_sam"]
