"""What an input-output table does not hold: macro totals, labour, skills, migrants, remittances, labour taxes."""
