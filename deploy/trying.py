"""Runs the smoke test, in a process of its own, and stops where it fails."""

import subprocess
import sys

from deploy.target import Stopped


def try_out(url: str, *more: str) -> None:
    """Do what customers do at an address. Raises Stopped with what went wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.smoke", url, *more],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise Stopped("The smoke test", done.stdout.decode("utf-8", "replace").strip(), "")
