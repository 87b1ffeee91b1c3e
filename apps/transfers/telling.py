"""How the end of an export or an import is told to whoever asked: a notice, and mostly a mail.

Both lead to the page of the transfer and never to its file, and say no more of the data than how
many rows there are.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.core import mailing
from apps.jobs.models import Job
from apps.jobs.notices import is_watched, leave, what
from apps.transfers.models import Export, Import

QUICK = timedelta(seconds=30)


def tell_of_export(job: Job) -> None:
    """Tell that an export is ready or has failed; it is called in the transaction of its end."""
    assert job.tenant
    export: Export = job.tenant.exports.get(job=job)
    if job.state != Job.State.SUCCEEDED:
        return tell_of_failure(job, export)
    url = export.get_absolute_url()
    leave(job, f"Your {what(job)} is ready: {export.summary}.", url=url, label="Get the file")
    counted = export.resource.counted(export.rows or 0)
    write("export_ready", job, export, counted=counted, kept_until=export.expires_at)


def tell_of_import(job: Job) -> None:
    """Tell that an import has finished or failed; it is called in the transaction of its end."""
    assert job.tenant
    upload: Import = job.tenant.imports.get(job=job)
    if job.state != Job.State.SUCCEEDED:
        return tell_of_failure(job, upload)
    url = upload.get_absolute_url()
    leave(job, f"Your {what(job)} finished: {upload.summary}.", url=url, label="See the report")
    taken = upload.added + upload.updated
    write("import_finished", job, upload, added=taken, refused=upload.refused)


def tell_of_trial(job: Job) -> None:
    """Tell, in the portal alone, what an import would do; it is called where the trial ends."""
    assert job.tenant
    draft: Import = job.tenant.imports.get(trial=job)
    url = draft.get_absolute_url()
    if job.state != Job.State.SUCCEEDED:
        return leave(job, f"Your {what(job)} failed.", url=url, label="See what happened")
    words = f"Your {what(job)} is done: an import would have {draft.counts}."
    leave(job, words, url=url, label="See what it would do")


def tell_of_undoing(job: Job) -> None:
    """Tell, in the portal alone, what undoing an import came to; it is called where that ends."""
    assert job.tenant
    upload: Import = job.tenant.imports.get(undoing=job)
    did = f"finished: {upload.undone_summary}" if upload.undone else "failed"
    leave(job, f"Your {what(job)} {did}.", url=upload.get_absolute_url(), label="See the report")


def tell_of_failure(job: Job, transfer: Export | Import) -> None:
    """Tell that nothing came of it; why, which may name what was in a file, its page alone says."""
    url = transfer.get_absolute_url()
    leave(job, f"Your {what(job)} failed.", url=url, label="See what happened")
    write("job_failed", job, transfer)


def write(template: str, job: Job, transfer: Export | Import, **facts: Any) -> None:
    """Mail whoever asked, once for each end, unless they have seen it or may not see it any more.

    Somebody who looks on while it ends within half a minute needs no mail.
    """
    assert job.tenant
    person = job.requested_by
    may_look = job.tenant.memberships.active().filter(user=person).first()
    if person is None or may_look is None or not may_look.may_transfer:
        return
    if timezone.now() - job.created_at < QUICK and is_watched(job):
        return
    doing = "export" if isinstance(transfer, Export) else "import"
    context = {
        "doing": f"{doing} of {transfer.resource.nouns}",
        "workspace": job.tenant.name,
        "link": mailing.absolute(transfer.get_absolute_url()),
        **facts,
    }
    key = f"job {job.pk} ended at attempt {job.attempts}"
    mailing.send(template, to=person.email, context=context, tenant=job.tenant, key=key)
