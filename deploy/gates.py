"""What refuses a deploy: each gate says why, and a person's reason can open it, visibly."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from config.env import Operator
from deploy import passed
from deploy.checkout import Git
from deploy.steps import Steps
from deploy.target import Output, Run, Stopped
from dev.check import environment

RECORD = ".local/ci-passed"  # written by .ci/run
DESPITE = 'or go on all the same, which is recorded: --despite "the reason"'
JUDGE = ["python", "manage.py", "launch_check", "--json"]
# What launch_check cannot but say of a release that is not yet live, and who else sees to it.
EXPECTED = {
    ("LC-DATA-002", "fail"),  # migrations wait: the release phase applies them
    ("LC-SECRET-001", "unknown"),  # a checkout has no history; `make check` reads it
    ("LC-SECRET-002", "unknown"),
}


@dataclass(frozen=True)
class Gate:
    """A gate: its name, and what asks for an objection, which is blank where there is none."""

    name: str
    objection: Callable[[], str]
    way: str


class Gates:
    """Passes gates in turn. All objections of one turn are told together."""

    def __init__(self, despite: str, steps: Steps) -> None:
        self.despite, self.steps = despite, steps
        self.opened: list[str] = []  # what was gone past, for the record

    def pass_all(self, gates: list[Gate]) -> None:
        """Ask each gate. Raises Stopped with every objection, unless there is a reason."""
        asked = [(one, self.steps.look(one.name, one.objection)) for one in gates]
        objections = [(one, why) for one, why in asked if why]
        for one, why in objections:
            self.steps.note(f"{one.name}: {why}")
        if not objections:
            return
        if self.despite:
            self.opened += [one.name for one, _ in objections]
            self.steps.note(f"going on all the same: {self.despite}")
            return
        raise Stopped(
            "The gates",
            "; ".join(f"{one.name}: {why}" for one, why in objections),
            "; ".join([*(one.way for one, _ in objections), DESPITE]),
        )


def of_the_commit(git: Git, commit: str, operator: Operator) -> list[Gate]:
    """The gates that ask git and CI, and whether the smoke test can sign in."""

    def tree() -> str:
        found = git.changes()
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        return f"{', '.join(found[:3])}{more}" if found else ""

    def remote() -> str:
        return "" if any(git.remote_branches(commit)) else f"no remote branch has {commit[:7]}"

    def ci() -> str:
        return passed.objection(
            commit=commit,
            origin=git.origin(),
            token=operator.GITHUB_TOKEN,
            record=git.folder / RECORD,
        )

    def account() -> str:
        missing = [
            name for name in ("SMOKE_EMAIL", "SMOKE_PASSWORD") if not getattr(operator, name)
        ]
        return f"{' and '.join(missing)} not set" if missing else ""

    return [
        Gate("The tree has nothing that is not committed", tree, "commit it, or stash it"),
        Gate("The commit is on the remote", remote, "push it"),
        Gate("CI has passed the commit", ci, "wait for CI, or run .ci/run here"),
        Gate("The smoke test has an account", account, "set them: docs/deploy.md"),
    ]


def of_the_checkout(folder: Path) -> Gate:
    """The gate that judges the new migrations here, before a platform runs them unseen."""

    def objection() -> str:
        with TemporaryDirectory() as scratch:
            done = subprocess.run(
                [sys.executable, "manage.py", "migration_check"],
                check=False,
                cwd=folder,
                env=environment("production", scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        return done.stdout.strip()[-2000:] if done.returncode else ""

    return Gate(
        "The new migrations can run beside the old release",
        objection,
        "expand first, contract a release later: docs/migrations.md",
    )


def of_the_release(run: Run, steps: Steps, environment: str = "production") -> list[Gate]:
    """The gates that judge the new code with the variables and the database that it will have.

    Staging is judged by rules of its own: by those of a launch it never is a go.
    """
    by_its_rules = ["--environment", "staging"] if environment == "staging" else []
    output = steps.look("Judge it where it will run", run, [*JUDGE, *by_its_rules])
    return [
        Gate(
            "The old release can live with the migrations",
            lambda: judged(output, lambda id: id.startswith("LC-MIG-")),
            "expand first, contract a release later",
        ),
        Gate(
            "launch_check says go",
            lambda: judged(output, lambda id: not id.startswith("LC-MIG-")),
            "see all of it: python manage.py launch_check",
        ),
    ]


def judged(output: Output, is_meant: Callable[[str], bool]) -> str:
    """Why those checks of a launch_check that are meant say no go; blank for a go."""
    try:
        report = json.loads(output.text[output.text.index("{\n") : output.text.rindex("}") + 1])
        blocking = [one for one in report["findings"] if is_meant(one["id"]) and blocks(one)]
        return "; ".join(f"{one['id']} {one['title']}" for one in blocking)
    except (ValueError, KeyError, TypeError):
        return f"launch_check gave no verdict: {output.text.strip()[-500:]}"


def blocks(finding: dict[str, Any]) -> bool:
    """Whether a finding makes it a no-go, by the rule of launch_check's own exit code."""
    accepted, status = finding["accepted"], finding["status"]
    if (finding["id"], status) in EXPECTED or finding["follows"] == "LC-DATA-002":
        return False
    if accepted and accepted["holds"]:
        return False
    return status == "crash" or (finding["tier"] == "now" and status in {"fail", "unknown"})
