"""Two workspaces are rehearsed on a real database: what crosses is found, and nothing stays."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection, connections, models, transaction

from apps.clients.models import Client, Note
from apps.core.cache import redis_alone
from apps.core.owner import as_owner
from apps.core.surface import routes
from apps.launch.facts import Skipped, Unasked, known
from apps.launch.facts.rehearsal import Rehearsal
from apps.launch.findings import Status
from apps.launch.gathering.asking import ask
from apps.launch.gathering.database import asking_the_database, database
from apps.launch.gathering.logs import Kept
from apps.launch.gathering.made_up import World
from apps.launch.gathering.rehearsal import rehearsal, stage
from apps.launch.registry import CHECKS, judge, known_checks
from tests.launch import rehearsed_urls
from tests.launch.fabricated import with_facts
from tests.launch.faults.rehearsal import NOT_SHOWN

PLANTED = "tests.launch.rehearsed_urls"
PREFIX = "/t/<slug:slug>/"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """More time than a founder would give it, on a machine that does much else."""
    monkeypatch.setattr(import_module(rehearsal.__module__), "PATIENCE", 120.0)


@pytest.fixture
def seen(db: None) -> Rehearsal:
    return rehearsal(database())


def status(id: str, found: Rehearsal) -> Status:
    known_checks()
    return judge(CHECKS[id], with_facts(rehearsal=found))[0].status


def test_the_product_as_shipped_passes_and_every_route_is_asked(seen: Rehearsal) -> None:
    assert (seen.opened, seen.unproven, seen.uncounted) == ((), {}, {})
    assert status("LC-TENANT-005", seen) is status("LC-PERF-001", seen) is Status.PASS
    tenants = [one for one in routes() if one.access and one.access.role]
    methods = sum(len(one.access.methods) for one in tenants if one.access)
    by_row = sum(len(one.access.methods) for one in tenants if one.access and "pk>" in one.path)
    assert seen.asked == methods + by_row > 60
    pages = {f"/{one.path}" for one in tenants if one.access and "GET" in one.access.methods}
    assert set(seen.pages) == pages


@pytest.mark.urls(PLANTED)
def test_each_way_in_is_found_by_its_method_and_path(seen: Rehearsal) -> None:
    assert set(seen.opened) == {
        f"GET {PREFIX}leaking/<int:pk>/: 200",
        f"POST {PREFIX}taking/<int:pk>/: 204",
        f"DELETE {PREFIX}taking/<int:pk>/: 204",
        f"GET {PREFIX}telling/<int:pk>/: 403",
    }
    assert status("LC-TENANT-005", seen) is Status.FAIL


@pytest.mark.urls(PLANTED)
def test_a_404_that_proves_nothing_is_no_pass(seen: Rehearsal) -> None:
    assert seen.unproven == {
        f"{PREFIX}crashing/<int:pk>/": "it crashed",
        f"{PREFIX}closed/<int:pk>/": "one's own page answered 404",
        f"{PREFIX}nameless/<int:pk>/": "nobody knows whether the row was there",
        f"{PREFIX}undeclared/": "it declares no access",
        f"{PREFIX}by-expression/(?P<pk>\\d+)/": "its path is a regular expression",
    }
    assert status("LC-TENANT-005", replace(seen, opened=())) is Status.UNKNOWN


@pytest.mark.parametrize("id", NOT_SHOWN)
def test_what_could_not_be_rehearsed_is_unknown(id: str) -> None:
    known_checks()
    assert judge(CHECKS[id], NOT_SHOWN[id])[0].status is Status.UNKNOWN


@pytest.mark.urls(PLANTED)
def test_a_page_that_asks_once_more_for_each_row_is_found(seen: Rehearsal) -> None:
    grown = {path: many - few for path, (few, many) in seen.pages.items() if many > few}
    assert grown == {f"{PREFIX}asking/": 18, f"{PREFIX}asking/owners/": 18}
    assert status("LC-PERF-001", seen) is Status.FAIL


def rows() -> dict[str, int]:
    """How many rows each table has, as somebody else sees it."""
    with as_owner(), connection.cursor() as cursor:
        counted = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            counted[table] = cursor.fetchone()[0]
    return counted


@pytest.mark.urls(PLANTED)
def test_nothing_stays_and_nothing_leaves(transactional_db: None, mailoutbox: list[Any]) -> None:
    redis = redis_alone()._cache.get_client()  # type: ignore[attr-defined]  # Django's, not typed
    before, kept, level = rows(), sorted(redis.keys()), logging.root.manager.disable
    own, there = connections["default"], caches["default"]
    assert len(before) > 20
    found = rehearsal(database())
    assert found.opened
    assert rows() == before
    assert sorted(redis.keys()) == kept
    assert rehearsed_urls.left == mailoutbox == []
    assert (connections["default"], caches["default"]) == (own, there)
    assert logging.root.manager.disable == level


def test_nothing_is_written_to_the_log(
    db: None, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    found = database()
    caplog.clear()
    rehearsal(found)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_what_is_reported_meanwhile_goes_nowhere(db: None) -> None:
    reports = Kept()
    client = sentry_sdk.Client(dsn="https://key@errors.example/1", transport=reports)
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        with stage():
            sentry_sdk.capture_message("rehearsed")
        sentry_sdk.capture_message("real")
    assert [event["message"] for event in reports.events] == ["real"]


def test_a_rehearsal_within_a_transaction_leaves_that_alone(db: None) -> None:
    cache.set("mine", 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned(), pg_backend_pid()")
        before = cursor.fetchone()
        rehearsal(database())
        cursor.execute("SELECT pg_current_xact_id_if_assigned(), pg_backend_pid()")
        assert cursor.fetchone() == before
    assert cache.get("mine") == 1


@pytest.fixture
def read_only(transactional_db: None) -> Iterator[None]:
    """A database that takes no rows, as a replica; this one alone, as others share the role."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    here = f"ALTER ROLE CURRENT_USER IN DATABASE {name}"
    with connection.cursor() as cursor:
        cursor.execute(f"{here} SET default_transaction_read_only = on")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(f"{here} RESET default_transaction_read_only")


def test_a_database_that_takes_no_rows_is_unasked_and_says_why(read_only: None) -> None:
    answer = ask("The rehearsal", lambda: rehearsal(database()))
    assert str(answer) == "The database is read-only, so nothing can be rehearsed"
    assert isinstance(answer, Unasked)


def test_migrations_that_wait_and_a_database_that_is_away_are_unasked(db: None) -> None:
    waiting = replace(database(), unapplied=("clients.0002_more",))
    skipped = ask("", lambda: rehearsal(waiting))
    assert isinstance(skipped, Skipped)
    assert str(skipped).startswith("migrations wait, which LC-DATA-002, ")
    away = Unasked("The database did not answer")
    assert ask("", lambda: rehearsal(away)) is away


def test_a_rehearsal_that_takes_too_long_is_broken_off(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(rehearsal.__module__), "PATIENCE", 0.0)
    answer = ask("The rehearsal", lambda: rehearsal(database()))
    assert str(answer) == "The rehearsal was not over within 0 s"


def test_a_table_that_is_being_altered_is_not_waited_for(transactional_db: None) -> None:
    found = database()
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE tenants_tenant IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = ask("The rehearsal", lambda: rehearsal(found))
        assert time.monotonic() - began < 2
    assert "lock timeout" in str(answer)


def test_rows_have_one_number_in_all_tables_and_point_to_each_other(db: None) -> None:
    with stage():
        world = World(1_900_000_000)
        world.grow(3)
    assert world.unmade == {}
    numbers = [1_900_000_000, 1_900_000_001, 1_900_000_002]
    assert all([row.pk for row in rows] == numbers for rows in world.rows.values())
    clients, notes = world.rows[Client], world.rows[Note]
    assert {note.client for note in notes} == {clients[0]}
    assert {client.owner for client in clients} == {world.owner}


def test_a_row_that_cannot_be_made_up_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "REHEARSED", {"status": "unheard-of"}, raising=False)
    found = rehearsal(database())
    assert found.uncounted["clients.Client"] == "no row could be made up: IntegrityError"
    assert "there is no row for client" in found.uncounted["clients.Note"]
    assert found.unproven["/t/<slug:slug>/clients/<int:pk>/"] == "one's own page answered 404"
    assert status("LC-TENANT-005", found) is status("LC-PERF-001", found) is Status.UNKNOWN


def test_a_field_of_which_nobody_knows_a_value_is_told(db: None) -> None:
    class Strange(models.Field):  # type: ignore[type-arg]  # Django has no types of its own
        pass

    with stage():
        world = World(1_900_000_000)
        with pytest.raises(ValueError, match="name one in REHEARSED"):
            world.value(Strange(name="strange"), 5)


def test_the_product_role_is_who_rehearses(db: None) -> None:
    assert not known(database()).is_superuser
    with asking_the_database() as own:
        assert own.settings_dict["USER"] == settings.DATABASES["default"]["USER"]
