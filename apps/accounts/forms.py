"""The forms of a person's own account."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest

from apps.accounts.models import User


class NameField(forms.CharField):
    """A person's name. It is shown to others and stands in mail, so it carries no address."""

    default_validators = [
        *forms.CharField.default_validators,
        RegexValidator(
            r"://|www\.|[<>\x00-\x1f]", "Write a name, without web addresses.", inverse_match=True
        ),
    ]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "label": "Your name",
                "max_length": 120,
                "widget": forms.TextInput(attrs={"autocomplete": "name"}),
                **kwargs,
            }
        )


class InOurWords:
    """Says "e-mail address" for what the library's forms call "Email"."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"email", "login"} & {*self.fields}:
            self.fields[name].label = "E-mail address"


class LoginForm(InOurWords, allauth_forms.LoginForm):
    """Signs in by address and password."""


class ResetPasswordForm(InOurWords, allauth_forms.ResetPasswordForm):
    """Asks where to send the link to choose a new password.

    A known and an unknown address cost the same questions and the same work, or else the time that
    the answer takes would tell them apart.
    """

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        self.users = list(User.objects.filter(email=address.lower(), is_active=True))
        return address

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:
            # What the link of somebody known takes: allauth_forms.default_token_generator.
            EmailAddress.objects.filter(email=self.cleaned_data["email"]).exists()
            allauth_forms.default_token_generator.make_token(User(pk=0))
        address: str = super().save(request, **kwargs)
        return address


class AddEmailForm(allauth_forms.AddEmailForm):
    """Asks for the address to change to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["email"].label = "New e-mail address"


class CodeForm(allauth_forms.BaseConfirmCodeForm):
    """Asks for a code that was mailed."""


class SignupForm(InOurWords, allauth_forms.SignupForm):
    """Asks for a name as well, which colleagues see instead of an address."""

    field_order: ClassVar[list[str]] = ["name", "email", "password1"]
    name = NameField()


class ProfileForm(forms.ModelForm):
    """A person's own name."""

    name = NameField()

    class Meta:
        model = User
        fields = ["name"]
