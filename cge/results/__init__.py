"""Results as labelled datasets and netCDF files."""

from cge.results.dataset import check_folder, open_results, provenance, to_dataset, write_netcdf

__all__ = ["check_folder", "open_results", "provenance", "to_dataset", "write_netcdf"]
