"""How long ended jobs are kept: deleting those that nobody asks for any more."""

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from apps.jobs.models import Job
from apps.tenants.scope import platform_scope

BATCH = 1000


def outlived() -> models.QuerySet[Job]:
    """The jobs that ended long enough ago; dead letters are kept longer.

    What would be deleted along with its job keeps it, as an export does: its own room decides how
    long that is kept, and asks the job how it went.
    """
    now = timezone.now()
    held = {
        f"{relation.name}__isnull": True
        for relation in Job._meta.related_objects
        if relation.on_delete is models.CASCADE
    }
    dead = Q(state=Job.State.DEAD)
    long_ago = now - timedelta(days=settings.JOBS_KEPT_DAYS)
    longer_ago = now - timedelta(days=settings.DEAD_JOBS_KEPT_DAYS)
    return Job.objects.filter(
        (~dead & Q(finished_at__lt=long_ago)) | (dead & Q(finished_at__lt=longer_ago)), **held
    )


def purge() -> int:
    """Delete them, in batches that each commit, and return how many; what runs is never among them.

    A job that is asked for again at this moment is left alone by the lock.
    """
    count = 0
    while True:
        with transaction.atomic(), platform_scope(reason="Delete jobs that ended long ago"):
            locked = outlived().select_for_update(of=("self",), skip_locked=True)
            pks = list(locked.order_by("finished_at").values_list("pk", flat=True)[:BATCH])
            Job.objects.filter(pk__in=pks).delete()
        count += len(pks)
        if len(pks) < BATCH:
            return count
