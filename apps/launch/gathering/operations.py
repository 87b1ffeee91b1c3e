"""Judges one operation of a migration by Django's classes: which rule it breaks, in words."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from apps.launch.gathering.columns import added, altered, column
from apps.launch.gathering.raw_sql import raw

Judged = Iterator[tuple[str, str]]
# Those that leave rows and columns as they are, and hold no lock for long.
HARMLESS = (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
    ops.CreateModel,
    ops.AlterModelManagers,
    ops.AlterModelOptions,
    ops.AlterModelTableComment,
    ops.RemoveConstraint,
    ops.RenameIndex,
)


def subject(operation: Any) -> str:
    """The model that an operation is about, in small letters; blank for one about none."""
    names = (getattr(operation, f"{each}name_lower", "") for each in ("model_", "old_", ""))
    return next((name for name in names if name), "")


def judged(operation: Any, app: str, before: ProjectState) -> Judged:
    """What an operation does, as rule and words; nothing for one that hurts nobody."""
    if not operation.reversible:
        yield (
            "one-way",
            f"{TITLES.get(type(operation), f'does {type(operation).__name__}')} with no way back",
        )
    if isinstance(operation, HARMLESS):
        return
    for kind, judge in JUDGES.items():
        if isinstance(operation, kind):
            yield from judge(operation, app, before)
            return
    if not type(operation).database_forwards.__module__.startswith("django."):
        yield "unknown", f"does {type(operation).__name__}, which nobody here can judge"


TITLES = {ops.RunPython: "runs Python", ops.RunSQL: "runs SQL"}


def together(migration: Migration, new: set[str]) -> Judged:
    """What hurts because a migration does it in one transaction, whose locks last to its end."""
    if not migration.atomic:
        return
    flat = [
        each for one in migration.operations for each in getattr(one, "database_operations", [one])
    ]
    altering = [
        each
        for each in flat
        if subject(each)
        and subject(each) not in new
        and not isinstance(each, ops.CreateModel)
        and not isinstance(each, ops.AlterModelOptions | ops.AlterModelManagers)
    ]
    moving = [
        each
        for each in flat
        if isinstance(each, ops.RunPython) and each.code is not ops.RunPython.noop
    ]
    if altering and moving:
        yield "backfill", f"runs Python in the transaction that alters {subject(altering[0])}"
    fresh = {each.constraint.name for each in flat if isinstance(each, AddConstraintNotValid)}
    for each in flat:
        if isinstance(each, ValidateConstraint) and each.name in fresh:
            yield "validate", f"validates {each.name} in the transaction that adds it"


def dropped_table(operation: Any, app: str, before: ProjectState) -> Judged:
    yield "drop-table", f"drops the table of {operation.name}"


def renamed_model(operation: Any, app: str, before: ProjectState) -> Judged:
    """A model's new name is the table's as well, unless it was fixed."""
    if not before.models[app, operation.old_name_lower].options.get("db_table"):
        yield "rename-table", f"renames {operation.old_name} to {operation.new_name}"


def moved_table(operation: Any, app: str, before: ProjectState) -> Judged:
    usual = f"{app}_{operation.name_lower}"
    was = before.models[app, operation.name_lower].options.get("db_table") or usual
    if was != (operation.table or usual):
        yield "rename-table", f"renames the table of {operation.name}"


def dropped_column(operation: Any, app: str, before: ProjectState) -> Judged:
    yield "drop-column", f"drops {operation.model_name}.{operation.name}"


def renamed_field(operation: Any, app: str, before: ProjectState) -> Judged:
    field: Any = before.models[app, operation.model_name_lower].fields[operation.old_name]
    if field.many_to_many or column(field, operation.old_name) != column(field, operation.new_name):
        where = f"{operation.model_name}.{operation.old_name}"
        yield "rename-column", f"renames {where} to {operation.new_name}"


def new_column(operation: Any, app: str, before: ProjectState) -> Judged:
    return added(operation)


def changed_column(operation: Any, app: str, before: ProjectState) -> Judged:
    return altered(operation, before.models[app, operation.model_name_lower])


def new_index(operation: Any, app: str, before: ProjectState) -> Judged:
    yield "add-index", f"adds index {operation.index.name} while others wait"


def dropped_index(operation: Any, app: str, before: ProjectState) -> Judged:
    yield "drop-index", f"drops index {operation.name} while others wait"


def new_constraint(operation: Any, app: str, before: ProjectState) -> Judged:
    yield "add-constraint", f"adds constraint {operation.constraint.name} and reads all rows"


def new_unique(operation: Any, app: str, before: ProjectState) -> Judged:
    was = before.models[app, operation.name_lower].options.get("unique_together") or ()
    if {tuple(each) for each in operation.unique_together or ()} - {tuple(each) for each in was}:
        yield "add-constraint", f"adds a unique constraint to {operation.name}"


def new_order(operation: Any, app: str, before: ProjectState) -> Judged:
    """Django keeps the order in a column of its own, which it gives no default in the database."""
    was = before.models[app, operation.name_lower].options.get("order_with_respect_to")
    if operation.order_with_respect_to and not was:
        yield "not-null", f"adds {operation.name}._order, not null and without a db_default"
    if was and not operation.order_with_respect_to:
        yield "drop-column", f"drops {operation.name}._order"


def own_sql(operation: Any, app: str, before: ProjectState) -> Judged:
    return raw(operation.sql)


def own_python(operation: Any, app: str, before: ProjectState) -> Judged:
    return iter(())


JUDGES: dict[type, Callable[[Any, str, ProjectState], Judged]] = {
    ops.DeleteModel: dropped_table,
    ops.RenameModel: renamed_model,
    ops.AlterModelTable: moved_table,
    ops.RemoveField: dropped_column,
    ops.RenameField: renamed_field,
    ops.AddField: new_column,
    ops.AlterField: changed_column,
    ops.AddIndex: new_index,
    ops.RemoveIndex: dropped_index,
    ops.AddConstraint: new_constraint,
    ops.AlterUniqueTogether: new_unique,
    ops.AlterOrderWithRespectTo: new_order,
    ops.RunSQL: own_sql,
    ops.RunPython: own_python,
}
