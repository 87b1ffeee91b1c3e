"""The forms of two-step sign-in, in our words; every refusal is logged, and a code works once."""

import struct
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from apps.accounts import signin, totp
from apps.accounts.models import User

Type = Authenticator.Type
CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
REFUSED = "This passkey did not work. Try again, or use another way."
LONGEST_ANSWER = 20_000
# What the libraries raise for an answer that is not formed as it should be.
MALFORMED = (
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


def log_refusal(error: ValidationError, user: User | None) -> None:
    """Log that a second step was refused, or that the limits stopped it."""
    limited = error.code in {"too_many_login_attempts", "rate_limited"}
    event = "signin.limited" if limited else "signin.wrong_second_step"
    signin.log_attempt(event, context.request, {"email": user.email} if user else {})


class CodeForm(forms.Form):
    """Takes the code of an authenticator app, or a recovery code."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Authenticator.objects.filter(user_id=self.user.pk)
        types = set(mine.values_list("type", flat=True))
        self.has_app, self.has_passkey = Type.TOTP in types, Type.WEBAUTHN in types
        code = self.fields["code"]
        code.label = "Code" if self.has_app else "Recovery code"
        code.help_text = (
            "The six digits that your authenticator app shows, or one of your recovery codes."
            if self.has_app
            else "One of the codes that you kept when you set up two-step sign-in."
        )
        code.widget = forms.TextInput(attrs=CODE)

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # the library's form comes next
            if self.authenticator.type == Type.TOTP and not totp.spend(self.user, code):
                raise get_adapter().validation_error("incorrect_code")
        except ValidationError as error:
            log_refusal(error, self.user)
            raise
        return code


def name_it(name: forms.Field) -> None:
    """Ask for a passkey's name as we do."""
    name.label, name.help_text = "Name", "So that you can tell your passkeys apart."
    name.widget.attrs |= {"maxlength": 60, "autocomplete": "off"}
    name.validators.append(MaxLengthValidator(60))


class AuthenticateForm(CodeForm, base.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(CodeForm, base.ReauthenticateForm):
    """Confirms that it is still the same person."""


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):
    """Takes the first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label, code.help_text = "Code", "The six digits that the app shows now."
        code.widget = forms.TextInput(attrs={**CODE, "autofocus": False})

    @property
    def key(self) -> str:
        """The secret in groups of four, to be typed into an app that cannot scan."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()
        except ValidationError as error:
            log_refusal(error, self.user)
            raise
        return code


class AnswerField(forms.JSONField):
    """What a browser answers about a passkey: foreign, bounded, and never sent back."""

    widget = forms.HiddenInput
    default_error_messages = {
        "required": "No passkey was used. Press the button again; it needs JavaScript.",
        "invalid": REFUSED,
    }

    def to_python(self, value: Any) -> Any:
        try:
            if len(value or "") > LONGEST_ANSWER:
                raise ValidationError(REFUSED, code="invalid")
            return super().to_python(value)
        except (RecursionError, ValueError) as error:  # brackets in brackets, endless numbers
            raise ValidationError(REFUSED, code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> None:
        """A second try makes an answer of its own."""


class PasskeyForm(forms.Form):
    """Takes a browser's answer about a passkey, whatever it is."""

    user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credential"] = AnswerField(label="")


class SignedForm(PasskeyForm):
    """Takes a passkey's signature, at a sign-in."""

    def clean_credential(self) -> Authenticator:
        try:
            passkey: Authenticator = super().clean_credential()  # type: ignore[misc]  # as above
        except MALFORMED as error:
            refusal = ValidationError(REFUSED, code="invalid")
            log_refusal(refusal, self.user)
            raise refusal from error
        except ValidationError as error:
            log_refusal(error, self.user)
            if error.code == "incorrect_code":
                raise ValidationError(REFUSED, code=error.code) from error
            raise
        return passkey


class LoginPasskeyForm(SignedForm, webauthn.LoginWebAuthnForm):
    """Signs in by a passkey alone."""


class AuthenticatePasskeyForm(SignedForm, webauthn.AuthenticateWebAuthnForm):
    """The second step of signing in."""


class ReauthenticatePasskeyForm(SignedForm, webauthn.ReauthenticateWebAuthnForm):
    """Confirms that it is still the same person."""


class AddPasskeyForm(PasskeyForm, webauthn.AddWebAuthnForm):
    """Takes a new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_it(self.fields["name"])
        self.initial["passwordless"] = True
        passwordless = self.fields["passwordless"]
        passwordless.label = "Sign in with it alone, without a password"
        passwordless.help_text = "Otherwise it is only the second step, after the password."

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean() or {}
        except MALFORMED as error:
            raise ValidationError(REFUSED, code="invalid") from error
        except ValidationError as error:
            raise ValidationError(REFUSED, code=error.code) from error


class EditPasskeyForm(webauthn.EditWebAuthnForm):
    """Renames a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_it(self.fields["name"])
