"""What a page says of jobs: how long one still takes, when to look again, what has ended."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.jobs import notices, progress
from apps.jobs.models import Job

register = template.Library()
register.filter(progress.time_left)
register.filter(progress.pause)
register.filter(progress.pause_of)

SHORTEST_RELOAD = 5  # seconds; whoever reads the page needs some


@register.filter
def reload_pause(jobs: "Job | list[Job]") -> int:
    """After how many seconds a page without scripts is loaded again."""
    listed = jobs if isinstance(jobs, list) else [jobs]
    return max(SHORTEST_RELOAD, progress.pause_of(listed))


@register.simple_tag
def polling(url: str, seconds: int, **query: object) -> SafeString:
    """The attributes of an element that is replaced by what `url` answers, every so many seconds.

    `query` says what the element shows, so that the answer can tell what is new.
    static/js/site.js holds it back while nobody looks at the page; it asks as soon as somebody
    does. One answer that stays away changes nothing: the element stays and asks again.
    """
    return format_html(
        'data-poll hx-get="{}" hx-trigger="every {}s, visibilitychange from:document"'
        ' hx-swap="outerHTML"',
        f"{url}?{urlencode(query)}" if query else url,
        seconds,
    )


@register.filter
def quarter(job: Job) -> int:
    """The last quarter that a job has passed: 0, 25, 50 or 75."""
    return (job.percent or 0) // 25 * 25


@register.simple_tag(takes_context=True)
def milestone(context: Context, job: Job) -> str:
    """What a screen reader hears of an open job at this look: each quarter once, and no tick."""
    request = context.get("request")
    if request is None or not request.htmx or not job.is_active:
        return ""
    heard = request.GET.get("heard", "")
    passed = quarter(job)
    return f"{passed} % done" if passed > (int(heard) if heard.isdecimal() else 0) else ""


@register.filter
def notice_level(state: str) -> str:
    """The colour of a notice that tells of this end."""
    return {Job.State.SUCCEEDED: "good", Job.State.CANCELLED: ""}.get(Job.State(state), "bad")


@register.inclusion_tag("components/job_notices.html", takes_context=True)
def job_notices(context: Context) -> dict[str, Any]:
    """The notices of ended jobs; while others are open, they ask for themselves.

    The page of a job, which has it as `job`, tells of that one by itself.
    """
    job = context.get("job")
    request = context["request"]
    if not request.user.is_authenticated:
        return {}
    but = job.pk if isinstance(job, Job) else None
    return notices.on_page(request, but=but, here=request.get_full_path())
