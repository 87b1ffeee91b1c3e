"""The search of a folder, here, or in a process of its own while others are asked."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from apps.launch.facts.project import Leak
from apps.launch.facts.unasked import Skipped, Unasked
from apps.launch.secrets.git import PATIENCE
from config.env import BASE_DIR

PARTS = ("in_files", "in_history")
NO_SEARCH = Skipped("needs detect-secrets, which development has: runs in development and CI")
STARTING = 10  # seconds that a process has beside the two parts, each of which takes PATIENCE
Search = Callable[[str], tuple[Leak, ...]]


def leaks(root: Path, part: str) -> tuple[Leak, ...]:
    """What a part of the search finds.

    Raises Skipped where the library for it is not installed or Git keeps nothing, and Unasked.
    """
    try:
        from apps.launch.secrets import allow, scan
    except ImportError:
        raise NO_SEARCH from None
    look = scan.in_files if part == "in_files" else scan.in_history
    return look(root, allow.read(root), PATIENCE)


@contextmanager
def searching(root: Path) -> Iterator[Search]:
    """Search in a process of its own while the block runs; what is yielded waits for a part."""
    with subprocess.Popen(  # noqa: S603  (our own module)
        [sys.executable, "-m", __package__, root],
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        answers = cache(lambda: answers_of(process))
        try:
            yield lambda part: read(answers()[part])
        finally:
            process.kill()


def answers_of(process: "subprocess.Popen[bytes]") -> dict[str, dict[str, Any]]:
    """What the process printed. Raises Unasked where it failed or takes too long."""
    try:
        said, _ = process.communicate(timeout=len(PARTS) * PATIENCE + STARTING)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Unasked("the search did not end: make check does it") from None
    if process.returncode:
        raise Unasked("the search failed: make check says why")
    answers: dict[str, dict[str, Any]] = json.loads(said)
    return answers


def read(answer: dict[str, Any]) -> tuple[Leak, ...]:
    """The leaks of an answer. Raises what the search raised."""
    if "skipped" in answer:
        raise Skipped(answer["skipped"])
    if "unasked" in answer:
        raise Unasked(answer["unasked"])
    return tuple(Leak(**one) for one in answer["leaks"])
