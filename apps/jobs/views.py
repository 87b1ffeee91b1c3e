"""What people do to jobs from the portal; how far a job is, its own room's page shows."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from apps.core.access import access
from apps.core.http import TenantRequest, leads_home
from apps.tenants.roles import TRANSFER


@access(TRANSFER, "POST")
def job_cancellation_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Stop a job, for whoever asked for it or an admin; go back to the page named by `next`."""
    job = get_object_or_404(request.tenant.jobs, pk=pk)
    if not job.may_be_cancelled_by(request.membership):
        raise PermissionDenied
    if job.cancel(by=request.user):
        messages.success(request, f"{job} was cancelled.")
    else:
        messages.info(request, f"{job} had ended before it could be cancelled.")
    back = request.GET.get("next", "")
    # Not by redirect(), to which a word is the name of a route.
    return HttpResponseRedirect(
        back if leads_home(request, back) else request.tenant.get_absolute_url()
    )
