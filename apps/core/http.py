"""What a request carries once the middleware has seen it, for type checkers and readers."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

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
