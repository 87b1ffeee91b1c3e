"""Says on a terminal how far a command is: one line, rewritten and in the end erased."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper

from apps.launch.harmless import harmless

ERASE = "\r\x1b[2K"


@contextmanager
def progress(stream: OutputWrapper, width: int) -> Iterator[Callable[[str], None]]:
    """What says it; where the stream is no terminal, it says nothing."""
    if not stream.isatty():
        yield lambda words: None
        return

    def say(words: str) -> None:
        stream.write(f"{ERASE}{harmless(words, width - 2)}", str, ending="")
        stream.flush()

    try:
        yield say
    finally:
        stream.write(ERASE, str, ending="")
        stream.flush()
