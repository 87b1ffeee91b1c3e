"""The page of all imports and exports."""

from django.http import HttpResponse
from django.shortcuts import render

from apps.core.access import access
from apps.core.http import TenantRequest
from apps.core.keyset import Sort, paginate
from apps.jobs.models import Job
from apps.jobs.notices import numbers, see
from apps.tenants.roles import READ
from apps.transfers.registry import resources

NEWEST_FIRST = (Sort("asked", "id", descending=True),)
KINDS = ("transfers.export", "transfers.import")


@access(READ)
def transfer_list(request: TenantRequest, slug: str) -> HttpResponse:
    """Exports and imports, the newest first, and above them the imports that wait for somebody.

    To htmx the table alone, which asks for itself while it shows an open job.
    """
    jobs = request.tenant.jobs.filter(kind__in=KINDS)
    jobs = jobs.select_related("as_export__tenant", "as_import__tenant", "requested_by")
    page = paginate(request, jobs, NEWEST_FIRST)
    shown_open = numbers(request.GET.get("open", ""))
    open_jobs = [job for job in page.rows if job.is_active]
    see(request.user, page.rows)
    context = {
        "page": page,
        "open_jobs": open_jobs,
        "poll_url": poll_url(request, open_jobs),
        "ended": [job for job in page.rows if job.pk in shown_open and not job.is_active],
    }
    if request.htmx:
        return render(request, "transfers/transfer_table.html", context)
    context["drafts"] = request.tenant.imports.drafts() if request.membership.may_transfer else []
    context["resources"] = resources()
    return render(request, "transfers/transfer_list.html", context)


def poll_url(request: TenantRequest, open_jobs: list[Job]) -> str:
    """Where the table asks for itself; it says which jobs it shows as open."""
    query = request.GET.copy()
    query["open"] = ",".join(str(job.pk) for job in open_jobs)
    return f"{request.path}?{query.urlencode()}"
