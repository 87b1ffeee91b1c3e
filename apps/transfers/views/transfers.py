"""The page of all imports and exports."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.core.keyset import Sort, paginate
from apps.tenants.roles import READ
from apps.transfers.registry import resources

NEWEST_FIRST = (Sort("asked", "id", descending=True),)
KINDS = ("transfers.export", "transfers.import")


@access(READ)
def transfer_list(request: TenantRequest, slug: str) -> HttpResponse:
    """Exports and imports, the newest first, and above them the imports that wait for somebody."""
    jobs = request.tenant.jobs.filter(kind__in=KINDS)
    jobs = jobs.select_related("as_export__tenant", "as_import__tenant", "requested_by")
    drafts = request.tenant.imports.drafts() if request.membership.may_transfer else []
    context = {
        "page": paginate(request, jobs, NEWEST_FIRST),
        "drafts": drafts,
        "resources": resources(),
    }
    return render(request, "transfers/transfer_list.html", context)
