"""The room of tenants, their members and the walls between them."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "apps.tenants"

    def ready(self) -> None:
        from apps.tenants import checks  # noqa: F401  (registers the check of the walls)
