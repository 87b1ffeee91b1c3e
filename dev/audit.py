"""`make audit`: asks PyPI whether a locked package has a known vulnerability.

pip-audit has a lock and an environment of its own, so that what it needs is nothing of the
product's. It asks a service, and what it cannot ask is a failure: nothing passes unasked.
"""

import os
import subprocess
import sys
from pathlib import Path

from dev.setup import refuse, step
from dev.state import ROOT, local

LOCKS = ("development.txt", "next.txt", "audit.txt", "bench.txt")
UV = str(Path(sys.executable).with_name("uv"))


def installed(folder: Path) -> Path:
    """Put pip-audit where it was locked; return the program."""
    python = folder / "bin/python"
    commands = [
        [UV, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
        [
            *(UV, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python)),
            "requirements/audit.txt",
        ],
    ]
    for command in commands:
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            refuse("pip-audit could not be installed; what uv said stands above")
    return folder / "bin/pip-audit"


def audited(program: Path, lock: str) -> bool:
    """Whether each package of a lock is known to have no known vulnerability."""
    command = [
        *(str(program), "--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off"),
        f"--requirement=requirements/{lock}",
    ]
    variables = {name: value for name, value in os.environ.items() if name[:10] != "PIP_AUDIT_"}
    return subprocess.run(command, check=False, cwd=ROOT, env=variables).returncode == 0


def main() -> None:
    """Audit every lock that is installed somewhere; leave with 1 for a finding or no answer."""
    with step("pip-audit"):
        program = installed(local() / "audit")
    failed = [lock for lock in LOCKS if not audited(program, lock)]
    if failed:
        refuse(
            f"requirements/{', requirements/'.join(failed)}: a vulnerability, or no answer (see "
            "above). A newer version is locked with: make lock ARGS=--upgrade"
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
