"""Cancelling a job from the portal: who may, what happens, and where one lands."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser
from tests.jobs.conftest import on_record

SignIn = Callable[[User], Browser]
Join = Callable[..., Membership]


def address(tenant: Tenant, pk: int, back: str = "") -> str:
    url = reverse("job_cancellation_create", args=[tenant.slug, pk])
    return f"{url}?next={back}" if back else url


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_an_admin_cancels_the_job_of_somebody_else(
    role: Role, acme: Tenant, join: Join, as_role: Callable[[Role], Browser]
) -> None:
    job = Job.ask("tests.any", tenant=acme, by=join(acme, Role.MEMBER).user, title="The export")
    as_role(role).post(address(acme, job.pk))
    assert on_record(job).state == Job.State.CANCELLED
    event = acme.events.get(action="job.cancelled")
    assert event.sentence == "cancelled The export"


def test_whoever_asked_for_a_job_cancels_it(acme: Tenant, join: Join, sign_in: SignIn) -> None:
    member = join(acme, Role.MEMBER)
    job = Job.ask("tests.any", tenant=acme, by=member.user)
    sign_in(member.user).post(address(acme, job.pk))
    assert on_record(job).state == Job.State.CANCELLED


def test_a_member_cannot_cancel_the_job_of_somebody_else(
    acme: Tenant, join: Join, sign_in: SignIn
) -> None:
    job = Job.ask("tests.any", tenant=acme, by=join(acme, Role.ADMIN).user)
    response = sign_in(join(acme, Role.MEMBER).user).post(address(acme, job.pk))
    assert (response.status_code, on_record(job).state) == (403, Job.State.QUEUED)


def test_a_viewer_cannot_cancel_even_what_they_once_asked_for(
    acme: Tenant, join: Join, sign_in: SignIn
) -> None:
    viewer = join(acme, Role.VIEWER)
    job = Job.ask("tests.any", tenant=acme, by=viewer.user)
    assert sign_in(viewer.user).post(address(acme, job.pk)).status_code == 403
    assert on_record(job).state == Job.State.QUEUED


def test_the_job_of_another_workspace_is_not_there(
    acme: Tenant, globex: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    owner = as_role(Role.OWNER)
    theirs = Job.ask("tests.any", tenant=globex)
    nobodys = Job.ask("tests.any")
    responses = [owner.post(address(acme, pk)) for pk in (theirs.pk, nobodys.pk, 10**9)]
    assert {response.status_code for response in responses} == {404}
    assert on_record(theirs).state == on_record(nobodys).state == Job.State.QUEUED


def test_a_job_that_ended_meanwhile_keeps_its_end(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    job = Job.ask("tests.any", tenant=acme)
    Job.objects.filter(pk=job.pk).update(state=Job.State.SUCCEEDED)
    response = as_role(Role.OWNER).post(address(acme, job.pk), follow=True)
    assert "had ended before it could be cancelled" in response.content.decode()
    assert on_record(job).state == Job.State.SUCCEEDED
    assert not acme.events.filter(action="job.cancelled").exists()


def test_one_is_taken_back_to_where_one_was_but_never_to_another_site(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    owner = as_role(Role.OWNER)

    def lands_at(back: str) -> str:
        job = Job.ask("tests.any", tenant=acme)
        return str(owner.post(address(acme, job.pk, back)).url)

    assert lands_at("/t/acme/exports/1/") == "/t/acme/exports/1/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", ""):
        assert lands_at(elsewhere) == "/t/acme/"


def test_cancelling_is_confirmed_and_asks_for_a_post(
    acme: Tenant, as_role: Callable[[Role], Browser]
) -> None:
    job = Job.ask("tests.any", tenant=acme, title="The export")
    page = as_role(Role.OWNER).get(address(acme, job.pk, "/t/acme/jobs/")).content.decode()
    assert "You are about to cancel <strong>The export</strong>." in page
    assert 'href="/t/acme/jobs/"' in page
    assert on_record(job).state == Job.State.QUEUED
