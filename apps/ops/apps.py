"""The room of those who run the product."""

from datetime import datetime

from django.apps import AppConfig
from django.utils import timezone


class OpsConfig(AppConfig):
    name = "apps.ops"
    started_at: datetime

    def ready(self) -> None:
        from apps.ops import heartbeat  # noqa: F401  (listens to worker and scheduler)

        self.started_at = timezone.now()
