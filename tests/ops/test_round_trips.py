"""Round trips: what a smoke test asks for, and what is left of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.models import Event
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from dev.portal import Mailbox
from tests.conftest import Browser

PLACE = "/t/acme/roundtrips/"


@pytest.fixture
def browser(acme: Tenant, as_role: Callable[[Role], Browser]) -> Browser:
    return as_role(Role.MEMBER)


def states(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 200
    told = answer.json()
    return told["queue"]["state"], told["mail"]["state"]


def test_it_tells_how_far_the_job_and_then_its_mail_are(
    browser: Browser, do_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    where = browser.post(PLACE).headers["Location"]
    assert states(browser.get(where)) == ("queued", "")
    do_jobs()
    told = browser.get(where)
    assert states(told) == ("succeeded", "sent")
    for part in told.json().values():
        assert part["asked_at"] < part["ended_at"]
    (message,) = mailbox.messages
    assert message["To"] == "member@acme.example"
    assert "smoke test" in message["Subject"]


def test_a_mail_that_the_server_refuses_is_told(
    browser: Browser, do_jobs: Callable[[], int]
) -> None:
    where = browser.post(PLACE).headers["Location"]
    do_jobs()  # nobody listens where the mail server should be
    assert states(browser.get(where)) == ("succeeded", "queued")
    Mail.objects.update(state="failed")
    assert states(browser.get(where)) == ("succeeded", "failed")


def test_a_colleague_does_not_see_it(
    acme: Tenant, browser: Browser, as_role: Callable[[Role], Browser]
) -> None:
    where = browser.post(PLACE).headers["Location"]
    assert as_role(Role.OWNER).get(where).status_code == 404


def test_nothing_of_it_shows_in_the_portal(
    browser: Browser, do_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    before = Event.objects.count()
    browser.post(PLACE)
    do_jobs()
    assert Event.objects.count() == before
    for page in ("", "transfers/", "activity/"):
        assert "round trip" not in browser.get(f"/t/acme/{page}").content.decode().lower()


def test_old_ones_are_forgotten_and_the_neighbours_stay(
    browser: Browser, globex: Tenant, do_jobs: Callable[[], int], mailbox: Mailbox
) -> None:
    owner = globex.memberships.get().user
    Job.ask("round_trip", tenant=globex, by=owner)
    browser.post(PLACE)
    do_jobs()
    long_ago = timezone.now() - timedelta(hours=2)
    Job.objects.update(created_at=long_ago)
    Mail.objects.update(created_at=long_ago)
    browser.post(PLACE)
    do_jobs()
    assert Job.objects.filter(tenant__slug="acme").count() == 2
    assert Mail.objects.filter(tenant__slug="acme").count() == 1
    assert Mail.objects.filter(tenant=globex).count() == 1


def test_one_whose_person_is_gone_ends_quietly(acme: Tenant, do_jobs: Callable[[], int]) -> None:
    asked = Job.ask("round_trip", tenant=acme)
    do_jobs()
    asked.refresh_from_db()
    assert (asked.state, Mail.objects.count()) == ("succeeded", 0)
