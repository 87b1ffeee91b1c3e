"""Reads the migrations of the project's own apps, and asks the database which it has."""

from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection
from django.db.migrations import Migration, operations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CharField, Field, GeneratedField, TextField

from apps.launch.facts.database import Database
from apps.launch.facts.migrations import Harm, Hazard, Migrations
from apps.launch.facts.unasked import Unasked
from apps.launch.gathering.asking import ask
from apps.launch.gathering.database import asking_the_database
from config.env import BASE_DIR

Key = tuple[str, str]
TAKING = (
    operations.DeleteModel,
    operations.RenameModel,
    operations.RemoveField,
    operations.RenameField,
    operations.AlterModelTable,
)


def migrations(database: Database | Unasked) -> Migrations:
    """Read the files, and ask which are applied, if the database answered before."""
    loader = MigrationLoader(None)
    own = {config.label for config in apps.get_app_configs() if is_own(config.path)}
    clashing = loader.detect_conflicts()
    return Migrations(
        conflicts=tuple(f"{app}.{name}" for app in sorted(clashing) for name in clashing[app]),
        unwritten=() if clashing else tuple(unwritten(loader, own)),
        hazards=(
            database
            if isinstance(database, Unasked)
            else ask("The database", lambda: hazards(loader, own, applied()))
        ),
    )


def is_own(path: str) -> bool:
    """Whether an app is kept in the project, and not installed beside it."""
    return Path(path).is_relative_to(BASE_DIR / "apps")


def unwritten(loader: MigrationLoader, own: set[str]) -> Iterator[str]:
    """What makemigrations would write; it neither asks nor writes here."""
    detector = MigrationAutodetector(
        loader.project_state(),
        ProjectState.from_apps(apps),
        NonInteractiveMigrationQuestioner(specified_apps=own, dry_run=True),
    )
    for app, changed in detector.changes(graph=loader.graph).items():
        if app in own:
            yield from (f"{app}: {one.describe()}" for each in changed for one in each.operations)


def applied() -> set[Key]:
    """The migrations that the database has."""
    with asking_the_database() as asked:
        return set(MigrationRecorder(asked).applied_migrations())


def hazards(loader: MigrationLoader, own: set[str], applied: set[Key]) -> tuple[Hazard, ...]:
    """What the waiting migrations would do to tables that are in use.

    An app of which nothing is applied has no tables yet. An initial migration, and one that
    replaces others, makes what it speaks of.
    """
    in_use = {app for app, _ in applied} & own
    found: list[Hazard] = []
    for key, migration in sorted(loader.graph.nodes.items()):
        if key in applied or key[0] not in in_use or migration.initial or migration.replaces:
            continue
        state = loader.project_state(key, at_end=False)
        name = f"{key[0]}.{key[1]}"
        found += [
            Hazard(migration=name, operation=operation.describe(), harm=harm)
            for operation, harm in harms(migration, state)
        ]
    return tuple(found)


def harms(migration: Migration, before: ProjectState) -> Iterator[tuple[Operation, Harm]]:
    """Each operation on a table that stood before, with the harm that it does."""
    created: set[str] = set()
    for operation in migration.operations:
        after = before.clone()
        operation.state_forwards(migration.app_label, after)
        if isinstance(operation, operations.CreateModel):
            created.add(operation.name_lower)
        for each in parts(operation):
            model = str(getattr(each, "model_name_lower", getattr(each, "name_lower", "")))
            if model not in created:
                harm = harm_of(each, migration.app_label, before, after)
                if harm:
                    yield each, harm
        before = after


def parts(operation: Operation) -> list[Operation]:
    """The operations that reach the database."""
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return list(operation.database_operations)
    return [operation]


def harm_of(
    operation: Operation, app: str, before: ProjectState, after: ProjectState
) -> Harm | None:
    """The harm that one operation does, or None."""
    if isinstance(operation, TAKING):
        return Harm.TAKES
    if isinstance(operation, operations.AddField):
        return of_new(field_in(after, app, operation))
    if isinstance(operation, operations.AlterField):
        return of_changed(field_in(before, app, operation), field_in(after, app, operation))
    if isinstance(operation, operations.RunPython | operations.RunSQL):
        return None if operation.reversible else Harm.STAYS
    if isinstance(operation, AddIndexConcurrently | AddConstraintNotValid):
        return None
    locking = (operations.AddIndex, operations.AddConstraint, operations.AlterUniqueTogether)
    return Harm.LOCKS if isinstance(operation, locking) else None


def field_in(
    state: ProjectState, app: str, operation: operations.AddField | operations.AlterField
) -> "Field[object, object]":
    """The field that an operation names, bound to its model in a state."""
    model = state.apps.get_model(app, operation.model_name)
    found: Field[object, object] = model._meta.get_field(operation.name)  # type: ignore[assignment]  # a field of its own
    return found


def of_new(field: "Field[object, object]") -> Harm | None:
    """The old release's INSERT does not name the column, and Django keeps no default there."""
    if field.db_type(connection) is None:
        return None  # many to many: a table of its own
    if isinstance(field, GeneratedField):
        return Harm.LOCKS
    if not field.null and field.db_default is NOT_PROVIDED:
        return Harm.NEEDS
    return Harm.LOCKS if indexed(field) or referring(field) else None


def of_changed(old: "Field[object, object]", new: "Field[object, object]") -> Harm | None:
    """What a change of a column does; a longer text is only noted in the catalogue."""
    if old.column != new.column:
        return Harm.TAKES
    retyped = old.db_type(connection) != new.db_type(connection) and not lengthened(old, new)
    stricter = old.null and not new.null
    built = (indexed(new) and not indexed(old)) or (referring(new) and not referring(old))
    return Harm.LOCKS if retyped or stricter or built else None


def lengthened(old: "Field[object, object]", new: "Field[object, object]") -> bool:
    """Whether a text may be longer than before, or of any length."""
    if not isinstance(old, CharField | TextField) or not isinstance(new, CharField | TextField):
        return False
    if isinstance(new, TextField) or new.max_length is None:
        return True
    return isinstance(old, CharField) and (old.max_length or new.max_length + 1) <= new.max_length


def indexed(field: "Field[object, object]") -> bool:
    return bool(field.db_index or field.unique)


def referring(field: "Field[object, object]") -> bool:
    return bool(field.remote_field and getattr(field, "db_constraint", False))
