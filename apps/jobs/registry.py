"""Which function does which kind of job, how urgent the kind is, and who is told of its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

if TYPE_CHECKING:
    from apps.jobs.models import Job
    from apps.jobs.runner import Run

Handler = Callable[["Run"], None]
Ended = Callable[["Job"], None]


class Lane(IntEnum):
    """How urgent a kind of jobs is; a worker takes those of a lower number first."""

    URGENT = 0  # somebody waits for it now, as for a mail with a code
    ORDINARY = 1  # work of seconds
    BULK = 2  # work of minutes, as exports and imports: never on every slot of a worker


@dataclass(frozen=True)
class Kind:
    """All that is declared of one kind of jobs."""

    handler: Handler
    lane: Lane = Lane.ORDINARY
    ended: Ended | None = None
    limit: timedelta | None = None
    words: str = ""


_kinds: dict[str, Kind] = {}


def handles(
    kind: str,
    *,
    lane: Lane = Lane.ORDINARY,
    ended: Ended | None = None,
    limit: timedelta | None = None,
    words: str = "",
) -> Callable[[Handler], Handler]:
    """Make the decorated function, in an app's `handlers.py`, do the jobs of `kind`.

    It is called inside a transaction and, for a tenant's job, its scope; what it writes and the
    job's end are committed together. `ended(job)` is called in the transaction that records the
    end, whatever it is (done, refused, given up, buried by the sweeper), and in the tenant's scope;
    not for a retry, nor for a cancellation. An end stands even if `ended` raises.
    A job that takes longer than `limit` is given up; CELERY_TASK_SOFT_TIME_LIMIT holds for all.
    `words` is what people call the kind, such as "Export"; without it, it is the kind's last word.
    Raises ValueError if the kind has a handler already.
    """

    def register(handler: Handler) -> Handler:
        if kind in _kinds:
            raise ValueError(f"Two handlers for jobs of kind {kind}")
        _kinds[kind] = Kind(handler, lane, ended, limit, words)
        return handler

    return register


@cache
def discover() -> None:
    """Import every app's `handlers.py`, once: looking for them again costs each job a search."""
    for app in apps.get_app_configs():
        # Those of Django's own apps handle requests.
        if not app.name.startswith("django.") and module_has_submodule(app.module, "handlers"):
            import_module(f"{app.name}.handlers")


def kind_named(name: str) -> Kind | None:
    """What is declared of a kind, or None if nobody handles it (any more, or yet)."""
    discover()
    return _kinds.get(name)


def handler_of(name: str) -> Handler:
    """The function that does jobs of a kind. Raises LookupError if there is none."""
    if kind := kind_named(name):
        return kind.handler
    raise LookupError(f"No handler for jobs of kind {name}")


def lane_of(name: str) -> Lane:
    """How urgent a kind is; one that nobody handles yet is as urgent as most."""
    kind = kind_named(name)
    return kind.lane if kind else Lane.ORDINARY


def ended_of(name: str) -> Ended | None:
    """What a kind wants called at a job's end, if anything."""
    kind = kind_named(name)
    return kind.ended if kind else None


def kinds_told() -> list[str]:
    """The kinds whose end is told to whoever asked."""
    discover()
    return [name for name, kind in _kinds.items() if kind.ended]


def limit_of(name: str) -> timedelta:
    """How long a job of a kind may take."""
    kind, most = kind_named(name), timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT)
    return min(kind.limit, most) if kind and kind.limit else most


def words_of(name: str) -> str:
    """What people call a kind."""
    kind = kind_named(name)
    last = name.rpartition(".")[2].replace("_", " ").replace("-", " ")
    return (kind and kind.words) or last.capitalize()
