"""Welfare: gains by group and region, break-even quotas, comparison with published results."""

from cge.welfare.counting import CONCEPTS_OF_MIGRANTS
from cge.welfare.decomposition import CONTRIBUTIONS, decomposition_table
from cge.welfare.gains import CONCEPTS, GROUPS, add_gains, first_order, people_table, region_table, share_of
from cge.welfare.groups import PARTS, group_table, variation_table
from cge.welfare.ppp import mover_table, movers_at_ppp

__all__ = ["CONCEPTS", "CONCEPTS_OF_MIGRANTS", "CONTRIBUTIONS", "GROUPS", "PARTS", "add_gains", "decomposition_table",
           "first_order", "group_table", "mover_table", "movers_at_ppp", "people_table", "region_table", "share_of",
           "variation_table"]
