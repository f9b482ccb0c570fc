"""What an input-output table does not hold: macro totals, labour, migrants, remittances."""
