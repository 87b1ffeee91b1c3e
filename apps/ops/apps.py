"""The room of those who run the product."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "apps.ops"

    def ready(self) -> None:
        from apps.ops import heartbeat  # noqa: F401  (listens to the worker)
