"""Judges what a migration does to one column: how it is added, and what of it is changed."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.db.migrations.state import ModelState
from django.db.models import NOT_PROVIDED
from django.db.models.functions import Now

Judged = Iterator[tuple[str, str]]
INTEGERS = ("smallint", "integer", "bigint")
# PostgreSQL works these out once for all rows; what else a default says, it may have to row by row.
STEADY = (models.Value, Now)


def column(field: Any, name: str) -> str:
    """The name of a field's column."""
    return str(field.db_column or (f"{name}_id" if field.remote_field else name))


def added(operation: Any) -> Judged:
    """A new column that the former release cannot fill, or that rewrites or locks the table."""
    field: Any = operation.field
    where = f"{operation.model_name}.{operation.name}"
    if field.many_to_many:
        return
    if isinstance(field, models.GeneratedField):
        if getattr(field, "db_persist", True):
            yield "rewrite-table", f"adds {where}, which is worked out for each row"
        return
    default = default_of(field)
    if isinstance(field, models.AutoField):
        yield "rewrite-table", f"adds {where}, which is numbered row by row"
    elif not field.null and default is NOT_PROVIDED:
        yield "not-null", f"adds {where}, not null and without a db_default"
    if hasattr(default, "resolve_expression") and not isinstance(default, STEADY):
        yield "rewrite-table", f"adds {where}, whose db_default is worked out for each row"
    if field.unique or field.db_index:
        yield "add-index", f"adds an index on {where} while others wait"
    if checks(field) or (has_key(field) and default is not NOT_PROVIDED):
        yield "add-constraint", f"adds a constraint on {where} and reads all rows"


def altered(operation: Any, model: ModelState) -> Judged:
    """A column of another type or name, or one that must be filled from now on."""
    where = f"{operation.model_name}.{operation.name}"
    old: Any = model.fields[operation.name]
    new: Any = operation.field
    if old.many_to_many or new.many_to_many:
        return
    if column(old, operation.name) != column(new, operation.name):
        yield "rename-column", f"renames the column of {where}"
    if rule := change_of_type(old, new):
        yield rule, f"changes the type of {where}"
    if old.null and not new.null and not proved(operation.name, model):
        yield "not-null", f"makes {where} not null"
    if has_default(old) and not has_default(new) and not new.null:
        yield "drop-default", f"takes the db_default from {where}"
    if (new.db_index and not old.db_index) or (new.unique and not old.unique):
        yield "add-index", f"adds an index on {where} while others wait"
    if (old.db_index and not new.db_index) or (old.unique and not new.unique):
        yield "drop-index", f"drops the index on {where} while others wait"
    if (checks(new) and not checks(old)) or (has_key(new) and not has_key(old)):
        yield "add-constraint", f"adds a constraint on {where} and reads all rows"


def default_of(field: Any) -> Any:
    return getattr(field, "db_default", NOT_PROVIDED)


def has_default(field: Any) -> bool:
    return default_of(field) is not NOT_PROVIDED


def has_key(field: Any) -> bool:
    """Whether the database holds a field to rows of another table."""
    return bool(field.remote_field and field.db_constraint)


def checks(field: Any) -> bool:
    """Whether a field brings a check constraint along, as those for positive numbers do."""
    return field.get_internal_type() in connection.data_type_check_constraints


def proved(name: str, model: ModelState) -> bool:
    """Whether a constraint says that the column is filled: PostgreSQL then reads no rows again."""
    filled = models.Q(**{f"{name}__isnull": False})
    return any(
        isinstance(each, models.CheckConstraint) and each.condition == filled
        for each in model.options.get("constraints", [])
    )


def change_of_type(old: Any, new: Any) -> str:
    """The rule that a change of type breaks, or "" for one that PostgreSQL makes in passing."""
    if old.remote_field or new.remote_field:
        return "" if target(old) == target(new) else "change-type"
    if isinstance(old, models.GeneratedField) or isinstance(new, models.GeneratedField):
        return "" if type(old) is type(new) else "change-type"
    was, becomes = str(old.db_type(connection)), str(new.db_type(connection))
    if was == becomes:
        return ""
    if was in INTEGERS and becomes in INTEGERS:
        return "rewrite-table" if INTEGERS.index(was) < INTEGERS.index(becomes) else "change-type"
    return "" if has_room(was, becomes) else "change-type"


def target(field: Any) -> str:
    """The model that a field leads to; blank for one that leads nowhere."""
    model = getattr(field.remote_field, "model", "")
    return (model if isinstance(model, str) else model._meta.label).lower()


def has_room(was: str, becomes: str) -> bool:
    """Whether every text or decimal of one type is one of the other too, as it stands on disk."""
    kind, size = parts(was)
    next_kind, next_size = parts(becomes)
    if {kind, next_kind} <= {"varchar", "text"}:
        return not next_size or bool(size and size <= next_size)
    if kind == next_kind == "numeric":
        return size[1:] == next_size[1:] and size <= next_size
    return False


def parts(db_type: str) -> tuple[str, list[int]]:
    """A type's name and its sizes: "numeric(10, 2)" has two, "text" has none."""
    kind, _, sizes = db_type.rstrip(")").partition("(")
    return kind, [int(each) for each in sizes.split(",") if each.strip().isdigit()]
