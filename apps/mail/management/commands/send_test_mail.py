"""Send a mail to find out whether mail works."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.core import mailing
from apps.mail import transport
from apps.mail.models import Mail


class Command(BaseCommand):
    """Send the template `test`, through the queue or at once."""

    help = "Send a test mail to TO and say what became of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", metavar="TO", help="the address to send it to")
        parser.add_argument(
            "--now",
            action="store_true",
            help="speak to the mail server in this process, past the queue, and print its answer",
        )

    def handle(self, *, to: str, now: bool, **options: Any) -> None:
        try:
            validate_email(to)
        except ValidationError as error:
            raise CommandError(f"{to} is not an e-mail address.") from error
        if now:
            self.send_now(to)
        else:
            self.send_through_the_queue(to)

    def send_now(self, to: str) -> None:
        try:
            transport.deliver(mailing.compose("test", to=to))
        except transport.Withheld as reason:
            raise CommandError(
                f"{reason} Add {to}, or its domain, to that variable to try mail with it."
            ) from reason
        except transport.Refused as refusal:
            raise CommandError(f"{transport.server()} refused it for good: {refusal}") from refusal
        except (smtplib.SMTPException, OSError) as error:
            raise CommandError(
                f"{transport.server()} did not take it: {type(error).__name__}: {error}. "
                "Look at EMAIL_URL and DEFAULT_FROM_EMAIL."
            ) from error
        self.stdout.write(f"{transport.server()} took the mail to {to} on.")

    def send_through_the_queue(self, to: str) -> None:
        mailing.send("test", to=to)
        mail = Mail.objects.filter(to=to, template="test").latest("pk")
        self.stdout.write(
            f"Mail {mail.pk} to {to} is queued as job {mail.job_id}. The worker hands it to "
            f"{transport.server()} and logs mail.sent, mail.refused or mail.withheld with "
            f"mail={mail.pk}."
        )
        if settings.ENVIRONMENT == "development":
            self.stdout.write(f"Then read it at {mailing.absolute('/dev/mail/')}")
