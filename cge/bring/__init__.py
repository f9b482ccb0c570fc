"""Benchmarks from a user's own table: a multi-region input-output table, or a square social accounting matrix."""
