"""Downloading an export: what is sent, and to whom a link is worth anything."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.transfers.models import Export
from tests.conftest import Browser
from tests.transfers.conftest import ask_for_export, body, table

AsRole = Callable[[Role], Browser]


def test_an_excel_export_is_a_workbook(
    acme: Tenant, browser: Browser, owner: User, do_jobs: Callable[[], int]
) -> None:
    export = ask_for_export(browser, acme, "xlsx")
    do_jobs()
    response = browser.get(export.link_for(owner))
    assert response["Content-Type"].endswith("spreadsheetml.sheet")
    assert f'filename="{export.filename}"' in response["Content-Disposition"]
    assert body(response).startswith(b"PK\x03\x04")


def test_the_page_offers_a_link_that_downloads_the_file(ready: Export, browser: Browser) -> None:
    page = browser.get(ready.get_absolute_url()).content.decode()
    link = page.split('class="button primary" href="')[1].split('"')[0]
    response = browser.get(link)
    assert table(body(response))[0]["name"] == "Aldgate Interiors"
    assert response.streaming
    assert response["Content-Disposition"] == f'attachment; filename="{ready.filename}"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


def test_a_download_is_on_record(ready: Export, browser: Browser, owner: User) -> None:
    body(browser.get(ready.link_for(owner)))
    event = ready.tenant.events.get(action="export.downloaded")
    assert (event.actor, event.target_name) == (owner, ready.filename)
    made = ready.tenant.events.get(action="export.created")
    assert made.sentence == f"exported 1 client to {ready.filename}"


def test_a_link_that_ran_out_leads_to_a_fresh_one(
    ready: Export, browser: Browser, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Export, "LINK_SECONDS", -1)
    response = browser.get(ready.link_for(owner))
    assert (response.status_code, response.url) == (302, ready.get_absolute_url())
    monkeypatch.undo()
    assert "That link had run out" in browser.get(response.url).content.decode()
    assert not ready.tenant.events.filter(action="export.downloaded").exists()


def test_a_link_is_good_for_five_minutes(ready: Export) -> None:
    assert Export.LINK_SECONDS == 300


@pytest.mark.parametrize("key", ["", "nonsense", "WzEsMSwxXQ:1:forged"])
def test_a_forged_link_is_a_page_that_is_not_there(
    key: str, ready: Export, browser: Browser
) -> None:
    url = reverse("export_download", args=["acme", ready.pk])
    assert browser.get(f"{url}?key={key}").status_code == 404


def test_a_link_opens_only_the_export_it_was_made_for(
    ready: Export, browser: Browser, owner: User, do_jobs: Callable[[], int]
) -> None:
    other = ask_for_export(browser, ready.tenant)
    do_jobs()
    key = ready.link_for(owner).partition("?")[2]
    url = reverse("export_download", args=["acme", other.pk])
    assert browser.get(f"{url}?{key}").status_code == 404


def test_a_link_is_worth_nothing_to_a_colleague_who_has_their_own(
    ready: Export, owner: User, as_role: AsRole
) -> None:
    colleague = as_role(Role.MEMBER)
    assert colleague.get(ready.link_for(owner)).status_code == 404
    page = colleague.get(ready.get_absolute_url()).content.decode()
    assert reverse("export_download", args=["acme", ready.pk]) in page


def test_whoever_left_or_may_no_longer_export_cannot_use_their_link(
    ready: Export, join: Callable[..., Membership], sign_in: Callable[[User], Browser]
) -> None:
    membership = join(ready.tenant, Role.MEMBER)
    member, link = sign_in(membership.user), ready.link_for(membership.user)
    assert body(member.get(link))
    ready.tenant.memberships.filter(pk=membership.pk).update(role=Role.VIEWER)
    assert member.get(link).status_code == 403
    ready.tenant.memberships.filter(pk=membership.pk).delete()
    assert member.get(link).status_code == 404


def test_a_file_that_vanished_is_said_to_be_gone(
    ready: Export, browser: Browser, owner: User, files: Any
) -> None:
    (files / ready.file.name).unlink()
    response = browser.get(ready.link_for(owner), follow=True)
    assert "This file is not kept any more. Export again." in response.content.decode()
