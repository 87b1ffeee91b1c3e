"""The way to the mail server: who may be written to at all, and what the server's refusals mean."""

import smtplib
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

import django
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend


class Refused(Exception):
    """The server will never take this mail; the message is what it said."""


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

    Raises Withheld if MAIL_ALLOWLIST keeps it back, and Refused if the server will never take it: a
    5xx answer to the recipient or the content.
    All else (a 4xx answer, no connection, a refused sender or password) is a matter of time or of
    our own settings: smtplib's or the system's exception goes on to the caller, who tries again.
    """
    try:
        connection().send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        refuse_if_permanent(*next(iter(error.recipients.values())))
        raise
    except smtplib.SMTPDataError as error:
        refuse_if_permanent(error.smtp_code, error.smtp_error)
        raise


def refuse_if_permanent(code: int, words: bytes | str) -> None:
    """Raise Refused for an answer that starts with a 5."""
    if 500 <= code < 600:
        said = words.decode(errors="replace") if isinstance(words, bytes) else words
        raise Refused(f"{code} {said}"[:500]) from None
