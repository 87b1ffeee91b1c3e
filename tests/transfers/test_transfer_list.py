"""The page of all imports and exports, and the registry behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.clients.transfers import CLIENTS
from apps.jobs.models import Job
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.transfers.registry import register, resource_of, resources
from tests.conftest import Browser
from tests.transfers.conftest import ask_for_export, draft_of, start

AsRole = Callable[[Role], Browser]
FILE = "name\nAda\n"


def page(browser: Browser, query: str = "") -> str:
    text: str = browser.get(reverse("transfer_list", args=["acme"]) + query).content.decode()
    return text


def test_an_empty_page_says_what_to_do_next(acme: Tenant, as_role: AsRole) -> None:
    shown = page(as_role(Role.OWNER))
    assert "Nothing here yet" in shown
    assert reverse("import_create", args=["acme", "clients"]) in shown
    assert reverse("export_create", args=["acme", "clients"]) in shown


def test_both_kinds_are_listed_the_newest_first_with_state_and_result(
    acme: Tenant, as_role: AsRole, do_jobs: Callable[[], int]
) -> None:
    owner = as_role(Role.OWNER)
    start(owner, draft_of(owner, acme, FILE))
    done = ask_for_export(owner, acme)
    do_jobs()
    waiting = ask_for_export(owner, acme, "xlsx")
    shown = page(owner)
    places = [
        shown.index(text)
        for text in (
            waiting.get_absolute_url(),
            "Waiting",
            done.get_absolute_url(),
            "1 client, ",
            "Import of clients.csv",
            "1 added, 0 refused",
        )
    ]
    assert places == sorted(places)


def test_an_upload_that_waits_for_its_columns_is_offered_to_go_on_with(
    acme: Tenant, as_role: AsRole
) -> None:
    owner = as_role(Role.OWNER)
    draft = draft_of(owner, acme, FILE)
    assert draft.get_absolute_url() in page(owner)
    assert "Not imported yet" in page(owner)
    assert "Not imported yet" not in page(as_role(Role.VIEWER))


def test_a_viewer_sees_what_happened_and_is_offered_nothing(acme: Tenant, as_role: AsRole) -> None:
    export = ask_for_export(as_role(Role.OWNER), acme)
    shown = page(as_role(Role.VIEWER))
    assert "Export of clients" in shown
    assert export.get_absolute_url() not in shown
    for route in ("import_create", "export_create"):
        assert reverse(route, args=["acme", "clients"]) not in shown


def test_neither_another_workspaces_nor_other_jobs_are_listed(
    acme: Tenant, globex: Tenant, as_role: AsRole
) -> None:
    Job.ask("mail.send", tenant=acme, title="Some mail")
    Job.ask("transfers.export", tenant=globex, title="Their export")
    shown = page(as_role(Role.OWNER))
    assert "Nothing here yet" in shown
    assert "Some mail" not in shown
    assert "Their export" not in shown


def test_the_list_is_paged_and_costs_the_same_however_long_it_is(
    acme: Tenant, as_role: AsRole, django_assert_max_num_queries: Any
) -> None:
    owner = as_role(Role.OWNER)
    ask_for_export(owner, acme)
    with django_assert_max_num_queries(20) as captured:
        page(owner)
    few = len(captured)
    for _ in range(29):
        ask_for_export(owner, acme)
    with django_assert_max_num_queries(few):
        first = page(owner)
    assert first.count("row-link") == 25
    following = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert page(owner, "?" + following.partition("?")[2]).count("row-link") == 5


def test_a_resource_is_known_by_its_kind_and_only_once() -> None:
    assert resource_of("clients") is CLIENTS
    assert CLIENTS in resources()
    with pytest.raises(ValueError, match="Two resources of kind clients"):
        register(CLIENTS)
    with pytest.raises(LookupError):
        resource_of("secrets")


def test_rows_are_counted_in_words() -> None:
    assert CLIENTS.counted(0) == "0 clients"
    assert CLIENTS.counted(1) == "1 client"
    assert CLIENTS.counted(1204) == "1,204 clients"
    assert CLIENTS.a_noun == "a client"
