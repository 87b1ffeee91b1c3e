"""The product's Celery app with tasks of a founder's, for `celery --app tests.tenants.worker`.

They say nothing about tenants, but for reading whose rows they may touch.
"""

from typing import Any

from celery import shared_task
from django.db import connection

from apps.core.celery import platform_task
from apps.tenants.scope import OUTSIDE, current_scope, require_tenant, tenant_scope
from config.celery import app

__all__ = ["app"]


@shared_task(name="tests.add")
def add(name: str) -> str:
    """Add a client where the task runs."""
    assert connection.in_atomic_block
    return str(require_tenant().clients.create(name=name))


@shared_task(name="tests.add_both")
def add_both(before: str, name: str) -> None:
    """Add a client named after the one that the task before returned, too."""
    add(f"{before} and {name}")


@shared_task(name="tests.add_after_a_retry", bind=True)
def add_after_a_retry(self: Any, name: str) -> None:
    """Write, then think better of it, once."""
    add(f"{name}, attempt {self.request.retries}")
    if not self.request.retries:
        raise self.retry(countdown=0)


@shared_task(
    name="tests.add_after_a_fault",
    bind=True,
    autoretry_for=[ZeroDivisionError],
    retry_kwargs={"countdown": 0},
)
def add_after_a_fault(self: Any, name: str) -> None:
    """Write, then fail in a way that is tried again, once."""
    add(f"{name}, attempt {self.request.retries}")
    1 / self.request.retries


@shared_task(name="tests.add_and_fail")
def add_and_fail(name: str) -> None:
    """Write, then fail for good."""
    add(name)
    raise RuntimeError("failed")


@shared_task(name="tests.add_and_replace", bind=True)
def add_and_replace(self: Any, name: str) -> None:
    """Let another task take its place."""
    add(name)
    raise self.replace(add.si(f"{name}, replaced"))


@shared_task(name="tests.add_next_door", bind=True)
def add_next_door(self: Any, name: str, slug: str) -> None:
    """Call itself, as a function does, in another tenant's scope."""
    from apps.tenants.models import Tenant

    add(name)
    if slug:
        with tenant_scope(Tenant.objects.get(slug=slug)):
            self(name, "")


@platform_task(name="tests.look")
def look() -> bool:
    """Tell whether the task runs outside of every scope."""
    return current_scope() == OUTSIDE and not connection.in_atomic_block
