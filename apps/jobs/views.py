"""What people do to jobs from the portal; how far a job is, its own room's page shows."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest, leads_home
from apps.jobs.notices import leave_cancellation, numbers, on_page, see
from apps.tenants.roles import READ, TRANSFER


@access(TRANSFER, "POST")
def job_cancellation_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Stop a job, for whoever asked for it or an admin; go back to the page named by `next`."""
    job = get_object_or_404(request.tenant.jobs, pk=pk)
    if not job.may_be_cancelled_by(request.membership):
        raise PermissionDenied
    if job.cancel(by=request.user):
        leave_cancellation(job, by=request.user)
        messages.success(request, f"{job} was cancelled.")
    else:
        messages.info(request, f"{job} had ended before it could be cancelled.")
    return go_back(request)


@access(READ)
def job_notice_list(request: TenantRequest, slug: str) -> HttpResponse:
    """To a page that shows notices: those that it should show by now, or that nothing is new."""
    return show_notices(request)


@access(Plane.ACCOUNT)
def notice_list(request: SignedInRequest) -> HttpResponse:
    """The same to a page outside of all workspaces."""
    return show_notices(request)


@access(READ, "POST")
def job_notice_delete(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Dismiss the notice of a job of one's own; to htmx, those that are left."""
    job = get_object_or_404(request.tenant.jobs, pk=pk, requested_by=request.user)
    see(request.user, [job])
    return show_notices(request) if request.htmx else go_back(request)


def show_notices(request: SignedInRequest) -> HttpResponse:
    """The notices as a page shows them; without a body where it shows the same already."""
    but = min(numbers(request.GET.get("but", "")), default=None)
    context = on_page(request, but=but)
    if context["poll_url"] == request.get_full_path():
        return HttpResponse(status=204)
    return render(request, "components/job_notices.html", context)


def go_back(request: TenantRequest) -> HttpResponse:
    """To the page of our own that `next` names, or to the workspace's first."""
    back = request.GET.get("next", "")
    # Not by redirect(), to which a word is the name of a route.
    return HttpResponseRedirect(
        back if leads_home(request, back) else request.tenant.get_absolute_url()
    )
