"""The room of the storm, in its processes alone: its jobs, and leases that run out within it."""

from datetime import timedelta

from django.apps import AppConfig

# A worker that is gone is noticed after this long, and one that was stopped has lost its job.
LEASE = timedelta(seconds=4)
PATIENCE = timedelta(seconds=3)


class StormConfig(AppConfig):
    name = "tests.storm"

    def ready(self) -> None:
        from apps.jobs.models import Job
        from tests.storm.measuring import measure

        Job.LEASE, Job.PATIENCE = LEASE, PATIENCE
        measure()
