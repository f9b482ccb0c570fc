"""What is freer movement of goods worth, what is freer movement of people worth, and to whom?

A multi-region computable general equilibrium model on a social accounting
matrix, with bilateral trade, bilateral labour migration by skill, remittances::

    import cge
    ds = cge.compare("runs/walmsley_winters.toml")     # one xarray Dataset
    ds["gain_world"].sel(scenario="M")
"""

from cge._version import __version__
from cge.errors import CGEError

#: Public names and the modules they come from; loaded on first use so that ``import cge`` stays quick.
_PUBLIC = {
    "open_benchmark": "cge.benchmark", "Benchmark": "cge.benchmark", "synthetic_benchmark": "cge.benchmark",
    "make_sam": "cge.benchmark", "Scenario": "cge.scenario", "read_scenarios": "cge.scenario",
    "Model": "cge.solve.model", "compare": "cge.welfare.compare", "target_table": "cge.welfare.targets",
    "open_results": "cge.results", "write_netcdf": "cge.results",
}

__all__ = ["CGEError", "__version__", *_PUBLIC]


def __getattr__(name: str):
    if name in _PUBLIC:
        import importlib

        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'cge' has no attribute '{name}'")
