"""Writes down each deploy and rollback where the product runs: `manage.py deployments`."""

import json
from datetime import UTC, datetime

from deploy.steps import Steps
from deploy.target import Stopped, Target

COMMAND = ["python", "manage.py", "deployments"]


class Record:
    """One attempt's line in the record. That it cannot be written stops no deploy; it is said."""

    def __init__(self, target: Target, steps: Steps, **about: str) -> None:
        self.target, self.steps, self.about = target, steps, about
        self.began = datetime.now(UTC)
        self.number = ""

    def begin(self) -> None:
        """Note that it begins, so that one that is killed is seen as well."""
        if not self.number and not self.steps.dry_run:
            words = [
                part for name, text in self.about.items() for part in (f"--{name}", text) if text
            ]
            began = self.began.isoformat(timespec="seconds")
            self.number = self.asked(["--begin", "--json", *words, "--began", began])

    def end(self, outcome: str, why: str = "") -> None:
        """Note how it ended: "live", "failed" or "rolled back"."""
        self.begin()  # before the first release there was nobody to tell
        if self.number:
            self.asked(["--end", self.number, "--json", "--outcome", outcome, "--why", why])

    def asked(self, words: list[str]) -> str:
        """Run the command; the number of the line, or blank where it could not be written."""
        try:
            done = self.target.run([*COMMAND, *words])
            text = done.text[done.text.index("{\n") :]
            return str(json.loads(text)["deployments"][0]["id"])
        except Stopped as stopped:
            why = str(stopped)
        except (ValueError, KeyError, IndexError):
            why = (done.text.strip().splitlines() or ["it says nothing"])[-1]
        self.steps.note(f"not recorded: {why}")
        return ""
