"""Events as people read them: the sentence, with a link to what it is about while that exists."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html

from apps.audit.models import Event
from apps.core.events import ACTIONS
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant

Target = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """An event as components/activity.html shows it."""

    actor_name: str
    sentence: str
    at: datetime


def lines(tenant: Tenant, events: Iterable[Event]) -> list[Line]:
    """Events of `tenant` as lines; one query for each kind of target that has a page."""
    events = list(events)
    pages = pages_of(tenant, events)
    return [
        Line(
            event.actor_name,
            sentence(event, pages.get((event.target_type, event.target_id))),
            event.at,
        )
        for event in events
    ]


def lines_about(target: TenantModel, *, newest: int = 10) -> list[Line]:
    """The newest events about `target`, for its own page: without links, which would lead there."""
    events = target.tenant.events.about(target).order_by("-pk")[:newest]
    return [Line(event.actor_name, event.sentence, event.at) for event in events]


def sentence(event: Event, url: str | None) -> str:
    """What was done, with the target's name as a link to `url`."""
    if not url:
        return event.sentence
    link = format_html('<a href="{}">{}</a>', url, event.target_name)
    return format_html(ACTIONS[event.action].says, **{**event.details, "target": link})


def pages_of(tenant: Tenant, events: list[Event]) -> dict[Target, str]:
    """The addresses of the targets that still exist and have a page of their own."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.action in ACTIONS:
            wanted[event.target_type].add(event.target_id)
    found: dict[Target, str] = {}
    for model in TenantModel.tenant_models():
        label = model._meta.label_lower
        if label in wanted and hasattr(model, "get_absolute_url"):
            accessor = model._meta.get_field("tenant").remote_field.get_accessor_name()
            for target in getattr(tenant, accessor).filter(pk__in=wanted[label]):
                found[label, str(target.pk)] = target.get_absolute_url()
    return found
