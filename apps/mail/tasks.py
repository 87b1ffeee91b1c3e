"""The Celery tasks of mail; sending and reports are jobs and stand in handlers.py."""

from django.db import transaction

from apps.core.celery import platform_task
from apps.mail.models import Mail


@platform_task(name="mail.settle")
def settle() -> None:
    """Fail the mails whose jobs have ended without sending them."""
    with transaction.atomic():
        Mail.objects.settle()


@platform_task(name="mail.purge")
def purge() -> None:
    """Delete the rows of mails that ended long ago."""
    while Mail.objects.purge():
        pass
