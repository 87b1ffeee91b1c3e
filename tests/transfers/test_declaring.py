"""What ten lines of a declaration give: pages, files and walls, for a model of any room."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.clients.models import Note
from apps.jobs.runner import attempt
from apps.tenants.models import Tenant
from apps.transfers import registry
from apps.transfers.models import Export
from apps.transfers.registry import Resource, register
from tests.conftest import Browser
from tests.transfers.conftest import add_client, ask_for_export, body, table


@pytest.fixture
def notes() -> Iterator[Resource]:
    """Notes about clients, which can be exported and not imported."""
    registry.discover()
    yield register(
        Resource(
            kind="notes",
            model=Note,
            list_route="client_list",
            columns={"client": "client__name", "note": "body", "by": "author__email"},
        )
    )
    del registry._resources["notes"]


def add_note(tenant: Tenant, client: str, body: str) -> None:
    Note.objects.create(tenant=tenant, client=add_client(tenant, client), body=body)


@pytest.mark.usefixtures("notes")
def test_any_model_of_a_workspace_is_exported_and_nothing_of_another(
    acme: Tenant,
    globex: Tenant,
    browser: Browser,
    owner: User,
    do_jobs: Callable[[], int],
) -> None:
    add_note(globex, "Denmark Dairy", "Theirs")
    add_note(acme, "Aldgate Interiors", "=1+1")
    add_note(acme, "Borough Books", "Rang twice")
    asked = {
        format: ask_for_export(browser, acme, format, kind="notes") for format in ("csv", "jsonl")
    }
    do_jobs()
    files = {}
    for format, export in asked.items():
        response = browser.get(export.link_for(owner))
        assert response["Content-Type"].startswith(Export.CONTENT_TYPES[format])
        files[format] = body(response)
    assert files["csv"] == (
        b"client,note,by\nAldgate Interiors,'=1+1,\nBorough Books,Rang twice,\n"
    )
    assert [json.loads(line) for line in files["jsonl"].splitlines()] == [
        {"client": "Aldgate Interiors", "note": "=1+1", "by": None},
        {"client": "Borough Books", "note": "Rang twice", "by": None},
    ]


def test_what_only_leaves_offers_no_import(notes: Resource, acme: Tenant, browser: Browser) -> None:
    page = browser.get(reverse("transfer_list", args=["acme"])).content.decode()
    assert reverse("export_create", args=["acme", "notes"]) in page
    assert reverse("import_create", args=["acme", "notes"]) not in page
    assert reverse("import_create", args=["acme", "clients"]) in page
    assert browser.get(reverse("import_create", args=["acme", "notes"])).status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Borough Books", "aldgate Interiors", "Chelsea Cafe"]),
        ("sort=name", ["aldgate Interiors", "Borough Books", "Chelsea Cafe"]),
        ("sort=-name", ["Chelsea Cafe", "Borough Books", "aldgate Interiors"]),
        ("sort=-name&q=o", ["Borough Books", "aldgate Interiors"]),
        ("sort=secret", ["Borough Books", "aldgate Interiors", "Chelsea Cafe"]),
    ],
)
def test_a_file_has_the_order_that_the_list_was_asked_for(
    query: str, names: list[str], acme: Tenant, browser: Browser, owner: User
) -> None:
    for name in ("Borough Books", "aldgate Interiors", "Chelsea Cafe"):
        add_client(acme, name)
    export = ask_for_export(browser, acme, query=query)
    attempt(export.job_id)
    with transaction.atomic():
        export.refresh_from_db()
    assert [row["name"] for row in table(body(browser.get(export.link_for(owner))))] == names


def test_an_export_again_asks_for_the_same_rows_in_the_same_order(
    acme: Tenant, browser: Browser
) -> None:
    export = ask_for_export(browser, acme, query="q=books&sort=-name")
    export.job.cancel()
    page: Any = browser.get(export.get_absolute_url()).content.decode()
    assert f"{reverse('export_create', args=['acme', 'clients'])}?q=books&amp;sort=-name" in page
