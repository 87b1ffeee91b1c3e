"""The start-up checks of the URLconf: every route has declared its access, and stands by it."""

from django.core.checks import CheckMessage, Error, register

from apps.core.access import Plane
from apps.core.surface import TENANT_PREFIX, routes


@register()
def every_route_declares_its_access(**kwargs: object) -> list[CheckMessage]:
    """Refuse a view without ``@access``: nobody has decided yet who may call it."""
    return [
        Error(
            f"The view of /{route.path} does not declare its access.",
            hint="Put @access(Role.VIEWER), or another role or plane, on it: apps/core/access.py. "
            "A library's view is wrapped where it is routed: apps/accounts/urls.py.",
            obj=route.view,
            id="slipway.E001",
        )
        for route in routes()
        if route.access is None
    ]


@register()
def roles_are_asked_inside_tenants_only(**kwargs: object) -> list[CheckMessage]:
    """Refuse a role outside a tenant, where nobody has one, and a tenant's page without a role.

    The platform plane is no role: a page for staff inside a tenant would be a way into it.
    """
    return [
        Error(
            f"The view of /{route.path} is on the {route.access.plane.value} plane.",
            hint=f"Under /{TENANT_PREFIX} every view asks for a role, and no view elsewhere does.",
            obj=route.view,
            id="slipway.E002",
        )
        for route in routes()
        if route.access
        and (route.access.plane is Plane.TENANT) != route.path.startswith(TENANT_PREFIX)
    ]
