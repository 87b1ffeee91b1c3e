"""Makes up a workspace with rows in every table that belongs to one, for a rehearsal to undo.

Rows are inserted in bulk, so that no signal is sent and no `save` runs: nothing of a row's making
reaches beyond the transaction. Row number 5 has the same key in all tables, so that whatever table
a path's number means, it is there.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import NOT_PROVIDED, Field, Model
from django.utils import timezone

from apps.accounts.models import User
from apps.tenants.models import Membership, Tenant
from apps.tenants.roles import Role
from apps.tenants.scope import tenant_scope
from apps.transfers.registry import resources

OWNER = 900  # the owner's number, beyond those of all other rows


class CannotBeMadeUp(ValueError):
    """A row or a path for which nobody knows a value; the words say which."""


def text(number: int) -> str:
    return f"rehearsal-{number}"


# How a value of a field is made from the row's number, by the field's kind; the first that fits.
MAKERS: tuple[tuple[type[Any], Callable[[Any, int], Any]], ...] = (
    (models.UUIDField, lambda field, number: UUID(int=number)),
    (models.FileField, lambda field, number: ""),
    (models.EmailField, lambda field, number: f"{text(number)}@rehearsal.invalid"),
    (models.URLField, lambda field, number: f"https://rehearsal.invalid/{number}"),
    (models.CharField, lambda field, number: text(number)[-(field.max_length or 200) :]),
    (models.TextField, lambda field, number: text(number)),
    (models.BooleanField, lambda field, number: False),
    (models.IntegerField, lambda field, number: number if field.unique else 1),
    (models.DecimalField, lambda field, number: 1),
    (models.FloatField, lambda field, number: 1.0),
    # In the future, since such a field often says how long something is good for.
    (models.DateTimeField, lambda field, number: timezone.now() + timedelta(days=1)),
    (models.DateField, lambda field, number: timezone.localdate() + timedelta(days=1)),
    (models.TimeField, lambda field, number: timezone.localtime().time()),
    (models.DurationField, lambda field, number: timedelta(hours=1)),
    (models.JSONField, lambda field, number: {}),
    (models.BinaryField, lambda field, number: b""),
    (models.GenericIPAddressField, lambda field, number: "192.0.2.1"),  # RFC 5737
)


def special(model: type[Model]) -> dict[str, Any]:
    """Values that this model's rows need to be shown; a fork's model has its own in REHEARSED."""
    kind = kind_of_transfer()
    ours: dict[str, dict[str, Any]] = {
        "jobs.Job": {"kind": "transfers.export"},
        "transfers.Export": {"kind": kind},
        "transfers.Import": {"kind": kind, "job": None},
    }
    return ours.get(model._meta.label, {}) | getattr(model, "REHEARSED", {})


def kind_of_transfer() -> str:
    """What can be exported and imported, as a path names it: the first kind there is."""
    return next((one.kind for one in resources()), "")


class World:
    """A workspace, its owner, and rows whose numbers begin at `first`; `unmade` says what lacks."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.rows: dict[type[Model], list[Any]] = {}
        self.unmade: dict[str, str] = {}
        self.tenant = Tenant(**self.values(Tenant, 0))
        self.owner = User(**self.values(User, OWNER))
        seat = {"tenant": self.tenant, "user": self.owner, "role": Role.OWNER}
        Tenant._base_manager.bulk_create([self.tenant])
        User._base_manager.bulk_create([self.owner])
        Membership._base_manager.bulk_create([Membership(pk=first + OWNER, **seat)])

    def grow(self, size: int) -> None:
        """Fill every table that belongs to workspaces up to so many rows of this one."""
        with tenant_scope(self.tenant):
            for model in in_order():
                self.fill(model, size)

    def fill(self, model: type[Model], size: int) -> None:
        label, rows = model._meta.label, self.rows.setdefault(model, [])
        try:
            made = [model(**self.values(model, number)) for number in range(len(rows), size)]
            with transaction.atomic():
                rows += model._base_manager.bulk_create(made)
        except CannotBeMadeUp as reason:
            self.unmade[label] = str(reason)
        except Exception as error:  # whatever a fork's own table asks for: it is unknown, then
            self.unmade[label] = f"no row could be made up: {type(error).__name__}"

    def values(self, model: type[Model], row: int) -> dict[str, Any]:
        """What a row is made from, by the name of the field. Raises CannotBeMadeUp."""
        own = special(model)
        made: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            if field.name in own:
                made[field.name] = own[field.name]
            elif field.is_relation:
                made[field.name] = self.related(model, field, row)
            elif field.primary_key or not has_value(field):
                made[field.name] = self.value(field, self.first + row)
        return made

    def value(self, field: "Field[Any, Any]", number: int) -> Any:
        if field.primary_key and isinstance(field, models.IntegerField):
            return number
        if field.choices:
            return field.flatchoices[0][0]
        for kind, make in MAKERS:
            if isinstance(field, kind):
                return make(field, number)
        raise CannotBeMadeUp(f"no value is known for {field.name}: name one in REHEARSED")

    def related(self, model: type[Model], field: Any, row: int) -> Any:
        """The row that one points to: its number's where no two may share it, else the first.

        Whatever somebody asked for, the owner did, since some pages are for that person alone.
        """
        target = field.remote_field.model
        if target is Tenant:
            return self.tenant
        alone = is_alone(model, field)
        if target is User and not alone:
            return self.owner
        there = self.rows.get(target, [])
        place = row if alone else 0
        if target is not model and place < len(there):
            return there[place]
        if field.null:
            return None
        raise CannotBeMadeUp(f"there is no row for {field.name} to point to")


def has_value(field: "Field[Any, Any]") -> bool:
    """Whether a field fills itself, or may stay empty."""
    fills_itself = field.has_default() or field.db_default is not NOT_PROVIDED
    dated = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return fills_itself or dated or field.null or getattr(field, "generated", False)


def is_alone(model: type[Model], field: Any) -> bool:
    """Whether no two rows may point to the same one."""
    together = [set(names) for names in model._meta.unique_together]
    together += [
        set(one.fields)
        for one in model._meta.constraints
        if isinstance(one, models.UniqueConstraint)
    ]
    return field.unique or any(field.name in names for names in together)


def in_order() -> list[type[Model]]:
    """The tables that belong to workspaces and those that they point to, the pointed to first."""
    ordered: dict[type[Model], None] = {}
    for model in apps.get_models():
        if any(target is Tenant for target in targets(model)):
            place(model, ordered, set())
    return list(ordered)


def place(model: type[Model], ordered: dict[type[Model], None], above: set[type[Model]]) -> None:
    """Put a model behind those that it points to; a circle is broken where it closes."""
    if model is Tenant or model in ordered or model in above:
        return
    for target in targets(model):
        place(target, ordered, above | {model})
    ordered[model] = None


def targets(model: type[Model]) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        if field.is_relation and field.remote_field:
            yield field.remote_field.model
