"""What a verb may ask of the place where the product runs, whichever platform that is."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from deploy.steps import Steps


class Stopped(Exception):
    """A verb cannot go on: `what` did not work, `why`, and the `way_back` that is open now."""

    def __init__(self, what: str, why: str, way_back: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what, self.why, self.way_back = what, why, way_back


@dataclass(frozen=True, kw_only=True)
class Source:
    """A clean checkout of one commit, in a folder of its own; `by` is who ships it."""

    commit: str  # all forty digits
    folder: Path
    by: str = ""

    @property
    def short(self) -> str:
        return self.commit[:7]


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of the product on a platform; `name` is what the platform calls it."""

    name: str
    commit: str
    at: datetime | None = None
    by: str = ""
    live: bool = False
    outcome: str = ""  # as the platform or the record says it; blank where neither does
    can_return: bool = True  # whether `go_back` could take it


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of the product, as its supervisor or platform sees it."""

    name: str  # web, worker, beat
    state: str
    release: str = ""
    is_well: bool = True


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a one-off process left: its exit status, and what it wrote, both streams together."""

    status: int
    text: str


class Target(Protocol):
    """A place that the product runs in. Every method raises Stopped where it cannot go on."""

    def releases(self) -> list[Release]:
        """The releases that the platform knows, newest first."""

    def processes(self) -> list[Process]:
        """What runs there now."""

    def ship(self, source: Source, steps: Steps) -> Release:
        """Build, release phase, boot, check, switch; the release that is live afterwards.

        Until the switch nothing has changed for users; where it fails after it, `releases` shows
        the new release as live, and whoever called goes back.
        """

    def go_back(self, to: Release, steps: Steps) -> None:
        """Make an earlier release live again: code only, never the database."""

    def run(self, command: list[str], *, release: str = "", text: str = "") -> Output:
        """Run a one-off process where the product runs, with its variables; `text` is its input.

        It runs in the live release, or in the one that is named, where the platform can do that.
        """
