"""What a request carries once the middleware has seen it, and where it may lead."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from apps.accounts.models import User
    from apps.tenants.models import Membership, Tenant


class SignedInRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: "User"
    htmx: "HtmxDetails"
    memberships: "list[Membership]"


class TenantRequest(SignedInRequest):
    """A request inside a tenant, by one of its members."""

    tenant: "Tenant"
    membership: "Membership"


def length_of(request: HttpRequest) -> int:
    """How many bytes a request says that its body has; 0 where it says none, or no number."""
    told = request.META.get("CONTENT_LENGTH") or ""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


def leads_home(request: HttpRequest, url: str) -> bool:
    """Whether an address that somebody brought along, such as `next`, stays on this very host.

    Other hosts do not count, though ALLOWED_HOSTS or TRUSTED_ORIGINS may name them.
    """
    return url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    )
