"""Files in a bucket: what is stored, served, deleted, and what of a killed worker's is left."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.jobs.runner import attempt
from apps.tenants.models import Tenant
from apps.transfers.models import Import
from apps.transfers.services import purge_expired
from apps.transfers.storage import MIB, PART
from config.settings import production
from tests.conftest import Browser
from tests.ops.backups.conftest import s3_server
from tests.transfers.conftest import add_clients, ask_for_export, body, draft_of, start, table

__all__ = ["s3_server"]
pytestmark = pytest.mark.xdist_group("s3")
Bucket = Callable[[str], str]


@pytest.fixture
def bucket(s3_server: str, settings: Any, tmp_path: Path) -> Bucket:
    """A new bucket for the files; ask it for what stands behind a query."""
    name = f"files-{tmp_path.name.replace('_', '-').lower()}"
    urlopen(Request(f"{s3_server}/{name}", method="PUT"))
    options = {
        **production.IN_A_BUCKET["OPTIONS"],
        "bucket_name": name,
        "location": "production",
        "endpoint_url": s3_server,
        "access_key": "key",
        "secret_key": "c4n4ry",
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**production.IN_A_BUCKET, "OPTIONS": options},
    }
    return lambda query: urlopen(f"{s3_server}/{name}?{query}").read().decode()


def test_an_export_lies_in_the_bucket_and_is_downloaded_through_the_product(
    bucket: Bucket, acme: Tenant, browser: Browser, owner: User
) -> None:
    add_clients(acme, 30)
    export = ask_for_export(browser, acme)
    attempt(export.job_id)
    export.refresh_from_db()
    assert f"<Key>production/{export.file.name}</Key>" in bucket("list-type=2")
    response = browser.get(export.link_for(owner))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"] == f'attachment; filename="{export.filename}"'
    assert [row["name"] for row in table(body(response))][-1] == "Client 30"


def test_an_upload_goes_through_the_bucket(bucket: Bucket, acme: Tenant, browser: Browser) -> None:
    draft: Import = draft_of(browser, acme, "name,email\nAldgate,a@example.com\n")
    assert f"<Key>production/{draft.file.name}</Key>" in bucket("list-type=2")
    start(browser, draft)
    draft.refresh_from_db()
    assert draft.job_id
    attempt(draft.job_id)
    draft.refresh_from_db()
    assert draft.job, "it has one"
    assert draft.job.state == Job.State.SUCCEEDED, (draft.job.error, draft.job.traceback)
    assert acme.clients.get().name == "Aldgate"


def test_what_expired_leaves_the_bucket(bucket: Bucket, acme: Tenant, browser: Browser) -> None:
    export = ask_for_export(browser, acme)
    attempt(export.job_id)
    acme.exports.update(expires_at=export.created_at)
    assert purge_expired() == 1
    assert "<Key>" not in bucket("list-type=2")
    export.refresh_from_db()
    with pytest.raises(FileNotFoundError):
        export.open()


def test_a_file_that_vanished_is_said_to_be_gone(
    bucket: Bucket, acme: Tenant, browser: Browser, owner: User
) -> None:
    export = ask_for_export(browser, acme)
    attempt(export.job_id)
    export.refresh_from_db()
    default_storage.delete(export.file.name)
    response = browser.get(export.link_for(owner), follow=True)
    assert "This file is not kept any more. Export again." in response.content.decode()


def test_a_large_file_goes_out_in_parts_and_comes_back_whole(bucket: Bucket) -> None:
    content = bytes(range(256)) * (2 * PART // 256 + 1)
    default_storage.save("t/1/exports/large.csv", ContentFile(content))
    found = default_storage.bucket.Object("production/t/1/exports/large.csv")  # type: ignore[attr-defined]  # a bucket has it
    assert found.e_tag.endswith('-3"')
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with default_storage.open("t/1/exports/large.csv") as file:
        assert b"".join(file.chunks()) == content
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 3 * len(content) // MIB * 1024
    )


def test_the_parts_that_a_killed_worker_sent_are_given_up_with_its_file(bucket: Bucket) -> None:
    key = "production/t/1/exports/stem-1.csv"
    client = default_storage.connection.meta.client  # type: ignore[attr-defined]  # a bucket has it
    begun = client.create_multipart_upload(Bucket=default_storage.bucket_name, Key=key)  # type: ignore[attr-defined]  # as above
    client.upload_part(
        Bucket=default_storage.bucket_name,  # type: ignore[attr-defined]  # as above
        Key=key,
        PartNumber=1,
        UploadId=begun["UploadId"],
        Body=b"half a fi",
    )
    assert "<Upload>" in bucket("uploads")
    default_storage.delete("t/1/exports/stem-1.csv")
    assert "<Upload>" not in bucket("uploads")
