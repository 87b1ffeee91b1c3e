"""Reads the migrations' files and finds what would hurt a product that runs meanwhile."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import models
from django.db.migrations import operations as ops
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

from apps.launch.facts.migrations import Harm, Migrations, Step

Judged = Iterator[tuple[str, Harm]]
TAKEN_AWAY = {
    ops.DeleteModel: "drops the table of {0.name}",
    ops.RenameModel: "renames {0.old_name} to {0.new_name}",
    ops.RemoveField: "drops {0.model_name}.{0.name}",
    ops.RenameField: "renames {0.model_name}.{0.old_name} to {0.new_name}",
    ops.AlterModelTable: "renames the table of {0.name}",
}


def migrations() -> Migrations:
    """What the migrations of the project's own apps would do; no database is asked."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    conflicts = tuple(sorted(loader.detect_conflicts()))
    ours = {one.label for one in apps.get_app_configs() if one.name.startswith("apps.")}
    steps = [
        Step(migration=f"{app}.{name}", what=what, harm=harm)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in ours
        for what, harm in harmful(migration, state_before(migration, loader))
    ]
    return Migrations(
        steps=tuple(steps),
        conflicts=conflicts,
        unmade=() if conflicts else tuple(unmade(loader)),
    )


def unmade(loader: MigrationLoader) -> Iterator[str]:
    """What `makemigrations` would make, as app.name; it asks nobody and writes nothing."""
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), MigrationQuestioner()
    )
    for app, made in sorted(detector.changes(graph=loader.graph).items()):
        yield from (f"{app}.{one.name}" for one in made)


def harmful(migration: Migration, before: ProjectState) -> Judged:
    """The operations of one migration that hurt, but for those on tables that it makes itself."""
    new: set[str] = set()
    for operation in flat(migration.operations):
        if isinstance(operation, ops.CreateModel):
            new.add(operation.name_lower)
        elif (
            getattr(operation, "model_name_lower", getattr(operation, "name_lower", "")) not in new
        ):
            yield from judged(operation, migration.app_label, before)
        operation.state_forwards(migration.app_label, before)


def subject(operation: Any) -> str:
    """The model that an operation is about, in small letters; blank for one about none."""
    names = (getattr(operation, f"{each}name_lower", "") for each in ("model_", "old_", ""))
    return next((name for name in names if name), "")


def state_before(migration: Migration, loader: MigrationLoader) -> ProjectState:
    """The models as the migration finds them."""
    key = (migration.app_label, migration.name)
    return loader.graph.make_state(nodes=key, at_end=False, real_apps=loader.unmigrated_apps)


def flat(operations: Any) -> Iterator[Any]:
    """Each operation, those that stand for the database alone included."""
    for operation in operations:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def judged(operation: Any, app: str, before: ProjectState) -> Judged:
    """What an operation does, in words, and why it hurts; nothing for one that does not."""
    for kind, words in TAKEN_AWAY.items():
        if isinstance(operation, kind):
            yield words.format(operation), Harm.BREAKS
    if isinstance(operation, ops.RunPython) and operation.reverse_code is None:
        yield "runs Python with no way back", Harm.ONE_WAY
    if isinstance(operation, ops.RunSQL) and operation.reverse_sql is None:
        yield "runs SQL with no way back", Harm.ONE_WAY
    if isinstance(operation, ops.AddField):
        yield from added(operation)
    if isinstance(operation, ops.AlterField):
        yield from altered(operation, app, before)
    if isinstance(operation, ops.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield f"adds index {operation.index.name} while others wait", Harm.LOCKS
    if isinstance(operation, ops.AddConstraint) and not isinstance(
        operation, AddConstraintNotValid
    ):
        yield f"adds constraint {operation.constraint.name} and reads all rows", Harm.LOCKS
    if isinstance(operation, ops.AlterUniqueTogether) and operation.unique_together:
        yield f"adds a unique constraint to {operation.name}", Harm.LOCKS


def added(operation: ops.AddField) -> Judged:
    """A new column that the former release cannot fill, or whose key reads and locks two tables."""
    field: Any = operation.field
    where = f"{operation.model_name}.{operation.name}"
    if field.many_to_many or isinstance(field, models.GeneratedField):
        return
    if not field.null and getattr(field, "db_default", NOT_PROVIDED) is NOT_PROVIDED:
        yield f"adds {where}, not null and without a db_default", Harm.BREAKS
    if field.unique or field.db_index:
        yield f"adds an index on {where} while others wait", Harm.LOCKS


def altered(operation: ops.AlterField, app: str, before: ProjectState) -> Judged:
    """A column of another type, or one that must be filled from now on."""
    where = f"{operation.model_name}.{operation.name}"
    old: Any = before.models[app, operation.model_name_lower].fields[operation.name]
    new: Any = operation.field
    if type_of(old) != type_of(new):
        yield f"changes the type of {where}", Harm.LOCKS
    if old.null and not new.null:
        yield f"makes {where} not null", Harm.LOCKS
    if (new.db_index and not old.db_index) or (new.unique and not old.unique):
        yield f"adds an index on {where} while others wait", Harm.LOCKS


def type_of(field: Any) -> str:
    """A column's type as far as rewriting goes: text grows and shrinks without."""
    if isinstance(field, models.CharField | models.TextField):
        return "text"
    return str(field.get_internal_type())
