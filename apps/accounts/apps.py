"""The room of people and their sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import signin  # noqa: F401  (connects the log of sign-ins)
