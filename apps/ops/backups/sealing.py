"""Encryption in the age format (age-encryption.org/v1), to public keys, as a stream."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage
from django.conf import settings
from pyrage import x25519

from apps.ops.backups import BackupFailed


def recipients() -> list[x25519.Recipient]:
    """The keys that backups are encrypted to. Raises BackupFailed without one, or for a bad one."""
    if not settings.BACKUP_RECIPIENTS:
        raise BackupFailed(
            "BACKUP_RECIPIENTS is not set, and no backup leaves unencrypted. Make a key with "
            "`manage.py backup --new-key`: docs/backups.md."
        )
    try:
        return [x25519.Recipient.from_str(one) for one in settings.BACKUP_RECIPIENTS]
    except pyrage.RecipientError as error:
        raise BackupFailed(f"BACKUP_RECIPIENTS has a key that is none: {error}") from None


def identities(file: str) -> list[x25519.Identity]:
    """The private keys in a file as age-keygen writes it; `-` is standard input.

    Raises BackupFailed where there is no file, or none in it.
    """
    if not file:
        raise BackupFailed("The private key is needed: --identity FILE, or BACKUP_IDENTITY.")
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        found = [x25519.Identity.from_str(key) for key in keys]
    except (OSError, ValueError) as error:
        raise BackupFailed(f"The private key in {file} cannot be read: {error}") from None
    except pyrage.IdentityError:
        # What the library says might quote the key.
        raise BackupFailed(f"{file} holds something that is no private age key") from None
    if not found:
        raise BackupFailed(f"{file} holds no private age key, which begins with AGE-SECRET-KEY-1")
    return found


def new_key() -> tuple[str, str]:
    """Make a key: its public half, and the text of a file with the private one."""
    key = x25519.Identity.generate()
    public = str(key.to_public())
    return public, f"# public key: {public}\n{key}\n"


def seal(source: Any, target: Any) -> None:
    """Encrypt what `source` can read into what `target` can write. Raises what they raise."""
    try:
        pyrage.encrypt_io(source, target, recipients())
    except pyrage.EncryptError as error:
        for end in (source, target):
            if end.failure:
                raise end.failure from None
        raise BackupFailed(f"The dump cannot be encrypted: {error}") from None


def unseal(source: Any, target: Any, keys: Sequence[x25519.Identity]) -> None:
    """Decrypt what `source` can read into what `target` can write.

    Whoever is written to may stop it early (`has_stopped`). Raises BackupFailed for another's
    backup, or one that is no longer what was written.
    """
    try:
        pyrage.decrypt_io(source, target, keys)
    except pyrage.DecryptError as error:
        raise BackupFailed(f"This private key does not open the backup: {error}") from None
    except OSError as error:
        for end in (source, target):
            if end.failure:
                raise end.failure from None
        if target.has_stopped:
            return
        raise BackupFailed(f"The backup was changed or cut off since: {error}") from None
