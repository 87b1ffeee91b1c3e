"""The Celery tasks of transfers; exporting and importing are jobs and stand in handlers.py."""

from apps.core.celery import platform_task
from apps.transfers.services import purge_expired


@platform_task(name="transfers.purge")
def purge() -> None:
    """Delete what has expired."""
    purge_expired()
