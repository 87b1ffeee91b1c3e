"""How long an open job still takes, in words, and when to look at it again."""

from collections.abc import Iterable
from math import ceil

from django.utils import timezone

from apps.core.templatetags.ui import counted
from apps.jobs.models import Job

SOONEST, LATEST = 1, 15  # seconds between two looks
AGE_FOR_A_SECOND = 20  # a page looks a second later for each so many that a job has taken
SETTLING = 2.0  # seconds after which an attempt's pace says something of the rest


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


def pause(job: Job) -> int:
    """After how many seconds a page looks at an open job again.

    The longer it has taken already, the later; but not long after it should have ended, or should
    be tried again.
    """
    now = timezone.now()
    if (wait := (job.run_after - now).total_seconds()) > 0:
        return bounded(wait)
    later = (now - (job.started_at or job.created_at)).total_seconds() / AGE_FOR_A_SECOND
    left = job.seconds_left
    return bounded(later if left is None else min(later, left))


def pause_of(jobs: Iterable[Job]) -> int:
    """After how many seconds a page looks at several open jobs again."""
    return min((pause(job) for job in jobs), default=LATEST)


def bounded(seconds: float) -> int:
    return min(max(ceil(seconds), SOONEST), LATEST)
