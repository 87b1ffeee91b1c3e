"""Where Slipway's ways differ from django-allauth's defaults."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Signs people up by name and address."""

    def save_user(
        self, request: HttpRequest, user: User, form: object, commit: bool = True
    ) -> User:
        user.name = getattr(form, "cleaned_data", {}).get("name", "")
        saved: User = super().save_user(request, user, form, commit=commit)
        return saved

    def get_from_email(self) -> str:
        return settings.DEFAULT_FROM_EMAIL
