"""The pages of a workspace's jobs: who sees them, what they say, and what is done there."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from apps.jobs.models import Job
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.jobs.conftest import on_record

AsRole = Callable[[Role], Browser]
TRACE = "Traceback (most recent call last): OSError: The disk is full"


def in_state(tenant: Tenant, state: str, **facts: object) -> Job:
    job = Job.ask("transfers.export", tenant=tenant, title=f"The {state} one")
    Job.objects.filter(pk=job.pk).update(state=state, **facts)
    return job


def page(browser: Browser, name: str, *arguments: object, query: str = "") -> str:
    return browser.get(reverse(name, args=arguments) + query).content.decode()


def test_an_admin_sees_the_workspaces_jobs_and_nobody_elses(
    acme: Tenant, globex: Tenant, as_role: AsRole, join: Callable[..., Membership]
) -> None:
    by = join(acme, Role.MEMBER, name="Grace").user
    in_state(acme, "running", done=1200, total=5000, attempts=2, requested_by=by)
    in_state(globex, "dead")
    shown = page(as_role(Role.ADMIN), "job_list", acme.slug)
    for words in ("The running one", "Export", "Running", "1,200 of 5,000", by.display_name):
        assert words in shown
    assert "The dead one" not in shown


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_whoever_is_no_admin_sees_none_of_it(acme: Tenant, as_role: AsRole, role: Role) -> None:
    browser, job = as_role(role), in_state(acme, "dead")
    assert browser.get(reverse("job_list", args=[acme.slug])).status_code == 403
    for name in ("job_detail", "job_retry_create", "job_discard_create"):
        assert browser.get(reverse(name, args=[acme.slug, job.pk])).status_code == 403
    assert browser.post(reverse("job_retry_create", args=[acme.slug, job.pk])).status_code == 403
    assert on_record(job).state == Job.State.DEAD


def test_the_list_is_narrowed_to_a_state_and_says_what_to_do_where_it_is_empty(
    acme: Tenant, as_role: AsRole
) -> None:
    browser = as_role(Role.ADMIN)
    assert "No jobs yet" in page(browser, "job_list", acme.slug)
    in_state(acme, "dead")
    in_state(acme, "succeeded")
    dead = page(browser, "job_list", acme.slug, query="?state=dead")
    assert "The dead one" in dead
    assert "The succeeded one" not in dead
    assert "No job is in this state" in page(browser, "job_list", acme.slug, query="?state=failed")


def test_a_long_list_has_pages(
    acme: Tenant, as_role: AsRole, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    browser = as_role(Role.ADMIN)
    Job.objects.bulk_create(Job(kind="tests.any", tenant=acme, title=f"N{n}.") for n in range(40))
    first = page(browser, "job_list", acme.slug)
    assert "N39." in first
    assert "N1." not in first
    assert "after=" in first


def test_a_dead_letters_page_says_why_in_words_with_the_request_and_no_traceback(
    acme: Tenant, as_role: AsRole
) -> None:
    job = in_state(
        acme, "dead", error=Job.GAVE_UP, traceback=TRACE, request_id="asked-1", attempts=5
    )
    shown = page(as_role(Role.ADMIN), "job_detail", acme.slug, job.pk)
    assert Job.GAVE_UP in shown
    assert "asked-1" in shown
    assert "5 of at most 5" in shown
    assert "Traceback" not in shown
    assert "disk is full" not in shown


def test_a_job_between_two_attempts_says_that_it_goes_on_by_itself(
    acme: Tenant, as_role: AsRole
) -> None:
    job = in_state(acme, "queued", traceback=TRACE, attempts=1)
    shown = page(as_role(Role.ADMIN), "job_detail", acme.slug, job.pk)
    assert "The last attempt failed. It is tried again by itself" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("name", "becomes", "action"),
    [
        ("job_retry_create", "queued", "job.retried"),
        ("job_discard_create", "discarded", "job.discarded"),
    ],
)
def test_a_dead_letter_is_tried_again_or_discarded_once_that_is_confirmed(
    acme: Tenant, as_role: AsRole, name: str, becomes: str, action: str
) -> None:
    browser, job = as_role(Role.ADMIN), in_state(acme, "dead")
    assert "<strong>The dead one</strong>" in page(browser, name, acme.slug, job.pk)
    assert on_record(job).state == Job.State.DEAD
    browser.post(reverse(name, args=[acme.slug, job.pk]))
    assert on_record(job).state == becomes
    assert acme.events.get(action=action).actor is not None


def test_what_is_done_already_is_said_and_changes_nothing(acme: Tenant, as_role: AsRole) -> None:
    browser, job = as_role(Role.ADMIN), in_state(acme, "succeeded")
    for name, words in (
        ("job_retry_create", "there is nothing to try again"),
        ("job_discard_create", "there is nothing to discard"),
    ):
        answer = browser.post(reverse(name, args=[acme.slug, job.pk]), follow=True)
        assert words in answer.content.decode()
    assert on_record(job).state == Job.State.SUCCEEDED
    assert not acme.events.filter(action__startswith="job.").exists()


def test_another_workspaces_job_is_the_same_404_as_a_missing_one(
    acme: Tenant, globex: Tenant, as_role: AsRole
) -> None:
    browser, theirs = as_role(Role.ADMIN), in_state(globex, "dead")
    for name in ("job_detail", "job_retry_create", "job_discard_create"):
        for pk in (theirs.pk, 10**9):
            assert browser.get(reverse(name, args=[acme.slug, pk])).status_code == 404
