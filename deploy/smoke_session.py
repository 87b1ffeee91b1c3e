"""Keeps the smoke test's session between runs, so that it need not sign in every few minutes."""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path


class BadSession(ValueError):
    """A session's file that cannot be used; its words say what to do."""


def kept(path: Path, url: str, email: str) -> dict[str, str]:
    """The cookies of the last run there as that account; none where there was none.

    Raises BadSession for a file that others may read: who has it is signed in.
    """
    try:
        mode, said = path.stat().st_mode, path.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSession(f"--session {path} cannot be read: {error}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise BadSession(f"--session {path} is open to others. Close it: chmod 600 {path}")
    with suppress(ValueError, TypeError, AttributeError, KeyError):
        found = json.loads(said)
        if (found["url"], found["email"]) == (url, email):
            return {str(name): str(value) for name, value in found["cookies"].items()}
    return {}


def keep(path: Path, url: str, email: str, cookies: dict[str, str]) -> None:
    """Keep them, for nobody else to read. Raises BadSession."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # It exists with this mode before anything is in it.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"url": url, "email": email, "cookies": cookies}, file)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadSession(f"--session {path} cannot be written: {error.strerror}") from None
