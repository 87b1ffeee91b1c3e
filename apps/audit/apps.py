"""The room that remembers who did what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"

    def ready(self) -> None:
        from apps.audit.models import write_crossing_down, write_down
        from apps.core.events import crossed, happened

        happened.connect(write_down, dispatch_uid="audit")
        crossed.connect(write_crossing_down, dispatch_uid="audit")
