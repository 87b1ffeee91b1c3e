"""Notices of ended jobs: on whatever page one is, until one has seen them, and only one's own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.notices import SHOWN, leave
from apps.jobs.runner import Run
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from tests.conftest import Browser

HTMX = {"HX-Request": "true"}
SAID = "Your report is ready: 12 pages."


@pytest.fixture
def kind(handled_by: Callable[..., str]) -> str:
    """A kind of jobs whose end is told."""

    def report(run: Run) -> None: ...

    return handled_by(report, ended=lambda job: None)


@pytest.fixture
def owner(acme: Tenant) -> User:
    user: User = acme.memberships.get(role=Role.OWNER).user
    return user


@pytest.fixture
def browser(owner: User, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(owner)


@pytest.fixture
def ended(kind: str, acme: Tenant, owner: User) -> Callable[..., Job]:
    """Make a job that has ended and left a notice."""

    def make(tenant: Tenant = acme, by: User = owner, text: str = SAID, **facts: Any) -> Job:
        job = Job.ask(kind, tenant=tenant, by=by, title="Report")
        now = timezone.now()
        Job.objects.filter(pk=job.pk).update(**{"state": "succeeded", "finished_at": now, **facts})
        leave(job, text, url="/t/acme/somewhere/", label="Read it")
        return job

    return make


def dashboard(browser: Browser) -> str:
    text: str = browser.get(reverse("dashboard", args=["acme"])).content.decode()
    return text


def profile(browser: Browser) -> str:
    text: str = browser.get(reverse("profile")).content.decode()
    return text


def test_whoever_asked_is_told_on_every_page_in_the_workspace_and_outside(
    ended: Callable[..., Job], browser: Browser
) -> None:
    ended()
    for page in (dashboard(browser), dashboard(browser), profile(browser)):
        assert SAID in page
        assert '<a href="/t/acme/somewhere/">Read it</a>' in page
        assert "hx-get" not in page.split('id="job-notices"')[1].split(">")[0]
    assert "(Acme)" in profile(browser)
    assert "(Acme)" not in dashboard(browser)


def test_nobody_else_is_told(
    globex: Tenant,
    ended: Callable[..., Job],
    as_role: Callable[[Role], Browser],
    sign_in: Callable[[User], Browser],
) -> None:
    ended()
    colleague = as_role(Role.ADMIN)
    assert SAID not in dashboard(colleague)
    for other in (colleague, sign_in(globex.memberships.get().user)):
        assert SAID not in profile(other)


def test_a_workspace_tells_of_its_own_jobs_alone(
    globex: Tenant, owner: User, ended: Callable[..., Job], browser: Browser
) -> None:
    globex.memberships.create(user=owner, role=Role.VIEWER)
    ended(globex, owner, "Theirs is ready.")
    assert "Theirs" not in dashboard(browser)
    assert "Theirs" in profile(browser)


def test_who_has_left_or_lacks_the_second_factor_is_not_told_outside(
    globex: Tenant, owner: User, ended: Callable[..., Job], browser: Browser
) -> None:
    seat = globex.memberships.create(user=owner, role=Role.MEMBER)
    ended(globex, owner, "Theirs is ready.")
    assert "Theirs" in profile(browser)
    Tenant.objects.filter(pk=globex.pk).update(requires_mfa=True)
    assert "Theirs" not in profile(browser)
    Tenant.objects.filter(pk=globex.pk).update(requires_mfa=False)
    seat.delete()
    assert "Theirs" not in profile(browser)


def test_a_dismissed_notice_stays_away(
    acme: Tenant, ended: Callable[..., Job], browser: Browser
) -> None:
    job, other = ended(), ended(text="Another is ready.")
    dismissal = reverse("job_notice_delete", args=["acme", job.pk])
    assert dismissal in dashboard(browser)
    here = reverse("client_list", args=["acme"])
    assert browser.post(f"{dismissal}?next={here}").url == here
    assert SAID not in dashboard(browser)
    left = browser.post(
        reverse("job_notice_delete", args=["acme", other.pk]), headers=HTMX
    ).content.decode()
    assert "is ready" not in left
    assert 'id="job-notices"' in left


def test_nobody_dismisses_the_notice_of_somebody_else(
    ended: Callable[..., Job], browser: Browser, as_role: Callable[[Role], Browser]
) -> None:
    job = ended()
    dismissal = reverse("job_notice_delete", args=["acme", job.pk])
    assert as_role(Role.ADMIN).post(dismissal).status_code == 404
    assert SAID in dashboard(browser)


def test_an_old_notice_one_without_words_and_one_of_an_untold_kind_are_not_shown(
    acme: Tenant, owner: User, kind: str, ended: Callable[..., Job], browser: Browser
) -> None:
    ended(finished_at=timezone.now() - timedelta(days=8))
    ended(kind="tests.untold")
    wordless = Job.ask(kind, tenant=acme, by=owner, title="Report")
    Job.objects.filter(pk=wordless.pk).update(state="succeeded", finished_at=timezone.now())
    page = dashboard(browser)
    assert "Report" not in page
    assert SAID not in page


def test_a_page_asks_again_while_a_job_is_open_and_is_told_only_of_news(
    acme: Tenant, owner: User, kind: str, ended: Callable[..., Job], browser: Browser
) -> None:
    first = ended(text="The first is ready.")
    job = Job.ask(kind, tenant=acme, by=owner, title="Report")
    shown = dashboard(browser).split('id="job-notices"')[1]
    poll = shown.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert poll.startswith(reverse("job_notice_list", args=["acme"]))
    same = browser.get(poll, headers=HTMX)
    assert (same.status_code, same.content) == (204, b"")

    Job.objects.filter(pk=job.pk).update(state="succeeded", finished_at=timezone.now())
    leave(job, SAID)
    news = browser.get(poll, headers=HTMX).content.decode()
    assert "hx-get" not in news
    said = news.split("#announcer")[1]
    assert SAID in said
    assert "The first" not in said
    assert f'id="job-notice-{first.pk}"' in news


def test_the_page_outside_of_all_workspaces_asks_outside_of_them(
    acme: Tenant, owner: User, kind: str, browser: Browser
) -> None:
    Job.ask(kind, tenant=acme, by=owner, title="Report")
    poll = profile(browser).split('id="job-notices"')[1].split('hx-get="')[1].split('"')[0]
    assert poll.startswith(reverse("notice_list"))
    assert browser.get(poll.replace("&amp;", "&"), headers=HTMX).status_code == 204


def test_what_somebody_else_cancelled_is_told_and_what_one_cancelled_oneself_is_not(
    acme: Tenant, owner: User, kind: str, browser: Browser, as_role: Callable[[Role], Browser]
) -> None:
    for canceller, told in ((browser, False), (as_role(Role.ADMIN), True)):
        job = Job.ask(kind, tenant=acme, by=owner, title="Report")
        canceller.post(reverse("job_cancellation_create", args=["acme", job.pk]))
        assert ("Admin cancelled your report." in dashboard(browser)) is told


def test_notices_cost_one_query_however_many_there_are(
    acme: Tenant, owner: User, kind: str, ended: Callable[..., Job], browser: Browser
) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            dashboard(browser)
        return [each["sql"] for each in captured if '"jobs_job"' in each["sql"]]

    assert len(queries()) == 1
    for _ in range(SHOWN + 4):
        ended()
        Job.ask(kind, tenant=acme, by=owner, title="Report")
    assert len(queries()) == 1
    page = dashboard(browser)
    assert page.count("notice/delete") == 2 * SHOWN
    assert "4 more will follow" in page


def test_notices_are_found_by_an_index_of_ones_own(
    acme: Tenant, owner: User, kind: str, browser: Browser
) -> None:
    with CaptureQueriesContext(connection) as captured:
        dashboard(browser)
    [asked] = [each["sql"] for each in captured if '"jobs_job"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "jobs_job_unseen" in plan
