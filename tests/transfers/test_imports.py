"""Importing in the portal: upload, columns, start, report; who may, and what hostile files do."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.transfers.models import Import
from apps.transfers.reading import MAX_BYTES
from apps.transfers.services import purge_expired
from tests.conftest import Browser
from tests.transfers.conftest import body, draft_of, start, table, upload

AsRole = Callable[[Role], Browser]
Kept = Callable[[], list[str]]
FILE = "Name,E-mail,Notes\nAda,ada@example.com,x\nGrace,nonsense,y\n"


@pytest.fixture
def draft(acme: Tenant, browser: Browser) -> Import:
    return draft_of(browser, acme, FILE)


def page_of(browser: Browser, each: Import) -> str:
    text: str = browser.get(each.get_absolute_url()).content.decode()
    return text


def test_from_upload_to_report(acme: Tenant, browser: Browser, do_jobs: Callable[[], int]) -> None:
    draft = draft_of(browser, acme, FILE)
    assert "Check 2 rows" in page_of(browser, draft)
    assert not acme.clients.exists()
    response = start(browser, draft)
    assert (response.status_code, response.url) == (302, draft.get_absolute_url())
    assert "Waiting to start" in page_of(browser, draft)
    do_jobs()
    report = page_of(browser, draft)
    assert "1 added, 1 refused" in report
    assert "Enter a valid email address." in report
    assert "nonsense" in report
    assert acme.clients.get().email == "ada@example.com"
    refused = browser.get(reverse("import_refusals", args=["acme", draft.pk]))
    assert refused["Content-Disposition"] == 'attachment; filename="refused.csv"'
    assert [row["Row"] for row in table(body(refused))] == ["3"]


def test_an_upload_adds_nothing_but_a_draft(draft: Import, kept: Kept) -> None:
    assert (draft.job, draft.rows, draft.headers) == (None, 2, ["Name", "E-mail", "Notes"])
    assert draft.filename == "clients.csv"
    assert draft.created_by
    assert kept() == [draft.file.name]
    assert draft.file.name.startswith(f"t/{draft.tenant_id}/imports/")
    assert not draft.tenant.jobs.exists()


def test_the_preview_shows_the_first_five_rows_and_a_choice_for_each_column(
    acme: Tenant, browser: Browser
) -> None:
    content = "name;city\n" + "".join(f"Client {n};City {n}\n" for n in range(1, 10))
    page = page_of(browser, draft_of(browser, acme, content))
    for n in range(1, 6):
        assert f"<td>Client {n}</td><td>City {n}</td>" in page
    assert "Client 6" not in page
    assert page.count("<select") == 2


def test_columns_are_matched_by_name_label_or_what_people_write(
    acme: Tenant, browser: Browser
) -> None:
    from apps.transfers.forms import MappingForm

    headers = "NAME,E-Mail Address,Tel,Status,Who,last contact,e mail"
    form = MappingForm(draft=draft_of(browser, acme, f"{headers}\na,,,,,,\n"))
    assert [bound.value() for bound in form.columns] == [
        "name",
        "email",
        "phone",
        "status",
        "",
        "last_contact_on",
        "",
    ]


def test_the_columns_of_an_export_are_matched_when_it_comes_back(
    acme: Tenant, browser: Browser
) -> None:
    from apps.clients.transfers import CLIENTS
    from apps.transfers.forms import MappingForm

    header = ",".join(CLIENTS.columns)
    form = MappingForm(draft=draft_of(browser, acme, f"{header}\na{',' * 7}\n"))
    guessed = [bound.value() for bound in form.columns]
    assert guessed == [*list(CLIENTS.columns)[:-1], ""]


def test_a_required_column_that_is_missing_is_named_at_once_and_at_the_start(
    acme: Tenant, browser: Browser
) -> None:
    draft = draft_of(browser, acme, "Firm,City\nAldgate,London\n")
    missing = "Choose the column that holds “Name”."
    assert missing in page_of(browser, draft)
    response = start(browser, draft)
    assert missing in response.content.decode()
    assert "<title>Error: " in response.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft
    assert start(browser, draft, "name", "").status_code == 302


def test_two_columns_cannot_fill_one_field(draft: Import, browser: Browser) -> None:
    response = start(browser, draft, "name", "name", "")
    assert "The column “Name” fills this already." in response.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


@pytest.mark.parametrize("field", ["tenant", "id", "archived_at", "version", "created_at"])
def test_only_what_the_form_offers_can_be_filled(
    field: str, draft: Import, browser: Browser
) -> None:
    response = start(browser, draft, "name", "email", field)
    assert "Select a valid choice" in response.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_import_is_started_once(
    draft: Import, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    for _ in range(2):
        assert start(browser, draft).status_code == 302
    assert draft.tenant.jobs.count() == 1
    stale = Import.objects.get(pk=draft.pk)
    stale.job = None
    assert not stale.start(["name", "", ""], by=draft.created_by)
    do_jobs()
    assert draft.tenant.clients.count() == 1


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ((b"", "clients.csv"), "The file is empty."),
        ((b"name\n", "clients.csv"), "The file has column names but no rows."),
        ((b"name,Name\na,b\n", "clients.csv"), "Two columns are called “Name”."),
        ((b"name\nA\0da\n", "clients.csv"), "Line 2 holds a NUL character"),
        ((b"PK\x03\x04", "clients.csv"), "This file is an Excel workbook"),
        ((b"name\nAda\n", "clients.xlsx"), "This file is called .xlsx, but is no Excel"),
        ((b"name\nAda\n", "clients.xlsm"), "A .xlsm cannot be imported."),
        ((b'name\n"Ada\n', "clients.csv"), "Row 2 cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field_and_not_kept(
    file: tuple[bytes, str], reason: str, acme: Tenant, browser: Browser, kept: Kept
) -> None:
    response = upload(browser, acme, *file)
    page = response.content.decode()
    assert response.status_code == 200
    assert reason in page
    assert "<title>Error: " in page
    assert (acme.imports.count(), kept()) == (0, [])


def test_no_file_at_all_is_refused(acme: Tenant, browser: Browser) -> None:
    response = browser.post(reverse("import_create", args=["acme", "clients"]))
    assert "This field is required." in response.content.decode()


def test_a_file_above_the_limit_is_cut_off_while_it_arrives_and_refused(
    acme: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    receive = TemporaryFileUploadHandler.receive_data_chunk

    def watch(handler: Any, raw_data: bytes, at: int) -> Any:
        taken.append(len(raw_data))
        return receive(handler, raw_data, at)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", watch)
    response = upload(browser, acme, b"name\n" + b"Ada\n" * (6 * 1024**2))
    assert "The file is larger than 20 MB." in response.content.decode()
    assert MAX_BYTES < sum(taken) < MAX_BYTES + 1024**2


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "..\\..\\boot.csv", "a" * 300 + ".csv", "<script>.csv"]
)
def test_a_hostile_file_name_is_shown_harmlessly_and_decides_no_path(
    name: str, acme: Tenant, browser: Browser, kept: Kept
) -> None:
    assert upload(browser, acme, "name\nAda\n", name).status_code == 302
    draft = acme.imports.get()
    assert kept() == [f"t/{acme.pk}/imports/{draft.stem}.csv"]
    assert "<script>.csv" not in page_of(browser, draft)


def test_hostile_values_are_shown_as_text(
    acme: Tenant, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    script = "<script>alert(1)</script>"
    draft = draft_of(browser, acme, f"name,{script}\n{script},x\n{'y' * 201}{script},\n")
    assert script not in page_of(browser, draft)
    start(browser, draft, "name", "")
    do_jobs()
    assert script not in page_of(browser, draft)
    assert acme.clients.get().name == script


def test_a_person_without_scripts_sees_how_far_it_is_by_reloading(
    draft: Import, browser: Browser
) -> None:
    start(browser, draft)
    Job.objects.update(
        state="running", done=1, total=2, started_at=timezone.now() - timedelta(seconds=3)
    )
    page = page_of(browser, draft)
    assert "1 of 2 rows" in page
    assert "<noscript>" in page
    card = browser.get(draft.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "1 of 2 rows" in card
    assert "<html" not in card


def test_a_finished_card_leads_to_the_report(
    draft: Import, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    start(browser, draft)
    do_jobs()
    card = browser.get(draft.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "See the report" in card
    assert "1 added, 1 refused" in card
    assert "hx-get" not in card
    assert "Show clients" in page_of(browser, draft)


def test_a_failed_import_says_that_nothing_was_added_and_what_to_quote(
    draft: Import, browser: Browser
) -> None:
    start(browser, draft)
    Job.objects.update(state="failed", error=Job.GAVE_UP, traceback="secret traceback")
    page = page_of(browser, draft)
    draft.refresh_from_db()
    assert draft.job
    assert f"If you write to us, quote {draft.job.request_id}." in page
    assert "Nothing was added." in page
    assert "secret traceback" not in page


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ADMIN, 200), (Role.MEMBER, 200), (Role.VIEWER, 403)]
)
def test_members_import_and_viewers_do_not(
    role: Role, status: int, draft: Import, as_role: AsRole
) -> None:
    somebody = as_role(role)
    assert somebody.get(reverse("import_create", args=["acme", "clients"])).status_code == status
    assert somebody.get(draft.get_absolute_url()).status_code == status
    if status == 403:
        assert upload(somebody, draft.tenant, FILE).status_code == 403
        assert start(somebody, draft).status_code == 403
        refusals = reverse("import_refusals", args=["acme", draft.pk])
        assert somebody.get(refusals).status_code == 403
        assert draft.tenant.imports.count() == 1


def test_an_import_of_another_workspace_is_a_page_that_is_not_there(
    draft: Import, globex: Tenant, sign_in: Callable[[User], Browser]
) -> None:
    theirs = sign_in(globex.memberships.get().user)
    for slug in ("acme", "globex"):
        assert theirs.get(reverse("import_detail", args=[slug, draft.pk])).status_code == 404
        assert theirs.get(reverse("import_refusals", args=[slug, draft.pk])).status_code == 404
        begin = reverse("import_start", args=[slug, draft.pk])
        assert theirs.post(begin, {"column_0": "name"}).status_code == 404
    draft.refresh_from_db()
    assert draft.is_draft


def test_rows_go_into_the_workspace_whose_page_it_was_and_no_other(
    acme: Tenant, globex: Tenant, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    start(browser, draft_of(browser, acme, FILE))
    do_jobs()
    assert (acme.clients.count(), globex.clients.count()) == (1, 0)


def test_without_refusals_there_is_nothing_to_download(
    acme: Tenant, browser: Browser, do_jobs: Callable[[], int]
) -> None:
    draft = draft_of(browser, acme, "name\nAda\n")
    start(browser, draft)
    do_jobs()
    assert "Refused rows" not in page_of(browser, draft)
    response = browser.get(reverse("import_refusals", args=["acme", draft.pk]))
    assert (response.status_code, response.url) == (302, draft.get_absolute_url())


def test_a_draft_expires_with_its_file_and_says_so(
    draft: Import, browser: Browser, kept: Kept
) -> None:
    Import.objects.update(expires_at=timezone.now())
    assert "This file is not kept any more" in page_of(browser, draft)
    assert start(browser, draft).status_code == 200
    assert purge_expired() == 1
    assert kept() == []
    assert "This file is not kept any more" in page_of(browser, draft)
    assert not draft.tenant.jobs.exists()


def test_the_files_of_an_import_expire_and_the_tally_stays(
    draft: Import, browser: Browser, do_jobs: Callable[[], int], kept: Kept
) -> None:
    start(browser, draft)
    do_jobs()
    assert len(kept()) == 2
    Import.objects.update(expires_at=timezone.now())
    assert purge_expired() == 1
    assert kept() == []
    page = page_of(browser, draft)
    assert "1 added, 1 refused" in page
    assert "nonsense" not in page


def test_an_import_that_cannot_be_written_down_leaves_no_file(
    acme: Tenant, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.files.base import File

    from apps.clients.transfers import CLIENTS
    from apps.transfers.reading import inspect

    def full(*args: object, **kwargs: object) -> None:
        raise OSError("The disk is full")

    monkeypatch.setattr(Import, "save", full)
    content = io.BytesIO(b"name\nAda\n")
    read = inspect(content, "x.csv")
    user = acme.memberships.get().user
    with pytest.raises(OSError, match="full"):
        Import.take(
            tenant=acme, by=user, resource=CLIENTS, upload=File(content, "x.csv"), table=read
        )
    assert kept() == []


def test_a_member_continues_what_a_colleague_uploaded(
    draft: Import, join: Callable[..., Membership], sign_in: Callable[[User], Browser]
) -> None:
    member = join(draft.tenant, Role.MEMBER)
    assert start(sign_in(member.user), draft).status_code == 302
    draft.refresh_from_db()
    assert draft.job
    assert draft.job.requested_by == member.user
