"""Clients and the notes about them: the sample resource, which a fork copies or replaces."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models, transaction
from django.db.models.functions import Coalesce, Lower, Upper
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list

from apps.clients.figures import forget_figures
from apps.core import events
from apps.core.keyset import NEVER, Sort
from apps.tenants.base import TenantModel
from apps.tenants.guard import TenantQuerySet

if TYPE_CHECKING:
    from apps.accounts.models import User

CREATED = events.action("client.created", "added {target}")
CHANGED = events.action("client.changed", "changed {what} of {target}")
ARCHIVED = events.action("client.archived", "archived {target}")
RESTORED = events.action("client.restored", "restored {target}")
DELETED = events.action("client.deleted", "deleted {target}")
NOTED = events.action("note.created", "wrote a note about {target}")


class Status(models.TextChoices):
    """How things stand with a client."""

    LEAD = "lead", "Lead"
    ACTIVE = "active", "Active"
    WAITING = "waiting", "Waiting"
    OVERDUE = "overdue", "Overdue"


# The constraint by which forms know what went wrong.
ONE_PER_EMAIL = "clients_client_one_per_email"


class Stale(Exception):
    """Somebody else saved the record since it was read; `stored` is what they saved."""

    def __init__(self, stored: "Client") -> None:
        super().__init__(f"{stored} was changed meanwhile")
        self.stored = stored


def generated(expression: Any, output_field: "models.Field[Any, Any]") -> models.GeneratedField:
    """A column that PostgreSQL computes and keeps."""
    return models.GeneratedField(expression=expression, output_field=output_field, db_persist=True)


class ClientQuerySet(TenantQuerySet["Client"]):
    def active(self) -> "ClientQuerySet":
        """Those that work goes on with."""
        return self.filter(archived_at=None)

    def archived(self) -> "ClientQuerySet":
        """Those that were put away."""
        return self.exclude(archived_at=None)

    def search(self, text: str) -> "ClientQuerySet":
        """Those whose name, e-mail address or city holds every word of `text`."""
        found = self
        for word in text.split():
            found = found.filter(
                models.Q(name__icontains=word)
                | models.Q(email__icontains=word)
                | models.Q(city__icontains=word)
            )
        return found

    def for_list(self) -> "ClientQuerySet":
        """With their owners at hand."""
        return self.select_related("owner")


class Client(TenantModel):
    """Somebody the workspace works for."""

    # What people edit, in the order in which changes are told.
    EDITABLE: ClassVar[tuple[str, ...]] = (
        "name",
        "email",
        "phone",
        "city",
        "status",
        "owner",
        "last_contact_on",
    )
    # The orders that the list offers; each has its index below.
    SORTS: ClassVar[tuple[Sort, ...]] = (
        Sort("name", "name_key"),
        Sort("status", "status"),
        Sort("city", "city_key"),
        Sort("contact", "contact_key", descending=True),
        Sort("created", "created_at", descending=True),
    )

    name = models.CharField(max_length=200)
    email = models.EmailField("e-mail address", blank=True)
    phone = models.CharField("phone number", max_length=40, blank=True)
    city = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.LEAD)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who looks after this client.",
    )
    last_contact_on = models.DateField("last contact", null=True, blank=True)
    archived_at = models.DateTimeField(null=True, editable=False)
    # What lists are sorted by is a column: under row-level security PostgreSQL looks up nothing in
    # an index by a function's value, since the function might tell of rows that are not to be seen.
    name_key = generated(Lower("name"), models.CharField(max_length=200))
    city_key = generated(Lower("city"), models.CharField(max_length=100))
    contact_key = generated(Coalesce("last_contact_on", models.Value(NEVER)), models.DateField())
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar = ClientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=~models.Q(email=""),
                name=ONE_PER_EMAIL,
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values),
                name="clients_client_known_status",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "name_key", "id"], name="clients_client_name"),
            models.Index(fields=["tenant", "status", "id"], name="clients_client_status"),
            models.Index(fields=["tenant", "city_key", "id"], name="clients_client_city"),
            models.Index(fields=["tenant", "contact_key", "id"], name="clients_client_contact"),
            models.Index(fields=["tenant", "created_at", "id"], name="clients_client_created"),
            GinIndex(
                *(OpClass(Upper(field), "gin_trgm_ops") for field in ("name", "email", "city")),
                name="clients_client_search",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("client_detail", args=[self.tenant.slug, self.pk])

    @property
    def tone(self) -> str:
        """The colour of the status, as a badge's class."""
        return {"active": "good", "waiting": "warn", "overdue": "bad"}.get(self.status, "")

    @property
    def version(self) -> str:
        """What an edit form carries, so that it cannot overwrite what it never showed."""
        return self.updated_at.isoformat()

    @transaction.atomic
    def add(self, *, by: "User") -> None:
        """Save a new client."""
        self.save(force_insert=True)
        CREATED.record(tenant=self.tenant, by=by, target=self)
        forget_figures(self.tenant)

    @transaction.atomic
    def change(self, *, by: "User", version: str) -> None:
        """Save the edited fields. Raises Stale if the stored record is not `version` any more."""
        stored = self.tenant.clients.select_for_update().get(pk=self.pk)
        if stored.version != version:
            raise Stale(stored)
        changed = self.differences(stored)
        if not changed:
            return
        fields = [field.name for field in changed]
        self.save(update_fields=[*fields, "updated_at"])
        what = get_text_list([self.described(field, stored) for field in changed], "and")
        CHANGED.record(tenant=self.tenant, by=by, target=self, what=what, fields=fields)
        forget_figures(self.tenant)

    @transaction.atomic
    def archive(self, *, by: "User") -> None:
        """Put the client away: it leaves the list and keeps its notes."""
        if self.archived_at is None:
            self._set_archived(timezone.now())
            ARCHIVED.record(tenant=self.tenant, by=by, target=self)

    @transaction.atomic
    def restore(self, *, by: "User") -> None:
        """Bring the client back into the list."""
        if self.archived_at is not None:
            self._set_archived(None)
            RESTORED.record(tenant=self.tenant, by=by, target=self)

    @transaction.atomic
    def remove(self, *, by: "User") -> None:
        """Delete the client and its notes for good; what was done with it stays on record."""
        DELETED.record(tenant=self.tenant, by=by, target=self)
        self.delete()
        forget_figures(self.tenant)

    @transaction.atomic
    def add_note(self, *, by: "User", body: str) -> "Note":
        """Write a note about the client."""
        note = self.notes.create(tenant=self.tenant, author=by, body=body)
        NOTED.record(tenant=self.tenant, by=by, target=self)
        return note

    def differences(self, other: "Client") -> "list[models.Field[Any, Any]]":
        """The editable fields in which this client is not like `other`."""
        return [
            field
            for field in self._meta.concrete_fields
            if field.name in self.EDITABLE
            and getattr(self, field.attname) != getattr(other, field.attname)
        ]

    def described(self, field: "models.Field[Any, Any]", before: "Client") -> str:
        """A changed field in words. Contact details are kept out of the record of events."""
        label = f"the {field.verbose_name}"
        if field.name == "status":
            return f"{label} ({before.get_status_display()} to {self.get_status_display()})"
        if field.name == "owner":
            return f"{label} ({before.owner or 'nobody'} to {self.owner or 'nobody'})"
        return label

    def _set_archived(self, at: Any) -> None:
        self.archived_at = at
        self.save(update_fields=["archived_at", "updated_at"])
        forget_figures(self.tenant)


class Note(TenantModel):
    """What somebody wrote down about a client."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = models.TextField("note", max_length=10_000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["tenant", "client", "-id"], name="clients_note_newest")]

    def __str__(self) -> str:
        return self.body[:80]
