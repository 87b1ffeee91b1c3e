"""The way to the mail server: who may be written to at all, and what the server's refusals mean."""

import smtplib
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

import django
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from apps.mail.replies import Reply, reply_of

log = structlog.get_logger("slipway.mail")


class Refused(Exception):
    """The server will never take this mail; `reply` is what it said."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class Unavailable(Exception):
    """The server did not take this mail, and may later; the message says why."""


class Withheld(Exception):
    """MAIL_ALLOWLIST keeps this mail from somebody; the message says so."""


class SmtpBackend(EmailBackend):
    """Django's, which alone speaks to the mail server; here it writes to whom it may."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> Any:
        """Send all of them. Raises Withheld, and sends none, if one is for somebody else."""
        for message in email_messages:
            if not all(may_get_mail(to) for to in message.recipients()):
                raise Withheld("MAIL_ALLOWLIST does not name the recipient.")
        return super().send_messages(email_messages)

    def close(self) -> None:
        """Say goodbye without waiting for the answer.

        The server has the mail by now, and until we have noted that, a killed worker sends it
        again: no journey to the server belongs into that time.
        """
        if self.connection is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            self.connection.putcmd("quit")
        self.connection.close()
        self.connection = None


def may_get_mail(to: str) -> bool:
    """Whether MAIL_ALLOWLIST, where there is one, names this address or its domain.

    A recipient that could be read in two ways, such as one with two addresses, is nobody's.
    """
    if settings.MAIL_ALLOWLIST is None:
        return True
    address = parseaddr(to)[1].lower()
    domain = address[address.rfind("@") :]
    return to.count("@") == 1 and not {address, domain}.isdisjoint(settings.MAIL_ALLOWLIST)


def connection() -> BaseEmailBackend:
    """The SMTP backend, made in the way of the running Django."""
    if django.VERSION >= (6, 1):
        from django.core.mail import mailers

        return mailers["smtp"]
    return SmtpBackend(**settings.SMTP)


def server() -> str:
    """The mail server's name and port, for people."""
    return f"{settings.SMTP['host']}:{settings.SMTP['port']}"


def deliver(message: EmailMessage) -> None:
    """Hand `message` to the server, which has taken it on when this returns.

    Raises Withheld if MAIL_ALLOWLIST keeps it back; Refused if the server will never take it, which
    is a 5xx answer to the recipient or the content; Unavailable for all else: a 4xx answer, no
    connection or a lost one, a refused sender or password. Where the connection was lost after the
    content was sent, nobody but the server knows whether it took the mail.
    """
    try:
        connection().send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        reply = reply_of(error)
        if reply is None:
            raise Unavailable(f"{type(error).__name__}: {error}"[:500]) from error
        if reply.is_final:
            raise Refused(reply) from error
        if reply.is_ours:
            log.error("mail.we_are_refused", server=server(), reply=str(reply))
        raise Unavailable(str(reply)) from error
