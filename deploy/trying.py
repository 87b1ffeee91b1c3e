"""Runs the smoke test, in a process of its own, and stops where it fails."""

import subprocess
import sys

from config.env import Operator
from deploy.steps import Steps
from deploy.target import Stopped

# Before the first release nobody can have signed up.
NOBODY_YET = ("--skip", "sign-in")


def try_out(
    steps: Steps, operator: Operator, what: str, url: str, *more: str, is_first: bool = False
) -> None:
    """Do what customers do at an address, as a step. Raises Stopped with what went wrong.

    Without an account, which a gate has asked for already, there is nothing to do.
    """
    if operator.SMOKE_EMAIL and operator.SMOKE_PASSWORD:
        steps.do(what, run, url, *more, *(NOBODY_YET if is_first else ()))
    else:
        steps.note(f"{what}: left out, since the smoke test has no account")


def run(url: str, *more: str) -> None:
    """Run it; the account comes in the environment, never as an argument."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.smoke", url, *more],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise Stopped("The smoke test", done.stdout.decode("utf-8", "replace").strip(), "")
