"""What launch_check says: tiers, outcomes, findings and the verdict; it judges nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from hashlib import sha256


class Tier(Enum):
    """When a failed check stops the launch."""

    NOW = "now"
    TRAFFIC = "traffic"
    LATER = "later"


class Impact(Enum):
    """What a founder stands to lose, the worst first; it ranks the findings of a tier."""

    EXPOSURE = "data or accounts open to others"
    LOSS = "work or mail lost"
    OUTAGE = "customers turned away"
    BLINDNESS = "nobody would notice"
    IMAGE = "looks unfinished"


class Status(Enum):
    """How a check ended; only PASS is a pass."""

    PASS = "pass"  # noqa: S105  # a status, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CRASH = "crash"


@dataclass(frozen=True)
class Passed:
    """What a check saw that let it pass."""

    evidence: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """What a check found wrong; `id` and `tier` stand in for its own where it speaks for many.

    `subject` is what the finding is about, such as a host name, where a check has several: by it
    they are told apart from run to run. Without it the title tells them apart.
    """

    title: str
    evidence: str
    why: str
    fix: str
    id: str = ""
    tier: Tier | None = None
    subject: str = ""


Outcome = Passed | Failed | Sequence[Passed | Failed]


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """That somebody lives with a finding for a while. It holds if `holds`.

    What blocks now holds only if the command line accepts it too.
    """

    owner: str
    reason: str
    until: date
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    `follows` names the finding whose fix takes this one away too; `needs` is what a skipped check
    has to be given.
    """

    id: str
    status: Status
    tier: Tier
    impact: Impact
    title: str
    evidence: str = ""
    why: str = ""
    fix: str = ""
    docs: str = ""
    follows: str = ""
    needs: str = ""
    subject: str = ""
    accepted: Acceptance | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """Where it stands among others: by tier, then by impact, then by id."""
        return list(Tier).index(self.tier), list(Impact).index(self.impact), self.id

    @property
    def fingerprint(self) -> str:
        """Eight digits, the same in each run, that tell a check's findings apart."""
        return sha256(f"{self.id}\n{self.subject or self.title}".encode()).hexdigest()[:8]

    @property
    def is_accepted(self) -> bool:
        """Whether somebody lives with it, so that it does not count."""
        return self.accepted is not None and self.accepted.holds


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of one run, in rank order, and what they were found in.

    `fail_on` is the last tier whose failures stop the launch.
    """

    findings: Sequence[Finding]
    environment: str
    site: str
    release: str
    checks_run: int
    checks_known: int
    fail_on: Tier = Tier.NOW
    live: str = ""  # the address that was asked, if any

    def having(self, status: Status, tier: Tier | None = None) -> list[Finding]:
        """The findings of a status and, if one is given, a tier, without the accepted ones."""
        return [
            one
            for one in self.findings
            if one.status is status and tier in {None, one.tier} and not one.is_accepted
        ]

    @property
    def accepted(self) -> list[Finding]:
        """The findings that somebody lives with."""
        return [one for one in self.findings if one.is_accepted]

    @property
    def exit_code(self) -> int:
        """0 go, 1 no-go, 3 inconclusive, 4 a check crashed (2 is a wrong call)."""
        blocking = list(Tier)[: list(Tier).index(self.fail_on) + 1]
        if self.having(Status.CRASH):
            return 4
        if any(one.tier in blocking for one in self.having(Status.FAIL)):
            return 1
        return 3 if any(one.tier in blocking for one in self.untested) else 0

    @property
    def untested(self) -> list[Finding]:
        """What nobody could tell; with --live, which asks for everything, what was left out too."""
        left_out = [one for one in self.having(Status.SKIPPED) if one.needs] if self.live else []
        return self.having(Status.UNKNOWN) + left_out

    @property
    def verdict(self) -> str:
        """GO, or NO-GO: what could not be tested is not a pass."""
        return "NO-GO" if self.exit_code else "GO"
