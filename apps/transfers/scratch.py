"""Folders for files that have to have a name while they are made; they outlive no kill for long.

A process that is killed clears nothing up. So each folder is locked as long as its process lives,
and whoever needs one next removes those that nobody holds any more.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

PREFIX = "slipway-export-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of one's own, gone after the block, or before the next one if this one is killed."""
    sweep()
    folder, lock = made()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def made() -> tuple[Path, int]:
    """A new folder and the lock on it."""
    while True:
        folder = Path(mkdtemp(prefix=PREFIX))
        with suppress(FileNotFoundError):  # swept away before it was locked
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def sweep() -> None:
    """Remove the folders whose processes have ended."""
    for folder in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or gone meanwhile
            remove_if_abandoned(folder)


def remove_if_abandoned(folder: Path) -> None:
    """Remove a folder that no process holds. Raises OSError for one that may not be removed."""
    lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        return
    finally:
        os.close(lock)
