"""The Celery tasks of transfers; exporting and importing are jobs and stand in handlers.py."""

from celery import shared_task

from apps.transfers.services import purge_expired


@shared_task(name="transfers.purge")
def purge() -> None:
    """Delete what has expired."""
    purge_expired()
