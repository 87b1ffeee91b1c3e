"""The operations page: who sees it, what it counts, and that it answers while things are down."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Crossing
from apps.core import health, mailing
from apps.jobs.models import Job
from apps.mail.models import Mail
from apps.ops import views
from apps.ops.models import Deployment
from apps.tenants.models import Tenant
from config.celery import app as celery_app
from tests.conftest import Browser
from tests.world.redis import Redis, running_redis

PAGE = "/operations/"
CANARY = "Canary-7f3a"
DEADLINE = health.DEADLINE


@pytest.fixture(autouse=True)
def forget_former_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask anew in each test, and let a busy machine take its time."""
    monkeypatch.setattr(health, "DEADLINE", 10.0)
    monkeypatch.setattr(health, "PROBES", health.probes())
    monkeypatch.setattr(views, "SCHEDULER", health.Probe(health.scheduler))


@pytest.fixture
def redis(settings: Any) -> Iterator[Redis]:
    """A Redis of this test's own, which has heard of worker and scheduler just now."""
    with running_redis() as server:
        before = celery_app.conf.broker_url
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
        celery_app.conf.broker_url = server.url
        for key in (health.HEARTBEAT, health.SCHEDULER_HEARTBEAT):
            cache.set(key, time.time())
        yield server
        celery_app.conf.broker_url = before


@pytest.fixture
def operator(make_user: Callable[..., User]) -> User:
    user = make_user("ops@slipway.example", name="Olu Adeyemi")
    user.is_staff = True
    user.save()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return user


@pytest.fixture
def browser(operator: User, sign_in: Callable[[User], Browser]) -> Browser:
    """A browser in which somebody is signed in who runs the product."""
    return sign_in(operator)


def job(kind: str, state: str, **facts: Any) -> Job:
    made = Job.ask(kind, title=CANARY, name=CANARY)
    facts = {"state": state, "error": CANARY, "traceback": CANARY, **facts}
    Job.objects.filter(pk=made.pk).update(**facts)
    return made


def failing(response: Any) -> dict[str, str]:
    """What is said to be failing, with the reason."""
    assert response.status_code == 200
    return {part.label: part.error for part in response.context["parts"] if part.error}


# Who sees it


def test_to_others_it_is_the_404_of_a_page_that_is_not_there(
    acme: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    browser = sign_in(acme.memberships.get().user)
    seen = []
    for path in (PAGE, "/no/such/page/"):
        response = browser.get(path)
        body = response.content.decode().replace(response.headers["X-Request-ID"], "")
        seen.append((response.status_code, body))
    assert seen[0] == seen[1]
    assert seen[0][0] == 404
    assert not Crossing.objects.filter(reason__startswith="Operations page").exists()


def test_somebody_who_is_signed_out_signs_in_and_comes_back(anonymous: Browser) -> None:
    assert anonymous.get(PAGE).headers["Location"] == f"/accounts/login/?next={PAGE}"


def test_somebody_who_is_no_longer_staff_is_out_at_the_very_next_request(
    operator: User, browser: Browser
) -> None:
    assert browser.get(PAGE).status_code == 200
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert browser.get(PAGE).status_code == 404


def test_staff_without_a_second_factor_set_it_up_first(operator: User, browser: Browser) -> None:
    operator.authenticator_set.all().delete()
    response = browser.get(PAGE, follow=True)
    assert response.redirect_chain == [("/accounts/2fa/", 302)]
    assert "Pages of the staff ask for two-step sign-in." in response.content.decode()
    assert not Crossing.objects.filter(reason__startswith="Operations page").exists()


def test_the_menu_leads_staff_there_and_nobody_else(
    acme: Tenant, browser: Browser, sign_in: Callable[[User], Browser]
) -> None:
    assert f'href="{PAGE}"' in browser.get("/workspaces/").content.decode()
    member = sign_in(acme.memberships.get().user)
    for page in ("/workspaces/", "/t/acme/"):
        assert PAGE not in member.get(page).content.decode()


def test_staff_who_are_members_find_the_way_from_inside_a_workspace(
    acme: Tenant, operator: User, browser: Browser
) -> None:
    acme.memberships.create(user=operator)
    assert f'href="{PAGE}"' in browser.get("/t/acme/").content.decode()


# How things stand


@pytest.mark.usefixtures("redis")
def test_it_tells_that_all_is_well_and_which_release_runs_since_when(
    browser: Browser, settings: Any
) -> None:
    settings.RELEASE = "4f2c91a"
    response = browser.get(PAGE)
    assert failing(response) == {}
    page = response.content.decode()
    for said in ("Everything answers.", "4f2c91a", settings.ENVIRONMENT):
        assert said in page
    assert [part.label for part in response.context["parts"]] == [
        *("Database", "Migrations", "Cache", "Queue", "Worker", "Scheduler")
    ]
    age = timezone.now() - response.context["started_at"]
    assert timedelta(0) < age < timedelta(hours=2)


def test_a_stopped_redis_is_told_and_the_page_is_there(browser: Browser, redis: Redis) -> None:
    redis.stop()
    response = browser.get(PAGE)
    told = failing(response)
    assert [*told] == ["Cache", "Queue", "Worker", "Scheduler"]
    assert "refused" in told["Cache"]
    page = response.content.decode()
    assert "Failing: Cache, Queue, Worker, Scheduler" in page
    assert "Look at the server that REDIS_URL names." in page


def test_a_hung_redis_does_not_hold_the_page_up(
    browser: Browser, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DEADLINE", DEADLINE)
    with redis.hung():
        began = time.perf_counter()
        told = failing(browser.get(PAGE))
        took = time.perf_counter() - began
    assert told.keys() >= {"Cache", "Queue", "Worker", "Scheduler"}
    # Half of what the broker's own time-out would take; a busy machine gets away with a second.
    assert took < 2


@pytest.mark.parametrize("key", [health.HEARTBEAT, health.SCHEDULER_HEARTBEAT])
@pytest.mark.usefixtures("redis")
def test_who_has_not_been_heard_of_for_a_minute_is_told(key: str, browser: Browser) -> None:
    cache.set(key, time.time() - 61)
    (reason,) = failing(browser.get(PAGE)).values()
    assert "61 s ago" in reason


@pytest.mark.django_db(transaction=True)
def test_a_table_that_somebody_locks_does_not_hold_the_page_up(browser: Browser) -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE jobs_job IN ACCESS EXCLUSIVE MODE")
        began = time.perf_counter()
        response = browser.get(PAGE)
        took = time.perf_counter() - began
    finally:
        other.close()
    assert "took too long to count" in response.content.decode()
    # The database itself would let it wait for the lock for five seconds.
    assert took < 3
    assert "took too long to count" not in browser.get(PAGE).content.decode()


# What it counts


def test_jobs_are_counted_by_kind_with_the_command_that_mends(browser: Browser) -> None:
    now = timezone.now()
    job("mail.send", "queued", run_after=now - timedelta(minutes=7))
    job("mail.send", "queued", run_after=now + timedelta(minutes=5))
    job("mail.send", "running")
    job("mail.send", "succeeded")
    job("transfers.export", "failed")
    newest = job("transfers.export", "failed")
    job("transfers.export", "cancelled")
    job("transfers.import", "queued", run_after=now + timedelta(minutes=5))
    response = browser.get(PAGE)
    mail, export, later = response.context["figures"].kinds
    assert (mail.kind, mail.waiting, mail.running, mail.failed) == ("mail.send", 2, 1, 0)
    assert mail.due_since == now - timedelta(minutes=7)
    assert (export.kind, export.waiting, export.failed) == ("transfers.export", 0, 2)
    assert export.due_since is None
    assert (later.waiting, later.due_since) == (1, None)
    page = response.content.decode()
    assert "7 minutes ago" in page
    assert f"python manage.py jobs retry {newest.pk}" in page


def test_mail_is_counted_as_far_as_it_waits_or_failed_today(browser: Browser) -> None:
    for number in range(4):
        mailing.send("test", to=f"person{number}@example.com")
    keys = list(Mail.objects.order_by("pk").values_list("pk", flat=True))
    Mail.objects.filter(pk=keys[0]).update(state="sent")
    Mail.objects.filter(pk=keys[1]).update(state="failed")
    long_ago = timezone.now() - timedelta(hours=25)
    Mail.objects.filter(pk=keys[2]).update(state="failed", created_at=long_ago)
    counted = browser.get(PAGE).context["figures"]
    assert (counted.mails_waiting, counted.mails_failed) == (1, 1)


def test_mail_that_was_held_back_today_is_counted_where_there_is_any(browser: Browser) -> None:
    assert "held back" not in browser.get(PAGE).content.decode()
    for hours in (1, 25):
        mailing.send("test", to="stranger@example.com")
        at = timezone.now() - timedelta(hours=hours)
        newest = Mail.objects.latest("pk").pk
        Mail.objects.filter(pk=newest).update(state="withheld", created_at=at)
    page = browser.get(PAGE)
    assert page.context["figures"].mails_withheld == 1
    assert "1 held back by" in page.content.decode()


def test_how_a_weeks_mail_was_taken_is_counted_and_stands_out_where_it_is_bad(
    browser: Browser,
) -> None:
    states = ["bounced"] * 2 + ["complained"] + ["delivered"] * 30 + ["sent"] * 7 + ["failed"]
    now = timezone.now()
    Mail.objects.bulk_create(
        Mail(to="person@example.com", message_id=f"<{number}@testserver>", state=state)
        for number, state in enumerate([*states, "bounced"])
    )
    Mail.objects.filter(message_id=f"<{len(states)}@testserver>").update(
        created_at=now - timedelta(days=8)
    )
    page = browser.get(PAGE)
    week = page.context["figures"].reception
    assert (week.left, week.bounced, week.complained) == (40, 2, 1)
    said = " ".join(page.content.decode().split())
    assert "of 40 in seven days 5.0 % bounced, 2.50 % were called spam" in said
    assert week.is_bad
    Mail.objects.filter(state="bounced").first().delete()
    assert not browser.get(PAGE).context["figures"].reception.is_bad


def test_with_nothing_to_do_it_says_so(browser: Browser) -> None:
    page = browser.get(PAGE).content.decode()
    assert "No job is open, and none has failed." in page
    assert "none is due" in page
    assert "Nothing was deployed yet." in page
    assert "jobs retry" not in page


def test_nothing_of_a_customers_is_shown(
    acme: Tenant, make_tenant: Callable[..., Tenant], browser: Browser
) -> None:
    tenant = make_tenant("Canary")
    for state in ("queued", "failed"):
        kept = job("mail.send", state)
        Job.objects.filter(pk=kept.pk).update(tenant=tenant)
    mailing.send("test", to=f"{CANARY}@example.com", tenant=tenant)
    assert "canary" not in browser.get(PAGE).content.decode().lower()


def test_it_asks_as_many_questions_of_much_as_of_nothing(browser: Browser) -> None:
    with CaptureQueriesContext(connection) as of_nothing:
        browser.get(PAGE)
    for number in range(12):
        job(f"kind.{number}", "failed")
        mailing.send("test", to=f"person{number}@example.com")
        Crossing.objects.create(reason=f"Look after thing number {number}")
        Deployment.objects.create(environment="production", release=str(number), who="Ada")
    with CaptureQueriesContext(connection) as of_much:
        browser.get(PAGE)
    assert len(of_much) == len(of_nothing)


def test_the_newest_ten_deployments_are_told_with_how_they_ended(browser: Browser) -> None:
    def deployed(release: str, **facts: Any) -> None:
        facts = {"ended": timezone.now() + timedelta(seconds=200), **facts}
        Deployment.objects.create(
            environment="production", release=release, who="ada@example.com", **facts
        )

    for number in range(8):
        deployed(f"old-{number}", outcome="live")
    deployed("killed", outcome="running", ended=None)
    deployed("hotfix", outcome="failed", despite="Sign-in is down", why="smoke: sign-in failed")
    deployed("newest", outcome="running", ended=None)
    response = browser.get(PAGE)
    page = " ".join(response.content.decode().split())
    assert [(one.release, one.state) for one in response.context["figures"].deployments][:4] == [
        ("newest", "Running"),
        ("hotfix", "Failed"),
        ("killed", "Never ended"),
        ("old-7", "Live"),
    ]
    for said in ("Sign-in is down", "smoke: sign-in failed", "ada@example.com", "3 min 20 s"):
        assert said in page
    assert "old-1" in page
    assert "old-0" not in page


# What it leaves behind


def test_each_view_is_kept_with_who_looked_and_shown_by_reason(browser: Browser) -> None:
    with transaction.atomic():
        Crossing.objects.create(reason="Remove exports that ran out")
    for _ in range(3):
        response = browser.get(PAGE)
    mine = "Operations page, opened by ops@slipway.example"
    assert Crossing.objects.filter(reason=mine).count() == 3
    assert Crossing.objects.latest("pk").request_id == response.headers["X-Request-ID"]
    shown = [(each.text, each.times) for each in response.context["figures"].reasons]
    assert shown == [(mine, 3), ("Remove exports that ran out", 1)]
    assert "3 times, last" in " ".join(response.content.decode().split())
