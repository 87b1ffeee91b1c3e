"""What a request leaves behind besides its answer: the mails that it sends, the files it writes."""

import io
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from apps.mail.models import Mail
from dev.portal import Mailbox


class Traces:
    """Tells mails and files that are new since it was last asked, as bytes by a telling name."""

    def __init__(self, do_jobs: Callable[[], int], mailbox: Mailbox, folder: Path) -> None:
        self.do_jobs, self.mailbox, self.folder = do_jobs, mailbox, folder
        self.last_mail = 0
        self.known: dict[Path, int] = {}
        self.new()

    def new(self) -> dict[str, bytes]:
        """Do the jobs that were asked for, as a worker would; return what came of it."""
        self.do_jobs()
        return {**dict(self._rows()), **dict(self._taken()), **dict(self._written())}

    def _rows(self) -> Iterator[tuple[str, bytes]]:
        """The rows of mails. Their text is blank once they are sent; the mail server has it."""
        for row in Mail.objects.filter(pk__gt=self.last_mail).order_by("pk").values():
            self.last_mail = row["id"]
            yield f"mail {row['id']}", str(row).encode()

    def _taken(self) -> Iterator[tuple[str, bytes]]:
        for number, message in enumerate(self.mailbox.messages):
            yield f"mail as sent, {number}", "\n".join(in_words(message)).encode()
        self.mailbox.messages.clear()

    def _written(self) -> Iterator[tuple[str, bytes]]:
        """Files that are new or have changed."""
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            changed = path.stat().st_mtime_ns
            if self.known.get(path) != changed:
                self.known[path] = changed
                name = f"file {path.relative_to(self.folder)}"
                yield name, b"\n".join([name.encode(), *unpacked(path.read_bytes())])


def in_words(message: EmailMessage) -> Iterator[str]:
    """A mail's headers and parts as a person reads them, whatever they are encoded as."""
    for part in message.walk():
        yield from (f"{name}: {value}" for name, value in part.items())
        if not part.is_multipart():
            content: Any = part.get_content()
            yield content if isinstance(content, str) else repr(content)


def unpacked(content: bytes) -> list[bytes]:
    """A file's content; of a zip, which a workbook is, that of each file in it, and their names."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return [content]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return [part for name in packed.namelist() for part in (name.encode(), packed.read(name))]
