"""What the tests of backups share: a key pair, a folder to keep backups in, a bucket, some data."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.ops.backups import sealing
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.server import Connection, owners_server
from apps.ops.backups.shelf import Shelf
from apps.ops.backups.store import the_store
from apps.ops.backups.taking import take
from apps.tenants.models import Tenant
from dev.databases import drop

S3 = Path(__file__).with_name("s3.py")


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A key pair: its public half, and the file of the private one."""
    public, text = sealing.new_key()
    file = tmp_path_factory.mktemp("key") / "key.txt"
    file.write_text(text)
    return public, file


@pytest.fixture
def folder(tmp_path: Path, settings: Any, key: tuple[str, Path]) -> Path:
    """The folder that backups are kept in."""
    settings.BACKUP_URL = f"file://{tmp_path}/backups"
    settings.BACKUP_RECIPIENTS = [key[0]]
    settings.BACKUP_IDENTITY = str(key[1])
    return tmp_path / "backups"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3."""
    process = subprocess.Popen(
        [sys.executable, S3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    with process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@pytest.fixture
def data(transactional_db: None, acme: Tenant, globex: Tenant) -> dict[str, int]:
    """Two workspaces with clients; how many each has."""
    with transaction.atomic():
        for number in range(40):
            acme.clients.create(name=f"Client {number}\t\n\\.\n")
        globex.clients.create(name="Ünïcode")
    return {"acme": 40, "globex": 1}


@pytest.fixture
def shelf(folder: Path) -> Shelf:
    return Shelf(the_store())


@pytest.fixture
def backup(shelf: Shelf, data: dict[str, int]) -> Manifest:
    """A backup of the two workspaces."""
    return take(shelf.store)


@pytest.fixture
def owner(transactional_db: None) -> Iterator[Connection]:
    """The test database, as the role that owns its tables, which sees every row."""
    with owners_server().connected() as opened:
        yield opened


@pytest.fixture
def drop_later() -> Iterator[Callable[[str], str]]:
    """Name a database that is dropped after the test."""
    names: list[str] = []

    def note(name: str) -> str:
        names.append(name)
        return name

    yield note
    for name in names:
        with owners_server().of("postgres").connected() as opened:
            drop(opened, name)
