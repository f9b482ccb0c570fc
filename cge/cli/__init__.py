"""The command line. Every command is a call of the public API."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from cge._files import Terminated, finished, stoppable
from cge._version import __version__
from cge.cli import bring, claims, data, equations, library, reproduce, run, sam
from cge.errors import CGEError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code (0 done, 1 refused or failed, 2 wrong usage)."""
    args = _parser().parse_args(argv)
    finished.clear()
    try:
        with stoppable():
            return args.run(args) or 0
    except CGEError as err:
        print(f"cge: {' '.join(str(err).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    except OSError as err:
        what = err.filename or "a file"
        print(f"cge: {what}: {err.strerror or err}; check the path and its permissions", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        what = f"written before that: {', '.join(map(str, finished))}" if finished else "nothing was written"
        print(f"cge: stopped; {what}", file=sys.stderr)
        return 128 + (15 if isinstance(stop, Terminated) else 2)


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="cge", description="What is freer movement of goods worth, what is freer "
                                "movement of people worth, and to whom? A multi-region CGE model.")
    p.add_argument("--version", action="version", version=f"cge {__version__}")
    sub = p.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for commands in (run, reproduce, claims, sam, data, bring, library, equations):
        commands.add(sub)
    return p
