"""`make launch`: launch_check of what code and tables can tell, on servers of its own.

It runs production's settings with the examples of the variables. What only the real place can tell
(its secrets, its processes, the network) is asked there: `manage.py launch_check`.
"""

import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from dev.check import environment
from dev.servers import ThrowAway
from dev.setup import Refusal, refuse
from dev.state import ROOT

# `make check` reads the history for secrets; the other checks of these areas need the real place.
JUDGED = (
    *("LC-DATA", "LC-LIMIT", "LC-LOG", "LC-ROUTE", "LC-SEC", "LC-TENANT"),
    *(f"LC-ENV-{number:03}" for number in range(2, 11)),
    *(f"LC-HEALTH-{number:03}" for number in range(1, 6)),
    *(f"LC-MIG-{number:03}" for number in range(1, 7)),
    *(f"LC-PERF-{number:03}" for number in range(1, 6)),
    *(f"LC-SET-{number:03}" for number in (1, 2, 3, 6, 8, 9)),
)


def main() -> int:
    """Migrate a database that is thrown away, and judge; return launch_check's exit."""
    with TemporaryDirectory() as folder, ThrowAway(os.environ) as addresses:
        variables = environment("production", folder) | addresses
        for command in (
            ["migrate", "--verbosity=0"],
            ["launch_check", "--fail-on=traffic", "--only", *JUDGED],
        ):
            done = subprocess.run(
                [sys.executable, "manage.py", *command], check=False, cwd=ROOT, env=variables
            )
            if done.returncode:
                break
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refusal as refusal:
        refuse(refusal)
    except KeyboardInterrupt:
        sys.exit(130)
