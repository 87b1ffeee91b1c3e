"""Where Slipway's ways differ from django-allauth's defaults."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts import signin
from apps.accounts.models import User
from apps.core import mailing


class AccountAdapter(DefaultAccountAdapter):
    """Signs people up by name and address, and writes mail in the house's way."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "duplicate_email": "This is your address already.",
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "email_taken": "There is another account with this e-mail address.",
        "incorrect_code": "This is not the code. Look for the newest mail from us.",
        "incorrect_password": "The password is wrong.",
        "invalid_password_reset": "The link has been used already, or it is too old.",
        "rate_limited": "That was too quick. Wait a little and try again.",
        "same_as_current": "Choose another than the one you have.",
        "too_many_login_attempts": "That was wrong too often. Wait a few minutes and try again.",
    }

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.name = form.cleaned_data["name"]
        saved: User = super().save_user(request, user, form, commit=commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send templates/mail/password_changed.* for allauth's "account/email/password_changed"."""
        mailing.send(template_prefix.rpartition("/")[2], to=email, context=context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the reset mail, on the site's own address and not the request's host."""
        return mailing.absolute(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Answer somebody who signs up with an address that has an account, as slowly as others.

        A new account's password is hashed, which takes most of the time; without the same work
        here, a fast answer would tell that the address is known.
        """
        make_password("nobody's password")
        context = {
            "login_url": mailing.absolute(reverse("account_login")),
            "password_reset_url": mailing.absolute(reverse("account_reset_password")),
        }
        self.send_mail("account/email/account_already_exists", email, context)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Log an attempt that the limits stop, which Django's signals do not tell of."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            signin.log_attempt("signin.limited", request, credentials)
            raise
