"""The room of people and their sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import (  # noqa: F401  (connects what they listen to)
            email_change,
            factors,
            sessions,
            signin,
            social,
        )
