"""Where Slipway's ways differ from django-allauth's defaults."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import setup_user_email
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts import signin, social
from apps.accounts.devices import describe
from apps.accounts.models import User
from apps.core import mailing
from apps.core.http import leads_home
from apps.core.identity import address_of, client_of, plain


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

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody what happened to their account, and by which browser."""
        device = describe(self.get_http_user_agent(self.request))
        super().send_notification_mail(
            template_prefix, user, {"device": device, **(context or {})}, email
        )

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """How somebody can confirm that it is still them, in our words."""
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        methods = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in methods]

    def is_safe_url(self, url: str) -> bool:
        """Follow `next` on this site alone; the library would go to any declared host or origin."""
        return leads_home(self.request, url)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the reset mail, on the site's own address and not the request's host."""
        return mailing.absolute(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Answer somebody who signs up with an address that has an account, as slowly as others.

        A new account's password is hashed, which takes most of the time, and its rows are written.
        Without the same work here, a fast answer would tell that the address is known.
        """
        with transaction.atomic():
            nobodys = f"{secrets.token_hex(8)}@nobody.invalid"
            nobody = User.objects.create_user(nobodys, "nobody's password")
            setup_user_email(self.request, nobody, [])
            transaction.set_rollback(True)
        context = {
            "login_url": mailing.absolute(reverse("account_login")),
            "password_reset_url": mailing.absolute(reverse("account_reset_password")),
        }
        self.send_mail("account/email/account_already_exists", email, context)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether to confirm that it is still them; who could not is sent to sign in again."""
        social.ask_for_a_fresh_sign_in(self.request)
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures by who fails, too: else five of a stranger's shut the owner out."""
        typed = str(credentials.get("email") or credentials.get("username") or "")
        return f"{plain(typed)} {client_of(request, typed)}"

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in; tell the owner if neither the browser nor the address was seen before."""
        # Asked before, since signing in makes both known. The very first time is no news.
        is_news = user.last_login is not None and is_stranger(request, user.email)
        super().login(request, user)
        if is_news:
            self.send_notification_mail("account/email/new_signin", user)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Log an attempt that the limits stop, which Django's signals do not tell of."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            signin.log_attempt("signin.limited", request, credentials)
            raise


def is_stranger(request: HttpRequest, email: str) -> bool:
    """Whether the account knows neither the request's browser nor its address."""
    return client_of(request, email) == address_of(request)
