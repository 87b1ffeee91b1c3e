"""What launch_check gathers from real servers, and what it says of those that do not answer."""

import socket
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dj_database_url
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import override_settings

from apps.core.health import HEARTBEAT
from apps.launch import gathering
from apps.launch.facts import Database, Message, Unasked, known
from apps.launch.gathering import Request, gather
from apps.launch.gathering.asking import ask
from apps.launch.registry import chosen_checks, run


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A loopback port that is taken and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Point the default database's settings elsewhere: ``elsewhere(HOST="127.0.0.1")``."""

    def point(**changes: Any) -> None:
        changed = {**connections.settings["default"], **changes}
        monkeypatch.setitem(connections.settings, "default", changed)

    return point


def database() -> Database:
    return known(ask("The database", gathering.database))


def test_the_runtime_role_owns_nothing_and_bypasses_nothing(db: None) -> None:
    found = database()
    assert (found.role, found.tables_owned) == (connection.settings_dict["USER"], 0)
    assert found.is_superuser is found.bypasses_row_security is False


def test_the_owner_is_seen_to_own_the_tables(db: None, elsewhere: Any) -> None:
    owner = dj_database_url.parse(settings.DATABASE_OWNER_URL)
    elsewhere(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
    found = database()
    assert found.role == owner["USER"]
    assert found.tables_owned > 10


def test_applied_migrations_are_not_reported(db: None) -> None:
    assert database().unapplied == ()


def test_migrations_that_wait_are_named_in_the_order_they_run(db: None, elsewhere: Any) -> None:
    elsewhere(NAME="postgres")
    waiting = database().unapplied
    assert len(waiting) > 10
    assert waiting.index("tenants.0001_initial") < waiting.index("jobs.0001_initial")


def test_gathering_leaves_the_processes_own_connection_alone(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('statement_timeout')")
        before = cursor.fetchone()
        gather()
        cursor.execute("SELECT pg_backend_pid(), current_setting('statement_timeout')")
        assert cursor.fetchone() == before


def test_a_database_that_refuses_is_unasked_and_no_password_is_told(
    db: None, elsewhere: Any, closed_port: int
) -> None:
    elsewhere(HOST="127.0.0.1", PORT=str(closed_port), PASSWORD="c4n4ry")
    reason = ask("The database", gathering.database)
    assert isinstance(reason, Unasked)
    assert str(reason).startswith("The database did not answer: ")
    assert "c4n4ry" not in str(reason)


def test_a_database_that_hangs_is_unasked_within_seconds(db: None, elsewhere: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        elsewhere(HOST="127.0.0.1", PORT=str(silent.getsockname()[1]))
        began = time.monotonic()
        assert isinstance(ask("The database", gathering.database), Unasked)
        assert time.monotonic() - began < 5


def test_a_worker_that_was_never_seen_is_none(db: None) -> None:
    assert ask("The cache", gathering.worker_seen) is None


def test_a_workers_heartbeat_is_told_by_its_age(db: None) -> None:
    cache.set(HEARTBEAT, time.time() - 30)
    assert known(ask("The cache", gathering.worker_seen)) == pytest.approx(30, abs=5)


def test_a_cache_that_refuses_is_unasked_and_no_password_is_told(
    db: None, settings: Any, closed_port: int
) -> None:
    settings.CACHES = {
        "default": {
            **settings.CACHES["default"],
            "LOCATION": f"redis://:c4n4ry@127.0.0.1:{closed_port}/0",
        }
    }
    reason = ask("The cache", gathering.worker_seen)
    assert isinstance(reason, Unasked)
    assert str(reason).startswith("The cache did not answer: ")
    assert "c4n4ry" not in str(reason)


def test_djangos_messages_include_what_settings_silence(db: None) -> None:
    said = gathering.messages()
    (preload,) = [one for one in said if one.id == "security.W021"]
    assert preload.silenced
    assert "preload" in preload.text
    assert not preload.is_error


@override_settings(DEBUG=True, SECURE_CONTENT_TYPE_NOSNIFF=False)
def test_djangos_deployment_checks_run(db: None) -> None:
    assert {"security.W018", "security.W006"} <= {one.id for one in gathering.messages()}


def test_a_question_that_fails_in_an_unforeseen_way_is_unasked_without_its_words(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode() -> tuple[Message, ...]:
        raise ValueError("c4n4ry")

    monkeypatch.setattr(gathering, "messages", explode)
    assert str(gather(Request(as_read=True)).django) == "Django's checks did not answer: ValueError"


def test_who_judges_a_part_asks_for_nothing_else(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(gathering, "messages", lambda: asked.append("django"))
    monkeypatch.setattr(gathering, "rehearsal", lambda database: asked.append("rehearsal"))
    facts = gather(Request(as_read=True))
    run(facts, chosen_checks(["LC-SET"]))
    assert asked == []
    run(facts, chosen_checks(["LC-TENANT-005"]))
    assert facts.with_findings(()).rehearsal is None
    assert asked == ["rehearsal"], "once, and nothing beside it"
    with pytest.raises(AttributeError, match="no_such_fact"):
        _ = facts.no_such_fact  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("middleware", "required"),
    [
        ("django.contrib.auth.middleware.LoginRequiredMiddleware", True),
        ("apps.core.middleware.SignInMiddleware", True),
        ("django.contrib.auth.middleware.AuthenticationMiddleware", False),
    ],
)
def test_whether_pages_ask_for_sign_in_is_read_from_the_middleware(
    middleware: str, required: bool
) -> None:
    assert gathering.asks_for_sign_in(middleware) is required


def test_every_setting_that_the_checks_read_is_gathered(db: None) -> None:
    from tests.launch.fabricated import SETTINGS

    facts = gather(Request(as_read=True))
    gathered = facts.settings
    assert facts.sign_in_required
    # Django 6.1 has MAILERS in place of the first, and from 6.0 on the second.
    versions = {"EMAIL_BACKEND", "SECURE_CSP"}
    assert set(SETTINGS) - versions <= set(gathered)
    assert "SECURE_CSP" in gathered or gathered["CONTENT_SECURITY_POLICY"]
    assert "EMAIL_BACKEND" in gathered or gathered["MAILERS"]
    assert asdict(database())["host"] == connection.settings_dict["HOST"]
