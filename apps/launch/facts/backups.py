"""Facts of the backups that lie at BACKUP_URL."""

from dataclasses import dataclass

from apps.launch.plan import Proof


@dataclass(frozen=True, kw_only=True)
class Backups:
    """The newest whole backup, the last restore that was tried, both as the store has them.

    `elsewhere` is the store's address where it is not a folder, which may be on the same disk.
    """

    newest: Proof | None
    drill: Proof | None
    elsewhere: str
