"""What the tests of mail share: mail servers that say no."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import SmtpServer


class Refusing:
    """A mail server's manners: what it answers to a recipient and to a mail's content."""

    def __init__(self, recipient: str, content: str) -> None:
        self.recipient, self.content = recipient, content

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.content


@pytest.fixture
def server_says(settings: Any) -> Iterator[Callable[..., None]]:
    """Make outgoing mail meet a real server: ``server_says(recipient="550 No such user")``."""
    running = ExitStack()

    def start(recipient: str = "250 OK", content: str = "250 Taken") -> None:
        server = SmtpServer(Refusing(recipient, content))
        server.start()
        running.callback(server.stop)
        settings.SMTP = {**settings.SMTP, "host": "127.0.0.1", "port": server.port}
        if hasattr(settings, "MAILERS"):
            smtp = {**settings.MAILERS["smtp"], "OPTIONS": settings.SMTP}
            settings.MAILERS = {**settings.MAILERS, "smtp": smtp}

    with running:
        yield start
