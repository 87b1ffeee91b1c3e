"""How a test waits for what another process or thread does: until it is so, and no longer."""

import threading
from collections.abc import Callable

STEP = 0.01  # seconds between two looks, so that looking does not starve what is looked for


def wait_until(true: Callable[[], bool], what: str, *, seconds: float = 15) -> None:
    """Return as soon as `true()` is; fail after `seconds` with the words of `what`."""
    pause = threading.Event()
    for _ in range(int(seconds / STEP)):
        if true():
            return
        pause.wait(STEP)
    raise AssertionError(f"Waited {seconds} s in vain: {what}")
