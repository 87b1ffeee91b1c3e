"""The first page of a workspace: how things stand, what happened last, what to do next."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.audit.lines import lines
from apps.clients.figures import figures
from apps.core.access import access
from apps.core.http import TenantRequest
from apps.tenants.roles import READ

RECENT = 10


@access(READ)
def dashboard(request: TenantRequest, slug: str) -> HttpResponse:
    """The dashboard."""
    tenant = request.tenant
    context = {
        "figures": figures(tenant),
        "members": tenant.memberships.active().count(),
        "lines": lines(tenant, tenant.events.order_by("-pk")[:RECENT]),
    }
    return render(request, "tenants/dashboard.html", context)
