"""The room of durable jobs."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started


class JobsConfig(AppConfig):
    name = "apps.jobs"

    def ready(self) -> None:
        """Limit how long a request may be busy waking workers."""
        from apps.jobs.bell import bell

        request_started.connect(bell.allowance.give)
        request_finished.connect(bell.allowance.end)
