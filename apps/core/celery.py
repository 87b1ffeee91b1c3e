"""Tasks that know no tenant. All others carry one: apps/tenants/celery.py."""

from typing import Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask


class PlatformTask(DjangoTask):
    """What `@platform_task` makes: work that belongs to no tenant."""


def platform_task(*function: Any, **options: Any) -> Any:
    """`@shared_task` for what works for no tenant: ``@platform_task(name="mail.settle")``.

    A worker runs it outside every scope. Where it needs tenants' rows it opens a scope itself, as
    any code has to.
    """
    return shared_task(*function, base=PlatformTask, **options)
