"""What the views of exports and imports share."""

from typing import Any

from django.http import Http404
from django.urls import reverse

from apps.core.http import TenantRequest
from apps.jobs.models import Job
from apps.jobs.notices import see
from apps.transfers.models import Export, Import
from apps.transfers.registry import Resource, resource_of


def resource_or_404(kind: str) -> Resource:
    """The resource of this kind; raises Http404 if nothing of this kind can be transferred."""
    try:
        return resource_of(kind)
    except LookupError as error:
        raise Http404 from error


def importable_or_404(kind: str) -> Resource:
    """The resource of this kind; raises Http404 unless its rows can come in."""
    resource = resource_or_404(kind)
    if not resource.is_importable:
        raise Http404(f"{resource.nouns.capitalize()} can be exported, not imported")
    return resource


def card(
    request: TenantRequest, transfer: Export | Import, job: Job | None = None, **result: str
) -> dict[str, Any]:
    """What components/job.html needs to show how far a transfer is; `result` is its button.

    Its job is the transfer's own, unless it is a trial or an undoing.
    """
    job, here = job or transfer.job, transfer.get_absolute_url()
    assert job
    see(request.user, [job])
    cancel = reverse("job_cancellation_create", args=[request.tenant.slug, job.pk])
    return {
        "transfer": transfer,
        "job": job,
        "poll_url": here,
        "cancel_url": f"{cancel}?next={here}"
        if job.may_be_cancelled_by(request.membership)
        else "",
        **result,
    }
