"""Connections that tenants share: a pooler's, Django's pool's, a worker's. Nothing stays on them.

Heavy proofs for the most part: a thousand interleaved requests or jobs of ten workspaces each.
"""

import json
import os
import random
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.accounts.models import User
from apps.clients.models import Note
from apps.core.owner import as_owner
from apps.jobs.models import Job
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from config.celery import app as celery_app
from dev.portal import Portal, with_database
from dev.valkey import free_port
from tests.world.crowd import (
    CLIENTS,
    PEEP,
    PEEPHOLE,
    VISITS,
    Person,
    Site,
    found_crowd,
    hear_crowd,
    rows_by_slug,
    send_crowd,
)
from tests.world.pgbouncer import Pgbouncer
from tests.world.processes import Process, command_of
from tests.world.waiting import wait_until

SHARED = 3  # connections, for eight threads
LIMITS = ", ".join(f"current_setting('{name}')" for name in settings.DATABASE_TIMEOUTS)


def suites_servers() -> dict[str, str]:
    """The variables by which a process finds the test's database and queue."""
    database = with_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    return {"DATABASE_URL": database, "REDIS_URL": str(celery_app.conf.broker_url)}


def assert_each_kept_its_own(crowd: list[Person], database: str, *, notes: int) -> None:
    """Raise AssertionError unless each workspace has its clients, so many notes and no others'."""
    rows = rows_by_slug(database)
    for person in crowd:
        assert len(rows[person.slug]) == CLIENTS + notes
        assert all(person.canary in text for text in rows[person.slug])


def test_the_database_limits_the_runtime_role_by_itself(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {LIMITS}")
        assert cursor.fetchone() == ("15s", "5s", "1min")


@pytest.mark.django_db(transaction=True)
def test_rows_stay_on_the_server_inside_a_transaction_alone(make_user: Any) -> None:
    def left_there() -> int:
        rows = User.objects.order_by("pk").iterator(chunk_size=1)
        assert next(rows) == ada
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%'")
            [(count,)] = cursor.fetchall()
        assert list(rows) == [ben]
        return int(count)

    ada, ben = make_user("ada@example.com"), make_user("ben@example.com")
    assert left_there() == 0
    with transaction.atomic():
        assert left_there() == 1


@pytest.mark.django_db(transaction=True)
def test_the_owner_has_a_connection_of_its_own_beside_the_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"min_size": 1})
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"SELECT current_user, {LIMITS}")
        owner, *limits = cursor.fetchone()
        assert connection.pool is None
    assert owner == urlsplit(settings.DATABASE_OWNER_URL).username
    assert limits == ["15s", "5s", "1min"]


@pytest.fixture
def pgbouncer(tmp_path: Path) -> Iterator[Pgbouncer]:
    """A pooler in transaction mode before the suite's server."""
    with closing(Pgbouncer(os.environ, tmp_path, size=SHARED)) as pooler:
        yield pooler


@pytest.mark.prove
def test_a_thousand_requests_through_pgbouncer_see_none_of_anothers_rows(
    pgbouncer: Pgbouncer, tmp_path: Path
) -> None:
    portal = Portal(servers=pgbouncer.servers, folder=tmp_path / "portal")
    # The pooler ends first: the portal's database is dropped once nobody holds it.
    with portal, closing(pgbouncer):
        through = with_database(pgbouncer.servers["DATABASE_URL"], portal.database)
        direct = with_database(os.environ["DATABASE_OWNER_URL"], portal.database)
        context = ssl.create_default_context()
        portal.authority.configure_trust(context)
        backends = set()

        def connect() -> HTTPConnection:
            return HTTPSConnection("localhost", portal.port, context=context, timeout=30)

        def peep() -> object:
            with psycopg.connect(through, autocommit=True) as stranger:
                *found, pid = stranger.execute(f"{PEEP}, pg_backend_pid()").fetchone() or ()
            backends.add(pid)
            return tuple(found)

        # What it opened before `migrate` limited the role does not know the limits.
        pgbouncer.reconnect()
        crowd = hear_crowd(command(portal, "tests.world.crowd", "tell_crowd"))
        send_crowd(crowd, Site(connect, portal.url), peep)
        assert 1 < len(backends) <= SHARED
        assert_each_kept_its_own(crowd, direct, notes=VISITS["note"])

        # launch_check asks under a time-out of its own, which does not stay behind.
        command(portal, "apps.launch.gathering", "gather")
        with ExitStack() as at_once:
            lines = [at_once.enter_context(psycopg.connect(through)) for _ in range(SHARED)]
            for line in lines:
                assert line.execute(f"SELECT {LIMITS}").fetchone() == ("15s", "5s", "1min")


def command(portal: Portal, module: str, function: str) -> str:
    """Call a function of the product or the suite in the portal's environment; what it returned."""
    words = f"from {module} import {function}; print({function}())"
    return portal.manage("shell", "--verbosity", "0", "--command", words)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_thousand_requests_over_djangos_pool_see_none_of_anothers_rows() -> None:
    port, backends = free_port(), set()
    own = {
        "DATABASE_POOL": str(SHARED),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "GUNICORN_CMD_ARGS": "--threads 8 --max-requests 0",
        "CLIENT_ADDRESS_FROM": "host",
    }

    def connect() -> HTTPConnection:
        return HTTPConnection("127.0.0.1", port, timeout=30)

    def peep() -> object:
        with closing(connect()) as stranger:
            stranger.request("GET", PEEPHOLE)
            *found, pid = json.load(stranger.getresponse())
        backends.add(pid)
        return tuple(found)

    crowd = found_crowd()
    command = command_of("web").replace("config.wsgi", "tests.world.peephole")
    with Process(command, **suites_servers(), **own) as web:
        web.wait_for("Listening at")
        send_crowd(crowd, Site(connect, settings.SITE_URL), peep)
    assert web.code == 0
    assert 1 < len(backends) <= SHARED
    assert_each_kept_its_own(crowd, suites_servers()["DATABASE_URL"], notes=VISITS["note"])


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_thousand_jobs_on_a_workers_kept_connections_see_none_of_anothers_rows() -> None:
    crowd = found_crowd()
    tenants = {tenant.slug: tenant for tenant in Tenant.objects.all()}
    todo = [(person, kind) for person in crowd for kind in ("job", "task", "peep") * 50]
    random.Random(1).shuffle(todo)
    command = command_of("worker").replace("--app config", "--app tests.world.lookout")
    with Process(command, **suites_servers(), WORKER_CONCURRENCY="2") as worker:
        worker.wait_for(" ready.")
        for person, kind in todo:
            if kind == "peep":
                Job.ask("tests.peep")
            elif kind == "job":
                Job.ask("tests.look", tenant=tenants[person.slug], canary=person.canary)
            else:
                with tenant_scope(tenants[person.slug]):
                    celery_app.send_task("tests.glance", [person.canary])
        wait_until(lambda: all_is_done(notes=1000), "the worker is not done", seconds=180)
    assert worker.code == 0
    assert not [job.error for job in Job.objects.exclude(state=Job.State.SUCCEEDED)]
    database = suites_servers()["DATABASE_URL"]
    assert_each_kept_its_own(crowd, database, notes=100)
    served = defaultdict(set)
    for slug, texts in rows_by_slug(database).items():
        for text in texts:
            if " on " in text:
                served[text.rpartition(" on ")[2]].add(slug)
    # Each of the worker's two processes kept its connection, and all tenants' work was on it.
    assert [len(slugs) for slugs in served.values()] == [len(crowd)] * 2


def all_is_done(*, notes: int) -> bool:
    """Whether no job is open and the work has left so many notes."""
    with transaction.atomic():
        return not Job.objects.open().exists() and Note.objects.count() == notes
