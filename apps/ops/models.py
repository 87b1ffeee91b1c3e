"""What was deployed: one record for each attempt, whoever made it and however it ended."""

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

# A deployment that has run for longer was killed: Heroku ends a release phase after an hour, and
# nothing else of it takes as long.
LONGEST = timedelta(hours=2)


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def newest(self, limit: int) -> "list[Deployment]":
        """The last so many, the newest first; each knows whether a later one has begun since."""
        found: list[Deployment] = [*self.order_by("-pk")[:limit]]
        later: set[str] = set()
        for one in found:
            one.is_overtaken = one.environment in later
            later.add(one.environment)
        return found


class Deployment(models.Model):
    """One attempt to put a release live, or to go back to one; no tenant's and no customer's.

    It is written where the product runs, by whoever deploys: `began` when the attempt begins, the
    rest when it has ended. `despite` is the reason that somebody gave for going past a gate, and
    `why` what stopped an attempt that failed.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        LIVE = "live", "Live"
        FAILED = "failed", "Failed"
        ROLLED_BACK = "rolled back", "Rolled back"

    environment = models.CharField(max_length=40)
    release = models.CharField(max_length=80)
    commit = models.CharField(max_length=64, blank=True)
    who = models.CharField(max_length=254)
    began = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.RUNNING)
    despite = models.TextField(blank=True)
    why = models.TextField(blank=True)

    objects: ClassVar = DeploymentQuerySet.as_manager()
    is_overtaken = False

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(outcome="running", ended=None)
                | (~models.Q(outcome="running") & models.Q(ended__isnull=False)),
                name="ops_deployment_ended_or_running",
            )
        ]

    def __str__(self) -> str:
        return f"{self.release} on {self.environment}"

    @property
    def took(self) -> timedelta | None:
        """How long it took; None for one that has not ended."""
        return self.ended - self.began if self.ended else None

    @property
    def never_ended(self) -> bool:
        """Whether nobody said how it ended, and nobody will: whoever deployed was killed."""
        running = self.outcome == self.Outcome.RUNNING
        return running and (self.is_overtaken or timezone.now() - self.began > LONGEST)

    @property
    def state(self) -> str:
        """How it stands, in words."""
        return "Never ended" if self.never_ended else self.get_outcome_display()

    def end(self, outcome: str, *, why: str = "") -> bool:
        """Note how it ended; False if that is known already, and then nothing changes."""
        mine = Deployment.objects.filter(pk=self.pk, ended=None)
        return bool(mine.update(outcome=outcome, ended=timezone.now(), why=why))


def facts(deployments: Iterable[Deployment]) -> list[dict[str, object]]:
    """The deployments as `manage.py deployments --json` tells them."""
    return [
        {
            "id": one.pk,
            "environment": one.environment,
            "release": one.release,
            "commit": one.commit,
            "who": one.who,
            "began": one.began.isoformat(timespec="seconds"),
            "took": round(one.took.total_seconds(), 1) if one.took else None,
            "outcome": "never ended" if one.never_ended else one.outcome,
            "despite": one.despite,
            "why": one.why,
        }
        for one in deployments
    ]
