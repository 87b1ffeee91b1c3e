"""Asks the store at BACKUP_URL for the newest backup and the last restore that was tried."""

from datetime import datetime
from typing import Any

from django.conf import settings

from apps.launch.facts.backups import Backups
from apps.launch.facts.unasked import Unasked
from apps.launch.plan import Proof
from apps.ops.backups import BackupFailed
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import the_store


def backups() -> Backups:
    """This environment's. Raises Unasked where there is no store, or it does not answer."""
    try:
        shelf = Shelf(the_store())
        newest = shelf.newest(settings.ENVIRONMENT)
        drill = shelf.newest_drill(settings.ENVIRONMENT)
    except BackupFailed as failure:
        raise Unasked(str(failure)) from None
    return Backups(
        newest=Proof(at=newest.began, by=f"manage.py backup: {newest.name}") if newest else None,
        drill=drilled(drill) if drill else None,
        elsewhere=shelf.store.url if shelf.store.is_elsewhere else "",
    )


def drilled(drill: dict[str, Any]) -> Proof:
    """The proof that a drill's record is."""
    return Proof(at=datetime.fromisoformat(drill["at"]), by=f"restore --drill of {drill['backup']}")
