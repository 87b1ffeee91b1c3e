"""The mail backend that every library writes to: it puts mail into the queue."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from apps.mail.models import Mail


class QueuedBackend(BaseEmailBackend):
    """Queues mail in the caller's transaction, or in one of its own where none is open."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each message, once for each of its recipients; return how many messages it were.

        Recipients do not learn of each other: one refused address must not hold up the rest, and
        each mail has a job and an end of its own. Raises ValueError as `Mail.objects.queue` does,
        and then queues none of the messages.
        """
        with transaction.atomic():
            for message in email_messages:
                for to in message.recipients():
                    Mail.objects.queue(message, to=to)
        return len(email_messages)
