"""Files that appear whole or not at all, whatever stops the program."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from cge.errors import CGEError

_STOPS = (signal.SIGINT, signal.SIGTERM)

#: Files put in place so far: what a stopped command must not deny having written.
finished: list[Path] = []


class Terminated(KeyboardInterrupt):
    """The program was asked to end (SIGTERM); cleans up as after Ctrl-C."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM unwind the block as Ctrl-C does, so that temporary files go; a handler set by others stays."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def deferred() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM to the end of a short block.

    An interrupt inside the netCDF library leaves its lock taken, and closing the
    file then waits forever; one between the making of a temporary file and its
    ``try`` leaves the file behind.
    """
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield
        return
    came: list[int] = []
    before = {}
    for stop in _STOPS:
        handler = signal.getsignal(stop)
        if handler is not None:  # None: set by other code than Python, and could not be put back
            before[stop] = handler
            signal.signal(stop, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def whole_file(path: str | Path, folder_repair: str = "choose another file or folder",
               disk_repair: str = "choose another file, or free space on the disk",
               error: type[CGEError] = CGEError) -> Iterator[Path]:
    """Give a temporary file beside ``path`` that takes its place at the end of the block.

    If the block fails the temporary file goes and ``path`` is as before.

    Parameters
    ----------
    path : str or Path
    folder_repair, disk_repair : str
        What the messages advise where no file can be made, or the writing fails.
    error : type
        Class of the error raised.

    Raises
    ------
    CGEError
        The file cannot be written.
    """
    path = Path(path)
    with deferred():
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
            os.close(handle)
        except OSError as err:
            raise error(f"cannot write {path}: {err.strerror or err}; {folder_repair}") from None
        try:
            yield Path(name)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)  # mkstemp makes the file private
            os.replace(name, path)
            finished.append(path)
        except OSError as err:
            raise error(f"cannot write {path}: {err.strerror or err}; {disk_repair}") from None
        finally:
            Path(name).unlink(missing_ok=True)


@contextmanager
def no_empty_folder(folder: str | Path) -> Iterator[None]:
    """Remove the folders that a failing block has made on the way to ``folder`` and left empty."""
    folder = Path(folder)
    made = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first that is not empty, or was never made
            for path in made:
                if path.exists():
                    path.rmdir()
        raise
