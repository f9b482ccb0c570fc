"""Balancing: cross-entropy estimation (Pyomo, Ipopt), RAS, exact closure."""
