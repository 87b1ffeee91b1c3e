"""Whether a commit has been pushed: Render builds what its repository has, not what we have."""

import subprocess
from pathlib import Path

from deploy.target import Stopped


def see_pushed(commit: str, root: Path) -> None:
    """Raise Stopped for a commit that no branch of a remote holds, as far as git has seen."""
    found = subprocess.run(
        ["git", "branch", "--remotes", "--contains", commit],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode or not found.stdout.strip():
        raise Stopped(
            f"Shipping {commit[:7]} to Render",
            "the commit has not been pushed, and Render builds what its repository has",
            "Push it with `git push`. If somebody else has pushed it: `git fetch`.",
        )
