"""The version of the package: read by the build, written into every result file."""

__version__ = "0.1.0"
