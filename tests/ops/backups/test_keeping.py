"""Backups are kept for as long as retention says, in a folder and in a bucket alike."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import obstore
import pytest
from django.utils import timezone

from apps.ops.backups import BackupFailed, store
from apps.ops.backups.manifest import Manifest, from_json, name_of
from apps.ops.backups.retention import kept
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import Store, the_store
from apps.ops.backups.taking import take

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEEP = {"daily": 7, "weekly": 5, "monthly": 12}


def every(span: timedelta, count: int) -> dict[str, datetime]:
    """So many backups, the newest at noon; each is named by how many are newer."""
    return {str(number): NOON - number * span for number in range(count)}


def test_days_weeks_and_months_keep_their_newest() -> None:
    names = kept(every(timedelta(days=1), 400), KEEP)
    assert {str(day) for day in range(7)} <= names
    # Sundays of five weeks, this one's Saturday among the days; ends of twelve months.
    assert {"6", "13", "20", "27"} <= names
    assert {"28", "59"} <= names
    assert len(names) == 7 + 3 + 11


def test_of_several_on_a_day_the_newest_stays() -> None:
    assert kept(every(timedelta(hours=1), 12), KEEP) == {"0"}


def test_days_without_a_backup_cost_none() -> None:
    assert len(kept(every(timedelta(days=40), 5), KEEP)) == 5


def test_the_newest_stays_whatever_is_asked_for() -> None:
    assert kept({"only": NOON}, {"daily": 0, "weekly": 0, "monthly": 0}) == {"only"}
    assert kept({}, KEEP) == set()


@pytest.fixture
def put(shelf: Shelf) -> Callable[..., Manifest]:
    """Put a made-up backup of some days ago onto the shelf."""

    def make(days: float, environment: str = "test", content: bytes = b"age") -> Manifest:
        began = timezone.now().replace(microsecond=0) - timedelta(days=days)
        manifest = Manifest(
            name=name_of(environment, began),
            environment=environment,
            release="4f2c91a",
            began=began,
            seconds=1,
            server="18.1",
            dumped_by=18,
            extensions={},
            migrations=[],
            tables={"public.tenants_tenant": 2},
            recipients=["age1"],
            size=len(content),
            sha256="00",
        )
        shelf.store.put(manifest.file, content)
        shelf.store.put(f"{manifest.name}.json", manifest.to_json())
        return manifest

    return make


def test_what_is_no_longer_kept_is_deleted_and_nothing_else(
    put: Callable[..., Manifest], shelf: Shelf, settings: Any
) -> None:
    settings.BACKUP_KEEP = {"daily": 2, "weekly": 1, "monthly": 1}
    newest, second = put(0), put(1.1)
    old, others = put(400), put(400, environment="staging")
    strangers = {
        "backup-test-20200101T000000Z.txt": b"mine",
        "backup-test-20200102T000000Z.json": b'{"mine": true}',
        "notes.json": b"{}",
    }
    for name, content in strangers.items():
        shelf.store.put(name, content)
    assert shelf.tidy("test") == [old.name]
    left = shelf.store.names().keys()
    assert strangers.keys() <= left
    assert {one.name for one in shelf.backups()} == {newest.name, second.name, others.name}
    assert old.file not in left


def test_the_last_good_one_is_never_deleted(
    put: Callable[..., Manifest], shelf: Shelf, folder: Path
) -> None:
    good, broken = put(900), put(0)
    (folder / broken.file).write_bytes(b"cut")
    (folder / broken.file).write_bytes(b"")
    assert shelf.tidy("test") == []
    assert shelf.newest("test") == good


def test_an_unfinished_dump_is_no_backup_and_goes_after_two_days(
    put: Callable[..., Manifest], shelf: Shelf
) -> None:
    unfinished, young, good = put(3), put(1), put(0)
    for one in (unfinished, young):
        shelf.store.delete(f"{one.name}.json")
    assert [one.name for one in shelf.backups()] == [good.name]
    assert shelf.tidy("test") == [unfinished.name]
    assert young.file in shelf.store.names()


def test_a_manifest_of_a_later_format_is_said_to_be_one(put: Callable[..., Manifest]) -> None:
    told = json.loads(put(0).to_json())
    with pytest.raises(BackupFailed, match="is of format 2; this reads 1"):
        from_json(json.dumps({**told, "format": 2}).encode())
    assert from_json(b"no JSON") is None
    assert from_json(b"[1]") is None


@pytest.fixture
def bucket(s3_server: str, folder: Path, settings: Any, tmp_path: Path) -> Callable[[str], str]:
    """A new bucket, with the settings that lead to it; ask it for an address below it."""
    name = f"portal-{tmp_path.name.replace('_', '-').lower()}"
    urlopen(Request(f"{s3_server}/{name}", method="PUT"))
    settings.BACKUP_URL = f"s3://{name}/production"
    settings.BACKUP_STORE = {
        "endpoint": s3_server,
        "region": "us-east-1",
        "access_key_id": "key",
        "secret_access_key": "c4n4ry",
    }
    return lambda query: urlopen(f"{s3_server}/{name}?{query}").read().decode()


def test_a_bucket_takes_a_backup_and_gives_it_back(
    bucket: Callable[[str], str], data: dict[str, int]
) -> None:
    shelf = Shelf(the_store())
    manifest = take(shelf.store)
    assert shelf.backups() == [manifest]
    shelf.verify(manifest)
    assert shelf.store.is_elsewhere
    assert f"<Key>production/{manifest.file}</Key>" in bucket("list-type=2")


def test_a_large_one_goes_in_parts_and_what_fails_half_way_leaves_none(
    bucket: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PART", 5 * 1024 * 1024)  # the least that a bucket takes
    files, chunk = the_store(), bytes(1024 * 1024)
    with files.writing("whole") as writer:
        for _ in range(12):
            writer.write(chunk)
    assert files.names() == {"whole": 12 * 1024 * 1024}
    assert obstore.head(files.files, "whole")["e_tag"].endswith('-3"')  # type: ignore[union-attr]  # a bucket has one

    def fail() -> None:
        with files.writing("half") as writer:
            for _ in range(12):
                writer.write(chunk)
            raise BackupFailed("half-way")

    with pytest.raises(BackupFailed, match="half-way"):
        fail()
    assert files.names() == {"whole": 12 * 1024 * 1024}
    assert "<Upload>" not in bucket("uploads")


def test_a_bucket_that_is_not_there_is_said_to_be_and_no_secret_is_shown(
    bucket: Callable[[str], str], data: dict[str, int], settings: Any
) -> None:
    with pytest.raises(BackupFailed, match="cannot be stored") as caught:
        take(Store("s3://another-bucket/production"))
    assert "c4n4ry" not in str(caught.value)


def test_a_store_that_cannot_be_reached_is_named(
    bucket: Callable[[str], str], settings: Any
) -> None:
    settings.BACKUP_STORE = {**settings.BACKUP_STORE, "endpoint": "http://127.0.0.1:1"}
    with pytest.raises(BackupFailed, match=r"s3://portal-.* cannot be listed"):
        Shelf(the_store()).backups()


def test_two_releases_of_a_backup_are_told_apart(put: Callable[..., Manifest]) -> None:
    one = put(0)
    assert from_json(replace(one, release="another").to_json()) != one
