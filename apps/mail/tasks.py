"""The Celery tasks of mail; sending is a job and stands in handlers.py."""

from django.db import transaction

from apps.core.celery import platform_task
from apps.mail.models import Mail


@platform_task(name="mail.settle")
def settle() -> None:
    """Fail the mails whose jobs have ended without sending them."""
    with transaction.atomic():
        Mail.objects.settle()
