"""From raw public tables to a balanced benchmark in ``sam_data/``."""
