"""Results as labelled datasets and netCDF files."""

from cge.results.dataset import open_results, provenance, to_dataset, write_netcdf

__all__ = ["open_results", "provenance", "to_dataset", "write_netcdf"]
