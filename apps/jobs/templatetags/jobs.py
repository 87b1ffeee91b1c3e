"""What a page says of a job under way: how long it still takes, and when to look again."""

from math import ceil
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.templatetags.ui import counted
from apps.jobs.models import Job

register = template.Library()

SOONEST, LATEST = 1, 15  # seconds between two looks
AGE_FOR_A_SECOND = 20  # a page looks a second later for each so many that a job has taken
SETTLING = 2.0  # seconds after which an attempt's pace says something of the rest
SHORTEST_RELOAD = 5  # seconds; whoever reads the page needs some


@register.filter
def time_left(job: Job) -> str:
    """About how long a job still takes, in words; "" where nothing can be said."""
    left, began = job.seconds_left, job.started_at
    if left is None or began is None:
        return ""
    if (timezone.now() - began).total_seconds() < SETTLING:
        return ""
    return span_in_words(left)


def span_in_words(seconds: int) -> str:
    """A span in steps so wide that it does not flicker: "about 20 seconds", "about 2 minutes"."""
    if seconds <= 5:
        return "a few seconds"
    if seconds < 55:
        return f"about {max(10, round(seconds / 10) * 10)} seconds"
    if seconds < 90:
        return "about a minute"
    minutes = round(seconds / 60)
    if minutes < 55:
        return f"about {minutes if minutes < 10 else round(minutes / 5) * 5} minutes"
    return f"about {counted(round(seconds / 3600), 'hour')}"


@register.filter
def pause(job: Job) -> int:
    """After how many seconds a page looks at an open job again.

    The longer it has taken already, the later; but not long after it should have ended, or should
    be tried again.
    """
    now = timezone.now()
    if (wait := (job.run_after - now).total_seconds()) > 0:  # it is to be tried again then
        return bounded(wait)
    age = (now - (job.started_at or job.created_at)).total_seconds()
    left = job.seconds_left
    later = age / AGE_FOR_A_SECOND
    return bounded(later if left is None else min(later, left))


def bounded(seconds: float) -> int:
    return min(max(ceil(seconds), SOONEST), LATEST)


@register.filter
def reload_pause(jobs: "Job | list[Job]") -> int:
    """After how many seconds a page without scripts is loaded again."""
    return max(SHORTEST_RELOAD, pause_of(jobs if isinstance(jobs, list) else [jobs]))


@register.filter
def pause_of(jobs: list[Job]) -> int:
    """After how many seconds a page looks at several open jobs again."""
    return min((pause(job) for job in jobs), default=LATEST)


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
def milestone(context: Context, job: Any) -> str:
    """What a screen reader hears of an open job at this look: each quarter once, and no tick."""
    request = context.get("request")
    if request is None or not request.htmx or not job.is_active:
        return ""
    heard = request.GET.get("heard", "")
    passed = quarter(job)
    return f"{passed} % done" if passed > (int(heard) if heard.isdecimal() else 0) else ""
