"""What is found in migrations, by Django's own operations, and what is let through."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.state import ProjectState

from apps.launch.facts.migrations import Harm
from apps.launch.gathering.database import database
from apps.launch.gathering.migrations import harmful, migrations

BREAKS, LOCKS, ONE_WAY = Harm.BREAKS, Harm.LOCKS, Harm.ONE_WAY
BOAT = ops.CreateModel(
    "Boat",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("berth", models.IntegerField(null=True)),
    ],
)
POSITIVE = models.CheckConstraint(condition=models.Q(berth__gt=0), name="berth_positive")
INDEX = models.Index(fields=["name"], name="boat_name")

HARMFUL: list[tuple[Any, str, Harm]] = [
    (ops.DeleteModel("Boat"), "drops the table of Boat", BREAKS),
    (ops.RenameModel("Boat", "Ship"), "renames Boat to Ship", BREAKS),
    (ops.RemoveField("boat", "name"), "drops boat.name", BREAKS),
    (ops.RenameField("boat", "name", "title"), "renames boat.name to title", BREAKS),
    (ops.AlterModelTable("boat", "ships"), "renames the table of boat", BREAKS),
    (
        ops.AddField("boat", "city", models.TextField(default="")),
        "adds boat.city, not null and without a db_default",
        BREAKS,
    ),
    (
        ops.AddField("boat", "code", models.TextField(null=True, unique=True)),
        "adds an index on boat.code while others wait",
        LOCKS,
    ),
    (
        ops.AlterField("boat", "berth", models.BigIntegerField(null=True)),
        "changes the type of boat.berth",
        LOCKS,
    ),
    (
        ops.AlterField("boat", "berth", models.IntegerField(default=0)),
        "makes boat.berth not null",
        LOCKS,
    ),
    (
        ops.AlterField("boat", "name", models.CharField(max_length=50, db_index=True)),
        "adds an index on boat.name while others wait",
        LOCKS,
    ),
    (ops.AddIndex("boat", INDEX), "adds index boat_name while others wait", LOCKS),
    (
        ops.AddConstraint("boat", POSITIVE),
        "adds constraint berth_positive and reads all rows",
        LOCKS,
    ),
    (
        ops.AlterUniqueTogether("boat", {("name", "berth")}),
        "adds a unique constraint to boat",
        LOCKS,
    ),
    (ops.RunPython(lambda apps, editor: None), "runs Python with no way back", ONE_WAY),
    (ops.RunSQL("SELECT 1"), "runs SQL with no way back", ONE_WAY),
    (
        ops.SeparateDatabaseAndState(database_operations=[ops.RunSQL("SELECT 1")]),
        "runs SQL with no way back",
        ONE_WAY,
    ),
]

HARMLESS: list[Any] = [
    ops.AddField("boat", "city", models.TextField(null=True)),
    ops.AddField("boat", "city", models.TextField(db_default="")),
    ops.AlterField("boat", "name", models.CharField(max_length=200)),
    ops.AlterField("boat", "berth", models.IntegerField(null=True, help_text="where it lies")),
    AddIndexConcurrently("boat", INDEX),
    AddConstraintNotValid("boat", POSITIVE),
    ops.RunPython(ops.RunPython.noop, ops.RunPython.noop),
    ops.RunSQL("SELECT 1", ops.RunSQL.noop),
    ops.SeparateDatabaseAndState(state_operations=[ops.RemoveField("boat", "berth")]),
    ops.AlterModelOptions("boat", {"ordering": ["name"]}),
]


def found(*operations: Any, new: bool = False) -> list[tuple[str, Harm]]:
    """What is found in a migration of these operations, on a table that stands or that it makes."""
    state = ProjectState()
    migration = Migration("0002_next", "harbour")
    if not new:
        BOAT.state_forwards("harbour", state)
    migration.operations = [BOAT, *operations] if new else [*operations]
    return list(harmful(migration, state))


@pytest.mark.parametrize(("operation", "what", "harm"), HARMFUL, ids=[row[1] for row in HARMFUL])
def test_what_hurts_is_found_and_said_in_words(operation: Any, what: str, harm: Harm) -> None:
    assert (what, harm) in found(operation)
    assert len(found(operation)) == 1


@pytest.mark.parametrize("operation", HARMLESS, ids=lambda one: type(one).__name__)
def test_what_hurts_nobody_is_let_through(operation: Any) -> None:
    assert found(operation) == []


@pytest.mark.parametrize(
    "operation",
    [row[0] for row in HARMFUL if row[2] is not ONE_WAY],
    ids=[row[1] for row in HARMFUL if row[2] is not ONE_WAY],
)
def test_a_table_that_the_same_migration_makes_has_no_rows_to_hurt(operation: Any) -> None:
    assert found(operation, new=True) == []


def test_our_own_migrations_have_no_two_ends_and_leave_no_model_out(db: None) -> None:
    said = migrations()
    assert said.conflicts == said.unmade == ()


def test_reading_the_migrations_asks_no_database(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        migrations()


def test_a_database_that_is_up_to_date_names_the_apps_that_have_tables(db: None) -> None:
    assert connection.vendor == "postgresql"
    assert {"clients", "tenants", "jobs"} <= database().applied_apps
