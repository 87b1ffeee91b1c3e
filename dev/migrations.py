"""A step of `make check`: migration_check with squawk, on a server of its own."""

import subprocess
import sys
from tempfile import TemporaryDirectory

from dev.check import environment
from dev.servers import ThrowAway
from dev.setup import Refusal, refuse
from dev.state import ROOT


def main() -> int:
    """Judge the migrations; arguments go on to the command, whose exit is returned."""
    with TemporaryDirectory() as folder, ThrowAway({}) as addresses:
        command = [sys.executable, "manage.py", "migration_check", "--sql", *sys.argv[1:]]
        variables = environment("test", folder) | addresses
        return subprocess.run(command, check=False, cwd=ROOT, env=variables).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refusal as refusal:
        refuse(refusal)
    except KeyboardInterrupt:
        sys.exit(130)
