"""Welfare: gains by group and region, break-even quotas, comparison with published results."""

from cge.welfare.decomposition import CONTRIBUTIONS, decomposition_table
from cge.welfare.gains import CONCEPTS, GROUPS, add_gains, first_order, people_table, region_table, share_of

__all__ = ["CONCEPTS", "CONTRIBUTIONS", "GROUPS", "add_gains", "decomposition_table", "first_order", "people_table",
           "region_table", "share_of"]
