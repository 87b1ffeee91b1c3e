"""What the tests of transfers share: files in a folder of the test, clients, uploads."""

import csv
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.clients.models import Client
from apps.clients.transfers import CLIENTS
from apps.jobs.models import Job
from apps.jobs.runner import Run, attempt
from apps.tenants.models import Tenant
from apps.tenants.roles import Role
from apps.transfers import columns, importing
from apps.transfers.models import Export, Import
from apps.transfers.reading import inspect
from tests.conftest import Browser
from tests.world.worker import start_worker, worker

__all__ = ["start_worker", "worker"]


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    """Where exports and imports lie during the test."""
    folder = tmp_path / "files"
    default = settings.STORAGES["default"]
    options = {**default.get("OPTIONS", {}), "location": str(folder)}
    settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": options}}
    return folder


@pytest.fixture
def kept(files: Path) -> Callable[[], list[str]]:
    """The paths of all files that are kept."""
    return lambda: sorted(str(at.relative_to(files)) for at in files.rglob("*") if at.is_file())


@pytest.fixture
def halfway(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], AbstractContextManager[None]]:
    """Attempt a job in a thread; in the block it stands still after so many rows.

    Leaving the block, it goes on, and has ended afterwards. It notices within 20 ms if the block
    has cancelled it, and waits for that before it takes the next step.
    """
    monkeypatch.setattr(Run, "PULSE", 0.02)
    monkeypatch.setattr(columns, "TELL_EVERY", 10)
    monkeypatch.setattr(importing, "BATCH", 10)
    progress = Run.progress

    @contextmanager
    def stand_still(pk: int, rows: int) -> Iterator[None]:
        reached, go_on = threading.Event(), threading.Event()

        def pause(run: Run, done: int, total: int | None = None) -> None:
            if done == rows:
                reached.set()
                go_on.wait(10)
                run._stopped.wait(0.2)
            progress(run, done, total)

        def work() -> None:
            try:
                attempt(pk)
            finally:
                connection.close()

        monkeypatch.setattr(Run, "progress", pause)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            assert reached.wait(10), f"The job never came to {rows} rows"
            yield
        finally:
            go_on.set()
            thread.join(10)

    return stand_still


@pytest.fixture
def owner(acme: Tenant) -> User:
    user: User = acme.memberships.get(role=Role.OWNER).user
    return user


@pytest.fixture
def browser(owner: User, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(owner)


@pytest.fixture
def ready(acme: Tenant, browser: Browser, do_jobs: Callable[[], int]) -> Export:
    """An export of one client whose file is there."""
    add_client(acme, "Aldgate Interiors")
    export = ask_for_export(browser, acme)
    do_jobs()
    export.refresh_from_db()
    assert export.is_ready
    return export


@pytest.fixture
def prepare(acme: Tenant, owner: User) -> Callable[..., Import]:
    """Have a file ready to be brought in; its columns are fields unless `mapping` says more."""

    def ready(content: str, mapping: list[str] | None = None, **asked: Any) -> Import:
        file = ContentFile(content.encode(), name="clients.csv")
        read = inspect(io.BytesIO(content.encode()), "clients.csv")
        draft = Import.take(tenant=acme, by=owner, resource=CLIENTS, upload=file, table=read)
        ask = draft.ask_to_check if asked.pop("trial", False) else draft.start
        ask(mapping or read.headers, by=owner, **asked)
        return draft

    return ready


@pytest.fixture
def bring_in(prepare: Callable[..., Import]) -> Callable[..., Import]:
    """Bring a file in, and return the import as it stands then."""

    def do(content: str, mapping: list[str] | None = None, **asked: Any) -> Import:
        each = prepare(content, mapping, **asked)
        assert each.job
        attempt(each.job.pk)
        each.refresh_from_db()
        assert each.job
        each.job.refresh_from_db()
        assert each.job.state == Job.State.SUCCEEDED, each.job.traceback or each.job.error
        return each

    return do


def add_client(tenant: Tenant, name: str = "Acme Ltd", **facts: Any) -> Client:
    """Write a client down as it is, past the form's rules."""
    return Client.objects.create(tenant=tenant, name=name, **facts)


def add_clients(tenant: Tenant, number: int) -> None:
    """Write down as many clients, named "Client 1" and so on."""
    with transaction.atomic():
        Client.objects.bulk_create(
            Client(tenant=tenant, name=f"Client {n}", email=f"client{n}@example.com")
            for n in range(1, number + 1)
        )


def ask_for_export(
    browser: Browser, tenant: Tenant, format: str = "csv", query: str = "", kind: str = "clients"
) -> Export:
    """Ask for an export on the page; return what was written down."""
    url = reverse("export_create", args=[tenant.slug, kind])
    response = browser.post(f"{url}?{query}", {"format": format})
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        export: Export = tenant.exports.latest("pk")
    assert response.url == export.get_absolute_url()
    return export


def upload(
    browser: Browser, tenant: Tenant, content: str | bytes, name: str = "clients.csv"
) -> Any:
    """Upload a file on the page; return the response."""
    raw = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, raw, content_type="text/csv")
    return browser.post(reverse("import_create", args=[tenant.slug, "clients"]), {"file": file})


def draft_of(browser: Browser, tenant: Tenant, content: str | bytes) -> Import:
    """Upload a file that can be read; return the draft."""
    response = upload(browser, tenant, content)
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        draft: Import = tenant.imports.latest("pk")
    return draft


def start(browser: Browser, draft: Import, *fields: str) -> Any:
    """Settle the columns of a draft, as guessed or as given; return the response."""
    from apps.transfers.forms import MappingForm

    with transaction.atomic():
        chosen = fields or [bound.value() for bound in MappingForm(draft=draft).columns]
    url = reverse("import_start", args=[draft.tenant.slug, draft.pk])
    return browser.post(url, {f"column_{at}": field for at, field in enumerate(chosen)})


def body(response: Any) -> bytes:
    """What a download gives."""
    return b"".join(response.streaming_content)


def table(content: bytes) -> list[dict[str, str]]:
    """A CSV's rows."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
