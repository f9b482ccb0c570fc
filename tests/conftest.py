"""Settings shared by all tests."""

from __future__ import annotations

from hypothesis import settings

# The same random cases in every run, so that a failure is one that everybody sees; no limit of time per case, for
# the first one may wait for a compilation.
settings.register_profile("cge", derandomize=True, deadline=None)
settings.load_profile("cge")
