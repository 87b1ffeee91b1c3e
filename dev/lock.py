"""`make lock`: compiles the short requirements/*.in files to locks with hashes."""

import subprocess
import sys
from pathlib import Path

from dev.setup import refuse, say
from dev.state import ROOT

# What is deployed is what was tested: each lock takes the versions of the one before it. The next
# line of Django differs too much to be held to them.
LOCKS = (
    ("base.txt", "3.11", ["base.in"]),
    ("production.txt", "3.11", ["production.in", "--constraints=requirements/base.txt"]),
    ("excel.txt", "3.11", ["excel.in", "--constraints=requirements/production.txt"]),
    ("development.txt", "3.11", ["development.in", "--constraints=requirements/production.txt"]),
    ("audit.txt", "3.11", ["audit.in"]),
    ("next.txt", "3.12", ["development.in", "--overrides=requirements/next.in"]),
    ("bench.txt", "3.11", ["bench.in", "--constraints=requirements/development.txt"]),
)


def compile_lock(name: str, python: str, arguments: list[str], extra: list[str]) -> None:
    """Compile one lock; versions that stand are kept unless `extra` asks for newer ones."""
    source, *options = arguments
    command = [
        str(Path(sys.executable).with_name("uv")),
        *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        # The header must not tell on whose machine it was made.
        "--custom-compile-command=make lock",
        f"--python-version={python}",
        *(options + extra),
        f"requirements/{source}",
        f"--output-file=requirements/{name}",
    ]
    done = subprocess.run(command, check=False, cwd=ROOT)
    if done.returncode:
        refuse(f"requirements/{name} could not be compiled; what uv said stands above")
    say(f"✓ requirements/{name}")


def main() -> None:
    """Compile every lock; arguments go on to uv."""
    for name, python, arguments in LOCKS:
        compile_lock(name, python, arguments, sys.argv[1:])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
