"""Signing in through Google, GitHub or Microsoft: what of it we believe, and what we keep.

Which of them are offered stands in config/social.py. The rules on joining an account that is there
already are argued in docs/decisions.md.
"""

import time
from typing import Any, ClassVar
from urllib.parse import urlencode

import structlog
from allauth.account import app_settings as account_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from allauth.account.signals import password_reset, user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base import Provider
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts import signin
from apps.accounts.forms import NameField
from apps.accounts.models import User

log = structlog.get_logger("slipway.signin")

# What of a person's profile elsewhere is kept: by it they tell their accounts apart on our page.
KEPT = ("email", "login", "mail", "name", "displayName")


class SocialAdapter(DefaultSocialAccountAdapter):
    """Where Slipway's ways differ from django-allauth's defaults."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": "That account is connected with somebody else's already.",
        "no_password": "Choose a password first. Without one you could not sign in any more.",
    }

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The apps of the settings; the table of apps, a second place for keys, is never asked."""
        apps = [
            SocialApp(provider=name, **of["APP"]) for name, of in app_settings.PROVIDERS.items()
        ]
        return [
            app
            for app in apps
            if provider in (None, app.provider) and client_id in (None, app.client_id)
        ]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Provider:
        """A provider; one whose keys are gone keeps its name, so that accounts can be let go."""
        registry.load()
        try:
            return super().get_provider(request, provider, client_id=client_id)
        except SocialApp.DoesNotExist:
            known = registry.get_class(provider)
            if known is None:
                raise
            return known(request, app=SocialApp(provider=provider))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The account that somebody new to the provider's key may open by its address alone."""
        for address in sociallogin.email_addresses:
            if address.verified and google_runs(address.email, sociallogin):
                proved = EmailAddress.objects.filter(email=address.email.lower(), verified=True)
                if found := proved.select_related("user").first():
                    return found.user, found.email
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Take one of several addresses, a proved one if there is any, and drop the token.

        The provider has told what we wanted to know, so that not even the session keeps its token.
        """
        sociallogin.token = None
        sociallogin.email_addresses.sort(key=lambda each: (bool(each.verified), bool(each.primary)))
        sociallogin.email_addresses = sociallogin.email_addresses[-1:]
        if sociallogin.email_addresses and not sociallogin.is_existing:
            sociallogin.user.email = sociallogin.email_addresses[0].email

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Ask whoever comes without a proved address to look at it; a code proves it then."""
        return any(address.verified for address in sociallogin.email_addresses)

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Take over the name, unless it is one that our own form would refuse."""
        user: User = super().populate_user(request, sociallogin, data)
        parts = [data.get("first_name"), data.get("last_name")]
        name = str(data.get("name") or " ".join(part for part in parts if part))
        try:
            user.name = NameField(required=False).clean(name)
        except ValidationError:
            user.name = ""
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        return {"name": sociallogin.user.name, "email": sociallogin.user.email}

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account with its key and its address: all of it, or nothing."""
        if form:
            # An address that has an account is answered with as much work: adapter.py.
            make_password("nobody's password")
            typed = form.cleaned_data["email"]
            sociallogin.email_addresses = [EmailAddress(email=typed, primary=True)]
        user: User = super().save_user(request, sociallogin, form=form)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        **_: Any,
    ) -> None:
        """Log it, without what the provider said: that may hold what must not be in a log."""
        reason = type(exception).__name__ if exception else str(error)
        ip = signin.ip_of(request)
        log.warning("signin.provider_failed", provider=provider.id, reason=reason, ip=ip)


def offered() -> set[str]:
    """The providers whose keys are set, by the names that the library gives them."""
    return {*app_settings.PROVIDERS}


def google_runs(address: str, sociallogin: SocialLogin) -> bool:
    """Whether Google runs this mailbox, so that whoever has it today is who signs in there.

    By Google's own account (OpenID Connect, "Using the sub, email and hd fields") that is so for
    its own mail and for the domains of its business customers, which `hd` tells. Other addresses
    it has seen proved once, as we have ours.
    """
    account = sociallogin.account
    own = address.lower().rpartition("@")[2] in {"gmail.com", "googlemail.com"}
    return account.provider == "google" and (own or bool(account.extra_data.get("hd")))


def ask_for_a_fresh_sign_in(request: HttpRequest) -> None:
    """Before a sensitive step, send whoever has nothing but a provider there once more.

    Without a password and a second factor there is nothing that the library could ask for, and it
    asks for nothing. Raises ImmediateHttpResponse if the last sign-in was too long ago.
    """
    user = request.user
    if not isinstance(user, User) or get_reauthentication_flows(user):
        return
    signed_in_at = max(
        (each["at"] for each in get_authentication_records(request, user)), default=0
    )
    lately = time.time() - signed_in_at < account_settings.REAUTHENTICATION_TIMEOUT
    if not lately and SocialAccount.objects.filter(user=user).exists():
        back = urlencode({"next": request.get_full_path()})
        raise ImmediateHttpResponse(redirect(f"{reverse('social_reauthenticate')}?{back}"))


@receiver(pre_save, sender=SocialAccount)
def keep_little(instance: SocialAccount, **kwargs: Any) -> None:
    """Keep of the profile what our page shows."""
    told = instance.extra_data
    instance.extra_data = {name: told[name] for name in KEPT if isinstance(told.get(name), str)}


@receiver(user_logged_in)
def connect_what_joined(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **kwargs: Any
) -> None:
    """Connect an account that was opened by its address, now that the second factor was given too.

    django-allauth would do so before it asks for that factor.
    """
    if sociallogin:
        account = sociallogin.account
        if not SocialAccount.objects.filter(provider=account.provider, uid=account.uid).exists():
            sociallogin.connect(request, user)


@receiver(password_reset)
def drop_unproved_keys(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Take away the keys that were there before anybody had proved the account's address.

    Whoever resets the password reads the address's mail. Who signed up with it through a provider
    and never typed the code may be somebody else, who would wait for the owner to come.
    """
    if not EmailAddress.objects.filter(user=user, verified=True).exists():
        SocialAccount.objects.filter(user=user).delete()
