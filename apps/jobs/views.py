"""The pages of a workspace's jobs, what is done to them there, and the notices of their ends."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest, TenantRequest, leads_home
from apps.core.keyset import Sort, paginate
from apps.jobs.models import Job
from apps.jobs.notices import leave_cancellation, numbers, on_page, see
from apps.tenants.roles import MANAGE_JOBS, READ, TRANSFER

NEWEST = (Sort("newest", "pk", descending=True),)
UNSHOWN = ("arguments", "traceback", "result")  # long, and nobody's business on these pages


@access(MANAGE_JOBS)
def job_list(request: TenantRequest, slug: str) -> HttpResponse:
    """All jobs of the workspace, the newest first; ``?state=dead`` keeps those in one state."""
    jobs, state = request.tenant.jobs.select_related("requested_by"), request.GET.get("state", "")
    if state in Job.State.values:
        jobs = jobs.filter(state=state)
    page = paginate(request, jobs.defer(*UNSHOWN), NEWEST)
    context = {"page": page, "state": state, "states": Job.State.choices}
    return render(request, "jobs/job_list.html", context)


@access(MANAGE_JOBS)
def job_detail(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """One job: how it stands and, in plain words, why."""
    job = get_object_or_404(request.tenant.jobs.select_related("requested_by"), pk=pk)
    return render(request, "jobs/job_detail.html", {"job": job})


@access(MANAGE_JOBS, "GET", "POST")
def job_retry_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Have a job that ended without success tried again."""
    job = get_object_or_404(request.tenant.jobs, pk=pk)
    if request.method == "GET":
        consequence = "It begins anew. What it has done before may be done a second time."
        return confirm(request, job, "try once more", "Try again", consequence)
    if job.retry(by=request.user):
        messages.success(request, f"{job.name} is tried again.")
    else:
        messages.info(request, f"{job.name} waits, runs or is done: there is nothing to try again.")
    return redirect("job_detail", slug, pk)


@access(MANAGE_JOBS, "GET", "POST")
def job_discard_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Lay a job aside that was given up and that nobody needs."""
    job = get_object_or_404(request.tenant.jobs, pk=pk)
    if request.method == "GET":
        consequence = "It no longer counts as one that somebody has to look at."
        return confirm(request, job, "discard", "Discard", consequence)
    if job.discard(by=request.user):
        messages.success(request, f"{job.name} was discarded.")
    else:
        messages.info(request, f"{job.name} was not given up: there is nothing to discard.")
    return redirect("job_detail", slug, pk)


@access(TRANSFER, "GET", "POST")
def job_cancellation_create(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """Stop a job, for whoever asked for it or an admin; go back to the page named by `next`."""
    job = get_object_or_404(request.tenant.jobs, pk=pk)
    if not job.may_be_cancelled_by(request.membership):
        raise PermissionDenied
    if request.method == "GET":
        consequence = "What it has done so far is undone. You can have it tried again later."
        return confirm(request, job, "cancel", "Cancel the job", consequence)
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


def confirm(
    request: TenantRequest, job: Job, verb: str, button: str, consequence: str
) -> HttpResponse:
    """Ask whether it is meant, and say what follows."""
    context = {"name": job.name, "verb": verb, "button": button, "consequence": consequence}
    return render(request, "jobs/job_confirm.html", {**context, "back": way_back(request)})


def go_back(request: TenantRequest) -> HttpResponse:
    """To where the person was."""
    # Not by redirect(), to which a word is the name of a route.
    return HttpResponseRedirect(way_back(request))


def way_back(request: TenantRequest) -> str:
    """The page of our own that `next` names, or the workspace's first."""
    back = request.GET.get("next", "")
    return back if leads_home(request, back) else request.tenant.get_absolute_url()
