"""What people are told of the jobs that they asked for, on whatever page they are.

A job's end leaves words with the job itself (`leave`), so that a page needs one query, which reads
no table of a tenant's: it can stand on the pages outside of all workspaces too. A notice is shown
until its person dismisses it or sees the job's own page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.progress import pause_of
from apps.jobs.registry import kinds_told
from apps.tenants.caching import is_noted, note

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.tenants.models import Membership

SHOWN = 3
READ = 20  # at most so many jobs of one person are looked at for one page
KEPT_FOR = timedelta(days=7)
WATCHED_FOR = 10  # seconds after a look; the pages of a young job look more often
# Of a job that is open, or whose end is told, no page needs more.
NEEDED = (
    *("tenant", "kind", "title", "state", "result", "done", "total"),
    *("created_at", "started_at", "run_after", "lease_until", "requested_by"),
)


@dataclass(frozen=True)
class News:
    """What one person is to be told on one page."""

    open: list[Job]
    ended: list[Job]


def leave(job: Job, text: str, *, url: str = "", label: str = "") -> None:
    """Leave words with a job, and a way on, for whoever asked for it.

    It is called where the job's end is recorded, so that there is never one without the other.
    """
    job.result = {**job.result, "notice": text, "url": url, "label": label}
    Job.objects.filter(pk=job.pk).update(result=job.result)


def leave_cancellation(job: Job, *, by: "User") -> None:
    """Tell whoever asked for a job that somebody else has stopped it; oneself knows."""
    if job.requested_by_id == by.pk:
        Job.objects.filter(pk=job.pk).update(seen_at=timezone.now())
    else:
        leave(job, f"{by.display_name} cancelled your {what(job)}.")


def what(job: Job) -> str:
    """A job's title inside a sentence: "export of clients"."""
    return job.title[:1].lower() + job.title[1:]


def news_for(user: "User", memberships: "Iterable[Membership]", *, but: int | None = None) -> News:
    """What somebody is to be told of their jobs in those workspaces; `but` is told by the page.

    One query. Memberships that open nothing to them now have to be left out.
    """
    is_open = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING])
    is_told = Q(result__has_key="notice", finished_at__gt=timezone.now() - KEPT_FOR)
    tenants = {each.tenant_id: each.tenant for each in memberships}
    own = Job.objects.filter(requested_by=user, tenant__in=tenants, kind__in=kinds_told())
    unseen = own.filter(is_open | is_told, seen_at=None)
    if but is not None:
        unseen = unseen.exclude(pk=but)
    jobs = list(unseen.only(*NEEDED).order_by("-pk")[:READ])
    for job in jobs:
        job.tenant = tenants[job.tenant_id or 0]
    return News(
        open=[job for job in jobs if job.is_active],
        ended=[job for job in jobs if not job.is_active],
    )


def on_page(request: Any, *, but: int | None = None, here: str = "") -> dict[str, Any]:
    """What components/job_notices.html shows on a page of somebody who is signed in.

    In a workspace that is what they asked for there, outside of all what they asked for anywhere.
    `here` is where to go back to after a dismissal.
    """
    news = news_for(request.user, open_to(request), but=but)
    watch(news.open)
    shown = [job.pk for job in news.ended[:SHOWN]]
    before = request.GET.get("shown") if request.htmx else None
    heard = numbers(before or "")
    query = {"shown": ",".join(map(str, shown)), "every": pause_of(news.open), "but": but or ""}
    return {
        "request": request,
        "but": but or "",
        "here": here,
        "shown": news.ended[:SHOWN],
        "more": len(news.ended[SHOWN:]),
        "fresh": [job for job in news.ended if job.pk not in heard] if before is not None else [],
        "poll_url": f"{address(request)}?{urlencode(query)}" if news.open else "",
        "seconds": query["every"],
    }


def open_to(request: Any) -> "list[Membership]":
    """The memberships by which this request may be told of jobs."""
    if getattr(request, "tenant", None):
        return [request.membership]
    return [
        each
        for each in request.memberships
        if not each.tenant.requires_mfa or request.user.has_second_factor
    ]


def address(request: Any) -> str:
    """Where the notices of this page ask for themselves."""
    tenant = getattr(request, "tenant", None)
    return reverse("job_notice_list", args=[tenant.slug]) if tenant else reverse("notice_list")


def numbers(listed: str) -> set[int]:
    """The numbers in "4,5", and nothing else that somebody may have written there."""
    return {int(each) for each in listed.split(",") if each.isdecimal()}


def see(user: "User", jobs: Iterable[Job]) -> None:
    """Note that somebody sees how their jobs are: of one that has ended they need no notice."""
    own = [job for job in jobs if job.requested_by_id == user.pk]
    watch([job for job in own if job.is_active])
    unseen = [job.pk for job in own if not job.is_active and job.seen_at is None]
    if unseen:
        Job.objects.filter(pk__in=unseen, requested_by=user).update(seen_at=timezone.now())


def watch(jobs: Iterable[Job]) -> None:
    """Note for a moment that whoever asked for these open jobs is looking at a page."""
    note([(job.tenant, watched(job)) for job in jobs if job.tenant], seconds=WATCHED_FOR)


def is_watched(job: Job) -> bool:
    """Whether whoever asked for the job looked a moment ago; no, where the cache cannot say."""
    return job.tenant is not None and is_noted(job.tenant, watched(job))


def watched(job: Job) -> str:
    return f"job.watched.{job.pk}"
