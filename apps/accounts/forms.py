"""The forms of a person's own account."""

from typing import ClassVar

from allauth.account import forms as allauth_forms
from django import forms

from apps.accounts.models import User


class SignupForm(allauth_forms.SignupForm):
    """Asks for a name as well, which colleagues see instead of an address."""

    field_order: ClassVar[list[str]] = ["name", "email", "password1"]
    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class ProfileForm(forms.ModelForm):
    """A person's own name."""

    class Meta:
        model = User
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name", "required": True})}
