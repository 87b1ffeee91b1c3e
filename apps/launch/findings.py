"""What launch_check says: tiers, outcomes, findings and the verdict; it judges nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


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
    """What a check found wrong; `id` and `tier` stand in for its own where it speaks for many."""

    title: str
    evidence: str
    why: str
    fix: str
    id: str = ""
    tier: Tier | None = None


Outcome = Passed | Failed | Sequence[Passed | Failed]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report. `follows` names the finding whose fix takes this one away too."""

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

    @property
    def rank(self) -> tuple[int, int, str]:
        """Where it stands among others: by tier, then by impact, then by id."""
        return list(Tier).index(self.tier), list(Impact).index(self.impact), self.id


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of one run, in rank order, and what they were found in."""

    findings: Sequence[Finding]
    environment: str
    site: str
    release: str
    checks_run: int
    checks_known: int

    def having(self, status: Status, tier: Tier | None = None) -> list[Finding]:
        """The findings of a status and, if one is given, a tier."""
        return [f for f in self.findings if f.status is status and tier in {None, f.tier}]

    @property
    def exit_code(self) -> int:
        """0 go, 1 no-go, 3 inconclusive, 4 a check crashed (2 is a wrong call)."""
        if self.having(Status.CRASH):
            return 4
        if self.having(Status.FAIL, Tier.NOW):
            return 1
        return 3 if self.having(Status.UNKNOWN, Tier.NOW) else 0

    @property
    def verdict(self) -> str:
        """GO, or NO-GO: what could not be tested is not a pass."""
        return "NO-GO" if self.exit_code else "GO"
