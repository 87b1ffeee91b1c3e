"""Send a mail to find out whether mail works."""

import json
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.core import mailing
from apps.mail import catalogue, previews, transport
from apps.mail.models import Mail, last_words
from apps.mail.words import words

PAUSE = 0.25  # seconds between two looks at the mail
GOOD = {"sent", "delivered"}


class Command(BaseCommand):
    """Send any mail of the catalogue, made from its sample, through the queue or at once."""

    help = "Send a test mail to TO and say what became of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", metavar="TO", help="the address to send it to")
        parser.add_argument(
            "--letter",
            default="test",
            metavar="NAME",
            help="which mail, by the name of its templates, with made-up contents; "
            f"out of {', '.join(sorted(catalogue.BY_TEMPLATE))}",
        )
        parser.add_argument(
            "--now",
            action="store_true",
            help="speak to the mail server in this process, past the queue, and print its answer",
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=30,
            metavar="SECONDS",
            help="how long to wait for the worker; 0 only queues (default: 30)",
        )
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *, to: str, letter: str, now: bool, wait: float, **options: Any) -> None:
        try:
            validate_email(to)
        except ValidationError as error:
            raise CommandError(f"{to} is not an e-mail address.") from error
        try:
            message = compose(letter, to=to)
        except catalogue.UnknownLetter as error:
            raise CommandError(str(error)) from error
        self.as_json = options["json"]
        self.told = {"version": 1, "to": to, "letter": letter, "server": transport.server()}
        if now:
            self.send_now(message)
        else:
            self.send_through_the_queue(message, wait)

    def send_now(self, message: mailing.TemplatedMail) -> None:
        to = message.to[0]
        try:
            transport.deliver(message)
        except transport.Withheld as reason:
            self.fail("withheld", f"{reason} Add {to}, or its domain, to that variable to try it.")
        except transport.Refused as refusal:
            self.fail("failed", f"{transport.server()} refused it for good: {refusal}")
        except transport.Unavailable as error:
            self.fail(
                "failed",
                f"{transport.server()} did not take it: {error}. "
                "Look at EMAIL_URL and DEFAULT_FROM_EMAIL.",
            )
        self.tell("sent", f"{transport.server()} took the mail to {to} on.")

    def send_through_the_queue(self, message: mailing.TemplatedMail, wait: float) -> None:
        mail = Mail.objects.queue(message, to=message.to[0])
        self.told |= {"mail": mail.pk, "job": mail.job_id}
        if not wait:
            self.tell(
                mail.state,
                f"Mail {mail.pk} to {mail.to} is queued as job {mail.job_id}. The worker hands it "
                f"to {transport.server()} and logs its end with mail={mail.pk}.",
            )
            return
        mail = outcome(mail, wait)
        seen = words(mail)
        if mail.state in GOOD:
            self.tell(mail.state, f"{seen.label}. {seen.sentence}{where_to_read()}")
        elif mail.state == "queued" and mail.job and mail.job.is_active:
            self.fail(
                mail.state,
                f"Mail {mail.pk} still waits after {wait:g} s. {seen.sentence} "
                "Does the worker run? --now speaks to the mail server without it.",
            )
        else:
            said = mail.error or last_words(mail.job)
            self.fail(mail.state, f"{seen.label}. {seen.sentence} The answer was: {said}")

    def tell(self, state: str, says: str) -> None:
        told = json.dumps({**self.told, "state": state, "says": says}, indent=2)
        self.stdout.write(told if self.as_json else says)

    def fail(self, state: str, says: str) -> None:
        """Say so, on the standard output for who reads JSON. Raises CommandError."""
        if self.as_json:
            self.tell(state, says)
        raise CommandError(says)


def compose(letter: str, *, to: str) -> mailing.TemplatedMail:
    """The mail with made-up contents, and marked so. Raises UnknownLetter."""
    entry = catalogue.entry(letter)
    message = mailing.compose(letter, to=to, context=previews.sample_of(entry))
    if letter != "test":
        message.subject = f"Sample: {message.subject}"
    return message


def outcome(mail: Mail, wait: float) -> Mail:
    """The mail as it is once it has ended, or as it stands when the time is over."""
    deadline = time.monotonic() + wait
    while True:
        mail = Mail.objects.select_related("job").get(pk=mail.pk)
        ended = mail.state != "queued" or (mail.job and not mail.job.is_active)
        if ended or time.monotonic() > deadline:
            return mail
        time.sleep(PAUSE)


def where_to_read() -> str:
    """Where development's mail arrives."""
    if settings.ENVIRONMENT != "development":
        return ""
    return f" Read it at {mailing.absolute('/dev/mail/')}"
