"""``manage.py schema``: what the database has, and what of it older code may miss."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.launch.facts.migrations import Harm, Migrations, Step
from apps.launch.management.commands import schema

pytestmark = pytest.mark.django_db


def told() -> dict[str, dict[str, Any]]:
    out = StringIO()
    call_command("schema", "--json", stdout=out)
    return {one["name"]: one for one in json.loads(out.getvalue())["migrations"]}


def test_each_migration_of_this_code_is_applied_and_takes_nothing_away() -> None:
    assert told()["clients.0001_initial"] == {
        "name": "clients.0001_initial",
        "applied": True,
        "replaces": [],
        "breaks": [],
    }


def test_what_a_migration_takes_away_is_told_of_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (
        Step(migration="clients.0001_initial", what="drops client.email", harm=Harm.BREAKS),
        Step(migration="clients.0001_initial", what="adds an index", harm=Harm.LOCKS),
    )
    found = Migrations(steps=steps, conflicts=(), unmade=())
    monkeypatch.setattr(schema, "migrations", lambda: found)
    assert told()["clients.0001_initial"]["breaks"] == ["drops client.email"]
    assert told()["tenants.0001_initial"]["breaks"] == []


def test_what_only_the_database_knows_cannot_be_told() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("clients", "0099_of_newer_code")
    assert told()["clients.0099_of_newer_code"]["breaks"] is None
    out = StringIO()
    call_command("schema", stdout=out)
    assert "[X] clients.0099_of_newer_code: not in this code" in out.getvalue().splitlines()
