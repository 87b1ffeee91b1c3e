"""How the end of an export or import is told: in the portal, and by mail to who is not there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.mail.models import Mail
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.transfers.models import Export
from tests.conftest import Browser
from tests.transfers.conftest import add_clients, ask_for_export, draft_of, start

FILE = f"name\nAda\n{'x' * 300}\n"


def mails() -> list[Mail]:
    """The mails of this room, the oldest first."""
    templates = ("export_ready", "import_finished", "job_failed")
    return list(Mail.objects.filter(template__in=templates).order_by("pk"))


def dashboard(browser: Browser) -> str:
    text: str = browser.get(reverse("dashboard", args=["acme"])).content.decode()
    return text


def made(acme: Tenant, browser: Browser) -> Export:
    """An export of two clients that has ended."""
    add_clients(acme, 2)
    export = ask_for_export(browser, acme)
    attempt(export.job_id)
    return export


def test_a_ready_export_is_told_on_the_next_page_and_by_mail(
    acme: Tenant, browser: Browser, owner: User
) -> None:
    export = made(acme, browser)
    export.refresh_from_db()
    page = dashboard(browser)
    assert f"Your export of clients is ready: {export.summary}." in page
    assert f'<a href="{export.get_absolute_url()}">Get the file</a>' in page
    [mail] = mails()
    assert (mail.template, mail.to, mail.tenant) == ("export_ready", owner.email, acme)
    assert "is ready: 2 clients." in mail.text
    for part in (mail.text, mail.html):
        assert export.get_absolute_url() in part
        assert "/file/" not in part
        assert "key=" not in part


def test_a_finished_import_is_told_with_what_came_of_it(acme: Tenant, browser: Browser) -> None:
    draft = draft_of(browser, acme, FILE)
    start(browser, draft, "name")
    draft.refresh_from_db()
    attempt(draft.job_id)
    draft.refresh_from_db()
    page = dashboard(browser)
    assert f"Your import of clients.csv finished: {draft.summary}." in page
    assert f'<a href="{draft.get_absolute_url()}">See the report</a>' in page
    [mail] = mails()
    assert mail.template == "import_finished"
    assert "1 row came in, 1 was refused." in mail.text
    assert "Ada" not in mail.text + mail.html
    assert "clients.csv" not in mail.text + mail.html


def test_a_failure_is_told_without_what_was_in_the_file(
    acme: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("The disk is full of secrets")

    monkeypatch.setattr(Export, "make", fail)
    export = ask_for_export(browser, acme)
    for number in range(Job.MAX_ATTEMPTS):
        assert not mails(), f"It was told before attempt {number + 1}"
        Job.objects.update(run_after=timezone.now())
        attempt(export.job_id)
    assert "Your export of clients failed." in dashboard(browser)
    [mail] = mails()
    assert mail.template == "job_failed"
    assert "secrets" not in mail.text + mail.html
    assert export.get_absolute_url() in mail.text


def test_what_ended_while_its_page_was_open_is_not_told_a_second_time(
    acme: Tenant, browser: Browser
) -> None:
    add_clients(acme, 2)
    export = ask_for_export(browser, acme)
    browser.get(export.get_absolute_url())
    attempt(export.job_id)
    assert not mails()
    assert "is ready" in dashboard(browser)
    card = browser.get(export.get_absolute_url(), headers={"HX-Request": "true"})
    assert "2 clients" in card.content.decode()
    assert "is ready" not in dashboard(browser)


def test_what_took_long_is_mailed_even_to_who_looks_on(acme: Tenant, browser: Browser) -> None:
    add_clients(acme, 2)
    export = ask_for_export(browser, acme)
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    browser.get(export.get_absolute_url())
    attempt(export.job_id)
    assert [mail.template for mail in mails()] == ["export_ready"]


def test_an_end_that_is_told_twice_is_mailed_once_and_a_later_one_again(
    acme: Tenant, browser: Browser
) -> None:
    export = made(acme, browser)
    Job.objects.get(pk=export.job_id).tell()
    assert len(mails()) == 1
    Job.objects.filter(pk=export.job_id).update(state="failed")
    Job.objects.get(pk=export.job_id).retry()
    attempt(export.job_id)
    assert len(mails()) == 2


@pytest.mark.parametrize("gone", ["left", "suspended", "viewer", "deactivated"])
def test_who_may_not_open_the_page_any_more_gets_no_mail(
    gone: str, acme: Tenant, browser: Browser, owner: User
) -> None:
    add_clients(acme, 2)
    export = ask_for_export(browser, acme)
    seat: Any = acme.memberships.filter(user=owner)
    if gone == "left":
        seat.delete()
    elif gone == "suspended":
        seat.update(suspended_at=timezone.now())
    elif gone == "viewer":
        seat.update(role="viewer")
    else:
        User.objects.filter(pk=owner.pk).update(is_active=False)
    attempt(export.job_id)
    assert Job.objects.get(pk=export.job_id).state == Job.State.SUCCEEDED
    assert not mails()


def test_the_list_shows_how_long_a_file_is_kept_and_counts_as_seen(
    acme: Tenant, browser: Browser
) -> None:
    export = made(acme, browser)
    export.refresh_from_db()
    page = browser.get(reverse("transfer_list", args=["acme"])).content.decode()
    assert f"kept until {export.expires_at:%-d %B}" in page
    assert "Get the file" in page
    assert "is ready" not in dashboard(browser)


def test_the_list_asks_for_all_its_open_jobs_at_once_and_tells_which_ended(
    acme: Tenant, browser: Browser
) -> None:
    add_clients(acme, 2)
    first, _ = ask_for_export(browser, acme), ask_for_export(browser, acme)
    page = browser.get(reverse("transfer_list", args=["acme"])).content.decode()
    assert page.count("hx-get") == 1
    assert page.count("<progress") == 2
    poll = page.split('hx-get="')[1].split('"')[0]
    attempt(first.job_id)
    table = browser.get(poll, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in table
    assert table.count("<progress") == 1
    assert "Export of clients: Done." in table.split("#announcer")[1]


def test_a_failed_transfer_can_be_tried_again_from_the_list(
    acme: Tenant, browser: Browser, as_role: Callable[[Role], Browser]
) -> None:
    ask_for_export(browser, acme, query="q=ada")
    draft = draft_of(browser, acme, FILE)
    start(browser, draft, "name")
    draft.refresh_from_db()
    Job.objects.update(state="failed", error="Too many rows.", finished_at=timezone.now())
    page = browser.get(reverse("transfer_list", args=["acme"])).content.decode()
    assert "Too many rows." in page
    assert f"{reverse('export_create', args=['acme', 'clients'])}?q=ada" in page
    assert page.count("Try again:") == 2
    retry = reverse("job_retry_create", args=["acme", draft.job_id])
    assert retry in page
    others = as_role(Role.MEMBER).get(reverse("transfer_list", args=["acme"])).content.decode()
    assert retry not in others
    assert others.count("Try again:") == 2
