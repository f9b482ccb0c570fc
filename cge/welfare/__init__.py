"""Welfare: gains by group and region, break-even quotas, comparison with published results."""

from cge.welfare.gains import GROUPS, add_gains, first_order, region_table, share_of

__all__ = ["GROUPS", "add_gains", "first_order", "region_table", "share_of"]
