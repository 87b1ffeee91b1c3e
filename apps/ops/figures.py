"""What the operations page counts, over all tenants together: numbers, and nothing of theirs.

Jobs, mail and crossings are told apart by kind and reason alone, which our own code wrote, and
deployments are the operators' own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from apps.audit.models import Crossing
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.ops.models import Deployment
from apps.tenants.scope import platform_scope

PATIENCE = 0.5  # seconds that one question may take: a page for troubled times must not hang
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# Providers warn or close an account at about these shares of what was sent.
MOST_BOUNCED, MOST_COMPLAINED = 5.0, 0.1  # per cent
CROSSINGS = 200  # the newest, which are shown by reason
DEPLOYMENTS = 10

log = structlog.get_logger("slipway.ops")


@dataclass(frozen=True)
class Kind:
    """The open and failed jobs of one kind."""

    kind: str
    waiting: int
    running: int
    failed: int
    newest_failed: int | None
    due_since: datetime | None  # when the oldest that is due should have begun


@dataclass
class Reason:
    """How often, among the newest crossings, code went across tenants for a reason."""

    text: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Reception:
    """How the mail of a week was taken, as far as the provider reports it."""

    left: int
    bounced: int
    complained: int

    @property
    def bounced_percent(self) -> float:
        return 100 * self.bounced / self.left if self.left else 0.0

    @property
    def complained_percent(self) -> float:
        return 100 * self.complained / self.left if self.left else 0.0

    @property
    def is_bad(self) -> bool:
        """Whether a provider would have words with us; of one mail in ten nobody would."""
        return (self.bounced > 1 and self.bounced_percent >= MOST_BOUNCED) or (
            self.complained > 1 and self.complained_percent >= MOST_COMPLAINED
        )


@dataclass(frozen=True)
class Figures:
    """All that is counted, at one moment."""

    kinds: list[Kind]
    mails_waiting: int
    mails_failed: int
    mails_withheld: int
    reception: Reception
    reasons: list[Reason]
    deployments: list[Deployment]  # the newest

    @property
    def waiting(self) -> int:
        return sum(kind.waiting for kind in self.kinds)

    @property
    def running(self) -> int:
        return sum(kind.running for kind in self.kinds)

    @property
    def failed(self) -> int:
        return sum(kind.failed for kind in self.kinds)

    @property
    def crossings(self) -> int:
        return sum(reason.times for reason in self.reasons)

    @property
    def due_since(self) -> datetime | None:
        return min((kind.due_since for kind in self.kinds if kind.due_since), default=None)

    @property
    def newest_failed(self) -> int | None:
        return max((kind.newest_failed for kind in self.kinds if kind.newest_failed), default=None)


def figures(*, reason: str) -> Figures | None:
    """Count, across tenants for `reason`; None if the database does not answer in time."""
    now = timezone.now()
    try:
        with transaction.atomic(), platform_scope(reason=reason):
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE:f}s'")
            return Figures(
                kinds=kinds(now),
                mails_waiting=Mail.objects.filter(state=Mail.State.QUEUED).count(),
                **mails_of_a_day(now),
                reception=reception(now),
                reasons=reasons(),
                deployments=Deployment.objects.newest(DEPLOYMENTS),
            )
    except OperationalError as failure:
        log.warning("operations.not_counted", reason=str(failure))
        return None


def mails_of_a_day(now: datetime) -> dict[str, int]:
    """How many mails of the last 24 hours have failed, and how many were kept back."""
    lately = Mail.objects.filter(created_at__gte=now - DAY)
    return lately.aggregate(
        mails_failed=Count("pk", filter=Q(state=Mail.State.FAILED)),
        mails_withheld=Count("pk", filter=Q(state=Mail.State.WITHHELD)),
    )


def reception(now: datetime) -> Reception:
    """How the mail that has left within seven days was taken."""
    left = Mail.objects.filter(created_at__gte=now - WEEK, state__in=Mail.REPORTED)
    bounced, complained = Q(state=Mail.State.BOUNCED), Q(state=Mail.State.COMPLAINED)
    return Reception(
        **left.aggregate(
            left=Count("pk"),
            bounced=Count("pk", filter=bounced),
            complained=Count("pk", filter=complained),
        )
    )


def kinds(now: datetime) -> list[Kind]:
    """The jobs that wait, run or have failed, by kind."""
    waiting, failed = Q(state=Job.State.QUEUED), Q(state__in=[Job.State.FAILED, Job.State.DEAD])
    running = Q(state=Job.State.RUNNING)
    counted: Any = (
        Job.objects.filter(waiting | running | failed)
        .values("kind")
        .annotate(
            waiting=Count("pk", filter=waiting),
            running=Count("pk", filter=running),
            failed=Count("pk", filter=failed),
            newest_failed=Max("pk", filter=failed),
            due_since=Min("run_after", filter=waiting & Q(run_after__lte=now)),
        )
        .order_by("kind")
    )
    return [Kind(**row) for row in counted]


def reasons() -> list[Reason]:
    """Why code went across tenants lately, the newest reason first."""
    found: dict[str, Reason] = {}
    for crossing in Crossing.objects.order_by("-pk")[:CROSSINGS]:
        reason = found.setdefault(crossing.reason, Reason(crossing.reason, 0, crossing.at))
        reason.times += 1
    return [*found.values()]
