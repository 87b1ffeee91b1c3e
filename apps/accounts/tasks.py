"""The Celery tasks of accounts."""

from apps.accounts import sessions
from apps.core.celery import platform_task


@platform_task(name="accounts.purge_sessions")
def purge_sessions() -> None:
    """Delete what is left of sessions that have ended."""
    sessions.purge()
