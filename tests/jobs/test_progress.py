"""What a page says of how far a job is, and how soon it looks again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from apps.jobs.models import Job
from apps.jobs.progress import LATEST, pause, pause_of, span_in_words, time_left
from apps.jobs.templatetags.jobs import milestone, polling, reload_pause


def running(seconds: float, **facts: Any) -> Job:
    """A job that began so long ago and whose rows were counted just now."""
    now = timezone.now()
    began: datetime = now - timedelta(seconds=seconds)
    defaults = {"state": "running", "created_at": began, "started_at": began}
    return Job(**{**defaults, "run_after": began, "lease_until": now + Job.LEASE, **facts})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "a few seconds"),
        (7, "about 10 seconds"),
        (34, "about 30 seconds"),
        (54, "about 50 seconds"),
        (61, "about a minute"),
        (119, "about 2 minutes"),
        (1000, "about 15 minutes"),
        (3599, "about 1 hour"),
        (9000, "about 2 hours"),
    ],
)
def test_the_time_left_is_said_in_steps(seconds: int, words: str) -> None:
    assert span_in_words(seconds) == words


def test_the_time_left_follows_from_the_pace_so_far() -> None:
    assert time_left(running(30, done=250, total=1000)) == "about 2 minutes"


def test_nothing_is_said_of_the_time_left_before_anything_is_known() -> None:
    assert time_left(running(1, done=250, total=1000)) == ""
    assert time_left(running(30, done=0, total=1000)) == ""
    assert time_left(running(30, done=250)) == ""
    assert time_left(running(30, done=250, total=1000, state="queued")) == ""


def test_the_time_left_runs_down_between_two_pulses_and_does_not_go_up() -> None:
    now = timezone.now()
    fresh = running(30, done=500, total=1000)
    stale = running(40, done=500, total=1000, lease_until=now - timedelta(seconds=10) + Job.LEASE)
    assert (fresh.seconds_left, stale.seconds_left) == (30, 20)


def test_a_page_looks_the_less_often_the_longer_a_job_has_taken() -> None:
    looks = [pause(running(age)) for age in (0, 15, 50, 200, 4000)]
    assert looks == [1, 1, 3, 11, LATEST]


def test_a_page_looks_again_about_when_the_job_should_have_ended_or_is_tried_again() -> None:
    assert pause(running(400, done=99, total=100)) == 4
    later = timezone.now() + timedelta(seconds=7.5)
    assert pause(running(400, state="queued", run_after=later)) == 8


def test_a_list_looks_as_often_as_its_most_urgent_job() -> None:
    assert pause_of([running(200), running(50)]) == 3
    assert pause_of([]) == LATEST


def test_a_page_without_scripts_leaves_time_to_read() -> None:
    assert reload_pause(running(1)) == 5
    assert reload_pause([running(4000)]) == LATEST


def test_an_element_asks_for_itself_and_says_what_it_shows() -> None:
    assert polling("/jobs/7/", 3, heard=25) == (
        'data-poll hx-get="/jobs/7/?heard=25"'
        ' hx-trigger="every 3s, visibilitychange from:document" hx-swap="outerHTML"'
    )


@pytest.mark.parametrize(
    ("heard", "done", "said"),
    [
        ("0", 24, ""),
        ("0", 25, "25 % done"),
        ("25", 49, ""),
        ("25", 51, "50 % done"),
        ("x", 75, "75 % done"),
    ],
)
def test_a_quarter_is_said_once_and_a_tick_never(heard: str, done: int, said: str) -> None:
    request: Any = RequestFactory().get("/", {"heard": heard})
    request.htmx = True
    assert milestone({"request": request}, running(9, done=done, total=100)) == said
    request.htmx = False
    assert milestone({"request": request}, running(9, done=done, total=100)) == ""
