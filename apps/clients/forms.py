"""The forms of clients: the record itself, its notes, what the list asks, rows chosen from it."""

from typing import Any

from django import forms
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from apps.accounts.models import User
from apps.clients.models import ONE_PER_EMAIL, Client, ClientQuerySet, Note, Stale, Status
from apps.tenants.models import Tenant


def members_of(tenant: Tenant, *, besides: int | None = None) -> QuerySet[User]:
    """The people who may own a client, by name; `besides` is one who already does and has left."""
    seated = Q(pk__in=tenant.memberships.active().values("user"))
    return User.objects.filter(seated | Q(pk=besides)).order_by(Lower("name"), "email")


class ClientForm(forms.ModelForm):
    """A client's record. It carries the version that it shows, so that no edit is overwritten."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Client
        fields = Client.EDITABLE
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
            "city": forms.TextInput(attrs={"autocomplete": "off"}),
            "last_contact_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.tenant = tenant
        owner: Any = self.fields["owner"]
        owner.queryset = members_of(tenant, besides=self.instance.owner_id)
        owner.empty_label = "Nobody"
        if self.instance.pk:
            self.initial["version"] = self.instance.version

    def store(self, *, by: User) -> bool:
        """Add or change the client; False, with the reasons in the form, if it cannot be done."""
        try:
            if self.instance.pk is None:
                self.instance.add(by=by)
            else:
                self.instance.change(by=by, version=self.cleaned_data["version"])
        except Stale as stale:
            self.show_what_changed(stale.stored)
        except IntegrityError as error:
            # The database is the one that knows: a look beforehand could be overtaken.
            if ONE_PER_EMAIL not in str(error):
                raise
            self.add_error("email", "Another client has this e-mail address.")
        return not self.errors

    def show_what_changed(self, stored: Client) -> None:
        """Say what stands in the record now; sent once more, the form overwrites it knowingly."""
        self.add_error(
            None,
            "Somebody changed this client while you were editing. Your changes are not saved yet: "
            "check them against what is stored now, then save again.",
        )
        for field in self.instance.differences(stored):
            is_status = field.name == "status"
            value = stored.get_status_display() if is_status else getattr(stored, field.name)
            self.add_error(field.name, f"Stored now: {value or 'nothing'}")
        self.data = dict(self.data.items()) | {self.add_prefix("version"): stored.version}


class NoteForm(forms.ModelForm):
    """A note about a client."""

    class Meta:
        model = Note
        fields = ["body"]
        labels = {"body": "New note"}
        widgets = {"body": forms.Textarea(attrs={"rows": 3})}


class ClientFilter(forms.Form):
    """What the list is asked for, by its query string; what makes no sense there is ignored.

    Exports use it too, so that a file holds the rows that the list showed.
    """

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=[("", "Any"), *Status.choices])
    owner = forms.ChoiceField(required=False)
    archived = forms.ChoiceField(
        required=False, label="Show", choices=[("", "Current"), ("yes", "Archived")]
    )

    def __init__(self, query: Any, *, tenant: Tenant) -> None:
        super().__init__(query)
        self.tenant = tenant
        people = [(str(user.pk), user.display_name) for user in members_of(tenant)]
        owner: Any = self.fields["owner"]
        owner.choices = [("", "Anyone"), ("nobody", "Nobody"), *people]
        self.full_clean()
        self.errors.clear()

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for some clients only, rather than for all current or archived ones."""
        return any(value for name, value in self.cleaned_data.items() if name != "archived")

    def clients(self) -> ClientQuerySet:
        """The tenant's clients that are asked for."""
        asked = self.cleaned_data
        clients = self.tenant.clients
        found = clients.archived() if asked.get("archived") else clients.active()
        found = found.search(asked.get("q", ""))
        if status := asked.get("status"):
            found = found.filter(status=status)
        if owner := asked.get("owner"):
            found = found.filter(owner=None if owner == "nobody" else owner)
        return found


class ClientChoice(forms.Form):
    """The rows ticked in the list, and whether the person has confirmed what is to be done."""

    client: Any = forms.ModelMultipleChoiceField(
        queryset=None,
        error_messages={
            "required": "Tick at least one client first.",
            "invalid_choice": "Some of these were archived or deleted meanwhile. Choose again.",
        },
    )
    confirmed = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__(data)
        client: Any = self.fields["client"]
        client.queryset = tenant.clients.active().order_by(Lower("name"), "pk")
