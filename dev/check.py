"""`make check` and `make lint`: every check, two at a time, and all that fail, not one alone."""

import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from tempfile import TemporaryDirectory

from dev.setup import refuse, say
from dev.state import ROOT

LINT = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
}
CHECKS = LINT | {
    "mypy": ["-m", "mypy"],
    "secrets": ["-m", "dev.secrets"],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "djlint check": ["-m", "djlint", "templates", "--check"],
    "djlint lint": ["-m", "djlint", "templates", "--lint"],
    "workflows": [
        *("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"),
        *sorted(str(path) for path in (ROOT / ".github/workflows").glob("*.yml")),
    ],
    "migrations": ["-m", "dev.migrations"],
    "deployment": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
}


def environment(settings: str, folder: str) -> dict[str, str]:
    """Every required variable with its declared example, and secrets of no use to anyone."""
    from config.env import Env

    examples = {each.name: each.metadata["example"] for each in fields(Env)}
    required = {each.name for each in fields(Env) if each.metadata["required"]}
    outside = {name: value for name, value in os.environ.items() if name not in examples}
    return outside | {
        **{name: examples[name] for name in required},
        "DJANGO_SETTINGS_MODULE": f"config.settings.{settings}",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "OPERATOR_TOKEN": secrets.token_urlsafe(32),
        "FILES_ROOT": folder,
    }


def passes(name: str, arguments: list[str], variables: dict[str, str]) -> bool:
    """Run one check; print a quiet line, and what it said if it failed."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    mark = "✗" if done.returncode else "✓"
    line = f"{mark} {name:<14} {time.monotonic() - started:6.1f} s"
    said = done.stdout.decode("utf-8", "replace").rstrip()
    # In one go, since another check may end meanwhile.
    say(f"{line}\n{said}\n" if done.returncode else line)
    return done.returncode == 0


def main() -> None:
    """Run the checks that are asked for; leave with 1 if any failed."""
    chosen = LINT if sys.argv[1:] == ["lint"] else CHECKS
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        tests, production = environment("test", folder), environment("production", folder)
        begun = {
            name: pool.submit(
                passes, name, arguments, production if name == "deployment" else tests
            )
            for name, arguments in chosen.items()
        }
        failed = [name for name, one in begun.items() if not one.result()]
    if failed:
        refuse(f"{len(failed)} of {len(chosen)} failed: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
