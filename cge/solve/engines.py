"""Names of the engines."""

from __future__ import annotations

import difflib
from typing import Any

from cge.errors import ScenarioError

#: Engines by name: the fast core, and the written-out equations solved by Ipopt.
ENGINES = ("newton", "ipopt")


def check_engine(engine: Any, where: str) -> None:
    """Refuse an engine that does not exist, naming the nearest.

    Raises
    ------
    ScenarioError
    """
    if engine not in ENGINES:
        near = difflib.get_close_matches(str(engine), ENGINES, 1)
        raise ScenarioError(f"{where}: engine '{engine}' is not known"
                            + (f"; did you mean '{near[0]}'?" if near else f"; use {' or '.join(ENGINES)}"))
