"""Errors to Sentry, with what helps to find the cause and without what is nobody's business.

Whatever a process logs as an error, or raises unhandled in a request or a task, arrives with its
release, environment, request ID and opaque ids. Local variables, request bodies, headers, cookies
and queries are never collected; what remains passes through `redact`.
"""

import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.core import redact
from apps.core.logs import facts
from apps.core.request_id import current_request

if TYPE_CHECKING:
    from sentry_sdk._types import DataCollectionUserOptions, KeyValueCollectionBehaviour
    from sentry_sdk.types import Event, Hint

# These tell of scanners, or tell a second time what arrives as the exception itself.
IGNORED = ("slipway.http", "django.security.DisallowedHost")

# What the library may collect by itself; it is the successor of send_default_pii=False.
OFF: "KeyValueCollectionBehaviour" = {"mode": "off"}
NOTHING: "DataCollectionUserOptions" = {
    "user_info": False,
    "cookies": OFF,
    "http_headers": {"request": OFF},
    "http_bodies": [],
    "url_query_params": OFF,
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}


def start_sentry(*, dsn: str, environment: str, release: str) -> None:
    """Start reporting to `dsn`; with an empty one do nothing, not even import the library."""
    if not dsn:
        return
    import sentry_sdk
    from sentry_sdk.integrations.argv import ArgvIntegration
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

    for name in IGNORED:
        ignore_logger(name)
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False, monitor_beat_tasks=False),
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
        ],
        # Only those above: others would start by themselves as packages come.
        auto_enabling_integrations=False,
        disabled_integrations=[ArgvIntegration()],
        before_send=prepare,
        data_collection=NOTHING,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        traces_sample_rate=None,
        trace_propagation_targets=[],
    )


def prepare(event: "Event", hint: "Hint") -> "Event":
    """Add what is known of the work at hand, and mask what may not leave."""
    told: dict[str, Any] = dict(event)
    request = current_request.get()
    if record := hint.get("log_record"):
        told["logentry"], told["extra"] = as_entry(record)
    if request is not None:
        told["request"] = {
            "method": request.method,
            "url": settings.SITE_URL + redact.path(request),
        }
    known = facts()
    told["user"] = {"id": str(known.pop("user"))} if "user" in known else {}
    cleaned: Event = redact.clean(told, redact.brought_by(request))
    cleaned["tags"] = {**cleaned.get("tags", {}), **{key: str(kept) for key, kept in known.items()}}
    return cleaned


def as_entry(record: logging.LogRecord) -> tuple[dict[str, Any], dict[str, Any]]:
    """Turn a log record into Sentry's words: what happened, and the facts about it."""
    if not isinstance(record.msg, dict):
        return {"message": record.getMessage()}, {}
    line = {name: value for name, value in record.msg.items() if name != "exc_info"}
    return {"message": line.pop("event", "")}, line
