"""Exporting from the portal: who may, what is in the file, the link, and what stays behind."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.db.models import Func, TextField, Value
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.clients.transfers import CLIENTS
from apps.jobs.models import Job
from apps.jobs.runner import Run, attempt
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.transfers import registry
from apps.transfers.models import Export
from apps.transfers.services import purge_expired
from tests.conftest import Browser
from tests.transfers.conftest import add_client, add_clients, ask_for_export, body, table
from tests.world.waiting import wait_until

AsRole = Callable[[Role], Browser]
Kept = Callable[[], list[str]]
Halfway = Callable[[int, int], AbstractContextManager[None]]


def refuse_to_write(*args: object) -> int:
    raise OSError("The disk is full")


def test_the_page_says_what_would_be_exported(acme: Tenant, browser: Browser) -> None:
    add_clients(acme, 1204)
    url = reverse("export_create", args=["acme", "clients"])
    assert "1,204 clients" in browser.get(url).content.decode()
    assert "matching your search" not in browser.get(url).content.decode()
    assert "1 client matching your search" in browser.get(f"{url}?q=client77@").content.decode()


def test_a_file_holds_what_the_list_shows_and_nothing_else(
    acme: Tenant, globex: Tenant, browser: Browser, owner: User, do_jobs: Callable[[], int]
) -> None:
    add_client(acme, "Aldgate Interiors", city="London")
    add_client(acme, "Borough Books", city="Leeds")
    add_client(acme, "Chelsea Cafe", city="London", archived_at=timezone.now())
    add_client(globex, "Denmark Dairy", city="London")
    everything, london, archived = (
        ask_for_export(browser, acme, query=query) for query in ("", "q=london", "archived=yes")
    )
    do_jobs()

    def names(export: Export) -> list[str]:
        return [row["name"] for row in table(body(browser.get(export.link_for(owner))))]

    assert names(everything) == ["Aldgate Interiors", "Borough Books"]
    assert names(london) == ["Aldgate Interiors"]
    assert names(archived) == ["Chelsea Cafe"]


def test_asking_only_writes_the_wish_down(acme: Tenant, browser: Browser, kept: Kept) -> None:
    add_clients(acme, 3)
    export = ask_for_export(browser, acme, "xlsx", "q=client")
    assert (export.format, export.query, export.created_by) == (
        "xlsx",
        "q=client",
        export.job.requested_by,
    )
    assert export.job.state == Job.State.QUEUED
    assert (export.file.name, kept()) == ("", [])


def test_an_export_that_cannot_be_written_down_leaves_no_job(acme: Tenant, owner: User) -> None:
    with pytest.raises(DataError):
        Export.request(
            tenant=acme, by=owner, resource=CLIENTS, format="much too long", query=QueryDict()
        )
    assert not acme.jobs.exists()


def test_an_unknown_format_is_refused_beside_the_field(acme: Tenant, browser: Browser) -> None:
    url = reverse("export_create", args=["acme", "clients"])
    response = browser.post(url, {"format": "exe"})
    assert response.status_code == 200
    assert "Select a valid choice" in response.content.decode()
    assert not acme.exports.exists()


def test_a_finished_export_knows_its_size_and_how_long_it_is_kept(
    ready: Export, kept: Kept, files: Any
) -> None:
    assert (ready.rows, kept()) == (1, [ready.file.name])
    assert ready.file.name.startswith(f"t/{ready.tenant_id}/exports/")
    assert ready.bytes == (files / ready.file.name).stat().st_size
    assert timedelta(days=6, hours=23) < ready.expires_at - timezone.now() <= timedelta(days=7)
    assert ready.job.done == ready.job.total == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.MEMBER, 200), (Role.VIEWER, 403)],
)
def test_members_export_and_viewers_do_not(
    role: Role, status: int, ready: Export, as_role: AsRole
) -> None:
    somebody = as_role(role)
    create = reverse("export_create", args=["acme", "clients"])
    assert somebody.get(create).status_code == status
    assert somebody.get(ready.get_absolute_url()).status_code == status
    if status == 403:
        assert somebody.post(create, {"format": "csv"}).status_code == 403
        assert ready.tenant.exports.count() == 1


def test_an_export_of_another_workspace_is_a_page_that_is_not_there(
    ready: Export, globex: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    stranger = globex.memberships.get().user
    theirs = sign_in(stranger)
    missing = theirs.get(reverse("export_detail", args=["globex", 10**9]))
    for route in ("export_detail", "export_download"):
        for slug in ("acme", "globex"):
            link = reverse(route, args=[slug, ready.pk]) + "?" + ready.link_for(stranger)[-90:]
            assert theirs.get(link).status_code == 404
    answer = theirs.get(reverse("export_detail", args=["globex", ready.pk]))
    same = [without_id(each) for each in (answer, missing)]
    assert same[0] == same[1]


def without_id(response: Any) -> str:
    text: str = response.content.decode().replace(response["X-Request-ID"], "")
    return text


def test_what_cannot_be_exported_is_a_page_that_is_not_there(
    acme: Tenant, browser: Browser
) -> None:
    for route in ("export_create", "import_create"):
        assert browser.get(reverse(route, args=["acme", "secrets"])).status_code == 404


def test_a_failed_export_leaves_no_file_and_says_what_to_quote(
    acme: Tenant, browser: Browser, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_for_export(browser, acme)
    monkeypatch.setattr(Export, "save", refuse_to_write)
    for _ in range(Job.MAX_ATTEMPTS):
        Job.objects.update(run_after=timezone.now())
        attempt(export.job_id)
        assert kept() == []
    monkeypatch.undo()
    page = browser.get(export.get_absolute_url()).content.decode()
    export.job.refresh_from_db()
    assert export.job.state == Job.State.DEAD
    assert f"If you write to us, quote {export.job.request_id}." in page
    assert "OSError" not in page


def test_an_export_that_fails_once_is_made_by_the_next_attempt(
    acme: Tenant, browser: Browser, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_for_export(browser, acme)
    with monkeypatch.context() as failing:
        failing.setattr(Export, "save", refuse_to_write)
        attempt(export.job_id)
    Job.objects.update(run_after=timezone.now())
    attempt(export.job_id)
    export.refresh_from_db()
    assert export.is_ready
    assert kept() == [export.file.name]


def test_what_a_killed_worker_left_is_deleted_by_the_next_attempt(
    acme: Tenant, browser: Browser, kept: Kept, files: Any
) -> None:
    export = ask_for_export(browser, acme)
    left = files / export.path("-1.csv")
    left.parent.mkdir(parents=True)
    left.write_text("half a fi")
    Job.objects.update(state="running", attempts=1, lease_until=timezone.now() - timedelta(1))
    attempt(export.job_id)
    export.refresh_from_db()
    assert kept() == [export.file.name]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_that_is_cancelled_on_the_way_leaves_no_file(
    format: str, acme: Tenant, browser: Browser, kept: Kept, halfway: Halfway
) -> None:
    add_clients(acme, 30)
    export = ask_for_export(browser, acme, format)
    with halfway(export.job_id, 20):
        export.job.cancel()
    with transaction.atomic():
        export.refresh_from_db()
        assert (export.job.state, export.file.name, kept()) == (Job.State.CANCELLED, "", [])
        assert not acme.events.filter(action="export.created").exists()


def test_a_cancellation_after_the_file_was_stored_takes_it_away(
    acme: Tenant, browser: Browser, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_for_export(browser, acme)
    make = Export.make

    def cancel_at_the_end(each: Export, run: Run) -> None:
        make(each, run)
        assert kept()
        Job.objects.filter(pk=export.job_id).update(state=Job.State.CANCELLED)

    monkeypatch.setattr(Export, "make", cancel_at_the_end)
    attempt(export.job_id)
    assert kept() == []


def test_an_expired_file_is_deleted_and_the_page_says_so(
    ready: Export, browser: Browser, owner: User, kept: Kept
) -> None:
    fresh = ask_for_export(browser, ready.tenant)
    attempt(fresh.job_id)
    ready.tenant.exports.filter(pk=ready.pk).update(expires_at=timezone.now())
    response = browser.get(ready.link_for(owner))
    assert (response.status_code, response.url) == (302, ready.get_absolute_url())
    assert purge_expired() == 1
    fresh.refresh_from_db()
    assert kept() == [fresh.file.name]
    page = browser.get(ready.get_absolute_url()).content.decode()
    assert "the file is not kept any more" in page
    assert "Export again" in page
    assert purge_expired() == 0


def test_the_files_of_every_workspace_expire_those_of_killed_workers_too(
    acme: Tenant, globex: Tenant, owner: User, kept: Kept, files: Any
) -> None:
    for tenant in (acme, globex):
        export = tenant.exports.create(
            kind="clients",
            format="csv",
            job=Job.objects.create(
                kind="transfers.export", tenant=tenant, attempts=2, state="failed"
            ),
            expires_at=timezone.now(),
        )
        left = files / export.path("-2.csv")
        left.parent.mkdir(parents=True)
        left.write_text("half a fi")
    assert len(kept()) == 2
    assert purge_expired() == 2
    assert kept() == []


@pytest.mark.parametrize("state", ["failed", "dead", "cancelled"])
def test_what_a_killed_worker_left_of_an_export_that_came_to_nothing_goes_within_the_hour(
    state: str, acme: Tenant, browser: Browser, kept: Kept, files: Any
) -> None:
    export = ask_for_export(browser, acme)
    left = files / export.path("-1.csv")
    left.parent.mkdir(parents=True)
    left.write_text("half a fi")
    Job.objects.update(state=state, attempts=1, finished_at=timezone.now())
    assert purge_expired() == 0, "an attempt that does not know yet may still be at work"
    Job.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    assert purge_expired() == 1
    assert kept() == []
    Job.objects.update(state="queued", attempts=1, run_after=timezone.now())
    attempt(export.job_id)  # somebody asked for it again all the same
    export.refresh_from_db()
    assert kept() == [export.file.name]
    assert export.is_ready


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_gives_no_row_for_long_is_broken_off_when_cancelled(
    acme: Tenant, browser: Browser, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_clients(acme, 3)
    export = ask_for_export(browser, acme)
    slow = Func(Value(60), template="pg_sleep(%(expressions)s)::text", output_field=TextField())
    monkeypatch.setattr(Run, "PULSE", 0.05)
    monkeypatch.setitem(registry._resources, "clients", replace(CLIENTS, columns={"slow": slow}))
    watched = threading.Thread(target=run_and_close, args=[export.job_id])
    watched.start()
    wait_until(lambda: Job.objects.get(pk=export.job_id).total == 3, "It did not begin")
    export.job.cancel()
    watched.join(10)
    assert not watched.is_alive()
    with transaction.atomic():
        assert acme.jobs.get().state == Job.State.CANCELLED
    assert kept() == []


def run_and_close(pk: int) -> None:
    try:
        attempt(pk)
    finally:
        connection.close()


def test_the_card_tells_how_far_it_is_to_htmx_alone_and_to_a_reload(
    acme: Tenant, browser: Browser
) -> None:
    export = ask_for_export(browser, acme)
    started = timezone.now() - timedelta(seconds=10)
    Job.objects.update(state="running", done=2500, total=10_000, started_at=started)
    url = export.get_absolute_url()
    page = browser.get(url).content.decode()
    card = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    for text in (page, card):
        assert "2,500 of 10,000 rows, 7,500 left" in text
        assert "about 30 seconds to go" in text
        assert f'hx-get="{url}?heard=25"' in text
        assert 'hx-trigger="every 1s, ' in text
        assert reverse("job_cancellation_create", args=["acme", export.job_id]) in text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "Stop reloading" in page
    assert "http-equiv" not in browser.get(f"{url}?still").content.decode()
    assert "<html" in page
    assert "<html" not in card
    assert card.count("<section") == 1


def test_the_card_stands_still_once_the_export_has_ended(ready: Export, browser: Browser) -> None:
    card = browser.get(ready.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in card
    assert "1 client," in card
    assert "Download" in card


def test_only_whoever_asked_and_admins_are_offered_to_cancel(
    acme: Tenant, browser: Browser, as_role: AsRole
) -> None:
    export = ask_for_export(browser, acme)
    cancel = reverse("job_cancellation_create", args=["acme", export.job_id])
    url = export.get_absolute_url()
    assert cancel in browser.get(url).content.decode()
    assert cancel in as_role(Role.ADMIN).get(url).content.decode()
    assert cancel not in as_role(Role.MEMBER).get(url).content.decode()


def test_whoever_cancels_lands_on_the_page_of_the_export(acme: Tenant, browser: Browser) -> None:
    export = ask_for_export(browser, acme)
    url = export.get_absolute_url()
    cancel = reverse("job_cancellation_create", args=["acme", export.job_id])
    assert f'action="{cancel}?next={url}"' in browser.get(url).content.decode()
    assert browser.post(f"{cancel}?next={url}").url == url
    assert "Export again" in browser.get(url).content.decode()
