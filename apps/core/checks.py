"""The start-up check that every route of the project has declared its access."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.access import Access

# Routes of libraries, which cannot carry our declaration; each module answers for its own.
LIBRARIES = ("allauth.account.", "django.contrib.staticfiles.", "django.views.static.")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every route as its path pattern and its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


@register()
def every_route_declares_its_access(**kwargs: object) -> list[CheckMessage]:
    """Refuse a view without ``@access``: nobody has decided yet who may call it."""
    return [
        Error(
            f"The view of /{path} does not declare its access.",
            hint="Put @access(Role.VIEWER), or another role or plane, on it: apps/core/access.py.",
            obj=view,
            id="slipway.E001",
        )
        for path, view in routes()
        if not isinstance(getattr(view, "access", None), Access)
        and not view.__module__.startswith(LIBRARIES)
    ]
