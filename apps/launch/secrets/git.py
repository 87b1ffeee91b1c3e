"""What Git says of a repository: its files, and what each commit added; it changes nothing."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from apps.launch.facts.unasked import Skipped, Unasked

PATIENCE = 10.0  # seconds that each search may take within launch_check; it takes one
NO_REPOSITORY = "runs where the repository is: in development and CI"
HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
# Branches, tags and stashes; a merge by what it adds to its first parent.
LOG = (
    *("log", "--all", "-p", "--unified=0", "--relative", "--no-renames", "--diff-filter=AM"),
    *("--diff-merges=first-parent", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--format=%x00%h"),
)


class Added(NamedTuple):
    """Lines that a commit added to a file, with their numbers in it."""

    commit: str
    path: str
    lines: list[tuple[int, str]]


def git(root: Path, *arguments: str) -> list[str]:
    """The command that asks Git. Raises Skipped where there is none."""
    program = shutil.which("git")
    if program is None:
        raise Skipped(NO_REPOSITORY)
    return [program, "-c", "core.quotepath=off", "-C", str(root), *arguments]


def answer(
    root: Path, *arguments: str, codes: tuple[int, ...] = (0,), patience: float = PATIENCE
) -> bytes:
    """What Git says, if it leaves with one of `codes`.

    Raises Skipped where there is no repository, and Unasked where Git fails.
    """
    command = git(root, *arguments)
    try:
        done = subprocess.run(  # noqa: S603  (constant arguments)
            command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=patience
        )
    except subprocess.TimeoutExpired:
        raise Unasked(f"git {arguments[0]} did not answer within {patience:g} s") from None
    if done.returncode not in codes:
        if not (root / ".git").exists():
            raise Skipped(NO_REPOSITORY)
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise Unasked(f"git {arguments[0]} failed: {said[:120]}")
    return done.stdout


def tracked_files(root: Path) -> list[str]:
    """The files that Git keeps, below `root`. Raises Skipped and Unasked."""
    names = answer(root, "ls-files", "-z").decode("utf-8", "surrogateescape").split("\0")
    files = [name for name in names if name]
    if not files:
        raise Skipped(NO_REPOSITORY)
    return files


def ignores(root: Path, name: str) -> bool:
    """Whether Git would leave a file of this name out. Raises Skipped and Unasked."""
    said = answer(root, "check-ignore", "--no-index", "--", name, codes=(0, 1))
    return bool(said.strip())


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Each tracked text file with its text; binary files and links are left out."""
    for name in tracked_files(root):
        path = root / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            yield name, content.decode("utf-8", "replace")


def additions(root: Path, patience: float) -> Iterator[Added]:
    """What each commit added to each file, as Git tells it. Raises Unasked if it takes too long."""
    with speaking(git(root, *LOG), patience) as lines:
        added, deleted_left, added_left, number = Added("", "", []), 0, 0, 0
        for raw in lines:
            # Counted, since a line that was added may look like one of the patch's own.
            if added_left and raw.startswith(b"+"):
                text = raw[1:].rstrip(b"\r\n").decode("utf-8", "replace")
                added.lines.append((number, text))
                number, added_left = number + 1, added_left - 1
            elif deleted_left and raw.startswith(b"-"):
                deleted_left -= 1
            elif hunk := HUNK.match(raw):
                deleted_left, number, added_left = (
                    int(group) if group is not None else 1 for group in hunk.groups()
                )
            elif raw.startswith((b"\0", b"+++ ")):
                yield added
                word = raw.strip(b"\0\r\n").decode("utf-8", "replace")
                if raw.startswith(b"\0"):
                    added = Added(word, "", [])
                else:
                    added = Added(added.commit, word[4:].strip('"').removeprefix("b/"), [])
        yield added


@contextmanager
def speaking(command: list[str], patience: float) -> Iterator[IO[bytes]]:
    """What a program writes, for as long as `patience` allows. Raises Unasked if it was cut off."""
    with subprocess.Popen(  # noqa: S603  (constant arguments)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        stop = threading.Timer(patience, process.kill)
        stop.daemon = True
        stop.start()
        try:
            yield process.stdout
            code = process.wait()
        finally:
            stop.cancel()
            process.kill()
    if code < 0:
        raise too_long(patience)
    if code:
        raise Unasked("git log failed")


def too_long(patience: float) -> Unasked:
    return Unasked(f"the history was not looked through within {patience:g} s: make check does it")
