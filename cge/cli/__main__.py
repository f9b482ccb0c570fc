"""``python -m cge.cli``."""

from cge.cli import main

raise SystemExit(main())
