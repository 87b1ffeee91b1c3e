"""The surface: every route of the URLconf, with the access that its view declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.access import Access

# Where the tenant middleware finds the tenant; a view that asks for a role stands nowhere else.
TENANT_PREFIX = "t/<slug:slug>/"


@dataclass(frozen=True)
class Route:
    """One route: its path as the URLconf writes it, its name and its view."""

    path: str
    name: str
    view: Any

    @property
    def access(self) -> Access | None:
        """What the view declared, or None if it did not."""
        declared = getattr(self.view, "access", None)
        return declared if isinstance(declared, Access) else None


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    """Every route of the project, in the order in which the URLconf tries them."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield Route(path, entry.name or "", entry.callback)
