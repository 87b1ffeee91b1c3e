"""Tries a restore in a database of its own, looks at the pages on it, and records it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from pyrage import x25519

from apps.ops.backups import BackupFailed
from apps.ops.backups.manifest import Manifest
from apps.ops.backups.restoring import Restore, provided, working_in
from apps.ops.backups.server import Server, owners_server
from apps.ops.backups.shelf import Shelf
from apps.tenants.models import Membership
from apps.tenants.roles import Role
from apps.tenants.scope import outside, platform_scope

log = structlog.get_logger("slipway.ops")


def drill(
    shelf: Shelf, manifest: Manifest, keys: Sequence[x25519.Identity], *, into: str = ""
) -> dict[str, Any]:
    """Restore beside the product, compare, look at the pages, drop, record; return the record.

    `into` names a database that is there and empty, where the role may create none; it is left as
    it is in the end. Raises BackupFailed; then nothing is recorded.
    """
    at = datetime.now(UTC)
    clock = time.monotonic()
    with scratch(into, at) as server:
        Restore(shelf, manifest, keys, server).run()
        seen = look_at(server.database)
    record = {
        "backup": manifest.name,
        "at": at.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - clock, 1),
        "release": settings.RELEASE,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "seen": seen,
    }
    shelf.record_drill(record, environment=manifest.environment, at=at)
    log.info("backup.drilled", backup=manifest.name, seconds=record["seconds"])
    return record


@contextmanager
def scratch(into: str, at: datetime) -> Iterator[Server]:
    """A database to restore into, dropped again if it was made here."""
    if into:
        yield provided(into)
        return
    beside = owners_server()
    server = provided(f"{beside.database[:40]}_drill_{at:%Y%m%d_%H%M%S}")
    try:
        yield server
    finally:
        with beside.connected() as opened:
            drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(server.database))
            try:
                opened.execute(drop + sql.SQL(" WITH (FORCE)"))
            except InsufficientPrivilege:
                # Autovacuum is at work there: no owner may end it; without FORCE it is asked to go.
                opened.execute(drop)


def look_at(database: str) -> list[str]:
    """See that this release runs on the database: checks, and the pages that everybody needs.

    Return what was seen. Raises BackupFailed for the first that is not as it should be.
    """
    with working_in(database), outside():
        try:
            # What it says of itself would stand before the record that --json prints.
            call_command("check", databases=["default"], stdout=StringIO())
        except SystemCheckError as error:
            raise BackupFailed(f"A check fails on the restored data: {error}") from None
        browser = Client(SERVER_NAME=settings.SITE_HOST, headers={"user-agent": "restore drill"})
        addresses = ["/", reverse("account_login"), "/healthz"]
        with transaction.atomic(), platform_scope(reason="A restore drill opens a workspace"):
            seat = Membership.objects.filter(role=Role.OWNER).select_related("tenant").first()
            workspace = seat.tenant.get_absolute_url() if seat else ""
            person = seat.user if seat else None
        for address in addresses:
            look(browser, address)
        if person:
            browser.force_login(person, settings.AUTHENTICATION_BACKENDS[0])
            look(browser, workspace)
    return [*addresses, *([workspace] if workspace else [])]


def look(browser: Client, address: str) -> None:
    """Ask for a page as over HTTPS. Raises BackupFailed unless it is there."""
    try:
        status = browser.get(address, secure=True).status_code
    except Exception as error:
        # The browser hands on what a view did not catch.
        raise BackupFailed(f"{address} fails on the restored data: {error!r}") from error
    if status != 200:
        raise BackupFailed(f"{address} answers {status} on the restored data, not 200")
