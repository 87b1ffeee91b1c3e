"""Round trips: a member asks for a mail to themself, and sees whether queue and mail server work.

`deploy/smoke` asks for one after each deploy and every few minutes. It is a job whose work is to
queue the mail: the job's end proves the worker, the mail's the way to the mail server. It stands in
no list of the portal, leaves nothing in the activity log, and is forgotten after an hour.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.core import mailing
from apps.core.access import access
from apps.core.http import TenantRequest
from apps.jobs.models import Job
from apps.jobs.registry import handles
from apps.jobs.runner import Run
from apps.mail.models import Mail
from apps.tenants.roles import WRITE

KIND = TEMPLATE = "round_trip"
KEPT_FOR = timedelta(hours=1)


@access(WRITE, "POST")
def round_trip_create(request: TenantRequest, slug: str) -> HttpResponse:
    """Ask for one."""
    asked = Job.ask(KIND, tenant=request.tenant, by=request.user, title="Round trip")
    return redirect("round_trip_detail", slug, asked.pk)


@access(WRITE)
def round_trip_detail(request: TenantRequest, slug: str, pk: int) -> HttpResponse:
    """How far it is, in JSON, to whoever asked for it; another job of theirs has no such mail."""
    job = get_object_or_404(request.tenant.jobs, pk=pk, requested_by=request.user)
    mail = request.tenant.mails.filter(pk=job.arguments.get("mail")).first()
    told = {
        "queue": {
            "state": job.state,
            "asked_at": moment(job.created_at),
            "ended_at": moment(job.finished_at),
        },
        "mail": {
            "state": mail.state if mail else "",
            "asked_at": moment(mail.created_at if mail else None),
            "ended_at": moment(mail.sent_at if mail else None),
        },
    }
    return JsonResponse(told)


def moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None


@handles(KIND)
def make_round_trip(run: Run) -> None:
    """Queue the mail to whoever asked, note which one it is, and forget what is old."""
    job: Any = run.job
    if job.requested_by is None:
        return
    to = job.requested_by.email
    message = mailing.compose(TEMPLATE, to=to, tenant=job.tenant)
    mail = Mail.objects.queue(message, to=to)
    job.this_attempt().update(arguments={"mail": mail.pk})
    forget(job.tenant)


def forget(tenant: Any) -> None:
    """Delete the tenant's round trips that are old, with their mails and the jobs of these."""
    long_ago = timezone.now() - KEPT_FOR
    mails = tenant.mails.filter(template=TEMPLATE, created_at__lt=long_ago)
    jobs = [*mails.exclude(job=None).values_list("job", flat=True)]
    mails.delete()
    tenant.jobs.filter(pk__in=jobs).delete()
    tenant.jobs.filter(kind=KIND, created_at__lt=long_ago).delete()
