"""Writes a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def write(path: Path, text: str) -> None:
    """Put `text` in place of what `path` holds; who reads or interrupts sees the old or the new.

    Raises OSError.
    """
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as draft:
        try:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
            os.chmod(draft.name, 0o644)
            os.replace(draft.name, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft.name)
