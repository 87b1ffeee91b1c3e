"""Writes files whole or not at all."""

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def write(path: Path, text: str) -> None:
    """Put `text` in place of what `path` holds; who reads or interrupts sees the old or the new.

    Raises OSError.
    """
    write_all({path: text})


def write_all(texts: Mapping[Path, str]) -> None:
    """The same for several files: none is replaced before all are written.

    Who interrupts between two finds each of them old or new, and the last one old. Raises OSError.
    """
    with ExitStack() as stack:
        drafts = {path: draft(path, text, stack) for path, text in texts.items()}
        for path, name in drafts.items():
            os.replace(name, path)


def draft(path: Path, text: str, stack: ExitStack) -> str:
    """Write `text` beside `path`, until the stack ends; return the file's name."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        stack.callback(remove, file.name)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
    return file.name


def remove(name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name)
