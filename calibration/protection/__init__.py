"""Protection and indirect taxes of a benchmark: tariffs, the farm layer, consumption taxes.

Every number comes from a table in ``facts/`` (with source and status) or from the raw tariff
files; README.md says what is published, what is recalled and what is assumed.
"""
