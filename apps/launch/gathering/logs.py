"""Rehearses a request that careless code logs, and looks at what would be written and reported.

The parts are the real ones: the middleware, structlog's processors, the handlers' formatters,
Celery's signals and Sentry's client with all its options. Only the last step is missing, so that
no line is written and no report leaves.
"""

import json
import logging
import logging.config
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import sentry_sdk
import structlog
from celery import signals
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import event_from_exception

from apps.core.middleware import HEALTH, RequestMiddleware
from apps.core.request_id import request_id
from apps.launch.facts.logs import Logs, Reports
from apps.launch.facts.unasked import Skipped, Unasked

NAME = "slipway.rehearsal"
# Its own line is written at DEBUG alone, so that the rehearsal is not in the log.
PATH = next(iter(HEALTH))
# Entries of Sentry's data_collection that gather nothing of a visitor's.
NO_DATA = {"provided_by_user", "frame_context_lines"}
NOT_REPORTED = Skipped("errors are not reported, which LC-OPS-001 tells")


class Kept(Transport):
    """Keeps the reports that would leave."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events.append(dict(envelope.get_event() or {}))


@dataclass(kw_only=True)
class Rehearsal:
    """What came out: the texts of lines and reports by their kind, and where the ID arrived."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    reports: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    arrivals: dict[str, bool] = field(default_factory=dict)


def logs() -> Logs:
    """Rehearse once and tell what was seen."""
    planted = {kind: secrets.token_hex(12) for kind in ("password", "token", "cookie", "DSN")}
    formatters = dict(formatters_in_force(settings.LOGGING))
    client = sentry_sdk.get_client()
    # In a context of its own, since the middleware clears what was bound.
    seen = copy_context().run(rehearse, planted, formatters, client if client.is_active() else None)
    return Logs(
        level=str(settings.LOGGING.get("root", {}).get("level", "WARNING")),
        plain=tuple(name for name, each in formatters.items() if not writes_json(each)),
        leaks=tuple(dict.fromkeys(leaks(planted, seen.lines))),
        arrivals=seen.arrivals,
        reports=reports(client.options, planted, seen) if client.is_active() else NOT_REPORTED,
    )


def formatters_in_force(config: Mapping[str, Any]) -> Iterator[tuple[str, logging.Formatter]]:
    """The formatter of each handler in use; one of the standard library's where none is named."""
    used = {
        name
        for logger in (config.get("root", {}), *config.get("loggers", {}).values())
        for name in logger.get("handlers", [])
    }
    make = logging.config.DictConfigurator({})
    for name in sorted(used):
        handler = config["handlers"][name]
        if handler.get("class") == "logging.NullHandler":
            continue
        chosen = config["formatters"][handler["formatter"]] if "formatter" in handler else {}
        yield name, make.configure_formatter(dict(chosen))


def rehearse(
    planted: Mapping[str, str], formatters: Mapping[str, logging.Formatter], client: Any
) -> Rehearsal:
    """Send a request with the planted secrets through the middleware, to code that logs them."""
    seen, own_id = Rehearsal(), f"rehearsal-{secrets.token_hex(8)}"

    def careless(request: HttpRequest) -> HttpResponse:
        _ = request.POST  # as a view would have read it
        for way, record in records(planted):
            for formatter in formatters.values():
                text = formatter.format(record)
                seen.lines.append((way, text))
                note(seen, "a log line", own_id in text)
            if client is not None:
                event = reported(client, record)
                seen.reports.append((way, event))
                note(seen, "an error report", event.get("tags", {}).get("request_id") == own_id)
        note(seen, "a task", carried_to_a_task() == own_id)
        return HttpResponse()

    answer = through_the_middleware(careless)(request_with(planted, own_id))
    note(seen, "the answer", answer.headers.get("X-Request-ID") == own_id)
    return seen


def through_the_middleware(view: Callable[[HttpRequest], HttpResponse]) -> Any:
    """The view behind the request's middleware, if the settings have it at all."""
    there = any(
        isinstance(each := import_string(path), type) and issubclass(each, RequestMiddleware)
        for path in settings.MIDDLEWARE
    )
    return RequestMiddleware(view) if there else view


def note(seen: Rehearsal, place: str, arrived: bool) -> None:
    """Keep whether the ID arrived; once missing is missing."""
    seen.arrivals[place] = seen.arrivals.get(place, True) and arrived


def request_with(planted: Mapping[str, str], own_id: str) -> WSGIRequest:
    """A form as a browser sends it, with a secret in each place that may have one."""
    form = f"login=ada&password={planted['password']}".encode()
    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "SERVER_NAME": settings.SITE_HOST,
            "SERVER_PORT": "443",
            "REMOTE_ADDR": "127.0.0.1",
            "QUERY_STRING": f"token={planted['token']}",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(form)),
            "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={planted['cookie']}",
            "HTTP_AUTHORIZATION": f"Bearer {planted['token']}",
            "HTTP_X_REQUEST_ID": own_id,
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(form),
        }
    )


def records(planted: Mapping[str, str]) -> Iterator[tuple[str, logging.LogRecord]]:
    """What careless code logs: fields, sentences, an exception that repeats what came in."""
    dsn = f"postgresql://portal:{planted['DSN']}@db.internal/portal"
    yield (
        "a field",
        structured(
            password=planted["password"],
            api_token=planted["token"],
            headers={"Cookie": f"session={planted['cookie']}"},
            connection={"dsn": dsn},
        ),
    )
    yield (
        "a sentence",
        sentence("password=%s, Authorization: Bearer %s", planted["password"], planted["token"]),
    )
    yield "a sentence", sentence("Cookie: session=%s", planted["cookie"])
    yield "a sentence", sentence("no connection to %s", dsn)
    said = "; ".join([planted["password"], planted["token"], planted["cookie"], dsn])
    try:
        raise ValueError(f"not expected: {said}")
    except ValueError as error:
        yield "an exception", structured(exc_info=error)


def structured(**fields: Any) -> logging.LogRecord:
    """The record that structlog's processors in force make of an event."""
    logger, event = logging.getLogger(NAME), {"event": "rehearsal.failed", **fields}
    made: Any = event
    for processor in structlog.get_config()["processors"]:
        made = processor(logger, "error", made)
    arguments, options = made if isinstance(made, tuple) else ((made,), {})
    error = options.get("exc_info")
    raised = (type(error), error, error.__traceback__) if error else None
    message, *rest = arguments
    return logger.makeRecord(
        NAME, logging.ERROR, __file__, 0, message, tuple(rest), raised, extra=options.get("extra")
    )


def sentence(message: str, *arguments: str) -> logging.LogRecord:
    """The record that the standard library makes, as other people's code uses it."""
    logger = logging.getLogger(NAME)
    return logger.makeRecord(NAME, logging.ERROR, __file__, 0, message, arguments, None)


def carried_to_a_task() -> str:
    """The ID that a task would work under which this request asks for."""
    headers: dict[str, Any] = {}
    signals.before_task_publish.send(sender=NAME, headers=headers, body={})
    # The worker begins with nothing of ours.
    own = request_id.set("")
    task = SimpleNamespace(name=NAME, request=TaskRequest(headers))
    signals.task_prerun.send(sender=NAME, task_id=NAME, task=task, args=(), kwargs={})
    try:
        return request_id.get()
    finally:
        signals.task_postrun.send(sender=NAME, task_id=NAME, task=task, args=(), kwargs={})
        request_id.reset(own)


class TaskRequest(SimpleNamespace):
    """What Celery makes of a message's headers: attributes that can also be asked for."""

    def __init__(self, headers: Mapping[str, Any]) -> None:
        super().__init__(**headers)

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)


def reported(client: Any, record: logging.LogRecord) -> dict[str, Any]:
    """The report that would leave, made by a client with the same options that keeps it."""
    kept = Kept()
    twin = sentry_sdk.Client(**{**client.options, "transport": kept})
    if record.exc_info and record.exc_info[0]:
        event, hint = event_from_exception(record.exc_info, client_options=twin.options)
    else:
        event, hint = {"logentry": {"message": record.getMessage()}}, {}
    event["level"] = "error"
    twin.capture_event(event, {**hint, "log_record": record}, scope=sentry_sdk.Scope())
    if not kept.events:
        raise Unasked("Sentry's client made no report of a rehearsed error")
    return kept.events[0]


def writes_json(formatter: logging.Formatter) -> bool:
    """Whether a line is one JSON object."""
    try:
        return isinstance(json.loads(formatter.format(structured())), dict)
    except ValueError:
        return False


def leaks(planted: Mapping[str, str], texts: list[tuple[str, str]]) -> Iterator[str]:
    """Which secret came out in what kind of text."""
    for way, text in texts:
        yield from (f"{kind} in {way}" for kind, value in planted.items() if value in text)


def reports(options: Mapping[str, Any], planted: Mapping[str, str], seen: Rehearsal) -> Reports:
    texts = [(way, json.dumps(event, default=str)) for way, event in seen.reports]
    return Reports(
        names={
            "release": (str(options.get("release") or ""), settings.RELEASE),
            "environment": (str(options.get("environment") or ""), settings.ENVIRONMENT),
        },
        collects=tuple(collected(options)),
        traces=None if options.get("traces_sampler") else options.get("traces_sample_rate"),
        leaks=tuple(dict.fromkeys(leaks(planted, texts))),
    )


def collected(options: Mapping[str, Any]) -> Iterator[str]:
    """What the library gathers by itself; it turns `send_default_pii` into `data_collection`."""
    if options.get("max_request_body_size") != "never":
        yield "max_request_body_size"
    for name, value in options["data_collection"].items():
        if name not in NO_DATA and is_on(value):
            yield name


def is_on(value: Any) -> bool:
    """Whether an entry of `data_collection` lets anything through."""
    if not isinstance(value, dict):
        return bool(value)
    return value["mode"] != "off" if "mode" in value else any(map(is_on, value.values()))
