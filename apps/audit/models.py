"""Who did what, when and by which request: written once, never changed."""

from collections import defaultdict
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from apps.accounts.models import User
from apps.core.events import ACTIONS, Action
from apps.core.request_id import request_id
from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from config.product import PRODUCT


class EventQuerySet(TenantQuerySet["Event"]):
    def about(self, target: models.Model) -> "EventQuerySet":
        """What happened to `target`, the newest first."""
        return self.filter(target_type=target._meta.label_lower, target_id=str(target.pk))


class Event(TenantModel):
    """One thing that somebody did. It keeps names as they were, so it outlives what it names."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-id"], name="audit_event_newest"),
            models.Index(
                fields=["tenant", "target_type", "target_id", "-id"], name="audit_event_target"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.sentence}"

    @property
    def sentence(self) -> str:
        """What was done, after the actor's name: "archived Aldgate Interiors"."""
        action = ACTIONS.get(self.action)
        if action is None:
            return self.action
        # An old event may lack a detail that its action names today; a page must not fail for it.
        known = defaultdict(lambda: "…", {**self.details, "target": self.target_name})
        return action.says.format_map(known)


def write_down(
    *,
    action: Action,
    tenant: Tenant,
    by: User | None,
    target: models.Model | None,
    details: dict[str, Any],
    **kwargs: object,
) -> None:
    """Keep what core.events announced, in the announcer's transaction."""
    event = Event(
        tenant=tenant,
        actor=by,
        actor_name=str(by or PRODUCT.name)[:254],
        action=action.name,
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        target_name=str(target or "")[:254],
        details=details,
        request_id=request_id.get(),
    )
    with tenant_scope(tenant):
        event.save(force_insert=True)


class Crossing(models.Model):
    """One time that code went across tenants: the reason it gave, and the request that asked."""

    reason = models.CharField(max_length=254)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.reason


def write_crossing_down(*, reason: str, **kwargs: object) -> None:
    """Keep the reason that a platform scope was given."""
    Crossing.objects.create(reason=reason[:254], request_id=request_id.get())
