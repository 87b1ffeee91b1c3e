"""Reading the Maildir into which a development server's mail falls; it runs nowhere else."""

import email
import email.policy
import mailbox
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

CODE = re.compile(r"^\s*([A-Z0-9]{3,}(?:-[A-Z0-9]{3,})+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """A mail that arrived, under its key in the Maildir."""

    key: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "(no subject)")

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def at(self) -> datetime | None:
        """When it was written, as its header says; "-0000" in it stands for UTC."""
        at: datetime | None = getattr(self.message["Date"], "datetime", None)
        return at.replace(tzinfo=at.tzinfo or UTC) if at else None

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def code(self) -> str:
        """The code to type in, where the mail has one on a line of its own."""
        found = CODE.search(self.text)
        return found[1] if found else ""

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


def letters(folder: Path, most: int = 100) -> list[Letter]:
    """The newest mails of a Maildir, the newest first; a folder that is not there is empty."""
    box = opened(folder)
    if box is None:
        return []
    return [read(box, key) for key in sorted(box.keys(), key=arrival, reverse=True)[:most]]


def letter(folder: Path, key: str) -> Letter:
    """The mail with that key. Raises KeyError if there is none."""
    box = opened(folder)
    if box is None:
        raise KeyError(key)
    return read(box, key)


def opened(folder: Path) -> mailbox.Maildir | None:
    """The Maildir, or None until the first mail has made it; its `cur` is made last."""
    return mailbox.Maildir(folder, create=False) if (folder / "cur").is_dir() else None


def read(box: mailbox.Maildir, key: str) -> Letter:
    """One mail of the box. Raises KeyError if there is none with that key."""
    return Letter(key, email.message_from_bytes(box.get_bytes(key), policy=email.policy.default))


def arrival(key: str) -> list[int]:
    """When a mail arrived, by its key: seconds, then microseconds."""
    return [int(number) for number in re.findall(r"[0-9]+", key)[:2]]
