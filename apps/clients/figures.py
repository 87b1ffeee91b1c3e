"""The dashboard's figures about clients, kept 60 seconds for each tenant."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from apps.tenants.caching import forget, remember

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

NAME = "clients.figures"


def figures(tenant: "Tenant") -> dict[str, int]:
    """How many clients the tenant has, by what a dashboard asks; at most 60 seconds old.

    `all` counts the archived ones too, the others do not. Every verb that changes a client drops
    the kept figures once its transaction is committed: add, change, archive, restore, remove.
    Whoever writes rows past the verbs, as an import does, calls `forget_figures`.
    """
    return remember(tenant, NAME, lambda: count(tenant), seconds=60)


def count(tenant: "Tenant") -> dict[str, int]:
    """Count in one pass over the tenant's clients."""
    current = Q(archived_at=None)
    return tenant.clients.aggregate(
        all=Count("pk"),
        current=Count("pk", filter=current),
        active=Count("pk", filter=current & Q(status="active")),
        waiting=Count("pk", filter=current & Q(status="waiting")),
        overdue=Count("pk", filter=current & Q(status="overdue")),
        attention=Count("pk", filter=current & Q(status__in=["waiting", "overdue"])),
        new=Count("pk", filter=current & Q(created_at__gte=start_of_month())),
    )


def start_of_month() -> datetime:
    """The first moment of this month."""
    now = timezone.localtime()
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def forget_figures(tenant: "Tenant") -> None:
    """Drop the kept figures when the transaction is committed: before, they would come back old."""
    transaction.on_commit(lambda: forget(tenant, NAME))
