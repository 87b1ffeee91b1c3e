"""The Celery tasks of mail; sending is a job and stands in handlers.py."""

from celery import shared_task
from django.db import transaction

from apps.mail.models import Mail


@shared_task(name="mail.settle")
def settle() -> None:
    """Fail the mails whose jobs have ended without sending them."""
    with transaction.atomic():
        Mail.objects.settle()
