"""Which function does which kind of job."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from apps.jobs.runner import Run

Handler = Callable[["Run"], None]
_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Make the decorated function, in an app's `handlers.py`, do the jobs of `kind`.

    It is called inside a transaction and, for a tenant's job, its scope; what it writes and the
    job's end are committed together. Raises ValueError if the kind has a handler already.
    """

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"Two handlers for jobs of kind {kind}")
        _handlers[kind] = handler
        return handler

    return register


@cache
def discover() -> None:
    """Import every app's `handlers.py`, once: looking for them again costs each job a search."""
    autodiscover_modules("handlers")


def handler_of(kind: str) -> Handler:
    """The function that does jobs of `kind`. Raises LookupError if there is none."""
    discover()
    try:
        return _handlers[kind]
    except KeyError:
        raise LookupError(f"No handler for jobs of kind {kind}") from None
