"""What git knows of a commit, and a clean checkout of it."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.target import Stopped


class Git:
    """A repository, asked through the git program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, *words: str) -> str | None:
        """What git answers, without the last line's end; None where it says no."""
        try:
            done = subprocess.run(
                ["git", *words], check=False, cwd=self.folder, capture_output=True
            )
        except OSError:
            return None
        return None if done.returncode else done.stdout.decode("utf-8", "replace").strip()

    def commit(self, name: str) -> str:
        """The forty digits of a commit. Raises Stopped where git knows none of that name."""
        found = self.ask(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        if not found:
            raise Stopped(
                f"Looking for {name}",
                f"git in {self.folder} knows no such commit",
                "fetch it, or name another",
            )
        return found

    def changes(self) -> list[str]:
        """What the tree has that no commit has; files that are ignored do not count."""
        said = self.ask("status", "--porcelain")
        return ["git does not say"] if said is None else said.splitlines()

    def remote_branches(self, commit: str) -> list[str]:
        """The remote branches that have a commit, as this clone last heard of them."""
        return (self.ask("branch", "--remotes", "--contains", commit) or "").split("\n")[:1]

    def origin(self) -> str:
        return self.ask("remote", "get-url", "origin") or ""

    def files(self, commit: str) -> list[str]:
        """The paths in a commit. Raises Stopped where git does not know it."""
        said = self.ask("ls-tree", "-r", "--name-only", self.commit(commit))
        return (said or "").splitlines()

    @contextmanager
    def checkout(self, commit: str) -> Iterator[Path]:
        """A folder with exactly what a commit has, and no repository around it."""
        with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
            packing = subprocess.Popen(
                ["git", "archive", "--format=tar", commit],
                cwd=self.folder,
                stdout=subprocess.PIPE,
            )
            with packing:
                done = subprocess.run(
                    ["tar", "-C", folder, "-xf", "-"], check=False, stdin=packing.stdout
                )
            if done.returncode or packing.returncode:
                raise Stopped(f"Checking {commit} out", "git archive failed", "")
            yield Path(folder)
