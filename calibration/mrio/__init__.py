"""Multi-region input-output tables: read, aggregate, split the rest of the world."""
