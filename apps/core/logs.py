"""How every process logs: one structured line for each thing that happened, without secrets.

Structlog's and the standard library's loggers end in the same chain, so a line of Celery's,
gunicorn's or Django's carries the same facts as our own. What a request is about is looked up when
a line is written; the middleware writes the request's own line.
"""

import logging.config
from typing import Any

import structlog
from django.utils.functional import LazyObject, empty
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.core import redact
from apps.core.request_id import current_request, request_id

QUIET = {"debug", "info"}


def facts() -> dict[str, Any]:
    """What is known of the work at hand: its request_id, user, tenant, and whatever was bound.

    It asks nothing of the database or the session: a user whom nobody needed yet is not named.
    """
    known: dict[str, Any] = {}
    if current := request_id.get():
        known["request_id"] = current
    if request := current_request.get():
        user = request.__dict__.get("user")
        if user is not None and not _unread(user) and user.pk:
            known["user"] = user.pk
        if tenant := getattr(request, "tenant", None):
            known["tenant"] = tenant.pk
    bound = structlog.contextvars.get_contextvars()
    return known | {name: value for name, value in bound.items() if value is not None}


def _unread(user: Any) -> bool:
    return isinstance(user, LazyObject) and user.__dict__.get("_wrapped", empty) is empty


def add_facts(release: str) -> Processor:
    """Make the processor that adds the facts and the release to a line; the line's own win."""

    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        for name, value in {**facts(), "release": release}.items():
            event.setdefault(name, value)
        return event

    return add


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take secrets out of a line; from a warning on also those that the request brought."""
    telling = event.get("level") not in QUIET
    also = redact.brought_by(current_request.get()) if telling else ()
    cleaned: EventDict = redact.clean(event, also)
    return cleaned


def hand_over(logger: logging.Logger, method: str, event: EventDict) -> Any:
    """Give a structlog line to the standard library, its exception where others look for it."""
    arguments, options = ProcessorFormatter.wrap_for_formatter(logger, method, event)
    return arguments, {**options, "exc_info": event.get("exc_info")}


def as_json() -> list[Processor]:
    """What writes a line as one JSON object."""
    return [structlog.processors.JSONRenderer()]


def for_people() -> list[Processor]:
    """What writes a line in colours, with the time alone and without the release."""

    def shorten(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["timestamp"] = event["timestamp"][11:19]
        del event["release"]
        return event

    # The plain traceback, because the rich one prints the values of local variables.
    console = structlog.dev.ConsoleRenderer(
        colors=True, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )
    return [shorten, console]


def logging_config(*, level: str, pretty: bool, release: str) -> dict[str, Any]:
    """Return the LOGGING dictionary; `pretty` lines are for people, the others are JSON.

    Lines go to standard error, so that what a command prints stays its own.
    """
    at_hand: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_facts(release),
        structlog.processors.TimeStamper(fmt="iso", utc=not pretty),
    ]
    # Libraries never speak at DEBUG: there they tell queries and task arguments, values included.
    calm = max(level, "INFO", key=logging.getLevelNamesMapping().__getitem__)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": ProcessorFormatter,
                "foreign_pre_chain": at_hand,
                "processors": [
                    ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_secrets,
                    *(for_people() if pretty else as_json()),
                ],
            }
        },
        "handlers": {
            "line": {"class": "logging.StreamHandler", "formatter": "line"},
            "nothing": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["line"], "level": level},
        "loggers": {
            **{name: {"level": calm} for name in ("django", "celery", "kombu", "allauth")},
            # The request's own line, in core/middleware.py, says what these say.
            **{
                name: {"handlers": ["nothing"], "propagate": False}
                for name in ("django.request", "django.server", "django.security.DisallowedHost")
            },
            # Two lines of Celery's for every task would drown what the tasks say themselves.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # It warns of each HEAD whose answer has a body, which it drops as it should.
            "gunicorn.http.wsgi": {"level": "ERROR"},
            # Failed sign-ins are told whatever LOG_LEVEL says: somebody may be trying doors.
            "slipway.signin": {"level": "INFO"},
        },
        "structlog": [structlog.stdlib.filter_by_level, *at_hand, hand_over],
    }


def configure(config: dict[str, Any]) -> None:
    """Apply the dictionary of `logging_config` (Django calls this by LOGGING_CONFIG)."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)
    structlog.configure(
        processors=config["structlog"],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
