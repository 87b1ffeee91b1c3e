"""The way to the mail server: Django's SMTP backend, and what its refusals mean."""

import smtplib

import django
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Refused(Exception):
    """The server will never take this mail; the message is what it said."""


def connection() -> BaseEmailBackend:
    """The SMTP backend, made in the way of the running Django."""
    if django.VERSION >= (6, 1):
        from django.core.mail import mailers

        return mailers["smtp"]
    from django.core.mail.backends.smtp import EmailBackend

    return EmailBackend(**settings.SMTP)


def server() -> str:
    """The mail server's name and port, for people."""
    return f"{settings.SMTP['host']}:{settings.SMTP['port']}"


def deliver(message: EmailMessage) -> None:
    """Hand `message` to the server, which has taken it on when this returns.

    Raises Refused if the server will never take it: a 5xx answer to the recipient or the content.
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
