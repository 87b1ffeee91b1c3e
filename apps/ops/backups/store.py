"""Where backups are kept: a folder or an S3-compatible bucket; files in and out, streamed."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import obstore
from django.conf import settings
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from apps.ops.backups import BackupFailed

# A bucket takes 10,000 parts: with these a dump may have 156 GB, and memory holds three at most.
PART = 16 * 1024 * 1024
AT_ONCE = 2
READ = 1024 * 1024
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class Writer:
    """What a backup is written into: it counts and sums up on the way to the store."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.sum = hashlib.sha256()
        self.size = 0
        self.failure: BackupFailed | None = None

    def write(self, chunk: bytes) -> int:
        self.sum.update(chunk)
        self.size += len(chunk)
        try:
            self.file.write(chunk)
        except (BaseError, OSError) as error:
            self.failure = BackupFailed(f"The backup cannot be stored: {first_line(error)}")
            raise OSError from error
        return len(chunk)

    def flush(self) -> None:
        """Leave it to the end: a part of a bucket's file has a least size."""


class Reader:
    """What a backup is read from: the store's chunks, in the portions that are asked for."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.rest = memoryview(b"")
        self.failure: BackupFailed | None = None

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, and none only at the end."""
        if not self.rest:
            try:
                self.rest = memoryview(next(self.chunks, b""))
            except BackupFailed as failure:
                self.failure = failure
                raise OSError from failure
        size = len(self.rest) if size < 0 else size
        portion, self.rest = bytes(self.rest[:size]), self.rest[size:]
        return portion


class Store:
    """The files at BACKUP_URL. Each verb raises BackupFailed for what the store refuses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files = told(lambda: opened(url), f"{url} cannot be opened")

    @property
    def is_elsewhere(self) -> bool:
        """Whether it outlives this machine, as far as its address tells."""
        return self.url.startswith("s3://")

    def names(self) -> dict[str, int]:
        """All files' names and sizes."""
        pages = told(lambda: list(obstore.list(self.files)), f"{self.url} cannot be listed")
        return {meta["path"]: meta["size"] for page in pages for meta in page}

    def put(self, name: str, content: bytes) -> None:
        told(lambda: obstore.put(self.files, name, content), f"{name} cannot be stored")

    def get(self, name: str) -> bytes:
        return b"".join(self.read(name))

    def read(self, name: str) -> Iterator[bytes]:
        """A file's content, by the megabyte."""
        try:
            for chunk in obstore.get(self.files, name).stream(min_chunk_size=READ):
                yield bytes(chunk)
        except FileNotFoundError:
            raise BackupFailed(f"There is no {name} at {self.url}") from None
        except (BaseError, OSError) as error:
            raise BackupFailed(f"{name} cannot be read: {first_line(error)}") from None

    def delete(self, name: str) -> None:
        told(lambda: obstore.delete(self.files, name), f"{name} cannot be deleted")

    @contextmanager
    def writing(self, name: str) -> Iterator[Writer]:
        """Write a file that is there once the block ends, and not at all if it fails."""
        try:
            with obstore.open_writer(
                self.files, name, buffer_size=PART, max_concurrency=AT_ONCE
            ) as file:
                yield Writer(file)
        except (BaseError, OSError) as error:
            raise BackupFailed(f"{name} cannot be stored: {first_line(error)}") from None


def the_store() -> Store:
    """The store at BACKUP_URL. Raises BackupFailed where none is set."""
    if not settings.BACKUP_URL:
        raise BackupFailed(
            "BACKUP_URL is not set: name the bucket or the folder for backups (docs/backups.md)."
        )
    return Store(settings.BACKUP_URL)


def opened(url: str) -> Any:
    """The library's store for an address."""
    address = urlsplit(url)
    if address.scheme == "file":
        return LocalStore(address.path, mkdir=True)
    if not (settings.BACKUP_STORE["access_key_id"] and settings.BACKUP_STORE["secret_access_key"]):
        # Without them the library would ask the machine's cloud for some, and wait for it.
        raise BackupFailed(
            "BACKUP_ACCESS_KEY and BACKUP_SECRET_KEY are not set: a bucket asks both"
        )
    config: Any = {name: value for name, value in settings.BACKUP_STORE.items() if value}
    return S3Store(
        address.netloc,
        prefix=address.path.strip("/") or None,
        config=config,
        client_options={
            "timeout": "120s",
            "connect_timeout": "10s",
            "allow_http": settings.BACKUP_STORE["endpoint"].startswith(LOOPBACK),
        },
        retry_config={"max_retries": 4},
    )


def told(ask: Callable[[], Any], problem: str) -> Any:
    """The store's answer. Raises BackupFailed, which says the problem and the store's reason."""
    try:
        return ask()
    except (BaseError, OSError) as error:
        raise BackupFailed(f"{problem}: {first_line(error)}") from None


def first_line(error: Exception) -> str:
    """What the store says, without the pages that it adds."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
