"""Backups: taking them, keeping them, restoring them; the commands only speak for this package."""


class BackupFailed(RuntimeError):
    """What a backup or a restore needs is not so; the message says what, and the way on."""
