"""What is found in migrations, by Django's own operations, and what is let through."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    TrigramExtension,
    ValidateConstraint,
)
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Lower, Now

from apps.launch.checks.migrations import breaking, locking, one_way
from apps.launch.facts import Facts
from apps.launch.facts.migrations import Harm, Migrations, Step
from apps.launch.findings import Failed, Outcome, Passed
from apps.launch.gathering.database import database
from apps.launch.gathering.migrations import harmful, migrations
from tests.launch.fabricated import DATABASE, SOUND
from tests.launch.sound.migrations import MIGRATIONS

BREAKS, LOCKS, ONE_WAY = Harm.BREAKS, Harm.LOCKS, Harm.ONE_WAY
BOAT = ops.CreateModel(
    "Boat",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("berth", models.IntegerField(null=True)),
        ("crew", models.IntegerField(db_default=1)),
        ("flag", models.CharField(max_length=9, db_column="flag", db_index=True)),
        ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("sister", models.ForeignKey("self", models.CASCADE, null=True)),
        (
            "lower",
            models.GeneratedField(
                expression=Lower("name"), output_field=models.TextField(), db_persist=True
            ),
        ),
    ],
    options={"unique_together": {("name", "crew")}},
)
FILLED = models.CheckConstraint(condition=models.Q(berth__isnull=False), name="berth_filled")


class Own(Operation):
    """An operation that a package might bring along."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(self, *args: Any) -> None:
        pass


def move(apps: Any, editor: Any) -> None:
    pass


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
        BREAKS,
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
    (
        ops.AddField(
            "boat",
            "shade",
            models.GeneratedField(
                expression=Lower("flag"), output_field=models.TextField(), db_persist=True
            ),
        ),
        "adds boat.shade, which is worked out for each row",
        LOCKS,
    ),
    (
        ops.AddField("boat", "token", models.UUIDField(db_default=RandomUUID())),
        "adds boat.token, whose db_default is worked out for each row",
        LOCKS,
    ),
    (
        ops.AddField("boat", "age", models.PositiveIntegerField(null=True)),
        "adds a constraint on boat.age and reads all rows",
        LOCKS,
    ),
    (
        ops.AddField("boat", "tug", models.ForeignKey("Boat", models.CASCADE, null=True)),
        "adds an index on boat.tug while others wait",
        LOCKS,
    ),
    (
        ops.AlterField("boat", "name", models.CharField(max_length=20)),
        "changes the type of boat.name",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "berth", models.SmallIntegerField(null=True)),
        "changes the type of boat.berth",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "price", models.DecimalField(max_digits=8, decimal_places=3)),
        "changes the type of boat.price",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "sister", models.ForeignKey("Port", models.CASCADE, null=True)),
        "changes the type of boat.sister",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "name", models.CharField(max_length=50, db_column="title")),
        "renames the column of boat.name",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "crew", models.IntegerField()),
        "takes the db_default from boat.crew",
        BREAKS,
    ),
    (
        ops.AlterField("boat", "flag", models.CharField(max_length=9, db_column="flag")),
        "drops the index on boat.flag while others wait",
        LOCKS,
    ),
    (
        ops.AlterField("boat", "berth", models.PositiveIntegerField(null=True)),
        "adds a constraint on boat.berth and reads all rows",
        LOCKS,
    ),
    (ops.RemoveIndex("boat", "boat_old"), "drops index boat_old while others wait", LOCKS),
    (
        ops.AlterOrderWithRespectTo("boat", "sister"),
        "adds boat._order, not null and without a db_default",
        BREAKS,
    ),
    (Own(), "does Own, which nobody here can judge", LOCKS),
    (
        ops.RunSQL("/* a */ ALTER TABLE boat DROP\n COLUMN name", ops.RunSQL.noop),
        "runs SQL that drops a column",
        BREAKS,
    ),
    (ops.RunPython(move), "runs Python with no way back", ONE_WAY),
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
    ops.AddField("boat", "seen", models.DateTimeField(db_default=Now())),
    ops.AddField(
        "boat", "tug", models.ForeignKey("Boat", models.CASCADE, null=True, db_index=False)
    ),
    ops.AddField("boat", "ports", models.ManyToManyField("Boat")),
    ops.AlterField("boat", "name", models.TextField()),
    ops.AlterField("boat", "price", models.DecimalField(max_digits=12, decimal_places=2)),
    ops.AlterField("boat", "sister", models.ForeignKey("self", models.SET_NULL, null=True)),
    ops.AlterField("boat", "crew", models.IntegerField(null=True)),
    ops.RenameField("boat", "flag", "pennant"),
    ops.AlterModelTable("boat", "harbour_boat"),
    ops.AlterUniqueTogether("boat", set()),
    ops.RemoveConstraint("boat", "berth_positive"),
    ops.RenameIndex("boat", "boat_new", "boat_old"),
    RemoveIndexConcurrently("boat", "boat_old"),
    ValidateConstraint("boat", "berth_positive"),
    TrigramExtension(),
    AddIndexConcurrently("boat", INDEX),
    AddConstraintNotValid("boat", POSITIVE),
    ops.RunPython(ops.RunPython.noop, ops.RunPython.noop),
    ops.RunSQL("SELECT 1", ops.RunSQL.noop),
    ops.SeparateDatabaseAndState(state_operations=[ops.RemoveField("boat", "berth")]),
    ops.AlterModelOptions("boat", {"ordering": ["name"]}),
]


SQL = [
    ("TRUNCATE boat", "drop-table"),
    ("DROP TABLE boat", "drop-table"),
    ("ALTER TABLE boat RENAME TO ship", "rename-table"),
    ("ALTER TABLE boat RENAME COLUMN name TO title", "rename-column"),
    ("ALTER TABLE boat RENAME name TO title", "rename-column"),
    ("ALTER TABLE boat ALTER COLUMN berth SET NOT NULL", "not-null"),
    ("ALTER TABLE boat ADD COLUMN city text NOT NULL", "not-null"),
    ("ALTER TABLE boat ALTER berth TYPE bigint", "change-type"),
    ("ALTER TABLE boat ALTER COLUMN berth SET DATA TYPE bigint", "change-type"),
    ("ALTER TABLE boat ALTER COLUMN crew DROP DEFAULT", "drop-default"),
    ("CREATE UNIQUE INDEX one ON boat (name)", "add-index"),
    ("DROP INDEX one", "drop-index"),
    ("ALTER TABLE boat ADD CONSTRAINT p CHECK (berth > 0)", "add-constraint"),
    ("SET LOCAL lock_timeout = 0", "lock-timeout"),
    ("SET lock_timeout TO '0'", "lock-timeout"),
]
SAFE_SQL = [
    "ALTER TABLE boat ADD COLUMN city text",
    "ALTER TABLE boat ADD COLUMN city text NOT NULL DEFAULT ''",
    "ALTER TABLE boat ADD CONSTRAINT p CHECK (berth > 0) NOT VALID",
    "ALTER TABLE boat ADD CONSTRAINT one UNIQUE USING INDEX one",
    "CREATE INDEX CONCURRENTLY one ON boat (name) -- DROP TABLE boat",
    "DROP INDEX CONCURRENTLY IF EXISTS one",
    "SET lock_timeout = '5min'",
    ["SELECT 1", ("UPDATE boat SET crew = %s", [2])],
]


def harbour(*operations: Any, new: bool = False, **attributes: Any) -> list[Step]:
    """What is found in a migration of these operations, on a table that stands or that it makes."""
    state = ProjectState()
    migration = Migration("0002_next", "harbour")
    if not new:
        BOAT.state_forwards("harbour", state)
    migration.operations = [BOAT, *operations] if new else [*operations]
    for name, value in attributes.items():
        setattr(migration, name, value)
    return list(harmful(migration, state))


def found(*operations: Any, new: bool = False) -> list[tuple[str, Harm]]:
    return [(step.what, step.harm) for step in harbour(*operations, new=new)]


@pytest.mark.parametrize(("operation", "what", "harm"), HARMFUL, ids=[row[1] for row in HARMFUL])
def test_what_hurts_is_found_and_said_in_words(operation: Any, what: str, harm: Harm) -> None:
    assert (what, harm) in found(operation)
    assert len(found(operation)) == 1


@pytest.mark.parametrize("operation", HARMLESS, ids=lambda one: type(one).__name__)
def test_what_hurts_nobody_is_let_through(operation: Any) -> None:
    assert found(operation) == []


ON_A_TABLE = [row for row in HARMFUL if row[2] is not ONE_WAY and hasattr(row[0], "name_lower")]


@pytest.mark.parametrize(
    "operation", [row[0] for row in ON_A_TABLE], ids=[row[1] for row in ON_A_TABLE]
)
def test_a_table_that_the_same_migration_makes_has_no_rows_to_hurt(operation: Any) -> None:
    assert found(operation, new=True) == []


@pytest.mark.parametrize(("sql", "rule"), SQL, ids=[row[0] for row in SQL])
def test_sql_that_hurts_is_found_by_its_words(sql: str, rule: str) -> None:
    assert [step.rule for step in harbour(ops.RunSQL(sql, ops.RunSQL.noop))] == [rule]


@pytest.mark.parametrize("sql", SAFE_SQL, ids=str)
def test_sql_that_hurts_nobody_is_let_through(sql: Any) -> None:
    assert harbour(ops.RunSQL(sql, ops.RunSQL.noop)) == []


def test_a_column_that_a_constraint_keeps_filled_may_become_not_null() -> None:
    change = ops.AlterField("boat", "berth", models.IntegerField())
    assert [step.rule for step in harbour(change)] == ["not-null"]
    assert harbour(AddConstraintNotValid("boat", FILLED), change) == []


def test_a_constraint_is_not_validated_in_the_transaction_that_adds_it() -> None:
    both = AddConstraintNotValid("boat", FILLED), ValidateConstraint("boat", "berth_filled")
    (step,) = harbour(*both)
    assert (step.rule, step.what) == (
        "validate",
        "validates berth_filled in the transaction that adds it",
    )
    assert harbour(*both, atomic=False) == []


def test_rows_are_not_moved_in_the_transaction_that_alters_their_table() -> None:
    both = ops.AlterModelTable("boat", "harbour_boat"), ops.RunPython(move, ops.RunPython.noop)
    (step,) = harbour(*both)
    assert (step.rule, step.what) == ("backfill", "runs Python in the transaction that alters boat")
    assert harbour(*both, atomic=False) == []


def test_a_field_that_is_taken_from_the_state_alone_is_gone_for_what_follows() -> None:
    state_only = ops.SeparateDatabaseAndState(state_operations=[ops.RemoveField("boat", "berth")])
    again = ops.AddField("boat", "berth", models.TextField(null=True))
    assert harbour(state_only, again) == []


def test_a_step_says_where_it_stands() -> None:
    (step,) = harbour(
        AddIndexConcurrently("boat", INDEX), ops.RemoveField("boat", "name"), accepted={}
    )
    assert (step.migration, step.operation, step.model) == (
        "harbour.0002_next",
        "operations[1] RemoveField",
        "harbour.boat",
    )


def test_a_migration_accepts_what_it_does_by_rule_and_reason() -> None:
    drop = ops.RemoveField("boat", "name")
    reason = "nobody has read it since March"
    (step,) = harbour(drop, accepted={"drop-column": reason})
    assert step.accepted == reason
    (step,) = harbour(drop)
    assert step.accepted == ""


@pytest.mark.parametrize(
    ("accepted", "what"),
    [
        ({"drop-table": "nobody has read it"}, "accepts drop-table, which it does not do"),
        ({"drop-tabel": "nobody has read it"}, "accepts drop-tabel, which is no rule"),
        ({"drop-column": " "}, "accepts drop-column without a reason"),
        ({"drop-column": "is fine"}, "accepts drop-column without a reason"),
    ],
)
def test_what_is_accepted_for_nothing_is_a_fault(accepted: dict[str, str], what: str) -> None:
    found = harbour(ops.RemoveField("boat", "name"), accepted=accepted)
    assert what in [step.what for step in found if not step.accepted]


def test_tables_that_the_migrations_in_question_make_are_empty() -> None:
    step = Step(migration="harbour.0003", what="adds an index", harm=LOCKS, model="harbour.boat")
    facts = Migrations(
        steps=(step,), conflicts=(), unmade=(), made=(("harbour.0002", "harbour.boat"),)
    )
    assert facts.among({"harbour.0002", "harbour.0003"}) == []
    assert facts.among({"harbour.0003"}) == [step]


def test_our_own_migrations_have_no_two_ends_and_leave_no_model_out(db: None) -> None:
    said = migrations()
    assert said.conflicts == said.unmade == ()


def test_reading_the_migrations_asks_no_database(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        migrations()


def test_a_database_that_is_up_to_date_names_the_apps_that_have_tables(db: None) -> None:
    assert connection.vendor == "postgresql"
    assert {"clients", "tenants", "jobs"} <= database().applied_apps


@pytest.mark.parametrize(
    ("judge", "harm"),
    [(breaking, BREAKS), (locking, LOCKS), (one_way, ONE_WAY)],
    ids=["003", "004", "005"],
)
def test_what_a_migration_accepts_passes_the_launch_with_its_reason(
    judge: Callable[[Facts], Outcome], harm: Harm
) -> None:
    def waiting(accepted: str) -> Outcome:
        step = Step(migration="clients.0002_city", what="does it", harm=harm, accepted=accepted)
        database = replace(
            DATABASE, unapplied=(step.migration,), applied_apps=frozenset({"clients"})
        )
        return judge(
            replace(SOUND, migrations=replace(MIGRATIONS, steps=(step,)), database=database)
        )

    assert isinstance(waiting(""), Failed)
    said = waiting("nobody has read it since March")
    assert isinstance(said, Passed)
    assert said.evidence == "clients.0002_city does it, accepted: nobody has read it since March"
