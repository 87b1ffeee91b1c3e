"""The forms of workspaces, members and invitations; the rules that they meet stand in models."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse_lazy
from django.utils.html import format_html

from apps.accounts.forms import NameField
from apps.tenants.models import Invitation, Membership, Refused
from apps.tenants.roles import Role

LONGEST_ADDRESS = 254  # by RFC 5321, and in our columns


class WorkspaceForm(forms.Form):
    """A workspace's name, with a word about the address that goes with it."""

    name = NameField(label="Name", max_length=80, widget=forms.TextInput)

    def __init__(self, *args: Any, hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = hint


class NewWorkspaceForm(WorkspaceForm):
    """The name of a workspace to be; with htmx its address is shown while one types."""

    PREVIEW: ClassVar[dict[str, Any]] = {
        "autocomplete": "organization",
        "hx-get": reverse_lazy("workspace_create"),
        "hx-trigger": "input changed delay:300ms",
        "hx-target": "#id_name_helptext",
        "hx-select": "#id_name_helptext",
        "hx-swap": "outerHTML",
    }
    name = NameField(label="Name", max_length=80, widget=forms.TextInput(attrs=PREVIEW))


class RoleField(forms.TypedChoiceField):
    """One of some roles, each with what it may do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=Role, widget=forms.RadioSelect, **kwargs)

    def offer(self, roles: Iterable[Role]) -> None:
        """Let the person choose among `roles` and no others."""
        explained = "<span>{} <small>{}</small></span>"
        self.choices = [
            (role.value, format_html(explained, role.label, role.explanation)) for role in roles
        ]


class MembershipForm(forms.Form):
    """A member's role, among those that `by` may grant."""

    role = RoleField()

    def __init__(self, *args: Any, subject: Membership, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = subject.role
        self.subject, self.by = subject, by
        role = self.fields["role"]
        assert isinstance(role, RoleField)
        role.offer(by.grantable_roles)

    def save(self) -> bool:
        """Change the role; False, with the reason beside the field, if a rule forbids it."""
        try:
            self.subject.change_role(self.cleaned_data["role"], by=self.by)
        except Refused as refusal:
            self.add_error("role", str(refusal))
        return self.is_valid()


class HeirField(forms.ModelChoiceField):
    """One of the members to whom the workspace may be handed over, told apart by address."""

    def label_from_instance(self, member: Membership) -> str:
        return f"{member} ({member.user.email}), {member.as_role.label.lower()}"


class OwnershipForm(forms.Form):
    """To whom `by` hands the workspace over."""

    member = HeirField(
        label="New owner",
        queryset=Membership.objects.none(),
        empty_label="Choose a member",
        error_messages={
            "required": "Choose who takes the workspace over.",
            "invalid_choice": "Choose somebody in the list.",
        },
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        member = self.fields["member"]
        assert isinstance(member, HeirField)
        member.queryset = by.heirs

    def save(self) -> bool:
        """Hand it over; False, with the reason beside the field, if a rule forbids it."""
        try:
            self.by.hand_over(to=self.cleaned_data["member"])
        except Refused as refusal:
            self.add_error("member", str(refusal))
        return self.is_valid()


class AddressesField(forms.CharField):
    """E-mail addresses as people paste them: by comma, semicolon or line, with names or without."""

    MOST = 20

    def to_python(self, value: Any) -> Any:
        addresses = [address.lower() for address in addresses_in(super().to_python(value) or "")]
        return list(dict.fromkeys(addresses))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.MOST:
            raise ValidationError(f"Invite at most {self.MOST} people at once.")

    def run_validators(self, value: Any) -> None:
        wrong = [address for address in value if not is_address(address)]
        if wrong:
            raise ValidationError([f"{address} is not an e-mail address." for address in wrong])


def addresses_in(text: str) -> Iterable[str]:
    """What stands in `text` as addresses, ``Ada Okafor <ada@example.com>`` included."""
    for part in re.split(r"[,;\n]", text):
        named = re.search(r"<([^<>]*)>", part)
        yield from [named[1].strip()] if named else part.split()


def is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_ADDRESS


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    emails = AddressesField(
        label="E-mail addresses",
        help_text="One or several, with commas between them or each on a line of its own.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    role = RoleField(initial=Role.MEMBER)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        role = self.fields["role"]
        assert isinstance(role, RoleField)
        role.offer(by.grantable_roles)

    def save(self) -> bool:
        """Invite all; False, and nobody is invited, if a rule forbids one of them."""
        with transaction.atomic():
            for email in self.cleaned_data["emails"]:
                try:
                    Invitation.invite(email, self.cleaned_data["role"], by=self.by)
                except Refused as refusal:
                    self.add_error("emails", str(refusal))
            if self.errors:
                transaction.set_rollback(True)
        return self.is_valid()
